"""Two long short-term memories, one for each direction, as one operator with its own backward.

As for gated recurrent units (`_gru`), products that do not depend on the state before are taken
for all frames at once, clips are columns (H, N) inside, and both units step in one product.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from einops import rearrange
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from skelter._kernels._derivatives import plain_gradients
from skelter._kernels._gru import _add_product, _frames_first, _matrices, _merge, _part, _units
from skelter._kernels._switch import product_dtype


def lstm_pair(x: Tensor, weights: list[Tensor]) -> Tensor:
    """Run two units over a sequence, the second one backward in time.

    Args:
        x: Sequence of shape (T, N, I).
        weights: ``weight_ih`` (4H, I), ``weight_hh`` (4H, H), ``bias_ih`` and ``bias_hh`` (4H,)
            of the first unit, then of the second; the gates are i, f, g, o.

    Returns:
        The states (T, N, 2H) in the dtype of products.
    """
    if x.device.type == "cpu":
        dtype = product_dtype(x)
        weights = [weight.to(dtype) if weight.ndim == 2 else weight for weight in weights]
        states: Tensor = _lstm_pair(x.to(dtype), weights)[0]
        return states
    # Elsewhere torch has fused units of its own.
    start = x.new_zeros(2, x.shape[1], weights[1].shape[1])
    train = torch.is_grad_enabled()
    return torch.lstm(x, [start, start], weights, True, 1, 0.0, train, True, False)[0]


@torch.library.custom_op(
    "skelter::lstm_pair",
    mutates_args=(),
    schema="(Tensor x, Tensor[] weights) -> (Tensor, Tensor, Tensor)",
)
def _lstm_pair(x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the states (T, N, 2H), the gates (2, T, 4H, N), and the cells (2, T, H, N)."""
    T, N, _ = x.shape
    units = _units(weights)
    H = units[0][1].shape[1]
    gates = x.new_empty(2, T, 4 * H, N, dtype=torch.promote_types(x.dtype, torch.float32))
    for unit, (weight_ih, _, bias_ih, bias_hh) in enumerate(units):
        seen = x.flip(0) if unit == 1 else x
        projected = _frames_first(weight_ih @ seen.reshape(T * N, -1).t(), T)
        torch.add(projected, (bias_ih + bias_hh)[:, None], out=gates[unit])
    recurrent = torch.stack([unit[1] for unit in units])
    states, cells = x.new_empty(2, T, H, N), gates.new_empty(2, T, H, N)
    h = c = gates.new_zeros(2, H, N)
    for t in range(T):
        now = gates[:, t]
        _add_product(now, recurrent, h)
        now[:, : 2 * H].sigmoid_()
        now[:, 2 * H : 3 * H].tanh_()
        now[:, 3 * H :].sigmoid_()
        i, f, g, o = now.chunk(4, 1)
        c = torch.addcmul(f * c, i, g)
        h = o * c.tanh()
        cells[:, t], states[:, t] = c, h
    return _merge(states, True), gates, cells


