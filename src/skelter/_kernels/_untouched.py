"""Find modules that have hooks, or that were wrapped or exchanged.

An operator that reads the parameters of a module instead of calling it would pass by hooks and
wrappers, such as adapters of low rank. So would a layer that writes over what a module returned.
Both ask here first.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules import module as of_all

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
GLOBAL_HOOKS = tuple(f"_global{name}" for name in HOOKS)
KNOWN = ("torch.nn.modules.", "skelter.")


def are_untouched(*modules: nn.Module) -> bool:
    """Tell whether modules, and those in them, are torch's own or of this library, without hooks.

    Hooks of all modules count too. Counters of operations have such.
    """
    if any(getattr(of_all, name) for name in GLOBAL_HOOKS):
        return False
    return all(_is_untouched(part) for module in modules for part in module.modules())


def add_relu(out: Tensor, other: Tensor | None, *makers: nn.Module) -> Tensor:
    """Return ``relu(out + other)``, in the memory of `out` where nobody else has seen that.

    Args:
        out: What the last of the modules returned.
        other: Another tensor, or None for zero.
        makers: The modules, which do not keep what they return for their backward pass.
    """
    if are_untouched(*makers):
        return (out if other is None else out.add_(other)).relu_()
    return torch.relu(out if other is None else out + other)


def _is_untouched(module: nn.Module) -> bool:
    own = type(module).__module__.startswith(KNOWN) and "forward" not in module.__dict__
    return own and not any(getattr(module, name) for name in HOOKS)
