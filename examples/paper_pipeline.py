"""The whole method of the paper: pre-training, retrieval and linear probe, report.

Without arguments it runs on the synthetic set in a few minutes on two CPU cores:

    python examples/paper_pipeline.py

On recordings in a store directory (examples/prepare_data.py makes one) or a ragged .npz file:

    python examples/paper_pipeline.py --data stores/ntu60 --split ntu60-xsub

The same command again goes on where the last one stopped.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import tyro
from evaluate import evaluate
from parts import configuration, protocols, recordings
from parts.command_line import parse, refuse, require
from parts.configuration import Pretraining
from parts.protocols import Evaluation
from pretrain import pretrain

SMALL = replace(configuration.PRESETS["small"], checkpoint_every=100)  # its epochs are short


@dataclass(frozen=True)
class Pipeline(recordings.Recordings):
    """The clips, the encoders and the length of the experiment."""

    encoders: tuple[str, ...] = ("sequence=bigru", "image=hcn")
    """Two or more representations to contrast with each other, each with its encoder."""

    epochs: int | None = None
    """Passes over the training clips. None: as many as the preset has."""

    seeds: tuple[int, ...] = (0,)
    """A run each. The report has mean and deviation over them."""

    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where encoders are trained and evaluated."""

    output: Path = Path("runs/paper_pipeline")
    """Folder of the runs and of the report."""

    pretraining: tyro.conf.Suppress[Pretraining] = SMALL
    evaluation: tyro.conf.Suppress[Evaluation] = protocols.PRESETS["small"]

    def __post_init__(self) -> None:
        """Refuse values that cannot work before anything is read."""
        names = {pair.split("=")[0] for pair in self.encoders}
        expected = "two or more different ones, such as sequence=bigru image=hcn"
        require(len(names) > 1, "encoders", expected, " ".join(self.encoders) or "none")
        require(self.epochs is None or self.epochs >= 1, "epochs", "1 or more", self.epochs)
        seeds = " ".join(map(str, self.seeds)) or "none"
        require(0 < len(self.seeds) == len(set(self.seeds)), "seeds", "different numbers", seeds)
        self.run("", 0, 0)  # refuses unknown encoders

    def common(self) -> dict[str, Any]:
        """Return the options that pre-training and evaluation have in common."""
        names = ("data", "split", "split_file", "lists", "accelerator")
        return {name: getattr(self, name) for name in names}

    def run(self, name: str, fold: int, seed: int) -> Pretraining:
        """Return the configuration of a run on a fold, in a folder by the fold's name."""
        output = self.output / re.sub(r"[^\w.-]+", "-", f"{name}-seed{seed}")
        length = {} if self.epochs is None else {"epochs": self.epochs, "steps": 0}
        what = {"encoders": self.encoders, "fold": fold, "seed": seed, "output": output}
        return replace(self.pretraining, **self.common(), **what, **length)


PRESETS = {
    "small": Pipeline(),  # minutes on a CPU, hundreds of clips
    "paper": Pipeline(
        pretraining=configuration.PRESETS["isc-ntu60-xview"], evaluation=protocols.PRESETS["isc"]
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Pre-train for every fold and seed, evaluate all runs, and return the exit code."""
    config = parse(Pipeline, PRESETS, __doc__, arguments)
    store = config.open()
    try:
        splits = recordings.choose_splits(store, config)
    except ValueError as error:
        refuse(str(error))
    runs = [
        config.run(name, fold, seed) for fold, (name, _) in enumerate(splits)
        for seed in config.seeds
    ]  # fmt: skip
    for run in runs:
        code = pretrain(run, store)
        if code:
            return code
    folders = tuple(run.output for run in runs)
    report = {"checkpoint": folders, "output": config.output, "overwrite": True}
    evaluate(replace(config.evaluation, **config.common(), **report), store)
    return 0


if __name__ == "__main__":
    sys.exit(main())
