"""Convolution over time with fewer products, on clips that are stored frame by frame.

A correlation with K taps is a product in the frequencies of a tile of frames. With tiles of 16
frames and 9 taps, each pair of an input and an output channel costs 35 products of real numbers
instead of 144. The transforms are products with small fixed matrices, each over all channels, clips
and joints at once, as frames are the slowest axis. They pay where channels are many. Narrow layers
multiply each window of frames, which lies in one piece, by all taps.

With ``x`` a tile, ``w`` the taps and ``@`` over channels: ``y = O ((G w) @ (B x))``. Both
gradients have the same form. Errors are not larger than those of the direct sum, as all numbers of
B, G and O are at most 2 in size.

Letters: t frames, c input and d output channels, n clips times persons, v joints, k taps, r real
numbers of the frequencies of a tile.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from skelter._kernels._derivatives import plain_gradients
from skelter._kernels._switch import product_dtype

TILE = 16  # frames
MANY = 48  # channels from which on transforms pay, where no frame is left out


class Tile(NamedTuple):
    """Some frames of the output, those of the input that they come from, and the matrices.

    Args:
        of_input: The frames of the input.
        of_output: The frames of the output.
        forth: B of shape (R, frames of the input).
        taps: G of shape (R, K).
        back: O of shape (frames of the output, R).
        frequencies: The length of the transform.
    """

    of_input: slice
    of_output: slice
    forth: Tensor
    taps: Tensor
    back: Tensor
    frequencies: int


def temporal_conv(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    """Convolve clips (T, C, N, V) over time, with zeros around: (T', D, N, V).

    Args:
        x: Clips, frames first.
        weight: The taps (D, C, K, 1) of a ``torch.nn.Conv2d``, an odd number.
        bias: Shape (D,).
        stride: Frames from one output to the next.
    """
    dtype = product_dtype(x)
    x, weight, bias = (tensor.to(dtype) for tensor in (x, weight, bias))
    out: Tensor = _temporal_conv(x.contiguous(), weight, bias, stride)
    return out


@torch.library.custom_op(
    "skelter::temporal_conv",
    mutates_args=(),
    schema="(Tensor x, Tensor weight, Tensor bias, int stride) -> Tensor",
)
def _temporal_conv(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    T, C, N, V = x.shape
    D, _, K, _ = weight.shape
    out = x.new_empty(_frames_out(T, stride), D, N, V)
    if _is_tiled(weight, stride):
        for tile in _tiles(T, K, stride, x):
            spectrum = torch.mm(tile.forth, x[tile.of_input].view(-1, C * N * V))
            mixed = torch.bmm(_spectrum(weight, tile), spectrum.view(-1, C, N * V))
            mixed[0] += tile.frequencies * bias[:, None]
            target = out[tile.of_output]
            torch.mm(tile.back, mixed.view(-1, D * N * V), out=target.view(-1, D * N * V))
        return out
    taps = weight[..., 0].permute(0, 2, 1).reshape(D, K * C)
    for t in range(len(out)):
        window, used = _window(t * stride, T, K)
        columns = slice(used.start * C, used.stop * C)
        frames = x[window].view(-1, N * V)
        torch.addmm(bias[:, None], taps[:, columns], frames, out=out[t].view(D, N * V))
    return out


@_temporal_conv.register_fake
def _(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    T, _, N, V = x.shape
    return x.new_empty(_frames_out(T, stride), len(weight), N, V)


@torch.library.custom_op(
    "skelter::temporal_conv_backward",
    mutates_args=(),
    schema="(Tensor grad, Tensor x, Tensor weight, int stride) -> (Tensor, Tensor, Tensor)",
)
def _temporal_conv_backward(
    grad: Tensor, x: Tensor, weight: Tensor, stride: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of `x`, `weight` and `bias`."""
    grad = grad.contiguous()
    T, C, N, V = x.shape
    D, _, K, _ = weight.shape
    wide = torch.promote_types(weight.dtype, torch.float32)
    of_x, of_weight = torch.zeros_like(x), weight.new_zeros(D, C, K, dtype=wide)
    if _is_tiled(weight, stride):
        for tile in _tiles(T, K, stride, x):
            frames = x[tile.of_input].view(-1, C * N * V)
            spectrum = torch.mm(tile.forth, frames).view(-1, C, N * V)
            of_mixed = torch.mm(tile.back.t(), grad[tile.of_output].view(-1, D * N * V))
            of_mixed = of_mixed.view(-1, D, N * V)
            of_taps = torch.bmm(of_mixed, spectrum.transpose(1, 2)).to(wide)
            of_weight += _over_rows(of_taps, tile.taps.to(wide))
            torch.bmm(_spectrum(weight, tile).transpose(1, 2), of_mixed, out=spectrum)
            spread = of_x[tile.of_input].view(-1, C * N * V)
            spread.addmm_(tile.forth.t(), spectrum.view(-1, C * N * V))
    else:
        taps = weight[..., 0].permute(0, 2, 1).reshape(D, K * C)
        of_taps = torch.zeros_like(taps, dtype=wide)
        for t in range(len(grad)):
            window, used = _window(t * stride, T, K)
            columns = slice(used.start * C, used.stop * C)
            step = grad[t].view(D, N * V)
            of_taps[:, columns] += torch.mm(step, x[window].view(-1, N * V).t())
            if stride > 1:
                of_x[window].view(-1, N * V).addmm_(taps[:, columns].t(), step)
        of_weight += of_taps.view(D, K, C).transpose(1, 2)
        if stride == 1:
            turned = weight[..., 0].flip(2).permute(1, 2, 0).reshape(C, K * D)
            for t in range(T):
                window, used = _window(t, T, K)
                columns = slice(used.start * D, used.stop * D)
                frames = grad[window].view(-1, N * V)
                torch.mm(turned[:, columns], frames, out=of_x[t].view(C, N * V))
    of_bias = grad.sum((0, 2, 3), dtype=wide)
    return of_x, of_weight[..., None].to(weight.dtype), of_bias.to(weight.dtype)


@_temporal_conv_backward.register_fake
def _(grad: Tensor, x: Tensor, weight: Tensor, stride: int) -> tuple[Tensor, Tensor, Tensor]:
    like = weight.new_empty(weight.shape), weight.new_empty(len(weight))
    return torch.empty_like(x), *like


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, weight, bias, ctx.stride = inputs
    ctx.save_for_backward(x, weight, bias)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    x, weight, bias = ctx.saved_tensors
    if torch.is_grad_enabled():
        inputs = [x, weight, bias]
        return *plain_gradients("temporal_conv", inputs, grad, stride=ctx.stride), None
    return *_temporal_conv_backward(grad, x, weight, ctx.stride), None


_temporal_conv.register_autograd(_backward, setup_context=_keep)


def _frames_out(T: int, stride: int) -> int:
    return (T - 1) // stride + 1


def _is_tiled(weight: Tensor, stride: int) -> bool:
    """Tell whether a layer has enough channels for the transforms to pay."""
    D, C, K, _ = weight.shape
    return K > 4 and min(D, C) >= MANY * stride


def _window(centre: int, T: int, K: int) -> tuple[slice, slice]:
    """Return the frames around one that are there, and the taps that fall on them."""
    first, last = max(0, centre - K // 2), min(T, centre + K // 2 + 1)
    start = first - (centre - K // 2)
    return slice(first, last), slice(start, start + last - first)


def _tiles(T: int, K: int, stride: int, x: Tensor) -> list[Tile]:
    """Return the tiles of T frames, of nearly the same number of frames, with their matrices."""
    count = math.ceil(T / TILE)
    size = math.ceil(math.ceil(T / count) / stride) * stride
    return [_tile(start, min(T, start + size), T, K, stride, x) for start in range(0, T, size)]


def _tile(start: int, end: int, T: int, K: int, stride: int, x: Tensor) -> Tile:
    half = K // 2
    length = end - start + K - 1
    forth, taps, back = (matrix.to(x.device, x.dtype) for matrix in _matrices(length, K))
    first, last = max(0, start - half), min(T, end + half)
    offset = start - half
    return Tile(
        of_input=slice(first, last),
        of_output=slice(start // stride, (end - 1) // stride + 1),
        forth=forth[:, first - offset : last - offset],
        taps=taps,
        back=back[: end - start : stride],
        frequencies=length,
    )


@lru_cache(maxsize=64)
def _matrices(length: int, K: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return B (R, length), G (R, K) and O (length, R) of a tile, in float64.

    A product of complex numbers, ``(a + b i) (c + d i)``, is made of three: ``c (a + b)``,
    ``a (d - c)`` and ``b (c + d)``. The first numbers are of the frequencies that are real.
    """
    angles = torch.outer(
        torch.arange(length // 2 + 1, dtype=torch.float64, device="cpu"),
        torch.arange(length, dtype=torch.float64, device="cpu") * (2 * math.pi / length),
    )
    cos, sin = angles.cos(), angles.sin()
    real = [0] if length % 2 else [0, length // 2]
    others = [f for f in range(length // 2 + 1) if f not in real]
    a, b = cos, -sin
    c, d = cos[:, :K], sin[:, :K]  # conjugate: a correlation
    forth = torch.cat([a[real], (a + b)[others], a[others], b[others]])
    taps = torch.cat([c[real], c[others], (d - c)[others], (c + d)[others]])
    # The real part is the first product less the third, the imaginary one the first and second.
    ends = [cos[real], 2 * (cos - sin)[others], -2 * sin[others], -2 * cos[others]]
    return forth, taps, torch.cat(ends).t() / length


def _spectrum(weight: Tensor, tile: Tile) -> Tensor:
    """Return the taps of all pairs of channels in the frequencies of a tile, (R, D, C)."""
    D, C, K, _ = weight.shape
    flat = torch.mm(tile.taps, weight.view(D * C, K).t())
    return flat.view(-1, D, C)


def _over_rows(spectra: Tensor, taps: Tensor) -> Tensor:
    """Return the gradients of the taps (D, C, K) from those of their frequencies (R, D, C)."""
    R, D, C = spectra.shape
    return torch.mm(spectra.view(R, D * C).t(), taps).view(D, C, -1)
