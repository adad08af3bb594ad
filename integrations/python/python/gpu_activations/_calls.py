"""What a call computes: a function with its parameters, a pass, and arrays of the host or of the device."""

import functools
import keyword
import numbers

import numpy as np

from . import _arrays
from ._context import DeviceArray, _uploaded, checked_context
from ._gpu_activations import Function


class Operation:
    """A function with all that a call says of it, apart from its operands.

    Parameters that are arrays lie on the device. Axis, mask and sink are those of functions along an axis, and the seed is
    rrelu's in training.
    """

    def __init__(self, name, options):
        if not isinstance(name, str):
            raise TypeError(f"a function is named by a str, not {type(name).__name__}")
        options = {_plain(key): value for key, value in options.items()}
        formula = options.pop("formula", None)
        if formula is not None and not isinstance(formula, str):
            raise TypeError(f"a formula is a str, not {type(formula).__name__}")
        self.axis, self.mask, self.sink = (options.pop(key, None) for key in ("axis", "mask", "sink"))
        self.parameters = {key: options.pop(key) for key in list(options) if _is_array(options[key])}
        seed = options.pop("seed", None)
        numbers_of = {key: _text(key, value) for key, value in options.items()}
        if formula is not None:
            # What comes from an array needs a number all the same.
            numbers_of |= dict.fromkeys(self.parameters, "1")
        self.function = _function(name, tuple(numbers_of.items()), formula)
        if seed is not None and self.function.is_along:
            self.function = _function(name, (*numbers_of.items(), ("seed", _text("seed", seed))), formula)
            seed = None
        self.seed = None if seed is None else _seed(seed)
        self._check()

    def _check(self):
        function = self.function
        for key in ("axis", "mask", "sink"):
            if getattr(self, key) is not None and not function.is_along:
                raise ValueError(f"{function.name} works on each element and has no {key}")
        if self.sink is not None and not function.takes_sink:
            raise ValueError(f"{function.name} takes no sink; softmax and log_softmax do")
        if self.mask is not None and not function.takes_mask:
            raise ValueError(f"{function.name} takes no mask; the softmax family does")
        if self.parameters and function.is_along:
            raise ValueError(f"{function.name} takes no array for {', '.join(self.parameters)}")

    @property
    def needs_buffers(self):
        """Whether there is more than the device is told beside x."""
        return bool(self.parameters) or self.seed is not None or self.sink is not None

    def axis_in(self, shape):
        """The axis of an array of this shape, counted from 0."""
        return _arrays.axis_of(-1 if self.axis is None else self.axis, shape)

    def output_shape(self, shape):
        """The shape of y."""
        if not self.function.is_along:
            return tuple(shape)
        return tuple(self.function.output_shape(shape, self.axis_in(shape)))


def _plain(key):
    """A parameter's own name, for one that is a word of Python, as in `lambda_`."""
    return key[:-1] if key.endswith("_") and keyword.iskeyword(key[:-1]) else key


def _is_array(value):
    if isinstance(value, (np.generic, str)):
        return False
    if isinstance(value, (list, tuple)):
        return True
    return getattr(value, "ndim", 0) > 0


def _text(key, value):
    """A parameter as the crate reads it."""
    if isinstance(value, np.ndarray):
        value = value.item()
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    raise TypeError(f"{key} must be a number, a word, a flag or an array, not {type(value).__name__}")


def _seed(seed):
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, numbers.Integral):
        raise TypeError(f"seed must be an int, not {type(seed).__name__}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed is {seed}, but must be an integer from 0 to 2^64 - 1")
    return int(seed)


@functools.lru_cache(maxsize=256)
def _function(name, parameters, formula):
    return Function(name, list(parameters), formula)


def run(operation, pass_, operands, out=None, context=None):
    """Computes y, dx or both gradients from x, dy and v, where they are."""
    if any(isinstance(operand, DeviceArray) for operand in operands.values()):
        return _run_on_device(operation, pass_, operands, out, context)
    arrays = {name: _arrays.given(name, operand) for name, operand in operands.items()}
    dtype = _arrays.same(arrays)
    results = _results(operation, pass_, arrays)
    pieces = [_arrays.contiguous(array) for array in arrays.values()]
    finished = _arrays.Results(list(results), list(results.values()), dtype, out, pieces)
    context = checked_context(context)
    if operation.needs_buffers:
        buffers = [_uploaded(context, piece) for piece in pieces]
        computed = _from_buffers(operation, pass_, context, dtype, arrays["x"].shape, [each._buffer for each in buffers])
        for buffer, array in zip(computed, finished.arrays):
            context._inner.download(buffer, _arrays.bytes_of(array))
        return finished.finished()
    along = (None, -1, None)
    if operation.function.is_along:
        shape = arrays["x"].shape
        along = (shape, operation.axis_in(shape), _repeated_mask(operation.mask, shape))
    context._inner.compute(
        operation.function,
        pass_,
        dtype.name,
        [_arrays.bytes_of(piece) for piece in pieces],
        [_arrays.bytes_of(array) for array in finished.arrays],
        *along,
    )
    return finished.finished()


