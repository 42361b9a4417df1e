"""Noise and filters along time."""

from __future__ import annotations

from skelter import transforms as T
from transforms.cases._case import Case

CASES = [
    Case("GaussianNoise", lambda layout: T.GaussianNoise(0.05, layout=layout)),
    Case(
        "GaussianNoise (an offset a joint)",
        lambda layout: T.GaussianNoise((0.0, 0.1), shared="frames", layout=layout),
    ),
    Case(
        "GaussianNoise (shared by joints and persons)",
        lambda layout: T.GaussianNoise(0.1, shared=["joints", "persons"], layout=layout),
    ),
    Case("BoxNoise", lambda layout: T.BoxNoise(layout=layout)),
    Case(
        "BoxNoise (clip, shared)",
        lambda layout: T.BoxNoise(
            (0.01, 0.05), "clip", shared=["frames", "persons"], layout=layout
        ),
    ),
    Case("MotionNoise", lambda layout: T.MotionNoise(unit=4.0, layout=layout)),
    Case("JointNoise", lambda layout: T.JointNoise((0.0, 0.1), layout=layout)),
    Case("JointNoise (count)", lambda layout: T.JointNoise(joints=3, layout=layout)),
    Case("FrameNoise", lambda layout: T.FrameNoise(frames=0.5, layout=layout)),
    Case("FrameNoise (count)", lambda layout: T.FrameNoise(frames=5, layout=layout)),
    Case("ImpulseNoise", lambda layout: T.ImpulseNoise(layout=layout)),
    Case("TemporalBlur", lambda layout: T.TemporalBlur(layout=layout)),
    Case(
        "TemporalBlur (sums)",
        lambda layout: T.TemporalBlur(1.0, 3, normalise=False, layout=layout),
    ),
    Case("SavitzkyGolay", lambda layout: T.SavitzkyGolay(layout=layout)),
    Case("SavitzkyGolay (cubic)", lambda layout: T.SavitzkyGolay(7, 3, layout=layout)),
]
