"""The converters as modules, to stand in an ``nn.Sequential`` before an encoder."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from skelter.layouts import NTU25, SkeletonLayout, check_layout, map_positions
from skelter.representations import functional
from skelter.representations._convert import check_order


class ToSequence(nn.Module):
    """Flatten every frame: (N, C, T, V, M) to (N, T, V * C * M).

    Args:
        order: Nesting of joint v, coordinate c and person m, slowest first; the reference
            method's ``"v c m"``, or ``"m v c"`` as HiCo, UmURL, CTR-GCN and MAMP have it.

    Raises:
        ValueError: `order` is not a permutation of v, c and m.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> import torch
        >>> ToSequence()(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 64, 150])
    """

    def __init__(self, order: str = "v c m") -> None:
        super().__init__()
        check_order(order)
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        """Convert clips."""
        return functional.to_sequence(x, self.order)

    def extra_repr(self) -> str:
        """Name the order."""
        return f"order={self.order!r}"


class ToGraph(nn.Module):
    """Pass clips on as a spatio-temporal graph, (N, C, T, V, M), after a check of their shape.

    Example:
        >>> import torch
        >>> ToGraph()(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Check clips."""
        return functional.to_graph(x)


class ToImage(nn.Module):
    """Pass clips on as pseudo-images, (N, C, T, V, M), after a check of their shape.

    Example:
        >>> import torch
        >>> ToImage()(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Check clips."""
        return functional.to_image(x)


class ToBones(nn.Module):
    """Replace joints by bone vectors, ``joint - parent``, and roots by zero.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: In a call: the clips have another number of joints.

    References:
        Shi et al., Two-Stream Adaptive Graph Convolutional Networks, CVPR 2019: its bone
        stream.

    Example:
        >>> import torch
        >>> nn.Sequential(ToBones(NTU25), ToSequence())(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 64, 150])
    """

    def __init__(self, layout: SkeletonLayout = NTU25) -> None:
        super().__init__()
        self.layout = check_layout(layout)

    def forward(self, x: Tensor) -> Tensor:
        """Convert clips."""
        return map_positions(partial(functional.to_bones, layout=self.layout), x, self.layout)

    def extra_repr(self) -> str:
        """Name the layout."""
        return f"layout={self.layout.name}"


class ToMotion(nn.Module):
    """Replace positions by the step to the next frame, zero at the end.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: In a call: clips have other than 2 or 3 channels without a layout.

    References:
        Shi et al., Multi-Stream Adaptive Graph Convolutional Networks, IEEE TIP 2020.

    Example:
        >>> import torch
        >>> ToMotion()(torch.ones(8, 3, 64, 25, 2)).abs().sum()
        tensor(0.)
    """

    def __init__(self, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.layout = None if layout is None else check_layout(layout)

    def forward(self, x: Tensor, *, num_frames: Tensor | None = None) -> Tensor:
        """Convert clips. Without `num_frames` every frame counts as valid."""
        convert = partial(functional.to_motion, num_frames=num_frames)
        return map_positions(convert, x, self.layout)

    def extra_repr(self) -> str:
        """Name the layout."""
        return "" if self.layout is None else f"layout={self.layout.name}"


class ToAcceleration(nn.Module):
    """Replace positions by the change of motion to the next frame, zero at the end.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: In a call: clips have other than 2 or 3 channels without a layout.

    Example:
        >>> import torch
        >>> ToAcceleration()(torch.ones(8, 3, 64, 25, 2)).abs().sum()
        tensor(0.)
    """

    def __init__(self, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.layout = None if layout is None else check_layout(layout)

    def forward(self, x: Tensor, *, num_frames: Tensor | None = None) -> Tensor:
        """Convert clips. Without `num_frames` every frame counts as valid."""
        convert = partial(functional.to_acceleration, num_frames=num_frames)
        return map_positions(convert, x, self.layout)

    def extra_repr(self) -> str:
        """Name the layout."""
        return "" if self.layout is None else f"layout={self.layout.name}"
