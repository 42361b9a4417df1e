"""Recurrent units that read a sequence forward and backward, with their states at every frame."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _kernels
from skelter.encoders.sequences._bigru import gru_pair

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class BidirectionalGRU(nn.Module):
    """A layer of two gated recurrent units, the second of which reads backward in time.

    It has the parameters of ``torch.nn.GRU(size, width // 2, bidirectional=True)``. That module
    itself would keep a compiler out.

    Args:
        size: Numbers I of a frame.
        width: Size D of the states of both units together, even.

    Example:
        >>> BidirectionalGRU(6, 8)(torch.zeros(2, 5, 6)).shape
        torch.Size([2, 5, 8])
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        _own(self, nn.GRU(size, width // 2, bidirectional=True))

    def forward(self, x: Tensor) -> Tensor:
        """Return states (N, T, D) of sequences (N, T, I)."""
        x, weights = rearrange(x, "n t i -> t n i"), _weights(self)
        if _kernels.is_fused(x, *weights):
            states = _kernels.gru_pair(x, weights, reverse=True)
        else:
            states = gru_pair(x, *weights, reverse=True)
        return rearrange(states, "t n d -> n t d")


class BidirectionalLSTM(nn.Module):
    """A layer of two long short-term memories, the second of which reads backward in time.

    It has the parameters of ``torch.nn.LSTM(size, width // 2, bidirectional=True)``. That module
    itself would keep a compiler out.

    Args:
        size: Numbers I of a frame.
        width: Size D of the states of both units together, even.

    Example:
        >>> BidirectionalLSTM(6, 8)(torch.zeros(2, 5, 6)).shape
        torch.Size([2, 5, 8])
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        _own(self, nn.LSTM(size, width // 2, bidirectional=True))

    def forward(self, x: Tensor) -> Tensor:
        """Return states (N, T, D) of sequences (N, T, I)."""
        x, weights = rearrange(x, "n t i -> t n i"), _weights(self)
        if _kernels.is_fused(x, *weights):
            states = _kernels.lstm_pair(x, weights)
        else:
            states = lstm_pair(x, *weights)
        return rearrange(states, "t n d -> n t d")


@_kernels.plain_form("lstm_pair")
def lstm_pair(x: Tensor, *weights: Tensor) -> Tensor:
    """Run two units over a sequence, the second one backward in time.

    Args:
        x: Sequence of shape (T, N, I).
        weights: The four of the first unit, as `lstm` takes them, then those of the second.

    Returns:
        The states (T, N, 2H).
    """
    first, second = weights[:4], weights[4:]
    return torch.cat([lstm(x, *first), lstm(x.flip(0), *second).flip(0)], dim=-1)


def lstm(
    x: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor, bias_hh: Tensor
) -> Tensor:
    """Run one long short-term memory over a sequence, from states of zeros.

    The weights hold those of the gates i, f, g and o one after another.

    Args:
        x: Sequence of shape (T, N, I).
        weight_ih: Shape (4H, I).
        weight_hh: Shape (4H, H).
        bias_ih: Shape (4H,).
        bias_hh: Shape (4H,).

    Returns:
        The states (T, N, H).

    References:
        Hochreiter and Schmidhuber, Neural Computation 1997; Gers et al., Neural Computation 2000
    """
    H = weight_hh.shape[1]
    from_x = F.linear(x, weight_ih, bias_ih + bias_hh)
    start = from_x.new_zeros(x.shape[1], 2 * H)
    return _kernels.recur(_step, start, from_x, weight_hh)[..., :H]


def _step(state: Tensor, from_x: Tensor, weight_hh: Tensor) -> Tensor:
    """Return the state and the cell of the next frame, side by side."""
    h, c = state.chunk(2, -1)
    i, f, g, o = (from_x + F.linear(h, weight_hh)).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return torch.cat([h, c], dim=-1)


def _own(module: nn.Module, units: nn.Module) -> None:
    """Take over the parameters of units, with matrices that are Xavier-uniform."""
    for name, parameter in units.named_parameters():
        module.register_parameter(name, parameter)
        if parameter.ndim == 2:
            nn.init.xavier_uniform_(parameter)


def _weights(module: nn.Module) -> list[Tensor]:
    """Return matrices and biases of both units, as `lstm_pair` and `gru_pair` take them."""
    return [getattr(module, f"{name}_l0{suffix}") for suffix in ("", "_reverse") for name in NAMES]
