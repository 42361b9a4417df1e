"""Train the BYOL of the example from a command line, as a user's script would."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from lightning_fabric import Fabric
from method_builders import example
from torch import nn

from skelter import training
from skelter.data import synthetic
from skelter.encoders import BiGRU
from skelter.layouts import KINECT20
from skelter.representations import ToSequence
from skelter.transforms import MultiView, presets


class Dropped(nn.Module):
    """An encoder whose dropout has to be drawn again as it was."""

    def __init__(self, encoder):
        super().__init__()
        self.feature_dim = encoder.feature_dim
        self.layers = nn.Sequential(encoder, nn.BatchNorm1d(self.feature_dim), nn.Dropout(0.2))

    def forward(self, x):
        return self.layers(x)


def clips():
    """Sixty clips of three actions."""
    return synthetic.generate(clips_per_class=20, layout=KINECT20, classes=["wave", "kick", "bow"])


def method(seed=0):
    torch.manual_seed(seed)
    return example()(Dropped(BiGRU(120, 8, layers=1)), ToSequence(), name="mine")


def views():
    return MultiView([presets.isc_small_view(frames=16), presets.isc_small_view(frames=16)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int)
    parser.add_argument("--checkpoint-every", type=int)
    parser.add_argument("--monitor", type=float)
    parser.add_argument("--accelerator")
    parser.add_argument("--devices", type=int)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    fabric = Fabric(accelerator=args.accelerator, devices=args.devices)
    fabric.launch()
    training.Trainer(
        args.output,
        training.TrainingConfig(epochs=1, steps=args.steps, batch_size=12, accumulate=2),
        fabric=fabric,
        monitor=training.Monitor(args.monitor, every=2),
        checkpoint_every=args.checkpoint_every,
    ).fit(method(), views(), clips(), range(60))


if __name__ == "__main__":
    main()
