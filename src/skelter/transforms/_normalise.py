"""The pre-normalisation of Kinect recordings, and a check for broken ones."""

from __future__ import annotations

from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout
from skelter.transforms import functional
from skelter.transforms._base import Deterministic

AXES = ("x", "y", "z")


class FillFrames(Deterministic):
    """Let every person start at frame 0 and last to the end, by repeating frames.

    Every frame of a person who was there at all then holds a pose; ``num_frames`` still counts
    the recorded ones. See `functional.fill_frames`.

    References:
        Step 1 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019), which the reference
        method uses.

    Example:
        >>> import torch
        >>> FillFrames()(torch.tensor([0.0, 3.0, 0.0, 0.0]).reshape(1, 4, 1, 1)).flatten()
        tensor([3., 3., 3., 3.])
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Move the recorded frames to the front and repeat them."""
        return functional.fill_frames(x)


class CentreOnJoint(Deterministic):
    """Make a joint of person 0 the origin, frame by frame; missing joints stay zero.

    Args:
        layout: The layout of the clips.
        joint: Index of the joint; the layout's centre if None.

    Raises:
        ValueError: The layout has no such joint; in a call, the clips have other joints.

    References:
        Step 2 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> import torch
        >>> CentreOnJoint(NTU25)(torch.randn(3, 2, 25, 1))[:, :, NTU25.centre].abs().sum()
        tensor(0.)
    """

    def __init__(self, layout: SkeletonLayout = NTU25, joint: int | None = None) -> None:
        super().__init__()
        self.layout = layout
        self.joint = layout.centre if joint is None else joint
        _checks.between("joint", self.joint, 0, layout.num_joints - 1)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Subtract the joint."""
        _checks.joints(x, self.layout)
        return functional.centre_on_joint(x, self.joint)

    def extra_repr(self) -> str:
        """Name layout and joint."""
        return f"layout={self.layout.name}, joint={self.joint}"


class _Align(Deterministic):
    def __init__(
        self, layout: SkeletonLayout, bone: tuple[int, int] | None, what: str, axis: str
    ) -> None:
        super().__init__()
        _checks.choice("axis", axis, AXES)
        _checks.require(
            bone is not None,
            f"layout {layout.name}",
            f"name its {what} to be aligned",
            bone,
            f"Build it with SkeletonLayout(..., {what}=(joint, joint)).",
        )
        self.layout = layout
        self.bone = bone or (0, 0)
        self.axis = axis

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Rotate each clip."""
        _checks.joints(x, self.layout)
        return functional.align_bone(x, *self.bone, AXES.index(self.axis))

    def extra_repr(self) -> str:
        """Name layout and axis."""
        return f"layout={self.layout.name}, axis={self.axis!r}"


class AlignSpine(_Align):
    """Rotate each clip so that the spine of person 0 in frame 0 points along an axis.

    Args:
        layout: The layout of the clips; it must name its ``spine``.
        axis: ``"x"``, ``"y"`` or ``"z"``; z for the paper.

    Raises:
        ValueError: The layout names no spine; in a call, the clips have other joints or are not
            three-dimensional.

    References:
        Step 3 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> import torch
        >>> x = AlignSpine(NTU25)(torch.randn(3, 2, 25, 1))
        >>> spine = x[:, 0, 1, 0] - x[:, 0, 0, 0]
        >>> bool((spine[:2].abs() < 1e-5).all() and spine[2] > 0)
        True
    """

    def __init__(self, layout: SkeletonLayout = NTU25, axis: str = "z") -> None:
        super().__init__(layout, layout.spine, "spine", axis)


class AlignShoulders(_Align):
    """Rotate each clip so that left to right shoulder of person 0 in frame 0 is along an axis.

    Args:
        layout: The layout of the clips; it must name its ``shoulders``.
        axis: ``"x"``, ``"y"`` or ``"z"``; x for the paper.

    Raises:
        ValueError: As of `AlignSpine`.

    References:
        Step 4 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> AlignShoulders(NTU25)
        AlignShoulders(layout=NTU25, axis='x')
    """

    def __init__(self, layout: SkeletonLayout = NTU25, axis: str = "x") -> None:
        super().__init__(layout, layout.shoulders, "shoulders", axis)


class CheckFinite(Deterministic):
    """Pass clips on unchanged, or refuse NaN and infinity, naming the first.

    Opt-in, because reading the values makes a GPU wait. Put it first in a `Compose`.

    Raises:
        ValueError: In a call, a coordinate is not finite.

    Example:
        >>> import torch
        >>> CheckFinite()(torch.zeros(3, 2, 25, 1)).shape
        torch.Size([3, 2, 25, 1])
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Check and return the clips."""
        _checks.finite(x)
        return x
