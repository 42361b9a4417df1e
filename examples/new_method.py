"""Build a contrastive method of your own: SimCLR on skeletons.

python examples/new_method.py
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor, nn
from torch.utils.data import BatchSampler, DataLoader, SubsetRandomSampler
from tqdm import trange

from skelter.data import SkeletonDataset, collate, splits, synthetic
from skelter.encoders import HCN, ProjectionHead
from skelter.evaluation import extract_features, knn
from skelter.losses import NTXentLoss
from skelter.representations import ToImage
from skelter.transforms import MultiView, presets


class SimCLR(nn.Module):
    """One encoder, one head, two views, and the other clips of the batch as negatives."""

    def __init__(self, encoder: nn.Module, representation: nn.Module) -> None:
        super().__init__()
        self.representation = representation
        self.encoder = encoder
        self.head = ProjectionHead(encoder.feature_dim)
        self.loss = NTXentLoss(temperature=0.1)

    def forward(self, view1: Tensor, view2: Tensor) -> Tensor:
        """Return the loss of two views of the same clips."""
        z1, z2 = (self.head(self.encoder(self.representation(v))) for v in (view1, view2))
        return self.loss(z1, z2)


def main() -> None:
    """Pre-train, and retrieve across views."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20, help="default: 20")
    args = parser.parse_args()
    torch.manual_seed(0)
    store = synthetic.generate()
    store = store.map(presets.isc_normalise(store.layout))
    split = splits.cross_view()(store)
    method = SimCLR(HCN(frames=32, channels=16, dropout=0.0), ToImage())
    views = MultiView([presets.isc_small_view(), presets.isc_small_view()])
    optimiser = torch.optim.AdamW(method.parameters(), 1e-3)
    batches = BatchSampler(SubsetRandomSampler(split.train), 64, drop_last=True)
    for _ in (progress := trange(args.epochs, unit="epoch")):
        for indices in batches:
            # Views straight from the store: no clip is padded, none is copied whole.
            (view1, view2), _, _ = store.batch(indices, transform=views)
            loss = method(view1, view2)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        progress.set_postfix_str(f"loss {loss.item():.3f}")
    gallery, queries = (
        extract_features(
            method.encoder,
            method.representation,
            DataLoader(SkeletonDataset(store, side), 256, collate_fn=collate),
            transform=presets.isc_test_view(frames=32),
        )
        for side in split
    )
    print(knn(*vars(gallery).values(), queries.features, test_labels=queries.labels))


if __name__ == "__main__":
    main()
