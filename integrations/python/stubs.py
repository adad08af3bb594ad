"""Writes the type stubs, whose functions follow from the table: `UPDATE=1 pytest tests/test_stubs.py`."""

import inspect
import json

import gpu_activations
from gpu_activations import _table, functions

INIT = """\
# Written by stubs.py.
from typing import Any, overload

import numpy as np
import numpy.typing as npt

_Out = np.ndarray[Any, Any] | tuple[np.ndarray[Any, Any] | None, ...] | None
_Array = np.ndarray[Any, Any]
_Parameter = float | npt.ArrayLike | DeviceArray
_Mask = npt.ArrayLike | None

class DeviceError(RuntimeError): ...
class DeviceMemoryError(DeviceError, MemoryError): ...

class Context:
    accuracy: str
    def __init__(self, adapter: str | None = None, *, accuracy: str = "highest") -> None: ...
    @property
    def adapter(self) -> str: ...
    def array(self, x: npt.ArrayLike) -> DeviceArray: ...
    def memory(self) -> dict[str, int]: ...
    def release_memory(self) -> None: ...

class DeviceArray:
    context: Context
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    def __len__(self) -> int: ...
    def numpy(self) -> _Array: ...
    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> _Array: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...
    def __dlpack__(self, *, stream: None = None, copy: bool | None = None, **version: Any) -> Any: ...

def array(x: npt.ArrayLike, context: Context | None = None) -> DeviceArray: ...
def default_context() -> Context: ...
def functions() -> list[dict[str, Any]]: ...
def devices() -> list[dict[str, Any]]: ...
def reference(name: str, x: npt.ArrayLike, /, *, order: int = 0, **options: Any) -> _Array: ...
"""

TORCH = """\
# Written by stubs.py.
from typing import Any

import numpy.typing as npt
from torch import Tensor

from . import Context

_Parameter = float | npt.ArrayLike | Tensor
_Mask = npt.ArrayLike | None

def forward(name: str, x: Tensor, /, *, context: Context | None = None, **options: Any) -> Tensor: ...
def custom(formula: str, x: Tensor, /, *, context: Context | None = None, **parameters: Any) -> Tensor: ...
"""

# Functions of a name: their operands, how many results they have, and what else they take.
NAMED = [
    ("forward", ["name: str", "x"], 1, []),
    ("backward", ["name: str", "x", "dy"], 1, []),
    ("derivative", ["name: str", "x"], 1, ["order: int = 1"]),
    ("double_backward", ["name: str", "x", "dy", "v"], 2, []),
    ("forward_gated", ["name: str", "value", "gate"], 1, []),
    ("backward_gated", ["name: str", "value", "gate", "dy"], 2, []),
    ("double_backward_gated", ["name: str", "value", "gate", "dy", "v_value", "v_gate"], 3, []),
    ("custom", ["formula: str", "x"], 1, []),
]


def init():
    """The stub of the package."""
    named = [_named(*each) for each in NAMED]
    gradient = _overloaded(
        "param_grad",
        "name: str, x: {x}, dy: {x}, parameter: str, /, *, context: Context | None = None, **options: Any",
        1,
    )
    of_table = [_overloaded(row["name"], _of_table(row), 1) for row in functions()]
    return "".join([INIT, *named, gradient, *of_table, _exported(gpu_activations.__all__)])


def torch():
    """The stub of the part for PyTorch."""
    of_table = [
        f"def {row['name']}({_of_table(row, has_out=False).format(x='Tensor')}) -> Tensor: ...\n" for row in functions()
    ]
    return "".join([TORCH, *of_table, _exported(["custom", "forward", *(row["name"] for row in functions())])])


def _exported(names):
    return f"\n__all__ = {json.dumps(names)}\n"


def _named(name, operands, results, more):
    operands = [operand if ":" in operand else f"{operand}: {{x}}" for operand in operands]
    options = ["out: _Out = None", "context: Context | None = None", "**options: Any"]
    return _overloaded(name, ", ".join([*operands, "/", "*", *more, *options]), results)


def _overloaded(name, parameters, results):
    """A function of arrays of the host, or of the device."""
    text = ""
    for x, result in (("DeviceArray", "DeviceArray"), ("npt.ArrayLike", "_Array")):
        returned = result if results == 1 else f"tuple[{', '.join([result] * results)}]"
        text += f"@overload\ndef {name}({parameters.format(x=x)}) -> {returned}: ...\n"
    return text


def _of_table(row, has_out=True):
    types = {
        "mask": "_Mask",
        "sink": "_Parameter | None",
        "seed": "int | None",
        "axis": "int",
        "of_activation": "float",
    }
    types |= {"out": "_Out", "context": "Context | None"}
    types |= {each["name"]: _type(each) for each in row["parameters"]}
    parts = []
    for each in _table.signature_of(row).parameters.values():
        if each.name == "out" and not has_out:
            continue
        if each.kind is each.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        kind = types.get(each.name) or types.get(each.name.removesuffix("_")) or "{x}"
        default = "" if each.default is inspect.Parameter.empty else f" = {_shown(each.default)}"
        stars = "**" if each.kind is each.VAR_KEYWORD else ""
        parts.append(f"{stars}{each.name}: {kind}{default}")
        if each.kind is each.POSITIONAL_ONLY:
            parts.append("/")
    return ", ".join(parts)


def _type(parameter):
    if parameter["learnable"]:
        return "_Parameter"
    return type(parameter["default"]).__name__


def _shown(default):
    """A default as a stub may have it: there is no literal of infinity."""
    return "..." if default in (float("inf"), -float("inf")) else repr(default).replace("'", '"')
