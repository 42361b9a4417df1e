"""The fields of a layout: joints are whole numbers within it, and bones form trees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from skelter import _checks

AXES = "xyz"


def joint_names(owner: str, joints: Any) -> tuple[str, ...]:
    """Return names of joints that are distinct, at least one."""
    what = f"`joints` of layout {owner}"
    listed = isinstance(joints, Iterable) and not isinstance(joints, Mapping)
    _checks.require(listed, what, "be a list of names", repr(joints), error=TypeError)
    names = tuple(str(joint) for joint in joints)
    expected = "be distinct names, at least one"
    _checks.require(0 < len(names) == len(set(names)), what, expected, list(names))
    return names


def joint_indices(
    owner: str, field: str, joints: Any, size: int, *, lowest: int = 0
) -> tuple[int, ...]:
    """Return indices of joints out of ``size``."""
    (indices,) = _rows(owner, field, [joints], size, lowest) or [()]
    return indices


def joint_pairs(owner: str, field: str, pairs: Any, size: int) -> tuple[tuple[int, int], ...]:
    """Return pairs of joints out of ``size``."""
    rows = _rows(owner, field, pairs, size)
    for row in rows:
        _checks.require(len(row) == 2, f"`{field}` of layout {owner}", "be pairs of joints", row)
    return tuple((row[0], row[1]) for row in rows)


def joint_groups(owner: str, groups: Any, size: int) -> Mapping[str, tuple[int, ...]]:
    """Return named groups of joints out of ``size``, for reading only."""
    what, named = f"`parts` of layout {owner}", isinstance(groups, Mapping)
    expected = "be groups of joints by name"
    _checks.require(named, what, expected, repr(groups), error=TypeError)
    return MappingProxyType(
        {str(name): joint_indices(owner, "parts", group, size) for name, group in groups.items()}
    )


def whole_dimensions(owner: str, dimensions: Any) -> int:
    """Return how many channels are positions, 2 or 3."""
    whole = isinstance(dimensions, (int, np.integer)) and not isinstance(dimensions, bool)
    expected = "be 2, points of an image, or 3, points in space"
    what = f"`dimensions` of layout {owner}"
    _checks.require(whole and dimensions in (2, 3), what, expected, repr(dimensions))
    return int(dimensions)


def upward_axis(owner: str, up: Any, dimensions: int) -> str:
    """Return the axis that points up, if none is given that of an image or of space."""
    axes = AXES[:dimensions]
    known = [sign + axis for axis in axes for sign in ("", "-")]
    fits = isinstance(up, str) and up in ("", *known)
    expected = f"be one of {', '.join(map(repr, known))}"
    _checks.require(fits, f"`up` of layout {owner}", expected, repr(up))
    return up or ("-y" if dimensions == 2 else "y")


def check_parents(owner: str, joints: Sequence[str], parents: Sequence[int]) -> None:
    """Check that every joint has a parent or is a root, and that no bones form a ring."""
    _checks.require(
        len(parents) == len(joints),
        f"`parents` of layout {owner}",
        f"have one entry for each of the {len(joints)} joints",
        len(parents),
        "Roots have the entry -1.",
    )
    for joint in range(len(joints)):
        seen = {joint}
        while (parent := parents[joint]) != -1:
            _checks.require(
                parent not in seen,
                f"`parents` of layout {owner}",
                "form trees",
                f"a cycle through joint {parent} ({joints[parent]})",
                "A root has the entry -1.",
            )
            seen.add(parent)
            joint = parent


def check_mirrored(owner: str, left_right: Sequence[tuple[int, int]]) -> None:
    """Check that no joint is the mirror image of two."""
    mirrored = [joint for pair in left_right for joint in pair]
    _checks.require(
        len(set(mirrored)) == len(mirrored),
        f"`left_right` of layout {owner}",
        "name every joint once at most",
        left_right,
    )


def _rows(owner: str, field: str, rows: Any, size: int, lowest: int = 0) -> list[tuple[int, ...]]:
    """Return rows of joint indices, none of them coerced."""
    what = f"`{field}` of layout {owner}"
    listed = isinstance(rows, Iterable) and not isinstance(rows, (str, Mapping))
    _checks.require(listed, what, "list joints", repr(rows), error=TypeError)
    found = []
    for row in rows:
        simple = hasattr(row, "__array__") or not isinstance(row, Iterable) or isinstance(row, str)
        numbers = _checks.integers(f"{field} of layout {owner}", row if simple else list(row))
        _checks.require(numbers.ndim == 1, what, "list joints", repr(row), error=TypeError)
        for joint in numbers.tolist():
            _checks.require(
                lowest <= joint < size,
                what,
                f"be joint indices between 0 and {size - 1}",
                joint,
                "Tables in papers often count from 1.",
            )
        found.append(tuple(numbers.tolist()))
    return found
