"""The functions that take a name."""

import numpy as np

from . import _arrays, _calls
from ._context import DeviceArray
from ._gpu_activations import devices as _devices
from ._gpu_activations import table as _table


def forward(name, x, /, *, out=None, context=None, **options):
    """Computes a function of x.

    Parameters
    ----------
    name : str
        A function of the table, also with parameters, as in "leaky_relu(negative_slope=0.2)"; one of another library, as in
        "torch:GELU"; or "custom" with a formula.
    x : array_like
        Of float32, float16 or bfloat16, of any shape and strides. Float64 is rounded, with one warning. Python's numbers, and
        lists of them, count as float32. An array that `array` made stays on the device, and so does the result.
    out : numpy.ndarray, optional
        Where the result is written.
    context : Context, optional
        The default context unless told.
    **options
        Parameters by name. A learnable one may be an array that numpy's rules repeat over x along adjacent axes. Functions
        along an axis take `axis` (-1 unless told), and some take `mask` (bool or uint8, repeated over x; true keeps) and
        `sink`. With `seed`, rrelu draws its slopes, as in training. `formula` is that of "custom".

    Returns
    -------
    numpy.ndarray or DeviceArray
        Of x's type. As with numpy's functions an x without axes gives a scalar.

    Raises
    ------
    ValueError
        For names, parameters and shapes that are wrong.
    TypeError
        For types that are wrong.
    DeviceError
        If there is no device, or it fails.
    """
    return _calls.run(_calls.Operation(name, options), "forward", {"x": x}, out, context)


def backward(name, x, dy, /, *, out=None, context=None, **options):
    """Computes dx, the gradient with respect to x, from x and from dy, the gradient with respect to the function's result.

    The arguments are those of `forward`; dy has the type of x.
    """
    return _calls.run(_calls.Operation(name, options), "backward", {"x": x, "dy": dy}, out, context)


def derivative(name, x, /, *, order=1, out=None, context=None, **options):
    """Computes f′(x), or f″(x) with order 2, of an elementwise function.

    The arguments are those of `forward`.
    """
    operation = _calls.Operation(name, options)
    if operation.function.is_along:
        raise ValueError(
            f"derivative is for functions of single elements; {operation.function.name} works along an axis"
        )
    return _calls.run(operation, _derivative(order, {1: "derivative", 2: "second_derivative"}), {"x": x}, out, context)


def _derivative(order, passes):
    if isinstance(order, bool) or order not in passes:
        raise ValueError(f"order is {order!r}, but must be {' or '.join(map(str, passes))}")
    return passes[order]


def double_backward(name, x, dy, v, /, *, out=None, context=None, **options):
    """Computes the gradient of `backward`, whose result has the gradient v: the pair dx, ddy.

    For elementwise functions dx = f″(x)·dy·v and ddy = f′(x)·v. Along an axis there are softmax, softmin, quiet_softmax,
    log_softmax and gated units. The arguments are those of `forward`; out is a pair.
    """
    return _calls.run(_calls.Operation(name, options), "double_backward", {"x": x, "dy": dy, "v": v}, out, context)


def param_grad(name, x, dy, parameter, /, *, context=None, **options):
    """Computes the gradient of a learnable parameter, summed over the elements that share a value.

    Parameters
    ----------
    name, x, dy, context, **options
        As for `backward`. A parameter that is given as an array has a gradient of its shape, others have one number.
    parameter : str
        Its name; "sink" is the gradient of the option `sink`.

    Returns
    -------
    numpy.ndarray or DeviceArray
        In float32.
    """
    _arrays.check_text("a parameter's name", parameter)
    operation, operands = _calls.Operation(name, options), _calls.Operands({"x": x, "dy": dy}, context=context)
    operation.results("backward", operands.arrays)
    of = _sink_gradient if operation.function.is_along else _parameter_gradient
    gradient = of(operation, operation.function.parameter(_calls.plain(parameter)), operands)
    return gradient if operands.are_on_device else gradient.numpy()[()]


