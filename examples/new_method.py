"""Write a pre-training method of your own, train it and evaluate it: BYOL on skeletons.

python examples/new_method.py
"""

from __future__ import annotations

import argparse
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from skelter import MomentumEncoder, distributed, training
from skelter.data import SkeletonDataset, collate, splits, synthetic
from skelter.encoders import BiGRU, ProjectionHead
from skelter.evaluation import extract_features, knn
from skelter.representations import ToSequence
from skelter.transforms import MultiView, presets


class Output(NamedTuple):
    """The loss of a step, and scalars to log."""

    loss: Tensor
    metrics: dict[str, Tensor]


class BYOL(nn.Module):
    """Predict the embedding of the other view by a slow copy of the network (Grill et al. 2020)."""

    def __init__(self, encoder: nn.Module, representation: nn.Module, name: str) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({name: encoder})
        self.representations = nn.ModuleDict({name: representation})
        self.head = ProjectionHead(encoder.feature_dim)
        self.predictor = ProjectionHead(self.head.out_dim)
        self.student = nn.Sequential(representation, encoder, self.head)
        self.teacher = MomentumEncoder(self.student)
        self.momentum = 0.99

    def advance(self, progress: float) -> None:
        """Slow the teacher down along half a cosine; the trainer calls it before every step."""
        self.momentum = 1 - 0.01 * (1 + math.cos(math.pi * progress)) / 2

    def forward(self, view1: Tensor, view2: Tensor) -> Output:
        """Return the loss of two views (N, C, T, V, M) of the same clips."""
        if self.training:
            self.teacher.update(self.student, self.momentum)
        loss = self.distance(view1, view2) + self.distance(view2, view1)
        loss = distributed.joined_mean(loss, len(view1))  # over all processes
        return Output(loss, {"similarity": 1 - loss.detach() / 4})

    def distance(self, view: Tensor, other: Tensor) -> Tensor:
        """Return the mean squared distance of unit predictions and targets, 2 - 2 cos."""
        prediction = self.predictor(self.student(view))
        return 2 - 2 * F.cosine_similarity(prediction, self.teacher(other)).mean()


def main() -> None:
    """Pre-train, and retrieve across views."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20, help="default: 20")
    parser.add_argument("--output", default="runs/byol", help="default: runs/byol")
    args = parser.parse_args()
    torch.manual_seed(0)
    store = synthetic.generate()
    store = store.map(presets.isc_normalise(store.layout), name="isc_normalise")
    split = splits.cross_view()(store)
    method = BYOL(BiGRU(150, 64, layers=2), ToSequence(), name="sequence")
    views = MultiView([presets.isc_small_view(), presets.isc_small_view()])
    trainer = training.Trainer(args.output, training.TrainingConfig(epochs=args.epochs))
    print(trainer.fit(method, views, store, split.train, split="cross-view").history[-1])
    gallery, queries = (
        extract_features(
            method.encoders["sequence"],
            method.representations["sequence"],
            DataLoader(SkeletonDataset(store, side), 256, collate_fn=collate),
            transform=presets.isc_test_view(frames=32),
        )
        for side in split
    )
    print(knn(*vars(gallery).values(), queries.features, test_labels=queries.labels))


if __name__ == "__main__":
    main()
