"""PyTorch: values, gradients, gradients of gradients."""

import numpy as np
import pytest
from conftest import named, rows

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

import gpu_activations as ga
import gpu_activations.torch as gat

functional = torch.nn.functional

# What PyTorch calls the same.
SAME = {
    "relu": functional.relu,
    "relu6": functional.relu6,
    "sigmoid": torch.sigmoid,
    "log_sigmoid": functional.logsigmoid,
    "tanh": torch.tanh,
    "hard_tanh": functional.hardtanh,
    "tanh_shrink": functional.tanhshrink,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "selu": functional.selu,
    "celu": functional.celu,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
    "mish": functional.mish,
    "hard_swish": functional.hardswish,
    "softplus": lambda x: functional.softplus(x, threshold=1000),
    "softsign": functional.softsign,
    "soft_shrink": functional.softshrink,
    "hard_shrink": functional.hardshrink,
    "erf": torch.erf,
    "exponential": torch.exp,
    "sine": torch.sin,
    "softmax": lambda x: torch.softmax(x, -1),
    "softmin": lambda x: functional.softmin(x, -1),
    "log_softmax": lambda x: torch.log_softmax(x, -1),
    "logsumexp": lambda x: torch.logsumexp(x, -1, keepdim=True),
    "glu": functional.glu,
}


def points(dtype=torch.float32):
    """A leaf away from kinks, where differences mean nothing."""
    return torch.tensor([[-3.3, -1.7, -0.8, -0.3], [0.2, 0.7, 1.3, 2.9]], dtype=dtype, requires_grad=True)


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_values_and_gradients_are_pytorchs(name, dtype):
    x, dy = torch.linspace(-4.7, 4.9, 48, dtype=torch.float64).reshape(6, 8), torch.tensor(1.3, dtype=torch.float64)
    theirs = x.to(dtype).double().requires_grad_()
    ours = x.to(dtype).requires_grad_()
    expected, result = SAME[name](theirs), getattr(gat, name)(ours)
    assert result.dtype == dtype and result.shape == expected.shape
    # A parameter is a float32 here, whatever the type of x.
    of_type = 1e-6 if dtype == torch.float32 else 1e-8 if name == "leaky_relu" else 1e-12
    tolerance = {"rtol": of_type, "atol": of_type}
    torch.testing.assert_close(result.double(), expected, **tolerance)
    weights = torch.cos(expected.detach()) * dy
    expected.backward(weights)
    result.backward(weights.to(dtype))
    torch.testing.assert_close(ours.grad.double(), theirs.grad, **tolerance)


@pytest.mark.parametrize("row", rows(), ids=named)
def test_gradcheck(row):
    x = points(torch.float64)
    function = getattr(gat, row["name"])
    assert torch.autograd.gradcheck(function, x)
    if row["double_backward"]:
        assert torch.autograd.gradgradcheck(function, x)


