from __future__ import annotations

import copy
import json
import os
import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from skelter import data
from skelter import transforms as T
from skelter.data import Clip, SkeletonDataset, SkeletonFormatError, SkeletonStore, StoreInfo
from skelter.data.splits import Split, find_duplicates
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


ABOUT = {"layout": SBU15, "label_names": ["a", "b"], "fps": 15.0, "name": "test"}


def write_old(path, clips, version, dtype="<f4"):
    """Write a store as versions 1 and 2 of the format were: frames nested (M, V, C)."""
    path.mkdir()
    frames = np.concatenate([clip.joints for clip in clips]).astype(dtype)
    (path / "frames.bin").write_bytes(frames.tobytes())
    index = {
        "offsets": np.cumsum([0, *(len(clip.joints) for clip in clips)]),
        "labels": np.array([clip.label for clip in clips]),
        "subjects": np.array([clip.subject for clip in clips]),
        "views": np.array([clip.view for clip in clips]),
        "names": np.array([clip.name for clip in clips]),
    }
    meta = {
        "format": "skelter-store",
        "version": version,
        "dtype": frames.dtype.name,
        "shape": frames.shape,
        **ABOUT,
        "layout": ABOUT["layout"].as_dict(),
    }
    if version == 2:
        index["extra_fold"] = np.array([3, 1, -1])
        meta["provenance"] = {"made": "by hand"}
    np.savez(path / "index.npz", **index)
    (path / "store.json").write_text(json.dumps(meta))


