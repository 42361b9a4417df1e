"""The folder of a run: its checkpoints, its logs, and what must not happen to them."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from parts import settings
from parts.configuration import FREE, Pretraining
from skelter import checkpoints
from skelter.data import SkeletonFormatError

WRONG, STOPPED, NOT_FINITE = 2, 75, 76  # exit codes


def refuse(message: str) -> NoReturn:
    """End with a message and the exit code of a wrong argument."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(WRONG)


class Interrupt:
    """Notes SIGTERM and SIGINT, for the loop to stop in order; a second SIGINT stops at once."""

    def __init__(self) -> None:
        self.came = False

    def __enter__(self) -> Interrupt:
        self._before = {
            number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)
        }
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.came = True


class RunFolder:
    """Checkpoints, configuration and logs of one run; the main process writes."""

    def __init__(self, config: Pretraining, data: Mapping[str, Any], *, main: bool) -> None:
        self.config, self.data, self.main = config, dict(data), main
        self.path = config.output
        self.checkpoints = checkpoints.CheckpointFolder(self.path / "checkpoints", keep=config.keep)
        self._board: SummaryWriter | None = None

    def resume(self) -> dict[str, Any] | None:
        """Return the newest state of this very run, None where there is none."""
        if not self.path.exists() or not any(self.path.iterdir()):
            return None
        if self.config.resume == "never":
            refuse(f"--output {self.path} exists. Name another, or --resume auto to go on with it.")
        try:
            found = self.checkpoints.newest()
        except SkeletonFormatError as error:
            refuse(f"--output {self.path}: {error}")
        if found is None:
            if (self.path / "configuration.json").exists():
                return None  # stopped before the first checkpoint
            refuse(f"--output {self.path} exists and holds no run. Name another folder.")
        path, state = found
        self._same_run(path, state)
        if self.main:
            print(f"going on from {path}")
        return state

    def _same_run(self, path: Path, state: Mapping[str, Any]) -> None:
        """Refuse the checkpoint of another run."""
        ours, theirs = settings.plain(self.config), state.get("configuration", {})
        differ = [
            f"--{name.replace('_', '-')} {settings.shown(theirs.get(name))}, not "
            f"{settings.shown(ours[name])}"
            for name in ours
            if name not in FREE and theirs.get(name) != ours[name]
        ]
        differ += [
            f"{name} {state.get('data', {}).get(name)}, not {value}"
            for name, value in self.data.items()
            if state.get("data", {}).get(name) != value
        ]
        if differ:
            refuse(
                f"{path} is of another run: it was made with {'; '.join(differ)}. Name another "
                "--output, or start it with the same options."
            )

    def begin(self, step: int, state: Mapping[str, Any], history: Sequence[Any]) -> None:
        """Prepare the folder, where there is room for what is to come."""
        if not self.main:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            refuse(f"--output {self.path}: {error}")
        needed = size_of(state) * (self.config.keep + 2)
        free = shutil.disk_usage(self.path).free
        if free < needed:
            refuse(
                f"--output {self.path} has {free / 1e9:.2f} GB left, and {self.config.keep + 2} "
                f"checkpoints take {needed / 1e9:.2f} GB. Make room, or --keep fewer."
            )
        about = {"configuration": settings.plain(self.config), "data": self.data}
        (self.path / "configuration.json").write_text(json.dumps(about, indent=1))
        self._board = SummaryWriter(str(self.path / "tensorboard"), purge_step=step + 1)
        self._write_csv(history)

    def save(self, state: Mapping[str, Any], step: int, score: float | None) -> None:
        """Write a checkpoint, or end where that cannot be done; earlier ones stay."""
        if not self.main:
            return
        try:
            self.checkpoints.save(dict(state), step, score=score)
        except OSError as error:
            refuse(
                f"the checkpoint of step {step} could not be written to {self.path} ({error}). "
                "Earlier ones are whole: make room, and run the same command again."
            )

    def log(self, history: Sequence[Mapping[str, float]], extra: Mapping[str, float]) -> None:
        """Write the figures of all epochs to metrics.csv, those of the last to TensorBoard."""
        if not self.main or self._board is None:
            return
        row = {**history[-1], **extra}
        for name, value in row.items():
            self._board.add_scalar(name, value, int(history[-1]["step"]))
        self._write_csv(history)

    def note_clips(self, names: Sequence[str], step: int, rank: int) -> None:
        """Say which clips the loss was not finite for."""
        path = self.path / f"not-finite-step-{step}-process-{rank}.txt"
        path.write_text("\n".join(names) + "\n")
        print(
            f"error: the loss of step {step} is not finite. Its clips are listed in {path}; look "
            "at them, or lower --lr, or set --clip-norm. The checkpoint before is untouched.",
            file=sys.stderr,
        )

    def finish(self) -> None:
        """Close the logs, and say where the weights are."""
        if self.main and self._board is not None:
            self._board.close()
            print(f"pre-trained: {self.checkpoints.paths[-1]}; evaluate it with "
                  f"examples/evaluate.py --checkpoint {self.path}")  # fmt: skip

    def _write_csv(self, history: Sequence[Mapping[str, float]]) -> None:
        columns = list(dict.fromkeys(name for row in history for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(history)
        partial = self.path / ".metrics.csv"
        partial.write_text(text.getvalue())
        partial.replace(self.path / "metrics.csv")


def size_of(state: Any) -> int:
    """Return the bytes of all tensors in nested containers."""
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    if isinstance(state, Mapping):
        return sum(size_of(value) for value in state.values())
    return sum(size_of(value) for value in state) if isinstance(state, list | tuple) else 0
