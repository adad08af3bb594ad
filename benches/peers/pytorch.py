"""gpu-activations beside PyTorch on one GPU, in turns: `python benches/peers/pytorch.py`, with PyTorch for that GPU.

Before, `cargo build --release --features full`. Each function and pass is given in GB/s (the bytes read and written) and
as a ratio to a copy of as many streams by the same library, PyTorch's being `copy_` forward and `add` of two arrays backward.
PyTorch's backward pass is what autograd runs. `--json` gives one object a line.
"""

import argparse
import json
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch.nn import functional

FUNCTIONS: dict[str, Callable] = {
    "relu": functional.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
    "softplus": functional.softplus,
    "elu": functional.elu,
    "mish": functional.mish,
    "glu": functional.glu,
    "softmax": lambda x: torch.softmax(x, dim=-1),
    "log_softmax": lambda x: torch.log_softmax(x, dim=-1),
}
ALONG = ["softmax", "log_softmax"]
TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}
"""Levels of accuracy by type: 16 bits have one form."""
LEVELS = {"f32": ["highest", "fast"], "f16": ["highest"], "bf16": ["highest"]}
BINARY = Path(__file__).parents[2] / "target" / "release" / "gpu-activations"
SAMPLE_SECONDS = 0.05


def wait(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def seconds(run: Callable, device: torch.device) -> float:
    """Of one run, among as many as fill a sample."""

    def timed(runs: int) -> float:
        wait(device)
        start = time.perf_counter()
        for _ in range(runs):
            run()
        wait(device)
        return time.perf_counter() - start

    timed(1)
    runs = max(1, round(SAMPLE_SECONDS / max(timed(1), 1e-6)))
    return timed(runs) / runs


def of_pytorch(names: list[str], shape: str, storage: str, device: torch.device) -> dict[tuple, tuple[float, float]]:
    """(GB/s, ratio to a copy) by (function, pass)."""
    rows, columns = (int(length) for length in shape.split("x"))
    x = torch.randn(rows, columns, device=device).to(TYPES[storage])
    other, out = torch.randn_like(x), torch.empty_like(x)
    array = x.numel() * x.element_size() / 1e9
    forward_copy = 2 * array / seconds(lambda: out.copy_(x), device)
    backward_copy = 3 * array / seconds(lambda: torch.add(x, other, out=out), device)
    del other, out
    figures = {}
    for name in names:
        function = FUNCTIONS[name]
        leaf = x.clone().requires_grad_()
        y = function(leaf)
        dy = torch.randn_like(y)
        result = y.numel() * y.element_size() / 1e9
        with torch.no_grad():
            rate = (array + result) / seconds(lambda: function(x), device)
        figures[name, "forward"] = (rate, rate / forward_copy)
        passed = seconds(lambda: torch.autograd.grad(y, leaf, dy, retain_graph=True), device)
        rate = (2 * array + result) / passed
        figures[name, "backward"] = (rate, rate / backward_copy)
    return figures


def of_gpu_activations(
    names: list[str], shape: str, storage: str, accuracy: str, options: argparse.Namespace
) -> tuple[str, dict[tuple, tuple[float, float]]]:
    """The adapter, and (GB/s, ratio to a copy) by (function, pass)."""
    command = [options.binary, "bench", *names, "--shape", shape, "--storage", storage, "--accuracy", accuracy]
    command += ["--samples", str(options.samples), "--json"]
    if options.adapter:
        command += ["--adapter", options.adapter]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [json.loads(line) for line in printed.splitlines()]
    adapter = f"{found[0]['adapter']} on {found[0]['backend']}, {found[0]['driver']}"
    return adapter, {(row["function"], row["pass"]): (row["gb_per_s"], row["ratio_to_copy"]) for row in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.fspath(BINARY), help="the command line of gpu-activations")
    parser.add_argument("--adapter", help="a part of the adapter's name, which must be PyTorch's device")
    parser.add_argument("--device", default="cuda", help="PyTorch's device")
    parser.add_argument("--shape", default="32768x1024", help="rows and columns of every function")
    parser.add_argument(
        "--rows", nargs="*", default=["262144x128", "8192x4096", "2048x16384"], help="more shapes, of softmaxes alone"
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of both, whose medians count")
    parser.add_argument("--samples", type=int, default=3, help="samples of gpu-activations in a turn")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    device = torch.device(options.device)
    theirs = defaultdict(list)
    ours = defaultdict(list)
    for _ in range(options.rounds):
        for shape, names in [(options.shape, list(FUNCTIONS)), *((rows, ALONG) for rows in options.rows)]:
            for storage, levels in LEVELS.items():
                for key, figures in of_pytorch(names, shape, storage, device).items():
                    theirs[(shape, storage, *key)].append(figures)
                for accuracy in levels:
                    adapter, measured = of_gpu_activations(names, shape, storage, accuracy, options)
                    for key, figures in measured.items():
                        ours[(shape, storage, *key), accuracy].append(figures)
    model = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    if not options.json:
        print(f"gpu-activations: {adapter}\nPyTorch {torch.__version__}: {model}\nGB/s and the ratio to a copy")
    for (key, accuracy), samples in ours.items():
        shape, storage, name, way = key
        (our_rate, our_ratio), (their_rate, their_ratio) = (
            [median(figures) for figures in zip(*pairs)] for pairs in (samples, theirs[key])
        )
        if options.json:
            row = {"function": name, "pass": way, "shape": shape, "storage": storage, "accuracy": accuracy}
            row |= {"adapter": adapter, "device": model, "gb_per_s": our_rate, "ratio_to_copy": our_ratio}
            row |= {"pytorch_gb_per_s": their_rate, "pytorch_ratio_to_copy": their_ratio}
            print(json.dumps(row))
        else:
            label = f"{name:<11} {way:<8} {shape:<11} {storage:<4} {accuracy:<7}"
            print(f"{label} {our_rate:8.1f} {our_ratio:5.2f}   PyTorch {their_rate:8.1f} {their_ratio:5.2f}")


if __name__ == "__main__":
    main()
