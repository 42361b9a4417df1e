"""Numbers from outside are taken as they are, or refused by name: never coerced."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from skelter.data import (
    Clip,
    ClipIndex,
    ShuffledBatches,
    SkeletonStore,
    StoreInfo,
    make_generator,
    synthetic,
)
from skelter.data.splits import (
    Split,
    SplitRule,
    cross_subject,
    cross_view,
    find_duplicates,
    leave_one_subject_out,
    sbu,
)
from skelter.layouts import SBU15


def arrays(count=6):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(4 + i, 15, 3)).astype(np.float32) for i in range(count)]


@pytest.fixture
def store():
    return SkeletonStore.from_clips(arrays(), [0, 1, 2, 2, 1, 2], layout=SBU15)


NOT_INTEGERS = [
    [7.9],
    [1.0],
    ["2"],
    [None],
    [0, None],
    [0.7, 1.9, "2"],
    [0, True],
    [{}],
    None,
    {0, 1},
    "2",
    2.5,
    np.array([0.0]),
    np.array(["0"]),
    np.array([0], object),
    torch.tensor([0.0]),
    np.ma.array([0, 1], mask=[True, False]),
    [np.ma.array(1, mask=True)],
]


def of(values):
    return f"{type(values).__name__} {values!r}"


class TestIndices:
    @pytest.mark.parametrize(
        "mask",
        [lambda m: m, torch.from_numpy, lambda m: m.tolist(), lambda m: m[::-1].copy()[::-1]],
    )
    def test_a_mask_selects(self, store, mask):
        chosen = mask(store.labels == 2)
        x, num_frames, labels = store.batch(chosen)
        expected = store.batch([2, 3, 5])
        assert torch.equal(x, expected[0])
        assert labels.tolist() == [2, 2, 2]
        assert store.ragged(chosen).num_frames.tolist() == num_frames.tolist() == [6, 7, 9]

    @pytest.mark.parametrize("length", [0, 1, 5, 7])
    def test_a_mask_of_another_length(self, store, length):
        for use in (store.batch, store.ragged):
            with pytest.raises(
                ValueError, match=r"`indices` must have shape \(6,\) if it is a mask"
            ):
                use(np.ones(length, bool))

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [
            (slice(0, 2), [0, 1]),
            (slice(None, None, -2), [5, 3, 1]),
            (range(1, 3), [1, 2]),
            (np.array([1, 2], ">i4"), [1, 2]),
            (np.array([1, 2], np.uint8), [1, 2]),
            (np.array([2, 1])[::-1], [1, 2]),
            (torch.tensor([1, 2], dtype=torch.int16), [1, 2]),
            ((1, -1), [1, 5]),
            ([np.int64(1), 2], [1, 2]),
        ],
        ids=str,
    )
    def test_of_any_kind(self, store, chosen, expected):
        assert torch.equal(store.batch(chosen)[0], store.batch(expected)[0])

    @pytest.mark.parametrize("indices", NOT_INTEGERS, ids=of)
    def test_others(self, store, indices):
        for use in (store.batch, store.ragged):
            with pytest.raises(TypeError, match="`indices` must be"):
                use(indices)

    @pytest.mark.parametrize("position", [1.0, "1", True, None, [1], np.array([1]), slice(0, 2)])
    def test_of_one_clip(self, store, position):
        with pytest.raises(TypeError, match=r"`position` must be an integer; got .*store\.batch\("):
            store[position]

    @pytest.mark.parametrize("position", [np.int32(1), torch.tensor(1), np.array(1), -5])
    def test_of_one_clip_of_any_integer(self, store, position):
        assert store[position].label == 1
        np.testing.assert_array_equal(store[position].joints, store[1].joints)


class TestShuffledBatches:
    def test_a_mask_says_what_to_do(self, store):
        with pytest.raises(TypeError, match=r"`indices` must be integers.*numpy\.flatnonzero"):
            ShuffledBatches(store.labels == 2, 2)

    @pytest.mark.parametrize("indices", NOT_INTEGERS, ids=of)
    def test_other_indices(self, indices):
        with pytest.raises(TypeError, match="`indices` must be"):
            ShuffledBatches(indices, 1)

    def test_other_axes(self):
        with pytest.raises(ValueError, match="`indices` must have one axis"):
            ShuffledBatches(np.zeros((2, 3), int), 1)

    def test_other_numbers(self):
        with pytest.raises(TypeError, match="`rank` must be an integer"):
            ShuffledBatches(range(8), 4, rank=0.5, world_size=2)
        with pytest.raises(TypeError, match="`batch_size` must be an integer"):
            ShuffledBatches(range(8), 4.0)
        with pytest.raises(TypeError, match="`parts` must be an integer"):
            list(ShuffledBatches(range(8), 4, seed=0.5).epoch(0))

    def test_one_seed_of_any_integer(self):
        """Today's NumPy writes an integer as ``np.int64(3)``."""
        seeds = {make_generator(seed, "views").initial_seed() for seed in (3, np.int64(3))}
        assert len(seeds) == 1
        for part in (3.0, True, None):
            with pytest.raises(TypeError, match="`parts` must be an integer"):
                make_generator(part)


