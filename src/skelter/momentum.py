"""The slowly moving copy of a network that makes the keys."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from skelter import _checks

__all__ = ["MomentumEncoder"]


class MomentumEncoder(nn.Module):
    """A frozen copy of a module that follows it by an exponential moving average.

    A call is a call of the copy, without a gradient. After ``update(source)`` every parameter is
    ``momentum * own + (1 - momentum) * source``, and every buffer (batch-norm statistics) a copy
    of the source's. In training mode, which is the default, batch norms of the copy use the
    statistics of their own batch, as the reference method has it.

    Args:
        module: The module to follow: an encoder, an ``nn.Sequential`` of encoder and head, or an
            ``nn.ModuleDict`` of several.
        momentum: Share of itself that it keeps at an update, in [0, 1]. The paper has 0.999.

    Raises:
        ValueError: The momentum is out of range.

    References:
        He et al., Momentum Contrast, CVPR 2020, equation 2.

    Example:
        >>> query = nn.Linear(4, 2)
        >>> key = MomentumEncoder(query, momentum=0.9)
        >>> key.update(query)
        >>> key(torch.zeros(3, 4)).requires_grad
        False
    """

    def __init__(self, module: nn.Module, momentum: float = 0.999) -> None:
        super().__init__()
        _checks.between("momentum", momentum, 0.0, 1.0, "The paper has 0.999.")
        self.momentum = momentum
        self.module = copy.deepcopy(module).requires_grad_(False)

    @torch.no_grad()
    def update(self, source: nn.Module, momentum: float | None = None) -> None:
        """Move towards ``source``, a module of the same structure.

        Args:
            source: The module to follow.
            momentum: Of this update, for methods that change it while they train. None: that
                of the constructor.

        Raises:
            ValueError: Parameters of the two differ in name or shape, or the momentum is out of
                range.
        """
        momentum = self.momentum if momentum is None else momentum
        _checks.between("momentum", momentum, 0.0, 1.0)
        theirs = dict(source.named_parameters())
        own = dict(self.module.named_parameters())
        _checks.same_parameters(own, theirs)
        if own:  # all in one go: a GPU launches a handful of kernels, not one a parameter
            targets = [theirs[name].to(parameter) for name, parameter in own.items()]
            average = get_ema_multi_avg_fn(momentum)  # type: ignore[no-untyped-call]  # no types
            average(list(own.values()), targets, 0)
        buffers = dict(source.named_buffers())
        for name, buffer in self.module.named_buffers():
            buffer.copy_(buffers[name])

    @torch.no_grad()
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the copy without a gradient."""
        return self.module(*args, **kwargs)

    def extra_repr(self) -> str:
        """Name the momentum."""
        return f"momentum={self.momentum}"
