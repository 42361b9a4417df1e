"""Whether a layer computes what its parameters say, so that they may be used without calling it."""

from __future__ import annotations

from torch import nn
from torch.nn.modules import module as of_all

HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
)  # fmt: skip
GLOBAL_HOOKS = (
    "_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks",
    "_global_backward_pre_hooks",
)  # fmt: skip


def are_untouched(*modules: nn.Module) -> bool:
    """Tell whether modules are torch's own convolutions, or chains of layers, without hooks.

    A layer that was wrapped, such as by an adapter, or that a hook listens to has to be called.
    """
    if any(getattr(of_all, name) for name in GLOBAL_HOOKS):
        return False
    known = (nn.Conv2d, nn.Sequential)
    return all(
        type(module) in known and not any(getattr(module, name) for name in HOOKS)
        for module in modules
    )
