"""Names, parameters, and what a call refuses."""

import inspect
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
from conftest import named, rows

import gpu_activations as ga

X = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4)


@pytest.mark.parametrize("row", rows(), ids=named)
def test_each_function_is_documented(row):
    function = getattr(ga, row["name"])
    assert row["formula"] in function.__doc__ and row["name"] in ga.__all__
    signature = inspect.signature(function)
    defaults = {name.rstrip("_"): each.default for name, each in signature.parameters.items()}
    for parameter in row["parameters"]:
        assert defaults[parameter["name"]] == parameter["default"] and parameter["range"] in function.__doc__
    # The defaults that the signature shows are those that hold.
    shown = {
        name: each.default
        for name, each in signature.parameters.items()
        if name.rstrip("_") in {p["name"] for p in row["parameters"]}
    }
    assert np.array_equal(function(X, **shown), function(X))


def test_parameters():
    assert np.array_equal(ga.soft_shrink(X, lambda_=0.1), ga.forward("soft_shrink(lambda=0.1)", X))
    assert np.array_equal(ga.forward("soft_shrink", X, **{"lambda": 0.1}), ga.soft_shrink(X, lambda_=np.float64(0.1)))
    assert np.array_equal(ga.leaky_relu(X, negative_slope=2), ga.leaky_relu(X, negative_slope=np.array(2)))
    assert np.array_equal(ga.clip(X, max=float("inf")), X)
    assert set(np.unique(ga.gumbel_softmax(X, hard=True))) == {0, 1}
    assert np.array_equal(ga.swiglu(X, gate="first"), ga.gated(X, activation="silu", gate="first"))
    assert ga.crelu(X).shape == (2, 3, 8) and ga.maxout(X, pieces=4).shape == (2, 3, 1)


