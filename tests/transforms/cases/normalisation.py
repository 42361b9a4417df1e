"""Steps before any view."""

from __future__ import annotations

from dataclasses import replace

from skelter import transforms as T
from skelter.layouts import KINECT20, NTU25, SBU15
from transforms.cases._case import Case

IN_SPACE = (NTU25, KINECT20, SBU15)


def flat(layout):
    """Return a layout of points of an image."""
    return replace(layout, dimensions=2)


CASES = [
    Case("AlignSpine", T.AlignSpine, dimensions=(3,), layouts=IN_SPACE),
    Case("AlignShoulders", T.AlignShoulders, dimensions=(3,), layouts=IN_SPACE),
    Case("CentreEachPerson", T.CentreEachPerson),
    Case("CentreOnJoint", T.CentreOnJoint),
    Case("CentreOnStart", T.CentreOnStart),
    Case("CentreWithTrajectory", T.CentreWithTrajectory),
    Case("CompactPose", lambda layout: T.CompactPose(layout=flat(layout)), dimensions=(2,)),
    Case("DropEmptyFrames", lambda layout: T.DropEmptyFrames()),
    Case("DropEmptyFrames (of a person)", lambda layout: T.DropEmptyFrames(0)),
    Case("DropShortPersons", lambda layout: T.DropShortPersons()),
    Case("DropUnsure", lambda layout: T.DropUnsure(layout=layout)),
    Case("DropWidePersons", T.DropWidePersons),
    Case("DuplicatePerson", lambda layout: T.DuplicatePerson(), keeps_zeros=False),
    Case("FillFrames", lambda layout: T.FillFrames(), keeps_zeros=False),
    Case("JoinPersons", lambda layout: T.JoinPersons()),
    Case("MeanRelative", lambda layout: T.MeanRelative(layout=layout)),
    Case("MinMax", lambda layout: T.MinMax(layout=layout)),
    Case("ResizeFrames", lambda layout: T.ResizeFrames(16)),
    Case("ResizeMotion", lambda layout: T.ResizeMotion(16, layout=layout)),
    Case("SortByMotion", T.SortByMotion),
    Case("SortPersons", lambda layout: T.SortPersons()),
    Case("TurnShoulders", T.TurnShoulders, dimensions=(3,), layouts=IN_SPACE),
    Case("UnitImage", lambda layout: T.UnitImage(layout=flat(layout)), dimensions=(2,)),
    Case("UnitScale", lambda layout: T.UnitScale(layout=layout)),
]
