"""What other libraries make of the digits: `python experiments/peers.py`, with numpy, scikit-learn and torch.

Writes two records that are checked in:

- experiments/tests/training/torch/: weights of small networks and the gradient of one step by them, by PyTorch in f64;
- experiments/results/peers.json: the test accuracy of the plain relu network that `cargo xtask experiments` trains, trained
  by scikit-learn and by PyTorch on the same split.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
import torch
from sklearn.neural_network import MLPClassifier
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "data"
TRAINING, TEST = 0, 2

# The gradient of a step over the whole training set, whose order then does not matter.
STEP_HIDDEN = (16, 12)
STEP_ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "elu": nn.ELU}

# The accuracy, with the constants of the experiment.
HIDDEN = (32, 32)
RATE = 0.003
BATCH = 128
EPOCHS = 30
SEEDS = range(10)


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, labels, and the part that each belongs to."""
    images = np.load(DATA / "digits.npy").astype(np.float32)
    return images, np.load(DATA / "digits_labels.npy"), np.load(DATA / "digits_split.npy")


def network(hidden: tuple[int, ...], activation: type[nn.Module]) -> nn.Sequential:
    widths = [64, *hidden, 10]
    layers: list[nn.Module] = []
    for inputs, outputs in zip(widths, widths[1:]):
        layer = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        layers += [layer, activation()]
    return nn.Sequential(*layers[:-1])


def flat(layers: nn.Sequential, of) -> np.ndarray:
    """Weights input by input, then the bias, layer by layer."""
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    parts = [part for layer in linear for part in (of(layer.weight).T, of(layer.bias))]
    return np.concatenate([part.detach().numpy().ravel() for part in parts])


def write_gradients() -> None:
    images, labels, split = digits()
    rows = split == TRAINING
    x, label = torch.from_numpy(images[rows]).double(), torch.from_numpy(labels[rows].astype(np.int64))
    torch.manual_seed(1)
    for name, activation in STEP_ACTIVATIONS.items():
        layers = network(STEP_HIDDEN, activation)
        # Biases other than 0, which would hide an error.
        for layer in layers:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.bias, std=0.1)
        folder = ROOT / "experiments" / "tests" / "training" / "torch"
        np.save(folder / f"{name}_weights.npy", flat(layers, lambda parameter: parameter))
        layers = layers.double()
        nn.functional.cross_entropy(layers(x), label).backward()
        np.save(folder / f"{name}_gradient.npy", flat(layers, lambda parameter: parameter.grad))


def scikit_learn(seed: int) -> float:
    images, labels, split = digits()
    classifier = MLPClassifier(
        HIDDEN, activation="relu", solver="adam", alpha=0.0, batch_size=BATCH, learning_rate_init=RATE,
        max_iter=EPOCHS, n_iter_no_change=EPOCHS, tol=0.0, random_state=seed,
    )
    classifier.fit(images[split == TRAINING], labels[split == TRAINING])
    return float(classifier.score(images[split == TEST], labels[split == TEST]))


def pytorch(seed: int) -> float:
    images, labels, split = digits()
    x, label = torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))
    training, test = (torch.from_numpy(np.flatnonzero(split == part)) for part in (TRAINING, TEST))
    torch.manual_seed(seed)
    layers = network(HIDDEN, nn.ReLU)
    optimizer = torch.optim.Adam(layers.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        for rows in training[torch.randperm(len(training))].split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(layers(x[rows]), label[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        return float((layers(x[test]).argmax(1) == label[test]).float().mean())


def write_accuracy() -> None:
    plan = {"hidden": HIDDEN, "optimizer": "adam", "rate": RATE, "batch": BATCH, "epochs": EPOCHS}
    peers = {
        "scikit-learn": (sklearn.__version__, scikit_learn),
        "PyTorch": (torch.__version__.split("+")[0], pytorch),
    }
    record = {
        "plan": plan,
        "peers": [
            {"name": name, "version": version, "accuracy": [round(train(seed), 4) for seed in SEEDS]}
            for name, (version, train) in peers.items()
        ],
    }
    path = ROOT / "experiments" / "results" / "peers.json"
    path.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    write_gradients()
    write_accuracy()
