"""Skeleton layouts: which joints there are, how bones join them, which are left and right.

Everything in skelter that depends on joints takes a ``layout``. The layouts of the common
cameras are built in; one of your own is one call of `SkeletonLayout`, or of
`SkeletonLayout.from_bones` where you have a table of bones.
"""

from skelter.layouts._builtin import KINECT20, NTU25, SBU15
from skelter.layouts._layout import SkeletonLayout
from skelter.layouts._names import find_layout, joint_words

__all__ = ["KINECT20", "NTU25", "SBU15", "SkeletonLayout", "find_layout", "joint_words"]
