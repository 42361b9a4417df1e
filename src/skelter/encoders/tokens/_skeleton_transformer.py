"""The token encoder: a transformer over patches of frames of single joints."""

from __future__ import annotations

from einops import rearrange
from torch import Tensor, nn

from skelter import _checks, _kernels
from skelter.encoders.parts._attention import AttentionBlock, check_sizes, deepen, learned_positions
from skelter.encoders.parts._pooling import persons_apart, pool_map
from skelter.encoders.parts._recompute import run_blocks
from skelter.encoders.tokens._tokens import (
    take_all,
    take_positions,
    take_tokens,
    visible_indices,
)
from skelter.layouts import NTU25, SkeletonLayout, check_layout


class SkeletonTransformer(nn.Module):
    """A transformer whose tokens are patches of some frames of one joint, as of MAMP.

    A patch of `patch_frames` frames of one joint becomes a token by a linear map. A learned
    position in time and one of the joint are added. Pre-norm blocks follow, and a last norm. Each
    person is a clip of its own, so that any number of persons fits. Features are means of tokens
    over persons, frames and joints. There is no class token. Fine-tuning sets `drop_path`.

    Masked prediction encodes the visible tokens alone, by ``tokens(x, keep)``, and a
    `SkeletonDecoder` predicts the others.

    Args:
        layout: The layout of the clips, any number of joints.
        in_channels: Coordinates C of a joint.
        frames: Frames T of a clip, a multiple of `patch_frames`. `retarget` makes an encoder for
            other lengths.
        patch_frames: Frames P of a token.
        width: Size D of the tokens, a multiple of `heads`.
        depth: Number of blocks.
        heads: Heads of the attention.
        recompute: Whether backward computes again what is inside its blocks, which saves memory
            and costs about a third more time.

    Raises:
        TypeError: `layout` is not a layout; in a call, the clips do not have the dtype of the
            weights.
        ValueError: An argument is out of range; in a call, the clips do not fit the arguments.

    References:
        Mao et al., Masked Motion Predictors are Strong 3D Action Representation Learners,
        ICCV 2023 (MAMP), section 3; Dosovitskiy et al., ICLR 2021

    Example:
        >>> import torch
        >>> encoder = SkeletonTransformer(NTU25, frames=40, width=64, depth=2, heads=2)
        >>> x = torch.zeros(4, 3, 40, 25, 2)
        >>> encoder(x).shape, encoder.feature_map(x).shape
        (torch.Size([4, 64]), torch.Size([4, 64, 10, 25, 2]))
        >>> keep = torch.zeros(4, 2, 10, 25, dtype=torch.bool)
        >>> keep[..., :3, :8] = True
        >>> encoder.tokens(x, keep).shape
        torch.Size([4, 2, 24, 64])
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        in_channels: int = 3,
        *,
        frames: int = 120,
        patch_frames: int = 4,
        width: int = 256,
        depth: int = 8,
        heads: int = 8,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        sizes = {"in_channels": in_channels, "frames": frames, "patch_frames": patch_frames}
        for name, value in sizes.items():
            _checks.positive_int(name, value)
        whole = frames % patch_frames == 0
        _checks.require(whole, "`frames`", f"be a multiple of patch_frames={patch_frames}", frames)
        check_sizes(width, depth, heads)
        self.layout = check_layout(layout)
        self.in_channels, self.frames, self.patch_frames = in_channels, frames, patch_frames
        self.width, self.depth, self.heads, self.recompute = width, depth, heads, recompute
        self.feature_dim = width
        patch = (patch_frames, 1)
        self.patch_embedding = nn.Conv2d(in_channels, width, patch, stride=patch)
        self.temporal_positions = learned_positions(1, frames // patch_frames, 1, width)
        self.joint_positions = learned_positions(1, 1, layout.num_joints, width)
        self.blocks = nn.Sequential(*(AttentionBlock(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.drop_path = 0.0

    @property
    def drop_path(self) -> float:
        """Stochastic depth: the chance that training leaves out a branch of the last block.

        It is 0 at first. Setting it to p lets the chance rise from 0 in the first block to p in
        the last, for each person of each clip. Published fine-tuning has 0.3.
        """
        return self._drop_path

    @drop_path.setter
    def drop_path(self, chance: float) -> None:
        deepen(self.blocks, chance)
        self._drop_path = float(chance)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, width) of clips (N, C, T, V, M)."""
        return self.pool(self.feature_map(x))

    def feature_map(self, x: Tensor) -> Tensor:
        """Return the encoded tokens of clips as a map, (N, width, T / P, V, M)."""
        V = self.layout.num_joints
        return rearrange(self.tokens(x), "n m (t v) d -> n d t v m", v=V)

    def pool(self, feature_map: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return features (N, width) of a map: means over persons, frames and joints.

        Args:
            feature_map: What `feature_map` returned.
            mask: True where to look, any shape that broadcasts to (N, T / P, V, M). None looks
                everywhere, and counts absent persons like others, as the paper does.
        """
        return pool_map(feature_map, mask)

    def tokens(self, x: Tensor, keep: Tensor | None = None, visible: int | None = None) -> Tensor:
        """Return the encoded tokens of clips (N, C, T, V, M).

        Args:
            x: Clips.
            keep: True where a token is visible, (N, M, T / P, V), as masks of
                `skelter.transforms` return it. Others are neither encoded nor attended to.
            visible: How many tokens of each person are visible. Without it they are counted,
                which makes a GPU wait, and cannot be compiled.

        Returns:
            All tokens (N, M, T / P * V, width), or the visible ones (N, M, visible, width) in the
            same order: by frames, then by joints.

        Raises:
            ValueError: The mask does not fit the clips, or does not keep as many tokens of every
                person.
        """
        tokens = self.embed(x)
        if keep is None:
            return self.encode(tokens)
        keep = _checks.tensor("keep", keep)
        N, M = tokens.shape[:2]
        shape = (N, M, self.frames // self.patch_frames, self.layout.num_joints)
        _checks.require(
            tuple(keep.shape) == shape,
            "`keep`",
            f"have shape (N, M, T / {self.patch_frames}, V) = {shape} for these clips",
            _checks.shape_of(keep),
            f"Draw it by a token mask of patch={self.patch_frames}.",
        )
        return self.encode(take_tokens(tokens, visible_indices(keep, visible)))

    def embed(self, x: Tensor) -> Tensor:
        """Return the tokens of clips (N, C, T, V, M) with their positions, not encoded.

        Returns:
            Tokens (N, M, T / P * V, width), ordered by frames, then by joints.
        """
        x = self._check(x)
        patches = self.patch_embedding(persons_apart(x))
        patches = rearrange(patches, "(n m) d t v -> n m t v d", m=x.shape[-1])
        tokens: Tensor = patches + self.temporal_positions + self.joint_positions
        return tokens.flatten(2, 3)

    def encode(self, tokens: Tensor) -> Tensor:
        """Return encoded tokens (..., L, width) of tokens with positions, any part of a clip's.

        Each sequence of L tokens is encoded alone. Their order does not matter.
        """
        x = run_blocks(self.blocks, tokens.flatten(0, -3), lean=self.recompute)
        out: Tensor = self.norm(x).unflatten(0, tokens.shape[:-2])
        return out.to(_kernels.product_dtype(out))

    def retarget(
        self, layout: SkeletonLayout | None = None, *, frames: int | None = None
    ) -> SkeletonTransformer:
        """Return an encoder of these weights for clips of another layout or length.

        All that depends on neither is kept. Positions in time are resized bicubically, as the
        released code does. Joints take over the positions of those of the same name, as
        `skelter.layouts.pair_joints` finds them. The positions of other joints start anew.

        Args:
            layout: The new layout, the same if None.
            frames: The new frames of a clip, as many as before if None.

        Raises:
            ValueError: `frames` is no multiple of `patch_frames`.

        Example:
            >>> from skelter.layouts import KINECT20
            >>> encoder = SkeletonTransformer(NTU25, frames=120, width=64, depth=1, heads=2)
            >>> other = encoder.retarget(KINECT20, frames=64)
            >>> other.temporal_positions.shape, other.joint_positions.shape
            (torch.Size([1, 16, 1, 64]), torch.Size([1, 1, 20, 64]))
        """
        other = SkeletonTransformer(
            self.layout if layout is None else layout,
            self.in_channels,
            frames=self.frames if frames is None else frames,
            patch_frames=self.patch_frames,
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            recompute=self.recompute,
        )
        other.drop_path = self.drop_path
        take_all(other, self)
        other.take_positions(self)
        return other

    def take_positions(self, trained: SkeletonTransformer) -> None:
        """Take over the positions of an encoder of another layout or length, as `retarget` does.

        Joints that only this layout has keep their positions.

        Args:
            trained: An encoder of the same width.
        """
        take_positions(self, trained)

    def _check(self, x: Tensor) -> Tensor:
        x = _checks.clip_batch(x)
        owner = "this SkeletonTransformer"
        _checks.joints(x, self.layout)
        _checks.axis(x, "C", self.in_channels, owner, "Pass in_channels=... to it.")
        frames = x.shape[-3]
        hint = f"Resample the clips, such as by TemporalCropResize({self.frames})"
        if frames % self.patch_frames == 0:
            hint += f", or build it with frames={frames}. `retarget` does so with trained weights"
        _checks.axis(x, "T", self.frames, owner, f"{hint}.")
        _checks.dtype_of(x, self)
        return x
