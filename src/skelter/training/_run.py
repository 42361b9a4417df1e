"""The folder of a run: written by a trainer, kept from harm, and read again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from skelter import checkpoints
from skelter.data import SkeletonFormatError
from skelter.training._about import find_differences
from skelter.training._errors import RunFolderError
from skelter.typing import Method

ABOUT = "run.json"


@dataclass(frozen=True)
class Run:
    """A run at one of its checkpoints, as its folder tells it.

    Args:
        path: The folder, or the checkpoint.
        name: The name of the method.
        configuration: The settings that the caller gave to `Trainer.fit`.
        split: The name of the split that it trained on, empty if the caller gave none.
        seed: The seed.
        store: ``description``, ``layout``, ``channels``, ``persons``, ``normalisation`` and
            ``digest`` of the store.
        versions: Those of skelter, torch and Python at the start.
        state: The content of the checkpoint, ``method`` and ``optimiser`` included.
    """

    path: Path
    name: str
    configuration: Mapping[str, Any]
    split: str
    seed: int
    store: Mapping[str, Any]
    versions: Mapping[str, str]
    state: Mapping[str, Any]

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, best: bool = False) -> Run:
        """Read the newest checkpoint of a folder that can be read, or one that is named.

        Args:
            path: The folder, or one of its checkpoints.
            best: Whether to take the one of the highest 1-NN accuracy of the monitor instead.

        Raises:
            RunFolderError: There is no such checkpoint, or it is of another version.
        """
        folder = checkpoints.CheckpointFolder.of_run(path)
        try:
            if Path(path).is_file():
                found: Any = Path(path), checkpoints.load(path)
            else:
                found = folder.best() if best else folder.newest()
        except SkeletonFormatError as error:
            raise RunFolderError(f"{path}: {error}") from error
        if found is None:
            which = "no checkpoint with a score of the monitor" if best else "no checkpoint"
            raise RunFolderError(f"{path} holds {which}. Name the folder of a training.")
        if "trained" in found[1]:
            raise RunFolderError(
                f"{found[0]} is an encoder, not a run. Load it by checkpoints.load_encoder(path)."
            )
        if "run" not in found[1]:
            raise RunFolderError(
                f"{found[0]} was not written by a `Trainer` of this version: it is of skelter "
                f"{found[1]['skelter']}. Use that version for it, or name another folder."
            )
        return cls.of_state(Path(path), found[1])

    @classmethod
    def of_state(cls, path: Path, state: Mapping[str, Any]) -> Run:
        """Return the run of a folder by the content of one of its checkpoints."""
        about = state["run"]
        parts = {name: about[name] for name in ("name", "configuration", "split", "store")}
        seed, versions = about["training"]["seed"], about["versions"]
        return cls(path=path, seed=seed, versions=versions, state=state, **parts)

    @property
    def step(self) -> int:
        """The step of the checkpoint."""
        return int(self.state["step"])

    @property
    def history(self) -> list[dict[str, float]]:
        """A row of figures for each epoch: ``epoch``, ``step``, ``loss``, ``lr`` and others."""
        return list(self.state["history"])

    @property
    def encoder_names(self) -> list[str]:
        """The names of the method's encoders."""
        return list(self.state["run"]["encoders"])

    @property
    def digest(self) -> str:
        """A digest of the weights of the method, wherever the folder lies."""
        digest = hashlib.sha256()
        for name, value in sorted(self.state["method"].items()):
            digest.update(name.encode())
            digest.update(value.contiguous().view(-1).view(torch.uint8).numpy())
        return digest.hexdigest()

    def load_encoders(self, target: Method | nn.ModuleDict) -> None:
        """Load the weights of encoders, and nothing else, by their names.

        To start a training from them, load them before a method is built of them: it makes its
        momentum copies then.

        Args:
            target: A method, or encoders by name, some or all of those of the run.

        Raises:
            RunFolderError: The run has no encoder of a name, or one of another size.
        """
        encoders = target if isinstance(target, nn.ModuleDict) else target.encoders
        weights = {
            name.removeprefix("encoders."): value
            for name, value in self.state["method"].items()
            if name.startswith(tuple(f"encoders.{name}." for name in encoders))
        }
        try:
            encoders.load_state_dict(weights)
        except RuntimeError as error:
            raise RunFolderError(
                f"{self.path} has other encoders than this {type(target).__name__}: "
                f"{', '.join(self.encoder_names)}; {error}"
            ) from error

    def load_method(self, method: Method) -> bool:
        """Load all weights of the method, momentum encoders and queues included, if they fit.

        Returns:
            Whether they fit. If not, nothing was loaded.
        """
        own, weights = cast(nn.Module, method).state_dict(), self.state["method"]
        shapes = [{name: value.shape for name, value in some.items()} for some in (own, weights)]
        if shapes[0] == shapes[1]:
            cast(nn.Module, method).load_state_dict(weights)
        return shapes[0] == shapes[1]


