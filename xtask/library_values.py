"""What other libraries make of the names in src/catalog/libraries.rs: `cargo xtask libraries`, with torch, keras, jax,
onnx and transformers.

Every name that is not refused is evaluated in float64, at the library's defaults and at other values of its parameters.
Names and parameters of a library that the table lacks are errors.
"""

import argparse
import inspect
import json
import os
import re
import subprocess
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

MODULES = "torch keras jax onnx transformers"
# Other backends of Keras compute some functions in float32.
os.environ["KERAS_BACKEND"] = "torch"
try:
    import jax
    import keras
    import numpy as np
    import onnx
    import onnx.reference
    import torch
    import transformers
    from transformers.activations import ACT2CLS
except ModuleNotFoundError as error:
    raise SystemExit(f"Python has no {error.name}: pip install {MODULES}") from None

# Functions along an axis take the last one. No element is a kink at the parameters below.
X = np.array(
    [
        [-20.0, 20.0, 7.25, -7.25],
        [-3.5, 3.5, 2.75, -2.75],
        [0.5, -0.5, 0.75, -0.25],
        [1.5, -1.5, 0.125, 1.375],
    ]
)

# Values of parameters: the first is that of a parameter without a default. All are exact in f32.
VALUES: dict[str, list[float | bool | str]] = {
    "alpha": [0.875],
    "alpha_n_init": [0.875],
    "alpha_p_init": [1.25],
    "approximate": ["none", "tanh"],
    "b": [2.25],
    "beta": [0.375],
    "bias": [0.25],
    "default_value": [-5.0, 2.0],
    "hard": [True],
    "init": [0.375],
    "inplace": [True],
    "lambd": [0.625],
    "lower": [0.25],
    "max": [1.25],
    "max_val": [0.625],
    "max_value": [2.5],
    "min": [-0.875],
    "min_val": [-0.875],
    "mu": [0.25],
    "negative_slope": [0.0625],
    "sigma": [1.5],
    "slope": [0.375, 1.5],
    "tau": [2.5],
    "threshold": [0.625, 1.0625],
    "training": [False],
    "upper": [0.4375],
    "value": [-5.0, 2.0],
    "weight": [0.375, 1.5],
    "jax:gelu.approximate": [True, False],
    "keras:gelu.approximate": [True, False],
    "onnx:Selu.alpha": [1.6732631921768188],
    "onnx:Selu.gamma": [1.0507010221481323],
    "torch:Softplus.threshold": [20.0, 24.0],
    "torch:softplus.threshold": [20.0, 24.0],
}

# Parameters that do not belong to the function: the axis, a mask, types, the form of the result, initializers, how the
# library computes, and what it has deprecated.
NOT_OF_THE_FUNCTION = {
    "torch": "dim keepdim dtype device out _stacklevel num_parameters eps min_value max_value",
    "keras": "axis alpha_initializer alpha_regularizer alpha_constraint shared_axes",
    "jax": "axis where b keepdims return_sign",
    "onnx": "axis axes keepdims noop_with_empty_axes B",
    "hf": "dtype device num_parameters use_gelu_python use_gelu_tanh_python eps with_vector_loads",
}

# torch refuses to clamp without a bound.
NOT_WITHOUT_PARAMETERS = {"torch:clamp", "torch:clip"}

# Functions of one array that are no activations.
NO_ACTIVATIONS = {
    "torch": """Tensor alpha_dropout dropout dropout1d dropout2d dropout3d feature_alpha_dropout normalize pdist
        upsample upsample_bilinear upsample_nearest""",
    "keras": "deserialize get serialize",
    "jax": "get_scaled_dot_general_config",
    "onnx": """Abs Acos Acosh Asin Asinh Atan Atanh AveragePool BitwiseNot Ceil Concat Cos Cosh DFT DepthToSpace Det
        Dropout Einsum Flatten Floor GlobalAveragePool GlobalLpPool GlobalMaxPool Log LpPool Max MaxPool Mean Min Neg
        Not Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
        ReduceSumSquare Resize Round Scan SequenceErase SequenceMap Sign Sinh SpaceToDepth Split Sqrt Squeeze
        StringNormalizer Sum Tan Transpose Trilu Unique""",
    "hf": "",
}

