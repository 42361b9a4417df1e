"""The sequence encoder: a stack of gated recurrent units in two directions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from skelter import _checks

DIRECTIONS = ("forward-pair", "bidirectional")


class BiGRU(nn.Module):
    """Gated recurrent units over the sequence representation, two a layer.

    ``direction="forward-pair"`` is what the released code of the reference method computes. It
    feeds a bidirectional GRU one frame at a time, so both units of a layer read forward in time;
    their outputs are concatenated and feed the next layer. The published numbers and weights come
    from this. The feature is the last output of the pair.

    ``direction="bidirectional"`` is the textbook one: the second unit reads backward in time. The
    feature is the state of each after all frames: the first's at the last frame, the second's at
    the first frame.

    Both have the parameters of ``torch.nn.GRU(..., bidirectional=True)`` under ``gru``, so weights
    of either load into the other. Matrices are Xavier-uniform.

    Args:
        in_features: Numbers a frame, V * C * M: 150 for NTU25 with two persons.
        hidden: Width of each unit; features have twice as many.
        layers: Number of layers.
        direction: ``"forward-pair"`` or ``"bidirectional"``.

    Raises:
        ValueError: An argument is out of range; in a call, the input is no (N, T, in_features).

    References:
        Thoker, Doughty, Snoek, ACM MM 2021; Su et al., Predict & Cluster, CVPR 2020.

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
    ) -> None:
        super().__init__()
        for name, value in (("in_features", in_features), ("hidden", hidden), ("layers", layers)):
            _checks.positive_int(name, value)
        _checks.choice("direction", direction, DIRECTIONS)
        self.feature_dim = 2 * hidden
        self.direction = direction
        self.gru = nn.GRU(in_features, hidden, layers, batch_first=True, bidirectional=True)
        for parameter in self.gru.parameters():
            if parameter.ndim == 2:
                nn.init.xavier_uniform_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, 2 * hidden) of sequences (N, T, in_features)."""
        self._check(x)
        if self.direction == "bidirectional":
            _, state = self.gru(x)
            return torch.cat([state[-2], state[-1]], dim=-1)
        for layer in range(self.gru.num_layers):
            x = torch.cat([self._unit(x, f"l{layer}"), self._unit(x, f"l{layer}_reverse")], dim=-1)
        return x[:, -1]

    def extra_repr(self) -> str:
        """Name the direction."""
        return f"direction={self.direction!r}"

    def _unit(self, x: Tensor, suffix: str) -> Tensor:
        """Run one unit of one layer forward in time: (N, T, in) to (N, T, hidden)."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = [getattr(self.gru, f"{name}_{suffix}") for name in names]
        start = x.new_zeros(1, x.shape[0], self.gru.hidden_size)
        output, _ = torch.gru(x, start, weights, True, 1, 0.0, self.training, False, True)
        return output

    def _check(self, x: Tensor) -> None:
        _checks.floating("x", x)
        _checks.require(
            x.ndim == 3 and x.shape[-1] == self.gru.input_size and x.shape[1] > 0,
            "`x`",
            f"have shape (N, T, in_features) with in_features={self.gru.input_size}",
            _checks.shape_of(x),
            "Convert clips with ToSequence(), and build the encoder with in_features = V * C * M "
            "of your clips.",
        )
        _checks.not_empty(x)
