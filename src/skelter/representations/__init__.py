"""Converters from clips to what encoders read: sequence, graph, image, and derived streams."""

from skelter.representations import functional
from skelter.representations._modules import (
    ToAcceleration,
    ToBones,
    ToGraph,
    ToImage,
    ToMotion,
    ToSequence,
)

__all__ = [
    "ToAcceleration",
    "ToBones",
    "ToGraph",
    "ToImage",
    "ToMotion",
    "ToSequence",
    "functional",
]