KINDS = ["memory", "disk", "version 1", "version 2", "moved", "mapped", "pickled"]


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    """A store of the same clips, of every kind that there is."""
    path = tmp_path / "store"
    if request.param.startswith("version"):
        write_old(path, recordings(), int(request.param[-1]))
        return SkeletonStore.open(path)
    if request.param in ("memory", "mapped"):
        store = SkeletonStore.from_clips(recordings(), **ABOUT)
        return store.map(torch.clone, batch_size=2) if request.param == "mapped" else store
    store = SkeletonStore.build(path, recordings(), **ABOUT)
    if request.param == "pickled":
        return pickle.loads(pickle.dumps(store))
    return store.to("cpu") if request.param == "moved" else store


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
        with pytest.raises(IndexError, match="`indices` must lie from 0 to 2; got"):
            store.batch(indices)
        with pytest.raises(IndexError):
            store[indices[-1]]

    def test_no_indices(self, store):
        with pytest.raises(ValueError, match="choose one or more of 3 clips; got none"):
            store.batch([])

    def test_iterates_and_ends(self, store):
        assert [clip.name for clip in store] == ["clip0", "clip1", "clip2"]

    def test_map(self, store):
        doubled = store.map(lambda x: 2 * x, batch_size=2)
        np.testing.assert_array_equal(doubled[2].joints, 2 * store[2].joints)
        assert doubled.label_names == store.label_names
        with pytest.raises(ValueError, match=r"keep the shape of clips .* got"):
            store.map(lambda x: x[:, :2])

    def test_map_cuts_what_is_emptied_behind(self, store):
        def empty_last(x):
            last = (x != 0).flatten(3).any(-1).any(1).sum(1) - 1
            time = torch.arange(x.shape[2])[None, None, :, None, None]
            return torch.where(time == last.view(-1, 1, 1, 1, 1), 0.0, x)

        shorter = store.map(empty_last)
        assert shorter.num_frames.tolist() == [max(n - 1, 1) for n in store.num_frames]
        np.testing.assert_array_equal(shorter[2].joints, store[2].joints[:-1])

    @pytest.mark.parametrize("frames", [5, 9])  # 9 are those of the longest clip
    def test_map_resamples_one_clip_at_a_time(self, store, frames):
        made = store.map(T.presets.crosclr_normalise(store.layout, frames=frames), batch_size=1)
        assert made.num_frames.tolist() == [frames] * len(store)
        with pytest.raises(ValueError, match=r"To resample, pass batch_size=1"):
            store.map(T.presets.crosclr_normalise(store.layout, frames=frames))

    def test_map_remembers_a_name(self, store):
        made = dict(store.info.provenance)
        assert store.map(torch.neg).info.provenance == {**made, "unnamed": True}
        named = store.map(torch.neg, name="mirror")
        assert named.info.provenance == {**made, "normalisation": "mirror"}
        twice = named.map(torch.neg, name="back")
        assert twice.info.provenance == {**made, "normalisation": "mirror, then back"}
        assert store.info.provenance == made

    def test_map_refuses_values_that_are_not_finite(self, store):
        with pytest.raises(ValueError, match="must be finite"):
            store.map(lambda x: x / 0)

    def test_index_yields_clips_where_they_lie(self, store):
        for ours, theirs in zip(store.index.clips(store.frames), store, strict=True):
            assert np.shares_memory(ours.joints, store.frames)
            np.testing.assert_array_equal(ours.joints, theirs.joints)
            assert (ours.name, ours.label, ours.extra) == (theirs.name, theirs.label, theirs.extra)

    def test_map_keeps_what_is_known_of_clips(self, store):
        for ours, theirs in zip(store.map(torch.neg), store, strict=True):
            assert replace(ours, joints=None).__dict__ == replace(theirs, joints=None).__dict__

    def test_clips_are_copies_in_float32(self, store):
        joints = store[0].joints
        assert joints.dtype == np.float32
        joints[:] = 0
        assert store[0].joints.any()

    def test_indices_of_any_kind(self, store):
        expected, _, _ = store.batch([1, 2])
        for indices in (range(1, 3), np.array([1, 2], np.int32), torch.tensor([1, 2]), (1, -1)):
            assert torch.equal(store.batch(indices)[0], expected)

    def test_behind_a_loader(self, store):
        dataset = SkeletonDataset(store, [2, 0])
        loader = DataLoader(dataset, 2, collate_fn=data.collate)
        assert all(torch.equal(a, b) for a, b in zip(*loader, store.batch([2, 0]), strict=True))

    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda s: pickle.loads(dump(s))])
    def test_copies_and_pickles(self, store, again):
        other = again(store)
        assert repr(other) == repr(store)
        assert torch.equal(other.batch([2, 0])[0], store.batch([2, 0])[0])
        np.testing.assert_array_equal(other[1].joints, store[1].joints)
        kept = other.ragged([0]).frames
        assert kept.stride() == store.ragged([0]).frames.stride()
        assert kept.data_ptr() == other.frames.ctypes.data

    def test_a_pickle_holds_frames_once(self):
        store = SkeletonStore.from_clips([np.ones((500, 15, 3))], layout=SBU15)
        assert len(dump(store)) < 1.2 * store.frames.nbytes


def dump(store):
    return pickle.dumps(store)


class Half(T.Transform):
    """A user's own: of clips as they are padded, by their number of frames."""

    def sample(self, x, *, num_frames=None, generator=None):
        return torch.rand(x.shape[:-4], generator=generator) * num_frames

    def transform(self, x, params):
        return x * params[..., None, None, None, None]


class Untold(nn.Module):
    """A callable that promises nothing."""

    def forward(self, x, *, num_frames, generator):
        assert isinstance(x, torch.Tensor)
        return x + num_frames[:, None, None, None, None] + torch.rand(1, generator=generator)


def untold(x, *, num_frames, generator):
    return Untold()(x, num_frames=num_frames, generator=generator)


def crop():
    return T.TemporalCropResize(6, min_frames=2)


