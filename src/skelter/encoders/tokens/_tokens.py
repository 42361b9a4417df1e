"""Clips as tokens: patches of frames of one joint, and those of them that are visible."""

from __future__ import annotations

from typing import Protocol

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks
from skelter.layouts import SkeletonLayout, pair_joints


def patchify(x: Tensor, patch_frames: int) -> Tensor:
    """Cut clips into tokens: patches of some frames of one joint of one person.

    Tokens are ordered by frames, then by joints, and the numbers of a token by frames, then by
    coordinates. A model of masked prediction predicts these numbers.

    Args:
        x: Clips of shape (..., C, T, V, M).
        patch_frames: Frames of a token, P. T is a multiple of it.

    Returns:
        The numbers of the tokens, (..., M, T / P * V, P * C).

    Raises:
        ValueError: T is not a multiple of `patch_frames`.

    References:
        Mao et al., ICCV 2023 (MAMP)

    Example:
        >>> patchify(torch.zeros(8, 3, 120, 25, 2), 4).shape
        torch.Size([8, 2, 750, 12])
    """
    x = _checks.clips(x)
    _checks.positive_int("patch_frames", patch_frames)
    whole_patches(x, patch_frames)
    return rearrange(x, "... c (t p) v m -> ... m (t v) (p c)", p=patch_frames)


def unpatchify(patches: Tensor, patch_frames: int, joints: int) -> Tensor:
    """Make clips of the numbers of their tokens: undo `patchify`.

    Args:
        patches: The numbers of the tokens, (..., M, T / P * V, P * C).
        patch_frames: Frames of a token, P.
        joints: Joints V of the clips.

    Returns:
        Clips of shape (..., C, T, V, M).

    Raises:
        ValueError: The tokens are no multiple of the joints, or their numbers no multiple of
            `patch_frames`.

    Example:
        >>> x = torch.randn(8, 3, 120, 25, 2)
        >>> torch.equal(unpatchify(patchify(x, 4), 4, joints=25), x)
        True
    """
    patches = _checks.floating("patches", patches)
    _checks.positive_int("patch_frames", patch_frames)
    _checks.positive_int("joints", joints)
    shape = _checks.shape_of(patches)
    fits = len(shape) >= 3 and shape[-2] % joints == 0 and shape[-1] % patch_frames == 0
    _checks.require(
        fits,
        "`patches`",
        f"have shape (..., M, blocks * {joints}, {patch_frames} * C)",
        shape,
        "Pass the patch_frames and the joints that the clips were cut by.",
    )
    return rearrange(patches, "... m (t v) (p c) -> ... c (t p) v m", p=patch_frames, v=joints)


def visible_indices(keep: Tensor, visible: int | None = None) -> Tensor:
    """Return which tokens a mask keeps, as indices.

    Args:
        keep: True where a token is visible, (..., M, T / P, V), as masks of
            `skelter.transforms` return it.
        visible: How many tokens are visible of each person. Without it they are counted, which
            makes a GPU wait, and cannot be compiled.

    Returns:
        Indices into the T / P * V tokens in ascending order, int64 (..., M, visible).

    Raises:
        TypeError: The mask is not of truth values.
        ValueError: Persons have different numbers of visible tokens, or others than `visible`.
            On other devices than the processor, `visible` is taken at its word.

    Example:
        >>> keep = torch.zeros(1, 1, 2, 3, dtype=torch.bool)  # one person, 2 patches, 3 joints
        >>> keep[..., 1, :2] = True
        >>> visible_indices(keep)
        tensor([[[3, 4]]])
    """
    keep = _checks.tensor("keep", keep)
    truth = keep.dtype == torch.bool
    hint = "Token masks of skelter.transforms make it."
    _checks.require(
        truth, "`keep`", "be True where a token is visible", keep.dtype, hint, error=TypeError
    )
    fits = keep.ndim >= 3 and keep.numel() > 0
    _checks.require(fits, "`keep`", "have shape (..., M, T / P, V)", _checks.shape_of(keep))
    flat = keep.flatten(-2)
    _checks.require(
        visible is not None or not torch.compiler.is_compiling(),
        "`visible`",
        "be given where a program is compiled or exported",
        None,
        "It is the number of tokens that the mask keeps of each person.",
    )
    if visible is None:
        visible = int(flat.sum(-1).flatten()[0])
    _checks.require(visible > 0, "`keep`", "keep at least one token of every person", "none")
    if keep.device.type == "cpu" and not torch.compiler.is_compiling():
        same = _checks.read_number((flat.sum(-1) == visible).all()) != 0
        expected = f"keep {_checks.plural(visible, 'token')} of every person"
        hint = "Draw masks that keep as many tokens of each: with one ratio, not a range."
        _checks.require(same, "`keep`", expected, "other numbers", hint)
    order = torch.arange(flat.shape[-1], device=keep.device)
    return (order + flat.shape[-1] * ~flat).argsort(-1)[..., :visible]


