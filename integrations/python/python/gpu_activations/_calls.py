"""What a call computes: a function with its parameters, a pass, and arrays of the host or of the device."""

import functools
import keyword
import numbers

import numpy as np

from . import _arrays
from ._context import DeviceArray, checked_context
from ._gpu_activations import Function


class Operation:
    """A function with all that a call says of it, apart from its operands.

    Parameters that are arrays lie on the device. Axis, mask and sink are those of functions along an axis, and the seed is
    rrelu's in training.
    """

    def __init__(self, name, options):
        _arrays.check_text("a function's name", name)
        options = {plain(key): value for key, value in options.items()}
        twice = next((key for key in options if spelling(key) in _keys_within(name)), None)
        if twice is not None:
            raise ValueError(f"{twice} is given twice: as a keyword and in {name!r}")
        formula, self.axis, self.mask, self.sink, self.seed = (
            options.pop(key, None) for key in ("formula", "axis", "mask", "sink", "seed")
        )
        if formula is not None:
            _arrays.check_text("a formula", formula)
        arrays = {key: options.pop(key) for key in list(options) if _is_array(options[key])}
        texts = {key: _text(key, value) for key, value in options.items()}
        self.function = _function(name, tuple(texts.items()), tuple(arrays), formula)
        if self.seed is not None and self.function.is_along:
            # There it is a parameter as any other.
            texts["seed"], self.seed = _text("seed", self.seed), None
            self.function = _function(name, tuple(texts.items()), tuple(arrays), formula)
        self.parameters = {self.function.parameter(key): value for key, value in arrays.items()}
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
        if self.seed is not None:
            self.seed = _seed(self.seed)

    @property
    def needs_buffers(self):
        """Whether the whole of x must lie on the device at once."""
        return bool(self.parameters) or self.seed is not None or self.sink is not None

    def axis_in(self, shape):
        """The axis of an array of this shape, counted from 0."""
        return _arrays.axis_of(-1 if self.axis is None else self.axis, shape)

    def results(self, pass_, arrays):
        """The names of the results with their shapes. Checks the shapes of the operands."""
        x, y = arrays["x"].shape, arrays["x"].shape
        if self.function.is_along:
            y = tuple(self.function.output_shape(x, self.axis_in(x)))
        if "dy" in arrays:
            _arrays.of_shape("dy", arrays["dy"], y, "x" if y == x else "the result")
        if "v" in arrays:
            _arrays.of_shape("v", arrays["v"], x, "x")
        return {"forward": {"y": y}, "double_backward": {"dx": x, "ddy": y}}.get(pass_, {"dx": x})


def plain(key):
    """A parameter's own name, for one that is a word of Python, as in `lambda_`."""
    return key[:-1] if key.endswith("_") and keyword.iskeyword(key[:-1]) else key


def spelling(key):
    """A parameter's name as all spellings have it."""
    return key.lower().replace("_", "").replace("-", "")


def _keys_within(name):
    """The parameters in the parentheses of a name, in one spelling."""
    pairs = name.partition("(")[2].split(",")
    return {spelling(pair.partition("=")[0].strip()) for pair in pairs if "=" in pair}


def _is_array(value):
    if isinstance(value, (np.generic, str)):
        return False
    if isinstance(value, (list, tuple, DeviceArray)):
        return True
    return getattr(value, "ndim", 0) > 0


def _text(key, value):
    """A parameter as the crate reads it."""
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.name == "bfloat16":
        # Its scalars are not among Python's real numbers.
        value = float(value)
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
def _function(name, parameters, arrays, formula):
    return Function(name, list(parameters), list(arrays), formula)


class Operands:
    """What a call computes with: arrays of the host, or arrays on one device as soon as one of them is there."""

    def __init__(self, operands, out=None, context=None):
        there = [operand for operand in operands.values() if isinstance(operand, DeviceArray)]
        self.are_on_device = bool(there)
        self._out, self._context = out, context
        if self.are_on_device:
            if out is not None:
                raise TypeError("out is for arrays of the host; x is on the device")
            self._context = there[0].context if context is None else checked_context(context)
            self.arrays = {name: on_device(name, operand, self._context) for name, operand in operands.items()}
        else:
            self.arrays = {name: _arrays.given(name, operand) for name, operand in operands.items()}
        self.dtype = _arrays.same(self.arrays)

    @property
    def context(self):
        """The context of the call, which is made here if need be: what is wrong with arrays shows without one."""
        return checked_context(self._context)

    def buffers(self):
        """The operands on the device."""
        return [on_device(name, array, self.context)._buffer for name, array in self.arrays.items()]

    def pieces(self):
        """The operands of the host, each in one piece."""
        return [_arrays.contiguous(array) for array in self.arrays.values()]

    def host_results(self, shapes):
        """Room for results on the host."""
        return _arrays.Results(list(shapes), list(shapes.values()), self.dtype, self._out, list(self.arrays.values()))

    def returned(self, compute, shapes):
        """What a call returns that computes with buffers: arrays where the operands are."""
        if self.are_on_device:
            made = zip(compute(), shapes.values())
            return _one_or_all(DeviceArray._of(self.context, *each, self.dtype) for each in made)
        results = self.host_results(shapes)
        for buffer, array in zip(compute(), results.arrays):
            self.context._inner.download(buffer, _arrays.bytes_of(array))
        return results.finished()


