"""The small transformer of sequences, whose tokens are a few frames each."""

from __future__ import annotations

from einops import rearrange
from torch import Tensor, nn

from skelter import _checks, _kernels
from skelter.encoders.parts._attention import AttentionBlock, check_sizes, learned_positions
from skelter.encoders.parts._sequences import check_sequence, normalise


class FrameTransformer(nn.Module):
    """A transformer over the frames of the sequence representation, for small sets.

    The numbers of a frame and their steps to the next frame are normalised by their statistics
    over clips and frames. A linear map makes a token of every `patch_frames` frames, and a
    learned position is added. Pre-norm blocks of attention and a perceptron follow, and a last
    norm. Features are means over tokens. It has about 110,000 parameters for 150 numbers a frame.

    The last frame of a clip has no step: it counts as zero, as in `ToMotion`.

    Args:
        in_features: Numbers a frame, V * C * M: 150 for NTU25 with two persons.
        width: Size D of the tokens, a multiple of `heads`.
        layers: Number of blocks.
        heads: Heads of the attention.
        mlp_ratio: Size of the hidden layer of the perceptron, in widths.
        frames: The most frames T of a clip, a multiple of `patch_frames`. Shorter clips take the
            first positions.
        patch_frames: Frames of a token, which divide T.
        motion: Whether steps to the next frame stand beside the numbers.

    Raises:
        TypeError: In a call, the input does not have the dtype of the weights.
        ValueError: An argument is out of range; in a call, the input is not (N, T, in_features),
            has more frames than positions or a number that is not a multiple of `patch_frames`,
            or a single frame trains the batch norm.

    References:
        Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021

    Example:
        >>> import torch
        >>> encoder = FrameTransformer(in_features=60)
        >>> x = torch.zeros(4, 32, 60)
        >>> encoder(x).shape, encoder.frame_features(x).shape
        (torch.Size([4, 64]), torch.Size([4, 16, 64]))
    """

    def __init__(
        self,
        in_features: int = 150,
        width: int = 64,
        *,
        layers: int = 2,
        heads: int = 4,
        mlp_ratio: int = 2,
        frames: int = 64,
        patch_frames: int = 2,
        motion: bool = True,
    ) -> None:
        super().__init__()
        sizes = {"in_features": in_features, "mlp_ratio": mlp_ratio, "frames": frames}
        for name, value in (sizes | {"patch_frames": patch_frames}).items():
            _checks.positive_int(name, value)
        whole = frames % patch_frames == 0
        _checks.require(whole, "`frames`", f"be a multiple of patch_frames={patch_frames}", frames)
        check_sizes(width, layers, heads)
        self.in_features, self.width, self.layers, self.heads = in_features, width, layers, heads
        self.mlp_ratio, self.frames, self.patch_frames = mlp_ratio, frames, patch_frames
        self.motion, self.feature_dim = motion, width
        numbers = 2 * in_features if motion else in_features
        self.input_norm = nn.BatchNorm1d(numbers)
        self.patch_embedding = nn.Conv1d(numbers, width, patch_frames, stride=patch_frames)
        self.positions = learned_positions(1, frames // patch_frames, width)
        self.blocks = nn.Sequential(
            *(AttentionBlock(width, heads, mlp_ratio=mlp_ratio) for _ in range(layers))
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, width) of sequences (N, T, in_features)."""
        return self.frame_features(x).mean(1)

    def frame_features(self, x: Tensor) -> Tensor:
        """Return the encoded tokens (N, T / patch_frames, width), before the mean."""
        x = self._check(x)
        x = normalise(self.input_norm, x, motion=self.motion)
        tokens = rearrange(self.patch_embedding(x), "n d t -> n t d")
        tokens = tokens + self.positions[:, : tokens.shape[1]]
        encoded: Tensor = self.norm(self.blocks(tokens))
        return encoded.to(_kernels.product_dtype(encoded))

    def _check(self, x: Tensor) -> Tensor:
        x = check_sequence(x, self.in_features, self)
        T, P = x.shape[1], self.patch_frames
        _checks.require(
            self.frames >= T,
            "`x`",
            f"have at most the {self.frames} frames that this FrameTransformer has positions for",
            _checks.shape_of(x),
            "Pass frames=... to it, or crop and resize clips to fewer.",
        )
        hint = "Crop and resize clips to such a number."
        whole = f"have frames in a multiple of patch_frames={P}"
        _checks.require(T % P == 0, "`x`", whole, _checks.shape_of(x), hint)
        return x