@_lstm_pair.register_fake
def _(x: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    T, N, _ = x.shape
    H = weights[1].shape[1]
    wide = torch.promote_types(x.dtype, torch.float32)
    gates = x.new_empty(2, T, 4 * H, N, dtype=wide)
    return x.new_empty(T, N, 2 * H), gates, x.new_empty(2, T, H, N, dtype=wide)


@torch.library.custom_op(
    "skelter::lstm_pair_backward",
    mutates_args=(),
    schema="(Tensor grad, Tensor x, Tensor[] weights, Tensor states, Tensor gates, Tensor cells,"
    " bool wants_x) -> Tensor[]",
)
def _lstm_pair_backward(
    grad: Tensor,
    x: Tensor,
    weights: Sequence[Tensor],
    states: Tensor,
    gates: Tensor,
    cells: Tensor,
    wants_x: bool,
) -> list[Tensor]:
    """Return the gradients of `weights`, in their order, and that of `x` (empty if not wanted)."""
    T, N, _ = x.shape
    units = _units(weights)
    before = gates.new_zeros(cells.shape)
    before[:, 1:] = _part(states, True)[:, :-1]
    recurrent = torch.stack([unit[1].t() for unit in units])
    at_gates = _at_gates(_part(grad, True).to(gates.dtype), gates, cells, recurrent)
    of_weights: list[Tensor] = []
    of_x: list[Tensor] = []
    for unit, (weight_ih, _, bias_ih, bias_hh) in enumerate(units):
        rows = rearrange(at_gates[unit], "t g n -> g (t n)")
        seen = (x.flip(0) if unit == 1 else x).reshape(T * N, -1)
        states_before = rearrange(before[unit], "t h n -> h (t n)").to(x.dtype)
        of_weights += [rows @ seen, rows @ states_before.t()]
        of_weights += [rows.sum(1, dtype=bias.dtype) for bias in (bias_ih, bias_hh)]
        if wants_x:
            part = (rows.t() @ weight_ih).view(x.shape)
            of_x.append(part.flip(0) if unit == 1 else part)
    return [*of_weights, of_x[0].add_(of_x[1]) if wants_x else x.new_empty(0)]


def _at_gates(grad: Tensor, gates: Tensor, cells: Tensor, recurrent: Tensor) -> Tensor:
    """Go back in time: the gradients before the nonlinearity of every gate, (2, T, 4H, N).

    The gates i, f and g take shares of the gradient of their cell, o one of that of its state.
    All shares are known before the walk begins.
    """
    i, f, g, o = gates.chunk(4, 2)
    H, out_of = cells.shape[2], cells.tanh()
    cells_before = torch.cat([torch.zeros_like(cells[:, :1]), cells[:, :-1]], 1)
    shares = torch.cat(
        [g * i * (1 - i), cells_before * f * (1 - f), i * (1 - g * g), out_of * o * (1 - o)], 2
    )
    to_cell = o * (1 - out_of * out_of)
    at_gates = torch.empty_like(gates, dtype=recurrent.dtype)
    by_gate, out = (rearrange(x, "u t (g h) n -> u t g h n", h=H) for x in (shares, at_gates))
    h, c = torch.zeros_like(grad[:, 0]), torch.zeros_like(grad[:, 0])
    for t in reversed(range(grad.shape[1])):
        h = h + grad[:, t]
        c.addcmul_(h, to_cell[:, t])
        torch.mul(by_gate[:, t, :3], c[:, None], out=out[:, t, :3])
        torch.mul(by_gate[:, t, 3], h, out=out[:, t, 3])
        c *= f[:, t]
        if t:  # the state before the first is constant
            h = torch.bmm(recurrent, at_gates[:, t]).to(grad.dtype)
    return at_gates


@_lstm_pair_backward.register_fake
def _(
    grad: Tensor,
    x: Tensor,
    weights: Sequence[Tensor],
    states: Tensor,
    gates: Tensor,
    cells: Tensor,
    wants_x: bool,
) -> list[Tensor]:
    return [*map(torch.empty_like, weights), torch.empty_like(x) if wants_x else x.new_empty(0)]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
    x, weights = inputs
    ctx.save_for_backward(x, *output, *weights)


def _backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor | None, Sequence[Tensor | None]]:
    x, states, gates, cells, *weights = ctx.saved_tensors
    if torch.is_grad_enabled():
        of_x, *of_weights = plain_gradients("lstm_pair", [x, *weights], grad)
        return of_x, of_weights
    wants_x = ctx.needs_input_grad[0]
    *of_weights, of_x = _lstm_pair_backward(
        grad.contiguous(), x, weights, states, gates, cells, wants_x
    )
    return of_x if wants_x else None, of_weights


_lstm_pair.register_autograd(_backward, setup_context=_keep)


@register_flop_formula(torch.ops.skelter.lstm_pair)
def _(x: Any, weights: Any, *args: Any, **kwargs: Any) -> int:
    """Count the products with the input, of all frames, and with the state, frame by frame."""
    T, N, _ = x
    flops: int = sum(2 * T * N * rows * columns for rows, columns in _matrices(weights))
    return flops


@register_flop_formula(torch.ops.skelter.lstm_pair_backward)
def _(
    grad: Any, x: Any, weights: Any, states: Any, gates: Any, cells: Any, wants_x: bool,
    *args: Any, **kwargs: Any,
) -> int:  # fmt: skip
    """Count those of the weights once more, of the states but the first, and of the input."""
    T, N, _ = x
    of_units = list(_matrices(weights))
    of_weights: int = sum(2 * T * N * rows * columns for rows, columns in of_units)
    of_states: int = sum(2 * (T - 1) * N * rows * columns for rows, columns in of_units[1::2])
    of_x: int = sum(2 * T * N * rows * columns for rows, columns in of_units[::2]) if wants_x else 0
    return of_weights + of_states + of_x
