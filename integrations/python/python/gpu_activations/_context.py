"""The device, and arrays that stay there."""

import math
import os
import threading

import numpy as np

from . import _arrays
from ._gpu_activations import Context as _Context

_default = None
_lock = threading.Lock()


class Context:
    """A device, and what is kept between calls: memory and pipelines. Threads may share it.

    Parameters
    ----------
    adapter : str, optional
        All words of it must occur in the adapter's name and backend, as in "llvmpipe on vulkan". Without it the variables
        WGPU_ADAPTER_NAME, WGPU_BACKEND and WGPU_POWER_PREF choose, or else the best adapter is taken.
    accuracy : str, default "highest"
        "highest" or "fast": of results in float32.

    Raises
    ------
    DeviceError
        If there is no such adapter.
    """

    def __init__(self, adapter=None, *, accuracy="highest"):
        if adapter is not None:
            _arrays.check_text("adapter", adapter)
        _arrays.check_text("accuracy", accuracy)
        self._inner = _Context(adapter, accuracy)
        self.accuracy = accuracy

    @property
    def adapter(self):
        """The adapter's name and backend, in a form that `Context(adapter=…)` takes."""
        name, backend = self._inner.adapter()
        return f"{name} on {backend}"

    def array(self, x):
        """Copies an array to the device. See `gpu_activations.array`."""
        array = _arrays.given("x", x)
        piece = _arrays.contiguous(array)
        buffer = self._inner.upload(array.dtype.name, _arrays.bytes_of(piece))
        return DeviceArray._of(self, buffer, array.shape, array.dtype)

    def memory(self):
        """What the context holds on the device in bytes, and the number of pipelines."""
        return self._inner.memory()

    def release_memory(self):
        """Gives memory that is kept for reuse back to the device."""
        self._inner.release_memory()

    def __repr__(self):
        return f"<gpu_activations.Context on {self.adapter!r}>"


def _forget():
    """Leaves the default context to the process that this one was forked from."""
    global _default, _lock
    _default, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def default_context():
    """The context of calls that name none, which the first of them makes."""
    global _default
    with _lock:
        if _default is None:
            _default = Context()
        return _default


class DeviceArray:
    """An array on the device, as `array` makes it and functions return it. It cannot be changed.

    numpy takes it wherever it takes an array, and copies it to the host each time.
    """

    def __init__(self):
        raise TypeError("array() makes an array on the device")

    @classmethod
    def _of(cls, context, buffer, shape, dtype):
        self = cls.__new__(cls)
        self._buffer = buffer
        self.context = context
        self.shape = tuple(shape)
        self.dtype = dtype
        return self

    @property
    def ndim(self):
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self):
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self):
        """The bytes of the elements."""
        return self.size * self.dtype.itemsize

    def __len__(self):
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __repr__(self):
        return f"<gpu_activations.DeviceArray of shape {self.shape} and type {self.dtype} on {self.context.adapter!r}>"

    def numpy(self):
        """Copies it to the host."""
        array = np.empty(self.shape, self.dtype)
        self.context._inner.download(self._buffer, _arrays.bytes_of(array))
        return array

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("an array on the device cannot be had without a copy")
        return self.numpy() if dtype is None else self.numpy().astype(dtype, copy=False)

    def __dlpack_device__(self):
        """The CPU: an export is a copy on the host."""
        return (1, 0)

    def __dlpack__(self, *, stream=None, copy=None, **version):
        if stream is not None:
            raise BufferError("an export to the CPU has no stream")
        if copy is False:
            raise BufferError("an array on the device cannot be had without a copy")
        return self.numpy().__dlpack__(**version)


def array(x, context=None):
    """Copies an array to the device, where it stays. Functions that are given it return such arrays.

    Parameters
    ----------
    x : array_like
        Of float32, float16 or bfloat16; float64 is rounded.
    context : Context, optional
        The default context unless told.

    Examples
    --------
    >>> hidden = ga.gelu(ga.array([[-1.0, 0.0, 1.0]]))
    >>> ga.softmax(hidden).numpy()
    """
    return checked_context(context).array(x)


def checked_context(context):
    """The context that was given, or else the default one."""
    if context is None:
        return default_context()
    if not isinstance(context, Context):
        raise TypeError(f"context must be a Context, not {type(context).__name__}")
    return context
