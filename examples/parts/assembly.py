"""Views, encoders, method, optimiser: the parts of a run, built from its configuration.

A new representation, encoder or method is a row of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from skelter import representations as R
from skelter import training
from skelter import transforms as T
from skelter.data import SkeletonStore
from skelter.encoders import (
    AGCN,
    CTRGCN,
    HCN,
    STGCN,
    TCN,
    BiGRU,
    FrameTransformer,
    HierarchicalEncoder,
    SkeletonTransformer,
    STTransformer,
)
from skelter.methods import InterSkeletonContrast, IntraSkeletonContrast
from skelter.transforms import presets
from skelter.typing import Method

if TYPE_CHECKING:
    from parts.configuration import Pretraining

Parts = Mapping[str, nn.Module]  # by the names of the representations
STREAMS = ("joint", "bone", "motion")

REPRESENTATIONS: dict[str, Callable[[], nn.Module]] = {
    "sequence": R.ToSequence,
    "graph": R.ToGraph,
    "image": R.ToImage,
    "tokens": R.ToGraph,
}

# From the configuration, the store and the representation of a clip.
ENCODERS: dict[str, Callable[[Pretraining, SkeletonStore, Tensor], nn.Module]] = {
    "bigru": lambda config, store, x: BiGRU(
        x.shape[-1], config.gru_hidden, layers=config.gru_layers, input_norm=config.gru_norm
    ),
    "tcn": lambda config, store, x: TCN(x.shape[-1], config.sequence_width),
    "frames": lambda config, store, x: FrameTransformer(
        x.shape[-1], config.sequence_width, frames=config.frames
    ),
    "agcn": lambda config, store, x: AGCN(
        store.layout, x.shape[1], persons=store.persons, widths=config.agcn_widths
    ),
    "stgcn": lambda config, store, x: STGCN(
        store.layout, x.shape[1], widths=config.stgcn_widths, dropout=config.stgcn_dropout
    ),
    "ctrgcn": lambda config, store, x: CTRGCN(
        store.layout, x.shape[1], persons=store.persons, widths=config.ctrgcn_widths
    ),
    "hcn": lambda config, store, x: HCN(
        store.layout.num_joints,
        store.persons,
        frames=config.frames,
        channels=config.hcn_channels,
        dropout=config.hcn_dropout,
        in_channels=x.shape[1],
    ),
    "transformer": lambda config, store, x: SkeletonTransformer(
        store.layout,
        x.shape[1],
        frames=config.frames,
        width=config.transformer_width,
        depth=config.transformer_depth,
        heads=config.transformer_heads,
    ),
    "sttransformer": lambda config, store, x: STTransformer(
        store.layout.num_joints,
        config.branch_width,
        in_channels=x.shape[1],
        persons=store.persons,
        frames=config.frames,
    ),
    "hierarchical": lambda config, store, x: HierarchicalEncoder(
        store.layout.num_joints,
        config.branch_width,
        in_channels=x.shape[1],
        persons=store.persons,
        frames=config.frames,
    ),
}


def inter(config: Pretraining, encoders: Parts, converters: Parts, clips: int) -> Method:
    """Contrast several representations with each other."""
    options = queue_options(config, clips)
    return InterSkeletonContrast(encoders, converters, intra_weight=config.intra_weight, **options)


def intra(config: Pretraining, encoders: Parts, converters: Parts, clips: int) -> Method:
    """Contrast one representation with itself."""
    if len(encoders) > 1:
        raise ValueError(f"--method intra takes one of --encoders; got {', '.join(encoders)}.")
    ((name, encoder),) = encoders.items()
    options = queue_options(config, clips)
    return IntraSkeletonContrast(encoder, converters[name], name=name, **options)


METHODS: dict[str, Callable[[Pretraining, Parts, Parts, int], Method]] = {
    "inter": inter,
    "intra": intra,
}


def queue_options(config: Pretraining, clips: int) -> dict[str, Any]:
    """Return the options of momentum contrast."""
    return {
        "queue_size": config.queue_size or clips,
        "momentum": config.momentum,
        "temperature": config.temperature,
        "random_queue": config.random_queue,
    }


def method(
    config: Pretraining, store: SkeletonStore, clips: int, start: training.Run | None = None
) -> Method:
    """Build the method with the weights that the seed decides.

    Args:
        config: Names the method, its encoders and their sizes.
        store: Its layout, channels and persons decide the inputs.
        clips: Number of training clips, for queues that hold as many.
        start: A run whose weights its encoders begin with, and all of it if it fits.

    Raises:
        ValueError: The parts do not fit each other.
    """
    clip = torch.zeros(2, store.channels, config.frames, store.layout.num_joints, store.persons)
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        converters = {name: converter(name, config.stream, store) for name in config.pairs}
        encoders = {
            name: ENCODERS[encoder](config, store, converters[name](clip))
            for name, encoder in config.pairs.items()
        }
        if start is not None:
            start.load_encoders(nn.ModuleDict(encoders))
        built = METHODS[config.method](config, encoders, converters, clips)
        if start is not None:
            whole = start.load_method(built)
            print(f"started from the {'method' if whole else 'encoders'} of {start.path}")
        for name, encoder in encoders.items():
            try:
                training_mode = encoder.training
                encoder.eval()(converters[name](clip))
                encoder.train(training_mode)
            except (ValueError, RuntimeError) as error:
                raise ValueError(f"--encoders {name}={config.pairs[name]}: {error}") from error
    return built


def converter(name: str, stream: str, store: SkeletonStore) -> nn.Module:
    """Return what makes a representation of the joints, the bones or the motion of clips."""
    made = REPRESENTATIONS[name]()
    if stream == "joint":
        return made
    if stream == "bone":
        return nn.Sequential(R.ToBones(store.layout), made)
    return nn.Sequential(R.ToMotion(layout=store.layout), made)


def views(config: Pretraining, store: SkeletonStore) -> T.MultiView:
    """Return two draws of the paper's view."""
    view = presets.isc_view(
        frames=config.frames,
        ratio=(config.crop_ratio, 1.0),
        min_frames=config.crop_floor,
        amplitude=config.shear,
        joints=config.jitter,
        layout=store.layout,
    )
    return T.MultiView([view, view])


def optimiser(config: Pretraining, built: nn.Module) -> torch.optim.Optimizer:
    """Return the optimiser of the parameters that have a gradient."""
    parameters = [parameter for parameter in built.parameters() if parameter.requires_grad]
    if config.optimiser == "sgd":
        return torch.optim.SGD(
            parameters, config.lr, momentum=0.9, weight_decay=config.weight_decay
        )
    return torch.optim.AdamW(parameters, config.lr, weight_decay=config.weight_decay)


def schedule(config: Pretraining) -> training.Schedule:
    """Return drops after epochs, or warm-up and cosine."""
    if not config.drops:
        return training.warm_up_cosine()
    shares = [epoch / config.epochs for epoch in config.drops]
    return lambda step, steps: 0.1 ** sum(step / steps >= share for share in shares)
