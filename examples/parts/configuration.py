"""The configuration of a pre-training run, with the settings of the paper by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from parts.assembly import ENCODERS, METHODS, REPRESENTATIONS, STREAMS
from parts.command_line import require
from parts.recordings import SPLITS, Recordings


@dataclass(frozen=True)
class Pretraining(Recordings):
    """Everything that decides the weights at the end.

    "Paper" is Thoker et al., ACM MM 2021, with its numbers for NTU-60; "code" is its released code.
    """

    split: Literal["all", *SPLITS] | None = None
    """Whose training clips to use. all: every clip. None: what fits the set."""
    fold: int = 0
    """Which split, where there are several, from 0."""

    method: Literal[*METHODS] = "inter"
    """The pre-training method (paper: inter)."""
    encoders: tuple[str, ...] = ("sequence=bigru", "graph=agcn")
    """Representations with their encoders (paper: two of sequence=bigru graph=agcn image=hcn)."""
    stream: Literal[*STREAMS] = "joint"
    """What representations are made of (paper: joint)."""

    frames: int = 64
    """Frames of a view (paper: 64)."""
    crop_ratio: float = 0.1
    """Smallest share of a clip that is cropped (code: 0.1)."""
    crop_floor: int = 64
    """Fewest frames of a crop (code: 64)."""
    shear: float = 1.0
    """Largest shear (code: 1)."""
    jitter: float = 0.6
    """Share of the joints that are jittered (code: 0.6)."""

    gru_hidden: int = 1024
    """Width of each GRU (paper: 1024)."""
    gru_layers: int = 3
    """Layers of the GRU (paper: 3)."""
    gru_norm: bool = False
    """Batch norm of the input of the GRU (paper: none. CMD: yes)."""
    sequence_width: int = 64
    """Width of the TCN and of the transformer over frames (own choice)."""
    agcn_widths: tuple[int, ...] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
    """Channels of each block of the AGCN (paper: 64 four times, 128 and 256 three times)."""
    stgcn_widths: tuple[int, ...] = (16, 16, 16, 16, 32, 32, 32, 64, 64, 256)
    """Channels of each block of the ST-GCN (AimCLR: 16 four times, 32 thrice, 64 twice, 256)."""
    stgcn_dropout: float = 0.5
    """Dropout of the ST-GCN (AimCLR: 0.5)."""
    ctrgcn_widths: tuple[int, ...] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
    """Channels of each block of the CTR-GCN (CTR-GCN: 64 four times, 128 and 256 three times)."""
    transformer_width: int = 256
    """Width of the transformer over tokens (MAMP: 256)."""
    transformer_depth: int = 8
    """Blocks of the transformer over tokens (MAMP: 8)."""
    transformer_heads: int = 8
    """Heads of the transformer over tokens (MAMP: 8)."""
    branch_width: int = 512
    """Width of encoders with a branch in time and one in joints (HiCo: 512. USDRL: 1024)."""
    hcn_channels: int = 64
    """Channels of the HCN (paper: 64)."""
    hcn_dropout: float = 0.5
    """Dropout of the HCN (paper: 0.5)."""

    queue_size: int = 16384
    """Keys in a queue. 0: as many as training clips (paper: 16384)."""
    random_queue: bool = True
    """Start from random keys instead of real ones (code: random)."""
    momentum: float = 0.999
    """Momentum of the key encoders (paper: 0.999)."""
    temperature: float = 0.07
    """Temperature of the loss (paper: 0.07)."""
    intra_weight: float = 0.0
    """Weight of the terms within a representation (paper: 0)."""

    epochs: int = 451
    """Passes over the training clips (paper: 451)."""
    steps: int = 0
    """At least so many steps: short epochs are added (own choice: no minimum)."""
    batch_size: int = 64
    """Clips a step, over all processes (paper: 64)."""
    drop_last: bool = True
    """Leave out the clips that do not fill the last batch (code: left out)."""
    accumulate: int = 1
    """Parts that a batch is taken in. Keys follow after each (paper: 1)."""
    optimiser: Literal["sgd", "adamw"] = "sgd"
    """The optimiser (paper: sgd)."""
    lr: float = 0.01
    """Learning rate (paper: 0.01)."""
    weight_decay: float = 1e-4
    """Weight decay of the optimiser (paper: 1e-4)."""
    drops: tuple[int, ...] = (351,)
    """Epochs after which lr is x 0.1 (paper: 351). Empty: warm-up and cosine."""
    clip_norm: float = 0.0
    """Largest norm of the gradient. 0: any (paper: any)."""
    seed: int = 0
    """Seed of weights, order, views and dropout (own choice)."""

    init: Path | None = None
    """A run whose weights to start from: its encoders, the whole method if it fits (own choice)."""

    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Precision of products. 16-mixed is float16 with a scaler, on GPUs (code: 32-true)."""
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train (own choice)."""
    devices: int = 1
    """Processes on this machine. torchrun sets its own (own choice)."""
    sync_batch_norm: bool = False
    """Batch statistics over all processes, on GPUs (own choice)."""
    resident: bool = False
    """Keep the clips on the device (own choice)."""

    monitor: float = 0.0
    """Share of the training clips held out to watch 1-NN on (paper: 0)."""
    monitor_every: int = 10
    """Epochs between two looks (own choice)."""
    checkpoint_every: int = 0
    """Steps between two checkpoints. 0: every epoch (own choice)."""
    keep: int = 3
    """Newest checkpoints that are kept, besides the best (own choice)."""
    resume: Literal["auto", "never"] = "auto"
    """Go on with the run that is in the folder of output, or refuse to (own choice)."""
    output: Path = Path("runs/pretrain")
    """Folder of checkpoints and logs (own choice)."""

    def __post_init__(self) -> None:
        """Refuse what cannot work before anything is read."""
        for name in ("frames", "gru_hidden", "gru_layers", "hcn_channels", "epochs", "batch_size",
                     "accumulate", "devices", "keep", "monitor_every", "crop_floor", "branch_width",
                     "sequence_width", "transformer_width", "transformer_depth",
                     "transformer_heads"):  # fmt: skip
            require(getattr(self, name) >= 1, name, "1 or more", getattr(self, name))
        for name in ("fold", "queue_size", "steps", "checkpoint_every", "clip_norm", "shear",
                     "jitter", "intra_weight", "weight_decay"):  # fmt: skip
            require(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))
        for name in ("lr", "temperature"):
            require(getattr(self, name) > 0, name, "above 0", getattr(self, name))
        require(0 <= self.monitor < 1, "monitor", "from 0 and below 1", self.monitor)
        require(0 < self.crop_ratio <= 1, "crop_ratio", "above 0, up to 1", self.crop_ratio)
        known = all(
            name in REPRESENTATIONS and encoder in ENCODERS for name, encoder in self.pairs.items()
        )
        require(
            known and 0 < len(self.pairs) == len(self.encoders),
            "encoders",
            f"different ones of {', '.join(REPRESENTATIONS)}, each with one of "
            f"{', '.join(ENCODERS)}, such as sequence=bigru",
            " ".join(self.encoders) or "none",
        )
        require(
            self.batch_size >= self.accumulate, "accumulate", "no more parts than clips of a batch",
            f"{self.accumulate} parts of {self.batch_size}",
        )  # fmt: skip

    @property
    def pairs(self) -> dict[str, str]:
        """The encoders by the names of their representations."""
        parts = (text.partition("=") for text in self.encoders)
        return {name: encoder for name, _, encoder in parts}


# Options that a run can be resumed with differently, for they do not change the weights. Of the
# clips and of the run to start from, the trainer compares the content, wherever they lie.
FREE = {
    "output", "resume", "keep", "checkpoint_every", "monitor_every", "accelerator", "devices",
    "resident", "data", "init",
}  # fmt: skip

NTU60 = Pretraining(split="ntu60-xview")
NTU120 = replace(NTU60, epochs=351, drops=(251, 351))
# The encoders and the schedules of other papers, trained by contrast within a representation.
AIMCLR = replace(
    NTU60, method="intra", encoders=("graph=stgcn",), frames=50, queue_size=32768, epochs=300,
    drops=(250,), batch_size=128, lr=0.1,
)  # fmt: skip
CMD = replace(
    NTU60, method="intra", encoders=("sequence=bigru",), gru_norm=True, epochs=450, drops=(350,)
)
MAMP = replace(
    NTU60, method="intra", encoders=("tokens=transformer",), frames=120, crop_ratio=0.5, epochs=400,
    drops=(), batch_size=128, optimiser="adamw", lr=1e-3, weight_decay=0.05,
)  # fmt: skip
PRESETS = {
    "small": Pretraining(
        encoders=("sequence=bigru", "image=hcn"),
        frames=32,
        crop_ratio=0.5,
        crop_floor=24,
        shear=0.5,
        jitter=0.1,
        gru_hidden=64,
        gru_layers=2,
        agcn_widths=(16, 32, 64),
        stgcn_widths=(16, 32, 64),
        stgcn_dropout=0.0,
        ctrgcn_widths=(16, 32, 64),
        transformer_width=64,
        transformer_depth=2,
        transformer_heads=4,
        branch_width=64,
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
    "isc-ntu60-xsub": replace(NTU60, split="ntu60-xsub"),
    "isc-ntu120-xset": replace(NTU120, split="ntu120-xset"),
    "isc-ntu120-xsub": replace(NTU120, split="ntu120-xsub"),
    "isc-pku1-xsub": replace(NTU60, split="pku-mmd"),
    "isc-pku2-xsub": replace(NTU60, split="pku-mmd"),
    "aimclr": AIMCLR,
    "cmd": CMD,
    "mamp": MAMP,
}
