"""Mistakes of a user, kind by kind: a clear error before anything is drawn."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25
from skelter.transforms import presets
from transforms.cases import CASES
from transforms.cases.mixing import MIXERS

BARE = dataclasses.replace(
    NTU25, name="BARE", parents=(-1,) * 25, left_right=(), parts={}, spine=None, shoulders=None
)
BUILT = {
    "an unknown axis": [
        (lambda: T.Mirror(NTU25, "w"), "`negate` must be one of None, 'x', 'y', 'z'; got 'w'"),
        (lambda: T.Mirror(COCO17, "z"), "`negate` must be one of None, 'x', 'y'; got 'z'"),
        (lambda: T.AlignSpine(NTU25, "w"), "`axis` must be one of 'x', 'y', 'z'; got 'w'"),
        (lambda: T.TurnShoulders(NTU25, "y"), "`axis` must be horizontal; got y"),
        (lambda: T.GaussianNoise(shared="time"), "`shared` must be one of .*; got 'time'"),
    ],
    "an unknown joint": [
        (lambda: T.Shear(layout=NTU25, keep="tail"), "NTU25 .*'tail'"),
        (lambda: T.CentreOnJoint(NTU25, 25), "NTU25 .*25"),
        (lambda: T.CentreEachPerson(NTU25, "tail"), "NTU25 .*'tail'"),
        (lambda: T.RescaleBones(NTU25, root="tail"), "NTU25 .*'tail'"),
        (lambda: T.SwapViewpoint(NTU25, "tail"), "NTU25 .*'tail'"),
        (lambda: T.PartMask(NTU25, groups={"arm": ["tail"]}), "NTU25 .*'tail'"),
        (lambda: T.ScaleLimbs(NTU25, groups={"arm": ["tail"]}), "NTU25 .*'tail'"),
    ],
    "a layout without sides": [
        (lambda: T.Mirror(BARE), "BARE must name its left and right joints.*left_right="),
        (lambda: T.RescaleBones(dataclasses.replace(NTU25, left_right=())), "have pairs in `left_"),
        (lambda: presets.aimclr_views(BARE), "BARE must name its left and right joints"),
    ],
    "a layout without parts": [
        (lambda: T.PartMask(BARE), "have parts for PartMask; got BARE without any. Name groups"),
        (lambda: T.PartChunkMask(BARE), "have parts for PartChunkMask; got BARE"),
        (lambda: T.TubeTokenMask(BARE), "have parts for TubeTokenMask; got BARE"),
        (lambda: T.MixRegions(BARE), "BARE must have parts; got none. Name them"),
        (lambda: T.ScaleLimbs(dataclasses.replace(NTU25, parts={})), "have parts where no `groups"),
    ],
    "a layout without bones": [
        (lambda: T.RescaleBones(BARE), "BARE must have bones.*parents="),
        (lambda: T.ScaleLimbs(BARE), "BARE must have bones"),
        (lambda: T.TransferBones(BARE), "BARE must have bones"),
        (lambda: T.CentralityMask(BARE), "have bones for CentralityMask; got BARE"),
        (lambda: T.NeighbourhoodMask(BARE), "have bones for NeighbourhoodMask; got BARE"),
    ],
    "a layout without spine or shoulders": [
        (lambda: T.AlignSpine(COCO17), "COCO17 must name its spine.*leave the step out"),
        (lambda: T.AlignShoulders(BARE), "BARE must name its shoulders"),
        (lambda: T.TurnShoulders(BARE), "BARE must name its shoulders"),
        (lambda: presets.isc_normalise(COCO17), "COCO17 must name its spine"),
    ],
    "a chance outside 0 to 1": [
        (lambda: T.RandomApply(T.Shear(), 1.5), "`p` must lie between 0.0 and 1.0; got 1.5"),
        (lambda: T.RandomApply(T.Shear(), float("nan")), "`p` must lie between .*; got nan"),
        (lambda: T.ElementDropout(-0.1), "`p` must lie between 0.0 and 1.0; got -0.1"),
        (lambda: T.CellMask(2), "`p` must lie between 0.0 and 1.0; got 2"),
        (lambda: T.ImpulseNoise(1.1), "`share` must lie between 0.0 and 1.0; got 1.1"),
        (lambda: T.DropMovingFrames(moving=1.5), "`moving` must lie between 0.0 and 1.0; got 1.5"),
        (lambda: T.UniformTokenMask(1.5), "`ratio` must lie between 0.0 and 1.0; got 1.5"),
        (lambda: T.JointMask(1.5), r"`joints` must be a share in \(0, 1\] or an integer count"),
        (lambda: T.OneOf([T.Shear()], [-1]), "`weights` must be one number from 0 for each"),
        (lambda: T.Mixup(1.5), "`share` must lie between 0.0 and 1.0; got 1.5"),
    ],
    "more masked joints than there are": [
        (lambda: T.CentralityMask(COCO17, 18), "`joints` must lie between 1 and 17; got 18"),
        (lambda: T.NeighbourhoodMask(COCO17, 18), "`joints` must lie between 1 and 17; got 18"),
        (lambda: T.PartMask(NTU25, 6), "`parts` must lie between 1 and 5; got 6"),
        (lambda: T.MixRegions(NTU25, (2, 6)), r"from <= to <= 5; got \(2, 6\). NTU25 has 5 parts"),
    ],
    "mixed layouts": [
        (
            lambda: T.Compose([T.Mirror(NTU25), T.RescaleBones(KINECT20)]),
            "layouts of the same joints; got NTU25 with 25 joints and KINECT20 with 20",
        ),
        (
            lambda: T.Compose([T.Compose([T.Mirror(NTU25)]), T.RandomApply(T.Mirror(KINECT20))]),
            "layouts of the same joints; got NTU25 with 25 joints and KINECT20 with 20",
        ),
    ],
}
CALLED = {
    "more masked joints than there are": [
        (T.JointMask(18), (4, 3, 20, 17, 1), "`joints` must lie between 1 and 17; got 18. A share"),
        (T.JointJitter(18), (4, 3, 20, 17, 1), "`joints` must lie between 1 and 17; got 18"),
        (T.JointChunkMask(18), (4, 3, 20, 17, 1), "`joints` must lie between 1 and 17; got 18"),
        (T.JointFrameMask(18, 3), (4, 3, 20, 17, 1), "`joints` must lie between 1 and 17; got 18"),
        (T.JointNoise(0.1, 18), (4, 3, 20, 17, 1), "`joints` must lie between 1 and 17; got 18"),
        (T.FrameMask(20), (4, 3, 20, 17, 1), "`frames` must lie between 1 and 19; got 20. One has"),
    ],
    "a window longer than the clip": [
        (T.RandomWindow(30), (4, 3, 20, 25, 1), "at least the 30 frames of the window; got T=20"),
        (T.MixRegions(), (4, 3, 20, 25, 1), "at least 28 frames, as MixRegions takes 7 or more"),
    ],
    "a batch too small to mix": [
        *((mixer, (1, 3, 64, 25, 1), f"hold at least 2 clips, as {type(mixer).__name__} takes")
          for mixer in (T.Mixup(), T.MixAxes(), T.MixRegions(), T.ResizeMix(), T.MixInTime())),
        (T.SwapPosture(), (1, 3, 64, 25, 1), "hold at least 2 clips, as SwapPosture takes"),
        (T.TransferBones(), (3, 64, 25, 1), r"at least 2 clips.*Pass a batch \(N, C, T, V, M\)"),
    ],
    "clips of another layout": [
        (T.Mirror(NTU25), (4, 3, 20, 17, 1), "`x` has 17 joints, but layout NTU25 has 25"),
        (T.PartMask(NTU25), (4, 3, 20, 17, 1), "`x` has 17 joints, but layout NTU25 has 25"),
        (T.RescaleBones(NTU25), (4, 3, 20, 17, 1), "`x` has 17 joints, but layout NTU25 has 25"),
        (T.MixRegions(NTU25), (4, 3, 64, 17, 1), "`x` has 17 joints, but layout NTU25 has 25"),
    ],
    "points of an image in space": [
        (T.RotateView(NTU25), (4, 2, 20, 25, 1), "x, y and z, for RotateView; got 2 coordinates"),
        (T.CameraView(), (4, 2, 20, 25, 1), "x, y and z, for CameraView; got 2 coordinates"),
        (T.WholeDegreeView(), (4, 2, 20, 25, 1), "x, y and z, for WholeDegreeView; got 2 coord"),
        (T.Rotate(radians=(1, 1, 1)), (4, 2, 20, 25, 1), "Points of a plane have one angle"),
        (T.Mirror(NTU25, "z"), (4, 2, 20, 25, 1), "have the coordinate z that Mirror negates"),
        (T.AlignSpine(NTU25), (4, 2, 20, 25, 1), "2 coordinates, but a rotation in space has 3"),
        (T.TurnShoulders(NTU25), (4, 2, 20, 25, 1), "2 coordinates, but a rotation about"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("build", "message"),
    [pytest.param(*entry, id=kind) for kind, entries in BUILT.items() for entry in entries],
)
def test_of_constructors(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("transform", "shape", "message"),
    [
        pytest.param(*entry, id=f"{kind}, {type(entry[0]).__name__}")
        for kind, entries in CALLED.items()
        for entry in entries
    ],
)
def test_of_calls(transform, shape, message):
    generator = torch.Generator()
    before = generator.get_state()
    with pytest.raises(ValueError, match=message):
        transform(torch.randn(shape), generator=generator)
    assert torch.equal(generator.get_state(), before), "something was drawn before"


@pytest.mark.parametrize("shape", [(4, 3, 64, 17, 1), (4, 2, 64, 25, 1), (1, 3, 64, 25, 1)])
@pytest.mark.parametrize("case", [*CASES, *MIXERS], ids=str)
def test_nothing_is_drawn_for_clips_that_do_not_fit(case, shape):
    """Members of a combination draw one after another, and the second may refuse what comes."""
    transform, generator = case.build(NTU25), torch.Generator()
    before = generator.get_state()
    try:
        transform(torch.randn(shape), generator=generator)
    except ValueError:
        members = len(getattr(transform, "transforms", getattr(transform, "mixers", [None])))
        assert members > 1 or torch.equal(generator.get_state(), before)
