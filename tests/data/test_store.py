from __future__ import annotations

import json
import os

import numpy as np
import pytest
import torch

from skelter import data
from skelter.data import Clip, SkeletonFormatError, SkeletonStore
from skelter.layouts import KINECT20, NTU25, SBU15, SkeletonLayout

LENGTHS = (5, 1, 9)


def recordings(persons=2, layout=SBU15):
    generator = torch.Generator().manual_seed(0)
    return [
        Clip(
            torch.randn(n, persons, layout.num_joints, 3, generator=generator).numpy(),
            label=i % 2,
            subject=i + 1,
            view=2,
            name=f"clip{i}",
        )
        for i, n in enumerate(LENGTHS)
    ]


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    arguments = {"layout": SBU15, "label_names": ["a", "b"], "fps": 15.0, "name": "test"}
    if request.param == "memory":
        return SkeletonStore.from_clips(recordings(), **arguments)
    return SkeletonStore.build(tmp_path / "store", recordings(), **arguments)


class TestSkeletonStore:
    def test_gives_back_every_clip(self, store):
        assert len(store) == 3
        for clip, expected in zip((store[i] for i in range(3)), recordings(), strict=True):
            np.testing.assert_array_equal(clip.joints, expected.joints)
            assert (clip.label, clip.subject, clip.view, clip.name) == (
                expected.label,
                expected.subject,
                expected.view,
                expected.name,
            )

    def test_remembers_what_holds_for_all(self, store):
        assert store.layout == SBU15
        assert store.label_names == ("a", "b")
        assert store.info.fps == 15.0
        assert (store.persons, store.channels) == (2, 3)
        assert store.num_frames.tolist() == list(LENGTHS)
        assert repr(store) == "SkeletonStore(test: 3 clips, 2 x 15 joints of SBU15)"

    def test_batch_pads_and_transposes(self, store):
        x, num_frames, labels = store.batch([2, 0])
        assert x.shape == (2, 3, 9, 15, 2)
        assert num_frames.tolist() == [9, 5]
        assert labels.tolist() == [0, 0]
        expected = torch.from_numpy(recordings()[0].joints)
        assert torch.equal(x[1, :, :5], expected.permute(3, 0, 2, 1))
        assert not x[1, :, 5:].any()

    def test_batch_is_a_copy(self, store):
        x, _, _ = store.batch([0])
        x.zero_()
        assert store.batch([0])[0].any()

    def test_negative_and_repeated_indices(self, store):
        x, _, _ = store.batch([-1, 2])
        assert torch.equal(x[0], x[1])
        assert store[-1].name == "clip2"

    @pytest.mark.parametrize("indices", [[3], [-4], [0, 99]])
    def test_index_out_of_range(self, store, indices):
        with pytest.raises(IndexError, match="clip numbers must lie below 3, the number of clips"):
            store.batch(indices)
        with pytest.raises(IndexError):
            store[indices[-1]]

    def test_no_indices(self, store):
        with pytest.raises(ValueError, match="one or more clip numbers"):
            store.batch([])

    def test_iterates_and_ends(self, store):
        assert [clip.name for clip in store] == ["clip0", "clip1", "clip2"]

    def test_map(self, store):
        doubled = store.map(lambda x: 2 * x, batch_size=2)
        np.testing.assert_array_equal(doubled[2].joints, 2 * store[2].joints)
        assert doubled.label_names == store.label_names
        with pytest.raises(ValueError, match=r"keep the shape of clips .* got"):
            store.map(lambda x: x[:, :2])


