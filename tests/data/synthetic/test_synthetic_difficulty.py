"""The synthetic set is as hard as it should be: not for random features, not for good ones."""

from __future__ import annotations

import pytest
import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from skelter.data import splits, synthetic
from skelter.encoders import AGCN, HCN, BiGRU
from skelter.evaluation import knn
from skelter.representations import ToGraph, ToImage, ToSequence
from skelter.transforms import presets


@pytest.fixture(scope="module")
def split():
    """Clips and labels of both sides across views, normalised, 32 frames."""
    store = synthetic.generate()
    store = store.map(presets.isc_normalise(store.layout))
    x, num_frames, labels = store.batch(range(len(store)))
    x = presets.isc_test_view(frames=32)(x, num_frames=num_frames)
    return [(x[side], labels[side]) for side in map(torch.from_numpy, splits.cross_view()(store))]


def nearest(split, encode):
    (train, train_labels), (test, test_labels) = split
    with torch.no_grad():
        return knn(encode(train), train_labels, encode(test), test_labels=test_labels).accuracy


class TestRandomFeaturesFail:
    @pytest.mark.parametrize("seed", [0, 1])
    @pytest.mark.parametrize(
        ("representation", "encoder"),
        [
            (ToSequence(), lambda: BiGRU(150, 64, layers=2)),
            (ToImage(), lambda: HCN(frames=32, channels=16)),
            (ToGraph(), lambda: AGCN(widths=(8, 16, 32))),
        ],
        ids=["sequence", "image", "graph"],
    )
    def test_encoders(self, split, representation, encoder, seed):
        torch.manual_seed(seed)
        network = nn.Sequential(representation, encoder()).eval()
        assert nearest(split, network) < 0.6

    def test_poses(self, split):
        assert nearest(split, lambda x: x.flatten(1)) < 0.6


def test_good_features_succeed(split):
    (train, train_labels), (test, test_labels) = split
    features, queries = movement_features(train), movement_features(test)
    assert ridge(features, train_labels, queries, test_labels) > 0.9


def ridge(train, train_labels, test, test_labels, penalty=200.0):
    """Accuracy of a linear layer in closed form, on standardised features."""
    mean, deviation = train.mean(0), train.std(0) + 1e-6
    train, test = (((x - mean) / deviation).double().clamp(-4, 4) for x in (train, test))
    targets = F.one_hot(train_labels).double()
    kernel = train @ train.T + penalty * torch.eye(len(train), dtype=torch.float64)
    weights = torch.linalg.solve(kernel, targets - targets.mean(0))
    predictions = (test @ train.T @ weights + targets.mean(0)).argmax(1)
    return float((predictions == test_labels).double().mean())


def movement_features(x: Tensor) -> Tensor:
    """Describe how hands, feet and head move: clips (N, C, T, V, M) to (N, D).

    Hands are taken relative to their shoulders and feet to their hips, the left mirrored, the
    more active side first, so that it does not matter which hand somebody waves with. Distances
    between the persons and between the hands tell contact.
    """
    features: list[Tensor] = []
    for person in (0, 1):
        p = _filled(rearrange(x[..., person], "n c t v -> n t v c"))
        for ends, roots in (([6, 10], [4, 8]), ([14, 18], [12, 16])):
            limbs = rearrange(p[:, :, ends] - p[:, :, roots], "n t s c -> n s t c")
            limbs = limbs * torch.tensor([[[1.0, 1, 1]], [[-1, 1, 1]]])
            order = limbs.std(2).sum(-1).argsort(1, descending=True)
            limbs = limbs[torch.arange(len(limbs))[:, None], order]
            features += _statistics(limbs)
            left, right = (limbs - limbs.mean(2, keepdim=True)).unbind(1)
            features += [(left * right).mean(1) / (left.std(1) * right.std(1) + 0.01)]
        head, legs = p[:, :, 3] - p[:, :, 0], p[:, :, 0] - p[:, :, [14, 18]].mean(2)
        features += _statistics(torch.stack([head, legs], 1))
    first, second = (rearrange(x, "n c t v m -> m n t v c")[:, :, :, [6, 10, 20]]).unbind(0)
    between = (first[..., None, :] - second[..., None, :, :]).norm(dim=-1).flatten(2)
    hands = (first[:, :, :1] - first[:, :, 1:2]).norm(dim=-1)
    for distance in (between, hands):
        features += [distance.mean(1), distance.amin(1), distance.std(1)]
    return torch.cat([feature.flatten(1) for feature in features], 1)


def _filled(p: Tensor) -> Tensor:
    """Let lost joints stay where they were last seen: (N, T, V, C)."""
    p = p.clone()
    for t in range(1, p.shape[1]):
        lost = (p[:, t].abs() < 1e-6).all(-1, keepdim=True)
        p[:, t] = torch.where(lost, p[:, t - 1], p[:, t])
    return p


def _statistics(curves: Tensor) -> list[Tensor]:
    """Say where curves (N, S, T, C) are, how far and how fast they go, and in which rhythm."""
    centred = curves - curves.mean(2, keepdim=True)
    rhythm = torch.fft.rfft(centred, dim=2).abs()[:, :, 1:9]
    before, now = centred[:, :, :-1], centred[:, :, 1:]
    reach, quarter = curves.norm(dim=-1), curves.shape[2] // 4
    return [
        curves.mean(2),
        curves[:, :, -quarter:].mean(2) - curves[:, :, :quarter].mean(2),
        (curves.std(2) + 0.02).log(),
        (curves.amax(2) - curves.amin(2) + 0.02).log(),
        (curves.diff(dim=2).abs().mean(2) + 0.005).log(),
        (rhythm + 0.3).log(),
        torch.linalg.cross(before, now).sum(2).abs(),  # area: circles have some, waving has none
        reach.amax(2),
        reach.std(2),
    ]
