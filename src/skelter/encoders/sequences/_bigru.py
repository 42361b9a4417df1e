"""The sequence encoder: a stack of gated recurrent units in two directions."""

from __future__ import annotations

from functools import partial

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks, _kernels
from skelter.encoders.parts._recompute import recompute
from skelter.encoders.parts._sequences import (
    POOLINGS,
    check_sequence,
    normalise,
    pool_frames,
    pooled_size,
)

DIRECTIONS = ("forward-pair", "bidirectional")


class BiGRU(nn.Module):
    """Gated recurrent units over the sequence representation, two a layer.

    ``direction="forward-pair"`` is what the released code of the reference method computes. It
    feeds a bidirectional GRU one frame at a time, so both units of a layer read forward in time.
    Their outputs are concatenated and feed the next layer. The published numbers and weights come
    from this. The feature is the last output of the pair.

    ``direction="bidirectional"`` is the textbook one: the second unit reads backward in time. The
    feature is the state of each unit after all frames: of the first at the last frame, of the
    second at the first frame.

    ``input_norm=True`` is the encoder of CMD, HaLP and PCM3, which normalise every number of a
    frame first, in the order joint, coordinate, person (`ToSequence("v c m")`).

    Both have the parameters of ``torch.nn.GRU(..., bidirectional=True)`` under ``gru``, so weights
    of either load into the other. Matrices are Xavier-uniform.

    Args:
        in_features: Numbers a frame, V * C * M: 150 for NTU25 with two persons.
        hidden: Width of each unit; features have twice as many.
        layers: Number of layers.
        direction: ``"forward-pair"`` or ``"bidirectional"``.
        input_norm: Whether a batch norm comes first, over the numbers of a frame. Its statistics
            are over clips and frames.
        pooling: How frames become a feature: ``"last"`` as above, ``"mean"``, ``"max"`` or
            ``"mean-max"``, which has both and twice as many features.
        recompute: Whether backward computes again what is inside its layers, which saves memory
            and costs about a third more time.

    Raises:
        TypeError: In a call, the input does not have the dtype of the weights.
        ValueError: An argument is out of range; in a call, the input is not (N, T, in_features),
            or a single frame trains the batch norm.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021; Su et al., Predict & Cluster, CVPR 2020; with a batch
        norm: Mao et al., CMD, ECCV 2022; Shah et al., HaLP, CVPR 2023; Zhang et al., PCM3, ACM MM
        2023.

    Example:
        >>> encoder = BiGRU(in_features=60, hidden=32, layers=2)
        >>> encoder(torch.zeros(4, 64, 60)).shape, encoder.feature_dim
        (torch.Size([4, 64]), 64)
    """

    def __init__(
        self,
        in_features: int = 150,
        hidden: int = 1024,
        *,
        layers: int = 3,
        direction: str = "forward-pair",
        input_norm: bool = False,
        pooling: str = "last",
        recompute: bool = False,
    ) -> None:
        super().__init__()
        for name, value in (("in_features", in_features), ("hidden", hidden), ("layers", layers)):
            _checks.positive_int(name, value)
        _checks.choice("direction", direction, DIRECTIONS)
        _checks.choice("pooling", pooling, ("last", *POOLINGS))
        self.feature_dim = pooled_size(2 * hidden, pooling)
        self.in_features, self.hidden, self.layers = in_features, hidden, layers
        self.direction, self.input_norm, self.pooling = direction, input_norm, pooling
        self.recompute = recompute
        self.norm = nn.BatchNorm1d(in_features) if input_norm else None
        self.gru = _Units(in_features, hidden, layers)
        for parameter in self.gru.parameters():
            if parameter.ndim == 2:
                nn.init.xavier_uniform_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, feature_dim) of sequences (N, T, in_features)."""
        states = self._states(x)
        if self.pooling != "last" or self.direction == "forward-pair":
            return pool_frames(states, self.pooling, axis=0)
        first, second = rearrange(states, "t n (u h) -> u t n h", u=2)
        return torch.cat([first[-1], second[0]], dim=-1)

    def frame_features(self, x: Tensor) -> Tensor:
        """Return the states of the last layer at every frame (N, T, 2 * hidden)."""
        return rearrange(self._states(x), "t n d -> n t d")

    def extra_repr(self) -> str:
        """Return the direction and the pooling, for the printed form of the module."""
        return f"direction={self.direction!r}, pooling={self.pooling!r}"

    def _states(self, x: Tensor) -> Tensor:
        """Return the states of the last layer, time first: (T, N, 2 * hidden)."""
        x = check_sequence(x, self.in_features, self)
        if self.norm is None:
            x = rearrange(x, "n t i -> t n i")
        else:
            x = rearrange(normalise(self.norm, x), "n i t -> t n i")
        reverse = self.direction == "bidirectional"
        states: Tensor = self.gru(x, reverse=reverse, lean=self.recompute)
        return states


@_kernels.plain_form("gru_pair")
def gru_pair(x: Tensor, *weights: Tensor, reverse: bool) -> Tensor:
    """Run two units over a sequence (T, N, I), the second one backward in time if ``reverse``.

    Args:
        x: Sequence of shape (T, N, I).
        weights: The four of the first unit, as `gru` takes them, then those of the second.
        reverse: Whether the second unit reads backward in time.

    Returns:
        The states (T, N, 2H).
    """
    first, second = weights[:4], weights[4:]
    backward = gru(x.flip(0), *second).flip(0) if reverse else gru(x, *second)
    return torch.cat([gru(x, *first), backward], dim=-1)


def gru(
    x: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> Tensor:
    """Run one gated recurrent unit over a sequence, from a state of zeros.

    The weights hold W_r, W_z, W_n and U_r, U_z, U_n one after another.

    Args:
        x: Sequence of shape (T, N, I).
        weight_ih: W of shape (3H, I).
        weight_hh: U of shape (3H, H).
        bias_ih: Shape (3H,).
        bias_hh: Shape (3H,).

    Returns:
        The states (T, N, H).

    References:
        Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, EMNLP 2014, with
        the reset gate after the product, as in ``torch.nn.GRU``.
    """
    from_x = F.linear(x, weight_ih, bias_ih)
    start = from_x.new_zeros(x.shape[1], weight_hh.shape[1])
    return _kernels.recur(_step, start, from_x, weight_hh, bias_hh)


def _step(h: Tensor, from_x: Tensor, weight_hh: Tensor, bias_hh: Tensor) -> Tensor:
    """Return the state of the next frame."""
    x_r, x_z, x_n = from_x.chunk(3, -1)
    h_r, h_z, h_n = F.linear(h, weight_hh, bias_hh).chunk(3, -1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


class _Units(nn.Module):
    """Layers of two units, with the parameters of a bidirectional ``nn.GRU`` under their names.

    That module itself would keep a compiler out.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        gru = nn.GRU(input_size, hidden_size, num_layers, bidirectional=True)
        for name, parameter in gru.named_parameters():
            self.register_parameter(name, parameter)

    def forward(self, x: Tensor, *, reverse: bool, lean: bool) -> Tensor:
        """Run all layers: (T, N, I) to (T, N, 2 H), and keep little for backward if `lean`."""
        for layer in range(self.num_layers):
            run = partial(self._layer, layer=layer, reverse=reverse)
            x = recompute(run, x, self) if lean else run(x)
        return x

    def _layer(self, x: Tensor, layer: int, reverse: bool) -> Tensor:
        """Run both units of a layer."""
        weights = self._weights(layer)
        if _kernels.is_fused(x, *weights):
            return _kernels.gru_pair(x, weights, reverse=reverse)
        return gru_pair(x, *weights, reverse=reverse)

    def _weights(self, layer: int) -> list[Tensor]:
        """Return matrices and biases of both units of a layer, as `gru_pair` takes them."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [
            getattr(self, f"{name}_l{layer}{suffix}")
            for suffix in ("", "_reverse")
            for name in names
        ]