@pytest.mark.parametrize("row", rows(), ids=named)
def test_the_device_agrees_with_the_reference(row):
    function = getattr(gat, row["name"])

    def results(dtype):
        x = points(dtype)
        y = function(x)
        dy = torch.linspace(0.5, 1.5, y.numel()).reshape(y.shape).to(dtype).requires_grad_()
        (dx,) = torch.autograd.grad(y, x, dy, create_graph=row["double_backward"])
        if not row["double_backward"]:
            return [y.detach(), dx]
        v = torch.linspace(-1, 1, 8).reshape(x.shape).to(dtype)
        return [y.detach(), dx.detach(), *torch.autograd.grad(dx, (x, dy), v)]

    for ours, expected in zip(results(torch.float32), results(torch.float64), strict=True):
        torch.testing.assert_close(ours.double(), expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_types_of_16_bits(dtype):
    x = points(dtype)
    y = gat.gelu(x.T)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == dtype
    torch.testing.assert_close(y, functional.gelu(x.detach().T.double()).to(dtype))
    assert gat.gelu(torch.tensor(1.0, dtype=dtype)).shape == ()


def test_parameters_learn():
    x = points()
    alpha = torch.tensor([0.1, 0.2, 0.3, 0.4], requires_grad=True)
    gat.prelu(x, alpha=alpha).square().sum().backward()
    ours = x.grad.clone(), alpha.grad.clone()
    x.grad = alpha.grad = None
    torch.where(x > 0, x, alpha * x).square().sum().backward()
    torch.testing.assert_close(ours, (x.grad, alpha.grad))

    beta = torch.tensor(1.5, requires_grad=True)
    (gradient,) = torch.autograd.grad(gat.custom("x * sigmoid(beta * x)", x, beta=beta).sum(), beta)
    again = beta.detach().requires_grad_()
    (expected,) = torch.autograd.grad((x * torch.sigmoid(again * x)).sum(), again)
    torch.testing.assert_close(gradient, expected)


def test_sinks_learn():
    x, dy = points(), torch.linspace(0, 1, 8).reshape(2, 4)
    sink = torch.tensor([[0.5], [-1.0]], requires_grad=True)
    ours = torch.autograd.grad(gat.softmax(x, sink=sink), (x, sink), dy)
    whole = torch.softmax(torch.cat([x, sink], 1), 1)[:, :4]
    torch.testing.assert_close(ours, torch.autograd.grad(whole, (x, sink), dy))


def test_second_derivatives_are_by_x_alone():
    x, alpha = points(), torch.tensor([0.1, 0.2, 0.3, 0.4], requires_grad=True)
    (dx,) = torch.autograd.grad(gat.prelu(x, alpha=alpha).sum(), x, create_graph=True)
    with pytest.raises(NotImplementedError, match="detach alpha before prelu"):
        dx.sum().backward()
    (dalpha,) = torch.autograd.grad(gat.prelu(x, alpha=alpha).sum(), alpha, create_graph=True)
    with pytest.raises(NotImplementedError, match="second derivatives are with respect to x only"):
        dalpha.sum().backward()


def test_a_penalty_of_gradients():
    x = points()
    (slope,) = torch.autograd.grad(gat.mish(x).sum(), x, create_graph=True)
    slope.square().sum().backward()
    again = points(torch.float64)
    (expected,) = torch.autograd.grad(functional.mish(again).sum(), again, create_graph=True)
    expected.square().sum().backward()
    torch.testing.assert_close(x.grad.double(), again.grad, rtol=1e-5, atol=1e-6)


def test_options():
    x = points().detach()
    mask = torch.tensor([True, False, True, True])
    expected = ga.softmax(x.numpy(), 0, temperature=0.5, mask=mask.numpy())
    assert np.array_equal(gat.softmax(x, 0, temperature=0.5, mask=mask), expected)
    assert np.array_equal(gat.forward("rrelu", x, seed=7), ga.rrelu(x.numpy(), seed=7))
    assert np.array_equal(gat.gated(x, activation="swish", beta=1.5), ga.gated(x.numpy(), activation="swish", beta=1.5))
    assert np.array_equal(torch.from_dlpack(ga.array(x.numpy())), x)
    assert gat.gelu(torch.empty(0, 3)).shape == (0, 3)


def test_refusals():
    x = points().detach()
    for error, text, call in [
        (TypeError, "x must be a torch.Tensor, not ndarray", lambda: gat.gelu(x.numpy())),
        (TypeError, "x must be float32", lambda: gat.gelu(torch.arange(3))),
        (TypeError, "x lies on meta", lambda: gat.gelu(x.to("meta"))),
        (TypeError, "unexpected keyword argument 'alpha'", lambda: gat.gelu(x, alpha=1)),
        (ValueError, "beta is -1", lambda: gat.softplus(x, beta=-1)),
        (ValueError, "no function named", lambda: gat.forward("gelo", x)),
        (ValueError, "as numbers", lambda: gat.prelu(points(torch.float64), alpha=torch.ones(4))),
    ]:
        with pytest.raises(error, match=text):
            call()
    y = gat.sparsemax(x.requires_grad_())
    (dx,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    with pytest.raises(ValueError, match="sparsemax has no double backward pass"):
        dx.square().sum().backward()


def test_later_changes_in_place_do_not_reach_the_gradient():
    x, mask = torch.tensor([1.0, 2.0, 3.0], requires_grad=True), torch.tensor([True, True, False])
    y = gat.softmax(x, mask=mask)
    mask.fill_(True)
    y[0].backward()
    assert x.grad[0] > 0 and x.grad[2] == 0