Parameters = dict[str, float | bool | str]


@dataclass
class Library:
    package: str
    version: str
    # Public activations; a new release may have some that the table lacks.
    activations: Callable[[], set[str]]
    find: Callable[[str], Any]
    # Names of parameters, and values for them, of what was found.
    parameters: Callable[[Any], set[str]]
    evaluate: Callable[[Any, Parameters], np.ndarray]


def signature(function: Callable) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        # A builtin's stands in its documentation.
        text = re.search(r"\(([^)]*)\)", function.__doc__).group(1)
        return [part.split("=")[0].strip() for part in text.split(",") if "*" not in part]
    return [one.name for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]


def parameters_of(function: Callable) -> set[str]:
    """Those of a class, or those of a function after the array."""
    return set(signature(function)[0 if inspect.isclass(function) else 1 :])


def with_axis(function: Callable, parameters: Parameters) -> Parameters:
    return parameters | {key: -1 for key in ("dim", "axis") if key in parameters_of(function)}


def public(place: object) -> set[str]:
    return {name for name in dir(place) if not name.startswith("_") and callable(getattr(place, name))}


def find_in(*places: object) -> Callable[[str], Any]:
    return lambda name: next((getattr(place, name) for place in places if hasattr(place, name)), None)


def torch_evaluate(function: Callable, parameters: Parameters) -> np.ndarray:
    parameters, x = with_axis(function, parameters), torch.from_numpy(X.copy())
    if inspect.isclass(function):
        return module_evaluate(function(**parameters))
    if "weight" in parameters:
        parameters["weight"] = torch.tensor([parameters["weight"]], dtype=x.dtype)
    # gumbel_softmax's noise is the negative logarithm of what it draws: of 1 here.
    with patch.object(torch.Tensor, "exponential_", lambda self: self.fill_(1.0)):
        return function(x, **parameters).numpy()


def module_evaluate(module: torch.nn.Module, **parameters: float) -> np.ndarray:
    with torch.no_grad():
        return module.double().eval()(torch.from_numpy(X.copy()), **parameters).numpy()


def torch_activations() -> set[str]:
    """The modules of activations, and the functions that make floats of one array alone."""
    functional = torch.nn.functional
    takes_one = {name for name in public(functional) if torch_takes_one(getattr(functional, name))}
    return takes_one | set(torch.nn.modules.activation.__all__)


def torch_takes_one(function: Callable) -> bool:
    try:
        return function(torch.from_numpy(X.copy())).dtype == torch.float64
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return False


def keras_evaluate(function: Callable, parameters: Parameters) -> np.ndarray:
    parameters = with_axis(function, parameters)
    function = function(**parameters, dtype="float64") if inspect.isclass(function) else partial(function, **parameters)
    return keras.ops.convert_to_numpy(function(X))


def keras_activations() -> set[str]:
    package = keras.src.layers.activations.__name__
    layers = {name for name in public(keras.layers) if getattr(keras.layers, name).__module__.startswith(package)}
    return layers | public(keras.activations)


def jax_evaluate(function: Callable, parameters: Parameters) -> np.ndarray:
    return np.asarray(function(X, **with_axis(function, parameters)))


def onnx_parameters(schema: onnx.defs.OpSchema) -> set[str]:
    """Attributes of the operator, and inputs after the array."""
    return set(schema.attributes) | {one.name for one in schema.inputs[1:]}


