"""Every method that is exported, built small: processes of their own find it here, too."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from pathlib import Path

import torch
from torch import nn

from skelter import methods
from skelter.layouts import SkeletonLayout
from skelter.representations import ToBones, ToSequence

EXAMPLES = Path(__file__).parents[1] / "examples"
LAYOUT = SkeletonLayout("four", ["a", "b", "c", "d"], parents=[-1, 0, 1, 1])
SHAPE = (3, 6, 4, 1)  # C, T, V, M


class Own(nn.Module):
    """An encoder of a user's own, which knows nothing of skelter."""

    def __init__(self, norm=nn.LayerNorm):
        super().__init__()
        self.feature_dim = 10
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(72, 10), norm(10), nn.Tanh())

    def forward(self, x):
        return self.layers(x)


def example():
    """Import the method of the example."""
    if "new_method" not in sys.modules:
        spec = importlib.util.spec_from_file_location("new_method", EXAMPLES / "new_method.py")
        sys.modules["new_method"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["new_method"])
    return sys.modules["new_method"].BYOL


def momentum_contrast(encoders, representations):
    pairs = {(a, b): 1.0 for a in encoders for b in encoders}
    return methods.MomentumContrast(encoders, representations, pairs=pairs, queue_size=16)


def byol(encoders, representations):
    name = next(iter(encoders))
    return example()(encoders[name], representations[name], name)


# Only what `build` cannot call by the names of its arguments. The last one is a user's.
BUILDERS = {"MomentumContrast": momentum_contrast, "BYOL of the example": byol}
METHODS = [
    *(name for name in methods.__all__ if issubclass(getattr(methods, name), nn.Module)),
    "BYOL of the example",
]


def build(method, *names, norm=nn.LayerNorm, seed=0):
    """Build a method with encoders and representations by the names, as many as it takes."""
    torch.manual_seed(seed)
    names = names or ("first", "second")
    encoders = {name: Own(norm) for name in names}
    representations = dict(zip(names, (ToSequence(), ToBones(LAYOUT)), strict=False))
    if method in BUILDERS:
        return BUILDERS[method](encoders, representations)
    kind = getattr(methods, method)
    known = inspect.signature(kind).parameters
    small = {key: value for key, value in {"queue_size": 16}.items() if key in known}
    try:
        if "encoders" in known:
            return kind(encoders, representations, **small)
        if "name" in known:
            small["name"] = names[0]
        return kind(encoders[names[0]], representations[names[0]], **small)
    except TypeError as error:
        raise AssertionError(
            f"{method} is exported by skelter.methods, and cannot be built as method(encoders, "
            "representations) or method(encoder, representation). Add a function that builds it "
            "to BUILDERS in tests/method_builders.py."
        ) from error
