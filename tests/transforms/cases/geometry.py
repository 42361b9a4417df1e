"""Maps of positions."""

from __future__ import annotations

import dataclasses

from skelter import transforms as T
from transforms.cases._case import Case


def in_image(layout):
    return dataclasses.replace(layout, dimensions=2)


CASES = [
    Case("Shear", lambda layout: T.Shear(0.5, layout=layout)),
    Case("Shear (a joint kept)", lambda layout: T.Shear(0.5, layout=layout, keep=layout.centre)),
    Case("Rotate", lambda layout: T.Rotate(radians=0.3, layout=layout)),
    Case("Rotate (each axis)", lambda layout: T.Rotate(degrees=(5, 90, 5)), dimensions=(3,)),
    Case("RotateMainAxis", lambda layout: T.RotateMainAxis(layout=layout)),
    Case(
        "RotateMainAxis (both ways)",
        lambda layout: T.RotateMainAxis((-30, 30), (0, 0), layout=layout),
    ),
    Case("RotateView", lambda layout: T.RotateView(layout, degrees=180), dimensions=(3,)),
    Case("CameraView", lambda layout: T.CameraView(layout=layout), dimensions=(3,)),
    Case("WholeDegreeView", lambda layout: T.WholeDegreeView(layout=layout), dimensions=(3,)),
    Case("Scale", lambda layout: T.Scale(layout=layout)),
    Case("ScaleAxes", lambda layout: T.ScaleAxes(0.2, layout=layout)),
    Case("BoxScale", lambda layout: T.BoxScale(layout=layout)),
    Case("Translate", lambda layout: T.Translate(layout=layout)),
    Case("Translate (each axis)", lambda layout: T.Translate((0.1, 0, 1)), dimensions=(3,)),
    Case("RandomMove", lambda layout: T.RandomMove(layout=layout)),
    Case("RandomDrift", lambda layout: T.RandomDrift(segments=3, layout=layout)),
    Case("Affine2d", lambda layout: T.Affine2d(layout=layout)),
    Case("Mirror", T.Mirror, moves_joints=True),
    Case("Mirror (negated)", lambda layout: T.Mirror(layout, "x"), moves_joints=True),
    Case("Mirror (image)", lambda layout: T.Mirror(layout, width=9.0), moves_joints=True),
    Case("SwapPersons", lambda layout: T.SwapPersons()),
    Case("SwapViewpoint", T.SwapViewpoint),
    Case("DropPerson", lambda layout: T.DropPerson()),
    Case(
        "BoxCrop",
        lambda layout: T.BoxCrop((64, 48), size=(56, 56), layout=in_image(layout)),
        dimensions=(2,),
    ),
]
