"""Noise and filters along time."""

from gallery import clips, pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("GaussianNoise(0.03)", pictures.trace),
    Entry("BoxNoise(0.03)", pictures.trace),
    Entry("MotionNoise(0.05)", pictures.trace),
    Entry("JointNoise(0.08, 0.4)", pictures.trace),
    Entry("FrameNoise(0.08, 0.3)", pictures.trace),
    Entry("ImpulseNoise(0.05, 2.0)", pictures.trace),
    Entry("TemporalBlur(2.0)", pictures.trace, clips.shaky),
    Entry("SavitzkyGolay()", pictures.trace, clips.shaky),
]
