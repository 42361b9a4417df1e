"""Bones, motion and acceleration of clips, and back."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.layouts import NTU25, SkeletonLayout, check_layout


def to_bones(x: Tensor, layout: SkeletonLayout = NTU25) -> Tensor:
    """Return bone vectors, ``joint - parent``, at the index of the child, and zero at the roots.

    Args:
        x: Clips of shape (..., C, T, V, M).
        layout: The layout of the clips.

    Returns:
        Shape (..., C, T, V, M).

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The clips have another number of joints than the layout.

    References:
        Shi et al., Two-Stream Adaptive Graph Convolutional Networks, CVPR 2019: its bone
        stream.

    Example:
        >>> to_bones(torch.ones(3, 64, 25, 2)).abs().sum()
        tensor(0.)
    """
    x = _checks.clips(x)
    _checks.joints(x, check_layout(layout))
    parents = [joint if parent < 0 else parent for joint, parent in enumerate(layout.parents)]
    return x - x[..., parents, :]


@outside_autocast
def from_bones(
    bones: Tensor,
    layout: SkeletonLayout = NTU25,
    *,
    roots: Tensor | None = None,
) -> Tensor:
    """Invert `to_bones`: add up the bones from the root to each joint.

    Args:
        bones: Shape (..., C, T, V, M).
        layout: The layout of the clips.
        roots: Positions of the layout's root joints, in the order of ``layout.roots``, shape
            (..., C, T, R, M); the origin if None.

    Returns:
        Clips of shape (..., C, T, V, M).

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The bones have another number of joints than the layout.

    Example:
        >>> x = torch.randn(3, 4, 25, 2)
        >>> back = from_bones(to_bones(x), roots=x[..., NTU25.roots, :])
        >>> torch.testing.assert_close(back, x)
    """
    bones = _checks.clips(bones, "bones")
    _checks.joints(bones, check_layout(layout), "bones")
    path = torch.zeros(layout.num_joints, layout.num_joints, dtype=bones.dtype)
    for joint in range(layout.num_joints):
        step = joint
        while step >= 0:
            path[joint, step] = 1.0
            step = layout.parents[step]
    start = torch.zeros_like(bones)
    if roots is not None:
        start[..., list(layout.roots), :] = roots
    return torch.einsum("wv,...vm->...wm", path.to(bones.device), bones + start)


def to_motion(x: Tensor, *, num_frames: Tensor | None = None) -> Tensor:
    """Return the step of every joint to the next frame, ``x[t + 1] - x[t]``, and zero at the end.

    Args:
        x: Clips of shape (..., C, T, V, M).
        num_frames: Valid frames of each clip, integers of shape (...). The last of them and all
            padding have no motion. None counts all frames.

    Returns:
        Shape (..., C, T, V, M).

    Raises:
        ValueError: `num_frames` does not fit.

    References:
        Shi et al., Skeleton-Based Action Recognition with Multi-Stream Adaptive Graph
        Convolutional Networks, IEEE TIP 2020: its motion streams.

    Example:
        >>> to_motion(torch.tensor([1.0, 4.0, 9.0]).reshape(1, 3, 1, 1)).flatten()
        tensor([3., 5., 0.])
    """
    x = _checks.clips(x)
    steps = _difference(x)
    return steps if num_frames is None else _cut(steps, _checks.frame_counts(num_frames, x) - 1)


def from_motion(motion: Tensor, first: Tensor) -> Tensor:
    """Invert `to_motion` from the first frame on.

    Args:
        motion: Shape (..., C, T, V, M).
        first: The first frame, shape (..., C, V, M).

    Returns:
        Clips of shape (..., C, T, V, M).

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.randn(3, 16, 25, 2)
        >>> torch.testing.assert_close(from_motion(to_motion(x), x[:, 0]), x)
    """
    motion = _checks.clips(motion, "motion")
    expected = (*motion.shape[:-3], *motion.shape[-2:])
    _checks.require(
        tuple(first.shape) == expected,
        "`first`",
        f"have shape (..., C, V, M) = {expected} to match `motion` {_checks.shape_of(motion)}",
        _checks.shape_of(first),
    )
    steps = torch.cat([first.unsqueeze(-3), motion[..., :-1, :, :]], dim=-3)
    return steps.cumsum(-3)


def to_acceleration(x: Tensor, *, num_frames: Tensor | None = None) -> Tensor:
    """Return the change of motion to the next frame, ``x[t + 2] - 2 x[t + 1] + x[t]``.

    Args:
        x: Clips of shape (..., C, T, V, M).
        num_frames: Valid frames of each clip. The last two of them and all padding have no
            acceleration. None counts all frames.

    Returns:
        Shape (..., C, T, V, M).

    Raises:
        ValueError: `num_frames` does not fit.

    Example:
        >>> to_acceleration(torch.tensor([1.0, 4.0, 9.0]).reshape(1, 3, 1, 1)).flatten()
        tensor([2., 0., 0.])
    """
    x = _checks.clips(x)
    valid = _checks.frame_counts(num_frames, x)
    return _cut(_difference(_cut(_difference(x), valid - 1)), valid - 2)


def from_acceleration(acceleration: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Invert `to_acceleration` from the first two frames on.

    Args:
        acceleration: Shape (..., C, T, V, M).
        first: Frame 0, shape (..., C, V, M).
        second: Frame 1, shape (..., C, V, M).

    Returns:
        Clips of shape (..., C, T, V, M).

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.randn(3, 16, 25, 2, dtype=torch.float64)
        >>> back = from_acceleration(to_acceleration(x), x[:, 0], x[:, 1])
        >>> torch.testing.assert_close(back, x)
    """
    return from_motion(from_motion(acceleration, second - first), first)


def _difference(x: Tensor) -> Tensor:
    """Return the forward difference along time, zero in the last frame."""
    steps = torch.zeros_like(x)
    steps[..., :-1, :, :] = x[..., 1:, :, :]
    steps[..., :-1, :, :] -= x[..., :-1, :, :]
    return steps


def _cut(steps: Tensor, kept: Tensor) -> Tensor:
    """Set frames from ``kept`` on to zero."""
    time = torch.arange(steps.shape[-3], device=steps.device)
    beyond = rearrange(time >= kept[..., None], "... t -> ... 1 t 1 1")
    return steps.masked_fill(beyond, 0.0)