class TestLabels:
    def build(self, kind, tmp_path, labels, **about):
        if kind == "memory":
            return SkeletonStore.from_clips(arrays(2), labels, layout=SBU15, **about)
        return SkeletonStore.build(tmp_path / "s", arrays(2), labels, layout=SBU15, **about)

    @pytest.mark.parametrize("kind", ["memory", "disk"])
    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (["wave", "kick"], r"`labels` must be integer class .* 'wave'.*names\.index\(name\)"),
            ([0.7, 1.9], r"`labels` must be integer class .* 0\.7"),
            ([0, None], r"`labels` must be integer class .* None"),
            ([0, "1"], "`labels` must be integer class"),
            ([True, False], "`labels` must be integer class"),
            (np.ma.array([0, 1], mask=[1, 0]), r"`labels` must be a plain array.*labels\.filled"),
            (np.array([0, 1.0]), "`labels` must be integer class"),
            (torch.tensor([0, 1.0]), "`labels` must be integer class"),
        ],
    )
    def test_others(self, tmp_path, kind, labels, message):
        with pytest.raises(TypeError, match=message):
            self.build(kind, tmp_path, labels)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            ([[1, 0], [0, 1]], r"\(2, 2\).*labels\.argmax\(1\)"),
            (np.eye(2, dtype=int), r"\(2, 2\).*labels\.argmax\(1\)"),
            (np.eye(2), r"\(2, 2\).*labels\.argmax\(1\)"),
            ([0, -2], "-1 where the class is unknown; got -2"),
            ([0, 2**40], "clip 1 must have a label from 0"),
        ],
    )
    def test_other_values(self, tmp_path, labels, message):
        with pytest.raises(ValueError, match=message):
            self.build("disk", tmp_path, labels)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "labels",
        [
            (1, -1), np.array([1, -1], ">i2"), torch.tensor([1, -1]), np.array([-1, 1])[::-1],
            [np.int8(1), -1], [torch.tensor(1), torch.tensor(-1)],
        ],
        ids=of,
    )  # fmt: skip
    def test_of_any_integers(self, tmp_path, labels):
        assert self.build("memory", tmp_path, labels).labels.tolist() == [1, -1]

    def test_names_in_one_word(self):
        with pytest.raises(TypeError, match="`label_names` must be strings, one for each class"):
            SkeletonStore.from_clips(arrays(2), [0, 1], layout=SBU15, label_names="wave")
        with pytest.raises(TypeError, match="`label_names` must be strings"):
            SkeletonStore.from_clips(arrays(2), [0, 1], layout=SBU15, label_names=[0, 1])

    def test_a_layout_by_name(self):
        with pytest.raises(TypeError, match=r"`layout` must be a SkeletonLayout.*'ntu.*Built in"):
            SkeletonStore.from_clips(arrays(2), layout="ntu-rgb+d")

    @pytest.mark.parametrize("fps", ["30", True, [30]])
    def test_other_rates(self, fps):
        with pytest.raises(TypeError, match="`fps` must be a number of frames a second"):
            SkeletonStore.from_clips(arrays(2), layout=SBU15, fps=fps)


class TestClip:
    @pytest.mark.parametrize("name", ["label", "subject", "view"])
    @pytest.mark.parametrize(
        "value",
        [0.7, 1.0, "2", None, True, np.bool_(True), np.float32(1), torch.tensor(1.0),
         torch.tensor(True), [1], np.array([1]), np.ma.array(1, mask=True), np.ma.masked],
        ids=of,
    )  # fmt: skip
    def test_other_numbers(self, name, value):
        with pytest.raises(
            TypeError, match=f"`{name}` must be an integer; got .*-1 if it is unkno"
        ):
            Clip(arrays(1)[0], **{name: value})
        with pytest.raises(TypeError, match=r"`extra\['fold'\]` must be an integer"):
            Clip(arrays(1)[0], extra={"fold": value})

    @pytest.mark.parametrize("value", [np.int16(3), np.uint8(3), torch.tensor(3), np.array(3)])
    def test_any_integer(self, value):
        clip = Clip(arrays(1)[0], value, value, value, extra={"fold": value})
        numbers = [clip.label, clip.subject, clip.view, clip.extra["fold"]]
        assert numbers == [3] * 4
        assert {type(number) for number in numbers} == {int}

    @pytest.mark.parametrize("fields", [{"name": None}, {"name": 3}, {"extra": {1: 2}}])
    def test_other_names(self, fields):
        with pytest.raises(TypeError, match="`name` and names of `extra` must be strings"):
            Clip(arrays(1)[0], **fields)


