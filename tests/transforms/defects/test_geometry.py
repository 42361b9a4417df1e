"""Defects of maps of positions in the originals, by their numbers."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from skelter import transforms as T
from skelter.layouts import BUILT_IN, NTU25

EVERY_LAYOUT = pytest.mark.parametrize("layout", BUILT_IN, ids=lambda layout: layout.name)
SIDES = [layout for layout in BUILT_IN if layout.left_right]
ADDED = [
    T.Translate(0.5),
    T.Translate((0.1, 0.2, 0.3)),
    T.RandomMove(),
    T.RandomMove(segments=4),
    T.RandomDrift(segments=2),
    T.BoxScale(),
]
WRITTEN = [
    *ADDED,
    T.Shear(layout=NTU25, keep=20),
    T.Mirror(NTU25, "x"),
    T.Mirror(NTU25, width=640),
    T.SwapPersons(),
    T.SwapViewpoint(NTU25),
    T.DropPerson(),
    T.CameraView(),
]


def padded_clips():
    """Person 1 is missing in clip 0, a joint in clip 1, and frames behind in clip 2."""
    x = torch.randn(4, 3, 20, 25, 2) + 3
    x[0, ..., 1] = 0
    x[1, :, 4, 7] = 0
    x[2, :, 12:] = 0
    return x


def mean_of(transform, x):
    """The mean angle in the plane that clips of one point at (1, 0) are turned by."""
    turned = transform(x)
    return float(torch.atan2(turned[:, 1], turned[:, 0]).mean())


@pytest.mark.parametrize("layout", SIDES, ids=lambda layout: layout.name)
def test_02_swap_on_any_layout(layout):
    """The permutation is of 25 joints: with 17, the index is out of range."""
    x = torch.randn(2, layout.dimensions, 4, layout.num_joints, 1)
    out = T.Mirror(layout)(x)
    for left, right in layout.left_right:
        assert torch.equal(out[..., left, :], x[..., right, :])
        assert torch.equal(out[..., right, :], x[..., left, :])
    single = set(range(layout.num_joints)) - {joint for pair in layout.left_right for joint in pair}
    assert torch.equal(out[..., sorted(single), :], x[..., sorted(single), :])


@EVERY_LAYOUT
def test_02_kept_joint_on_any_layout(layout):
    """Joint 20 is kept, which skeletons of 17 joints do not have."""
    x = torch.randn(2, layout.dimensions, 4, layout.num_joints, 1)
    out = T.Shear(0.5, layout=layout, keep=layout.joints[-1])(x)
    assert torch.equal(out[..., -1, :], x[..., -1, :])
    assert (out[..., :-1, :] != x[..., :-1, :]).any(1).all()


@pytest.mark.parametrize(
    "transform",
    [T.Shear(0.5), T.Rotate(radians=0.3), T.RotateMainAxis(), T.RandomMove()],
    ids=["Shear", "Rotate", "RotateMainAxis", "RandomMove"],
)
def test_03_in_a_plane(transform):
    """Matrices of 3 x 3 raise on points of an image."""
    x = torch.randn(4, 2, 30, 17, 1)
    out = transform(x)
    assert out.shape == x.shape
    assert not torch.allclose(out, x)


def test_06_a_kept_joint_is_not_zeroed():
    """The kept joint is set to zero in the array of the caller, and the next view sees that."""
    x = torch.randn(4, 3, 20, 25, 2)
    before = x.clone()
    transform = T.Shear(0.5, layout=NTU25, keep=20)
    first, second = transform(x), transform(x)
    assert torch.equal(x, before)
    assert torch.equal(first[:, :, :, 20], before[:, :, :, 20])
    assert torch.equal(second[:, :, :, 20], before[:, :, :, 20])


def test_08_the_scale_has_an_effect():
    """Every axis is brought to [-1, 1] behind it, which undoes the scale."""
    x = torch.randn(1, 3, 20, 20, 1).expand(2000, -1, -1, -1, -1)
    size = T.WholeDegreeView(60, (0.5, 1.5))(x).flatten(1).norm(dim=1) / x[0].norm()
    assert size.min() < 0.52
    assert size.max() > 1.48
    assert float(size.mean()) == pytest.approx(1, abs=0.03)


def test_09_angles_in_a_plane_lie_about_zero():
    """The angle is from U(-a, 1) in the place of U(-a, a): its mean is 0.35 at 0.3."""
    x = torch.zeros(20000, 2, 1, 1, 1)
    x[:, 0] = 1
    assert mean_of(T.Rotate(radians=0.3), x) == pytest.approx(0, abs=0.01)
    radians = T.Rotate(radians=0.3).sample(x).radians
    assert radians.abs().max() <= 0.3


@pytest.mark.parametrize("transform", ADDED, ids=str)
def test_20_missing_persons_stay_missing(transform):
    """Shifts are added to missing persons, missing joints and padding, too."""
    x = padded_clips()
    missing = (x == 0).all(1)
    out = transform(x, num_frames=torch.tensor([20, 20, 12, 20]))
    assert not out.movedim(1, -1)[missing].any()
    assert ((out != x).any(1) | missing).all()


def test_20_a_mirrored_image_keeps_missing_joints():
    """Joints that are missing must not come to lie at the right edge of the image."""
    out = T.Mirror(NTU25, width=640)(padded_clips())
    assert not out[0, ..., 1].any()
    assert not out[2, :, 12:].any()
    assert not out[1, :, 4, NTU25.swap[7]].any()


def test_20_cropped_images_keep_missing_joints():
    """The corner of the box is subtracted from missing joints, too: they become negative."""
    layout = dataclasses.replace(NTU25, dimensions=2)
    x = padded_clips()
    missing = (x[:, :2] == 0).all(1)
    out = T.BoxCrop((64, 64), layout=layout)(x)
    assert not out[:, :2].movedim(1, -1)[missing].any()


@pytest.mark.parametrize("transform", WRITTEN, ids=str)
def test_24_clips_of_the_caller_are_left_alone(transform):
    """Moves and the kept joint are written into the array of the caller."""
    x = torch.randn(4, 3, 20, 25, 2)
    before = x.clone()
    transform(x)
    assert torch.equal(x, before)
    transform(x[0])
    assert torch.equal(x, before)


def test_drop_person_drops_either():
    """The bound of the draw is wrong: it is always person 0."""
    x = torch.rand(4000, 3, 1, 4, 2) + 1
    there = T.DropPerson()(x).flatten(1, -2).any(1)
    assert float(there[:, 0].float().mean()) == pytest.approx(0.5, abs=0.03)
