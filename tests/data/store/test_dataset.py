from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from loaders import Draw, draw_from
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

    def test_a_mask_and_a_slice(self, store):
        mask = store.labels == 1
        assert SkeletonDataset(store, mask).indices.tolist() == np.flatnonzero(mask).tolist()
        assert SkeletonDataset(store, torch.from_numpy(mask)).indices.tolist() == list(range(6, 12))
        assert SkeletonDataset(store, slice(2, 5)).indices.tolist() == [2, 3, 4]
        assert len(SkeletonDataset(store, [])) == 0

    @pytest.mark.parametrize(
        ("indices", "error", "message"),
        [
            (
                [1.0],
                TypeError,
                "must be integers, a slice or a boolean mask; got float64",
            ),
            (["1"], TypeError, "`indices` must be integers"),
            ([True, False], ValueError, r"have shape \(12,\) if it is a mask"),
            (np.ma.array([1], mask=[True]), TypeError, "got a masked one"),
            ([[1]], ValueError, "`indices` must have one axis"),
        ],
    )
    def test_other_indices(self, store, indices, error, message):
        with pytest.raises(error, match=message):
            SkeletonDataset(store, indices)

    @pytest.mark.parametrize("position", [1.0, True, "1", None])
    def test_other_positions(self, store, position):
        with pytest.raises(TypeError, match="`position` must be an integer"):
            SkeletonDataset(store)[position]

    def test_views(self, store):
        dataset = SkeletonDataset(store, [5, 3], transform=T.CentreCropResize(8))
        x, label = dataset[1]
        assert torch.equal(x, T.CentreCropResize(8)(SkeletonDataset(store)[3][0]))
        assert label == store.labels[3]
        views = T.MultiView([presets.isc_view(frames=16), T.CentreCropResize(8)])
        loader = DataLoader(SkeletonDataset(store, transform=views), 6)
        for (first, second), labels in loader:
            assert (first.shape, second.shape) == ((6, 3, 16, 25, 2), (6, 3, 8, 25, 2))
            assert labels.shape == (6,)

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

    @pytest.mark.parametrize(
        ("samples", "message"),
        [
            ([(torch.ones(3, 4, 5, 1), 0, 7)], r"pairs \(x, label\).*; got a tuple of 3"),
            ([torch.ones(3, 4, 5, 1)], r"pairs \(x, label\).*; got a Tensor"),
            ([((torch.ones(3, 4, 5, 1),) * 2, 0)], "Views made by the dataset need no collate_fn"),
            ([(torch.ones(3, 4, 5, 1), 0.5)], "`labels` must be integer class indices"),
            ([(torch.ones(3, 4, 5, 1), "wave")], "`labels` must be integer class indices"),
            ([(torch.ones(3, 4, 5, 1), None)], "`labels` must be integer class indices"),
        ],
    )
    def test_no_pairs(self, samples, message):
        with pytest.raises(TypeError, match=message):
            collate(samples)

    def test_a_batch_is_no_clip(self):
        with pytest.raises(ValueError, match=r"shape \(C, T, V, M\); got \(2, 3, 4, 5, 1\)"):
            collate([(torch.ones(2, 3, 4, 5, 1), 0)])

    def test_labels_are_int64(self):
        for label in (np.int32(1), torch.tensor(1), 1):
            labels = collate([(torch.ones(3, 4, 5, 1), label)])[2]
            assert (labels.dtype, labels.tolist()) == (torch.int64, [1])

    def test_empty(self):
        with pytest.raises(ValueError, match="at least one clip; got none"):
            collate([])

    def test_clips_must_agree(self):
        with pytest.raises(ValueError, match="must agree in coordinates, joints and persons"):
            collate([(torch.ones(3, 4, 5, 1), 0), (torch.ones(3, 4, 6, 1), 0)])


@pytest.fixture(scope="module")
def clips():
    return synthetic.generate(clips_per_class=12, classes=["wave", "kick"])


LOADS = [
    ("dataset", "fork", False),
    ("dataset", "fork", True),
    ("collate", "fork", False),
    ("collate", "fork", True),
    ("dataset", "spawn", False),
    ("collate", "spawn", True),
]


