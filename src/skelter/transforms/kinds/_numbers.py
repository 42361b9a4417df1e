"""Numbers that clips are transformed by: tensors, or NumPy's for one clip on the processor.

The draws of one clip are a few numbers, and an operation on them costs 2 to 3 us in torch and a
tenth of that in NumPy. So `draw` gives NumPy's where there is one clip on the processor, and
`as_tensor` reads either. What stands between is written once, with what both have: operators,
indexing, ``reshape``, and the functions of this module. To a type checker both are tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from math import prod
from typing import Any, cast

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.typing import ClipShape

CPU = torch.device("cpu")


def uniform(shape: Sequence[int], x: ClipShape, generator: Generator | None = None) -> Tensor:
    """Draw numbers from U(0, 1) for clips, where the generator is, and bring them to the clips.

    All transforms draw by this function, in float32 for clips of any dtype, so that the same seed
    draws the same for all of them.

    Args:
        shape: The shape of the draws, which leads with the batch axes of the clips.
        x: The clips, or their shape.
        generator: The source of randomness, the global generator of the clips' device if None.

    Returns:
        float32 of the shape, on the device of `x`.

    Example:
        >>> x = torch.zeros(8, 3, 64, 25, 2)
        >>> uniform((8, 6), x, torch.Generator().manual_seed(0)).shape
        torch.Size([8, 6])
    """
    return _draw_by(torch.rand, shape, x, generator)


def normal(shape: Sequence[int], x: ClipShape, generator: Generator | None = None) -> Tensor:
    """Draw numbers from N(0, 1) for clips, where the generator is, and bring them to the clips.

    Like `uniform`, in float32 for clips of any dtype.

    Args:
        shape: The shape of the draws, which leads with the batch axes of the clips.
        x: The clips, or their shape.
        generator: The source of randomness, the global generator of the clips' device if None.

    Returns:
        float32 of the shape, on the device of `x`.

    Example:
        >>> x = torch.zeros(8, 3, 64, 25, 2)
        >>> normal((8, 3), x, torch.Generator().manual_seed(0)).shape
        torch.Size([8, 3])
    """
    return _draw_by(torch.randn, shape, x, generator)


def _draw_by(
    function: Callable[..., Tensor], shape: Sequence[int], x: ClipShape, generator: Generator | None
) -> Tensor:
    device = x.device if generator is None else generator.device
    draws = function(shape, generator=generator, device=device, dtype=torch.float32)
    return draws if device == x.device else draws.to(x.device)


def draw(x: ClipShape, generator: Generator | None, *shapes: Sequence[int]) -> list[Tensor]:
    """Draw as `uniform` does, blocks (..., *shape) for clips, one after another in one call.

    They are NumPy's numbers for one clip on the processor.
    """
    if is_one_clip(x) and (generator is None or generator.device == CPU):
        sizes = [prod(shape) for shape in shapes]
        draws: Any = torch.rand(sum(sizes), generator=generator, device=CPU, dtype=torch.float32)
        with suppress(RuntimeError):  # within torch.func.vmap they are of many clips
            draws = draws.numpy()
    else:
        shapes = tuple((*x.shape[:-4], *shape) for shape in shapes)
        sizes = [prod(shape) for shape in shapes]
        draws = uniform((sum(sizes),), x, generator)
    blocks, end = [], 0
    for shape, size in zip(shapes, sizes, strict=True):
        blocks.append(draws[end : end + size].reshape(shape))
        end += size
    return blocks


def number_between(draws: Tensor, ends: tuple[float, float]) -> Tensor:
    """Turn draws from U(0, 1) into draws from U(ends)."""
    low, high = ends
    return low + (high - low) * draws


def valid_frames(num_frames: Tensor | None, x: ClipShape) -> Tensor:
    """Return the valid frames of clips: an integer for one clip on the processor."""
    if is_one_clip(x) and num_frames is None:
        return cast(Tensor, x.shape[-3])
    if is_one_clip(x) and _checks.is_frame_count(num_frames, x):
        return cast(Tensor, int(cast(Tensor, num_frames)))
    counts = _checks.frame_counts(num_frames, x)
    count = _checks.read_number(counts) if is_one_clip(x) else None
    return counts if count is None else cast(Tensor, count)


def is_one_clip(x: ClipShape) -> bool:
    """Tell whether numbers for clips are NumPy's."""
    return len(x.shape) == 4 and x.device == CPU and not torch.compiler.is_compiling()


def as_tensor(x: Any, dtype: torch.dtype | None = None) -> Tensor:
    """Return numbers as a tensor."""
    if isinstance(x, np.ndarray):
        x = torch.from_numpy(x)
    elif not isinstance(x, Tensor):
        x = torch.as_tensor(x)
    return cast(Tensor, x if dtype is None else x.to(dtype))


def constant(values: Sequence[float], like: Tensor) -> Tensor:
    """Return constants, a row or rows of them, as numbers like others."""
    if isinstance(like, Tensor):
        return torch.tensor(values, dtype=like.dtype, device=like.device)
    return np.array(values, like.dtype)


