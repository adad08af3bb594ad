"""Neural-network activation functions and their gradients on any GPU, or on a software adapter.

>>> import gpu_activations as ga
>>> ga.gelu([-1.0, 0.0, 1.0])
array([-0.15865526,  0.        ,  0.8413448 ], dtype=float32)

The module has every function of the catalogue, with parameters as keywords: `leaky_relu(x, negative_slope=0.2)`,
`softmax(x, axis=0, mask=kept)`. `forward`, `backward`, `derivative` and `double_backward` take the name of a function.
"""

from . import _table
from ._context import Context, DeviceArray, array, default_context
from ._errors import DeviceError, DeviceMemoryError
from ._functions import (
    backward,
    backward_gated,
    custom,
    derivative,
    devices,
    double_backward,
    double_backward_gated,
    forward,
    forward_gated,
    functions,
    param_grad,
    reference,
)

_generated = _table.generated()
globals().update(_generated)

__all__ = [
    "Context",
    "DeviceArray",
    "DeviceError",
    "DeviceMemoryError",
    "array",
    "backward",
    "backward_gated",
    "custom",
    "default_context",
    "derivative",
    "devices",
    "double_backward",
    "double_backward_gated",
    "forward",
    "forward_gated",
    "functions",
    "param_grad",
    "reference",
    *_generated,
]
