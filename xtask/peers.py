"""What PyTorch and JAX make of given inputs: `python xtask/peers.py INPUTS.npy OUT_DIR`, with numpy, torch and jax.

For every function here that one of them has, at the same parameters, OUT_DIR/<library>/<function>.<pass>.npy gets its
float32 results on the CPU, where <library> is pytorch or jax, and <pass> forward or derivative.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import numpy as np
import torch
from jax import nn
from jax import numpy as jnp
from jax.scipy.stats import norm
from torch.nn import functional

BLOCK = 1 << 20

LAPLACE_MEAN = 0.707107
LAPLACE_DEVIATION = 0.282095

# Absent are functions that neither library has, and those that it has only with other constants, such as hard_sigmoid
# with its slope of 1/6 and sinc with its pi.
FUNCTIONS: dict[str, tuple[Callable | None, Callable | None]] = {
    "identity": (torch.nn.Identity(), nn.identity),
    "exponential": (torch.exp, jnp.exp),
    "sigmoid": (torch.sigmoid, nn.sigmoid),
    "log_sigmoid": (functional.logsigmoid, nn.log_sigmoid),
    "tanh": (torch.tanh, nn.tanh),
    "hard_tanh": (functional.hardtanh, nn.hard_tanh),
    "tanh_shrink": (functional.tanhshrink, None),
    "relu": (functional.relu, nn.relu),
    "relu6": (functional.relu6, nn.relu6),
    "thresholded_relu": (partial(functional.threshold, threshold=1.0, value=0.0), None),
    "threshold": (partial(functional.threshold, threshold=0.0, value=0.0), None),
    "leaky_relu": (partial(functional.leaky_relu, negative_slope=0.01), partial(nn.leaky_relu, negative_slope=0.01)),
    "prelu": (partial(functional.prelu, weight=torch.tensor([0.25])), None),
    "elu": (functional.elu, nn.elu),
    "selu": (functional.selu, nn.selu),
    "celu": (functional.celu, nn.celu),
    "gelu": (functional.gelu, partial(nn.gelu, approximate=False)),
    "gelu_tanh": (partial(functional.gelu, approximate="tanh"), partial(nn.gelu, approximate=True)),
    "silu": (functional.silu, nn.silu),
    "swish": (functional.silu, nn.swish),
    "hard_swish": (functional.hardswish, nn.hard_swish),
    "mish": (functional.mish, nn.mish),
    "softplus": (functional.softplus, nn.softplus),
    "squareplus": (None, nn.squareplus),
    "softsign": (functional.softsign, nn.soft_sign),
    "soft_shrink": (functional.softshrink, None),
    "hard_shrink": (functional.hardshrink, None),
    "sparse_plus": (None, nn.sparse_plus),
    "sparse_sigmoid": (None, nn.sparse_sigmoid),
    # PyTorch's has no derivative.
    "step": (None, lambda x: jnp.heaviside(x, 1.0)),
    "laplace": (
        torch.distributions.Normal(LAPLACE_MEAN, LAPLACE_DEVIATION, validate_args=False).cdf,
        partial(norm.cdf, loc=LAPLACE_MEAN, scale=LAPLACE_DEVIATION),
    ),
    "sine": (torch.sin, jnp.sin),
    "rrelu": (partial(functional.rrelu, lower=0.125, upper=1 / 3, training=False), None),
}

Pass = Callable[[np.ndarray], np.ndarray]


def pytorch_passes(function: Callable) -> dict[str, Pass]:
    def forward(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return function(torch.from_numpy(x)).numpy()

    def derivative(x: np.ndarray) -> np.ndarray:
        leaf = torch.from_numpy(x).requires_grad_()
        y = function(leaf)
        y.backward(torch.ones_like(y))
        return leaf.grad.numpy()

    return {"forward": forward, "derivative": derivative}


def jax_passes(function: Callable) -> dict[str, Pass]:
    return {"forward": jax.jit(function), "derivative": jax.jit(jax.vmap(jax.grad(function)))}


def write(path: Path, compute: Pass, inputs: np.ndarray) -> None:
    """In blocks, because the inputs may be more than memory holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    results = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=inputs.shape)
    for start in range(0, len(inputs), BLOCK):
        block = np.array(inputs[start : start + BLOCK])
        results[start : start + BLOCK] = compute(block)
    results.flush()
    print(path, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("inputs", type=Path, metavar="INPUTS.npy", help="float32, one-dimensional")
    parser.add_argument("output", type=Path, metavar="OUT_DIR")
    arguments = parser.parse_args()
    try:
        inputs = np.lib.format.open_memmap(arguments.inputs, mode="r")
    except (OSError, ValueError) as error:
        parser.error(f"{arguments.inputs}: {error}")
    if inputs.dtype != np.float32 or inputs.ndim != 1 or len(inputs) == 0:
        parser.error(f"{arguments.inputs}: {inputs.dtype} of shape {inputs.shape}, not one-dimensional float32")

    jax.config.update("jax_platforms", "cpu")
    try:
        arguments.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"{arguments.output}: {error}")
    for name, (pytorch_function, jax_function) in FUNCTIONS.items():
        libraries = {
            "pytorch": pytorch_passes(pytorch_function) if pytorch_function else {},
            "jax": jax_passes(jax_function) if jax_function else {},
        }
        for library, passes in libraries.items():
            for direction, compute in passes.items():
                write(arguments.output / library / f"{name}.{direction}.npy", compute, inputs)
    versions = {"pytorch": torch.__version__, "jax": jax.__version__}
    (arguments.output / "versions.json").write_text(json.dumps(versions) + "\n")


if __name__ == "__main__":
    main()
