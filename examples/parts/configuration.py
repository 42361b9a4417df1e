"""What a pre-training run depends on, with the settings of the paper by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from parts.recordings import PROTOCOLS
from parts.settings import setting

PAPER = "Thoker et al. 2021"
CODE = "its released code"
SMALL = "small sets"
REPRESENTATIONS = ("sequence", "graph", "image")
STREAMS = ("joint", "bone", "motion")


@dataclass(frozen=True)
class Pretraining:
    """Everything that decides the weights at the end; numbers are those of the paper on NTU-60."""

    data: Path | None = setting(None, "store directory or ragged .npz file; none: a synthetic set")
    protocol: str | None = setting(
        None,
        "whose training clips to use; all: every clip; none: what fits the set",
        choices=["all", *PROTOCOLS],
    )
    fold: int = setting(0, "which split, of a protocol that has several")
    split_file: Path | None = setting(None, "for pku-mmd: such as Split/cross-subject.txt")
    lists: tuple[str, ...] | None = setting(None, "for recorded: such as xsub_train xsub_val")
    representations: tuple[str, ...] = setting(
        ("sequence", "graph"), "one, two or all", source=PAPER, choices=REPRESENTATIONS
    )
    stream: str = setting("joint", "what they are made of", source=PAPER, choices=STREAMS)

    frames: int = setting(64, "frames of a view", source=PAPER)
    crop_ratio: float = setting(0.1, "smallest share of a clip that is cropped", source=CODE)
    crop_floor: int = setting(64, "fewest frames of a crop", source=CODE)
    shear: float = setting(1.0, "largest shear", source=CODE)
    jitter: float = setting(0.6, "share of the joints that are jittered", source=CODE)

    gru_hidden: int = setting(1024, "width of each GRU", source=PAPER)
    gru_layers: int = setting(3, "layers of the GRU", source=PAPER)
    agcn_widths: tuple[int, ...] = setting(
        (64, 64, 64, 64, 128, 128, 128, 256, 256, 256), "channels of each block", source=PAPER
    )
    hcn_channels: int = setting(64, "channels of the HCN", source=PAPER)
    hcn_dropout: float = setting(0.5, "dropout of the HCN", source=PAPER)

    queue_size: int = setting(16384, "keys in a queue; 0: as many as training clips", source=PAPER)
    random_queue: bool = setting(True, "start from random keys instead of real ones", source=CODE)
    momentum: float = setting(0.999, "of the key encoders", source=PAPER)
    temperature: float = setting(0.07, "of the loss", source=PAPER)
    intra_weight: float = setting(0.0, "weight of the terms within a representation", source=PAPER)

    epochs: int = setting(451, "passes over the training clips", source=PAPER)
    steps: int = setting(0, "at least so many steps: short epochs are added; 0: no minimum")
    batch_size: int = setting(64, "clips a step, over all processes", source=PAPER)
    drop_last: bool = setting(True, "leave out the clips that do not fill the last batch")
    accumulate: int = setting(1, "parts that a batch is taken in; keys follow after each")
    optimiser: str = setting("sgd", "what steps", source=PAPER, choices=["sgd", "adamw"])
    lr: float = setting(0.01, "learning rate", source=PAPER)
    weight_decay: float = setting(1e-4, "of the optimiser", source=PAPER)
    drops: tuple[int, ...] = setting(
        (351,), "epochs after which the rate is x 0.1; empty: warm-up and cosine", source=PAPER
    )
    clip_norm: float = setting(0.0, "largest norm of the gradient; 0: any")
    seed: int = setting(0, "of weights, order, views and dropout")

    precision: str = setting("32-true", "of the products", choices=["32-true", "bf16-mixed"])
    accelerator: str = setting("auto", "auto, cpu or cuda")
    devices: int = setting(1, "processes on this machine; torchrun sets its own")
    sync_batch_norm: bool = setting(False, "batch statistics over all processes (on GPUs)")
    resident: bool = setting(False, "keep the clips on the device")

    monitor: float = setting(0.0, "share of the training clips held out to watch 1-NN on")
    monitor_every: int = setting(10, "epochs between two looks")
    checkpoint_every: int = setting(0, "steps between two checkpoints; 0: every epoch")
    keep: int = setting(3, "newest checkpoints that are kept, besides the best")
    resume: str = setting(
        "auto", "go on where --output stopped, or refuse to", choices=["auto", "never"]
    )
    output: Path = setting(Path("runs/pretrain"), "folder of checkpoints and logs")

    def __post_init__(self) -> None:
        """Refuse what cannot work before anything is read."""
        for name in ("frames", "gru_hidden", "gru_layers", "hcn_channels", "epochs", "batch_size",
                     "accumulate", "devices", "keep", "monitor_every", "crop_floor"):  # fmt: skip
            require(getattr(self, name) >= 1, name, "1 or more", getattr(self, name))
        for name in ("fold", "queue_size", "steps", "checkpoint_every", "clip_norm", "shear",
                     "jitter", "intra_weight", "weight_decay"):  # fmt: skip
            require(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))
        for name in ("lr", "temperature"):
            require(getattr(self, name) > 0, name, "above 0", getattr(self, name))
        require(0 <= self.monitor < 1, "monitor", "from 0 and below 1", self.monitor)
        require(0 < self.crop_ratio <= 1, "crop_ratio", "above 0, up to 1", self.crop_ratio)
        names = self.representations
        require(
            len(names) > 0 and len(set(names)) == len(names),
            "representations",
            f"different ones of {', '.join(REPRESENTATIONS)}",
            " ".join(names) or "none",
        )
        require(
            self.batch_size >= self.accumulate, "accumulate", "no more parts than clips of a batch",
            f"{self.accumulate} parts of {self.batch_size}",
        )  # fmt: skip


# What a run can be resumed or evaluated with differently, for it does not change the weights.
FREE = {
    "output", "resume", "keep", "checkpoint_every", "monitor_every", "accelerator", "devices",
    "resident",
}  # fmt: skip

# Which clips, where and how watched: no settings of the method.
OF_THE_RUN = {
    "data", "protocol", "fold", "split_file", "lists", "seed", "accelerator", "devices",
    "resident", "monitor", "monitor_every", "checkpoint_every", "keep", "resume", "output",
}  # fmt: skip


def require(holds: bool, name: str, expected: str, came: object) -> None:
    """Raise an error that names the option."""
    if not holds:
        raise ValueError(f"--{name.replace('_', '-')} must be {expected}; got {came}.")


NTU60 = Pretraining(protocol="ntu60-xview")
NTU120 = replace(NTU60, epochs=351, drops=(251, 351))
PRESETS = {
    "small": Pretraining(
        representations=("sequence", "image"),
        frames=32,
        crop_ratio=0.5,
        crop_floor=24,
        shear=0.5,
        jitter=0.1,
        gru_hidden=64,
        gru_layers=2,
        agcn_widths=(16, 32, 64),
        hcn_channels=16,
        hcn_dropout=0.0,
        queue_size=0,
        random_queue=False,
        momentum=0.99,
        intra_weight=1.0,
        epochs=1,
        steps=1500,
        optimiser="adamw",
        lr=2e-3,
        drops=(),
    ),
    "isc-ntu60-xview": NTU60,
    "isc-ntu60-xsub": replace(NTU60, protocol="ntu60-xsub"),
    "isc-ntu120-xset": replace(NTU120, protocol="ntu120-xset"),
    "isc-ntu120-xsub": replace(NTU120, protocol="ntu120-xsub"),
    "isc-pku1-xsub": replace(NTU60, protocol="pku-mmd"),
    "isc-pku2-xsub": replace(NTU60, protocol="pku-mmd"),
}
