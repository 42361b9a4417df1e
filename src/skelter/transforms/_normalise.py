"""The pre-normalisation of recordings, and a check for broken ones."""

from __future__ import annotations

from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout
from skelter.transforms import functional
from skelter.transforms._base import Deterministic, named

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
        coordinates: How many of the leading channels are positions; those after them, such as a
            detector's score, are passed on. None: all.

    Raises:
        ValueError: The layout has no such joint or `coordinates` is below 1; in a call, the clips
            have other joints or fewer channels.

    References:
        Step 2 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> import torch
        >>> CentreOnJoint(NTU25)(torch.randn(3, 2, 25, 1))[:, :, NTU25.centre].abs().sum()
        tensor(0.)
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        joint: int | None = None,
        *,
        coordinates: int | None = None,
    ) -> None:
        super().__init__()
        _checks.coordinate_count(coordinates)
        self.layout, self.coordinates = layout, coordinates
        self.joint = layout.centre if joint is None else joint
        _checks.between("joint", self.joint, 0, layout.num_joints - 1)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Subtract the joint."""
        _checks.joints(x, self.layout)
        return functional.centre_on_joint(x, self.joint, coordinates=self.coordinates)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"layout={self.layout.name}, joint={self.joint}{named(self.coordinates)}"


class UnitScale(Deterministic):
    """Divide each clip by the size of its bodies: pixels, millimetres and metres become alike.

    The size is the root mean square distance of the present joints from the mean position of the
    same person in the same frame; see `functional.unit_scale`. Centre on a joint after it, not
    before: a joint at the origin counts as missing.

    Args:
        coordinates: How many of the leading channels are positions; those after them, such as a
            detector's score, are passed on. None: all.

    Raises:
        ValueError: `coordinates` is below 1 or, in a call, above C.

    Example:
        >>> import torch
        >>> pixels = 500 + 80 * torch.randn(2, 30, 17, 1)
        >>> torch.allclose(UnitScale()(pixels), UnitScale()(pixels / 1000))
        True
    """

    def __init__(self, *, coordinates: int | None = None) -> None:
        super().__init__()
        _checks.coordinate_count(coordinates)
        self.coordinates = coordinates

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Divide by the size."""
        return functional.unit_scale(x, coordinates=self.coordinates)

    def extra_repr(self) -> str:
        """Name the argument."""
        return named(self.coordinates).removeprefix(", ")


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
            f"If its joints are points in space, name it: SkeletonLayout(..., {what}=(joint, "
            "joint)). Points of an image, as in COCO17 and OPENPOSE18, have no direction in space: "
            "leave the step out.",
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
        ValueError: The layout names no spine, as those of points in an image; in a call, the
            clips have other joints or are not three-dimensional.

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
        x = _checks.padded(x)
        _checks.finite(x)
        return x
