"""One layer of two gated recurrent units on the processor, with a backward pass of its own.

Stepped by autograd, every frame costs a gradient of the size of the weights. Here the products
that do not depend on the state before are taken for all frames at once, forward and backward, and
only the recurrence itself goes frame by frame, both units together. A compiler sees one operator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from skelter.encoders._products import product_with, products_with


@torch.library.custom_op(
    "skelter::gru_pair",
    mutates_args=(),
    schema="(Tensor x, Tensor[] weights, bool reverse) -> (Tensor, Tensor)",
)
def gru_pair(x: Tensor, weights: Sequence[Tensor], reverse: bool) -> tuple[Tensor, Tensor]:
    """Run two units over a sequence.

    With H the hidden size: ``r = s(W_r x + U_r h)``, ``z = s(W_z x + U_z h)``,
    ``n = tanh(W_n x + r (U_n h))``, ``h = (1 - z) n + z h``, every product with its bias.

    Args:
        x: Sequence of shape (T, N, I).
        weights: ``weight_ih`` (3H, I), ``weight_hh`` (3H, H), ``bias_ih`` and ``bias_hh`` (3H,)
            of the first unit, then of the second; the gates are r, z, n.
        reverse: Whether the second unit reads backward in time.

    Returns:
        The states (T, N, 2H) in the dtype of `x`; r, z, n and ``U_n h`` (2, T, N, 4H), for the
        backward pass.
    """
    T, N, _ = x.shape
    units = _units(weights)
    H = units[0][1].shape[1]
    wide = torch.promote_types(x.dtype, torch.float32)
    gates = x.new_empty(2, T, N, 4 * H, dtype=wide)
    for unit, (weight_ih, _, bias_ih, _) in enumerate(units):
        seen = x.flip(0) if reverse and unit == 1 else x
        project = product_with(weight_ih, T * N)
        projected = project(seen.reshape(T * N, -1)).view(T, N, 3 * H)
        torch.add(projected, bias_ih, out=gates[unit, ..., : 3 * H])
    bias_hh = torch.stack([unit[3] for unit in units]).to(wide)[:, None]
    recur = products_with([unit[1] for unit in units], N)
    states = x.new_empty(2, T, N, H)
    h = x.new_zeros(2, N, H, dtype=wide)
    from_h = x.new_empty(2, N, 3 * H, dtype=wide)
    rz, n, hn = torch.split(gates, [2 * H, H, H], -1)
    from_h_rz, from_h_n = torch.split(from_h, [2 * H, H], -1)
    for t in range(T):
        recur(h.to(x.dtype), bias_hh, from_h)
        rz[:, t].add_(from_h_rz).sigmoid_()
        hn[:, t] = from_h_n
        n[:, t].addcmul_(rz[:, t, :, :H], from_h_n).tanh_()
        h = torch.lerp(n[:, t], h, rz[:, t, :, H:])
        states[:, t] = h
    return _merged(states, reverse), gates


@gru_pair.register_fake
def _(x: Tensor, weights: Sequence[Tensor], reverse: bool) -> tuple[Tensor, Tensor]:
    T, N, _ = x.shape
    H = weights[1].shape[1]
    wide = torch.promote_types(x.dtype, torch.float32)
    return x.new_empty(T, N, 2 * H), x.new_empty(2, T, N, 4 * H, dtype=wide)


@torch.library.custom_op(
    "skelter::gru_pair_backward",
    mutates_args=(),
    schema="(Tensor grad, Tensor x, Tensor[] weights, Tensor states, Tensor gates, bool reverse,"
    " bool wants_x) -> Tensor[]",
)
def gru_pair_backward(
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
    grad = _parted(grad, reverse).to(gates.dtype)
    before = torch.empty_like(grad)
    before[:, :1], before[:, 1:] = 0.0, _parted(states, reverse)[:, :-1]
    recur = products_with([unit[1].t() for unit in units], N)
    at_gates = _at_gates(grad, gates[..., H : 2 * H], _shares(gates, before), recur, x.dtype)
    of_weights: list[Tensor] = []
    of_x: list[Tensor] = []
    for unit, (weight_ih, _, bias_ih, bias_hh) in enumerate(units):
        flipped = reverse and unit == 1
        rows = at_gates[unit].view(T * N, 4 * H)
        rows_input, rows_state = rows[:, : 3 * H], rows[:, H:]  # n, r, z and r, z, n
        seen = (x.flip(0) if flipped else x).reshape(T * N, -1)
        states_before = before[unit].view(T * N, H).to(x.dtype)
        of_weights += [(rows_input.t() @ seen).roll(-H, 0), rows_state.t() @ states_before]
        of_weights += [rows_input.sum(0, dtype=bias_ih.dtype).roll(-H, 0)]
        of_weights += [rows_state.sum(0, dtype=bias_hh.dtype)]
        if wants_x:
            part = product_with(weight_ih.roll(H, 0).t(), T * N)(rows_input).view(x.shape)
            of_x.append(part.flip(0) if flipped else part)
    return [*of_weights, of_x[0].add_(of_x[1]) if wants_x else x.new_empty(0)]


def _shares(gates: Tensor, before: Tensor) -> Tensor:
    """Return what each gate takes of its state's gradient, before its nonlinearity.

    The order of the four (2, T, N, 4, H) is n of the input, r, z, n of the state: the first three
    are what the input's product is given, the last three the state's.
    """
    r, z, n, hn = rearrange(gates, "u t n (g h) -> g u t n h", g=4)
    share = gates.new_empty(*gates.shape[:-1], 4, n.shape[-1])
    of_n, of_r, of_z, of_hn = share.unbind(-2)
    torch.mul(1 - z, 1 - n.square(), out=of_n)
    torch.mul(of_n, r, out=of_hn)
    torch.mul(of_hn, hn, out=of_r).mul_(1 - r)
    torch.mul(before - n, z, out=of_z).mul_(1 - z)
    return share


def _at_gates(
    grad: Tensor,
    z: Tensor,
    share: Tensor,
    recur: Callable[[Tensor, Tensor, Tensor], None],
    dtype: torch.dtype,
) -> Tensor:
    """Go back in time: the gradients of the gates, (2, T, N, 4, H) in the order of `share`."""
    at_gates = torch.empty_like(share, dtype=dtype)
    h = torch.zeros_like(grad[:, 0])
    for t in reversed(range(grad.shape[1])):
        h.add_(grad[:, t])
        torch.mul(share[:, t], h.unsqueeze(-2), out=at_gates[:, t])
        h.mul_(z[:, t])
        recur(at_gates[:, t, :, 1:].flatten(2), h, h)
    return at_gates


@gru_pair_backward.register_fake
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


def _backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, list[Tensor], None]:
    x, states, gates, *weights = ctx.saved_tensors
    wants_x = ctx.needs_input_grad[0]
    *of_weights, of_x = gru_pair_backward(
        grad.contiguous(), x, weights, states, gates, ctx.reverse, wants_x
    )
    return of_x if wants_x else None, of_weights, None


gru_pair.register_autograd(_backward, setup_context=_keep)


def _units(weights: Sequence[Tensor]) -> list[Sequence[Tensor]]:
    return [weights[:4], weights[4:]]


def _merged(states: Tensor, reverse: bool) -> Tensor:
    """Concatenate the states (2, T, N, H) of both units, the second's back in order."""
    first, second = states
    return torch.cat([first, second.flip(0) if reverse else second], -1)


def _parted(states: Tensor, reverse: bool) -> Tensor:
    """Undo `_merged`."""
    first, second = rearrange(states, "t n (u h) -> u t n h", u=2)
    return torch.stack([first, second.flip(0) if reverse else second])