class TestByHand:
    """The arguments of the constructor."""

    def frames(self):
        return np.concatenate([array[:, None] for array in arrays(2)])

    def index(self, **changes):
        zeros = np.zeros(2, np.int64)
        index = ClipIndex(np.array([0, 4, 9]), zeros, zeros, zeros, np.array(["a", "b"]))
        return replace(index, **changes)

    def test_lists_will_do(self):
        index = self.index(
            offsets=[0, 4, 9], labels=[1, -1], subjects=torch.tensor([1, 2]), names=["a", "b"],
            views=np.array([1, 2], ">i2"), extra={"fold": (3, 4)},
        )  # fmt: skip
        store = SkeletonStore(self.frames(), index, StoreInfo(SBU15))
        assert [store.labels.tolist(), store.extra["fold"].tolist()] == [[1, -1], [3, 4]]
        assert store.labels.dtype == store.views.dtype == np.int64
        np.testing.assert_array_equal(store[1].joints[:, 0], arrays(2)[1])

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"labels": [0.7, 1.9]}, TypeError, "`labels` must be integer"),
            ({"labels": ["a", "b"]}, TypeError, "`labels` must be integer"),
            ({"labels": [0, -2]}, ValueError, "`labels` must have labels from 0"),
            ({"labels": [0]}, ValueError, r"`labels` must have shape \(2,\), one entry a clip"),
            ({"subjects": [0.5, 1]}, TypeError, "`subjects` must be integers"),
            ({"views": [True, False]}, TypeError, "`views` must be integers"),
            ({"views": np.ma.array([1, 2], mask=[1, 0])}, TypeError, "got a masked one"),
            ({"extra": {"fold": [0.5, 1]}}, TypeError, "`extra_fold` must be integers"),
            ({"extra": {"fold": [1]}}, ValueError, r"`extra_fold` must have shape \(2,\)"),
            ({"names": [1, 2]}, TypeError, "`names` must be strings"),
            ({"offsets": [0, 4.0, 9]}, TypeError, "`offsets` must be integers"),
            ({"offsets": [0, 4]}, ValueError, "`offsets` must rise from 0 to the 9 frames"),
            ({"offsets": [1, 4, 9]}, ValueError, "`offsets` must rise from 0"),
            ({"offsets": [0, 9, 9]}, ValueError, "`offsets` must rise from 0"),
            ({"offsets": []}, ValueError, "`offsets` must rise from 0"),
        ],
    )
    def test_another_index(self, changes, error, message):
        with pytest.raises(error, match=message):
            SkeletonStore(self.frames(), self.index(**changes), StoreInfo(SBU15))

    @pytest.mark.parametrize(
        ("frames", "error", "message"),
        [
            (np.zeros((9, 15, 3)), ValueError, r"`frames` must have shape \(sum of T, M, V, C\)"),
            (np.zeros((9, 0, 15, 3)), ValueError, "nothing empty"),
            (np.zeros((9, 1, 15, 3), int), TypeError, "must have real floating coordinates"),
            (np.ma.zeros((9, 1, 15, 3)), TypeError, r"got a masked one.*filled\(0\)"),
            (
                np.zeros((9, 1, 14, 3)),
                ValueError,
                "`frames` has 14 joints, but layout SBU15 has 15",
            ),
            (np.zeros((1, 9, 15, 3)), ValueError, r"This looks like \(M, T, V, C\)"),
        ],
    )
    def test_other_frames(self, frames, error, message):
        with pytest.raises(error, match=message):
            SkeletonStore(frames, self.index(), StoreInfo(SBU15))


