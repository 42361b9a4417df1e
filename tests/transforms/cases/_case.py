"""One transform to be tested, and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from skelter.layouts import COCO17, KINECT20, NTU25, SBU15, SkeletonLayout
from skelter.transforms import Transform

LAYOUTS = (NTU25, KINECT20, COCO17, SBU15)


@dataclass(frozen=True)
class Case:
    """A transform, built for a layout.

    Args:
        name: The name of the class, and what is special in parentheses: "Mirror (negated)".
        build: From a layout to the transform, with settings that fit clips of 20 frames.
        dimensions: Coordinates that it takes.
        layouts: Layouts that it takes. Others are refused, which its own test shows.
        partners: It takes something over from other clips of the batch, so that a clip alone, or
            one of a batch, is refused, and a loop over clips gives other results than a batch.
        keeps_zeros: Missing persons and joints stay zero. All transforms do, but for those that
            fill gaps on purpose.
        moves_joints: Joints come to the places of others, and missing ones with them.
        reads_values: It looks at values in a way that compilers and ``vmap`` cannot follow.
        differentiable: Gradients reach its input.
        scores: In an image, positions are as without a third channel, and that channel is passed
            on wherever the joint stays.
        own_length: The frames of its output depend on those of the input.
    """

    name: str
    build: Callable[[SkeletonLayout], Transform]
    dimensions: tuple[int, ...] = (2, 3)
    layouts: tuple[SkeletonLayout, ...] = LAYOUTS
    partners: bool = False
    keeps_zeros: bool = True
    moves_joints: bool = False
    reads_values: bool = False
    differentiable: bool = True
    scores: bool = True
    own_length: bool = False

    def __repr__(self) -> str:
        return self.name
