"""Plain transforms: functions of the user's own, and a check for broken recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from skelter import _checks
from skelter.transforms.kinds._base import Deterministic


class Lambda(Deterministic):
    """Use a plain function of the clips as a transform.

    Args:
        function: From clips (..., C, T, V, M) to clips, not in place.
        output_shape: From the shape of clips to the shape that the function gives. None where it
            keeps the shape.

    Raises:
        ValueError: In a call: the function gives another shape.

    Example:
        >>> import torch
        >>> Lambda(lambda x: x / 1000)(torch.ones(3, 2, 4, 1)).max()
        tensor(0.0010)
        >>> in_a_plane = Lambda(lambda x: x[..., :2, :, :, :], lambda s: (*s[:-4], 2, *s[-3:]))
        >>> in_a_plane(torch.ones(8, 3, 2, 4, 1)).shape
        torch.Size([8, 2, 2, 4, 1])
    """

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        output_shape: Callable[[Sequence[int]], Sequence[int]] | None = None,
    ) -> None:
        super().__init__()
        self.function = function
        self._output_shape = output_shape

    def output_shape(self, shape: torch.Size) -> torch.Size:
        """Return the shape that the function gives for clips of a shape."""
        return shape if self._output_shape is None else torch.Size(self._output_shape(shape))

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Call the function."""
        x = _checks.padded(x)
        out, expected = self.function(x), self.output_shape(x.shape)
        _checks.require(
            out.shape == expected,
            "`function` of Lambda",
            f"give clips of shape {tuple(expected)} for {_checks.shape_of(x)}",
            _checks.shape_of(out),
            "Members after it draw by that shape: say it in Lambda(function, output_shape).",
        )
        return out


class CheckFinite(Deterministic):
    """Pass clips on unchanged, or refuse NaN and infinity, naming the first.

    Opt-in, because reading the values makes a GPU wait. Put it first in a `Compose`.

    Raises:
        ValueError: In a call, a coordinate is not finite.

    Example:
        >>> import torch
        >>> CheckFinite()(torch.zeros(3, 2, 25, 1)).shape
        torch.Size([3, 2, 25, 1])
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Check and return the clips."""
        x = _checks.padded(x)
        _checks.finite(x)
        return x
