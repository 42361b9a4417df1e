"""Which frames a clip shows."""

from __future__ import annotations

from skelter import transforms as T
from transforms.cases._case import Case

CASES = [
    Case("TemporalCropResize", lambda layout: T.TemporalCropResize(16, min_frames=4)),
    Case("CentreCropResize", lambda layout: T.CentreCropResize(16)),
    Case("CentreSegmentSample", lambda layout: T.CentreSegmentSample(8, 0.9)),
    Case("CropReflect", lambda layout: T.CropReflect()),
    Case("CropReflect (all of it)", lambda layout: T.CropReflect(1)),
    Case("CycleWarp", lambda layout: T.CycleWarp((1, 5))),
    Case("Downsample", lambda layout: T.Downsample(3), own_length=True),
    Case("DropFrames", lambda layout: T.DropFrames()),
    Case("EqualSegments", lambda layout: T.EqualSegments(5)),
    Case("EqualSegments (shift)", lambda layout: T.EqualSegments(6, shift=True)),
    Case("EvenSample", lambda layout: T.EvenSample(16)),
    Case("FourierResample", lambda layout: T.FourierResample(), own_length=True),
    Case("MotionScale", lambda layout: T.MotionScale(layout=layout)),
    Case("Pad", lambda layout: T.Pad(300)),
    Case("Pad (loop)", lambda layout: T.Pad(300, fill="loop")),
    Case("RandomShift", lambda layout: T.RandomShift()),
    Case("RandomWindow", lambda layout: T.RandomWindow(1)),
    Case("RandomWindow (pad)", lambda layout: T.RandomWindow(15, pad=True)),
    Case("Reverse", lambda layout: T.Reverse()),
    Case("Roll", lambda layout: T.Roll()),
    Case("SegmentSample", lambda layout: T.SegmentSample(8, min_frames=4)),
    Case("SegmentSample (long)", lambda layout: T.SegmentSample(3, (0.3, 0.9), min_frames=2)),
    Case("Shuffle", lambda layout: T.Shuffle()),
    Case("SortedSample", lambda layout: T.SortedSample(16)),
    Case("Speed", lambda layout: T.Speed()),
    Case("Speed (frames)", lambda layout: T.Speed((0.9, 1.1), frames=22)),
    Case("UniformSample", lambda layout: T.UniformSample(8)),
    Case("UniformSample (part)", lambda layout: T.UniformSample(5, (0.2, 0.9))),
    Case("Warp", lambda layout: T.Warp(16)),
]