class TestBatchWithTransform:
    @pytest.mark.parametrize(
        "transform",
        [
            crop(),
            T.Shear(),
            T.Compose([crop(), T.Shear(), T.JointJitter(4)]),
            T.Compose([T.Shear(), crop()]),
            T.MultiView([T.Compose([crop(), T.Shear()]), T.CentreCropResize(4), T.Shear()]),
            Half(),
            T.MultiView([Half(), T.Compose([Half(), crop()])]),
            Untold(),
            untold,
        ],
        ids=lambda transform: type(transform).__name__,
    )
    def test_equals_the_transform_of_the_padded_batch(self, store, transform):
        indices = [2, 0, -2]
        views, num_frames, labels = store.batch(
            indices, transform=transform, generator=torch.Generator().manual_seed(4)
        )
        x, expected_frames, expected_labels = store.batch(indices)
        expected = transform(
            x, num_frames=expected_frames, generator=torch.Generator().manual_seed(4)
        )
        assert torch.equal(num_frames, expected_frames)
        assert torch.equal(labels, expected_labels)
        assert type(views) is type(expected)
        views = (views,) if isinstance(views, torch.Tensor) else views
        expected = (expected,) if isinstance(expected, torch.Tensor) else expected
        for view, its_expected in zip(views, expected, strict=True):
            torch.testing.assert_close(view, its_expected)

    def test_views_never_pad(self, store, monkeypatch):
        monkeypatch.setattr(data.RaggedClips, "padded", lambda clips: pytest.fail("padded"))
        store.batch([0, 2], transform=T.MultiView([T.Compose([crop(), T.Shear()]), crop()]))

    def test_the_global_generator_by_default(self, store):
        first = store.batch([0, 2], transform=T.Shear())[0]
        torch.manual_seed(0)
        assert torch.equal(store.batch([0, 2], transform=T.Shear())[0], first)


class TestRagged:
    def test_lies_in_the_store(self, store):
        clips = store.ragged([2, 0])
        assert isinstance(clips, data.RaggedClips)
        assert clips.shape == (2, 3, 9, 15, 2)
        assert clips.frames.data_ptr() == store.frames.ctypes.data
        assert clips.starts.tolist() == [6, 0]
        assert clips.num_frames.tolist() == [9, 5]
        assert torch.equal(clips.padded(), store.batch([2, 0])[0])

    @pytest.mark.parametrize("indices", [[], np.empty(0, int), [False] * 3, slice(2, 2)])
    def test_nothing_chosen(self, store, indices):
        with pytest.raises(ValueError, match="`indices` must choose one or more of 3 clips"):
            store.ragged(indices)

    @pytest.mark.parametrize("indices", [[[0, 1]], 1])
    def test_no_list(self, store, indices):
        with pytest.raises(ValueError, match="`indices` must have one axis; got shape"):
            store.ragged(indices)

    @pytest.mark.parametrize(("indices", "number"), [([0, 3], 3), ([-4, 2], -4), ([9, -9], 9)])
    def test_outside(self, store, indices, number):
        with pytest.raises(IndexError, match=rf"must lie from 0 to 2; got \[{number}\]"):
            store.ragged(indices)


class Counted(np.ndarray):
    """Counts how many entries were read, by indexing or by any function of the whole."""

    read = 0

    def __getitem__(self, key):
        found = np.asarray(super().__getitem__(key))
        Counted.read += found.size
        return found

    def __array_ufunc__(self, *args, **kwargs):
        raise AssertionError("computes with the whole index")

    def __array_function__(self, *args, **kwargs):
        raise AssertionError("computes with the whole index")


class TestRandomAccess:
    def test_reads_no_more_of_the_index_than_asked_for(self):
        count = 1000
        clips = [np.full((2, 15, 3), float(i)) for i in range(count)]
        store = SkeletonStore.from_clips(clips, range(count), layout=SBU15)
        arrays = {
            name: getattr(store.index, name).view(Counted)
            for name in ("offsets", "labels", "subjects", "views")
        }
        store.index = replace(store.index, **arrays)
        for use in (store.ragged, store.batch, lambda indices: store[indices[0]]):
            Counted.read = 0
            use([7, 999, -3])
            assert 0 < Counted.read <= 4 * 3


