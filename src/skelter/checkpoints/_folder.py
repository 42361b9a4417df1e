"""The checkpoints of a run: the newest few, and the best."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from skelter import _checks
from skelter._files import SkeletonFormatError
from skelter.checkpoints._files import load, save


class CheckpointFolder:
    """A folder with checkpoints of one run, which one process writes.

    It keeps the newest ones and, besides, the one of the highest score. Scores are in the files
    and nowhere else, so that whatever ends a run leaves nothing inconsistent.

    Args:
        path: The folder, which the first `save` makes.
        keep: How many of the newest to keep.

    Raises:
        ValueError: `keep` is below 1.

    Example:
        >>> import tempfile
        >>> folder = CheckpointFolder(tempfile.mkdtemp(), keep=2)
        >>> for step, score in [(100, 0.5), (200, 0.7), (300, 0.6), (400, 0.6)]:
        ...     _ = folder.save({"epoch": step // 100}, step, score=score)
        >>> [path.name for path in folder.paths]
        ['step-000000200.pt', 'step-000000300.pt', 'step-000000400.pt']
        >>> path, state = folder.newest()
        >>> state["epoch"], state["step"], state["score"]
        (4, 400, 0.6)
    """

    def __init__(self, path: str | os.PathLike[str], *, keep: int = 3) -> None:
        _checks.positive_int("keep", keep)
        self.path, self.keep = Path(path), keep
        self._scores: dict[Path, float | None] = {}  # as far as they are known

    @classmethod
    def of_run(cls, path: str | os.PathLike[str], *, keep: int = 3) -> CheckpointFolder:
        """Return the folder in which a `training.Trainer` keeps the checkpoints of a run.

        Args:
            path: The folder of the run.
            keep: As of the class.
        """
        return cls(Path(path) / "checkpoints", keep=keep)

    @property
    def paths(self) -> list[Path]:
        """All checkpoints, from the earliest step to the latest."""
        return sorted((p for p in self.path.glob("step-*.pt") if _digits(p).isdecimal()), key=_step)

    def save(self, state: Mapping[str, Any], step: int, *, score: float | None = None) -> Path:
        """Write a checkpoint, and remove those that are neither among the newest nor the best.

        Later steps, of a run that has gone back, are left alone. Unfinished files of
        processes that were killed are removed.

        Args:
            state: What to keep, as `checkpoints.save` takes it. ``step`` and ``score`` are set
                in it.
            step: The step it was taken at, from 0.
            score: How good it is, higher is better. NaN and None are not a score. Of equally good
                ones the earliest is the best.

        Returns:
            The file.

        Raises:
            ValueError: The step is negative or not an integer, or `checkpoints.save` refuses the
                state.
            TypeError: The state holds something that `load` would refuse.
            OSError: The file cannot be written.
        """
        whole = isinstance(step, int) and step >= 0
        _checks.require(whole, "`step`", "be an integer from 0", repr(step))
        score = None if score is None or math.isnan(score) else float(score)
        self.path.mkdir(parents=True, exist_ok=True)
        for left in self.path.glob(".step-*.pt.partial-*"):
            left.unlink(missing_ok=True)
        path = self.path / f"step-{step:09d}.pt"
        save({**state, "step": step, "score": score}, path)
        self._scores[path] = score
        self._prune(path)
        return path

    def newest(self) -> tuple[Path, dict[str, Any]] | None:
        """Return the newest checkpoint that can be read, and its content.

        Later ones that are damaged are passed over with a warning.

        Returns:
            The file and its content by `load`. None if there is no checkpoint.

        Raises:
            SkeletonFormatError: There are checkpoints, but none can be read.
        """
        return self._first_readable(self.paths[::-1])

    def best(self) -> tuple[Path, dict[str, Any]] | None:
        """Return the checkpoint of the highest score among those that can be read.

        Returns:
            The file and its content by `load`. None if no checkpoint has a score.

        Raises:
            SkeletonFormatError: There are checkpoints with a score, but none can be read.
        """
        return self._first_readable(self._rank())

    def _prune(self, last: Path) -> None:
        paths = self.paths
        outdated = paths[: paths.index(last) + 1][: -self.keep]
        best = self._rank()[:1] if outdated else []
        for path in outdated:
            if path not in best:
                path.unlink(missing_ok=True)

    def _rank(self) -> list[Path]:
        """Return the checkpoints that have a score, the best first."""
        scores = {path: score for path in self.paths if (score := self._score(path)) is not None}
        return sorted(scores, key=scores.__getitem__, reverse=True)  # stable: the earlier first

    def _score(self, path: Path) -> float | None:
        if path not in self._scores:
            try:
                self._scores[path] = load(path).get("score")
            except SkeletonFormatError:
                self._scores[path] = None
        return self._scores[path]

    def _first_readable(self, paths: Sequence[Path]) -> tuple[Path, dict[str, Any]] | None:
        for path in paths:
            try:
                return path, load(path)
            except SkeletonFormatError as error:
                warnings.warn(f"A checkpoint is passed over. {error}", stacklevel=3)
        if paths:
            raise SkeletonFormatError(
                f"{self.path} has {len(paths)} checkpoints, and none of them can be read. To start "
                "anew, use another folder."
            )
        return None


def _digits(path: Path) -> str:
    return path.stem.removeprefix("step-")


def _step(path: Path) -> int:
    return int(_digits(path))
