"""Defects of the originals in normalisations."""

from __future__ import annotations

import pytest
import torch
from reference import normalise as oracle

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25, SBU15
from skelter.transforms import functional as F
from skelter.transforms import presets

LAYOUTS = [NTU25, KINECT20, SBU15]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_02_any_layout(layout):
    """Joints 1, 4, 8 and 20 are written into all of them: others raise or are turned wrongly."""
    x = torch.randn(3, 30, layout.num_joints, 2)
    for build in (presets.crosclr_normalise, presets.gltransformer_normalise):
        left, right = layout.shoulders
        y = build(layout)(x)
        assert (y[2, :, left] - y[2, :, right]).abs().max() < 1e-5
    for build in (presets.ctrgcn_normalise, presets.pyskl_normalise_3d):
        assert build(layout)(x).isfinite().all()


def test_07_every_frame_has_its_own_sign():
    """The sign of the angle is that of a sum over all frames: others turn to twice their angle."""
    x = torch.randn(3, 40, 25, 1, generator=torch.Generator().manual_seed(0))
    released = torch.from_numpy(oracle.turn(x.double().numpy(), 4, 8, as_released=True))
    across = (released[:, :, 8] - released[:, :, 4])[..., 0]
    assert (across[2].abs() > 0.1 * across[0].abs()).float().mean() > 0.2
    ours = T.TurnShoulders(NTU25)(x)
    across = (ours[:, :, 8] - ours[:, :, 4])[..., 0]
    assert across[2].abs().max() < 1e-5
    assert (across[0] > 0).all()


def test_08_min_max_cancels_a_scale():
    """A random scale is drawn before each axis is brought to [-1, 1], which divides it out.

    That lies in the mathematics, so it is so here, too, and the documentation says it.
    """
    x = torch.randn(3, 40, 20, 1)
    torch.testing.assert_close(T.MinMax()(1.37 * x), T.MinMax()(x), rtol=0, atol=1e-6)
    assert "has no effect" in T.MinMax.__doc__
    assert "has no effect" in presets.ucla_normalise.__doc__


def test_08_a_flat_axis_is_finite():
    """An axis without range is divided by zero."""
    x = torch.randn(3, 40, 20, 1)
    x[1] = 2.0
    out = presets.ucla_normalise()(x)
    assert out.isfinite().all()
    assert not out[1].any()


@pytest.mark.parametrize(
    "transform",
    [
        T.CentreEachPerson(NTU25),
        T.CentreOnStart(NTU25),
        T.CentreWithTrajectory(NTU25),
        T.MeanRelative(),
        T.MinMax(),
        presets.crosclr_normalise(frames=20),
        presets.gltransformer_normalise(),
        presets.ctrgcn_normalise(),
        presets.pyskl_normalise_3d(),
    ],
    ids=lambda transform: str(transform)[:40],
)
def test_20_recentring_leaves_missing_ones_missing(transform):
    """The origin is subtracted from absent persons, missing joints and padding, too."""
    x = torch.randn(3, 20, 25, 2) * torch.tensor([1.0, 3.0, 1.0]).view(3, 1, 1, 1) + 2
    x[..., 1] = 0
    x[:, :, 7] = 0
    out = transform(x)
    assert not out[..., 1].any()
    assert not out[:, :, 7].any()
    x[:, 15:] = 0
    if transform.output_frames is None:
        assert not transform(x)[:, 15:].any()


@pytest.mark.parametrize("spine", [True, False])
def test_22_pyskl_without_a_centre(spine):
    """`align_center=False` raises, as a name is not bound. Here it is a chain without the step."""
    steps = list(presets.pyskl_normalise_3d(spine=spine).transforms)
    assert isinstance(steps.pop(2), T.CentreOnStart)
    x = torch.randn(3, 20, 25, 2)
    assert T.Compose(steps)(x).shape == x.shape


def test_22_an_empty_clip():
    """A box about nobody fails."""
    x = torch.zeros(2, 20, 17, 2)
    for transform in (T.CompactPose(), presets.pyskl_normalise_2d(COCO17)):
        assert torch.equal(transform(x), x)
    assert F.compact_box(x)[1].tolist() == [0, 0]


def test_24_never_in_place():
    """Keypoints of the caller are overwritten."""
    x = 500 + 50 * torch.randn(3, 20, 17, 2)
    before = x.clone()
    for transform in (T.CompactPose(), T.UnitImage(), T.DropUnsure(900.0)):
        transform(x)
    assert torch.equal(x, before)