WRONG = [
    (ValueError, "no function named", lambda: ga.forward("gelo", X)),
    (ValueError, "must have the form", lambda: ga.forward("leaky_relu(", X)),
    (ValueError, 'gelu has no parameter "alpha"', lambda: ga.forward("gelu", X, alpha=1)),
    (TypeError, "unexpected keyword argument 'alpha'", lambda: ga.gelu(X, alpha=1)),
    (TypeError, "unexpected keyword argument 'mask'", lambda: ga.gelu(X, mask=X > 0)),
    (TypeError, "positional", lambda: ga.leaky_relu(X, 0.2)),
    (TypeError, "name must be a str, not int", lambda: ga.forward(3, X)),
    (ValueError, "softplus: beta is -1, but must be finite", lambda: ga.softplus(X, beta=-1)),
    (ValueError, "softplus: beta is NaN", lambda: ga.softplus(X, beta=float("nan"))),
    (ValueError, "softplus: beta is inf", lambda: ga.softplus(X, beta=1e300)),
    (TypeError, "beta must be a number", lambda: ga.softplus(X, beta=None)),
    (TypeError, "beta must be a number", lambda: ga.softplus(X, beta=1j)),
    (ValueError, "beta is many", lambda: ga.softplus(X, beta="many")),
    (ValueError, "clip: max is -2, but must be at least min", lambda: ga.clip(X, min=0, max=-2)),
    (ValueError, "pieces is 0", lambda: ga.maxout(X, pieces=0)),
    (ValueError, "hard is 1, but must be true or false", lambda: ga.gumbel_softmax(X, hard=1)),
    (ValueError, "gate is third", lambda: ga.glu(X, gate="third")),
    (ValueError, "softmax works along an axis", lambda: ga.gated(X, activation="softmax")),
    (ValueError, "gelu works on each element and has no axis", lambda: ga.forward("gelu", X, axis=0)),
    (ValueError, "crelu takes no mask", lambda: ga.forward("crelu", X, mask=X > 0)),
    (TypeError, "a mask is of bool or uint8, not float32", lambda: ga.softmax(X, mask=X)),
    (ValueError, r"the mask has the shape \(3,\)", lambda: ga.softmax(X, mask=[True] * 3)),
    (ValueError, "takes no sink", lambda: ga.forward("softmin", X, sink=1)),
    (ValueError, "double backward pass takes no sink", lambda: ga.double_backward("softmax", X, X, X, sink=1)),
    (ValueError, r"the sink has the shape \(2,\)", lambda: ga.softmax(X, sink=[1.0, 2.0])),
    (ValueError, "order is 3", lambda: ga.derivative("gelu", X, order=3)),
    (ValueError, "softmax works along an axis", lambda: ga.derivative("softmax", X)),
    (ValueError, "sparsemax has no double backward pass", lambda: ga.double_backward("sparsemax", X, X, X)),
    (ValueError, "column 3 of the formula", lambda: ga.custom("x*", X)),
    (ValueError, "parameter beta has no value", lambda: ga.custom("x*beta", X)),
    (ValueError, "it needs a formula", lambda: ga.forward("custom", X)),
    (ValueError, "a formula is for custom alone", lambda: ga.forward("gelu", X, formula="x")),
    (TypeError, "a formula must be a str, not int", lambda: ga.custom(3, X)),
    (ValueError, "it has alpha", lambda: ga.param_grad("prelu", X, X, "beta")),
    (ValueError, "clip: min is not learnable", lambda: ga.param_grad("clip", X, X, "min")),
    (ValueError, "clip: min is not learnable", lambda: ga.clip(X, min=[0.0] * 4)),
    (ValueError, r"alpha has the shape \(5,\)", lambda: ga.prelu(X, alpha=np.ones(5, np.float32))),
    (ValueError, "only adjacent axes", lambda: ga.prelu(X, alpha=np.ones((2, 1, 4), np.float32))),
    (TypeError, "^alpha must be float32", lambda: ga.prelu(X, alpha=np.ones(4, int))),
    (ValueError, "softmax takes no array for temperature", lambda: ga.softmax(X, temperature=[1.0, 2.0])),
    (ValueError, "gelu takes no seed", lambda: ga.forward("gelu", X, seed=1)),
    (ValueError, "seed is -1", lambda: ga.rrelu(X, seed=-1)),
    (TypeError, "seed must be an int", lambda: ga.rrelu(X, seed=1.5)),
    (ValueError, "PyTorch has no activation", lambda: ga.forward("torch:Nope", X)),
    (ValueError, 'elu has no parameter "foo"', lambda: ga.forward("torch:ELU", X, foo=1)),
    (ValueError, "no function; it must have the form", lambda: ga.forward("torch:ELU(alpha=2", X)),
    (ValueError, r"alpha is 2\), but must be a number", lambda: ga.forward("torch:ELU(alpha=2))", X)),
    (ValueError, "alpha is given twice", lambda: ga.forward("prelu(Alpha=0.3)", X, alpha=0.5)),
    (ValueError, "alpha is given twice", lambda: ga.forward("prelu(alpha=0.3)", X, alpha=[0.5] * 4)),
    (ValueError, "weight is given twice", lambda: ga.forward("torch:prelu(weight=0.3)", X, weight=[0.5] * 4)),
    (ValueError, "a tuple of 2 arrays, not one array", lambda: ga.double_backward("silu", X, X, X, out=X)),
    (ValueError, "gate has the shape", lambda: ga.forward_gated("silu", X, X[0])),
    (ValueError, "softmax works along an axis", lambda: ga.forward_gated("softmax", X, X)),
    (TypeError, "context must be a Context", lambda: ga.gelu(X, context=3)),
]


@pytest.mark.parametrize(("error", "text", "call"), WRONG, ids=[text for _, text, _ in WRONG])
def test_refusals(error, text, call):
    with pytest.raises(error, match=text):
        call()


def test_parameters_from_arrays():
    alpha = np.array([[0.1], [0.2], [0.3]], np.float32)
    assert np.array_equal(ga.prelu(X, alpha=alpha), np.where(X > 0, X, alpha * X))
    assert np.array_equal(ga.backward("prelu", X, X, alpha=alpha), np.where(X > 0, X, alpha * X))
    expected = np.where(X > 0, 0, X * X).sum((0, 2), keepdims=True)[0]
    assert np.allclose(ga.param_grad("prelu", X, X, "alpha", alpha=alpha), expected)
    assert np.array_equal(
        ga.param_grad("prelu", X, X, "Alpha", alpha=alpha), ga.param_grad("prelu", X, X, "alpha", alpha=alpha)
    )
    assert np.allclose(ga.param_grad("prelu", X, X, "alpha"), expected.sum())
    assert np.array_equal(ga.prelu(X, alpha=ga.array(0.5)), ga.prelu(X, alpha=0.5))
    assert np.array_equal(
        ga.forward("relu", X, input_bias=np.float32([1, 2, 3, 4])), np.maximum(X + np.float32([1, 2, 3, 4]), 0)
    )
    beta = np.float32([1, 2, 3, 4])
    assert np.array_equal(ga.forward("torch:ReLU", X, input_bias=beta), ga.forward("relu", X, input_bias=beta))
    assert np.array_equal(ga.forward("keras:PReLU", X, alpha=alpha), ga.prelu(X, alpha=alpha))
    assert np.array_equal(ga.forward("torch:prelu", X, weight=alpha), ga.forward("torch:PReLU", X, init=alpha))
    quarter = np.array(0.25, ml_dtypes.bfloat16)
    assert np.array_equal(ga.prelu(X, alpha=quarter), ga.prelu(X, alpha=0.25))
    assert np.array_equal(ga.prelu(X, alpha=quarter[()]), ga.prelu(X, alpha=0.25))
    assert np.array_equal(ga.custom("x * beta", X, beta=beta), X * beta)
    assert np.allclose(ga.param_grad("custom", X, X, "beta", formula="x * beta", beta=beta), (X * X).sum((0, 1)))
    dx, ddy = ga.double_backward("prelu", X, X, X, alpha=alpha)
    assert not dx.any() and np.array_equal(ddy, np.where(X > 0, X, alpha * X))


