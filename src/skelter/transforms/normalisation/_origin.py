"""Origins of clips: a joint of person 0 or of each person, or where a clip begins."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._positions import over_joints, presence


def centre_on_joint(x: Tensor, joint: int) -> Tensor:
    """Subtract a joint of person 0, frame by frame, from all persons.

    Missing joints, those that are all zeros, stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        joint: Index of the joint that becomes the origin.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: `joint` is out of range.

    References:
        Step 2 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> centre_on_joint(torch.ones(3, 2, 4, 1), 0).abs().sum()
        tensor(0.)
    """
    x = _check_joint(x, joint)
    return _subtract(x, x[..., joint, None, 0, None], presence(x))


def centre_each_person(x: Tensor, joint: int) -> Tensor:
    """Subtract a joint of each person, frame by frame, from that person.

    Missing joints stay zero. Where the joint itself is missing, nothing is subtracted.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        joint: Index of the joint that becomes the origin.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: `joint` is out of range.

    Example:
        >>> centre_each_person(torch.ones(3, 2, 4, 2), 1).abs().sum()
        tensor(0.)
    """
    x = _check_joint(x, joint)
    return _subtract(x, over_joints(x[..., joint, :], x.shape[-2]), presence(x))


def centre_on_start(x: Tensor, joint: int) -> Tensor:
    """Subtract the first position of a joint of person 0 from all frames and persons.

    It is one translation a clip, of the first frame in which the joint is there. Missing joints
    stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        joint: Index of the joint.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: `joint` is out of range.

    Example:
        >>> x = torch.tensor([0.0, 2.0, 5.0]).reshape(1, 3, 1, 1)
        >>> centre_on_start(x, 0).flatten()[1:]
        tensor([0., 3.])
    """
    x = _check_joint(x, joint)
    there = presence(x)
    start = _first_position(x[..., joint, :1], there[..., joint, :1])
    return _subtract(x, start.unsqueeze(-1), there)


def _first_position(path: Tensor, there: Tensor) -> Tensor:
    """Return where paths of a joint begin, zero without any.

    Args:
        path: Positions of the joint, (..., C, T, M).
        there: 1 where it is there, (..., 1, T, M).

    Returns:
        Shape (..., C, 1, M).
    """
    first = there.argmax(-2, keepdim=True)  # of equal ones the first
    return path.take_along_dim(first, -2)


def _subtract(x: Tensor, origin: Tensor, there: Tensor) -> Tensor:
    """Subtract an origin from the joints that are there."""
    return torch.addcmul(x, origin, there, value=-1)


def centre_with_trajectory(x: Tensor, joint: int) -> Tensor:
    """Subtract a joint of each person, which itself holds the way from its first position.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        joint: Index of the joint.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: `joint` is out of range.

    Example:
        >>> x = torch.tensor([[2.0, 3.0], [4.0, 7.0]]).reshape(1, 2, 2, 1)
        >>> centre_with_trajectory(x, 0).flatten(1)
        tensor([[0., 1., 2., 3.]])
    """
    x = _check_joint(x, joint)
    path, there = x[..., joint, :], presence(x)
    out = _subtract(x, over_joints(path, x.shape[-2]), there)
    of_joint = there[..., joint, :]
    out[..., joint, :] = _subtract(path, _first_position(path, of_joint), of_joint)
    return out


def _check_joint(x: Tensor, joint: int) -> Tensor:
    x = _checks.clips(x)
    _checks.between("joint", joint, 0, x.shape[-2] - 1, "Joints count from 0.")
    return x


class _Centre(Deterministic):
    def __init__(self, layout: SkeletonLayout = NTU25, joint: int | str | None = None) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        self.joint = layout.centre if joint is None else layout.index(joint)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"layout={self.layout.name}, joint={self.joint}"


class CentreOnJoint(_Centre):
    """Make a joint of person 0 the origin, frame by frame. Missing joints stay zero.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on.
        joint: Name or index of the joint, the layout's centre if None.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout has no such joint. In a call: the clips have other joints.

    References:
        Step 2 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> CentreOnJoint(NTU25)(torch.randn(3, 2, 25, 1))[:, :, NTU25.centre].abs().sum()
        tensor(0.)
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Subtract the joint."""
        _checks.joints(x, self.layout)
        return map_positions(partial(centre_on_joint, joint=self.joint), x, self.layout)


class CentreEachPerson(_Centre):
    """Make a joint of each person that person's origin, frame by frame. Missing joints stay zero.

    How far persons are from each other is lost: `CentreOnJoint` keeps it.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on.
        joint: Name or index of the joint, the layout's centre if None.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout has no such joint. In a call: the clips have other joints.

    References:
        Li et al., CVPR 2021 (CrosSCLR): the released preparation.

    Example:
        >>> y = CentreEachPerson(NTU25)(torch.randn(3, 2, 25, 2))
        >>> y[:, :, NTU25.centre].abs().sum()
        tensor(0.)
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Subtract the joint."""
        _checks.joints(x, self.layout)
        return map_positions(partial(centre_each_person, joint=self.joint), x, self.layout)


class CentreOnStart(_Centre):
    """Make the place where a joint of person 0 is first seen the origin of the whole clip.

    One translation a clip: the way through the room stays, and so do distances between persons.
    Missing joints stay zero.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on.
        joint: Name or index of the joint, the layout's centre if None.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout has no such joint. In a call: the clips have other joints.

    References:
        Zhang et al., Semantics-Guided Neural Networks, CVPR 2020: the released preparation.

    Example:
        >>> y = CentreOnStart(NTU25)(torch.randn(3, 2, 25, 1))
        >>> bool((y[:, 0, NTU25.centre] == 0).all()), bool((y[:, 1, NTU25.centre] == 0).any())
        (True, False)
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Subtract the first position."""
        _checks.joints(x, self.layout)
        return map_positions(partial(centre_on_start, joint=self.joint), x, self.layout)


class CentreWithTrajectory(_Centre):
    """Make a joint of each person the origin, and let that joint hold its way through the room.

    The way is measured from the first frame in which the joint is there.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on.
        joint: Name or index of the joint, the layout's centre if None.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout has no such joint. In a call: the clips have other joints.

    References:
        Kim et al., Global-local Motion Transformer for Unsupervised Skeleton-based Action
        Learning, ECCV 2022: the released preparation.

    Example:
        >>> x = torch.randn(3, 2, 25, 1)
        >>> way = CentreWithTrajectory(NTU25)(x)[:, 1, NTU25.centre]
        >>> torch.allclose(way, x[:, 1, NTU25.centre] - x[:, 0, NTU25.centre])
        True
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Subtract the joint, and put its way in its place."""
        _checks.joints(x, self.layout)
        return map_positions(partial(centre_with_trajectory, joint=self.joint), x, self.layout)
