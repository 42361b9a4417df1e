"""Steps before any view."""

from functools import partial

from gallery import clips, pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("CentreOnJoint(layout)", pictures.figures, clips.raw),
    Entry("CentreOnStart(layout)", pictures.figures, clips.raw),
    Entry("CentreEachPerson(layout)", pictures.figures, clips.raw_two),
    Entry("CentreWithTrajectory(layout)", pictures.figures, clips.raw),
    Entry("AlignSpine(layout)", pictures.standing, clips.leaning),
    Entry("AlignShoulders(layout)", pictures.figures, clips.aside),
    Entry("TurnShoulders(layout)", pictures.figures, clips.aside),
    Entry("UnitScale()", pictures.figures),
    Entry("MinMax()", pictures.scaled, clips.raw),
    Entry(
        "MeanRelative()",
        pictures.resized_trace,
        note="What does not move lies at the origin, and the figures are enlarged.",
    ),
    Entry("ResizeFrames(64)", pictures.trace),
    Entry(
        "ResizeMotion(64)",
        pictures.resized_trace,
        note="The figures are differences of frames, enlarged.",
    ),
    Entry("FillFrames()", pictures.trace, clips.late),
    Entry("DropEmptyFrames()", pictures.packed, clips.late),
    Entry("DropShortPersons()", pictures.tracks, clips.ghost),
    Entry("DropWidePersons(layout)", pictures.tracks, clips.wide),
    Entry("SortByMotion(layout)", pictures.tracks, clips.swapped),
    Entry("SortPersons()", pictures.tracks, clips.ghost),
    Entry("DuplicatePerson()", pictures.tracks, clips.alone, note="Both stand in the same place."),
    Entry("JoinPersons()", pictures.tracks, clips.parted),
    Entry("UnitImage(layout=layout)", pictures.in_image, clips.pixels),
    Entry("CompactPose(layout=layout)", pictures.in_image, clips.pixels),
    Entry(
        "DropUnsure(0.3, layout=layout)",
        partial(pictures.in_image, size=(1920, 1080)),
        clips.unsure,
    ),
]
