"""Both sides of the training step, built alike: the baseline's and ours."""

from __future__ import annotations

import torch
from benchmarks import harness
from benchmarks.baselines import plain_step

from skelter.encoders import AGCN, BiGRU
from skelter.layouts import NTU25
from skelter.methods import InterSkeletonContrast
from skelter.representations import ToGraph, ToSequence


def method(sizes):
    """Build inter-skeleton contrast of sequence and graph."""
    harness.seeded()
    return InterSkeletonContrast(
        {"sequence": BiGRU(150, sizes.hidden), "graph": AGCN(NTU25, widths=sizes.widths)},
        {"sequence": ToSequence(), "graph": ToGraph()},
        queue_size=sizes.queue,
    )


def views(sizes, device):
    """Draw two views of a batch."""
    generator = harness.seeded()
    shape = (sizes.step_batch, 3, sizes.frames, 25, 2)
    return [torch.randn(shape, generator=generator).to(device) for _ in range(2)]


def baseline(sizes, device):
    """Return a call that takes the baseline's step."""
    model = plain_step.plain_contrast(method(sizes)).to(device)
    optimizer = plain_step.optimiser(model)
    view1, view2 = views(sizes, device)
    return lambda: plain_step.train_step(model, optimizer, view1, view2)


def ours(sizes, device, dtype="float32"):
    """Return a call that takes skelter's step, under autocast unless in float32."""
    model = method(sizes).to(device)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.SGD(parameters, 0.01, momentum=0.9, weight_decay=1e-4, fused=True)
    view1, view2 = views(sizes, device)

    def call():
        with torch.autocast(view1.device.type, torch.bfloat16, enabled=dtype == "bfloat16"):
            loss = model(view1, view2).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return call


SIDES = {"baseline": baseline, "ours": ours}
