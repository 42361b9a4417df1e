"""The loop that trains any method."""

from __future__ import annotations

import json
import math
import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm  # type: ignore[import-untyped]  # tqdm has no types

from skelter import _checks
from skelter.data import ShuffledBatches, SkeletonStore, make_generator
from skelter.training._about import describe_run
from skelter.training._config import Schedule, TrainingConfig, warm_up_cosine
from skelter.training._errors import (
    NotFiniteError,
    RunFolderError,
    StoppedError,
    TrainingError,
    notice_signals,
    on_main,
)
from skelter.training._monitor import Clips, IntArray, Monitor, look
from skelter.training._run import Run, RunFolder
from skelter.typing import Method


class Trainer:
    """Train any method, and lose nothing on the way.

    The same call again goes on where the last one stopped, bit by bit as if it had not, with the
    same number of processes and threads on the same machine: the draws of a step are a function
    of seed, step and process, and everything else is in the checkpoint.

    Args:
        folder: Place of checkpoints, logs and the description of the run, for `Run` to read.
        config: Steps, batches and seed.
        fabric: A Lightning Fabric that was launched, with the devices and the precision to train
            with. None: the GPU if there is one, and the processes of ``torchrun``.
        monitor: Whether to watch held-out clips.
        checkpoint_every: Steps between two checkpoints, or 0 for an epoch.
        keep: Newest checkpoints that stay, besides the best by the monitor.
        resume: Whether to go on with a run that is in the folder, or refuse it.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> import tempfile
        >>> from skelter.data import synthetic
        >>> from skelter.encoders import BiGRU
        >>> from skelter.methods import IntraSkeletonContrast
        >>> from skelter.representations import ToSequence
        >>> from skelter.transforms import MultiView, presets
        >>> store = synthetic.generate(clips_per_class=4)
        >>> method = IntraSkeletonContrast(BiGRU(150, 8), ToSequence(), queue_size=64)
        >>> views = MultiView([presets.isc_small_view(), presets.isc_small_view()])
        >>> trainer = Trainer(tempfile.mkdtemp(), TrainingConfig(epochs=1, batch_size=16))
        >>> run = trainer.fit(method, views, store, range(32))
        >>> run.name, run.step
        ('IntraSkeletonContrast', 2)
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        config: TrainingConfig | None = None,
        *,
        fabric: Fabric | None = None,
        monitor: Monitor | None = None,
        checkpoint_every: int = 0,
        keep: int = 3,
        resume: bool = True,
    ) -> None:
        _checks.between("checkpoint_every", checkpoint_every, 0, float("inf"))
        _checks.positive_int("keep", keep)
        self.folder, self.config = Path(folder), config or TrainingConfig()
        self.monitor, self.resume = monitor or Monitor(), resume
        self.checkpoint_every, self.keep = checkpoint_every, keep
        if fabric is None:
            here = int(os.environ.get("LOCAL_WORLD_SIZE", 1))  # torchrun says how many
            nodes = int(os.environ.get("WORLD_SIZE", here)) // here
            fabric = Fabric(devices=here, num_nodes=nodes)
            fabric.launch()
        self.fabric = fabric

    def fit(
        self,
        method: Method,
        views: Callable[..., Any],
        store: SkeletonStore,
        indices: Sequence[int] | IntArray,
        *,
        optimiser: Optimizer | None = None,
        schedule: Schedule | None = None,
        configuration: Mapping[str, Any] | None = None,
        split: str = "",
    ) -> Run:
        """Train to the end, from the last checkpoint if there is one.

        The method is trained in place. The global generator is left as it was.

        Args:
            method: Any module that fits `skelter.typing.Method`. Seed torch before you build it.
                Its ``name``, or else that of its class, is the name of the run.
            views: The transform for `SkeletonStore.batch`, such as a `transforms.MultiView`. The
                method is called with its output.
            store: The clips, normalised.
            indices: The clips to train on, such as ``split.train``, or a mask over the store.
            optimiser: Of parameters of the method. None: AdamW with a rate of 1e-3.
            schedule: The factor of its learning rates at each step. None: `warm_up_cosine`.
            configuration: Settings of the caller, as JSON holds them. They are kept with the
                run, and a run with others is refused.
            split: The name of the split that `indices` are of, for reports.

        Returns:
            The run at its end.

        Raises:
            TypeError: The method has no encoders or representations.
            TrainingError: There are fewer clips than processes and parts of a batch.
            RunFolderError: The folder holds another run or something else, or there is no room.
            StoppedError: SIGTERM or SIGINT came, and a checkpoint was written.
            NotFiniteError: The loss was not finite.
        """
        fits = isinstance(method, nn.Module)
        fits = fits and hasattr(method, "encoders") and hasattr(method, "representations")
        expected = "be a module with `encoders` and `representations`, see skelter.typing.Method"
        _checks.require(fits, "`method`", expected, type(method).__name__, error=TypeError)
        fits, came = isinstance(store, SkeletonStore), type(store).__name__
        hint = "Open one: SkeletonStore.open(path)"
        _checks.require(fits, "`store`", "be a SkeletonStore", came, hint, error=TypeError)
        expected, came = "be a transform of clips", type(views).__name__
        _checks.require(callable(views), "`views`", expected, came, error=TypeError)
        indices = _checks.indices("indices", indices, len(store))
        given = json.loads(json.dumps(dict(configuration or {}), default=str))
        about = {"configuration": given, "split": split}
        clips = Clips(store, views, *self.monitor.hold_out(indices, self.config.seed))
        gpus = [self.fabric.device] if self.fabric.device.type == "cuda" else []
        with torch.random.fork_rng(devices=gpus), notice_signals() as told:
            training = _Training(self, method, clips, optimiser, schedule, about)
            return training.run(told)


class _Step(nn.Module):
    """Call a method, and return plain tensors: parallel wrappers do not know every output."""

    def __init__(self, method: nn.Module) -> None:
        super().__init__()
        self.method = method

    def forward(self, *views: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        output = self.method(*views)
        came = getattr(output.loss, "shape", output.loss)
        _checks.require(came == (), "`loss` of the method's output", "be a scalar tensor", came)
        return output.loss, dict(output.metrics)


class _Training:
    """A method, its optimiser, and where they are in training."""

    def __init__(
        self,
        trainer: Trainer,
        method: Method,
        clips: Clips,
        optimiser: Optimizer | None,
        schedule: Schedule | None,
        about: dict[str, Any],
    ) -> None:
        self.trainer, self.config, self.fabric = trainer, trainer.config, trainer.fabric
        self.method, self.clips, fabric = method, clips, trainer.fabric
        self.rank, self.world = fabric.global_rank, fabric.world_size
        batch, least = self.config.batch_size, self.world * self.config.accumulate
        if min(batch, len(clips.train)) < least:
            raise TrainingError(
                f"{self.world} process(es) with {self.config.accumulate} part(s) of a batch each "
                f"need {least} clips; got {len(clips.train)}, in batches of {batch}."
            )
        self.shuffled = partial(
            ShuffledBatches, clips.train, batch, seed=self.config.seed, rank=self.rank,
            world_size=self.world,
        )  # fmt: skip
        self.batches = self.shuffled(drop_last=self.config.drop_last)
        self.epochs = self.count_epochs(self.config)
        self.steps = self.epochs * len(self.batches)
        network = self.network = cast(nn.Module, method)
        trained = [weight for weight in network.parameters() if weight.requires_grad]
        optimiser = optimiser or torch.optim.AdamW(trained, 1e-3)
        own = {weight for group in optimiser.param_groups for weight in group["params"]}
        hint = "Build it from method.parameters()."
        fits, expected = not own.isdisjoint(trained), "train parameters of the method"
        _checks.require(fits, "`optimiser`", expected, "those of other modules", hint)
        about |= describe_run(method, clips, self.config, optimiser)
        about |= {
            "precision": fabric.strategy.precision.precision,
            "monitor": trainer.monitor.share,
        }
        self.module, self.optimiser = fabric.setup(_Step(network), optimiser)
        self.scaled = getattr(fabric.strategy.precision, "scaler", None) is not None
        self.rates = [float(group["lr"]) for group in self.optimiser.param_groups]
        self.schedule = schedule or warm_up_cosine()
        self.folder = RunFolder(trainer.folder, about, keep=trainer.keep)
        self.step, self.history, self.sums = 0, list[dict[str, float]](), dict[str, float]()

    def run(self, told: threading.Event) -> Run:
        """Train to the end, or until told to stop."""
        found = self.folder.find(resume=self.trainer.resume)
        if found is None:
            self.trainer.monitor.warn(self.clips)
            self.warm_up()
        else:
            self.check_length(found)
            self.load(found.state)
        on_main(self.fabric, lambda: self.folder.begin(self.state()))
        self.module.train()
        quiet = not self.fabric.is_global_zero
        try:
            with tqdm(total=self.steps, initial=self.step, unit="step", disable=quiet) as bar:
                while self.step < self.steps:
                    self.run_epoch(bar, told)
        finally:
            if self.folder.board is not None:
                self.folder.board.close()
        return Run.of_state(self.folder.path, self.state())

    def check_length(self, found: Run) -> None:
        """Refuse to shorten a run, and say what a longer schedule does."""
        config = TrainingConfig(**found.state["run"]["training"])
        before, path = self.count_epochs(config), self.folder.path
        if self.epochs < before:
            raise RunFolderError(
                f"{path} is a run of {before} epochs; got {self.epochs}. A run can be lengthened, "
                "not shortened. Name another folder."
            )
        if self.epochs > before and self.fabric.is_global_zero:
            warnings.warn(
                f"{path} is lengthened from {before} to {self.epochs} epochs. It goes on at step "
                f"{found.step} of {self.steps} of the longer schedule: rates are those that a run "
                "of this length has there, not those that this one ended with.",
                stacklevel=5,
            )

    def count_epochs(self, config: TrainingConfig) -> int:
        """Return the epochs of a training on these clips."""
        return max(config.epochs, math.ceil(config.steps / len(self.batches)))

    def run_epoch(self, bar: tqdm, told: threading.Event) -> None:
        """Train to the end of the epoch that the step is in."""
        epoch, done = divmod(self.step, len(self.batches))
        started, first = time.perf_counter(), self.step
        every = self.trainer.checkpoint_every or len(self.batches)
        for indices in self.batches.epoch(epoch, start=done):
            loss, stop = self.take_step(indices, told)
            self.step += 1
            clips = (self.step - first) * self.batches.batch_size
            speed = clips / (time.perf_counter() - started)
            bar.update()
            bar.set_postfix_str(
                f"epoch {epoch + 1}/{self.epochs}, loss {loss:.3f}, {speed:.0f} clips/s"
            )
            if self.step % len(self.batches) == 0:
                self.end_epoch(epoch + 1, speed)
            if self.step % every == 0 or self.step == self.steps or stop:
                on_main(self.fabric, lambda: self.folder.save(self.state(), self.score()))
            if stop and self.step < self.steps:
                where = f"step {self.step} of {self.steps}"
                raise StoppedError(f"Stopped at {where}. The same run again goes on.")

    def take_step(self, indices: IntArray, told: threading.Event) -> tuple[float, bool]:
        """Step once, and return the loss, and whether any process was told to stop."""
        parts = self.config.accumulate
        factor = self.schedule(self.step, self.steps)
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
        if hasattr(self.method, "advance"):
            self.method.advance(self.step / self.steps)
        dropout = make_generator(self.config.seed, "dropout", self.step, self.rank)
        torch.manual_seed(dropout.initial_seed())
        figures: dict[str, Tensor] = {}
        self.optimiser.zero_grad()
        for part in range(parts):
            chosen = indices[part * len(indices) // parts : (part + 1) * len(indices) // parts]
            share = len(chosen) / len(indices)
            with self.fabric.no_backward_sync(self.module, enabled=part < parts - 1):
                loss, metrics = self.module(
                    *self.views(chosen, "views", self.step, self.rank, part)
                )
                self.fabric.backward(loss * share)
            for name, value in ({"loss": loss} | metrics | {"loss": loss}).items():
                weighted = value.detach().to(loss.device, torch.float64) * share
                figures[name] = figures[name] + weighted if name in figures else weighted
        means, stop = self.agree(figures, len(indices), told.is_set())
        if not math.isfinite(means["loss"]):
            raise self.list_clips(indices, "loss")
        if self.config.clip_norm:
            clip = partial(self.fabric.clip_gradients, error_if_nonfinite=False)
            norm = clip(self.module, self.optimiser, max_norm=self.config.clip_norm)
            # A scaler leaves such a step out, and lowers its scale.
            if not self.scaled and norm is not None and not bool(norm.isfinite()):
                raise self.list_clips(indices, "gradient")
        self.optimiser.step()
        for name, mean in {**means, "lr": self.optimiser.param_groups[0]["lr"]}.items():
            self.sums[name] = self.sums.get(name, 0.0) + mean
        return means["loss"], stop

    def agree(
        self, figures: Mapping[str, Tensor], rows: int, stop: bool
    ) -> tuple[dict[str, float], bool]:
        """Return the means of figures over all processes, and whether one of these is to stop."""
        values = torch.stack(list(figures.values()))
        if self.world > 1:
            counts = values.new_tensor([float(stop), rows])
            sums = torch.cat([counts, rows * values])
            sums = cast(Tensor, self.fabric.all_reduce(sums, reduce_op="sum"))
            stop, values = bool(sums[0] > 0), sums[2:] / sums[1]
        return dict(zip(figures, values.tolist(), strict=True)), stop

    def list_clips(self, indices: IntArray, what: str) -> NotFiniteError:
        """List the clips of a step in a file, and return the error that names it."""
        names = [f"{index}\t{self.clips.store.names[index]}\n" for index in indices]
        path = self.folder.path / f"not-finite-step-{self.step}-process-{self.rank}.txt"
        path.write_text("".join(names))
        return NotFiniteError(
            f"The {what} of step {self.step} is not finite. Its clips are listed in {path}: look "
            "at them, lower the learning rate, or set `clip_norm`. The checkpoint before is whole."
        )

    def end_epoch(self, epoch: int, speed: float) -> None:
        """Note the means of an epoch, and look at the features where it is time to."""
        row: dict[str, float] = {"epoch": epoch, "step": self.step}
        row |= {name: total / len(self.batches) for name, total in self.sums.items()}
        self.sums = {}
        if len(self.clips.held_out) > 1 and self.trainer.monitor.due(epoch, self.epochs):
            seen = partial(look, self.method, self.clips, self.config.seed, self.fabric.device)
            on_main(self.fabric, lambda: row.update(seen()))
            self.module.train()
        self.history.append(row)
        self.folder.log(self.history, {"clips/s": speed})

    @torch.no_grad()
    def warm_up(self) -> None:
        """Give the second view of all clips, or the only one, to a method that warms up.

        It ends earlier where the method returns True.
        """
        if not hasattr(self.method, "warm_up"):
            return
        for number, indices in enumerate(self.shuffled(drop_last=False).epoch(0)):
            if self.method.warm_up(self.views(indices, "filling", number, self.rank)[:2][-1]):
                return

    def views(self, indices: IntArray, *purpose: str | int) -> list[Tensor]:
        """Return the views of clips on the device, as a function of the purpose of their draw."""
        generator = self.clips.make_generator(self.config.seed, *purpose)
        return [self.fabric.to_device(view) for view in self.clips.draw(indices, generator)[0]]

    def state(self) -> dict[str, Any]:
        """Return everything that the rest of the run depends on."""
        return {
            "run": self.folder.about,
            "processes": self.world,
            "step": self.step,
            "method": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),  # of a scaler of gradients
            "history": self.history,
            "sums": self.sums,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        if state["processes"] != self.world and self.fabric.is_global_zero:
            warnings.warn(
                f"Going on with {self.world} process(es) instead of {state['processes']}: draws "
                "are not those of a run left alone.",
                stacklevel=4,
            )
        self.network.load_state_dict(state["method"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.fabric.strategy.precision.load_state_dict(state.get("precision", {}))
        self.step, self.history, self.sums = state["step"], state["history"], state["sums"]

    def score(self) -> float | None:
        """Return the last 1-NN accuracy on the clips held out, for the best checkpoint."""
        last = self.history[-1] if self.history else {}
        return last.get("1-NN") if last.get("step") == self.step else None
