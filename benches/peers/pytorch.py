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
    "silu": functional.silu,
    "softplus": functional.softplus,
    "elu": functional.elu,
    "mish": functional.mish,
    "softmax": lambda x: torch.softmax(x, dim=-1),
}
TYPES = {"f32": torch.float32, "f16": torch.float16}
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


def of_pytorch(rows: int, columns: int, storage: str, device: torch.device) -> dict[tuple, float]:
    """GB/s by (function, pass); "copy" is one of the functions."""
    x = torch.randn(rows, columns, device=device).to(TYPES[storage])
    dy = torch.randn_like(x)
    out = torch.empty_like(x)
    array = x.numel() * x.element_size() / 1e9
    rates = {
        ("copy", "forward"): 2 * array / seconds(lambda: out.copy_(x), device),
        ("copy", "backward"): 3 * array / seconds(lambda: torch.add(x, dy, out=out), device),
    }
    for name, function in FUNCTIONS.items():
        with torch.no_grad():
            rates[name, "forward"] = 2 * array / seconds(lambda: function(x), device)
        leaf = x.clone().requires_grad_()
        y = function(leaf)
        rates[name, "backward"] = 3 * array / seconds(
            lambda: torch.autograd.grad(y, leaf, dy, retain_graph=True), device
        )
    return rates


def of_gpu_activations(rows: int, columns: int, storage: str, options: argparse.Namespace) -> tuple[str, dict]:
    """The adapter, and (GB/s, ratio to a copy) by (function, pass)."""
    command = [options.binary, "bench", *FUNCTIONS, "--shape", f"{rows}x{columns}", "--storage", storage, "--json"]
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
    parser.add_argument("--shape", default="32768x1024", help="rows and columns, as in 32768x1024")
    parser.add_argument("--rounds", type=int, default=5, help="turns of both, whose medians count")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    rows, columns = (int(length) for length in options.shape.split("x"))
    device = torch.device(options.device)
    theirs = defaultdict(list)
    ours = defaultdict(list)
    for _ in range(options.rounds):
        for storage in TYPES:
            rates = of_pytorch(rows, columns, storage, device)
            for (name, way), rate in rates.items():
                theirs[name, way, storage].append((rate, rate / rates["copy", way]))
            adapter, measured = of_gpu_activations(rows, columns, storage, options)
            for (name, way), figures in measured.items():
                ours[name, way, storage].append(figures)
    model = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    if not options.json:
        print(f"gpu-activations: {adapter}\nPyTorch {torch.__version__}: {model}\nGB/s and the ratio to a copy")
    for (name, way, storage), samples in ours.items():
        (our_rate, our_ratio), (their_rate, their_ratio) = (
            [median(figures) for figures in zip(*pairs)] for pairs in (samples, theirs[name, way, storage])
        )
        if options.json:
            row = {"function": name, "pass": way, "storage": storage, "adapter": adapter, "device": model}
            row |= {"gb_per_s": our_rate, "ratio_to_copy": our_ratio}
            row |= {"pytorch_gb_per_s": their_rate, "pytorch_ratio_to_copy": their_ratio}
            print(json.dumps(row))
        else:
            label = f"{name:<9} {way:<8} {storage}"
            print(f"{label} {our_rate:8.1f} {our_ratio:5.2f}   PyTorch {their_rate:8.1f} {their_ratio:5.2f}")


if __name__ == "__main__":
    main()