def _parameter_gradient(operation, parameter, operands):
    shape, parameters = operands.arrays["x"].shape, _calls.parameter_buffers(operation, operands.context)
    buffer = operands.context._inner.parameter_gradient(
        operation.function, parameter, operands.dtype.name, *operands.buffers(), shape, parameters, operation.seed
    )
    own = {_calls.spelling(name): shape for name, _, shape in parameters}
    return DeviceArray._of(operands.context, buffer, own.get(_calls.spelling(parameter), ()), np.dtype(np.float32))


def _sink_gradient(operation, parameter, operands):
    if parameter != "sink" or operation.sink is None:
        raise ValueError(
            f"{operation.function.name} has no learnable parameter {parameter!r}; with a sink, sink is one"
        )
    sink = _calls.Sink(operation, operands.arrays["x"].shape)
    (buffer,) = _calls.along_from_buffers(operation, "sink_gradient", operands, sink)
    of_values = DeviceArray._of(operands.context, buffer, sink.values.shape, np.dtype(np.float32))
    if sink.values is sink.given:
        return of_values
    return operands.context.array(sink.summed(of_values.numpy()))


def forward_gated(name, value, gate, /, *, out=None, context=None, **options):
    """Computes value·activation(gate) of two arrays.

    The name is that of an activation, or of a gated unit such as "swiglu_oai". The other arguments are those of `forward`.
    """
    return _gated(name, options, "forward", {"value": value, "gate": gate}, ["y"], out, context)


def backward_gated(name, value, gate, dy, /, *, out=None, context=None, **options):
    """Computes the gradients of `forward_gated`: the pair dvalue, dgate."""
    operands = {"value": value, "gate": gate, "dy": dy}
    return _gated(name, options, "backward", operands, ["dvalue", "dgate"], out, context)


def double_backward_gated(name, value, gate, dy, v_value, v_gate, /, *, out=None, context=None, **options):
    """Computes the gradients of `backward_gated`, whose dvalue and dgate have the gradients v_value and v_gate: with respect to
    value, gate and dy."""
    operands = {"value": value, "gate": gate, "dy": dy, "v_value": v_value, "v_gate": v_gate}
    return _gated(name, options, "double_backward", operands, ["dvalue", "dgate", "ddy"], out, context)


def _gated(name, options, pass_, operands, names, out, context):
    operation, operands = _calls.Operation(name, options), _calls.Operands(operands, out, context)
    if operation.needs_buffers or operation.axis is not None or operation.mask is not None:
        raise ValueError("a gated unit of two arrays takes parameters as numbers and words alone")
    shape = operands.arrays["value"].shape
    for other, array in operands.arrays.items():
        _arrays.of_shape(other, array, shape, "value")

    def compute():
        inner = operands.context._inner
        return inner.gated(operation.function, pass_, operands.dtype.name, operands.buffers())

    return operands.returned(compute, dict.fromkeys(names, shape))


def custom(formula, x, /, *, out=None, context=None, **parameters):
    """Computes a formula of x, such as "x * sigmoid(beta * x)" with beta=1.5.

    Its gradients are those of the function "custom": `backward("custom", x, dy, formula=formula, beta=1.5)`. The other arguments
    are those of `forward`.
    """
    return forward("custom", x, out=out, context=context, formula=formula, **parameters)


def reference(name, x, /, *, order=0, **options):
    """Computes a function of x, f′(x) with order 1 or f″(x) with order 2, in f64 on the CPU. It needs no device.

    Derivatives are those of elementwise functions. The options are those of `forward`, without arrays for parameters.
    """
    operation = _calls.Operation(name, options)
    pass_ = _derivative(order, {0: "forward", 1: "derivative", 2: "second_derivative"})
    if operation.function.is_along and pass_ != "forward":
        raise ValueError(f"{operation.function.name} works along an axis, and has no derivative of single elements")
    return _calls.reference(operation, pass_, {"x": _real(x)})


def _real(x):
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError("x is a masked array; fill it first, as with x.filled(0)")
    array = np.asarray(x)
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TypeError(f"x must be of real numbers, not {array.dtype}")
    return array.astype(np.float64)


def functions():
    """The table: a dictionary for each function with its names, formula, family and parameters."""
    return _table()


def devices():
    """The adapters that can be used, a dictionary for each."""
    usable, _ = _devices()
    return usable
