"""The functions for PyTorch: tensors on the CPU in and out, with gradients, and gradients of gradients.

float32, float16 and bfloat16 are computed on the device. float64 is computed by the reference on the CPU, which
`torch.autograd.gradcheck` needs. A parameter may be a tensor with a gradient of its own, which float64 does not have. Second
derivatives are with respect to x only.
"""

import numpy as np
import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from . import _calls, _functions, _table
from ._context import checked_context

_TYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)


def forward(name, x, /, *, context=None, **options):
    """Computes a function of a tensor. The arguments are those of `gpu_activations.forward`; parameters may be tensors."""
    _check("x", x)
    tensors = {key: value for key, value in options.items() if isinstance(value, torch.Tensor)}
    learnable = {key: value for key, value in tensors.items() if value.requires_grad}
    # The backward pass reads these again, so later changes in place must not reach them.
    given = options | {key: _array(value.clone()) for key, value in tensors.items()}
    call = _Call(name, given, list(learnable), context)
    return _Forward.apply(x, call, *learnable.values())


def custom(formula, x, /, *, context=None, **parameters):
    """Computes a formula of a tensor. The arguments are those of `gpu_activations.custom`."""
    return forward("custom", x, context=context, formula=formula, **parameters)


class _Call:
    """A function with its options, of which some are to be learned, on tensors."""

    def __init__(self, name, options, learnable, context):
        self.name, self.options, self.learnable, self.context = name, options, learnable, context
        self.operation = _calls.Operation(name, options)

    def run(self, pass_, **tensors):
        arrays = {name: _array(tensor) for name, tensor in tensors.items()}
        if tensors["x"].dtype == torch.float64:
            results = _calls.reference(self.operation, pass_, arrays)
        else:
            results = _calls.run(self.operation, pass_, arrays, context=checked_context(self.context))
        if isinstance(results, tuple):
            return tuple(_tensor(result) for result in results)
        return _tensor(results)

    def parameter_gradient(self, parameter, x, dy):
        if x.dtype == torch.float64:
            raise ValueError(f"{parameter} has no gradient in float64")
        gradient = _functions.param_grad(
            self.name, _array(x), _array(dy), parameter, context=self.context, **self.options
        )
        return _tensor(gradient)


class _Forward(Function):
    @staticmethod
    def forward(ctx, x, call, *learnable):
        ctx.call = call
        ctx.save_for_backward(x, *learnable)
        return call.run("forward", x=x)

    @staticmethod
    def backward(ctx, dy):
        x, *learnable = ctx.saved_tensors
        needs = ctx.needs_input_grad
        dx = _Backward.apply(x, dy, ctx.call, *learnable) if needs[0] else None
        gradients = [
            _ParameterGradient.apply(x, dy, ctx.call, name, value).to(value.dtype) if needed else None
            for name, value, needed in zip(ctx.call.learnable, learnable, needs[2:])
        ]
        return dx, None, *gradients


class _Backward(Function):
    @staticmethod
    def forward(ctx, x, dy, call, *learnable):
        ctx.call = call
        ctx.save_for_backward(x, dy)
        return call.run("backward", x=x, dy=dy)

    @staticmethod
    @once_differentiable
    def backward(ctx, v):
        if any(ctx.needs_input_grad[3:]):
            raise _only_by_x(ctx.call)
        x, dy = ctx.saved_tensors
        dx, ddy = ctx.call.run("double_backward", x=x, dy=dy, v=v)
        return dx, ddy, None


class _ParameterGradient(Function):
    @staticmethod
    def forward(ctx, x, dy, call, name, value):
        ctx.call = call
        return call.parameter_gradient(name, x, dy).reshape(value.shape)

    @staticmethod
    def backward(ctx, v):
        raise _only_by_x(ctx.call)


def _only_by_x(call):
    return NotImplementedError(
        f"second derivatives are with respect to x only; detach {', '.join(call.learnable)} before {call.operation.function.name}"
    )


def _check(name, tensor):
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(tensor).__name__}")
    if tensor.device.type != "cpu":
        raise TypeError(f"{name} lies on {tensor.device}; tensors on the CPU are taken")
    if tensor.dtype not in _TYPES:
        raise TypeError(f"{name} must be float32, float16, bfloat16 or float64, not {tensor.dtype}")


def _array(tensor):
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        import ml_dtypes

        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def _tensor(result):
    array = np.asarray(result)
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _function_of(row):
    name, of_arrays = row["name"], _table.signature_of(row)
    signature = of_arrays.replace(parameters=[each for each in of_arrays.parameters.values() if each.name != "out"])

    def function(*arguments, **options):
        bound = signature.bind(*arguments, **options)
        options = {key: value for key, value in bound.arguments.items() if key not in ("x", "of_activation")}
        return forward(name, bound.arguments["x"], **options, **bound.arguments.get("of_activation", {}))

    function.__name__ = function.__qualname__ = name
    function.__module__ = __name__
    function.__doc__ = f"As `gpu_activations.{name}`, for a tensor."
    function.__signature__ = signature
    return function


_generated = {row["name"]: _function_of(row) for row in _functions.functions()}
globals().update(_generated)

__all__ = ["custom", "forward", *_generated]
