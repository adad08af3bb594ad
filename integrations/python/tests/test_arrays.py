"""What numpy's users expect of arrays: types, shapes, strides, out."""

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

import gpu_activations as ga


@pytest.fixture
def x(random):
    return random.normal(0, 2, (6, 10)).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
def test_types(x, dtype):
    y = ga.gelu(x.astype(dtype))
    assert y.dtype == dtype and y.shape == x.shape
    expected = ga.reference("gelu", x.astype(dtype)).astype(dtype)
    assert np.allclose(
        y.astype(np.float32), expected.astype(np.float32), rtol=2e-2 if dtype == ml_dtypes.bfloat16 else 2e-3
    )


def test_strides_and_orders(x):
    expected = ga.gelu(x)
    for given in [np.asfortranarray(x), x.astype(">f4"), np.repeat(x, 2, 1)[:, ::2], x[::-1][::-1]]:
        assert np.array_equal(ga.gelu(given), expected)
    assert ga.gelu(x.T).flags.c_contiguous and np.array_equal(ga.gelu(x.T), expected.T)
    assert np.array_equal(ga.softmax(x.T, axis=0), ga.softmax(x, axis=1).T)
    misaligned = np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(np.float32)
    assert np.array_equal(ga.gelu(misaligned), expected.ravel())


def test_pythons_numbers():
    assert ga.relu([-1, 2.5]).dtype == np.float32
    assert type(ga.relu(3)) is np.float32 and ga.relu(3) == 3
    assert type(ga.relu(np.float16(-1))) is np.float16
    assert ga.relu([[[1.0]]]).shape == (1, 1, 1)
    assert ga.relu(np.array(2, np.float32)) == 2


def test_float64_warns_once():
    program = """
import warnings, numpy as np, gpu_activations as ga
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert ga.gelu(np.ones(3)).dtype == np.float32
    ga.backward("gelu", np.ones(3), np.ones(3))
(only,) = caught
assert only.category is UserWarning and only.filename == "<string>", only
print(only.message)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "float64 is rounded to float32" in done.stdout


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 0, 3)])
def test_empty(shape):
    x = np.empty(shape, np.float32)
    assert ga.gelu(x).shape == shape
    assert ga.softmax(x).shape == shape
    assert ga.backward("softmax", x, x, axis=0).shape == shape
    assert ga.gelu(ga.array(x)).numpy().shape == shape
    assert ga.logsumexp(x).shape == (*shape[:-1], 1)
    assert [result.shape for result in ga.double_backward("gelu", x, x, x)] == [shape, shape]
    assert ga.rrelu(x, seed=1).shape == shape
    assert ga.param_grad("prelu", x, x, "alpha") == 0
    assert ga.forward_gated("silu", x, x).shape == shape
    assert ga.reference("gelu", x).shape == shape


def test_nan():
    x = np.array([[1.0, np.nan], [2.0, 3.0]], np.float32)
    assert np.isnan(ga.relu(x)).tolist() == [[False, True], [False, False]]
    assert np.isnan(ga.softmax(x)).tolist() == [[True, True], [False, False]]
    assert ga.softmax(x, mask=[[True, False], [True, True]])[0].tolist() == [1, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        1j,
        "1",
        True,
        [None, 1.0],
        np.arange(3),
        np.ones(3, np.longdouble),
        np.array([1.0], object),
        {},
        b"1",
        np.ma.array([1.0, 2.0], mask=[0, 1]),
        np.ones(3, ml_dtypes.float8_e4m3fn),
        np.array("2020", "M8[D]"),
    ],
    ids=lambda wrong: f"{type(wrong).__name__} {getattr(wrong, 'dtype', '')}",
)
def test_wrong_types(wrong):
    with pytest.raises(TypeError, match="^x "):
        ga.gelu(wrong)
    with pytest.raises(TypeError, match="^dy "):
        ga.backward("gelu", np.ones(3, np.float32), wrong)


def test_shapes_and_types_that_differ(x):
    with pytest.raises(ValueError, match=r"dy has the shape \(6,\), but x has \(6, 10\)"):
        ga.backward("gelu", x, x[:, 0])
    with pytest.raises(ValueError, match=r"dy has the shape \(6, 10\), but the result has \(6, 5\)"):
        ga.backward("glu", x, x)
    with pytest.raises(ValueError, match="^v has"):
        ga.double_backward("gelu", x, x, x[0])
    with pytest.raises(TypeError, match="dy is float16, but x is float32"):
        ga.backward("gelu", x, x.astype(np.float16))


def test_axis(x):
    assert np.allclose(ga.softmax(x, axis=np.int64(0)).sum(0), 1)
    for axis in (2, -3):
        with pytest.raises(np.exceptions.AxisError):
            ga.softmax(x, axis=axis)
    with pytest.raises(np.exceptions.AxisError):
        ga.softmax(1.0)
    with pytest.raises(TypeError):
        ga.softmax(x, axis=1.0)
    with pytest.raises(ValueError, match="glu needs an even division"):
        ga.glu(x[:, :3])


def test_out(x):
    expected = ga.gelu(x)
    for out in [
        np.empty_like(x),
        np.empty((10, 6), np.float32).T,
        np.empty((12, 10), np.float32)[::2],
        x.copy(),
        np.empty_like(x, ">f4"),
    ]:
        assert ga.gelu(x, out=out) is out and np.array_equal(out, expected)
    same = x.copy()
    assert ga.gelu(same, out=same) is same and np.array_equal(same, expected)
    both = np.arange(20, dtype=np.float32)
    assert np.array_equal(ga.exponential(both[:10], out=both[5:15]), ga.exponential(np.arange(10, dtype=np.float32)))
    scalar = np.empty((), np.float32)
    assert ga.relu(3, out=scalar) is scalar and scalar == 3
    dx, ddy = ga.double_backward("gelu", x, x, x)
    out = np.empty_like(x)
    results = ga.double_backward("gelu", x, x, x, out=(None, out))
    assert results[1] is out and np.array_equal(out, ddy) and np.array_equal(results[0], dx)
    out = np.empty((6, 5), np.float32)
    assert np.array_equal(ga.glu(x, out=out), ga.glu(x))
    seeded = np.empty_like(x)
    assert ga.rrelu(x, seed=1, out=seeded) is seeded and np.array_equal(seeded, ga.rrelu(x, seed=1))


def test_wrong_out(x):
    wrong = [
        (TypeError, "out must be an array, not list", [1.0]),
        (TypeError, "out is float64, but y is float32", np.empty(x.shape)),
        (ValueError, r"out has the shape \(3,\), but y has \(6, 10\)", np.empty(3, np.float32)),
        (ValueError, "out is read-only", np.broadcast_to(np.float32(0), x.shape)),
        (ValueError, "out must be an array, not a tuple of 2", (x, x)),
    ]
    for error, text, out in wrong:
        with pytest.raises(error, match=text):
            ga.gelu(x, out=out)
    with pytest.raises(ValueError, match="out must be a tuple of 2 arrays, not one array"):
        ga.double_backward("gelu", x, x, x, out=x)
