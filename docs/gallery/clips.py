"""The clips of the gallery, out of the synthetic set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch
from torch import Tensor

from skelter import transforms as T
from skelter.data import synthetic
from skelter.layouts import COCO17, NTU25, SkeletonLayout
from skelter.representations import ToBones, ToMotion
from skelter.transforms import functional, presets

UPRIGHT = replace(NTU25, up="y")
IMAGE = replace(COCO17, dimensions=2)
Batch = tuple[Tensor, SkeletonLayout]


@cache
def recorded(*classes: str, noise: float = 0.006, layout: SkeletonLayout = UPRIGHT) -> Tensor:
    """Return one clip a class, (N, 3, T, V, 2), cut to the shortest, of perfect tracking."""
    store = synthetic.generate(
        clips_per_class=1, classes=classes, layout=layout, noise=noise, dropped=0.0, seed=2
    )
    x, num_frames, _ = store.batch(range(len(store)))
    return x[:, :, : int(num_frames.min())]


def centred(x: Tensor) -> Tensor:
    """Return clips whose persons stand about the origin, missing persons at zero."""
    there = (x != 0).any(1, keepdim=True).any(4, keepdim=True)
    hips = x[:, :, :, NTU25.centre]
    persons = there[:, :, :, 0].sum(-1, keepdim=True)
    middle = (hips.sum(-1, keepdim=True) / persons.clamp(min=1)).mean(2, keepdim=True)
    return (x - middle[..., None]) * there


def one() -> Batch:
    """Somebody who waves, about the origin."""
    return centred(recorded("wave"))[..., :1], UPRIGHT


def shaky() -> Batch:
    """Somebody who waves, badly tracked."""
    return centred(recorded("wave", noise=0.03))[..., :1], UPRIGHT


def two() -> Batch:
    """Two people who shake hands, about the origin."""
    return centred(recorded("handshake")), UPRIGHT


def raw() -> Batch:
    """Somebody who waves, in front of the camera."""
    return recorded("wave")[..., :1], UPRIGHT


def raw_two() -> Batch:
    """Two people who shake hands, in front of the camera."""
    return recorded("handshake"), UPRIGHT


def pair() -> Batch:
    """Somebody who waves, and somebody who kicks."""
    return centred(recorded("wave", "kick"))[..., :1], UPRIGHT


def circles() -> Batch:
    """Somebody who draws two circles in the air, a large one and a small one."""
    return centred(recorded("draw circle"))[..., :1], UPRIGHT


def many() -> Batch:
    """Four times the same clip."""
    x, layout = one()
    return x.expand(4, -1, -1, -1, -1).clone(), layout


def leaning() -> Batch:
    """Somebody who waves, seen by a camera that is not level."""
    x, layout = one()
    return functional.rotate(x, torch.tensor([[0.0, 0.0, 0.4]])), layout


def aside() -> Batch:
    """Somebody who waves, seen from the side."""
    x, layout = one()
    return functional.rotate(x, torch.tensor([[0.0, 1.1, 0.0]])), layout


def paths() -> Batch:
    """Somebody who waves, and somebody who walks."""
    return centred(recorded("wave", "walk"))[..., :1], UPRIGHT


def sizes() -> Batch:
    """An adult who waves, and a child who kicks."""
    x, layout = pair()
    return x * torch.tensor([1.0, 0.55]).view(2, 1, 1, 1, 1), layout


def bones() -> Batch:
    """As `sizes`, as streams of bones, whose root is at the origin."""
    x, layout = sizes()
    return ToBones(layout)(x), layout


def motion() -> Batch:
    """As `pair`, as differences of neighbouring frames."""
    x, layout = pair()
    return ToMotion()(x), layout


def image() -> Batch:
    """Somebody who waves, in the pixels of an image of 1920 x 1080, with scores."""
    x = recorded("wave", layout=replace(COCO17, up="y", dimensions=3))[..., :1]
    x = x - x.mean((2, 3, 4), keepdim=True)
    scale, middle = (torch.tensor(v).view(2, 1, 1, 1) for v in ([400.0, -400.0], [1200.0, 560.0]))
    x = x[:, :2] * scale + middle
    return torch.cat([x, torch.ones_like(x[:, :1])], 1), IMAGE


def pixels() -> Batch:
    """As `image`, without scores."""
    x, layout = image()
    return x[:, :2], layout


def flat() -> Batch:
    """As `pixels`, about the origin and of unit size."""
    x, layout = pixels()
    return presets.size_and_place(layout)(x), layout


def ghost() -> Batch:
    """Two people of whom the first is there for 8 frames only."""
    x, layout = two()
    x[:, :, 8:, :, 0] = 0
    return x, layout


def wide() -> Batch:
    """Two people of whom the first lies down, as a table would that is taken for a person."""
    x, layout = two()
    x[:, :2, :, :, 0] = x[:, :2, :, :, 0].flip(1)
    return x, layout


def swapped() -> Batch:
    """Two people who shake hands, in the other order."""
    x, layout = two()
    return x.flip(-1), layout


def alone() -> Batch:
    """Somebody who waves, and nobody beside."""
    x, layout = one()
    return torch.cat([x, torch.zeros_like(x)], -1), layout


def parted() -> Batch:
    """Three people, of whom the second goes when the third comes."""
    x, layout = two()
    x = torch.cat([x, x[..., 1:] + 0.15], -1)
    x[:, :, 40:, :, 1], x[:, :, :40, :, 2] = 0, 0
    return x, layout


def unsure() -> Batch:
    """As `image`, with scores of which some are low."""
    x, layout = image()
    x[:, 2] = torch.rand(x[:, 2].shape, generator=torch.Generator().manual_seed(0)).sqrt()
    return x, layout


def late() -> Batch:
    """Somebody who comes late and leaves early."""
    x, layout = one()
    x[:, :, :12], x[:, :, -12:] = 0, 0
    return x, layout


def blocks() -> Batch:
    """Somebody who waves, in 64 frames."""
    x, layout = one()
    return T.ResizeFrames(64)(x), layout


Clips = Callable[[], Batch]
