"""Bones, and what is taken over from other clips."""

from __future__ import annotations

from skelter import transforms as T
from transforms.cases._case import Case

CASES = [
    Case("RescaleBones", T.RescaleBones),
    Case(
        "RescaleBones (ActCLR)",
        lambda layout: T.RescaleBones(layout, (0.0, 0.5), symmetric=False, root=layout.roots[0]),
    ),
    Case("ScaleLimbs", T.ScaleLimbs),
    Case("ScaleLimbs (groups)", lambda layout: T.ScaleLimbs(layout, (0.5, 2), groups={"a": [0]})),
    Case("SwapPosture", T.SwapPosture, partners=True),
    Case("TransferBones", T.TransferBones, partners=True),
    Case("TransferLengths", lambda layout: T.TransferLengths(layout=layout), partners=True),
    Case("TransferMotion", lambda layout: T.TransferMotion(layout=layout), partners=True),
    Case("TransferPath", T.TransferPath, partners=True),
    Case("TransferStatistics", lambda layout: T.TransferStatistics(layout=layout), partners=True),
    Case(
        "TransferStatistics (per frame)",
        lambda layout: T.TransferStatistics(per_frame=True, layout=layout),
        partners=True,
    ),
]