def onnx_evaluate(schema: onnx.defs.OpSchema, parameters: Parameters) -> np.ndarray:
    attributes = {key: value for key, value in parameters.items() if key in schema.attributes}
    inputs = {key: np.array(value) for key, value in parameters.items() if key not in attributes}
    if schema.name == "SwiGLU":
        inputs["A"], inputs["B"] = np.split(X, 2, axis=-1)
    else:
        inputs[schema.inputs[0].name] = X
    if "axes" in onnx_parameters(schema):
        inputs["axes"] = np.array([-1])
    places = [one.name if one.name in inputs else "" for one in schema.inputs]
    node = onnx.helper.make_node(schema.name, places, ["result"], **attributes)
    infos = [onnx.helper.make_tensor_value_info(key, onnx.TensorProto.DOUBLE, None) for key in inputs]
    result = onnx.helper.make_tensor_value_info("result", onnx.TensorProto.DOUBLE, None)
    model = onnx.helper.make_model(onnx.helper.make_graph([node], schema.name, infos, [result]))
    return onnx.reference.ReferenceEvaluator(model).run(None, inputs)[0]


def onnx_activations() -> set[str]:
    """The operators whose result has the type of an array that is all they need."""
    schemas = (one for one in onnx.defs.get_all_schemas() if one.domain == "" and not one.deprecated)
    return {one.name for one in schemas if one.min_input == 1 and one.inputs[0].type_str == one.outputs[0].type_str}


def onnx_find(name: str) -> onnx.defs.OpSchema | None:
    return onnx.defs.get_schema(name) if onnx.defs.has(name) else None


def hf_find(name: str) -> tuple[type, Parameters] | None:
    """The class, and what ACT2FN gives it."""
    found = ACT2CLS.get(name)
    return found if isinstance(found, tuple) or found is None else (found, {})


def hf_parameters(found: tuple[type, Parameters]) -> set[str]:
    """Those of the class, and those of a call after the array."""
    return parameters_of(found[0]) | set(signature(found[0].forward)[2:])


def hf_evaluate(found: tuple[type, Parameters], parameters: Parameters) -> np.ndarray:
    kind, given = found
    at_call = {key: value for key, value in parameters.items() if key in signature(kind.forward)}
    given = given | {key: value for key, value in parameters.items() if key not in at_call}
    if "dtype" in parameters_of(kind):
        given["dtype"] = torch.float64
    return module_evaluate(kind(**given), **at_call)


torch_find = find_in(torch.nn, torch.nn.functional, torch)
keras_find = find_in(keras.activations, keras.layers)
LIBRARIES = {
    "torch": Library("torch", torch.__version__, torch_activations, torch_find, parameters_of, torch_evaluate),
    "keras": Library("keras", keras.__version__, keras_activations, keras_find, parameters_of, keras_evaluate),
    "jax": Library("jax", jax.__version__, lambda: public(jax.nn), find_in(jax.nn), parameters_of, jax_evaluate),
    "onnx": Library("onnx", onnx.__version__, onnx_activations, onnx_find, onnx_parameters, onnx_evaluate),
    "hf": Library("transformers", transformers.__version__, lambda: set(ACT2CLS), hf_find, hf_parameters, hf_evaluate),
}


def table(prefix: str) -> list[dict]:
    """The rows of a library, as the command line lists them."""
    program = [os.environ.get("CARGO", "cargo"), "run", "--quiet", "--release", "--features", "full", "--"]
    listing = subprocess.check_output([*program, "list", "--library", prefix, "--json"], text=True)
    return [json.loads(line) for line in listing.splitlines()]


def values_for(name: str, parameter: str) -> list[float | bool | str]:
    for key in (f"{name}.{parameter}", parameter):
        if key in VALUES:
            return VALUES[key]
    raise SystemExit(f"{name} has {parameter}, for which VALUES has no value")


