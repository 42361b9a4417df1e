"""One layer of two gated recurrent units as one operator, with a backward pass of its own.

Stepped by autograd, every frame costs a gradient of the size of the weights. Here the products
that do not depend on the state before are taken for all frames at once, forward and backward. Only
the recurrence itself goes frame by frame, both units in one product. A compiler sees one operator.

Clips are columns (H, N) inside, so that a weight (3H, H) multiplies from the left, row by row as it
lies in memory. As rows (N, H), clips would need the weight brought into another order, at every
frame again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from einops import rearrange
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from skelter._kernels._derivatives import plain_gradients
from skelter._kernels._switch import product_dtype

FEW = 16  # clips, below which a narrow product is faster with clips as rows


def gru_pair(x: Tensor, weights: list[Tensor], *, reverse: bool) -> Tensor:
    """Run two units over a sequence.

    Args:
        x: Sequence of shape (T, N, I).
        weights: ``weight_ih`` (3H, I), ``weight_hh`` (3H, H), ``bias_ih`` and ``bias_hh`` (3H,)
            of the first unit, then of the second; the gates are r, z, n.
        reverse: Whether the second unit reads backward in time.

    Returns:
        The states (T, N, 2H) in the dtype of `x`.
    """
    if x.device.type == "cpu":
        dtype = product_dtype(x)
        weights = [weight.to(dtype) if weight.ndim == 2 else weight for weight in weights]
        states: Tensor = _gru_pair(x.to(dtype), weights, reverse)[0]
        return states
    # Elsewhere torch has fused units of its own.
    start = x.new_zeros(2 if reverse else 1, x.shape[1], weights[1].shape[1])
    runs = [weights] if reverse else [weights[:4], weights[4:]]
    train = torch.is_grad_enabled()
    outputs = [torch.gru(x, start, run, True, 1, 0.0, train, reverse, False)[0] for run in runs]
    return torch.cat(outputs, dim=-1)


@torch.library.custom_op(
    "skelter::gru_pair",
    mutates_args=(),
    schema="(Tensor x, Tensor[] weights, bool reverse) -> (Tensor, Tensor)",
)
def _gru_pair(x: Tensor, weights: Sequence[Tensor], reverse: bool) -> tuple[Tensor, Tensor]:
    """Return the states (T, N, 2H), and the gates (2, T, 4H, N) for the backward pass.

    The gates of a frame are n, r, z and ``U_n h``: the first three take the product with the
    input, the last three the product with the state.
    """
    T, N, _ = x.shape
    units = _units(weights)
    H = units[0][1].shape[1]
    gates = x.new_empty(2, T, 4 * H, N, dtype=torch.promote_types(x.dtype, torch.float32))
    for unit, (weight_ih, _, bias_ih, bias_hh) in enumerate(units):
        seen = x.flip(0) if reverse and unit == 1 else x
        projected = _frames_first(weight_ih @ seen.reshape(T * N, -1).t(), T)
        of_rz = (bias_ih + bias_hh)[: 2 * H, None]
        torch.add(projected[:, : 2 * H], of_rz, out=gates[unit, :, H : 3 * H])
        torch.add(projected[:, 2 * H :], bias_ih[2 * H :, None], out=gates[unit, :, :H])
        gates[unit, :, 3 * H :] = bias_hh[2 * H :, None]
    recurrent = torch.stack([unit[1] for unit in units])
    states = x.new_empty(2, T, H, N)
    h = gates.new_zeros(2, H, N)
    n, r, z, of_h = gates.chunk(4, 2)
    for t in range(T):
        _add_product(gates[:, t, H:], recurrent, h)
        gates[:, t, H : 3 * H].sigmoid_()
        n[:, t].addcmul_(r[:, t], of_h[:, t]).tanh_()
        h = torch.lerp(n[:, t], h, z[:, t])
        states[:, t] = h
    return _merge(states, reverse), gates


@_gru_pair.register_fake
def _(x: Tensor, weights: Sequence[Tensor], reverse: bool) -> tuple[Tensor, Tensor]:
    T, N, _ = x.shape
    H = weights[1].shape[1]
    wide = torch.promote_types(x.dtype, torch.float32)
    return x.new_empty(T, N, 2 * H), x.new_empty(2, T, 4 * H, N, dtype=wide)


@torch.library.custom_op(
    "skelter::gru_pair_backward",
    mutates_args=(),
    schema="(Tensor grad, Tensor x, Tensor[] weights, Tensor states, Tensor gates, bool reverse,"
    " bool wants_x) -> Tensor[]",
)
def _gru_pair_backward(
    grad: Tensor,
    x: Tensor,
    weights: Sequence[Tensor],
    states: Tensor,
    gates: Tensor,
    reverse: bool,
    wants_x: bool,
) -> list[Tensor]:
    """Return the gradients of `weights`, in their order, and that of `x` (empty if not wanted)."""
    T, N, _ = x.shape
    units = _units(weights)
    H = units[0][1].shape[1]
    before = gates.new_zeros(2, T, H, N)
    before[:, 1:] = _part(states, reverse)[:, :-1]
    recurrent = torch.stack([unit[1].t() for unit in units])
    at_gates = _at_gates(_part(grad, reverse).to(gates.dtype), gates, before, recurrent)
    of_weights: list[Tensor] = []
    of_x: list[Tensor] = []
    for unit, (weight_ih, _, bias_ih, bias_hh) in enumerate(units):
        flipped = reverse and unit == 1
        rows = rearrange(at_gates[unit], "t g n -> g t n")
        rows_input = torch.cat([rows[H : 3 * H], rows[:H]]).flatten(1)  # r, z, n
        rows_state = rows[H:].flatten(1)  # r, z, n
        seen = (x.flip(0) if flipped else x).reshape(T * N, -1)
        states_before = rearrange(before[unit], "t h n -> h (t n)").to(x.dtype)
        of_weights += [rows_input @ seen, rows_state @ states_before.t()]
        of_weights += [rows_input.sum(1, dtype=bias_ih.dtype)]
        of_weights += [rows_state.sum(1, dtype=bias_hh.dtype)]
        if wants_x:
            part = (rows_input.t() @ weight_ih).view(x.shape)
            of_x.append(part.flip(0) if flipped else part)
    return [*of_weights, of_x[0].add_(of_x[1]) if wants_x else x.new_empty(0)]


def _at_gates(grad: Tensor, gates: Tensor, before: Tensor, recurrent: Tensor) -> Tensor:
    """Go back in time: the gradients before the nonlinearity of every gate, (2, T, 4H, N).

    A gate takes a share of the gradient of its state, and the shares of all frames are known
    before the walk begins.
    """
    n, r, z, of_h = gates.chunk(4, 2)
    shares = torch.empty_like(gates)
    of_n, of_r, of_z, of_product = shares.chunk(4, 2)
    torch.mul(1 - z, 1 - n.square(), out=of_n)
    torch.mul(of_n, r, out=of_product)
    torch.mul(of_product, of_h, out=of_r).mul_(1 - r)
    torch.mul(before - n, z, out=of_z).mul_(1 - z)
    at_gates = torch.empty_like(gates, dtype=recurrent.dtype)
    of_state = at_gates[:, :, n.shape[2] :]
    by_gate, out = (rearrange(x, "u t (g h) n -> u t g h n", g=4) for x in (shares, at_gates))
    h = torch.zeros_like(grad[:, 0])
    for t in reversed(range(grad.shape[1])):
        h += grad[:, t]
        torch.mul(by_gate[:, t], h[:, None], out=out[:, t])
        h *= z[:, t]
        if t:  # the state before the first is constant
            _add_product(h, recurrent, of_state[:, t])
    return at_gates


@_gru_pair_backward.register_fake
def _(
    grad: Tensor,
    x: Tensor,
    weights: Sequence[Tensor],
    states: Tensor,
    gates: Tensor,
    reverse: bool,
    wants_x: bool,
) -> list[Tensor]:
    return [*map(torch.empty_like, weights), torch.empty_like(x) if wants_x else x.new_empty(0)]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    x, weights, ctx.reverse = inputs
    ctx.save_for_backward(x, *output, *weights)


def _backward(
    ctx: Any, grad: Tensor, _: Tensor
) -> tuple[Tensor | None, Sequence[Tensor | None], None]:
    x, states, gates, *weights = ctx.saved_tensors
    if torch.is_grad_enabled():
        of_x, *of_weights = plain_gradients("gru_pair", [x, *weights], grad, reverse=ctx.reverse)
        return of_x, of_weights, None
    wants_x = ctx.needs_input_grad[0]
    *of_weights, of_x = _gru_pair_backward(
        grad.contiguous(), x, weights, states, gates, ctx.reverse, wants_x
    )
    return of_x if wants_x else None, of_weights, None


_gru_pair.register_autograd(_backward, setup_context=_keep)


@register_flop_formula(torch.ops.skelter.gru_pair)
def _(x: Any, weights: Any, *args: Any, **kwargs: Any) -> int:
    """Count the products with the input, of all frames, and with the state, frame by frame."""
    T, N, _ = x
    flops: int = sum(2 * T * N * rows * columns for rows, columns in _matrices(weights))
    return flops


@register_flop_formula(torch.ops.skelter.gru_pair_backward)
def _(
    grad: Any, x: Any, weights: Any, states: Any, gates: Any, reverse: Any, wants_x: bool,
    *args: Any, **kwargs: Any,
) -> int:  # fmt: skip
    """Count those of the weights once more, of the states but the first, and of the input."""
    T, N, _ = x
    of_units = list(_matrices(weights))
    of_weights: int = sum(2 * T * N * rows * columns for rows, columns in of_units)
    of_states: int = sum(2 * (T - 1) * N * rows * columns for rows, columns in of_units[1::2])
    of_x: int = sum(2 * T * N * rows * columns for rows, columns in of_units[::2]) if wants_x else 0
    return of_weights + of_states + of_x


def _matrices(weights: Sequence[Any]) -> list[Any]:
    """Return the shapes of the matrices among those of the weights of both units."""
    return [shape for shape in weights if len(shape) == 2]


def _units(weights: Sequence[Tensor]) -> list[Sequence[Tensor]]:
    return [weights[:4], weights[4:]]


def _add_product(total: Tensor, weights: Tensor, x: Tensor) -> None:
    """Add ``weight @ x`` of both units to their total, which may be wider than the weights."""
    if total.dtype == weights.dtype:
        total.baddbmm_(weights, x)
        return
    x = x.to(weights.dtype)
    if x.shape[-1] < FEW:
        total += torch.bmm(x.mT.contiguous(), weights.mT).mT
    else:
        total += torch.bmm(weights, x)


def _frames_first(columns: Tensor, T: int) -> Tensor:
    return rearrange(columns, "g (t n) -> t g n", t=T)


def _merge(states: Tensor, reverse: bool) -> Tensor:
    """Concatenate the states (2, T, H, N) of both units, with frames in order: (T, N, 2H)."""
    first, second = states
    if reverse:
        second = second.flip(0)
    merged: Tensor = rearrange([first, second], "u t h n -> t n (u h)")
    return merged.contiguous()


def _part(states: Tensor, reverse: bool) -> Tensor:
    """Undo `_merge`."""
    first, second = rearrange(states, "t n (u h) -> u t h n", u=2)
    return torch.stack([first, second.flip(0) if reverse else second])