class RunFolder:
    """The folder while a run trains, for the main process to write."""

    def __init__(self, path: Path, about: Mapping[str, Any], *, keep: int) -> None:
        self.path, self.about, self.keep = path, dict(about), keep
        self.checkpoints = checkpoints.CheckpointFolder.of_run(path, keep=keep)
        self.board: SummaryWriter | None = None

    def find(self, *, resume: bool) -> Run | None:
        """Return this very run as far as it came, None where it has not begun."""
        if not self.path.exists() or not any(self.path.iterdir()):
            return None
        if not resume:
            raise RunFolderError(f"{self.path} exists. Name another folder, or switch `resume` on.")
        if not self.checkpoints.paths:
            if (self.path / ABOUT).exists():
                return None  # stopped before the first checkpoint
            raise RunFolderError(f"{self.path} exists and holds no run. Name another folder.")
        run = Run.open(self.path)
        self._check(run.state["run"])
        return run

    def _check(self, theirs: Mapping[str, Any]) -> None:
        """Refuse another run than the one that is about to go on."""
        digests = [about["store"].get("digest") for about in (theirs, self.about)]
        if None not in digests and digests[0] != digests[1]:
            raise RunFolderError(
                f"{self.path} is of a run on other recordings: {theirs['store']['description']}, "
                f"digest {digests[0]}; got {self.about['store']['description']}, digest "
                f"{digests[1]}. Name another folder, or the same recordings, wherever they lie."
            )
        if differ := find_differences(theirs, self.about):
            versions = [about["versions"]["skelter"] for about in (theirs, self.about)]
            older = f" Skelter {versions[0]} began it." if versions[0] != versions[1] else ""
            raise RunFolderError(
                f"{self.path} is of another run: it was made with {'; '.join(differ)}. Name "
                f"another folder, or start it with the same settings.{older}"
            )

    def begin(self, state: Mapping[str, Any]) -> None:
        """Prepare the folder, where there is room for the checkpoints to come."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunFolderError(f"{self.path} cannot be made: {error}") from error
        needed = _bytes_in(state) * (self.keep + 2)
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise RunFolderError(
                f"{self.path} has {free / 1e9:.2f} GB left, and {self.keep + 2} checkpoints take "
                f"{needed / 1e9:.2f} GB. Make room, or keep fewer."
            )
        (self.path / ABOUT).write_text(json.dumps(self.about, indent=1))
        self.board = SummaryWriter(str(self.path / "tensorboard"), purge_step=state["step"] + 1)
        self._write_csv(state["history"])

    def save(self, state: Mapping[str, Any], score: float | None) -> None:
        """Write a checkpoint. Earlier ones stay whole where that cannot be done."""
        try:
            self.checkpoints.save(state, state["step"], score=score)
        except OSError as error:
            raise RunFolderError(
                f"The checkpoint of step {state['step']} could not be written to {self.path} "
                f"({error}). Earlier ones are whole: make room, and start the same run again."
            ) from error

    def log(self, history: Sequence[Mapping[str, float]], extra: Mapping[str, float]) -> None:
        """Write the figures of all epochs to metrics.csv, those of the last to TensorBoard."""
        if self.board is not None:
            for name, value in {**history[-1], **extra}.items():
                self.board.add_scalar(name, value, int(history[-1]["step"]))
            self._write_csv(history)

    def _write_csv(self, history: Sequence[Mapping[str, float]]) -> None:
        columns = list(dict.fromkeys(name for row in history for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(history)
        partial = self.path / ".metrics.csv"
        partial.write_text(text.getvalue())
        partial.replace(self.path / "metrics.csv")


def _bytes_in(state: Any) -> int:
    """Return the bytes of all tensors in nested containers."""
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    members = state.values() if isinstance(state, Mapping) else state
    return sum(map(_bytes_in, members)) if isinstance(state, Mapping | list | tuple) else 0
