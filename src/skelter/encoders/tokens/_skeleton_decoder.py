"""The decoder of masked prediction: what the hidden tokens of a clip were."""

from __future__ import annotations

from torch import Tensor, nn

from skelter import _checks
from skelter.encoders.parts._attention import AttentionBlock, check_sizes, learned_positions, xavier
from skelter.encoders.parts._recompute import recompute
from skelter.encoders.tokens._skeleton_transformer import SkeletonTransformer
from skelter.encoders.tokens._tokens import (
    put_tokens,
    take_all,
    take_positions,
    visible_indices,
)
from skelter.layouts import NTU25, SkeletonLayout, check_layout


class SkeletonDecoder(nn.Module):
    """A light transformer that predicts all tokens from the visible ones, as of MAMP and MAE.

    Encoded visible tokens are mapped to its own width. A learned token takes the place of every
    hidden one. Positions of its own are added, pre-norm blocks and a norm follow, and a linear map
    to the prediction. It is left out after pre-training.

    Args:
        layout: The layout of the clips.
        in_dim: Size of the encoded tokens.
        out_dim: How many numbers are predicted for a token: ``patch_frames * in_channels`` of the
            encoder for `functional.patchify`, or the size of latent targets.
        patches: Patches of a joint in time, ``frames / patch_frames`` of the encoder.
        width: Size of its tokens, a multiple of `heads`.
        depth: Number of blocks. The paper has 5, its released code 3 for NTU RGB+D 60.
        heads: Heads of the attention.
        recompute: Whether backward computes again what is inside its blocks, which saves memory
            and costs about a third more time.

    Raises:
        TypeError: `layout` is not a layout; in a call, the tokens do not have the dtype of the
            weights.
        ValueError: An argument is out of range; in a call, tokens and mask do not fit each other
            or the arguments.

    References:
        Mao et al., ICCV 2023 (MAMP); He et al., Masked Autoencoders Are Scalable Vision Learners,
        CVPR 2022

    Example:
        >>> import torch
        >>> decoder = SkeletonDecoder(NTU25, 64, patches=10, width=64, depth=1, heads=2)
        >>> keep = torch.zeros(4, 2, 10, 25, dtype=torch.bool)
        >>> keep[..., :3, :8] = True
        >>> decoder(torch.zeros(4, 2, 24, 64), keep).shape
        torch.Size([4, 2, 250, 12])
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        in_dim: int = 256,
        *,
        out_dim: int = 12,
        patches: int = 30,
        width: int = 256,
        depth: int = 5,
        heads: int = 8,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        for name, value in (("in_dim", in_dim), ("out_dim", out_dim), ("patches", patches)):
            _checks.positive_int(name, value)
        check_sizes(width, depth, heads)
        self.layout = check_layout(layout)
        self.in_dim, self.out_dim, self.patches = in_dim, out_dim, patches
        self.width, self.depth, self.heads, self.recompute = width, depth, heads, recompute
        self.embedding = nn.Linear(in_dim, width)
        self.mask_token = learned_positions(1, 1, width)
        self.temporal_positions = learned_positions(1, patches, 1, width)
        self.joint_positions = learned_positions(1, 1, layout.num_joints, width)
        self.blocks = nn.Sequential(*(AttentionBlock(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.predict = nn.Linear(width, out_dim)
        xavier(self.embedding)
        xavier(self.predict)

    @classmethod
    def for_encoder(cls, encoder: SkeletonTransformer, depth: int = 5) -> SkeletonDecoder:
        """Return a decoder of an encoder's sizes that predicts the patches of its clips.

        Example:
            >>> encoder = SkeletonTransformer(NTU25, frames=40, width=64, depth=1, heads=2)
            >>> SkeletonDecoder.for_encoder(encoder, depth=1).patches
            10
        """
        return cls(
            encoder.layout,
            encoder.width,
            out_dim=encoder.patch_frames * encoder.in_channels,
            patches=encoder.frames // encoder.patch_frames,
            width=encoder.width,
            depth=depth,
            heads=encoder.heads,
            recompute=encoder.recompute,
        )

    def forward(self, visible: Tensor, keep: Tensor) -> Tensor:
        """Return predictions for all tokens of clips.

        Args:
            visible: Encoded visible tokens (N, M, K, in_dim), as ``encoder.tokens(x, keep)``
                returns them.
            keep: True where a token is visible, (N, M, patches, V), K of every person.

        Returns:
            Predictions (N, M, patches * V, out_dim) in the order of `functional.patchify`.
        """
        keep = self._check(visible, keep)
        N, M, K, _ = visible.shape
        tokens = self.embedding(visible)
        hidden = self.mask_token.to(tokens.dtype).expand(N, M, keep[0, 0].numel(), -1)
        x = put_tokens(hidden, tokens, visible_indices(keep, K))
        x = x.flatten(0, 1) + (self.temporal_positions + self.joint_positions).flatten(1, 2)
        for block in self.blocks:
            x = recompute(block, x, block) if self.recompute else block(x)
        predictions: Tensor = self.predict(self.norm(x)).unflatten(0, (N, M))
        return predictions

    def retarget(
        self, layout: SkeletonLayout | None = None, *, patches: int | None = None
    ) -> SkeletonDecoder:
        """Return a decoder of these weights for another layout or length.

        See `SkeletonTransformer.retarget`.

        Args:
            layout: The new layout, the same if None.
            patches: The new number of patches, as many as before if None.
        """
        other = SkeletonDecoder(
            self.layout if layout is None else layout,
            self.in_dim,
            out_dim=self.out_dim,
            patches=self.patches if patches is None else patches,
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            recompute=self.recompute,
        )
        take_all(other, self)
        take_positions(other, self)
        return other

    def _check(self, visible: Tensor, keep: Tensor) -> Tensor:
        visible = _checks.floating("visible", visible)
        keep = _checks.tensor("keep", keep)
        _checks.require(
            visible.ndim == 4 and visible.shape[-1] == self.in_dim,
            "`visible`",
            f"have shape (N, M, K, in_dim) with in_dim={self.in_dim}",
            _checks.shape_of(visible),
            "The method `tokens` of an encoder returns them.",
        )
        shape = (*visible.shape[:2], self.patches, self.layout.num_joints)
        _checks.require(
            tuple(keep.shape) == shape,
            "`keep`",
            f"have shape (N, M, patches, V) = {shape} for these tokens",
            _checks.shape_of(keep),
            "Pass the mask that the tokens were taken by.",
        )
        _checks.dtype_of(visible, self, "visible")
        return keep