def take_tokens(tokens: Tensor, indices: Tensor) -> Tensor:
    """Take some tokens of every person.

    Args:
        tokens: Shape (..., L, D).
        indices: Indices into the L tokens, (..., K), as `visible_indices` returns them.

    Returns:
        Tokens (..., K, D).

    Raises:
        ValueError: The leading axes differ.

    Example:
        >>> take_tokens(torch.tensor([[[5.0], [6.0], [7.0]]]), torch.tensor([[2, 0]]))
        tensor([[[7.],
                 [5.]]])
    """
    _checks.require(
        tokens.shape[:-2] == indices.shape[:-1],
        "`indices`",
        f"lead with the axes of `tokens` {_checks.shape_of(tokens)}",
        _checks.shape_of(indices),
        "Make the mask for these clips.",
    )
    return tokens.gather(-2, indices[..., None].expand(*indices.shape, tokens.shape[-1]))


def put_tokens(hidden: Tensor, tokens: Tensor, indices: Tensor) -> Tensor:
    """Put tokens (..., K, D) in their places among hidden ones (..., L, D)."""
    index = indices[..., None].expand(*indices.shape, tokens.shape[-1])
    return hidden.scatter(-2, index, tokens)


def resize_positions(positions: Tensor, patches: int) -> Tensor:
    """Resize positions in time bicubically, for clips of another length.

    Args:
        positions: Learned positions of the patches of a clip, (1, T / P, 1, D).
        patches: How many patches clips will have.

    Returns:
        Positions (1, patches, 1, D).

    Raises:
        ValueError: The positions do not have four axes, or `patches` is below 1.

    References:
        Mao et al., ICCV 2023 (MAMP): the loaders of its released code

    Example:
        >>> resize_positions(torch.zeros(1, 30, 1, 256), 16).shape
        torch.Size([1, 16, 1, 256])
    """
    _checks.positive_int("patches", patches)
    shape = _checks.shape_of(positions)
    fits = len(shape) == 4 and shape[0] == shape[2] == 1
    _checks.require(fits, "`positions`", "have shape (1, T / P, 1, D)", shape)
    maps = rearrange(positions, "1 t 1 d -> 1 d t 1")
    resized = F.interpolate(maps, (patches, 1), mode="bicubic", align_corners=False)
    return rearrange(resized, "1 d t 1 -> 1 t 1 d")


def whole_patches(x: Tensor, patch_frames: int) -> None:
    """Refuse clips with frames left over behind the last patch."""
    _checks.require(
        x.shape[-3] % patch_frames == 0,
        "`x`",
        f"have a multiple of patch_frames={patch_frames} frames",
        f"T={x.shape[-3]}",
        "Resample clips first, such as by TemporalCropResize(120).",
    )


class Positioned(Protocol):
    """A network of tokens: its layout, and positions (1, T / P, 1, D) and (1, 1, V, D)."""

    layout: SkeletonLayout
    temporal_positions: nn.Parameter
    joint_positions: nn.Parameter


def take_positions(network: Positioned, trained: Positioned) -> None:
    """Set the positions of a network to those of another one, resized and matched by name.

    Joints that only the layout of `network` has keep their positions.
    """
    patches = network.temporal_positions.shape[1]
    with torch.no_grad():
        in_time: Tensor = trained.temporal_positions
        if in_time.shape[1] != patches:
            in_time = resize_positions(in_time, patches)
        network.temporal_positions.copy_(in_time)
        for joint, source in pair_joints(trained.layout, network.layout).items():
            network.joint_positions[:, :, joint] = trained.joint_positions[:, :, source]


POSITIONS = ("temporal_positions", "joint_positions")


def take_all(network: nn.Module, trained: nn.Module) -> None:
    """Load all weights of another network but its positions, and follow its dtype and mode."""
    state = trained.state_dict()
    like = state[POSITIONS[0]]
    network.to(like.device, like.dtype).train(trained.training)
    own = network.state_dict()
    network.load_state_dict({**state, **{name: own[name] for name in POSITIONS}})
