"""The README's lines run."""

import pathlib
import re

import pytest

README = (pathlib.Path(__file__).parents[1] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_readme():
    names = {}
    for block in BLOCKS:
        if "import torch" not in block:
            exec(block, names)


def test_readme_with_pytorch():
    pytest.importorskip("torch", reason="PyTorch is not installed")
    for block in BLOCKS:
        if "import torch" in block:
            exec(block, {})
