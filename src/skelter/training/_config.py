"""Settings of a training: the steps it takes, and the hardware it takes them on."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric

from skelter import _checks

ACCELERATORS = ("auto", "cpu", "cuda")
PRECISIONS = ("32-true", "bf16-mixed")


@dataclass(frozen=True)
class TrainingConfig:
    """The steps of a training.

    Args:
        epochs: Passes over the training clips.
        steps: Least number of steps; whole epochs are added until there are as many.
        batch_size: Clips of a step, over all processes.
        drop_last: Whether to leave out the clips that do not fill the last batch of an epoch.
        accumulate: Parts that a batch is taken in, one after the other, to save memory. A queue
            takes in its keys after each.
        clip_norm: Largest norm of the gradient; 0 leaves it alone.
        seed: Of the order of clips, of views, and of dropout. The weights at the start are the
            caller's: seed torch before building the method.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> TrainingConfig(epochs=451, batch_size=64).seed
        0
    """

    epochs: int = 100
    steps: int = 0
    batch_size: int = 64
    drop_last: bool = True
    accumulate: int = 1
    clip_norm: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate"):
            _checks.positive_int(name, getattr(self, name))
        _checks.between("steps", self.steps, 0, float("inf"))
        _checks.between("clip_norm", self.clip_norm, 0.0, float("inf"))
        _checks.require(
            self.accumulate <= self.batch_size,
            "`accumulate`",
            f"be at most `batch_size`, {self.batch_size}: a part needs a clip",
            self.accumulate,
        )


@dataclass(frozen=True)
class Hardware:
    """The processors of a training.

    Args:
        accelerator: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        devices: Processes on this machine; under ``torchrun``, which starts its own, it is not
            read.
        precision: ``"32-true"``, or ``"bf16-mixed"`` for products in bfloat16.
        sync_batch_norm: Whether batch norms use the statistics of all processes (GPUs only).
        resident: Whether to keep the clips on the device, where views are drawn then. The draws
            of a GPU are others than those of a CPU.

    Raises:
        ValueError: A setting is unknown, or out of range.

    Example:
        >>> Hardware(accelerator="cpu").precision
        '32-true'
    """

    accelerator: str = "auto"
    devices: int = 1
    precision: str = "32-true"
    sync_batch_norm: bool = False
    resident: bool = False

    def __post_init__(self) -> None:
        _checks.choice("accelerator", self.accelerator, ACCELERATORS)
        _checks.choice("precision", self.precision, PRECISIONS)
        _checks.positive_int("devices", self.devices)

    def launch(self) -> Fabric:
        """Start the processes of this machine, those beside this one by its own command.

        Raises:
            ValueError: The machine has no such hardware.
        """
        gpus = torch.cuda.device_count() if self.accelerator != "cpu" else 0
        usable = self.accelerator != "cuda" or gpus > 0
        came = "'cuda', but this machine has no GPU that torch can use"
        _checks.require(usable, "`accelerator`", "be there", came, 'Try "auto".')
        fits = not gpus or self.devices <= gpus
        _checks.require(fits, "`devices`", f"be at most {gpus}, the number of GPUs", self.devices)
        fits = not self.sync_batch_norm or gpus > 0
        came = "a CPU: torch has it on GPUs only"
        _checks.require(fits, "`sync_batch_norm`", "be off without a GPU", came)
        here, everywhere = self.devices, self.devices
        if "LOCAL_WORLD_SIZE" in os.environ:  # torchrun says how many
            here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
        fabric = Fabric(
            accelerator=self.accelerator,
            devices=here,
            num_nodes=everywhere // here,
            precision=self.precision,  # type: ignore[arg-type]  # a choice, checked above
        )
        fabric.launch()
        return fabric
