"""Views, encoders, method, optimiser: the parts of a run, built from its configuration."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from parts.configuration import Pretraining
from parts.recordings import coordinates_of
from skelter import representations as R
from skelter import transforms as T
from skelter.data import SkeletonStore
from skelter.encoders import AGCN, HCN, BiGRU
from skelter.methods import InterSkeletonContrast, IntraSkeletonContrast, MomentumContrast
from skelter.transforms import presets

REPRESENTATIONS: dict[str, Callable[[], nn.Module]] = {
    "sequence": R.ToSequence,
    "graph": R.ToGraph,
    "image": R.ToImage,
}


def view(config: Pretraining, store: SkeletonStore) -> T.Compose:
    """Return the view that is contrasted with another draw of it."""
    return presets.isc_view(
        frames=config.frames,
        ratio=(config.crop_ratio, 1.0),
        min_frames=config.crop_floor,
        amplitude=config.shear,
        joints=config.jitter,
        coordinates=coordinates_of(store),
    )


def converter(name: str, stream: str, store: SkeletonStore) -> nn.Module:
    """Return what makes a representation of the joints, the bones or the motion of clips."""
    made, coordinates = REPRESENTATIONS[name](), coordinates_of(store)
    if stream == "joint":
        return made
    if stream == "bone":
        return nn.Sequential(R.ToBones(store.layout, coordinates=coordinates), made)
    return nn.Sequential(R.ToMotion(coordinates=coordinates), made)


def encoder(name: str, config: Pretraining, store: SkeletonStore) -> nn.Module:
    """Build the encoder of a representation for the joints and persons of a store."""
    joints, persons, channels = store.layout.num_joints, store.persons, store.channels
    if name == "sequence":
        return BiGRU(channels * joints * persons, config.gru_hidden, layers=config.gru_layers)
    if name == "graph":
        return AGCN(store.layout, channels, persons=persons, widths=config.agcn_widths)
    return HCN(
        joints,
        persons,
        frames=config.frames,
        channels=config.hcn_channels,
        dropout=config.hcn_dropout,
        in_channels=channels,
    )


def method(config: Pretraining, store: SkeletonStore, clips: int) -> MomentumContrast:
    """Build the contrast of one representation with itself, or of several with each other."""
    names = config.representations
    encoders = {name: encoder(name, config, store) for name in names}
    converters = {name: converter(name, config.stream, store) for name in names}
    queue_size = config.queue_size or clips
    if len(names) == 1:
        return IntraSkeletonContrast(
            encoders[names[0]],
            converters[names[0]],
            queue_size=queue_size,
            momentum=config.momentum,
            temperature=config.temperature,
            random_queue=config.random_queue,
        )
    return InterSkeletonContrast(
        encoders,
        converters,
        queue_size=queue_size,
        momentum=config.momentum,
        temperature=config.temperature,
        intra_weight=config.intra_weight,
        random_queue=config.random_queue,
    )


def encoders_of(config: Pretraining, built: MomentumContrast) -> dict[str, nn.Module]:
    """Return the encoders of a method by the names of their representations."""
    return dict(zip(config.representations, built.encoders.values(), strict=True))


def optimiser(config: Pretraining, built: nn.Module) -> torch.optim.Optimizer:
    """Return what steps the parameters that have a gradient."""
    parameters = [parameter for parameter in built.parameters() if parameter.requires_grad]
    if config.optimiser == "sgd":
        return torch.optim.SGD(
            parameters, config.lr, momentum=0.9, weight_decay=config.weight_decay
        )
    return torch.optim.AdamW(parameters, config.lr, weight_decay=config.weight_decay)


def learning_rate(config: Pretraining, step: int, epochs: int, per_epoch: int) -> float:
    """Return the rate of a step, from 0: drops after epochs, or warm-up and cosine."""
    if config.drops:
        dropped = sum(step >= drop * per_epoch for drop in config.drops)
        return float(config.lr * 0.1**dropped)
    steps = epochs * per_epoch
    warm_up = max(1, steps // 20)
    if step < warm_up:
        return config.lr * (0.05 + 0.95 * step / warm_up)
    return config.lr * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))
