"""Golden numbers of the field's transforms, and the inputs that they were made of."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch


def formula(*shape):
    """Return numbers of a fixed formula, float32."""
    i = np.arange(np.prod(shape), dtype=np.float64)
    return (
        (np.sin(0.3 + 0.0137 * i) + 0.3 * np.sin(0.91 * i + 0.3)).astype(np.float32).reshape(shape)
    )


def clip_padded():
    """Two persons, 24 frames: 18 are valid, of person 0 alone, with one joint missing."""
    x = formula(3, 24, 25, 2)
    x[:, 18:] = 0
    x[..., 1] = 0
    x[:, 3, 7, 0] = 0
    return x


def clip_long():
    """90 valid frames of 100."""
    x = formula(3, 100, 25, 2)
    x[:, 90:] = 0
    return x


def clip_with_gaps():
    """Frames missing in front, between and behind, and person 1 from frame 12 on."""
    x = formula(3, 20, 25, 2)
    x[:, :2] = 0
    x[:, 9, :, 0] = 0
    x[:, 12:, :, 1] = 0
    x[:, 18:] = 0
    return x


INPUTS = {
    "in_x": lambda: formula(3, 24, 25, 2),
    "in_x_pad": clip_padded,
    "in_x_long": clip_long,
    "in_xb": lambda: formula(4, 3, 16, 25, 2),
    "in_x_null": clip_with_gaps,
    "in_u20": lambda: formula(40, 20, 3),
    "in_kp2d": lambda: 960 + 300 * formula(2, 12, 17, 2),
    "in_score2d": lambda: 0.5 + 0.38 * formula(2, 12, 17),
}


@lru_cache
def arrays(folder: Path):
    """Return all golden arrays of a folder by their keys."""
    with np.load(folder / "transforms.npz") as file:
        return {key: file[key] for key in file.files}


class Golden:
    """Golden numbers of one key prefix: ``g["out"]`` of ``Golden(folder, "aimclr_blur")``."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.prefix, self.all = prefix, arrays(folder)

    def __getitem__(self, name):
        """Return an array as a tensor, integers as int64, floats as float32 or float64."""
        value = self.all[f"{self.prefix}_{name}"]
        if value.dtype.kind in "iu":
            value = value.astype(np.int64)
        return torch.from_numpy(np.array(value))

    def __contains__(self, name):
        return f"{self.prefix}_{name}" in self.all


def given(name):
    """Return an input as a tensor."""
    return torch.from_numpy(INPUTS[name]())
