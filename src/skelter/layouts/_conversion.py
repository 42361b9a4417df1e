"""From the joints of one layout to those of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts._matching import NamedJoints, find_joint, pair_joints

Joint = str | int


def convert_joints(
    x: Tensor,
    own: NamedJoints,
    to: NamedJoints,
    midpoints: Mapping[Joint, Sequence[Joint]],
    positions: int,
) -> Tensor:
    """Bring clips (..., C, T, V, M) to another layout; see `SkeletonLayout.convert`.

    Args:
        x: Clips with the joints of the layout `own`.
        own: The layout of the clips.
        to: The layout to bring them to.
        midpoints: Joints of `to` and those of `own` in whose middle they lie.
        positions: How many leading channels are positions.

    Example:
        >>> from skelter.layouts import COCO17, OPENPOSE18
        >>> x = torch.arange(17.0).reshape(1, 1, 17, 1)
        >>> middle = {"neck": ("left shoulder", "right shoulder")}
        >>> convert_joints(x, COCO17, OPENPOSE18, middle, 1).flatten()[:3]
        tensor([0.0000, 5.5000, 6.0000])
    """
    made = find_midpoints(own, to, midpoints)
    sources = find_sources(own, to, made)
    with_missing = torch.cat([x, torch.zeros_like(x[..., :1, :])], dim=-2)
    out = with_missing[..., sources, :]
    for joint, ends in made.items():
        out[..., joint, :] = midpoint(x[..., ends, :], positions)
    return out


def midpoint(ends: Tensor, positions: int) -> Tensor:
    """Return the mean position of joints (..., C, T, ends, M), and the least of other channels.

    It is missing, all zeros, wherever one of them is.

    Example:
        >>> shoulders = torch.tensor([[1.0, 3.0], [0.9, 0.4]]).reshape(2, 1, 2, 1)  # x, score
        >>> midpoint(shoulders, 1).flatten()
        tensor([2.0000, 0.4000])
    """
    places, others = ends[..., :positions, :, :, :], ends[..., positions:, :, :, :]
    present = (places != 0).any(-4, keepdim=True).all(-2)
    middle = torch.cat([places.mean(-2), others.amin(-2)], dim=-3)
    return torch.where(present, middle, 0)


def find_midpoints(
    own: NamedJoints, to: NamedJoints, midpoints: Mapping[Joint, Sequence[Joint]]
) -> dict[int, list[int]]:
    """Return the midpoints as indices of joints.

    Raises:
        TypeError: They are not a mapping from a joint to joints.
        ValueError: A joint is unknown or made twice, or lies between fewer than two joints.

    Example:
        >>> from skelter.layouts import COCO17, OPENPOSE18
        >>> find_midpoints(COCO17, OPENPOSE18, {"neck": ("left shoulder", "right shoulder")})
        {1: [5, 6]}
    """
    example = 'midpoints={"neck": ("left shoulder", "right shoulder")}'
    fits = isinstance(midpoints, Mapping) and all(
        isinstance(ends, Iterable) and not isinstance(ends, str) for ends in midpoints.values()
    )
    came = repr(midpoints)
    expected = f"map each joint to those that it lies between, such as {example}"
    _checks.require(fits, "`midpoints`", expected, came, error=TypeError)
    made: dict[int, list[int]] = {}
    for name, between in midpoints.items():
        joint = find_joint(to, name, "midpoints")
        ends = [find_joint(own, end, "midpoints") for end in between]
        what = f"`midpoints` for {to.joints[joint]}"
        _checks.require(joint not in made, what, "be given once", came)
        several = len(ends) > 1 and len(set(ends)) == len(ends)
        _checks.require(several, what, "be two or more different joints", list(between))
        made[joint] = ends
    return made


def find_sources(own: NamedJoints, to: NamedJoints, made: Iterable[int] = ()) -> list[int]:
    """Return the joint of one layout that each joint of another is, V for a missing one.

    Args:
        own: The layout of the clips, with V joints.
        to: The layout to bring them to.
        made: Joints of `to` that need no source.

    Raises:
        ValueError: Each has joints that the other has not, or two joints of one read as the same.

    Example:
        >>> from skelter.layouts import COCO17, OPENPOSE18
        >>> find_sources(COCO17, OPENPOSE18)[:3]
        [0, 17, 6]
    """
    pairs = pair_joints(own, to)
    lost = [joint for i, joint in enumerate(own.joints) if i not in pairs.values()]
    new = [joint for i, joint in enumerate(to.joints) if i not in pairs and i not in set(made)]
    _checks.require(
        not (lost and new),
        f"`to` of layout {own.name}",
        "have a part of its joints, or all of them and more",
        f"{to.name}: only {own.name} has {', '.join(lost)}; only {to.name} has {', '.join(new)}",
        "Joints are matched by name: rename those that are the same, or pass `midpoints` for "
        "joints that lie between others.",
    )
    return [pairs.get(joint, len(own.joints)) for joint in range(len(to.joints))]
