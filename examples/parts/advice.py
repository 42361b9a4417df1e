"""Sentences about a --data that is not a store: where its clips have to go first."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

LOOKED_AT = 2000  # entries of a folder
STORE = "store.json"
# Subcommands of prepare_data.py by what their files look like. The first match counts.
FOLDERS = (
    ("**/*.skeleton", "ntu60 {} STORE, or ntu120 {} STORE"),
    ("*_data_joint.npy", "isc {} STORE"),
    ("*_position.npy", "crosclr {} STORE"),
    ("kinetics_*", "kinetics {} STORE"),
    ("**/a*_s*_e*_v*.json", "nw-ucla {} STORE"),
    ("**/a*_s*_t*_skeleton.mat", "utd-mhad {} STORE"),
    ("**/skeleton_pos.txt", "sbu {} STORE"),
    ("*_keypoints.json", "openpose {} STORE"),
    ("**/*.txt", "pku-mmd {} LABELS STORE"),
)
FILES = {
    ".npz": "ctrgcn {} STORE",
    ".pkl": "pyskl {} STORE",
    ".pickle": "pyskl {} STORE",
}
WEIGHTS = {".pt", ".pth", ".tar", ".ckpt"}
PACKED = {".zip", ".gz", ".tgz", ".7z", ".rar"}


def advise(path: Path) -> str:
    """Return why a path is not a store or a ragged file, and what to do."""
    known = "--data takes a store directory or a ragged .npz file"
    if not path.exists():
        return f"it does not exist. {known}; {prepare('--help')} lists the data sets."
    if path.is_dir():
        return f"{in_folder(path)} {known}."
    kind = path.suffix.lower()
    if path.name == STORE:
        return f"it is a part of a store. Name its folder: {path.parent}"
    if kind in WEIGHTS:
        return f"it holds weights, not clips, by its name. {known}; weights are a --checkpoint."
    if kind in PACKED:
        return f"it is packed. Unpack it, and build a store: {prepare('--help')}"
    if kind in FILES:
        return f"build a store from it first: {prepare(FILES[kind].format(path))}"
    return (
        f"{known}. {prepare('--help')} lists the files of data sets; arrays of your own are one "
        "call of SkeletonStore.build (docs/how-to/own_data.md)."
    )


def in_folder(path: Path) -> str:
    """Return what a folder holds instead of a store."""
    if (path / "checkpoints").is_dir() or (path / "run.json").exists():
        return "it is the folder of a run, a --checkpoint, and holds no clips."
    for pattern, command in FOLDERS:
        if any(True for _ in islice(path.glob(pattern), 1)):
            return f"it holds files of a data set. Build a store first: {prepare(command, path)}."
    return f"it is not a store, which has a {STORE}."


def prepare(command: str, path: Path | None = None) -> str:
    """Return a command line of prepare_data.py."""
    filled = command if path is None else command.replace("{}", str(path))
    return f"python examples/prepare_data.py {filled}"
