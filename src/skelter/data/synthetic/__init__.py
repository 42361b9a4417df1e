"""A synthetic data set: skeletons of people who wave, kick, bow, shake hands and more.

It needs no download, is the same for the same seed, and behaves as recordings do: performers
differ, cameras differ, nobody starts on the first frame, and joints are noisy or lost.
"""

from skelter.data.synthetic._generate import ACTIONS, generate

__all__ = ["ACTIONS", "generate"]
