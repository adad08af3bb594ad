"""Every function agrees with the command line bit for bit, on the same adapter."""

import subprocess

import numpy as np
import pytest
from conftest import named, rows

import gpu_activations as ga

TYPES = [np.float32, np.float16]


def elements(random, dtype, count=1003):
    """Numbers of all sizes, and all that is special."""
    bits = {np.float32: np.uint32, np.float16: np.uint16}[dtype]
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0], dtype)
    smallest = np.array([1, 2, 3], bits).view(dtype)
    anything = random.integers(0, np.iinfo(bits).max, count // 2, bits).view(dtype)
    usual = random.normal(0, 3, count - anything.size - special.size - smallest.size).astype(dtype)
    return np.concatenate([special, smallest, anything, usual])


def computed(program, folder, arguments, results, **arrays):
    """What the command line writes for these arrays."""
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    command = [program, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return [np.load(folder / f"{name}.npy") for name in results]


def same(actual, expected):
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    bits = {2: np.uint16, 4: np.uint32}[actual.dtype.itemsize]
    assert np.array_equal(np.atleast_1d(actual).view(bits), np.atleast_1d(expected).view(bits))


@pytest.mark.parametrize("dtype", TYPES, ids=["f32", "f16"])
@pytest.mark.parametrize("row", rows(along=False), ids=named)
def test_elementwise(program, tmp_path, random, row, dtype):
    name, x = row["name"], elements(random, dtype).reshape(17, 59)
    dy, v = random.normal(0, 1, (2, 17, 59)).astype(dtype)
    arrays = {"x": x, "dy": dy, "v": v}

    (y,) = computed(program, tmp_path, ["forward", name, "x.npy", "-o", "y.npy"], ["y"], **arrays)
    same(ga.forward(name, x), y)
    same(getattr(ga, name)(x), y)
    for order in (1, 2):
        (result,) = computed(
            program, tmp_path, ["derivative", name, "x.npy", "-o", "d.npy", "--order", str(order)], ["d"]
        )
        same(ga.derivative(name, x, order=order), result)
    (dx,) = computed(program, tmp_path, ["backward", name, "x.npy", "--grad", "dy.npy", "-o", "dx.npy"], ["dx"])
    same(ga.backward(name, x, dy), dx)
    double = [
        "double-backward",
        name,
        "x.npy",
        "--grad",
        "dy.npy",
        "--tangent",
        "v.npy",
        "-o",
        "dx.npy",
        "--grad-out",
        "ddy.npy",
    ]
    dx, ddy = computed(program, tmp_path, double, ["dx", "ddy"])
    results = ga.double_backward(name, x, dy, v)
    same(results[0], dx)
    same(results[1], ddy)


@pytest.mark.parametrize("dtype", TYPES, ids=["f32", "f16"])
@pytest.mark.parametrize("row", rows(along=True), ids=named)
def test_along(program, tmp_path, random, row, dtype):
    name, x = row["name"], random.normal(0, 3, (6, 10, 7)).astype(dtype)
    x[0, 0, 0] = np.nan
    x[1, :, 1] = -np.inf
    (y,) = computed(program, tmp_path, ["forward", name, "x.npy", "-o", "y.npy", "--axis", "1"], ["y"], x=x)
    same(ga.forward(name, x, axis=1), y)
    same(getattr(ga, name)(x, 1), y)
    dy, v = random.normal(0, 1, y.shape).astype(dtype), random.normal(0, 1, x.shape).astype(dtype)
    backward = ["backward", name, "x.npy", "--grad", "dy.npy", "-o", "dx.npy", "--axis", "1"]
    (dx,) = computed(program, tmp_path, backward, ["dx"], dy=dy)
    same(ga.backward(name, x, dy, axis=1), dx)
    if row["double_backward"]:
        double = ["double-backward", *backward[1:], "--tangent", "v.npy", "--grad-out", "ddy.npy"]
        dx, ddy = computed(program, tmp_path, double, ["dx", "ddy"], v=v)
        results = ga.double_backward(name, x, dy, v, axis=1)
        same(results[0], dx)
        same(results[1], ddy)


def test_options(program, tmp_path, random):
    """Parameters, masks, sinks, seeds and formulas mean the same."""
    x, dy = random.normal(0, 2, (2, 4, 3, 6)).astype(np.float32)
    alpha = random.normal(0, 1, (3, 1)).astype(np.float32)
    mask, sink = random.integers(0, 2, (4, 1, 6)).astype(bool), random.normal(0, 1, (3, 1)).astype(np.float32)
    arrays = {"x": x, "dy": dy, "alpha": alpha, "weight": alpha, "mask": mask, "sink": sink}

    def forward(*arguments):
        (y,) = computed(program, tmp_path, ["forward", *arguments, "-o", "y.npy"], ["y"], **arrays)
        return y

    same(ga.leaky_relu(x, negative_slope=0.3), forward("leaky_relu", "x.npy", "-p", "negative_slope=0.3"))
    same(ga.soft_shrink(x, lambda_=0.1), forward("soft_shrink", "x.npy", "-p", "lambda=0.1"))
    same(ga.rrelu(x, seed=7), forward("rrelu", "x.npy", "-p", "seed=7"))
    same(ga.gumbel_softmax(x, seed=2**64 - 1), forward("gumbel_softmax", "x.npy", "-p", f"seed={2**64 - 1}"))
    same(ga.softmax(x, mask=mask), forward("softmax", "x.npy", "-p", "mask=@mask.npy"))
    same(ga.softmax(x, sink=0.5, mask=mask), forward("softmax", "x.npy", "-p", "mask=@mask.npy", "-p", "sink=0.5"))
    same(ga.log_softmax(x, sink=sink), forward("log_softmax", "x.npy", "-p", "sink=@sink.npy"))
    same(ga.prelu(x, alpha=alpha), forward("prelu", "x.npy", "-p", "alpha=@alpha.npy"))
    gated = forward("gated", "x.npy", "-p", "activation=swish", "-p", "beta=1.5", "-p", "gate=first")
    same(ga.gated(x, activation="swish", beta=1.5, gate="first"), gated)
    same(
        ga.forward("torch:LeakyReLU", x, negative_slope=0.2),
        forward("torch:LeakyReLU", "x.npy", "-p", "negative_slope=0.2"),
    )
    formula = "x*sigmoid(beta*x)"
    same(ga.custom(formula, x, beta=1.5), forward("custom", "x.npy", "--formula", formula, "-p", "beta=1.5"))
    same(ga.forward("torch:prelu", x, weight=alpha), forward("torch:prelu", "x.npy", "-p", "weight=@alpha.npy"))
    for name, parameter, options in [
        ("prelu", "alpha", {"alpha": alpha}),
        ("torch:prelu", "weight", {"weight": alpha}),
        ("softmax", "sink", {"sink": sink}),
        ("torch:softmax", "sink", {"sink": sink}),
    ]:
        given = ["-p", f"{parameter}=@{parameter}.npy", "--param-grad", f"{parameter}=g.npy"]
        command = ["backward", name, "x.npy", "--grad", "dy.npy", "-o", "dx.npy", *given]
        dx, gradient = computed(program, tmp_path, command, ["dx", "g"])
        same(ga.backward(name, x, dy, **options), dx)
        same(ga.param_grad(name, x, dy, parameter, **options), gradient)
