"""Inputs and weights of the golden numbers of published encoders, and comparison with them."""

from __future__ import annotations

import json
import re

import numpy as np
import torch

CLOSE = {"atol": 1e-5, "rtol": 1e-5}


class Golden:
    """The numbers of one published encoder: ``golden["features"]``."""

    def __init__(self, folder, name):
        self.name, self.about = name, about(folder)["encoders"][name]
        self.file = np.load(folder / "encoders2.npz")

    def __getitem__(self, what):
        return torch.from_numpy(self.file[f"{self.name}_{what}"])

    def clips(self):
        return clips(self.about["input"][0])

    def weights(self, *, published=False, constants=None):
        """Return the state dict in the published names, of the golden or the published width."""
        keys = self.about.get("published_keys" if published else "keys") or self.about["keys"]
        return weights(keys, self.about["gain"], constants)

    def cut(self, what, tensor):
        """Return the numbers of a tensor that the file holds."""
        return tensor.flatten()[:: self.about["stride"].get(what, 1)]

    def gradnorms(self, norms):
        """Return norms of gradients by published name as the file has them: sorted, -1 for none."""
        names = sorted(set(self.about["keys"]) - set(self.about["parameters_without"]))
        return torch.tensor([float(norms.get(name, -1.0)) for name in names], dtype=torch.float64)


def about(folder):
    return json.loads((folder / "encoder_keys2.json").read_text())


def wave(shape, phase):
    i = np.arange(np.prod(shape), dtype=np.float64)
    x = np.sin(phase + 0.0137 * i) + 0.3 * np.sin(0.91 * i + phase)
    return x.astype(np.float32).reshape(shape)


def clips(shape):
    rows = [wave(shape[1:], 0.3 + n) * np.float32(1 + n / 2) for n in range(shape[0])]
    return torch.from_numpy(np.stack(rows))


def uniform(number, shape):
    """Return numbers in [0, 1) for the name of a number, in float64."""
    i = np.arange(np.prod(shape), dtype=np.float64)
    u = np.sin(12.9898 * i + 78.233 * (number + 1)) * 43758.5453
    return (u - np.floor(u)).reshape(shape)


def weights(shapes, gain, constants=None):
    """Make a state dict by the published formula. Constants keep their own values."""
    constants = constants or {}
    return {
        name: constants[name]
        if name in constants
        else torch.from_numpy(_tensor(number, name, shapes[name], gain).astype(np.float32))
        for number, name in enumerate(sorted(shapes))
    }


def _tensor(number, name, shape, gain):
    s = 2 * uniform(number, shape) - 1
    last = name.rsplit(".", 1)[-1]
    if re.match(r"(.*\.)?edge_importance\.", name):
        return 1 + 0.5 * s
    if last == "PA":
        return s / 4
    if len(shape) == 1 and last == "weight":
        return 1 + 0.2 * s
    if len(shape) > 1:
        return s * np.sqrt(gain / np.prod(shape[1:]))
    if last == "running_var":
        return 1 + 0.5 * s
    if last == "running_mean" or "bias" in last:
        return 0.1 * s
    return np.zeros(shape) if last == "num_batches_tracked" else s


def assert_gradnorms(actual, expected, *, rtol=1e-6, largest=2e-3):
    """Compare norms of a float64 run (`rtol`), or of a float32 one (share of the largest)."""
    assert len(actual) == len(expected)
    torch.testing.assert_close(actual < 0, expected < 0)
    atol = largest * float(expected.max())
    torch.testing.assert_close(actual, expected, rtol=rtol, atol=atol)
