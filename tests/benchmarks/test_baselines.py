"""The baselines of the benchmarks compute what skelter computes, so that comparing is honest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks import clips, galleries, harness
from benchmarks.baselines import numpy_views, padded_loader, plain_ctrgcn, plain_step, plain_stgcn
from benchmarks.baselines.framewise_gru import framewise
from benchmarks.baselines.plain_agcn import plain
from torch.testing import assert_close

from skelter.data import SkeletonStore
from skelter.encoders import AGCN, CTRGCN, STGCN, BiGRU
from skelter.layouts import NTU25
from skelter.methods import InterSkeletonContrast
from skelter.representations import ToGraph, ToMotion, ToSequence
from skelter.transforms import functional

CLOSE = {"rtol": 0.0, "atol": 1e-5}


class TestNumPyViews:
    @pytest.fixture
    def clip(self, generator):
        return torch.randn(3, 90, 25, 2, generator=generator)

    @pytest.mark.parametrize(("start", "length"), [(0, 90), (7, 64), (3, 65), (80, 10)])
    def test_crop_resize(self, clip, start, length):
        theirs = numpy_views.crop_resize(clip.numpy(), start, length)
        ours = functional.crop_resize(clip, torch.tensor(start), torch.tensor(length), 64)
        assert_close(torch.from_numpy(theirs), ours, **CLOSE)

    def test_shear(self, clip, generator):
        matrix = torch.randn(3, 3, generator=generator)
        theirs = numpy_views.shear(clip.numpy(), matrix.numpy())
        assert_close(torch.from_numpy(theirs), functional.shear(clip, matrix), **CLOSE)

    def test_jitter(self, clip, generator):
        chosen = torch.randperm(25, generator=generator)[:15]
        joints = torch.zeros(25, dtype=torch.bool).scatter(0, chosen, True)
        matrix = torch.randn(3, 3, generator=generator)
        mixed = numpy_views.mix_joints(clip.numpy(), chosen.tolist(), matrix.numpy())
        ours = functional.mix_coordinates(clip, joints, matrix)
        assert_close(torch.from_numpy(mixed), ours, **CLOSE)
        zeroed = numpy_views.zero_joints(clip.numpy(), chosen.tolist())
        assert_close(torch.from_numpy(zeroed), functional.zero_joints(clip, joints))

    def test_centre_and_motion(self, clip):
        clip[:, 3:9, 4:7, 1] = 0
        theirs = numpy_views.centre_on_joint(clip.numpy(), 1)
        assert_close(torch.from_numpy(theirs), functional.centre_on_joint(clip, 1), **CLOSE)
        assert_close(torch.from_numpy(numpy_views.motion(clip.numpy())), ToMotion()(clip), **CLOSE)

    def test_draws(self, clip):
        """Half of the views jitter, half of those drop joints; a crop has at least 64 frames."""
        harness.seeded()
        still = np.ones((3, 90, 25, 2), dtype=np.float32)
        views = [numpy_views.view(still, 80) for _ in range(400)]
        same = np.array([(view == 1).all((0, 1, 3)).sum() for view in views])  # joints left alone
        dropped = np.array([(view == 0).all((0, 1, 3)).sum() for view in views])
        assert set(same) == {0, 10}
        assert set(dropped) == {0, 15}
        assert 150 < (same == 10).sum() < 250
        assert 70 < (dropped == 15).sum() < 130
        ramp = np.broadcast_to(np.arange(90.0, dtype=np.float32)[None, :, None, None], still.shape)
        crops = [numpy_views.random_crop_resize(ramp, 80)[0, :, 0, 0] for _ in range(200)]
        spans = np.array([(crop[-1] - crop[0]) for crop in crops])
        assert 62.9 < spans.min() < 63.1
        assert max(crop[-1] for crop in crops) <= 79
        assert 120 < (spans < 63.1).sum() < 190  # 79 % have exactly 64 frames

    def test_leaves_the_clip_alone(self, clip):
        before = clip.clone()
        for _ in range(8):
            assert numpy_views.view(clip.numpy(), 80).shape == (3, 64, 25, 2)
        assert torch.equal(clip, before)


class TestPaddedLoader:
    def test_batches(self, tmp_path, generator):
        made = clips.ragged_clips(6, generator, longest=120)
        padded, store = clips.write_both(tmp_path, made)
        data = padded_loader.TwoViews(padded)
        x, num_frames, _ = SkeletonStore.open(store).batch(range(6))
        assert data.lengths.tolist() == num_frames.tolist()
        assert_close(torch.from_numpy(data.data[:, :, : x.shape[2]].copy()), x)
        batch = next(padded_loader.batches(padded, batch_size=4))
        assert [tuple(part.shape) for part in batch] == [(4, 64, 150)] * 2 + [(4, 3, 64, 25, 2)] * 2
        assert {part.dtype for part in batch} == {torch.float32}
        assert_close(ToSequence()(batch[2]), batch[0])


class TestEncoders:
    def test_framewise_gru(self, generator):
        ours = BiGRU(12, 8)
        theirs = framewise(ours)
        agree(ours, theirs, torch.randn(3, 9, 12, generator=generator))
        for mine, other in zip(ours.gru.parameters(), theirs.gru.parameters(), strict=True):
            assert_close(other.grad, mine.grad, **CLOSE)

    def test_plain_agcn(self, generator):
        ours = AGCN(NTU25, widths=(8, 8, 16))
        with torch.no_grad():  # else batch norms of the graphs start at almost zero
            for block in ours.blocks:
                block.graph.norm.weight.fill_(1.0)
                block.graph.learned_adjacency.normal_(0, 0.1, generator=generator)
        theirs = plain(ours)
        agree(ours, theirs, torch.randn(4, 3, 12, 25, 2, generator=generator))
        for mine, other in zip(ours.blocks, theirs.blocks, strict=True):
            for name in ("theta", "phi"):
                parts = [conv.weight.grad for conv in getattr(other.gcn, name)]
                assert_close(torch.cat(parts), getattr(mine.graph, name).weight.grad, **CLOSE)
            parts = [conv.weight.grad for conv in other.gcn.project]
            assert_close(torch.cat(parts, 1), mine.graph.project.weight.grad, **CLOSE)
            assert_close(other.gcn.B.grad, mine.graph.learned_adjacency.grad, **CLOSE)
            assert_close(other.tcn.conv.weight.grad, mine.temporal[0].weight.grad, **CLOSE)
        assert_close(theirs.data_bn.weight.grad, ours.input_norm.weight.grad, **CLOSE)

    def test_plain_ctrgcn(self, generator):
        ours = CTRGCN(NTU25, widths=(8, 8, 16))
        with torch.no_grad():  # else batch norms and refinements of the graphs start at zero
            for block in ours.blocks:
                block.graph.norm.weight.fill_(1.0)
                block.graph.alpha.fill_(0.5)
                block.graph.learned_adjacency.normal_(0, 0.1, generator=generator)
        theirs = plain_ctrgcn.plain(ours)
        agree(ours, theirs, torch.randn(4, 3, 12, 25, 2, generator=generator))
        gradients = {name: p.grad for name, p in theirs.named_parameters()}
        for name, parameter in ours.named_parameters():
            for part, tensor in plain_ctrgcn.parts(name, parameter.grad, 3):
                assert_close(gradients[part], tensor, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("widths", [(8, 8, 16, 8, 8), (48, 48)])
    def test_plain_stgcn(self, generator, widths):
        ours = STGCN(NTU25, widths=widths, dropout=0.0)
        with torch.no_grad():
            for block in ours.blocks:
                block.graph.edge_importance.normal_(1, 0.3, generator=generator)
        theirs = plain_stgcn.plain(ours)
        agree(ours, theirs, torch.randn(4, 3, 12, 25, 2, generator=generator))
        for i, (mine, other) in enumerate(zip(ours.blocks, theirs.st_gcn_networks, strict=True)):
            edges = theirs.edge_importance[i].grad
            assert_close(edges, mine.graph.edge_importance.grad, **CLOSE)
            assert_close(other.gcn.conv.weight.grad, mine.graph.project.weight.grad, **CLOSE)
            assert_close(other.tcn[2].weight.grad, mine.temporal[0].weight.grad, **CLOSE)
        assert_close(theirs.data_bn.weight.grad, ours.input_norm.weight.grad, **CLOSE)


def agree(ours, theirs, x):
    """Compare features and the gradients of the input."""
    results = []
    for encoder in (ours, theirs):
        leaf = x.clone().requires_grad_()
        features = encoder(leaf)
        features.square().sum().backward()
        results.append((features, leaf.grad))
    assert_close(results[1], results[0], **CLOSE)


class TestStep:
    def test_two_steps(self, generator):
        method = InterSkeletonContrast(
            {"sequence": BiGRU(150, 8), "graph": AGCN(NTU25, widths=(8, 16))},
            {"sequence": ToSequence(), "graph": ToGraph()},
            queue_size=32,
        )
        model = plain_step.plain_contrast(method)
        optimizer = plain_step.optimiser(model)
        parameters = [p for p in method.parameters() if p.requires_grad]
        optimiser = torch.optim.SGD(parameters, 0.01, momentum=0.9, weight_decay=1e-4)
        for _ in range(2):
            view1, view2 = torch.randn(2, 4, 3, 12, 25, 2, generator=generator)
            loss = method(view1, view2).loss
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            assert_close(
                plain_step.train_step(model, optimizer, view1, view2), loss.item(), **CLOSE
            )
        assert_close(model.graph_queue.T, method.queues["graph"].snapshot(), **CLOSE)
        assert_close(model.sequence_queue.T, method.queues["sequence"].snapshot(), **CLOSE)


class TestRetrieval:
    def test_same_predictions(self):
        pytest.importorskip("sklearn")
        features = galleries.features(harness.QUICK)
        theirs, ours = (side(*features)() for side in galleries.SIDES.values())
        assert theirs.tolist() == ours.tolist()
