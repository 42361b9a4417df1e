"""Checks of what enters a store."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from skelter._checks._arrays import tensor
from skelter._checks._sentence import plural, require
from skelter._checks._tensors import LAYOUT_HINT, Layout, joint_count

MOST_PERSONS, MOST_COORDINATES, MOST_LABEL = 5, 12, 2**31 - 1
# The orders of axes in the files of other projects, and in batches of our own, best known first.
KNOWN = ("MTVC", "CTVM", "MCVT", "TCVM", "CTV", "CVT", "TCV")


def recording(name: str, joints: Any, layout: Layout) -> NDArray[np.float32]:
    """Return the joints of a recorded clip as finite float32 of shape (T, M, V, C).

    Arrays (T, V, C) of one person get the axis M. An array of another order is refused where its
    sizes tell, as `axis_order` says.
    """
    array = recorded_floats(name, joints)
    require(
        array.ndim in (3, 4) and 0 not in array.shape,
        name,
        "have shape (T, M, V, C) or (T, V, C), nothing empty",
        array.shape,
        _flat_hint(array, layout),
    )
    axis_order(name, array.shape, layout)
    if array.ndim == 3:
        array = array[:, None]
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        array = array.astype(np.float32, copy=False)
    finite = np.isfinite(array)
    if not finite.all():  # much faster than frame by frame
        wrong = np.flatnonzero(~finite.all((1, 2, 3)))
        came = f"{plural(wrong.size, 'broken frame')} of {len(array)}, the first number {wrong[0]}"
        require(False, name, "be finite", came, "Mark missing joints with zeros, not with NaN.")
    return array


def recorded_floats(name: str, joints: Any) -> NDArray[np.floating]:
    """Return joints as an array of real floating numbers, of any width and byte order."""
    plain = isinstance(joints, np.ndarray) and not isinstance(joints, np.ma.MaskedArray)
    array = joints if plain else _to_array(name, joints)
    require(
        array.dtype.kind == "f",
        name,
        "have real floating coordinates",
        f"{array.dtype} with shape {array.shape}",
        "Convert it first: joints.astype('float32')",
        error=TypeError,
    )
    return array


def axis_order(name: str, shape: Sequence[int], layout: Layout) -> None:
    """Check that sizes (T, M, V, C) or (T, V, C) can be those of this order of axes.

    They cannot if the joints are not those of the layout, with more than 12 coordinates, or with
    more than 5 persons if these are more than the frames. With fewer coordinates than the layout
    has dimensions they cannot if a known other order reads better. So a one-frame clip of 5
    persons is taken. An order whose sizes could be ours cannot be told apart.
    """
    own = "TMVC" if len(shape) == 4 else "TVC"
    sizes = dict(zip(own, shape, strict=True))
    T, M, V, C = sizes["T"], sizes.get("M", 1), sizes["V"], sizes["C"]
    crowded = max(T, MOST_PERSONS) < M
    if layout.num_joints == V and layout.dimensions <= C <= MOST_COORDINATES and not crowded:
        return
    other = _other_order(own, tuple(shape), layout)
    joint_count(name, V, layout, _way(own, other) or LAYOUT_HINT)
    flat = len(shape) == 4 and other in KNOWN and shape[other.index("T")] > MOST_PERSONS
    flat = flat and (C < 2 or shape[other.index("C")] == layout.dimensions)
    if crowded or flat or C > MOST_COORDINATES:
        persons = [plural(M, "person")] if len(shape) == 4 else []
        came = ", ".join([plural(T, "frame"), *persons, plural(C, "coordinate")])
        few = " and no more persons than frames" if persons else ""
        in_image = flat and not crowded and C == 2
        hint = "For poses in an image, take a layout with dimensions=2." if in_image else ""
        require(
            False,
            name,
            f"have shape ({', '.join(own)}) with 2 or 3 coordinates{few}",
            f"{tuple(shape)}: {came}",
            f"{_way(own, other)} {hint}".strip(),
        )


def whole(name: str, value: Any, hint: str = "") -> int:
    """Return a whole number as an int. Truth values, floats and strings are refused."""
    odd = isinstance(value, (bool, np.ma.MaskedArray))
    odd |= isinstance(value, Tensor) and (value.ndim > 0 or value.dtype.is_floating_point)
    odd |= "bool" in str(getattr(value, "dtype", ""))
    number = 0
    try:
        number = index(value)
    except TypeError:
        odd = True
    came = " ".join(repr(value).split())[:80]
    require(not odd, f"`{name}`", "be an integer", came, hint, error=TypeError)
    return number


def label(name: str, label: int, label_names: Sequence[str]) -> None:
    """Check a class index against the names of the classes, where there are names."""
    classes = f" within the {len(label_names)} label_names" if label_names else ""
    most = len(label_names) - 1 if label_names else MOST_LABEL
    require(-1 <= label <= most, name, f"have a label from 0 (-1: unknown){classes}", label)


def _to_array(name: str, joints: Any) -> NDArray[Any]:
    found = tensor(name, joints).detach().cpu()
    # NumPy has no bfloat16.
    return (found.float() if found.is_floating_point() and found.itemsize < 4 else found).numpy()


def _flat_hint(array: NDArray[Any], layout: Layout) -> str:
    """Say how to unfold frames whose joints and coordinates are one axis."""
    C, rest = divmod(array.shape[-1], layout.num_joints) if array.ndim == 2 else (0, 1)
    if rest == 0 and 2 <= C <= MOST_COORDINATES:
        return f"Unfold it: einops.rearrange(joints, 't (v c) -> t v c', c={C})"
    return "Frames come first in a recording, coordinates last."


def _other_order(own: str, shape: tuple[int, ...], layout: Layout) -> str:
    """Return the order of axes that sizes look like if it is not our own, empty if none."""
    orders = [order for order in KNOWN if len(order) == len(own)]
    orders += ["".join(order) for order in permutations(own)]
    likely = [order for order in orders if order != own and _may_be(order, shape, layout)]

    def fit(order: str) -> tuple[bool, bool]:
        sizes = dict(zip(order, shape, strict=True))
        return sizes["C"] >= layout.dimensions, sizes.get("M", 1) <= 2

    return max(likely, key=fit, default="")


def _way(own: str, other: str) -> str:
    """Say how to bring axes of another order into our own."""
    if not other:
        return ""
    pattern = f"{' '.join(other.lower())} -> {' '.join(own.lower())}"
    return (
        f"This looks like ({', '.join(other)}): einops.rearrange(joints, '{pattern}'), or "
        f"joints.transpose{tuple(other.index(axis) for axis in own)}."
    )


def _may_be(order: str, shape: tuple[int, ...], layout: Layout) -> bool:
    sizes = dict(zip(order, shape, strict=True))
    few = sizes.get("M", 1) <= min(sizes["T"], MOST_PERSONS)
    return few and sizes["V"] == layout.num_joints and sizes["C"] in (2, 3)


def one_array(name: str, sequences: Any, layout: Layout) -> None:
    """Refuse one array in the place of clips, whose frames and padding nobody could tell apart."""
    if not isinstance(sequences, (np.ndarray, Tensor)) or sequences.dtype == object:
        return
    shape = tuple(sequences.shape)
    hint = f"If they are clips of one length, pass list({name})."
    if len(shape) == 5:
        other = _other_order("TMVC", shape[1:], layout)
        order = _way("TMVC", other) if not _may_be("TMVC", shape[1:], layout) else ""
        hint = f"Cut each clip to its own frames: [clip[:n] for clip, n in zip({name}, counts)]. "
        hint += order.replace("This looks", "A clip of it looks").replace("joints", "clip")
    elif len(shape) == 4:
        hint += f" If it is one clip, pass [{name}]."
    require(
        False,
        f"`{name}`",
        "be clips of any length, each of shape (T, M, V, C) or (T, V, C)",
        f"one array of shape {shape}",
        hint,
        error=TypeError,
    )
