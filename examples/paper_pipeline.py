"""The whole method of the paper: views, pre-training, retrieval, linear probe, report.

Without arguments it runs on the synthetic set in a few minutes on two CPU cores:

    python examples/paper_pipeline.py

On recordings in a store directory (examples/prepare_data.py makes one) or a ragged .npz file:

    python examples/paper_pipeline.py --data stores/ntu60 --protocol ntu60-xsub
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import recordings
import report
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from skelter import evaluation
from skelter import representations as R
from skelter import transforms as T
from skelter.data import SkeletonDataset, SkeletonStore, collate, protocols
from skelter.encoders import AGCN, HCN, BiGRU
from skelter.methods import InterSkeletonContrast
from skelter.transforms import presets

REPRESENTATIONS: dict[str, Callable[[], nn.Module]] = {
    "sequence": R.ToSequence,
    "graph": R.ToGraph,
    "image": R.ToImage,
}


@dataclass(frozen=True)
class Settings:
    """Everything a run depends on beside data, protocol and seed."""

    view: Callable[..., T.Compose]
    frames: int
    gru: tuple[int, int]  # hidden width, layers
    agcn: tuple[int, ...]  # width of each block
    hcn: tuple[int, float]  # channels, dropout
    epochs: int | None  # None: as many as `steps` take, more on smaller sets
    steps: int | None
    optimiser: str
    lr: float
    weight_decay: float
    drops: tuple[int, ...]  # epochs after which the learning rate is x 0.1; none: cosine
    momentum: float
    temperature: float
    intra_weight: float
    queue_size: int | None  # None: the number of training clips
    random_queue: bool
    probe: evaluation.LinearProbeConfig
    fresh_crops: bool  # the linear probe sees new crops in every epoch
    batch_size: int = 64


PAPER = Settings(
    view=presets.isc_view,
    frames=64,
    gru=(1024, 3),
    agcn=(64, 64, 64, 64, 128, 128, 128, 256, 256, 256),
    hcn=(64, 0.5),
    epochs=451,
    steps=None,
    optimiser="SGD",
    lr=0.01,
    weight_decay=1e-4,
    drops=(351,),
    momentum=0.999,
    temperature=0.07,
    intra_weight=0.0,
    queue_size=16384,
    random_queue=True,
    probe=evaluation.ISC,
    fresh_crops=True,
)
SMALL = Settings(
    view=presets.isc_small_view,
    frames=32,
    gru=(64, 2),
    agcn=(16, 32, 64),
    hcn=(16, 0.0),
    epochs=None,
    steps=1500,
    optimiser="AdamW",
    lr=2e-3,
    weight_decay=1e-4,
    drops=(),
    momentum=0.99,
    temperature=0.07,
    intra_weight=1.0,
    queue_size=None,
    random_queue=False,
    probe=evaluation.STANDARDIZED,
    fresh_crops=False,
)
SETTINGS = {"small": SMALL, "paper": PAPER}


def main() -> None:
    """Run the pipeline for every seed and write the report."""
    args = parse_arguments()
    settings = SETTINGS[args.preset]
    if args.epochs is not None:
        settings = replace(settings, epochs=args.epochs)
    fabric = Fabric(accelerator=args.accelerator, devices=1)
    store = recordings.load(args.data)
    print(store)
    folds = recordings.choose_folds(store, args)
    store = recordings.normalised(store)
    view = settings.view(frames=settings.frames, coordinates=recordings.coordinates_of(store))
    runs = [
        run(fabric, settings, store, fold, view, args.representations, seed)
        for fold in folds
        for seed in args.seeds
    ]
    experiment = report.Experiment(store, folds, args.preset, view, settings)
    report.write(args.output, runs, experiment)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    recordings.add_arguments(parser)
    parser.add_argument(
        "--representations",
        nargs="+",
        choices=REPRESENTATIONS,
        default=["sequence", "image"],
        help="two or more to contrast with each other (default: sequence image)",
    )
    parser.add_argument(
        "--preset",
        choices=SETTINGS,
        default="small",
        help="small: minutes on a CPU, hundreds of clips; paper: the published settings",
    )
    parser.add_argument("--epochs", type=int, help="default: that of the preset")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="default: 0")
    parser.add_argument("--output", type=Path, default=Path("runs/paper_pipeline"))
    parser.add_argument("--accelerator", default="auto", help="auto, cpu or cuda (default: auto)")
    args = parser.parse_args()
    if len(set(args.representations)) < 2:
        parser.error("--representations: name two or more different ones")
    if args.epochs is not None and args.epochs < 1:
        parser.error("--epochs: at least 1")
    return args


def run(
    fabric: Fabric,
    settings: Settings,
    store: SkeletonStore,
    fold: recordings.Fold,
    view: T.Compose,
    names: list[str],
    seed: int,
) -> report.Run:
    """Pre-train with one seed and evaluate every representation, before and after."""
    torch.manual_seed(seed)
    started = time.perf_counter()
    rows: dict[str, report.Row] = {}

    def evaluate_as(row: str, encoder: nn.Module, representation: nn.Module) -> None:
        rows[row] = evaluate(fabric, settings, store, fold, encoder, representation, row)

    evaluate_as("raw poses", nn.Flatten(), R.ToSequence())
    method = InterSkeletonContrast(
        {name: encoder(name, settings, store) for name in names},
        {name: REPRESENTATIONS[name]() for name in names},
        queue_size=settings.queue_size or len(fold.split.train),
        momentum=settings.momentum,
        temperature=settings.temperature,
        intra_weight=settings.intra_weight,
        random_queue=settings.random_queue,
    ).to(fabric.device, memory_format=torch.channels_last)  # faster convolutions, same numbers

    for name in names:
        evaluate_as(f"random encoder, {name}", method.encoders[name], method.representations[name])
    losses = pretrain(
        fabric, settings, method, SkeletonDataset(store, fold.split.train), view, seed
    )
    for name in names:
        evaluate_as(f"pre-trained, {name}", method.encoders[name], method.representations[name])
    return report.Run(fold.name, seed, rows, losses, time.perf_counter() - started)


def encoder(name: str, settings: Settings, store: SkeletonStore) -> nn.Module:
    """Build the encoder of a representation for the joints and persons of a store."""
    joints, persons, channels = store.layout.num_joints, store.persons, store.channels
    if name == "sequence":
        hidden, layers = settings.gru
        return BiGRU(channels * joints * persons, hidden, layers=layers)
    if name == "graph":
        return AGCN(store.layout, channels, persons=persons, widths=settings.agcn)
    width, dropout = settings.hcn
    return HCN(
        joints,
        persons,
        frames=settings.frames,
        channels=width,
        dropout=dropout,
        in_channels=channels,
    )


def pretrain(
    fabric: Fabric,
    settings: Settings,
    method: InterSkeletonContrast,
    dataset: SkeletonDataset,
    view: T.Compose,
    seed: int,
) -> list[float]:
    """Minimise the method's loss over the training clips; return the loss of every epoch."""
    loader = DataLoader(
        dataset,
        settings.batch_size,
        shuffle=True,
        drop_last=len(dataset) >= settings.batch_size,
        collate_fn=collate,
        generator=torch.Generator().manual_seed(seed),
    )
    views = T.MultiView([view, view])
    if not settings.random_queue:
        fill_queues(fabric, method, loader, views)
    epochs = settings.epochs or math.ceil((settings.steps or 1) / len(loader))
    optimiser, schedule = optimisation(settings, method, epochs, len(loader))
    module, optimiser = fabric.setup(method, optimiser)
    module.train()
    losses = []
    progress = tqdm(total=epochs, desc=f"pre-training, seed {seed}", unit="epoch")
    for _ in range(epochs):
        started, total, clips = time.perf_counter(), 0.0, 0
        for x, num_frames, _ in fabric_batches(fabric, loader):
            output = module(*views(x, num_frames=num_frames))
            optimiser.zero_grad()
            fabric.backward(output.loss)
            optimiser.step()
            schedule.step()
            total += float(output.loss.detach()) * len(x)
            clips += len(x)
        losses.append(total / clips)
        rate = clips / (time.perf_counter() - started)
        progress.set_postfix_str(f"loss {losses[-1]:.3f}, {rate:.0f} clips/s")
        progress.update()
    progress.close()
    return losses