class TestBuild:
    def test_takes_arrays_of_one_person(self, tmp_path):
        arrays = [np.ones((n, 20, 3)) for n in LENGTHS]
        store = SkeletonStore.build(tmp_path / "s", arrays, [0, 1, 2], layout=KINECT20)
        assert store.persons == 1
        assert store.labels.tolist() == [0, 1, 2]

    def test_streams(self, tmp_path):
        store = SkeletonStore.build(tmp_path / "s", (c for c in recordings()), layout=SBU15)
        assert len(store) == 3

    def test_missing_persons_become_zeros(self):
        clips = [recordings()[0], recordings(persons=1)[1]]
        assert not SkeletonStore.from_clips(clips, layout=SBU15)[1].joints[:, 1].any()

    def test_float16_halves_the_space(self, tmp_path):
        path = tmp_path / "s"
        store = SkeletonStore.build(path, recordings(), layout=SBU15, dtype="float16")
        assert (path / "frames.bin").stat().st_size == 15 * 2 * 15 * 3 * 2
        assert store.batch([0])[0].dtype == torch.float32
        np.testing.assert_allclose(store[0].joints, recordings()[0].joints, atol=2e-3)

    def test_frames_stay_on_disk(self, tmp_path):
        store = SkeletonStore.build(tmp_path / "s", recordings(), layout=SBU15)
        assert isinstance(store.frames, np.memmap)

    def test_keeps_a_layout_of_the_users_own(self, tmp_path):
        mine = SkeletonLayout(
            "mine",
            "abc",
            parents=[-1, 0, 1],
            parts={"all": (0, 1)},
            left_right=[(0, 1)],
            spine=(0, 1),
        )
        store = SkeletonStore.build(tmp_path / "s", [np.ones((4, 3, 2))], layout=mine)
        assert store.layout == mine
        assert store.channels == 2

    @pytest.mark.parametrize(
        ("clip", "error", "message"),
        [
            (np.ones((4, 1, 20, 3)), ValueError, "clip 1 has 20 joints, but layout SBU15 has 15"),
            (np.ones((4, 15)), ValueError, r"clip 1 must have shape \(T, M, V, C\)"),
            (np.ones((0, 1, 15, 3)), ValueError, "nothing empty"),
            (
                np.full((4, 1, 15, 3), np.nan),
                ValueError,
                "clip 1 must be finite; got 4 broken frames of 4, the first",
            ),
            (np.ones((4, 1, 15, 3), dtype=int), TypeError, "real floating coordinates; got int64"),
            (np.ones((4, 1, 15, 3), dtype=complex), TypeError, "got complex128"),
            (np.ones((4, 3, 15, 3)), ValueError, "clip 1 has 3 persons, but the first clip has 2"),
            (np.ones((4, 2, 15, 2)), ValueError, "1 has 2 coordinates, but the first clip has 3"),
            (
                Clip(np.ones((4, 15, 3)), label=7, name="x"),
                ValueError,
                "x must have a label from 0 .* within the 2 label_names; got 7",
            ),
            (
                Clip(np.ones((4, 15, 3)), label=-2, name="x"),
                ValueError,
                "x must have a label from 0 .*got -2",
            ),
        ],
    )
    def test_a_wrong_clip_leaves_nothing_behind(self, tmp_path, clip, error, message):
        names = ["a", "b"]
        with pytest.raises(error, match=message):
            SkeletonStore.build(
                tmp_path / "s", [recordings()[0], clip], layout=SBU15, label_names=names
            )
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("count", [2, 4])
    def test_labels_must_match(self, tmp_path, count):
        arrays = [np.ones((4, 15, 3))] * 3
        with pytest.raises(ValueError, match=f"one entry for each sequence; got {count} labels"):
            SkeletonStore.build(tmp_path / "s", arrays, [0] * count, layout=SBU15)
        assert list(tmp_path.iterdir()) == []

    def test_nothing_to_build(self, tmp_path):
        with pytest.raises(ValueError, match="at least one clip; got none"):
            SkeletonStore.build(tmp_path / "s", [], layout=SBU15)
        with pytest.raises(ValueError, match="at least one clip; got none"):
            SkeletonStore.from_clips([], layout=SBU15)
        assert list(tmp_path.iterdir()) == []

    def test_never_overwrites(self, tmp_path):
        SkeletonStore.build(tmp_path / "s", recordings(), layout=SBU15)
        with pytest.raises(FileExistsError, match="exists. Remove it"):
            SkeletonStore.build(tmp_path / "s", recordings(), layout=SBU15)
        assert len(SkeletonStore.open(tmp_path / "s")) == 3

    def test_an_interrupted_build_leaves_no_store(self, tmp_path):
        def broken():
            yield recordings()[0]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            SkeletonStore.build(tmp_path / "s", broken(), layout=SBU15)
        assert list(tmp_path.iterdir()) == []

    def test_wrong_dtype(self, tmp_path):
        with pytest.raises(ValueError, match="`dtype` must be one of 'float32', 'float16'"):
            SkeletonStore.build(tmp_path / "s", recordings(), layout=SBU15, dtype="int8")


