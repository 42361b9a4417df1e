"""Encoders for other joints, with all weights that do not depend on joints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from skelter import _checks
from skelter.checkpoints._plain import module_as_dict, restore_module
from skelter.encoders import SkeletonTransformer
from skelter.layouts import SkeletonLayout, check_layout


@dataclass(frozen=True)
class Retargeted:
    """An encoder for another skeleton, and what was done to make it.

    Args:
        encoder: The new encoder, in training mode.
        kept: Names of the tensors whose weights were taken over.
        rebuilt: Names of the tensors that depend on joints, persons or frames, and begin anew.
        fitted: Names of tables of positions. Joints took over those of the same name, and only
            others begin anew. Positions in time were resized.
    """

    encoder: nn.Module
    kept: tuple[str, ...]
    rebuilt: tuple[str, ...]
    fitted: tuple[str, ...] = ()

    def __str__(self) -> str:
        state = self.encoder.state_dict()
        kept, rebuilt = (
            f"{len(names)} tensors of {sum(state[name].numel() for name in names):,} numbers"
            for names in (self.kept, self.rebuilt)
        )
        lines = [f"{type(self.encoder).__name__}: kept {kept}, rebuilt {rebuilt}"]
        lines += [f"  rebuilt {name} {tuple(state[name].shape)}" for name in self.rebuilt]
        lines += [f"  fitted {name} {tuple(state[name].shape)}" for name in self.fitted]
        return "\n".join(lines)


def retarget(
    encoder: nn.Module,
    layout: SkeletonLayout,
    *,
    persons: int | None = None,
    frames: int | None = None,
    channels: int | None = None,
) -> Retargeted:
    """Build an encoder for another skeleton, and keep what does not depend on joints.

    Weights of convolutions, recurrences and attention are taken over. What belongs to single
    joints begins anew: norms of the input, learned graphs, tables of positions, and layers that
    read all joints at once. Graphs are those of the new layout. A `SkeletonTransformer` matches
    the positions of joints by name.

    Args:
        encoder: An encoder of this library, trained or loaded.
        layout: The new layout.
        persons: Persons M of a clip, as before by default. Encoders of sequences do not know how
            many that are, and ask for it.
        frames: Frames T of a clip, as before by default.
        channels: Coordinates C of a joint, as before by default. Encoders of sequences do not
            know it: the dimensions of the layout are their default.

    Returns:
        The new encoder, on the CPU, and the names of what was kept and rebuilt.

    Raises:
        TypeError: The encoder is not one of this library.
        ValueError: An encoder of sequences comes without `persons`.

    Example:
        >>> from skelter.encoders import AGCN
        >>> from skelter.layouts import COCO17
        >>> made = retarget(AGCN(widths=(8, 8)), COCO17, persons=1)
        >>> made.encoder(torch.randn(2, 3, 16, 17, 1)).shape
        torch.Size([2, 8])
        >>> made.rebuilt[:3]
        ('input_norm.weight', 'input_norm.bias', 'input_norm.running_mean')
    """
    check_layout(layout)
    plain = _describe(encoder)
    arguments = dict(plain["arguments"])
    asked = {"persons": persons, "frames": frames, "in_channels": channels}
    given = {name: value for name, value in asked.items() if value is not None}
    made = restore_module({"kind": plain["kind"], "arguments": _fit(arguments, layout, given)})
    before, after = encoder.state_dict(), made.state_dict()
    of_joints = _of_joints(plain["kind"], arguments, layout, given)
    kept = tuple(
        name for name, tensor in after.items()
        if name not in of_joints and name in before and before[name].shape == tensor.shape
    )  # fmt: skip
    made.load_state_dict({**after, **{name: before[name].cpu() for name in kept}})
    others = tuple(name for name in after if name not in kept)
    fitted: tuple[str, ...] = ()
    if isinstance(made, SkeletonTransformer) and isinstance(encoder, SkeletonTransformer):
        made.take_positions(encoder)
        fitted = tuple(name for name in others if name.endswith("_positions"))
    return Retargeted(made, kept, tuple(name for name in others if name not in fitted), fitted)


def untrained(encoder: nn.Module) -> nn.Module:
    """Build an encoder with the arguments of another one and new weights, as a baseline.

    Args:
        encoder: An encoder of this library.

    Raises:
        TypeError: It is not one of this library.

    Example:
        >>> from skelter.encoders import BiGRU
        >>> encoder = BiGRU(60, 8, layers=2)
        >>> new = untrained(encoder)
        >>> new.layers, bool((new.gru.weight_ih_l0 != encoder.gru.weight_ih_l0).any())
        (2, True)
    """
    return restore_module(_describe(encoder))


def _describe(encoder: nn.Module) -> dict[str, Any]:
    """Return the class and the arguments of an encoder of this library."""
    plain, kind = module_as_dict(encoder), type(encoder).__name__
    if plain is None:
        raise TypeError(
            f"`encoder` must be one of this library, whose arguments are known; got {kind}. Build "
            "another one of your own kind yourself."
        )
    return plain


def _fit(
    arguments: Mapping[str, Any], layout: SkeletonLayout, given: Mapping[str, int]
) -> dict[str, Any]:
    """Return the arguments of an encoder for another layout."""
    new = dict(arguments) | {name: value for name, value in given.items() if name in arguments}
    if "layout" in arguments:
        new["layout"] = layout.as_dict()
    if "joints" in arguments:
        new["joints"] = layout.num_joints
    if "in_features" in arguments:
        known, hint = "persons" in given, "They decide how many numbers a frame has."
        _checks.require(known, "`persons`", "be given for an encoder of sequences", None, hint)
        channels = given.get("in_channels", layout.dimensions)
        new["in_features"] = layout.num_joints * channels * given["persons"]
    return new


def _of_joints(
    kind: str, arguments: Mapping[str, Any], layout: SkeletonLayout, given: Mapping[str, int]
) -> set[str]:
    """Return the tensors that depend on joints: those that another joint would change."""
    more = SkeletonLayout("more", [*layout.joints, "more"], parents=[*layout.parents, 0])
    with torch.device("meta"):
        one, other = (
            restore_module({"kind": kind, "arguments": _fit(arguments, each, given)}).state_dict()
            for each in (layout, more)
        )
    changed = {name for name in one if one[name].shape != other[name].shape}
    norms = {name.rpartition(".")[0] for name in changed if name.endswith("running_mean")}
    return changed | {f"{norm}.num_batches_tracked" for norm in norms}