def _results(operation, pass_, arrays):
    """The names of the results with their shapes; checks the shapes of the operands."""
    shape = arrays["x"].shape
    y = operation.output_shape(shape)
    if "dy" in arrays:
        _arrays.of_shape("dy", arrays["dy"], y, "x" if y == tuple(shape) else "the result")
    if "v" in arrays:
        _arrays.of_shape("v", arrays["v"], shape, "x")
    match pass_:
        case "forward":
            return {"y": y}
        case "double_backward":
            return {"dx": shape, "ddy": y}
        case _:
            return {"dx": shape}


def _repeated_mask(mask, shape):
    if mask is None:
        return None
    repeated = _arrays.broadcast("the mask", _arrays.mask_of(mask), shape)
    return _arrays.bytes_of(_arrays.contiguous(repeated))


def _run_on_device(operation, pass_, operands, out, context):
    arrays, context = on_one_device(operands, out, context)
    dtype = _arrays.same(arrays)
    results = _results(operation, pass_, arrays)
    inputs = [array._buffer for array in arrays.values()]
    computed = _from_buffers(operation, pass_, context, dtype, arrays["x"].shape, inputs)
    return wrapped(context, computed, results.values(), dtype)


def wrapped(context, buffers, shapes, dtype):
    """Results on the device: one array or a tuple."""
    arrays = tuple(DeviceArray._of(context, *each, dtype) for each in zip(buffers, shapes))
    return arrays if len(arrays) > 1 else arrays[0]


def on_one_device(operands, out, context):
    """All operands on the device of those that are there, with that device."""
    if out is not None:
        raise TypeError("out is for arrays of the host; x is on the device")
    there = {name: array for name, array in operands.items() if isinstance(array, DeviceArray)}
    owners = [array.context for array in there.values()] + ([checked_context(context)] if context is not None else [])
    if any(owner is not owners[0] for owner in owners):
        raise ValueError("the arrays belong to different contexts")
    return {name: on_device(name, operand, owners[0]) for name, operand in operands.items()}, owners[0]


def on_device(name, operand, context):
    """An array on the device of this context."""
    if not isinstance(operand, DeviceArray):
        return _uploaded(context, _arrays.given(name, operand))
    if operand.context is not context:
        raise ValueError(f"{name} belongs to another context")
    return operand


def _from_buffers(operation, pass_, context, dtype, shape, inputs):
    function = operation.function
    if not function.is_along:
        parameters = parameter_buffers(operation, context)
        return context._inner.elementwise(
            function, pass_, dtype.name, inputs, shape, parameters, operation.seed
        )
    if operation.sink is not None and pass_ == "double_backward":
        raise ValueError("a double backward pass takes no sink")
    axis = operation.axis_in(shape)
    mask, sink = mask_buffer(operation.mask, context), None
    if operation.sink is not None:
        sink = sink_buffer(operation.sink, shape, axis, context)
    return context._inner.along(function, pass_, dtype.name, inputs, shape, axis, mask, sink)


def parameter_buffers(operation, context):
    """The parameters that are arrays: each one's name, values and shape."""
    return [(name, array._buffer, array.shape) for name, array in _parameters_on(operation, context)]


def _parameters_on(operation, context):
    for name, value in operation.parameters.items():
        if not isinstance(value, DeviceArray):
            value = _arrays.given(name, value).astype(np.float32, copy=False)
        array = on_device(name, value, context)
        if array.dtype != np.float32:
            raise TypeError(f"{name} is {array.dtype}, but parameters on the device are float32")
        yield name, array


def mask_buffer(mask, context):
    """A mask on the device, with its shape."""
    if mask is None:
        return None
    array = _arrays.contiguous(_arrays.mask_of(mask))
    return context._inner.upload("uint8", _arrays.bytes_of(array)), array.shape


def sink_buffer(sink, shape, axis, context):
    """Sinks on the device, and the axis that has one for each index, if they are neither one for all nor one a row."""
    array = sink_array(sink)
    rows = shape[:axis] + (1,) + shape[axis + 1 :]
    repeated = _arrays.broadcast("the sink", array, rows)
    own = [index - array.ndim + len(shape) for index, length in enumerate(array.shape) if length > 1]
    by_axis = None
    if len(own) == 1 and array.size != repeated.size:
        by_axis = own[0]
    elif own:
        array = repeated
    return context._inner.upload("float32", _arrays.bytes_of(_arrays.contiguous(array))), by_axis


def sink_array(sink):
    """Sinks as an array of the host."""
    return _arrays.given("the sink", sink).astype(np.float32, copy=False)


def reference(operation, pass_, operands):
    """Computes in f64 on the CPU, which needs no device."""
    if operation.needs_buffers:
        raise ValueError("the reference takes parameters as numbers, and neither a seed nor a sink")
    results = _results(operation, pass_, operands)
    pieces = [_arrays.contiguous(array).reshape(-1) for array in operands.values()]
    arrays = [np.empty(shape) for shape in results.values()]
    flat = [array.reshape(-1) for array in arrays]
    function, shape = operation.function, operands["x"].shape
    if function.is_along:
        mask = _repeated_mask(operation.mask, shape)
        mask = None if mask is None else mask != 0
        function.reference_along(pass_, shape, operation.axis_in(shape), mask, pieces, flat)
    else:
        function.reference(pass_, pieces, flat)
    finished = tuple(array[()] for array in arrays)
    return finished if len(finished) > 1 else finished[0]