class TestOpen:
    @pytest.fixture
    def path(self, tmp_path):
        SkeletonStore.build(tmp_path / "s", recordings(), layout=SBU15)
        return tmp_path / "s"

    def test_no_store(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no store directory.*SkeletonStore\.build"):
            SkeletonStore.open(tmp_path / "nowhere")
        (tmp_path / "empty").mkdir()
        with pytest.raises(SkeletonFormatError, match="no store.json: it is no skelter store"):
            SkeletonStore.open(tmp_path / "empty")

    @pytest.mark.parametrize("name", ["frames.bin", "index.npz", "store.json"])
    @pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
    def test_truncated(self, path, name, share):
        size = (path / name).stat().st_size
        os.truncate(path / name, int(size * share))
        with pytest.raises(SkeletonFormatError, match=name):
            SkeletonStore.open(path)

    @pytest.mark.parametrize("name", ["frames.bin", "index.npz", "store.json"])
    def test_missing_file(self, path, name):
        (path / name).unlink()
        with pytest.raises(SkeletonFormatError, match=name):
            SkeletonStore.open(path)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"version": 99},
                "is version 99 of the store format; this version of skelter reads",
            ),
            ({"format": "other"}, "does not describe a skelter-store"),
            ({"shape": ["many"]}, "store.json: invalid literal"),
            ({"dtype": "float31"}, "store.json: data type 'float31' not understood"),
            ({"layout": {"name": "x"}}, "store.json: .*missing"),
            ({"shape": [14, 2, 15, 3]}, "must have 5040 bytes for 14 frames; it has 5400"),
            ({"shape": [15, 90]}, r"frames must be floats \(sum of T, M, V, C\), not float32"),
            ({"shape": [-15, -2, 15, 3]}, "store.json: frames must be floats"),
            ({"shape": [1e400, 2, 15, 3]}, "store.json: cannot convert float infinity to integer"),
            ({"dtype": "O"}, "store.json: frames must be floats .* not object"),
            ({"dtype": "int32"}, "store.json: frames must be floats .* not int32"),
            ({"layout": {"name": 1, "joints": 2, "bones": 3}}, "store.json: "),
            ({"layout": [1]}, "store.json: "),
            ({"fps": "fast"}, "store.json: could not convert string to float: 'fast'"),
            ({"label_names": 3}, "store.json: 'int' object is not iterable"),
            ({"provenance": 3}, "store.json: 'int' object is not iterable"),
        ],
    )
    def test_other_metadata(self, path, changes, message):
        meta = json.loads((path / "store.json").read_text())
        (path / "store.json").write_text(json.dumps(meta | changes))
        with pytest.raises(SkeletonFormatError, match=message):
            SkeletonStore.open(path)

    def test_deep_metadata(self, path):
        (path / "store.json").write_text("[" * 100_000)
        with pytest.raises(SkeletonFormatError, match="store.json is no JSON"):
            SkeletonStore.open(path)

    def test_missing_metadata(self, path):
        meta = json.loads((path / "store.json").read_text())
        del meta["layout"]
        (path / "store.json").write_text(json.dumps(meta))
        with pytest.raises(SkeletonFormatError, match=r"lacks \['layout'\]"):
            SkeletonStore.open(path)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"offsets": np.array([0, 5, 5, 15])}, "offsets must rise from 0 to the 15 frames"),
            ({"labels": np.array([0, 1])}, "every array must have 3 entries"),
            ({"labels": np.array(3)}, "`labels` to be a 1-dimensional array of integers"),
            ({"labels": np.array(list("abc"))}, "`labels` to be a 1-dimensional array of integers"),
            ({"labels": np.array([0, -2, 1])}, "labels from 0, or -1 .*; found -2"),
            ({"names": np.arange(3)}, "`names` to be a 1-dimensional array of text"),
            ({"views": np.ones(3)}, "`views` to be a 1-dimensional array of integers"),
            ({"extra_fold": np.ones(3)}, "`extra_fold` to be a 1-dimensional array of integers"),
            (
                {"offsets": np.zeros((2, 2), int)},
                "`offsets` to be a 1-dimensional array of integers",
            ),
            ({"offsets": np.array([], int)}, "offsets must rise from 0"),
        ],
    )
    def test_inconsistent_index(self, path, changes, message):
        with np.load(path / "index.npz") as file:
            arrays = dict(file)
        np.savez(path / "index.npz", **(arrays | changes))
        with pytest.raises(SkeletonFormatError, match=message):
            SkeletonStore.open(path)

    def test_no_pickles(self, path):
        with np.load(path / "index.npz") as file:
            arrays = dict(file)
        np.savez(path / "index.npz", **(arrays | {"names": np.array([{}] * 3, dtype=object)}))
        with pytest.raises(SkeletonFormatError, match="cannot be read"):
            SkeletonStore.open(path)


def test_public_names():
    assert data.SkeletonStore is SkeletonStore
    assert NTU25.num_joints == 25
