"""What a loader may give, and what is refused instead of guessed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from evaluation import toys
from skelter.data import SkeletonDataset, collate, synthetic
from skelter.evaluation import FineTuneConfig, extract_features, fine_tune, semi_supervised
from skelter.typing import Batch

KNOWN = torch.arange(3).repeat(2)
X = toys.clips(KNOWN)
COUNTS = torch.tensor([4, 4, 3, 2, 1, 4])


def extract(batch, **options):
    return extract_features(toys.encoder(), toys.identity, [batch], **options)


class TestBatch:
    def test_what_the_library_gives(self):
        store = synthetic.generate(clips_per_class=2)
        batch = store.batch([1, 3])
        assert isinstance(batch, Batch)
        assert batch.clips is batch[0]
        dataset = SkeletonDataset(store)
        for workers in (0, 2):
            loader = DataLoader(dataset, 4, collate_fn=collate, num_workers=workers)
            batch = next(iter(loader))
            assert type(batch) is Batch
            assert batch.labels.tolist() == store.labels[:4].tolist()
        again = pickle.loads(pickle.dumps(batch))
        assert type(again) is Batch

    @pytest.mark.parametrize(
        "batch",
        [
            Batch(X, COUNTS, KNOWN),
            {"clips": X, "num_frames": COUNTS, "labels": KNOWN},
            {"clips": X, "labels": KNOWN, "index": torch.arange(6)},
            {"clips": X.numpy(), "num_frames": COUNTS.tolist(), "labels": KNOWN.numpy()},
        ],
    )
    def test_a_batch_or_a_mapping(self, batch):
        found = extract(batch)
        assert torch.equal(found.features, extract(Batch(X, COUNTS, KNOWN)).features)
        assert found.labels.tolist() == KNOWN.tolist()

    @pytest.mark.parametrize(
        ("batch", "unpack"),
        [
            ((X, KNOWN, torch.arange(6)), lambda b: (b[0], None, b[1])),
            ([X, KNOWN], lambda b: (b[0], None, b[1])),
            ((X, COUNTS, KNOWN), tuple),
            ({"x": X, "y": KNOWN}, lambda b: (b["x"], None, b["y"])),
            (Batch(X, COUNTS, KNOWN), lambda b: b),
        ],
    )
    def test_anything_by_unpack(self, batch, unpack):
        found = extract(batch, unpack=unpack)
        assert found.labels.tolist() == KNOWN.tolist()
        config = FineTuneConfig(epochs=1)
        common = {"num_classes": 3, "config": config, "unpack": unpack}
        tuned = fine_tune(toys.encoder(), toys.identity, [batch], [batch], **common)
        assert tuned.labels_used == 6
        found = semi_supervised(
            toys.encoder(), toys.identity, lambda chosen, generator: [batch], KNOWN, [batch],
            fraction=1.0, seeds=(0,), config=config, unpack=unpack,
        )  # fmt: skip
        assert found.runs[0].labels.tolist() == KNOWN.tolist()

    @pytest.mark.parametrize(
        ("batch", "came"),
        [
            ((X, KNOWN, torch.arange(6)), r"tuple of 3: \(6, 3, 4, 1, 1\), \(6,\), \(6,\)"),
            # labels that are counts of frames, too
            ((X, KNOWN + 1, torch.arange(6)), "tuple of 3"),
            ([X, KNOWN], r"list of 2: \(6, 3, 4, 1, 1\), \(6,\)"),
            ((X,), "tuple of 1"),
            (X, r"Tensor of shape \(6, 3, 4, 1, 1\)"),
            ({"x": X, "label": KNOWN}, "dict of 'x', 'label'"),
            (None, "NoneType"),
        ],
    )
    def test_nothing_is_guessed(self, batch, came):
        message = f"A batch of `loader` must be a skelter.typing.Batch.*got {came}.*" + (
            r"unpack=lambda b: \(b\[0\], None, b\[1\]\)"
        )
        with pytest.raises(TypeError, match=message):
            extract(batch)
        good, config = toys.batches(KNOWN), FineTuneConfig(epochs=1)
        for name, sides in (("train", ([batch], good)), ("test", (good, [batch]))):
            with pytest.raises(TypeError, match=f"A batch of `{name}` must be"):
                fine_tune(toys.encoder(), toys.identity, *sides, num_classes=3, config=config)

    def test_loaders_of_tensors(self):
        loader = DataLoader(TensorDataset(X, KNOWN), 4)
        with pytest.raises(TypeError, match="list of 2"):
            extract_features(toys.encoder(), toys.identity, loader)
        found = extract_features(
            toys.encoder(), toys.identity, loader, unpack=lambda b: (b[0], None, b[1])
        )
        assert found.labels.tolist() == KNOWN.tolist()


class TestContents:
    @pytest.mark.parametrize(
        ("counts", "error", "message"),
        [
            (KNOWN, ValueError, r"between 1 and T=4; got \[0\].*unpack=lambda b: \(b\[0\], None"),
            (KNOWN + 3, ValueError, r"between 1 and T=4; got \[5\].*If those are labels, say so"),
            (COUNTS[:5], ValueError, r"have shape \(6,\), one count a clip of `clips` \(6, 3"),
            (COUNTS.float(), TypeError, "`num_frames` must be integers"),
            (COUNTS > 2, TypeError, "`num_frames` must be integers"),
            (["4"] * 6, TypeError, "`num_frames` must be integers"),
        ],
    )
    def test_frame_counts(self, counts, error, message):
        for options in ({}, {"unpack": lambda b: tuple(b.values())}):
            with pytest.raises(error, match=message):
                extract({"clips": X, "num_frames": counts, "labels": KNOWN}, **options)

    def test_a_store_counts_frames_that_were_recorded(self):
        """Its batch may hold crops of them, so that counts above T say nothing wrong."""
        assert extract(Batch(X, COUNTS + 90, KNOWN)).labels.tolist() == KNOWN.tolist()
        with pytest.raises(ValueError, match="`num_frames` must be at least 1"):
            extract(Batch(X, COUNTS - 1, KNOWN))

    @pytest.mark.parametrize(
        ("labels", "error", "message"),
        [
            (KNOWN[:5], ValueError, r"`labels` must have shape \(6,\)"),
            (KNOWN.float(), TypeError, "`labels` must be integer"),
            (torch.eye(6).long(), ValueError, r"labels.argmax\(1\)"),
            (["wave"] * 6, TypeError, "Give every name a number"),
        ],
    )
    def test_labels(self, labels, error, message):
        with pytest.raises(error, match=message):
            extract({"clips": X, "labels": labels})

    def test_clips(self):
        with pytest.raises(ValueError, match="`clips` must hold at least one clip"):
            extract({"clips": X[:0], "labels": KNOWN[:0]})
        with pytest.raises(TypeError, match="`clips` must be a tensor"):
            extract(Batch((X, "view"), COUNTS, KNOWN))
        with pytest.raises(TypeError, match="`clips` must have a real floating dtype"):
            extract({"clips": np.zeros((6, 3, 4, 1, 1), int), "labels": KNOWN})

    def test_an_unpack_that_does_not(self):
        with pytest.raises(TypeError, match="`unpack` must return clips, num_frames or None.*of 2"):
            extract((X, KNOWN), unpack=tuple)

    def test_an_encoder_that_merges_clips(self):
        class Merged(torch.nn.Module):
            def forward(self, x):
                return x.reshape(len(x) // 2, -1)

        with pytest.raises(ValueError, match=r"`encoder\(x\)` must have one row for each of 6"):
            extract_features(Merged(), toys.identity, [{"clips": X, "labels": KNOWN}])