def seeded(dataset, context="fork", persistent=False, seed=0, workers=None, **options):
    """Return a loader with some workers, seeded as the documentation says."""
    some = 4 if context == "fork" else 2  # as spawned ones are slow to start
    return DataLoader(
        dataset,
        3,
        num_workers=workers or some,
        multiprocessing_context=context,
        persistent_workers=persistent,
        generator=torch.Generator().manual_seed(seed),
        **options,
    )


def draws_of(loader):
    return torch.cat([batch[0].flatten() for batch in loader]).tolist()


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
class TestDrawsInWorkers:
    """24 clips, some workers, two epochs: no draw repeats, and all follow from one seed."""

    @pytest.mark.parametrize(("by", "context", "persistent"), LOADS)
    def test_all_differ_and_follow_from_the_seed(self, clips, by, context, persistent):
        def epochs(seed):
            if by == "dataset":
                loader = seeded(SkeletonDataset(clips, transform=Draw()), context, persistent, seed)
            else:
                views = partial(collate, transform=Draw())
                dataset = SkeletonDataset(clips)
                loader = seeded(dataset, context, persistent, seed, collate_fn=views)
            return draws_of(loader), draws_of(loader)

        first, second = epochs(0)
        assert len(first) == 24
        assert len({*first, *second}) == 48
        if context == "fork":
            assert epochs(0) == (first, second)
            third, fourth = epochs(1)
            assert len({*first, *second, *third, *fourth}) == 96

    def test_without_workers_they_follow_from_the_global_seed(self, clips):
        def epoch():
            torch.manual_seed(4)
            return draws_of(DataLoader(SkeletonDataset(clips, transform=Draw()), 3))

        first = epoch()
        assert len(set(first)) == 24
        assert epoch() == first

    @pytest.mark.parametrize(
        ("by", "context"), [("dataset", "fork"), ("dataset", "spawn"), ("collate", "fork")]
    )
    def test_a_generator_of_its_own_is_refused(self, store, by, context):
        own = partial(draw_from, generator=torch.Generator().manual_seed(0))
        message = r"draw from the global generator of its worker.*DataLoader\(\.\.\., generator"
        if by == "dataset":
            loader = seeded(SkeletonDataset(store, [0], own), context, workers=1)
        else:
            views = partial(collate, transform=own)
            loader = seeded(SkeletonDataset(store, [0]), context, workers=1, collate_fn=views)
        with pytest.raises(ValueError, match=message):
            draws_of(loader)

    @pytest.mark.parametrize(
        "kind", ["closure", "default", "method", "object", "numpy", "composed"]
    )
    def test_wherever_it_hides(self, store, kind, monkeypatch):
        generator, other = torch.Generator().manual_seed(0), np.random.default_rng(0)

        class Mine(T.Transform):
            def __init__(self):
                super().__init__()
                self.state = {"source": [generator]}

            def sample(self, x, *, num_frames=None, generator=None):
                return torch.rand(x.shape[:-4], generator=self.state["source"][0])

            def transform(self, x, params):
                return x

        hidden = {
            "closure": lambda x: x + torch.rand(1, generator=generator),
            "default": lambda x, source=generator: x + torch.rand(1, generator=source),
            "method": Mine().forward,
            "object": Mine(),
            "numpy": lambda x: x + other.random(),
            "composed": T.MultiView([T.Compose([T.Shear(), Mine()]), T.Shear()]),
        }
        monkeypatch.setattr("torch.utils.data._utils.worker._worker_info", "as in a worker")
        with pytest.raises(ValueError, match="global generator of its worker"):
            SkeletonDataset(store, transform=hidden[kind])[0]

    def test_in_this_process_it_is_taken(self, store):
        own = partial(draw_from, generator=torch.Generator().manual_seed(0))
        assert len(set(draws_of(DataLoader(SkeletonDataset(store, transform=own), 3)))) == 12

    def test_views_of_the_library_pass(self, store):
        views = T.MultiView([presets.isc_view(frames=16), presets.isc_view(frames=16)])
        (first, second), _ = next(iter(seeded(SkeletonDataset(store, transform=views))))
        assert first.shape == (3, 3, 16, 25, 2)
        assert not torch.equal(first, second)


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