def test_sinks():
    heads = np.array([[-1.0], [0.0], [2.0]], np.float32)
    every = np.broadcast_to(heads, (2, 3, 1))
    expected = np.exp(X) / (np.exp(X).sum(-1, keepdims=True) + np.exp(every))
    for sink in (heads, every.copy(), np.concatenate([every[:1], every[1:]])):
        assert np.allclose(ga.softmax(X, sink=sink), expected, rtol=1e-6)
    dy = np.cos(X)
    gradient = -(expected * dy).sum(-1, keepdims=True) * (1 - expected.sum(-1, keepdims=True))
    assert np.allclose(ga.param_grad("softmax", X, dy, "sink", sink=every.copy()), gradient, atol=1e-6)
    assert np.allclose(ga.param_grad("softmax", X, dy, "sink", sink=heads), gradient.sum(0), atol=1e-6)
    assert np.allclose(ga.softmax(X, sink=0.0), ga.quiet_softmax(X), rtol=1e-6)
    # Along two of three axes there is no single axis of the sinks.
    wide = np.stack([X, 2 * X])
    sinks = np.float32([[[-1.0], [0.5], [1.0]], [[0.0], [2.0], [3.0]]])
    assert np.allclose(ga.softmax(wide, sink=sinks)[1], ga.softmax(wide[1], sink=sinks), rtol=1e-6)
    assert ga.param_grad("softmax", wide, wide, "sink", sink=sinks).shape == sinks.shape


def test_gated_units_of_two_arrays():
    value, gate = X, np.cos(X)
    joined = np.concatenate([value, gate], -1)
    assert np.allclose(ga.forward_gated("silu", value, gate), ga.swiglu(joined), rtol=1e-6)
    dvalue, dgate = ga.backward_gated("swiglu_oai", value, gate, X)
    assert np.allclose(np.concatenate([dvalue, dgate], -1), ga.backward("swiglu_oai", joined, X), rtol=1e-6)
    results = ga.double_backward_gated("gelu", value, gate, X, value, gate)
    dx, ddy = ga.double_backward("geglu", joined, X, joined)
    assert np.allclose(np.concatenate(results[:2], -1), dx, atol=1e-6) and np.allclose(results[2], ddy, atol=1e-6)


def test_reference():
    assert ga.reference("gelu", 1.0) == pytest.approx(0.8413447460685429, abs=1e-15)
    assert ga.reference("relu_squared", [3], order=2) == [2]
    assert ga.reference("softmax", np.arange(3), mask=[1, 0, 1] == np.ones(3)).tolist()[1] == 0
    assert np.allclose(ga.gelu(X), ga.reference("gelu", X))
    for error, call in [
        (TypeError, lambda: ga.reference("gelu", None)),
        (ValueError, lambda: ga.reference("softmax", X, order=1)),
        (ValueError, lambda: ga.reference("gelu", X, order=3)),
        (ValueError, lambda: ga.reference("prelu", X, alpha=[1.0, 2.0])),
    ]:
        with pytest.raises(error):
            call()


def test_commands(program):
    def lines(*command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    ours = [sys.executable, "-m", "gpu_activations"]
    for command in ("list", "devices"):
        assert lines(*ours, command, "--json").replace(" ", "") == lines(program, command, "--json").replace(" ", "")
    assert lines(*ours, "devices") == lines(program, "devices")
    assert "softmax, along an axis\n    exp(x/T)/Σ exp(x/T)\n    temperature = 1 (finite and above 0)" in lines(
        *ours, "list"
    )
    assert subprocess.run([*ours, "forward"], capture_output=True).returncode == 2


def test_a_list_that_nobody_reads():
    listing = subprocess.Popen(
        [sys.executable, "-m", "gpu_activations", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    listing.stdout.close()
    assert listing.stderr.read() == ""
    assert listing.wait() == 0
