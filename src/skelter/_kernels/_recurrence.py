"""Recurrences over frames: steps one after another, or one loop of an exported program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from skelter._kernels._switch import is_exported, is_traced

Step = Callable[..., Tensor]


def recur(step: Step, state: Tensor, frames: Tensor, *weights: Tensor) -> Tensor:
    """Return all states ``state = step(state, frame, *weights)`` of a recurrence.

    An exported program keeps it as one loop, of any number of frames. Written out, it would have
    every operation once a frame.

    Args:
        step: Makes a state of the state before and a frame.
        state: The first state (N, H).
        frames: Shape (T, N, I).
        weights: Other tensors that `step` takes.

    Returns:
        The states (T, N, H).
    """
    if is_exported() and not is_traced():
        return _loop(step, state, frames, *weights)
    all_states = []
    for frame in frames:
        state = step(state, frame, *weights)
        all_states.append(state)
    return torch.stack(all_states)


def _loop(step: Step, state: Tensor, frames: Tensor, *weights: Tensor) -> Tensor:
    """Put a recurrence into the program that is exported, as one operator."""
    from torch._higher_order_ops.scan import scan_op

    N = frames.shape[1]
    # A loop knows the sizes that it is told: here that of the batch, where it may be any.
    sizes = (N,) if isinstance(N, torch.SymInt) else ()

    def one(state: Tensor, frame: Tensor, *others: Any) -> tuple[Tensor, Tensor]:
        frame = frame.view(others[0] if sizes else N, frame.shape[-1])
        state = step(state, frame, *others[len(sizes) :])
        return state, state.clone()

    states: Tensor = scan_op(one, [state], [frames], (*sizes, *weights))[1]
    return states