class TestFrames:
    """What a store may be made of by hand."""

    def make(self, frames):
        return SkeletonStore(frames, store_of(recordings()).index, StoreInfo(SBU15))

    def frames(self):
        return np.concatenate([clip.joints for clip in recordings()])

    @pytest.mark.parametrize(
        "changed",
        [
            lambda x: x.astype(np.float64),
            lambda x: x.astype(">f4"),
            lambda x: x.astype(np.longdouble),
            lambda x: np.asfortranarray(x),
            lambda x: np.repeat(x, 2, axis=0)[::2],
            lambda x: np.repeat(x, 2, axis=3)[..., ::2],
            lambda x: x[::-1].copy()[::-1],
            lambda x: x.transpose(0, 2, 1, 3).copy().transpose(0, 2, 1, 3),
        ],
        ids=["f8", "f4 big", "f16", "Fortran", "every other", "gaps", "backwards", "V M C"],
    )
    def test_of_any_form(self, changed):
        store = self.make(changed(self.frames()))
        assert store.frames.dtype == np.float32
        x, num_frames, _ = store.batch([2, 0])
        assert x.dtype == torch.float32
        assert torch.equal(x, store_of(recordings()).batch([2, 0])[0])
        view, _, _ = store.batch([2, 0], transform=T.CentreCropResize(4))
        expected = T.CentreCropResize(4)(x, num_frames=num_frames)
        torch.testing.assert_close(view, expected)

    def test_read_only_without_a_word(self):
        frames = self.frames()
        frames.flags.writeable = False
        store = self.make(frames)
        assert np.shares_memory(store.frames, frames)
        assert torch.equal(store.batch([1])[0], store_of(recordings()).batch([1])[0])

    @pytest.mark.parametrize("dtype", [np.float32, np.float16])
    def test_never_copied_as_they_are(self, dtype):
        frames = self.frames().astype(dtype)
        assert np.shares_memory(self.make(frames).frames, frames)

    def test_float16_gives_float32(self):
        store = self.make(self.frames().astype(np.float16))
        for transform in (None, crop(), T.Shear()):
            assert store.batch([0, 2], transform=transform)[0].dtype == torch.float32

    def test_duplicates_are_found_however_frames_are_nested(self, store):
        clips = [*store, store[1]]
        split = Split(np.array([0, 1, 2]), np.array([3]))
        assert find_duplicates(store_of(clips), split).train.tolist() == [1]
        assert len(find_duplicates(store, Split(np.array([0, 1]), np.array([2])))) == 0

    def test_index_of_narrow_integers(self, tmp_path):
        """As another program may have written it."""
        SkeletonStore.build(tmp_path / "s", recordings(), layout=SBU15)
        with np.load(tmp_path / "s" / "index.npz") as file:
            arrays = dict(file)
        arrays |= {name: arrays[name].astype(np.uint8) for name in ("offsets", "labels")}
        np.savez(tmp_path / "s" / "index.npz", **arrays)
        _, num_frames, labels = SkeletonStore.open(tmp_path / "s").batch([0, 2])
        assert num_frames.dtype == labels.dtype == torch.int64


def store_of(clips):
    return SkeletonStore.from_clips(clips, layout=SBU15)


class TestTo:
    def test_leaves_the_file(self, tmp_path):
        path = tmp_path / "s"
        store = SkeletonStore.build(path, recordings(), layout=SBU15)
        moved = store.to("cpu")
        assert not np.shares_memory(moved.frames, store.frames)
        (path / "frames.bin").unlink()
        assert torch.equal(moved.batch([0, 2])[0], store_of(recordings()).batch([0, 2])[0])
        np.testing.assert_array_equal(moved[2].joints, recordings()[2].joints)

    def test_everything_is_made_there(self, device):
        store = store_of(recordings()).to(device)
        x, num_frames, labels = store.batch([2, 0], transform=crop())
        assert x.device.type == num_frames.device.type == labels.device.type == device.type
        assert store.map(lambda x: 2 * x)[0].joints.any()
        np.testing.assert_array_equal(store[1].joints, recordings()[1].joints)
        assert pickle.loads(dump(store)).ragged([0]).device.type == device.type


