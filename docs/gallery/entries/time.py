"""Frames that a clip shows."""

from gallery import clips, pictures
from gallery.entry import Entry


def timing(code: str, seed: int = 0, note: str = "", num_frames: int | None = None) -> Entry:
    """Return an entry whose picture tells which frames are read."""
    return Entry(code, pictures.timing, clips.circles, seed, note, num_frames)


ENTRIES = [
    timing("TemporalCropResize(64, (0.3, 0.6), min_frames=16)"),
    timing("CentreCropResize(64, 0.5)"),
    timing("CropReflect()", seed=1),
    timing("RandomWindow(40)"),
    timing("RandomShift()", note="Here 60 of 84 frames are valid.", num_frames=60),
    timing('Pad(150, fill="loop")'),
    timing("SegmentSample(24, (0.5, 0.9), min_frames=16)"),
    timing("CentreSegmentSample(24)"),
    timing("UniformSample(24)"),
    timing("EqualSegments(12)"),
    timing("SortedSample(24)"),
    timing("EvenSample(24)"),
    timing("Speed()", seed=11),
    timing("Warp(48)"),
    timing("CycleWarp()", seed=1),
    timing("DropFrames((0.4, 0.6))"),
    timing("Downsample(4)"),
    timing("Reverse()"),
    timing("Roll()", seed=1),
    timing("Shuffle()", seed=10),
    Entry("FourierResample()", pictures.lines, clips.circles, seed=3),
    Entry("MotionScale((-4.0, 5.0))", pictures.lines, clips.circles, seed=3),
]