def fabric_batches(
    fabric: Fabric, loader: DataLoader
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield batches with the clips on the device; frame counts stay on the CPU, unread by it."""
    for x, num_frames, labels in loader:
        yield fabric.to_device(x), num_frames, labels


@torch.no_grad()
def fill_queues(
    fabric: Fabric, method: InterSkeletonContrast, loader: DataLoader, views: T.MultiView
) -> None:
    """Start from real keys: one pass over the data."""
    for x, num_frames, _ in fabric_batches(fabric, loader):
        method.fill_queues(views(x, num_frames=num_frames)[1])


def optimisation(
    settings: Settings, method: nn.Module, epochs: int, per_epoch: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Return optimiser and schedule, the latter to be stepped every step."""
    parameters = [parameter for parameter in method.parameters() if parameter.requires_grad]
    if settings.optimiser == "SGD":
        optimiser: torch.optim.Optimizer = torch.optim.SGD(
            parameters, settings.lr, momentum=0.9, weight_decay=settings.weight_decay
        )
    else:
        optimiser = torch.optim.AdamW(parameters, settings.lr, weight_decay=settings.weight_decay)
    if settings.drops:
        return optimiser, torch.optim.lr_scheduler.MultiStepLR(
            optimiser, [drop * per_epoch for drop in settings.drops]
        )
    steps = epochs * per_epoch
    warm_up = max(1, steps // 20)
    return optimiser, torch.optim.lr_scheduler.SequentialLR(
        optimiser,
        [
            torch.optim.lr_scheduler.LinearLR(optimiser, 0.05, total_iters=warm_up),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, steps - warm_up)),
        ],
        [warm_up],
    )


def evaluate(
    fabric: Fabric,
    settings: Settings,
    store: SkeletonStore,
    fold: recordings.Fold,
    encoder: nn.Module,
    representation: nn.Module,
    title: str,
) -> report.Row:
    """Retrieve and probe with the features of centre crops."""

    def features(indices: protocols.IntArray, transform: T.Transform) -> evaluation.FeatureSet:
        loader = DataLoader(SkeletonDataset(store, indices), 256, collate_fn=collate)
        return evaluation.extract_features(
            encoder, representation, loader, transform=transform, device=fabric.device
        )

    crop = presets.isc_test_view(frames=settings.frames)
    train, test = features(fold.split.train, crop), features(fold.split.test, crop)
    if not settings.fresh_crops:
        probed = evaluation.linear_probe(train, test, config=settings.probe)
        return report.Row.of(train, test, probed, fold)
    view = presets.isc_probe_view(frames=settings.frames)
    with tqdm(total=settings.probe.epochs, desc=f"linear probe, {title}", unit="epoch") as progress:

        def fresh(epoch: int) -> evaluation.FeatureSet:
            progress.update()
            return features(fold.split.train, view)

        probed = evaluation.linear_probe(fresh, test, config=settings.probe)
    return report.Row.of(train, test, probed, fold)


if __name__ == "__main__":
    main()
