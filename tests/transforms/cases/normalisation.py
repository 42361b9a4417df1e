"""Steps before any view."""

from __future__ import annotations

from skelter import transforms as T
from skelter.layouts import KINECT20, NTU25, SBU15
from transforms.cases._case import Case

IN_SPACE = (NTU25, KINECT20, SBU15)

CASES = [
    Case("AlignSpine", T.AlignSpine, dimensions=(3,), layouts=IN_SPACE),
    Case("AlignShoulders", T.AlignShoulders, dimensions=(3,), layouts=IN_SPACE),
    Case("CentreOnJoint", T.CentreOnJoint),
    Case("FillFrames", lambda layout: T.FillFrames(), keeps_zeros=False),
    Case("UnitScale", lambda layout: T.UnitScale(layout=layout)),
]
