from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.utils.data import DataLoader

from skelter import transforms as T
from skelter.data import SkeletonDataset, collate, splits, synthetic
from skelter.transforms import presets


@pytest.fixture(scope="module")
def store():
    return synthetic.generate(clips_per_class=6, classes=["wave", "kick"])


class TestSkeletonDataset:
    def test_is_the_store_clip_by_clip(self, store):
        dataset = SkeletonDataset(store, [5, 3])
        x, label = dataset[1]
        expected, num_frames, labels = store.batch([3])
        assert len(dataset) == 2
        assert torch.equal(x, expected[0])
        assert x.shape[1] == num_frames
        assert label == labels

    def test_loads(self, store):
        loader = DataLoader(SkeletonDataset(store), 5, collate_fn=collate)
        for number, (x, num_frames, labels) in enumerate(loader):
            indices = range(5 * number, min(5 * number + 5, 12))
            expected = store.batch(indices)
            assert torch.equal(x, expected[0])
            assert torch.equal(num_frames, expected[1])
            assert torch.equal(labels, expected[2])

    def test_loads_in_processes(self, store):
        loader = DataLoader(SkeletonDataset(store), 6, collate_fn=collate, num_workers=1)
        assert torch.equal(next(iter(loader))[0], store.batch(range(6))[0])

    def test_index_out_of_range(self, store):
        with pytest.raises(IndexError, match="lie from 0 to 11"):
            SkeletonDataset(store, [12])


class TestCollate:
    @pytest.mark.parametrize(
        "transform",
        [
            T.MultiView([presets.isc_view(frames=16), T.Shear()]),
            T.Shear(),
            lambda x, num_frames, generator: x * 2,
        ],
        ids=["views", "shear", "function"],
    )
    def test_views_are_those_of_the_store(self, store, transform):
        torch.manual_seed(0)
        samples = [SkeletonDataset(store)[i] for i in (5, 3, 8)]
        made, num_frames, labels = collate(samples, transform)
        torch.manual_seed(0)
        expected = store.batch([5, 3, 8], transform=transform)
        torch.testing.assert_close(made, expected[0])
        assert torch.equal(num_frames, expected[1])
        assert torch.equal(labels, expected[2])

    def test_views_in_a_worker(self, store):
        views = partial(collate, transform=T.MultiView([presets.isc_view(frames=16)] * 2))
        loader = DataLoader(SkeletonDataset(store), 6, collate_fn=views, num_workers=1)
        (first, second), *_ = next(iter(loader))
        assert first.shape == (6, 3, 16, 25, 2)
        assert not torch.equal(first, second)

    def test_empty(self):
        with pytest.raises(ValueError, match="at least one clip; got none"):
            collate([])

    def test_clips_must_agree(self):
        with pytest.raises(ValueError, match="must agree in coordinates, joints and persons"):
            collate([(torch.ones(3, 4, 5, 1), 0), (torch.ones(3, 4, 6, 1), 0)])


class TestSplits:
    def test_cross_subject(self, store):
        split = splits.cross_subject()(store)
        assert set(store.subjects[split.train] % 2) == {1}
        assert set(store.subjects[split.test] % 2) == {0}
        named = splits.cross_subject(train=[2, 4])(store)
        assert set(store.subjects[named.train]) == {2, 4}
        assert len(named.train) + len(named.test) == len(store)

    def test_cross_view(self, store):
        split = splits.cross_view()(store)
        assert set(store.views[split.test]) == {1}
        assert set(store.views[split.train]) == {2, 3}

    def test_nothing_on_one_side(self, store):
        with pytest.raises(
            ValueError, match=r"must find clips of both sides.*got 12 .* views 1 to 3"
        ):
            splits.cross_view(test=[9])(store)

    def test_utd_mhad(self, recordings):
        from skelter import data

        split = splits.cross_subject()(data.load_ragged(recordings / "utd_mhad.npz"))
        assert (len(split.train), len(split.test)) == (431, 430)
