"""Pre-train encoders by skeleton contrast, and lose nothing on the way.

    python examples/pretrain.py                                     minutes, a synthetic set
    python examples/pretrain.py --preset isc-ntu60-xview --data stores/ntu60
    torchrun --nproc-per-node 8 examples/pretrain.py --preset isc-ntu60-xview --data stores/ntu60

The same command again goes on where the last one stopped, bit by bit as if it had not. Exit codes:
0 done; 75 stopped by SIGTERM or SIGINT with a checkpoint; 76 the loss was not finite; 2 a wrong
argument. examples/evaluate.py takes it from here.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch
from lightning_fabric import Fabric
from parts import assembly, settings
from parts.clips import TrainingClips, training_clips
from parts.configuration import PRESETS, Pretraining
from parts.monitoring import Monitor
from parts.runs import NOT_FINITE, STOPPED, Interrupt, RunFolder, refuse
from tqdm import tqdm

from skelter.data import ShuffledBatches, seeded
from skelter.transforms import MultiView


def main(arguments: Sequence[str] | None = None) -> int:
    """Pre-train as the command line says; return the exit code."""
    config = settings.parse(Pretraining, PRESETS, __doc__, arguments)
    fabric = start(config)
    torch.manual_seed(config.seed)  # the same weights and random queues on every process
    clips = training_clips(config)
    try:
        trainer = Pretrainer(fabric, config, clips)
    except ValueError as error:  # of sizes that an encoder cannot have
        refuse(str(error))
    with Interrupt() as interrupt:
        return trainer.fit(interrupt)


def start(config: Pretraining) -> Fabric:
    """Start the processes, or say why not."""
    if config.accelerator in ("cuda", "gpu") and not torch.cuda.is_available():
        refuse("--accelerator cuda: this machine has no GPU that torch can use. Try auto.")
    on_gpu = torch.cuda.is_available() and config.accelerator != "cpu"
    if config.sync_batch_norm and not on_gpu:
        refuse("--sync-batch-norm: torch has it on GPUs only.")
    if on_gpu and config.devices > torch.cuda.device_count():
        refuse(f"--devices {config.devices}: there are {torch.cuda.device_count()} GPUs.")
    here = int(os.environ.get("LOCAL_WORLD_SIZE", config.devices))  # torchrun says how many
    everywhere = int(os.environ["WORLD_SIZE"]) if "LOCAL_WORLD_SIZE" in os.environ else here
    fabric = Fabric(
        accelerator=config.accelerator,
        devices=here,
        num_nodes=everywhere // here,
        precision=config.precision,
    )
    fabric.launch()
    return fabric


class Pretrainer:
    """A method, its optimiser and where they are in training."""

    def __init__(self, fabric: Fabric, config: Pretraining, clips: TrainingClips) -> None:
        self.fabric, self.config, self.clips = fabric, config, clips
        rank, world = fabric.global_rank, fabric.world_size
        if len(clips.train) < world or config.batch_size < world * config.accumulate:
            refuse(
                f"{world} processes with {config.accumulate} part(s) of a batch each need as many "
                f"clips; there are {len(clips.train)}, and batches of {config.batch_size}."
            )
        self.store = clips.store.to(fabric.device) if config.resident else clips.store
        self.batches = ShuffledBatches(
            clips.train, config.batch_size, seed=config.seed, rank=rank, world_size=world,
            drop_last=config.drop_last,
        )  # fmt: skip
        shortest = math.ceil(config.steps / len(self.batches))
        self.epochs = max(config.epochs, shortest)
        self.steps = self.epochs * len(self.batches)
        view = assembly.view(config, clips.store)
        self.views = MultiView([view, view])
        self.method = assembly.method(config, clips.store, len(clips.train))
        built = self.method
        if config.sync_batch_norm:
            built = torch.nn.SyncBatchNorm.convert_sync_batchnorm(built)
        built = built.to(memory_format=torch.channels_last)  # faster convolutions, same numbers
        self.module, self.optimiser = fabric.setup(built, assembly.optimiser(config, built))
        self.method = self.module.module
        self.monitor = Monitor(config, clips, fabric.device)
        self.folder = RunFolder(config, clips.description, main=fabric.is_global_zero)
        self.step = 0
        self.history: list[dict[str, float]] = []
        self.sums: dict[str, float] = {}

    def fit(self, interrupt: Interrupt) -> int:
        """Train to the end, or until interrupted; return the exit code."""
        state = self.folder.resume()
        if state is None:
            self.fill_queues()
        else:
            self.load(state)
        self.folder.begin(self.step, self.state(), self.history)
        self.module.train()
        bar = tqdm(
            total=self.steps, initial=self.step, desc="pre-training", unit="step",
            disable=not self.fabric.is_global_zero,
        )  # fmt: skip
        with bar:
            while self.step < self.steps:
                code = self.run_epoch(bar, interrupt)
                if code:
                    return code
        self.folder.finish()
        return 0

    def run_epoch(self, bar: tqdm, interrupt: Interrupt) -> int:
        """Train to the end of the epoch that the step is in."""
        epoch, done = divmod(self.step, len(self.batches))
        started, first = time.perf_counter(), self.step
        for indices in self.batches.epoch(epoch, start=done):
            figures = self.take_step(indices)
            if not math.isfinite(figures["loss"]):
                self.folder.note_clips(
                    self.clips.names(indices), self.step, self.fabric.global_rank
                )
                return NOT_FINITE
            self.step += 1
            clips = (self.step - first) * self.batches.batch_size
            rate = clips / (time.perf_counter() - started)
            bar.update()
            bar.set_postfix_str(
                f"epoch {epoch + 1}/{self.epochs}, loss {figures['loss']:.3f}, accuracy "
                f"{figures['accuracy']:.0%}, lr {figures['lr']:.2g}, {rate:.0f} clips/s"
            )
            if self.step % len(self.batches) == 0:
                self.end_epoch(epoch, rate)
            every = self.config.checkpoint_every or len(self.batches)
            stop = self.agreed(interrupt.came)
            if self.step % every == 0 or self.step == self.steps or stop:
                self.folder.save(self.state(), self.step, self.score())
            if stop and self.step < self.steps:
                bar.write(f"stopped at step {self.step} of {self.steps}; the same command goes on")
                return STOPPED
        return 0

    def take_step(self, indices: Any) -> dict[str, float]:
        """Step once with clips of the store; return loss, accuracy and learning rate."""
        config, parts = self.config, self.config.accumulate
        rate = assembly.learning_rate(config, self.step, self.epochs, len(self.batches))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        rank = self.fabric.global_rank
        torch.manual_seed(seeded(config.seed, "dropout", self.step, rank).initial_seed())
        total = accuracy = 0.0
        self.optimiser.zero_grad()
        for part in range(parts):
            chosen = indices[part * len(indices) // parts : (part + 1) * len(indices) // parts]
            generator = seeded(config.seed, "views", self.step, rank, part, device=self.device)
            views, _, _ = self.store.batch(chosen, transform=self.views, generator=generator)
            last = part == parts - 1
            with self.fabric.no_backward_sync(self.module, enabled=not last):
                output = self.module(*map(self.fabric.to_device, views))
                share = len(chosen) / len(indices)
                self.fabric.backward(output.loss * share)
            total += float(output.loss.detach()) * share
            accuracy += output.accuracy() * share
        if config.clip_norm and math.isfinite(total):
            self.fabric.clip_gradients(self.module, self.optimiser, max_norm=config.clip_norm)
        if math.isfinite(total):
            self.optimiser.step()
        figures = {"loss": total, "accuracy": accuracy, "lr": rate}
        for name, value in figures.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        return figures

    def end_epoch(self, epoch: int, rate: float) -> None:
        """Note the means of an epoch, and look at the features where it is time to."""
        row = {name: total / len(self.batches) for name, total in self.sums.items()}
        self.sums = {}
        row = {"epoch": epoch + 1, "step": self.step, **row}
        if self.monitor.due(epoch, self.epochs):
            if self.fabric.is_global_zero:
                row |= self.monitor.look(assembly.encoders_of(self.config, self.method))
            self.fabric.barrier()
            self.module.train()
        self.history.append(row)
        self.folder.log(self.history, {"clips/s": rate})

    @torch.no_grad()
    def fill_queues(self) -> None:
        """Start from the keys of all training clips, unless the queues start at random."""
        if self.config.random_queue:
            return
        rank, world = self.fabric.global_rank, self.fabric.world_size
        batches = ShuffledBatches(
            self.clips.train, self.config.batch_size, seed=self.config.seed, rank=rank,
            world_size=world, drop_last=False,
        )  # fmt: skip
        for number, indices in enumerate(batches.epoch(0)):
            generator = seeded(self.config.seed, "filling", number, rank, device=self.device)
            views, _, _ = self.store.batch(indices, transform=self.views, generator=generator)
            self.method.fill_queues(self.fabric.to_device(views[1]))

    def state(self) -> dict[str, Any]:
        """Return everything that the rest of the run depends on."""
        return {
            "configuration": settings.plain(self.config),
            "data": self.clips.description,
            "processes": self.fabric.world_size,
            "step": self.step,
            "method": self.method.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "history": self.history,
            "sums": self.sums,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        if state["processes"] != self.fabric.world_size and self.fabric.is_global_zero:
            print(
                f"going on with {self.fabric.world_size} process(es) instead of "
                f"{state['processes']}: views will be others than those of a run left alone"
            )
        self.method.load_state_dict(state["method"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.history, self.sums = state["step"], state["history"], state["sums"]

    def score(self) -> float | None:
        """Return the last 1-NN accuracy on the clips held out, for the best checkpoint."""
        last = self.history[-1] if self.history else {}
        return last.get("1-NN") if last.get("step") == self.step else None

    def agreed(self, flag: bool) -> bool:
        """Whether it is so on any process: all of them have to stop at the same step."""
        if self.fabric.world_size == 1:
            return flag
        votes = self.fabric.all_reduce(torch.tensor(float(flag)), reduce_op="sum")
        return bool(votes > 0)

    @property
    def device(self) -> torch.device:
        """Where views are drawn."""
        return self.fabric.device if self.config.resident else torch.device("cpu")


if __name__ == "__main__":
    sys.exit(main())
