from __future__ import annotations

import pickle
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from foreign import items
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skelter import data
from skelter.data import Clip, SkeletonFormatError, SkeletonStore, read_pyskl, sources, write_pyskl
from skelter.layouts import COCO17, NTU25, SBU15, SkeletonLayout

NAMES = ["S001C002P003R002A013", "S017C001P008R001A050", "wave"]


@pytest.fixture
def store():
    return data.synthetic.generate(clips_per_class=2, layout=SBU15, classes=["wave", "push"])


@pytest.fixture
def content():
    """Three clips of 1, 2 and 3 persons in the plane, with scores, and two splits."""
    rng = np.random.default_rng(0)
    annotations = [
        {
            "frame_dir": name,
            "label": label,
            "total_frames": frames,
            "img_shape": (1080, 1920),
            "original_shape": (1080, 1920),
            "keypoint": rng.standard_normal((persons, frames, 17, 2)).astype(np.float16),
            "keypoint_score": rng.random((persons, frames, 17)).astype(np.float16),
        }
        for name, label, frames, persons in zip(
            NAMES, (12, 49, 0), (4, 1, 6), (1, 2, 3), strict=True
        )
    ]
    split = {"xsub_train": NAMES[:1], "xsub_val": NAMES[1:], "xview_train": NAMES[1:2]}
    return {"split": split, "annotations": annotations}


@pytest.fixture
def save(tmp_path):
    def save(content):
        (tmp_path / "set.pkl").write_bytes(pickle.dumps(content))
        return tmp_path / "set.pkl"

    return save


class TestReadPyskl:
    def test_written_by_hand(self, save, content):
        clips = list(read_pyskl(save(content)))
        assert [clip.joints.shape for clip in clips] == [(n, 3, 17, 3) for n in (4, 1, 6)]
        assert [clip.joints.dtype for clip in clips] == [np.float32] * 3
        assert [clip.name for clip in clips] == NAMES
        assert [clip.label for clip in clips] == [12, 49, 0]
        assert [(clip.subject, clip.view) for clip in clips] == [(3, 2), (8, 1), (-1, -1)]
        for clip, annotation in zip(clips, content["annotations"], strict=True):
            persons = len(annotation["keypoint"])
            keypoint = annotation["keypoint"].transpose(1, 0, 2, 3)
            np.testing.assert_array_equal(clip.joints[:, :persons, :, :2], keypoint)
            score = annotation["keypoint_score"].transpose(1, 0, 2)
            np.testing.assert_array_equal(clip.joints[:, :persons, :, 2], score)
            assert not clip.joints[:, persons:].any()

    def test_splits_and_sizes(self, save, content):
        sizes = {"height": 1080, "width": 1920}
        assert [clip.extra for clip in read_pyskl(save(content))] == [
            sizes | {"xsub_train": 1},
            sizes | {"xsub_val": 1, "xview_train": 1},
            sizes | {"xsub_val": 1},
        ]

    def test_without_scores_sizes_and_splits(self, save, content):
        for annotation in content["annotations"]:
            for name in ("keypoint_score", "img_shape", "original_shape", "total_frames"):
                del annotation[name]
        clips = list(read_pyskl(save({"annotations": content["annotations"]})))
        assert [clip.joints.shape for clip in clips] == [(n, 3, 17, 2) for n in (4, 1, 6)]
        assert [clip.extra for clip in clips] == [{}] * 3

    def test_a_list_of_annotations_alone(self, save, content):
        clips = list(read_pyskl(save(content["annotations"])))
        assert [clip.name for clip in clips] == NAMES

    def test_splits_of_other_types(self, save, content):
        content["split"] = {"all": tuple(NAMES), "two": np.array(NAMES[:2]), "none": []}
        assert [set(clip.extra) & set(content["split"]) for clip in read_pyskl(save(content))] == [
            {"all", "two"},
            {"all", "two"},
            {"all"},
        ]
        assert len(list(read_pyskl(save(content | {"split": None})))) == 3

    def test_fewer_persons_by_score(self, save, content):
        crowd = content["annotations"][2]
        crowd["keypoint_score"][:] = np.array([0.2, 0.9, 0.5])[:, None, None]
        clip = list(read_pyskl(save(content), persons=2))[2]
        np.testing.assert_array_equal(clip.joints[:, 0, :, :2], crowd["keypoint"][1])
        np.testing.assert_array_equal(clip.joints[:, 1, :, :2], crowd["keypoint"][2])

    def test_fewer_persons_by_motion(self, save, content):
        for annotation in content["annotations"]:
            del annotation["keypoint_score"]
        crowd = content["annotations"][2]["keypoint"]
        crowd[1] *= 0.25
        clip = list(read_pyskl(save(content), persons=2))[2]
        assert clip.joints.shape == (6, 2, 17, 2)
        chosen = sorted(body.tobytes() for body in clip.joints.swapaxes(0, 1).astype("f2"))
        assert chosen == sorted(body.tobytes() for body in crowd[[0, 2]])

    def test_more_persons(self, save, content):
        assert {clip.joints.shape[1] for clip in read_pyskl(save(content), persons=5)} == {5}

    @pytest.mark.parametrize("dtype", [">f2", "<f4", ">f8"])
    def test_other_floats(self, save, content, dtype):
        annotation = content["annotations"][0]
        annotation["keypoint"] = np.asfortranarray(annotation["keypoint"].astype(dtype))
        clip = next(read_pyskl(save(content)))
        expected = annotation["keypoint"].astype(np.float32)[0]
        np.testing.assert_array_equal(clip.joints[:, 0, :, :2], expected)

    def test_goes_on_after_damaged_clips(self, save, content):
        content["annotations"][0]["keypoint"][0, 1, 2, 0] = np.nan
        content["annotations"][1]["label"] = "wave"
        first, second, third = items(sources.pyskl(save(content)))
        assert isinstance(first, SkeletonFormatError)
        assert isinstance(second, SkeletonFormatError)
        assert third.joints.shape == (6, 3, 17, 3)
        with pytest.raises(SkeletonFormatError, match=f"finite coordinates in {NAMES[0]}"):
            next(read_pyskl(save(content)))

    def test_most_clips_decide_what_is_right(self, save, content):
        keypoint = content["annotations"][0]["keypoint"]
        content["annotations"][0]["keypoint"] = np.repeat(keypoint, 9, axis=0)[..., :16, :]
        content["annotations"][0].pop("keypoint_score")
        first, second, _ = items(sources.pyskl(save(content)))
        assert f"17 joints of 3 values in {NAMES[0]}, as in most clips; found 16 of 2" in str(first)
        assert second.joints.shape == (1, 3, 17, 3)  # not nine persons


