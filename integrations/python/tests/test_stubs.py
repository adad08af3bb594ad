"""The stubs are those of the table."""

import importlib.util
import os
import pathlib

import pytest

HOME = pathlib.Path(__file__).parents[1]


@pytest.mark.parametrize(("name", "file"), [("init", "__init__.pyi"), ("torch", "torch.pyi")])
def test_stubs(name, file):
    spec = importlib.util.spec_from_file_location("stubs", HOME / "stubs.py")
    stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stubs)
    text, path = getattr(stubs, name)(), HOME / "python/gpu_activations" / file
    if os.environ.get("UPDATE") == "1":
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text, "the stubs are old; UPDATE=1 pytest tests/test_stubs.py writes them"
    compile(text, file, "exec")
