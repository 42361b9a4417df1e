"""The slowly moving copy of a network that makes the keys."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from torch.optim.swa_utils import get_ema_multi_avg_fn

from skelter import _checks

__all__ = ["MomentumEncoder"]

# What DistributedDataParallel, torch.compile and Lightning Fabric put before the names of a module.
WRAPPERS = ("module", "_orig_mod", "_forward_module")
NARROW = (torch.float16, torch.bfloat16)
AVERAGE = "average/"  # before the names of averages that are wider than their parameters


class MomentumEncoder(nn.Module):
    """A frozen copy of a module that follows it by an exponential moving average.

    A call is a call of the copy, without a gradient. After ``update(source)`` every parameter is
    ``momentum * own + (1 - momentum) * source``, and every buffer (batch-norm statistics) a copy
    of the source's. So are parameters of integers. In training mode, which is the default, batch
    norms of the copy use the statistics of their own batch, as the reference method has it.

    The average of a float16 or bfloat16 parameter is kept in float32 beside it, as a buffer. Steps
    of 0.001 of the way are too small for these dtypes, so that it would never move.

    Modules in ``DistributedDataParallel``, ``DataParallel``, ``torch.compile`` or a module of
    Lightning Fabric are followed as they are inside, here and in `update`.

    Args:
        module: The module to follow: an encoder, an ``nn.Sequential`` of encoder and head, or an
            ``nn.ModuleDict`` of several.
        momentum: Share of itself that it keeps at an update, in [0, 1]. The paper has 0.999.

    Raises:
        ValueError: The momentum is out of range, or the module has lazy parameters.

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
        _require_shapes("module", module)
        self.momentum = momentum
        self.module = _copy_inside(module).requires_grad_(False)

    @torch.no_grad()
    def update(self, source: nn.Module, momentum: float | None = None) -> None:
        """Move towards ``source``, a module of the same structure.

        Args:
            source: The module to follow.
            momentum: Of this update, for methods that change it while they train. None: that
                of the constructor.

        Raises:
            ValueError: Parameters or buffers of the two differ in name or shape, the source has
                lazy parameters, or the momentum is out of range.
        """
        momentum = self.momentum if momentum is None else momentum
        _checks.between("momentum", momentum, 0.0, 1.0)
        _require_shapes("source", source)
        parameters = _pairs("parameter", self.module.named_parameters(), source.named_parameters())
        copies = _pairs("buffer", self.module.named_buffers(), source.named_buffers())
        averages: list[Tensor] = []
        targets: list[Tensor] = []
        narrow: list[tuple[Tensor, Tensor]] = []
        for name, (own, theirs) in parameters.items():
            if not (own.is_floating_point() or own.is_complex()):
                copies[name] = own, theirs
                continue
            average = self._average_of(name, own) if own.dtype in NARROW else own
            averages.append(average)
            targets.append(theirs.to(average))
            if average is not own:
                narrow.append((own, average))
        if averages:  # all in one go: a GPU launches a handful of kernels, not one a parameter
            move = get_ema_multi_avg_fn(momentum)  # type: ignore[no-untyped-call]  # no types
            move(averages, targets, 0)
        for own, theirs in (*narrow, *copies.values()):
            own.copy_(theirs)

    @torch.no_grad()
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the copy without a gradient."""
        return self.module(*args, **kwargs)

    def extra_repr(self) -> str:
        """Name the momentum."""
        return f"momentum={self.momentum}"

    def _average_of(self, name: str, parameter: Tensor) -> Tensor:
        """Return the float32 average of a narrow parameter, where that still rounds to it.

        Where it does not, the parameter was given another value, which is the average from now on.
        """
        kept = dict(self.named_buffers(recurse=False)).get(_buffer_name(name))
        average = parameter.float()
        if kept is not None:
            average = kept.float().where(kept.to(parameter.dtype) == parameter, average)
        self.register_buffer(_buffer_name(name), average)
        return average

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        # Averages come with the first update: have those that the state has.
        for name, parameter in self.module.named_parameters():
            own = _buffer_name(name)
            if prefix + own in state_dict:
                self.register_buffer(own, parameter.detach().float())
            elif hasattr(self, own):
                delattr(self, own)
        super()._load_from_state_dict(state_dict, prefix, *args)


def _buffer_name(parameter: str) -> str:
    return AVERAGE + parameter.replace(".", "/")


def _pairs(
    kind: str, own: Iterable[tuple[str, Tensor]], theirs: Iterable[tuple[str, Tensor]]
) -> dict[str, tuple[Tensor, Tensor]]:
    """Pair the tensors of the copy with those of its source, by their names without wrappers."""
    here, there = dict(own), dict(theirs)
    if here.keys() != there.keys():
        bare = {_inside(name): tensor for name, tensor in there.items()}
        of_bare = {_inside(name): name for name in here}
        if len(bare) == len(there) and bare.keys() == of_bare.keys():
            there = {of_bare[name]: tensor for name, tensor in bare.items()}
    _checks.same_tensors(kind, here, there)
    return {name: (tensor, there[name]) for name, tensor in here.items()}


def _inside(name: str) -> str:
    """Return the name of a parameter without those of wrappers."""
    return ".".join(part for part in name.split(".") if part not in WRAPPERS)


def _copy_inside(module: nn.Module) -> nn.Module:
    """Copy a module without the wrappers around it, or around its parts."""
    copied: dict[int, Any] = {}
    for part in reversed(list(module.modules())):
        inside = _unwrap(part)
        if inside is not part:
            copied[id(part)] = copy.deepcopy(inside, copied)
    return copy.deepcopy(_unwrap(module), copied)


def _unwrap(module: nn.Module) -> nn.Module:
    """Return the module inside of all wrappers that are around it."""
    children = dict(module.named_children())
    if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        return _unwrap(module.module)
    for name in WRAPPERS[1:]:
        if name in children:
            return _unwrap(children[name])
    return module


def _require_shapes(name: str, module: nn.Module) -> None:
    """Check that a module knows the shapes of its parameters."""
    for part, tensor in (*module.named_parameters(), *module.named_buffers()):
        _checks.require(
            not isinstance(tensor, (UninitializedParameter, UninitializedBuffer)),
            f"`{name}`",
            "know its shapes",
            f"the lazy {part!r}",
            "Call it with one batch first.",
        )