class TestSplits:
    def clips(self):
        return SkeletonStore.from_clips(
            [Clip(array, subject=i + 1, view=i % 3) for i, array in enumerate(arrays())],
            layout=SBU15,
        )

    @pytest.mark.parametrize("numbers", [[1.0], ["1"], "12", [True], np.ma.array([1], mask=[1])])
    def test_other_numbers(self, numbers):
        with pytest.raises(TypeError, match="`train` must be"):
            cross_subject(train=numbers)
        with pytest.raises(TypeError, match="`test` must be"):
            cross_view(test=numbers)

    @pytest.mark.parametrize(
        "numbers", [{1, 3}, [1, 3], (1, 3), np.array([1, 3]), torch.tensor([1, 3]), range(1, 4, 2)]
    )
    def test_any_integers(self, numbers):
        assert cross_subject(train=numbers)(self.clips()).train.tolist() == [0, 2]

    @pytest.mark.parametrize("number", [1.0, "1", True, None])
    def test_one_number(self, number):
        with pytest.raises(TypeError, match="`subject` must be an integer"):
            leave_one_subject_out(number)
        with pytest.raises(TypeError, match="`fold` must be an integer"):
            sbu(number)

    @pytest.mark.parametrize(
        ("train", "came"),
        [
            (lambda index: np.array([0, 1]), r"got int64 of shape \(2,\)"),
            (lambda index: index.subjects, "got int64"),
            (lambda index: [0, 1], "got int64"),
            (lambda index: index.subjects[:3] == 1, r"got bool of shape \(3,\)"),
            (lambda index: np.ma.array(index.subjects == 1, mask=index.subjects == 2), "got bool"),
        ],
    )
    def test_sides_that_are_no_masks(self, train, came):
        """``np.flatnonzero([0, 1])`` is clip 1."""
        rule = SplitRule("mine", lambda index: (train(index), index.subjects == 2))
        message = rf"each side of split mine must be a mask of shape \(6,\).*{came}.*np\.isin"
        with pytest.raises(TypeError, match=message):
            rule(self.clips())
        with pytest.raises(TypeError, match=message):
            rule.count(self.clips())

    def test_duplicates_of_any_integers(self):
        store = SkeletonStore.from_clips([*arrays(3), arrays(3)[1]], layout=SBU15)
        for test in ([3], (3,), torch.tensor([3]), [-1], np.arange(4) == 3):
            found = find_duplicates(store, Split([0, 1, 2], test))
            assert (found.test.tolist(), found.train.tolist(), found.tested) == ([3], [1], 1)

    @pytest.mark.parametrize(
        ("train", "test", "error", "message"),
        [
            ([0.0], [1], TypeError, "`split.train` must be integers"),
            ([0], ["1"], TypeError, "`split.test` must be integers"),
            ([0], [6], IndexError, "`split.test` must lie from 0 to 5"),
            ([True, False], [1], ValueError, r"`split.train` must have shape \(6,\)"),
        ],
    )
    def test_duplicates_of_other_sides(self, store, train, test, error, message):
        with pytest.raises(error, match=message):
            find_duplicates(store, Split(train, test))

    def test_duplicates_in_a_stretch_of_a_map(self, tmp_path):
        """A stretch of a map has the offset of the whole file."""
        a, b = (array[:4, None] for array in arrays(2))
        np.concatenate([a, a, b, a]).tofile(tmp_path / "mine.bin")
        mapped = np.memmap(tmp_path / "mine.bin", np.float32, "r", shape=(16, 1, 15, 3))
        index = SkeletonStore.from_clips([a, b, a], layout=SBU15).index
        store = SkeletonStore(mapped[4:], index, StoreInfo(SBU15))
        found = find_duplicates(store, Split([0], [1, 2]))
        assert found.test.tolist() == [2]


class TestSynthetic:
    @pytest.mark.parametrize("name", ["clips_per_class", "subjects", "views", "seed"])
    @pytest.mark.parametrize("value", [1.5, "1", True, None])
    def test_counts(self, name, value):
        with pytest.raises(TypeError, match=f"`{name}` must be an integer"):
            synthetic.generate(**{"classes": ["bow"], "clips_per_class": 1, name: value})

    @pytest.mark.parametrize("name", ["noise", "dropped"])
    def test_shares(self, name):
        with pytest.raises(TypeError, match=f"`{name}` must be a number"):
            synthetic.generate(classes=["bow"], clips_per_class=1, **{name: "0.1"})


class TestMap:
    def test_other_numbers(self, store):
        with pytest.raises(TypeError, match="`batch_size` must be an integer"):
            store.map(torch.neg, batch_size=2.0)

    def test_what_a_function_returns(self, store):
        doubled = store.map(lambda x: (2 * x).numpy())
        np.testing.assert_array_equal(doubled[3].joints, 2 * store[3].joints)
        with pytest.raises(TypeError, match=r"`function\(clips\)` must have a real floating"):
            store.map(lambda x: x.long())
        with pytest.raises(TypeError, match=r"`function\(clips\)` must be a tensor"):
            store.map(lambda x: None)