class TestFormats:
    """Versions 1 and 2 nest a frame as (M, V, C), version 3 as (C, V, M)."""

    @pytest.mark.parametrize("version", [1, 2])
    @pytest.mark.parametrize("dtype", ["<f4", "<f2"])
    def test_all_give_the_same(self, tmp_path, version, dtype):
        write_old(tmp_path / "old", recordings(), version, dtype)
        old = SkeletonStore.open(tmp_path / "old")
        name = np.dtype(dtype).name
        new = SkeletonStore.build(tmp_path / "new", recordings(), **ABOUT, dtype=name)
        indices = [2, 0, 1]
        for ours, theirs in zip(old.batch(indices), new.batch(indices), strict=True):
            assert torch.equal(ours, theirs)
        assert torch.equal(old.ragged(indices).padded(), new.ragged(indices).padded())
        np.testing.assert_array_equal(old.frames, new.frames)
        for ours, theirs in zip(old, new, strict=True):
            np.testing.assert_array_equal(ours.joints, theirs.joints)
        view = T.MultiView([T.Compose([crop(), T.Shear()]), crop()])
        ours, theirs = (
            store.batch(indices, transform=view, generator=torch.Generator().manual_seed(1))[0]
            for store in (old, new)
        )
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))

    def test_what_version_2_added(self, tmp_path):
        for version, extra, provenance in ((1, {}, {}), (2, {"fold": 3}, {"made": "by hand"})):
            write_old(tmp_path / str(version), recordings(), version)
            store = SkeletonStore.open(tmp_path / str(version))
            assert store[0].extra == extra
            assert store.info.provenance == provenance

    def test_version_3_has_planes(self, tmp_path):
        SkeletonStore.build(tmp_path / "s", recordings(), **ABOUT)
        assert json.loads((tmp_path / "s" / "store.json").read_text())["version"] == 3
        planes = np.fromfile(tmp_path / "s" / "frames.bin", "<f4").reshape(15, 3, 15, 2)
        expected = np.concatenate([clip.joints for clip in recordings()])
        np.testing.assert_array_equal(planes, expected.transpose(0, 3, 2, 1))

    def test_a_copy_of_an_old_store_has_planes(self, tmp_path):
        write_old(tmp_path / "old", recordings(), 1)
        new = SkeletonStore.build(tmp_path / "new", SkeletonStore.open(tmp_path / "old"), **ABOUT)
        np.testing.assert_array_equal(new[2].joints, recordings()[2].joints)


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
        with pytest.raises(ValueError, match="read-only"):
            store.frames[0] = 0

    def test_larger_than_the_memory(self, tmp_path):
        """What is mapped to be read needs no memory; a file with a hole needs no disk."""
        path = tmp_path / "s"
        SkeletonStore.build(path, recordings(), layout=SBU15)
        meta = json.loads((path / "store.json").read_text())
        frame = 4 * 2 * 15 * 3
        frames = 2**40 // frame
        (path / "store.json").write_text(json.dumps(meta | {"shape": [frames, 2, 15, 3]}))
        with np.load(path / "index.npz") as file:
            arrays = dict(file)
        arrays["offsets"][-1] = frames
        np.savez(path / "index.npz", **arrays)
        try:
            os.truncate(path / "frames.bin", frames * frame)
        except OSError:
            pytest.skip("the file system has no files of this size")
        try:
            store = SkeletonStore.open(path)
            np.testing.assert_array_equal(store[0].joints, recordings()[0].joints)
        finally:
            (path / "frames.bin").unlink()

    def test_opens_without_a_warning(self, tmp_path):
        SkeletonStore.build(tmp_path / "s", recordings(), layout=SBU15)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            SkeletonStore.open(tmp_path / "s")
        assert not caught

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
        with pytest.raises(FileNotFoundError, match=r"not a store directory.*SkeletonStore\.build"):
            SkeletonStore.open(tmp_path / "nowhere")
        (tmp_path / "empty").mkdir()
        with pytest.raises(SkeletonFormatError, match="no store.json: it is not a skelter store"):
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
        with pytest.raises(SkeletonFormatError, match="store.json is not JSON"):
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
            ({"offsets": np.array([0, 5, 5, 15])}, "`offsets` must rise from 0 to the 15 frames"),
            ({"labels": np.array([0, 1])}, "must have 3 entries, one a clip; got shape"),
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
            ({"offsets": np.array([], int)}, "`offsets` must rise from 0"),
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
