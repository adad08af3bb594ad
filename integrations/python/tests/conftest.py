import os

import numpy as np
import pytest

import gpu_activations as ga


@pytest.fixture(scope="session")
def program():
    """The command line, built from the same crate."""
    path = os.environ.get("GPU_ACTIVATIONS_PROGRAM")
    if path is None:
        pytest.fail(
            "GPU_ACTIVATIONS_PROGRAM must name the command line gpu-activations; `cargo xtask test-python` sets it"
        )
    return path


@pytest.fixture
def random():
    return np.random.default_rng(7)


def rows(along=None):
    return [row for row in ga.functions() if along is None or row["along"] is along]


def named(row):
    return row["name"]
