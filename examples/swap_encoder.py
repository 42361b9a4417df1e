"""Pre-train and evaluate an encoder of your own with skelter's methods and protocols.

An encoder is any ``nn.Module`` with ``feature_dim`` that maps a representation to (N, feature_dim).

    python examples/swap_encoder.py
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from skelter import training
from skelter.data import SkeletonDataset, collate, splits, synthetic
from skelter.evaluation import extract_features, retrieval
from skelter.methods import IntraSkeletonContrast
from skelter.representations import ToSequence
from skelter.transforms import MultiView, presets


class TemporalConvNet(nn.Module):
    """Three dilated convolutions over time, then the mean over frames."""

    def __init__(self, in_features: int, feature_dim: int = 128) -> None:
        super().__init__()
        self.feature_dim = feature_dim
        self.layers = nn.Sequential(
            nn.Conv1d(in_features, feature_dim, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(feature_dim, feature_dim, 3, padding=2, dilation=2),
            nn.ReLU(),
            nn.Conv1d(feature_dim, feature_dim, 3, padding=4, dilation=4),
        )

    def forward(self, sequence: Tensor) -> Tensor:
        """Return features (N, feature_dim) of sequences (N, T, in_features)."""
        return self.layers(sequence.mT).mean(-1)


def main() -> None:
    """Compare the encoder before and after pre-training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10, help="default: 10")
    parser.add_argument("--output", default="runs/tcn", help="default: runs/tcn")
    args = parser.parse_args()
    torch.manual_seed(0)
    store = synthetic.generate()
    store = store.map(presets.isc_normalise(store.layout), name="isc_normalise")
    split = splits.cross_view()(store)
    encoder = TemporalConvNet(3 * store.layout.num_joints * store.persons)

    def accuracy() -> float:
        crop = presets.isc_test_view(frames=32)
        train, test = (
            extract_features(
                encoder,
                ToSequence(),
                DataLoader(SkeletonDataset(store, indices), 256, collate_fn=collate),
                transform=crop,
            )
            for indices in split
        )
        return retrieval(train.features, train.labels, test.features, test.labels).top[1]

    print(f"random encoder: 1-NN accuracy {accuracy():.1%}")
    method = IntraSkeletonContrast(
        encoder, ToSequence(), queue_size=512, momentum=0.99, temperature=0.1
    )
    views = MultiView([presets.isc_small_view(), presets.isc_small_view()])
    trainer = training.Trainer(args.output, training.TrainingConfig(epochs=args.epochs))
    trainer.fit(method, views, store, split.train)
    print(f"pre-trained: 1-NN accuracy {accuracy():.1%}")


if __name__ == "__main__":
    main()
