"""Encoders for other joints: what is kept, what begins anew, and that they train."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from skelter import encoders
from skelter.checkpoints import retarget
from skelter.encoders import (
    AGCN,
    CTRGCN,
    HCN,
    STGCN,
    TCN,
    BiGRU,
    DenseSTTransformer,
    FrameTransformer,
    HierarchicalEncoder,
    MultiStreamTransformer,
    SkeletonTransformer,
    STTransformer,
)
from skelter.layouts import COCO17, KINECT20, NTU25, restore_layout
from skelter.representations import ToSequence

ENCODERS = {
    "AGCN": lambda: AGCN(NTU25, widths=(8, 8, 16)),
    "CTRGCN": lambda: CTRGCN(NTU25, widths=(8, 8, 16)),
    "BiGRU": lambda: BiGRU(150, 8, layers=2),
    "DenseSTTransformer": lambda: DenseSTTransformer(25, 8, frames=32, depth=1),
    "FrameTransformer": lambda: FrameTransformer(150, 8, frames=32, layers=1, heads=2),
    "HCN": lambda: HCN(25, 2, frames=32, channels=16),
    "HierarchicalEncoder": lambda: HierarchicalEncoder(25, 8, frames=32, granularity=2),
    "MultiStreamTransformer": lambda: MultiStreamTransformer(NTU25, 8, frames=32),
    "STGCN": lambda: STGCN(NTU25, widths=(8, 8, 16), dropout=0.0),
    "STTransformer": lambda: STTransformer(25, 8, frames=32, depth=1),
    "SkeletonTransformer": lambda: SkeletonTransformer(frames=32, width=8, depth=1, heads=2),
    "TCN": lambda: TCN(150, 8),
}
SEQUENCES = {"BiGRU", "FrameTransformer", "TCN"}


def trained(name):
    torch.manual_seed(1)
    encoder = ENCODERS[name]()
    for tensor in encoder.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.0)
    return encoder


def test_every_encoder_is_here():
    kinds = {name for name in encoders.__all__ if hasattr(getattr(encoders, name), "forward")}
    assert set(ENCODERS) == kinds - {"ProjectionHead", "SkeletonDecoder"}


@pytest.mark.parametrize("layout", [COCO17, KINECT20], ids=lambda layout: layout.name)
@pytest.mark.parametrize("name", ENCODERS)
class TestEveryEncoder:
    def test_runs_and_trains(self, name, layout):
        made = retarget(trained(name), layout, persons=1, channels=3)
        x = torch.randn(4, 3, 32, layout.num_joints, 1)
        x = ToSequence()(x) if name in SEQUENCES else x
        optimiser = torch.optim.SGD(made.encoder.parameters(), lr=1e-3)
        before = {key: w.clone() for key, w in made.encoder.named_parameters()}
        made.encoder(x).square().mean().backward()
        optimiser.step()
        after = dict(made.encoder.named_parameters())
        assert all(after[key].isfinite().all() for key in after)
        assert any((after[key] != before[key]).any() for key in after)

    def test_keeps_all_that_it_can_and_says_the_rest(self, name, layout):
        encoder = trained(name)
        made = retarget(encoder, layout, persons=1, channels=3)
        before, after = encoder.state_dict(), made.encoder.state_dict()
        assert sorted([*made.kept, *made.rebuilt, *made.fitted]) == sorted(after)
        for key in made.kept:
            assert torch.equal(after[key], before[key])
        for key in made.rebuilt:
            counter = key.endswith("num_batches_tracked")
            assert after[key].shape != before[key].shape or counter
            assert f"rebuilt {key} {tuple(after[key].shape)}" in str(made)
        assert 0 < len(made.rebuilt) + len(made.fitted) < len(made.kept)
        assert str(made).startswith(f"{type(encoder).__name__}: kept {len(made.kept)} tensors of ")


def test_as_many_joints_of_another_skeleton():
    """Whatever belongs to a joint begins anew, although its shape fits."""
    other = NTU25.as_dict()
    other = restore_layout({**other, "name": "other", "joints": list(other["joints"])[::-1]})
    made = retarget(trained("AGCN"), other)
    assert "input_norm.running_mean" in made.rebuilt
    assert "blocks.1.graph.learned_adjacency" in made.rebuilt
    assert "blocks.1.graph.project.weight" in made.kept


def test_the_old_one_stays_as_it_was():
    encoder = trained("AGCN")
    before = {key: w.clone() for key, w in encoder.state_dict().items()}
    made = retarget(encoder, COCO17)
    with torch.no_grad():
        for parameter in made.encoder.parameters():
            parameter.zero_()
    assert all(torch.equal(w, before[key]) for key, w in encoder.state_dict().items())


def test_encoders_of_ones_own_are_refused():
    with pytest.raises(TypeError, match=r"`encoder` must be one of this library.*got Linear"):
        retarget(nn.Linear(2, 2), COCO17)


def test_sequences_ask_for_persons():
    with pytest.raises(ValueError, match=r"`persons` must be given for an encoder of sequences"):
        retarget(trained("BiGRU"), COCO17)


def test_positions_of_tokens_are_matched_and_resized():
    encoder = SkeletonTransformer(NTU25, frames=24, width=16, depth=1, heads=2)
    made = retarget(encoder, KINECT20, frames=16)
    assert made.fitted == ("temporal_positions", "joint_positions")
    assert made.rebuilt == ()
    expected = encoder.retarget(KINECT20, frames=16).state_dict()
    for name, tensor in made.encoder.state_dict().items():
        assert torch.equal(tensor, expected[name])
    assert "fitted joint_positions (1, 1, 20, 16)" in str(made)
