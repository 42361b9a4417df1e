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
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from parts import assembly, recordings, report
from parts.configuration import PRESETS, Pretraining
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from skelter import evaluation
from skelter import representations as R
from skelter import transforms as T
from skelter.data import SkeletonDataset, SkeletonStore, collate
from skelter.methods import MomentumContrast
from skelter.transforms import presets


@dataclass(frozen=True)
class Settings:
    """Everything a run depends on beside data, protocol and seed."""

    pretraining: Pretraining
    probe: evaluation.LinearProbeConfig
    fresh_crops: bool  # the linear probe sees new crops in every epoch


SETTINGS = {
    "small": Settings(PRESETS["small"], evaluation.STANDARDIZED, fresh_crops=False),
    "paper": Settings(PRESETS["isc-ntu60-xview"], evaluation.ISC, fresh_crops=True),
}


def main() -> None:
    """Run the pipeline for every seed and write the report."""
    args = parse_arguments()
    settings = SETTINGS[args.preset]
    options = {"representations": tuple(args.representations)}
    if args.epochs is not None:
        options |= {"epochs": args.epochs, "steps": 0}
    settings = replace(settings, pretraining=replace(settings.pretraining, **options))
    fabric = Fabric(accelerator=args.accelerator, devices=1)
    store = recordings.load(args.data)
    print(store)
    folds = recordings.choose_folds(store, args)
    store = recordings.normalised(store)
    view = assembly.view(settings.pretraining, store)
    runs = [run(fabric, settings, store, fold, view, seed) for fold in folds for seed in args.seeds]
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
        choices=assembly.REPRESENTATIONS,
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
    seed: int,
) -> report.Run:
    """Pre-train with one seed and evaluate every representation, before and after."""
    torch.manual_seed(seed)
    started = time.perf_counter()
    rows: dict[str, report.Row] = {}

    def evaluate_as(row: str, encoder: nn.Module, representation: nn.Module) -> None:
        rows[row] = evaluate(fabric, settings, store, fold, encoder, representation, row)

    evaluate_as("raw poses", nn.Flatten(), R.ToSequence())
    method = assembly.method(settings.pretraining, store, len(fold.split.train))
    method = method.to(fabric.device, memory_format=torch.channels_last)  # faster convolutions
    names = settings.pretraining.representations

    for name in names:
        evaluate_as(f"random encoder, {name}", method.encoders[name], method.representations[name])
    losses = pretrain(
        fabric, settings.pretraining, method, SkeletonDataset(store, fold.split.train), view, seed
    )
    for name in names:
        evaluate_as(f"pre-trained, {name}", method.encoders[name], method.representations[name])
    return report.Run(fold.name, seed, rows, losses, time.perf_counter() - started)


def pretrain(
    fabric: Fabric,
    config: Pretraining,
    method: MomentumContrast,
    dataset: SkeletonDataset,
    view: T.Compose,
    seed: int,
) -> list[float]:
    """Minimise the method's loss over the training clips; return the loss of every epoch."""
    loader = DataLoader(
        dataset,
        config.batch_size,
        shuffle=True,
        drop_last=len(dataset) >= config.batch_size,
        collate_fn=collate,
        generator=torch.Generator().manual_seed(seed),
    )
    views = T.MultiView([view, view])
    if not config.random_queue:
        fill_queues(fabric, method, loader, views)
    epochs = max(config.epochs, math.ceil(config.steps / len(loader)))
    module, optimiser = fabric.setup(method, assembly.optimiser(config, method))
    module.train()
    losses = []
    progress = tqdm(total=epochs, desc=f"pre-training, seed {seed}", unit="epoch")
    for epoch in range(epochs):
        started, total, clips = time.perf_counter(), 0.0, 0
        for batch, (x, num_frames, _) in enumerate(fabric_batches(fabric, loader)):
            step = epoch * len(loader) + batch
            for group in optimiser.param_groups:
                group["lr"] = assembly.learning_rate(config, step, epochs, len(loader))
            output = module(*views(x, num_frames=num_frames))
            optimiser.zero_grad()
            fabric.backward(output.loss)
            optimiser.step()
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
    fabric: Fabric, method: MomentumContrast, loader: DataLoader, views: T.MultiView
) -> None:
    """Start from real keys: one pass over the data."""
    for x, num_frames, _ in fabric_batches(fabric, loader):
        method.fill_queues(views(x, num_frames=num_frames)[1])


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

    def features(indices: np.ndarray, transform: T.Transform) -> evaluation.FeatureSet:
        loader = DataLoader(SkeletonDataset(store, indices), 256, collate_fn=collate)
        return evaluation.extract_features(
            encoder, representation, loader, transform=transform, device=fabric.device
        )

    frames = settings.pretraining.frames
    crop = presets.isc_test_view(frames=frames)
    train, test = features(fold.split.train, crop), features(fold.split.test, crop)
    if not settings.fresh_crops:
        probed = evaluation.linear_probe(train, test, config=settings.probe)
        return report.Row.of(train, test, probed, fold)
    view = presets.isc_probe_view(frames=frames)
    with tqdm(total=settings.probe.epochs, desc=f"linear probe, {title}", unit="epoch") as progress:

        def fresh(epoch: int) -> evaluation.FeatureSet:
            progress.update()
            return features(fold.split.train, view)

        probed = evaluation.linear_probe(fresh, test, config=settings.probe)
    return report.Row.of(train, test, probed, fold)


if __name__ == "__main__":
    main()