def sets_of(prefix: str, row: dict) -> Iterator[Parameters]:
    """The defaults, each other value of each parameter, and other values of all together."""
    name = f"{prefix}:{row['name']}"
    values = {one["name"]: values_for(name, one["name"]) for one in row["parameters"]}
    needed = {one["name"] for one in row["parameters"] if one["parameter"] and one["default"] is None}
    least = {parameter: values[parameter][0] for parameter in needed}
    if name not in NOT_WITHOUT_PARAMETERS:
        yield least
    yield from (least | {parameter: value} for parameter, known in values.items() for value in known)
    yield {parameter: known[-1] for parameter, known in values.items()}


def text_of(prefix: str, row: dict, parameters: Parameters) -> str:
    listed = ", ".join(f"{key}={parameters[key]}" for key in sorted(parameters))
    return f"{prefix}:{row['name']}({listed})" if listed else f"{prefix}:{row['name']}"


def missing(prefix: str, library: Library, rows: list[dict]) -> Iterator[str]:
    """What the table and the library do not both have."""
    names = {row["name"] for row in rows}
    for name in sorted(library.activations() - names - set(NO_ACTIVATIONS[prefix].split())):
        yield f"{prefix}:{name} is not in src/catalog/libraries.rs"
    for row in rows:
        found = library.find(row["name"])
        if found is None:
            yield f"{prefix}:{row['name']} is not in {prefix} {library.version}"
        elif not row["refused"]:
            there, here = library.parameters(found), {one["name"] for one in row["parameters"]}
            for parameter in sorted(there - here - set(NOT_OF_THE_FUNCTION[prefix].split())):
                yield f"{prefix}:{row['name']} has no {parameter} in src/catalog/libraries.rs"
            for parameter in sorted(here - there):
                yield f"{prefix}:{row['name']} has no {parameter} in {prefix} {library.version}"


def values_of(prefix: str, library: Library, rows: list[dict]) -> dict[str, list[float]]:
    values = {}
    for row in rows:
        for parameters in [] if row["refused"] else sets_of(prefix, row):
            y = library.evaluate(library.find(row["name"]), parameters)
            if y.dtype != np.float64:
                raise SystemExit(f"{text_of(prefix, row, parameters)} is {y.dtype}, not float64")
            values[text_of(prefix, row, parameters)] = y.ravel().tolist()
    return values


def differences(stored: dict, values: dict[str, list[float]]) -> Iterator[str]:
    if stored["x"] != X.tolist():
        yield f"x is {X.tolist()}, but {stored['x']} in the file"
    for name in sorted(stored["values"].keys() ^ values.keys()):
        yield f"{name} is only in {'the libraries' if name in values else 'the file'}"
    for name in sorted(stored["values"].keys() & values.keys()):
        known = stored["values"][name]
        if len(known) != len(values[name]) or not np.allclose(values[name], known, rtol=1e-12, atol=1e-15):
            yield f"{name} is {values[name]}, but {known} in the file"


def text_of_file(values: dict[str, list[float]]) -> str:
    """One line a name."""
    versions = json.dumps({library.package: library.version for library in LIBRARIES.values()})
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in values.items())
    return f'{{\n  "versions": {versions},\n  "x": {json.dumps(X.tolist())},\n  "values": {{\n{lines}\n  }}\n}}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, metavar="VALUES.json")
    parser.add_argument("--write", action="store_true", help="write the file instead of comparing with it")
    arguments = parser.parse_args()

    jax.config.update("jax_enable_x64", True)
    transformers.logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    tables = {prefix: table(prefix) for prefix in LIBRARIES}
    if lacking := [line for prefix, library in LIBRARIES.items() for line in missing(prefix, library, tables[prefix])]:
        raise SystemExit("\n".join(lacking))
    values = {}
    for prefix, library in LIBRARIES.items():
        values |= values_of(prefix, library, tables[prefix])
    if arguments.write:
        arguments.file.write_text(text_of_file(values))
    elif differing := list(differences(json.loads(arguments.file.read_text()), values)):
        raise SystemExit("\n".join(differing))


if __name__ == "__main__":
    main()