def ones(shape: Sequence[int], like: Tensor) -> Tensor:
    """Return ones of a shape as numbers like others."""
    return like.new_ones(shape) if isinstance(like, Tensor) else np.ones(shape, like.dtype)


def identity(size: int, like: Tensor) -> Tensor:
    """Return the unit matrix as numbers like others."""
    if isinstance(like, Tensor):
        return torch.eye(size, dtype=like.dtype, device=like.device)
    return np.eye(size, dtype=like.dtype)


def widen(matrix: Tensor, count: int) -> Tensor:
    """Add rows and columns of zeros behind those of matrices."""
    if isinstance(matrix, Tensor):
        return F.pad(matrix, (0, count, 0, count))
    return np.pad(matrix, ((0, count), (0, count)))


def choose(condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the numbers of one where a condition holds, and of the other elsewhere."""
    return torch.where(condition, x, y) if isinstance(x, Tensor) else np.where(condition, x, y)


def count_to(count: int, like: Tensor) -> Tensor:
    """Return the integers from 0 below a count, where others are."""
    return torch.arange(count, device=like.device) if isinstance(like, Tensor) else np.arange(count)


def at_least(x: Tensor, low: float) -> Tensor:
    """Raise numbers to a lower bound."""
    if isinstance(x, Tensor):
        return x.clamp(min=low)
    return np.maximum(x, low) if isinstance(x, np.ndarray) else max(x, low)


def at_most(x: Tensor, high: Tensor | float) -> Tensor:
    """Lower numbers to their upper bounds."""
    if isinstance(x, Tensor):
        return x.clamp(max=high)
    return np.minimum(x, high) if isinstance(x, np.ndarray) else min(x, high)


def floor(x: Tensor) -> Tensor:
    """Return the integers below numbers that are not negative."""
    if isinstance(x, Tensor):
        return x.long()
    return x.astype(np.int64) if isinstance(x, np.ndarray) else int(x)


def is_whole(x: Tensor) -> bool:
    """Tell whether numbers are integers."""
    return not x.is_floating_point() if isinstance(x, Tensor) else x.dtype.kind in "iu"


def narrow(x: Tensor) -> Tensor:
    """Return numbers in float32."""
    return x.float() if isinstance(x, Tensor) else np.float32(x)


def wide(x: Tensor) -> Tensor:
    """Return numbers in float64."""
    return x.double() if isinstance(x, Tensor) else np.float64(x)


def last_axis(x: Tensor) -> Tensor:
    """Add an axis behind the others, for numbers along it."""
    return x[..., None] if isinstance(x, Tensor) else x


def join(parts: Sequence[Tensor]) -> Tensor:
    """Join numbers one after another along the last axis."""
    return torch.cat(list(parts), -1) if isinstance(parts[0], Tensor) else np.concatenate(parts, -1)


def pick(x: Tensor, index: Tensor) -> Tensor:
    """Return the numbers at places of the last axis."""
    return x.gather(-1, index) if isinstance(x, Tensor) else x[index]


def in_order(x: Tensor) -> Tensor:
    """Return numbers from the smallest to the largest along the last axis."""
    return x.sort(-1).values if isinstance(x, Tensor) else np.sort(x)


def sine_and_cosine(radians: Tensor) -> tuple[Tensor, Tensor]:
    """Return sines and cosines of angles."""
    if isinstance(radians, Tensor):
        return radians.sin(), radians.cos()
    return np.sin(radians), np.cos(radians)


def count_up_to(ordered: Tensor, ends: Tensor) -> Tensor:
    """Return how many of the numbers along the last axis, in order, are at most each end."""
    if isinstance(ordered, Tensor):
        ends = ends + ordered.new_zeros((*ordered.shape[:-1], 1))
        return torch.searchsorted(ordered, ends, right=True)
    return np.searchsorted(ordered, ends, side="right")


def smallest(x: Tensor, count: int) -> Tensor:
    """Mark the ``count`` smallest numbers along the last axis, bool of the same shape."""
    if isinstance(x, Tensor):
        chosen = x.topk(count, largest=False, sorted=False).indices
        return torch.zeros_like(x, dtype=torch.bool).scatter_(-1, chosen, True)
    marks = np.zeros(x.shape, dtype=np.bool_)
    marks[x.argpartition(count - 1)[:count]] = True
    return marks


def repeat_joints(matrix: Tensor, persons: int) -> Tensor:
    """Return matrices (..., V, I, J) of joints as (..., I, J, V * M), of joints and persons."""
    if isinstance(matrix, Tensor):
        matrix = matrix.movedim(-3, -1).unsqueeze(-1)
        return matrix.expand(*matrix.shape[:-1], persons).flatten(-2)
    return matrix.swapaxes(-3, -2).swapaxes(-2, -1).repeat(persons, -1)
