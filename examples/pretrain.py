"""Pre-train any encoders by any method, and lose nothing on the way.

    python examples/pretrain.py                                     minutes, a synthetic set
    python examples/pretrain.py --preset isc-ntu60-xview --data stores/ntu60
    python examples/pretrain.py --method intra --encoders graph=agcn
    python examples/pretrain.py --data other.npz --init runs/pretrain --output runs/further
    torchrun --nproc-per-node 8 examples/pretrain.py --preset isc-ntu60-xview --data stores/ntu60

The same command again goes on where the last one stopped, bit by bit as if it had not. Exit codes:
0 done; 75 stopped by SIGTERM or SIGINT with a checkpoint; 76 the loss was not finite; 2 a wrong
argument. examples/evaluate.py takes it from here.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from parts import assembly, recordings
from parts.command_line import parse, plain, refuse
from parts.configuration import FREE, PRESETS, Pretraining
from torch import nn

from skelter import training
from skelter.data import SkeletonStore

STOPPED, NOT_FINITE = 75, 76  # exit codes


def main(arguments: Sequence[str] | None = None) -> int:
    """Pre-train as the command line says, and return the exit code."""
    return pretrain(parse(Pretraining, PRESETS, __doc__, arguments))


def pretrain(config: Pretraining, store: SkeletonStore | None = None) -> int:
    """Pre-train as a configuration says, on a store that is open, and return the exit code."""
    fabric = launch(config)
    store = recordings.normalised(store or config.open())
    split, clips = training_clips(config, store)
    trainer = training.Trainer(
        config.output,
        training.TrainingConfig(
            epochs=config.epochs,
            steps=config.steps,
            batch_size=config.batch_size,
            drop_last=config.drop_last,
            accumulate=config.accumulate,
            clip_norm=config.clip_norm,
            seed=config.seed,
        ),
        fabric=fabric,
        monitor=training.Monitor(config.monitor, config.monitor_every),
        checkpoint_every=config.checkpoint_every,
        keep=config.keep,
        resume=config.resume == "auto",
    )
    start = starting_run(config)
    trained_on, _ = trainer.monitor.hold_out(clips, config.seed)
    try:
        method = assembly.method(config, store, len(trained_on), start)
    except ValueError as error:  # of parts that do not fit each other
        refuse(str(error))
    except training.RunFolderError as error:
        refuse(f"--init {config.init}: {error}")
    if config.sync_batch_norm:
        method = nn.SyncBatchNorm.convert_sync_batchnorm(method)
    try:
        run = trainer.fit(
            method,
            assembly.views(config, store),
            store.to(fabric.device) if config.resident else store,
            clips,
            optimiser=assembly.optimiser(config, method),
            schedule=assembly.schedule(config),
            configuration=settings(config, start),
            split=split,
        )
    except training.StoppedError as stopped:
        print(f"{stopped} Give the same command.")
        return STOPPED
    except training.NotFiniteError as error:
        print(f"error: {error}", file=sys.stderr)
        return NOT_FINITE
    except training.TrainingError as error:
        refuse(f"--output {config.output}: {error}")
    if fabric.is_global_zero:
        print(f"pre-trained: {run.path}; examples/evaluate.py --checkpoint {run.path} evaluates it")
    return 0


def starting_run(config: Pretraining) -> training.Run | None:
    """Return the run to start from, or end with the reason why not."""
    try:
        return None if config.init is None else training.Run.open(config.init)
    except (OSError, training.RunFolderError) as error:
        refuse(f"--init {config.init}: {error}")


def settings(config: Pretraining, start: training.Run | None) -> dict[str, Any]:
    """Return what has to be the same when the run goes on."""
    kept = {name: value for name, value in plain(config).items() if name not in FREE}
    if start is None:
        return kept
    return kept | {"started_from": {"run": start.name, "step": start.step, "digest": start.digest}}


def launch(config: Pretraining) -> Fabric:
    """Start the processes, or say why not."""
    gpus = torch.cuda.device_count() if config.accelerator != "cpu" else 0
    if config.accelerator == "cuda" and not gpus:
        refuse("--accelerator cuda: this machine has no GPU that torch can use. Try auto.")
    if config.sync_batch_norm and not gpus:
        refuse("--sync-batch-norm: torch has it on GPUs only.")
    if config.precision == "16-mixed" and not gpus:
        refuse("--precision 16-mixed: float16 needs a GPU. On the CPU, take bf16-mixed.")
    if gpus and config.devices > gpus:
        refuse(f"--devices {config.devices}: there are {gpus} GPUs.")
    here = int(os.environ.get("LOCAL_WORLD_SIZE", config.devices))  # torchrun says how many
    nodes = int(os.environ["WORLD_SIZE"]) // here if "LOCAL_WORLD_SIZE" in os.environ else 1
    fabric = Fabric(
        accelerator=config.accelerator, devices=here, num_nodes=nodes, precision=config.precision
    )
    fabric.launch()
    atexit.register(leave)
    return fabric


def leave() -> None:
    """Leave the other processes in order: their threads must end before the interpreter does."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def training_clips(config: Pretraining, store: SkeletonStore) -> tuple[str, np.ndarray]:
    """Return the name of the split, and the clips that it trains on."""
    if config.split == "all":
        return "all", np.arange(len(store))
    try:
        splits = recordings.choose_splits(store, config)
    except ValueError as error:
        refuse(f"{error} Or train on every clip: --split all.")
    if config.fold >= len(splits):
        refuse(f"--fold {config.fold}: there are {len(splits)}, from 0.")
    name, split = splits[config.fold]
    return name, split.train


if __name__ == "__main__":
    sys.exit(main())
