"""Arguments as they are given, and arrays as the device takes them: of a known type, in C order, in one piece."""

import operator
import sys
import threading
import warnings

import numpy as np

KINDS = ("float32", "float16", "bfloat16")

_warned = False
_lock = threading.Lock()


def given(name, value):
    """An array of one of the three types, whatever its order and strides, from what numpy takes for one."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; fill it first, as with x.filled(0)")
    array = np.asarray(value)
    if array.dtype.name in KINDS:
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if _is_untyped(value) and array.dtype.kind in "fiu":
        return array.astype(np.float32)
    if array.dtype.name == "float64":
        _warn_of_rounding()
        return array.astype(np.float32)
    raise TypeError(
        f"{name} must be float32, float16 or bfloat16, or float64 to be rounded, not {array.dtype}; "
        "convert it first, as with x.astype(np.float32)"
    )


def _is_untyped(value):
    """Whether a value is made of Python's numbers, which have no type of an array."""
    return not hasattr(value, "dtype") and not hasattr(value, "__array__")


def _warn_of_rounding():
    global _warned
    with _lock:
        if _warned:
            return
        _warned = True
    warnings.warn("float64 is rounded to float32; this is said once", UserWarning, stacklevel=_depth())


def _depth():
    """How many calls away the user's code is."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame, depth = frame.f_back, depth + 1
    return depth


def check_text(name, value):
    """Refuses what is no text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")


def same(arrays):
    """The type that all arrays have, by their names."""
    (first, array), *others = arrays.items()
    for name, other in others:
        if other.dtype != array.dtype:
            raise TypeError(f"{name} is {other.dtype}, but {first} is {array.dtype}; they must be of one type")
    return array.dtype


def of_shape(name, array, shape, like):
    """Refuses an array of another shape."""
    if tuple(array.shape) != tuple(shape):
        raise ValueError(f"{name} has the shape {tuple(array.shape)}, but {like} has {tuple(shape)}")


def contiguous(array):
    """The array in C order and in one piece; itself where it is that already."""
    return np.require(array, requirements=("C", "A"))


def bytes_of(array):
    """The memory of an array in one piece."""
    return array.reshape(-1).view(np.uint8)


def mask_of(mask):
    """A mask as bytes."""
    array = np.asarray(mask)
    if array.dtype not in (np.bool_, np.uint8):
        raise TypeError(f"a mask is of bool or uint8, not {array.dtype}")
    return array.view(np.uint8)


def broadcast(name, array, shape):
    """An array that numpy's rules repeat over a shape."""
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"{name} has the shape {array.shape}, which numpy does not broadcast to {tuple(shape)}"
        ) from None


def axis_of(axis, shape):
    """An axis, counted from 0."""
    index = operator.index(axis)
    if not -len(shape) <= index < len(shape):
        raise np.exceptions.AxisError(index, len(shape))
    return index % len(shape)


class Results:
    """Arrays to be computed in one piece, and the arrays of the caller's that get them in the end."""

    def __init__(self, names, shapes, dtype, out, inputs):
        self._outs = _outs(names, shapes, dtype, out)
        self.arrays = []
        for shape, wanted in zip(shapes, self._outs):
            direct = _is_direct(wanted, [*inputs, *self.arrays])
            self.arrays.append(wanted if direct else np.empty(shape, dtype))

    def finished(self):
        """What a call returns: one array or a tuple, where a result without axes is a scalar as in numpy."""
        pairs = list(zip(self._outs, self.arrays))
        for out, array in pairs:
            if out is not None and out is not array:
                np.copyto(out, array)
        finished = tuple(array[()] if out is None else out for out, array in pairs)
        return finished if len(finished) > 1 else finished[0]


def _outs(names, shapes, dtype, out):
    if out is None:
        return [None] * len(names)
    outs = out if isinstance(out, tuple) else (out,)
    if len(outs) != len(names):
        given = f"a tuple of {len(outs)}" if isinstance(out, tuple) else "one array"
        raise ValueError(f"out must be {_wanted(names)}, not {given}")
    for name, shape, wanted in zip(names, shapes, outs):
        if wanted is not None:
            _check_out(name, shape, dtype, wanted, names)
    return list(outs)


def _check_out(name, shape, dtype, out, names):
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be {_wanted(names)}, not {type(out).__name__}")
    if out.dtype.name != dtype.name:
        raise TypeError(f"out is {out.dtype}, but {name} is {dtype}")
    of_shape("out", out, shape, name)
    if not out.flags.writeable:
        raise ValueError("out is read-only")


def _wanted(names):
    return "an array" if len(names) == 1 else f"a tuple of {len(names)} arrays"


def _is_direct(out, others):
    """Whether a result can be computed where it is wanted."""
    if out is None or not (out.flags.c_contiguous and out.flags.aligned and out.dtype.isnative):
        return False
    return not any(np.may_share_memory(out, other) for other in others)
