"""Places that weights are read from, and sentences about places that hold something else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from skelter._files import SkeletonFormatError
from skelter.checkpoints._files import load_published
from skelter.checkpoints._folder import CheckpointFolder

Source: TypeAlias = str | os.PathLike[str] | Mapping[str, Any]
"""A file, a folder, or the content of a file."""

RUN, ENCODER = "run", "trained"  # keys of a checkpoint of a training, and of `save_encoder`
STORE = "store.json"
OF_CLIPS = {".npz", ".npy", ".pkl", ".pickle", ".json", ".skeleton", ".txt", ".mat"}


def open_source(source: Source) -> tuple[Mapping[str, Any], str]:
    """Return the content of a source, and its name in messages.

    Raises:
        FileNotFoundError: There is nothing, or a folder without a checkpoint.
        SkeletonFormatError: The file cannot be read, or holds clips.
    """
    if isinstance(source, Mapping):
        return source, "the checkpoint"
    path = Path(source)
    if path.is_dir():
        return _open_folder(path), str(path)
    try:
        return load_published(path), str(path)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} does not exist. Name the folder of a run, a checkpoint, or a published file."
        ) from None
    except SkeletonFormatError as error:
        if path.suffix.lower() in OF_CLIPS:
            raise SkeletonFormatError(
                f"{path} holds clips, not weights, by its name. Name the folder of a run, a "
                "checkpoint, or a published file."
            ) from error
        raise


def refuse_own(state: Mapping[str, Any], what: str) -> None:
    """Refuse a file of this library where one of the reference implementation is expected."""
    if RUN in state or ENCODER in state or state.get("format") == "skelter-checkpoint":
        raise ValueError(
            f"{what} is a checkpoint of skelter, not one of the reference implementation. Load its "
            "encoder by checkpoints.load_encoder(path)."
        )


def _open_folder(path: Path) -> Mapping[str, Any]:
    """Return the newest checkpoint of a run, or the only file of weights in a folder."""
    if (path / STORE).exists():
        raise FileNotFoundError(
            f"{path} is a store of clips, not weights. Name the folder of a run, such as "
            "runs/pretrain; skelter.data.SkeletonStore.open opens a store."
        )
    for folder in (CheckpointFolder.of_run(path), CheckpointFolder(path)):
        if (found := folder.newest()) is not None:
            return found[1]
    files = sorted(path.glob("*.pt"))
    if len(files) == 1:
        return load_published(files[0])
    listed = ", ".join(file.name for file in files)
    raise FileNotFoundError(
        f"{path} must hold the checkpoints of a run, or one file of weights; it holds "
        f"{f'several: {listed}' if files else 'none'}. Name the folder of a run, such as "
        "runs/pretrain, or a file."
    )
