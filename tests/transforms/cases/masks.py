"""What is hidden."""

from __future__ import annotations

from skelter import transforms as T
from transforms.cases._case import Case

CASES = [
    Case("JointJitter", lambda layout: T.JointJitter(layout=layout)),
    Case("AxisMask", lambda layout: T.AxisMask(layout=layout)),
    Case("JointMask", lambda layout: T.JointMask(0.3)),
    Case("JointMask (count)", lambda layout: T.JointMask(4)),
    Case("CentralityMask", lambda layout: T.CentralityMask(layout)),
    Case("NeighbourhoodMask", lambda layout: T.NeighbourhoodMask(layout)),
    Case("NeighbourhoodMask (one seed)", lambda layout: T.NeighbourhoodMask(layout, 3, seeds=1)),
    Case("PartMask", lambda layout: T.PartMask(layout)),
    Case(
        "PartMask (groups)",
        lambda layout: T.PartMask(layout, 2, groups={"a": [0, 1], "b": [4, 5], "c": [9]}),
    ),
    Case("JointFrameMask", lambda layout: T.JointFrameMask()),
    Case("JointFrameMask (counts)", lambda layout: T.JointFrameMask((2, 5), (5, 16))),
    Case("PartChunkMask", lambda layout: T.PartChunkMask(layout)),
    Case("JointChunkMask", lambda layout: T.JointChunkMask(0.2)),
    Case("JointChunkMask (of 6 frames)", lambda layout: T.JointChunkMask(4, chunk=6)),
    Case("FrameMask", lambda layout: T.FrameMask()),
    Case("FrameMask (blocks)", lambda layout: T.FrameMask(0.5, block=3)),
    Case("FrameSpanMask", lambda layout: T.FrameSpanMask(0.4)),
    Case("DropMovingFrames", lambda layout: T.DropMovingFrames(12)),
    Case("DropMovingFrames (moving)", lambda layout: T.DropMovingFrames(12, moving=1.0)),
    Case("ElementDropout", lambda layout: T.ElementDropout(layout=layout)),
    Case("CellMask", lambda layout: T.CellMask()),
    Case("FillMasked", lambda layout: T.FillMasked(T.PartMask(layout), layout=layout)),
    Case("FillMasked (cells)", lambda layout: T.FillMasked(T.CellMask(), layout=layout)),
    Case(
        "FillMasked (an axis)",
        lambda layout: T.FillMasked(T.AxisMask(layout=layout), -3.0, layout=layout),
    ),
]