def _one_or_all(results):
    results = tuple(results)
    return results if len(results) > 1 else results[0]


def on_device(name, operand, context):
    """An array on the device of this context."""
    if not isinstance(operand, DeviceArray):
        return context.array(_arrays.given(name, operand))
    if operand.context is not context:
        raise ValueError(f"{name} belongs to another context")
    return operand


def run(operation, pass_, operands, out=None, context=None):
    """Computes y, dx or both gradients from x, dy and v, where they are."""
    operands = Operands(operands, out, context)
    shapes = operation.results(pass_, operands.arrays)
    if operands.are_on_device or operation.needs_buffers:
        return operands.returned(lambda: _from_buffers(operation, pass_, operands), shapes)
    pieces, results, shape = operands.pieces(), operands.host_results(shapes), operands.arrays["x"].shape
    along = (None, -1, None)
    if operation.function.is_along:
        along = (shape, operation.axis_in(shape), _repeated_mask(operation.mask, shape))
    operands.context._inner.compute(
        operation.function,
        pass_,
        operands.dtype.name,
        [_arrays.bytes_of(piece) for piece in pieces],
        [_arrays.bytes_of(array) for array in results.arrays],
        *along,
    )
    return results.finished()


def _repeated_mask(mask, shape):
    if mask is None:
        return None
    repeated = _arrays.broadcast("the mask", _arrays.mask_of(mask), shape)
    return _arrays.bytes_of(_arrays.contiguous(repeated))


def _from_buffers(operation, pass_, operands):
    context, shape = operands.context, operands.arrays["x"].shape
    if operation.function.is_along:
        sink = None if operation.sink is None else Sink(operation, shape)
        return along_from_buffers(operation, pass_, operands, sink)
    return context._inner.elementwise(
        operation.function,
        pass_,
        operands.dtype.name,
        operands.buffers(),
        shape,
        parameter_buffers(operation, context),
        operation.seed,
    )


def along_from_buffers(operation, pass_, operands, sink):
    """Computes along an axis from buffers to buffers."""
    if sink is not None and pass_ == "double_backward":
        raise ValueError("a double backward pass takes no sink")
    context, shape = operands.context, operands.arrays["x"].shape
    return context._inner.along(
        operation.function,
        pass_,
        operands.dtype.name,
        operands.buffers(),
        shape,
        operation.axis_in(shape),
        _mask_buffer(operation.mask, context),
        None if sink is None else (on_device("the sink", sink.values, context)._buffer, sink.axis),
    )


def parameter_buffers(operation, context):
    """The parameters that are arrays: each one's name, values and shape."""
    return [(name, *_parameter_buffer(name, value, context)) for name, value in operation.parameters.items()]


def _parameter_buffer(name, value, context):
    if not isinstance(value, DeviceArray):
        value = _float32(name, value)
    array = on_device(name, value, context)
    if array.dtype != np.float32:
        raise TypeError(f"{name} is {array.dtype}, but parameters on the device are float32")
    return array._buffer, array.shape


def _float32(name, value):
    return _arrays.given(name, value).astype(np.float32, copy=False)


def _mask_buffer(mask, context):
    if mask is None:
        return None
    array = _arrays.contiguous(_arrays.mask_of(mask))
    return context._inner.upload("uint8", _arrays.bytes_of(array)), array.shape


class Sink:
    """The sinks of a function along an axis of an array: one for all rows, one for each index of another axis, or one a row.

    The values are as the device takes them, and the axis is that other one, if there is one.
    """

    def __init__(self, operation, shape):
        given = _float32("the sink", operation.sink)
        axis = operation.axis_in(shape)
        self.given, self.rows = given, shape[:axis] + (1,) + shape[axis + 1 :]
        repeated = _arrays.broadcast("the sink", given, self.rows)
        own = [index - given.ndim + len(shape) for index, length in enumerate(given.shape) if length > 1]
        self.axis = own[0] if len(own) == 1 and given.size != repeated.size else None
        self.values = repeated if own and self.axis is None else given

    def summed(self, gradient):
        """The gradient of the sinks, from that of values that repeat them."""
        added = len(self.rows) - self.given.ndim
        repeated = [axis + added for axis, length in enumerate(self.given.shape) if length == 1]
        total = gradient.sum(axis=(*range(added), *repeated), keepdims=True)
        return total.reshape(self.given.shape)


def reference(operation, pass_, operands):
    """Computes in f64 on the CPU, which needs no device."""
    if operation.needs_buffers:
        raise ValueError("the reference takes parameters as numbers, and neither a seed nor a sink")
    arrays = [np.empty(shape) for shape in operation.results(pass_, operands).values()]
    inputs = [_arrays.contiguous(array).reshape(-1) for array in operands.values()]
    results = [array.reshape(-1) for array in arrays]
    function, shape = operation.function, operands["x"].shape
    if function.is_along:
        mask = _repeated_mask(operation.mask, shape)
        mask = None if mask is None else mask != 0
        function.reference_along(pass_, shape, operation.axis_in(shape), mask, inputs, results)
    else:
        function.reference(pass_, inputs, results)
    return _one_or_all(array[()] for array in arrays)
