"""The device: contexts, arrays that stay there, threads, and what fails."""

import os
import subprocess
import sys
import threading
import time

import ml_dtypes
import numpy as np
import pytest

import gpu_activations as ga

X = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4)


def test_arrays_on_the_device():
    x = ga.array(X)
    assert (x.shape, x.dtype, x.ndim, x.size, x.nbytes, len(x)) == ((2, 3, 4), np.float32, 3, 24, 96, 2)
    assert "DeviceArray of shape (2, 3, 4)" in repr(x)
    y = ga.softmax(ga.gelu(x), 1, mask=X > -1)
    assert isinstance(y, ga.DeviceArray)
    assert np.array_equal(y.numpy(), ga.softmax(ga.gelu(X), 1, mask=X > -1))
    assert np.array_equal(x.numpy(), X)
    dx, ddy = ga.double_backward("glu", x, ga.glu(X), X)
    assert isinstance(dx, ga.DeviceArray) and ddy.shape == (2, 3, 2)
    alpha = ga.array([0.1, 0.2, 0.3, 0.4])
    for given in (x, X):
        assert np.array_equal(ga.prelu(given, alpha=alpha), ga.prelu(X, alpha=alpha.numpy()))
    gradient = ga.param_grad("prelu", x, x, "alpha", alpha=alpha)
    assert np.array_equal(gradient, ga.param_grad("prelu", X, X, "alpha", alpha=alpha.numpy()))
    assert isinstance(ga.forward_gated("silu", x, X), ga.DeviceArray)
    assert ga.array(np.float16(1)).numpy().shape == ()


def test_exports():
    x = ga.array(X)
    assert np.array_equal(np.asarray(x), X) and np.asarray(x, np.float64).dtype == np.float64
    assert np.array_equal(np.from_dlpack(x), X) and x.__dlpack_device__() == (1, 0)
    assert np.array_equal(np.add(x, 1), X + 1)
    with pytest.raises(ValueError, match="without a copy"):
        x.__array__(copy=False)
    with pytest.raises(BufferError):
        x.__dlpack__(stream=1)
    with pytest.raises(BufferError):
        np.from_dlpack(ga.array(X.astype(ml_dtypes.bfloat16)))


def test_what_does_not_belong_together():
    x, other = ga.array(X), ga.Context()
    for error, text, call in [
        (ValueError, "dy belongs to another context", lambda: ga.backward("gelu", x, other.array(X))),
        (ValueError, "x belongs to another context", lambda: ga.gelu(x, context=other)),
        (ValueError, "alpha belongs to another context", lambda: ga.prelu(x, alpha=other.array([1.0] * 4))),
        (TypeError, "dy is float16", lambda: ga.backward("gelu", x, X.astype(np.float16))),
        (TypeError, "alpha is float16", lambda: ga.prelu(x, alpha=ga.array(np.ones(4, np.float16)))),
        (TypeError, "out is for arrays of the host", lambda: ga.gelu(x, out=np.empty_like(X))),
        (TypeError, "array.. makes an array", lambda: ga.DeviceArray()),
    ]:
        with pytest.raises(error, match=text):
            call()


def test_contexts():
    context = ga.Context(ga.default_context().adapter)
    assert context.adapter == ga.default_context().adapter and context.accuracy == "highest"
    assert np.array_equal(ga.gelu(X, context=context), ga.gelu(X))
    assert context.memory()["pipelines"] >= 1
    context.release_memory()
    assert context.memory()["pooled"] == 0
    fast = ga.Context(accuracy="fast")
    assert np.allclose(ga.gelu(X, context=fast), ga.gelu(X), rtol=1e-5)
    assert any(context.adapter.startswith(device["adapter"]) for device in ga.devices())
    for error, call in [
        (ValueError, lambda: ga.Context(accuracy="some")),
        (TypeError, lambda: ga.Context(3)),
        (TypeError, lambda: ga.Context(accuracy=None)),
        (ga.DeviceError, lambda: ga.Context("no such adapter")),
    ]:
        with pytest.raises(error):
            call()


def test_without_an_adapter():
    program = """
import gpu_activations as ga
assert ga.reference("relu", -1.0) == 0
try:
    ga.gelu(1.0)
except ga.DeviceError as error:
    assert isinstance(error, RuntimeError)
    print(error)
"""

    def said(**variables):
        done = subprocess.run(
            [sys.executable, "-c", program], env=os.environ | variables, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "no adapter has all words of" in said(WGPU_ADAPTER_NAME="no such adapter")
    assert "no adapter" in said(WGPU_BACKEND="vulkan", VK_DRIVER_FILES=os.devnull, VK_ICD_FILENAMES=os.devnull)


def test_a_lost_device():
    context = ga.Context()
    x = context.array(X)
    context._inner.destroy()
    for call in [lambda: ga.gelu(X, context=context), lambda: ga.gelu(x), lambda: x.numpy(), lambda: context.array(X)]:
        with pytest.raises(ga.DeviceError, match="lost"):
            call()
    assert ga.gelu(X).shape == X.shape


def test_no_memory_left():
    context = ga.Context()
    context._inner.fail_allocations(100)
    with pytest.raises(ga.DeviceMemoryError, match="out of device memory") as caught:
        ga.gelu(X, context=context)
    assert isinstance(caught.value, MemoryError) and isinstance(caught.value, ga.DeviceError)


def test_other_threads_run_meanwhile():
    # More than the device takes at once.
    x = np.linspace(-5, 5, 1 << 24, dtype=np.float32)
    y = np.empty_like(x)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    begin = time.perf_counter()
    ga.mish(x, out=y)
    end = time.perf_counter()
    done.set()
    thread.join()
    during = sum(begin < moment < end for moment in ticks)
    assert during >= 5, f"{during} ticks in {end - begin} s"
    assert np.array_equal(y[:: 1 << 10], ga.mish(x[:: 1 << 10]))


def test_threads_share_a_context():
    names = [row["name"] for row in ga.functions()][:8]
    context = ga.Context()
    expected = {name: ga.forward(name, X) for name in names}
    wrong = []

    def work(name):
        for _ in range(20):
            if not np.array_equal(ga.forward(name, X, context=context), expected[name]):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in names for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_first_call_of_many_threads_makes_one_context():
    program = """
import threading, gpu_activations as ga
contexts = []
threads = [threading.Thread(target=lambda: contexts.append(ga.default_context())) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(contexts) == 4 and len(set(map(id, contexts))) == 1
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_one_out_for_two_threads():
    x, out, errors = np.ones(1 << 22, np.float32), np.empty(1 << 22, np.float32), []
    ga.mish(x, out=out)
    together = threading.Barrier(3)

    def work():
        together.wait()
        try:
            ga.mish(x, out=out)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors and all(isinstance(error, ValueError) and "in use" in str(error) for error in errors)
    assert np.array_equal(out, ga.mish(x))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_has_no_device():
    program = """
import multiprocessing, gpu_activations as ga
context = ga.default_context()
x = context.array([1.0])

def work():
    for call in (lambda: ga.gelu(1.0, context=context), lambda: ga.gelu(x), x.numpy, context.release_memory):
        try:
            call()
        except ga.DeviceError as error:
            assert "forked" in str(error)
        else:
            raise AssertionError
    assert ga.reference("relu", 2.0) == 2

child = multiprocessing.get_context("fork").Process(target=work)
child.start()
child.join(60)
assert child.exitcode == 0, child.exitcode
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)