ARRAY = np.ones((1, 4, 17, 2), np.float16)


class TestDamage:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"label": -2}, "`label` of S001.* to be a class index from 0; found -2"),
            ({"label": float("nan")}, "`label` of S001.* to be a class index from 0; found nan"),
            ({"label": 1.0}, "`label` of S001.* to be a class index from 0; found 1.0"),
            ({"label": [1, 2]}, "`label` of S001.* to be a class index from 0; found a list of 2"),
            ({"total_frames": 5}, "`total_frames` of S001.* to be the 4 of `keypoint`; found 5"),
            ({"total_frames": "4"}, "`total_frames` of S001.*; found '4'"),
            ({"keypoint": None}, r"`keypoint` of S001.* to be floats \(M, T, V, C\); found None"),
            ({"keypoint": ARRAY[0]}, r"\(M, T, V, C\); found an array \(4, 17, 2\) of float16"),
            ({"keypoint": ARRAY[:0]}, r"\(M, T, V, C\); found an array \(0, 4, 17, 2\)"),
            ({"keypoint": ARRAY.astype(int)}, r"\(M, T, V, C\); found an array .* of int64"),
            ({"keypoint": ARRAY.tolist()}, r"\(M, T, V, C\); found a list of 1"),
            ({"keypoint": ARRAY * 0}, "a body in S001.*; found only zeros"),
            (
                {"keypoint": ARRAY * np.float16("nan")},
                "finite coordinates in S001.*; found 4 broken",
            ),
            ({"keypoint": np.full(ARRAY.shape, 1e300)}, "finite coordinates in S001"),
            (
                {"keypoint_score": ARRAY},
                r"to be floats \(1, 4, 17\); found an array \(1, 4, 17, 2\)",
            ),
            ({"keypoint_score": ARRAY[..., 0] > 0}, r"floats \(1, 4, 17\); found .* of bool"),
            ({"keypoint_score": ARRAY[..., 0] + np.float16("inf")}, "finite scores in S001"),
            ({"img_shape": 7}, "a list of `img_shape` of S001.*; found 7"),
            (
                {"img_shape": (7,)},
                "`img_shape` of S001.* to be height and width; found a tuple of 1",
            ),
            ({"img_shape": (7, 1.5)}, "`img_shape` of S001.* to be height and width"),
            ({"img_shape": (7, -1)}, "`img_shape` of S001.* to be height and width"),
        ],
    )
    def test_of_an_annotation(self, save, content, changes, message):
        content["annotations"][0] |= changes
        path = save(content)
        with pytest.raises(SkeletonFormatError, match=message):
            next(read_pyskl(path))
        assert [clip.name for clip in items(sources.pyskl(path))[1:]] == NAMES[1:]

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (
                {"annotations": None},
                "a list of `annotations`, .* found a dict of 2 with 'split', 'anno",
            ),
            ({"annotations": {}}, "a list of `annotations`, and with `split`; found a dict of 2"),
            ({"annotations": []}, "at least one annotation; found none"),
            ({"annotations": [7]}, "a dictionary as annotation 0; found 7"),
            ({"annotations": [{}]}, "`frame_dir` of annotation 0 to be printable text; found None"),
            ({"annotations": [{"frame_dir": 3}]}, "`frame_dir` of annotation 0 to be .*; found 3"),
            ({"split": NAMES}, "`split` to be a dictionary; found a list of 3"),
            ({"split": {1: NAMES}}, "a split to be printable text; found 1"),
            ({"split": {"a": 7}}, "a list of names in split a; found 7"),
            ({"split": {"a": [7]}}, "names in split a to be printable text; found 7"),
            (
                {"split": {"a": [*NAMES, "e", "d", "c", "b", "a"]}},
                "annotations for all names in split a; found none for a, b, c and 2 more",
            ),
        ],
    )
    def test_of_the_whole(self, save, content, changes, message):
        with pytest.raises(SkeletonFormatError, match=message):
            next(read_pyskl(save(content | changes)))

    def test_names_that_stand_twice(self, save, content):
        content["annotations"] *= 2
        with pytest.raises(
            SkeletonFormatError, match=f"each frame_dir once; .* {', '.join(NAMES)}"
        ):
            next(read_pyskl(save(content)))

    @pytest.mark.parametrize(
        "content", [None, 7, "text", (1, 2), {1: 2}, np.ones(3), {"split": {}}]
    )
    def test_something_else(self, save, content):
        with pytest.raises(SkeletonFormatError, match="a dictionary with a list of `annotations`"):
            next(read_pyskl(save(content)))

    def test_arguments(self, save, content):
        with pytest.raises(FileNotFoundError, match="none.pkl does not exist"):
            read_pyskl(save(content).with_name("none.pkl"))
        with pytest.raises(ValueError, match="`persons` must be at least 1; got 0"):
            read_pyskl(save(content), persons=0)


class TestWritePyskl:
    def test_round_trip(self, store, tmp_path):
        write_pyskl(tmp_path / "set.pkl", store, {"train": [0, 2], "val": [3]})
        assert [file.name for file in tmp_path.iterdir()] == ["set.pkl"]
        clips = list(read_pyskl(tmp_path / "set.pkl"))
        for clip, expected in zip(clips, store, strict=True):
            np.testing.assert_array_equal(clip.joints, expected.joints)
            assert (clip.label, clip.name) == (expected.label, expected.name)
        assert [clip.extra for clip in clips] == [{"train": 1}, {}, {"train": 1}, {"val": 1}]

    @given(
        lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5),
        persons=st.integers(1, 3),
        channels=st.integers(2, 4),
        scores=st.booleans(),
        seed=st.integers(0, 99),
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
    def test_any_shape(self, tmp_path, lengths, persons, channels, scores, seed):
        rng = np.random.default_rng(seed)
        store = SkeletonStore.from_clips(
            [
                Clip(
                    rng.standard_normal((n, persons, 17, channels)), i, name=f"{i}", extra={"a": i}
                )
                for i, n in enumerate(lengths)
            ],
            layout=COCO17,
        )
        path = tmp_path / "set.pkl"
        write_pyskl(path, store, {}, scores=scores)
        (annotation, *_) = pickle.loads(path.read_bytes())["annotations"]
        assert ("keypoint_score" in annotation) == scores
        assert annotation["keypoint"].shape == (persons, lengths[0], 17, channels - scores)
        for clip, expected in zip(read_pyskl(path), store, strict=True):
            np.testing.assert_array_equal(clip.joints, expected.joints)

    def test_what_others_read(self, tmp_path):
        joints = np.random.default_rng(0).random((6, 2, 17, 3))
        clip = Clip(joints, 4, name="a", extra={"height": 720, "width": 1280, "fold": 3})
        store = SkeletonStore.from_clips([clip], layout=COCO17)
        write_pyskl(tmp_path / "set.pkl", store, {"all": [0]}, scores=True)
        loaded = pickle.loads((tmp_path / "set.pkl").read_bytes())
        assert loaded["split"] == {"all": ["a"]}
        (annotation,) = loaded["annotations"]
        keypoint, score = (annotation.pop(name) for name in ("keypoint", "keypoint_score"))
        assert annotation == {
            "frame_dir": "a",
            "label": 4,
            "total_frames": 6,
            "img_shape": (720, 1280),
            "original_shape": (720, 1280),
        }
        np.testing.assert_array_equal(keypoint, store[0].joints[..., :2].swapaxes(0, 1))
        np.testing.assert_array_equal(score, store[0].joints[..., 2].swapaxes(0, 1))
        assert keypoint.flags.writeable
        assert type(keypoint) is np.ndarray

    def test_names_nothing_that_only_one_version_of_numpy_has(self, store, tmp_path):
        write_pyskl(tmp_path / "set.pkl", store, {"all": [0]})
        assert b"core" not in (tmp_path / "set.pkl").read_bytes()

    def test_a_list_of_clips_is_written_as_their_store(self, store, tmp_path):
        for name, clips in (("store", store), ("list", list(store))):
            write_pyskl(tmp_path / name, clips, {"all": [3, 1]}, scores=True)
        assert (tmp_path / "store").read_bytes() == (tmp_path / "list").read_bytes()

    def test_memory_does_not_grow_with_the_clips(self, tmp_path):
        clip = Clip(np.ones((200, 2, 25, 3), np.float32), 0)
        many = [replace(clip, name=f"{number}") for number in range(200)]
        SkeletonStore.build(tmp_path / "store", many, layout=NTU25)
        store = SkeletonStore.open(tmp_path / "store")
        tracemalloc.start()
        write_pyskl(tmp_path / "set.pkl", store, {})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (tmp_path / "set.pkl").stat().st_size > 20 << 20
        assert peak < 4 << 20

    def test_from_disk_in_half_precision(self, store, tmp_path):
        built = SkeletonStore.build(tmp_path / "store", store, layout=SBU15, dtype="float16")
        write_pyskl(tmp_path / "set.pkl", built, {})
        for clip, expected in zip(read_pyskl(tmp_path / "set.pkl"), built, strict=True):
            np.testing.assert_array_equal(clip.joints, expected.joints)

    @pytest.mark.parametrize(
        ("clips", "message"),
        [
            ([("a", 0), ("a", 1)], "have printable names of their own; got 'a'"),
            ([("", 0)], "have printable names of their own; got ''. Name the clips"),
            ([("a", -1)], "have labels; got none for a"),
        ],
    )
    def test_clips_that_cannot_be_listed(self, tmp_path, clips, message):
        layout = SkeletonLayout.from_bones("two", ["a", "b"], bones=[(1, 0)])
        store = SkeletonStore.from_clips(
            [Clip(np.ones((2, 2, 3)), label, name=name) for name, label in clips], layout=layout
        )
        with pytest.raises(ValueError, match=f"clips to be written must {message}"):
            write_pyskl(tmp_path / "set.pkl", store, {})

    def test_arguments(self, store, tmp_path):
        with pytest.raises(ValueError, match=r"`splits\['a'\]` must be numbers of different clips"):
            write_pyskl(tmp_path / "set.pkl", store, {"a": [0, 4]})
        layout = SkeletonLayout.from_bones("two", ["a", "b"], bones=[(1, 0)])
        flat = SkeletonStore.from_clips([Clip(np.ones((2, 2, 1)), 0, name="a")], layout=layout)
        with pytest.raises(ValueError, match="`clips` must have coordinates beside the score"):
            write_pyskl(tmp_path / "set.pkl", flat, {}, scores=True)
        assert list(tmp_path.iterdir()) == []

    def test_replaces_only_when_complete(self, store, tmp_path, monkeypatch):
        path = tmp_path / "set.pkl"
        write_pyskl(path, store, {})
        before = path.read_bytes()

        def full_disk(*args, **kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full_disk)
        with pytest.raises(OSError, match="No space left"):
            write_pyskl(path, store, {"all": [0]})
        assert path.read_bytes() == before
        assert [file.name for file in tmp_path.iterdir()] == ["set.pkl"]
