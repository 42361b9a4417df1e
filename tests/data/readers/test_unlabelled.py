"""Files without labels, as self-supervised learning takes them, and clips that show nobody."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from skelter.data import (
    Clip,
    SkeletonFormatError,
    prepare,
    read_crosclr,
    read_ctrgcn,
    read_isc,
    read_kinetics,
    read_nw_ucla,
    read_pyskl,
    sources,
    write_isc,
    write_ntu,
)
from skelter.layouts import COCO17

UNKNOWN = [-1, -1, -1]


def kinetics(path, frames, **more):
    person = {"pose": [0.5] * 36, "score": [0.9] * 18}
    data = [{"frame_index": n, "skeleton": [person] * persons} for n, persons in frames]
    path.write_text(json.dumps({"data": data, **more}))


def annotation(name="a", **changes):
    keypoint = np.ones((1, 4, 17, 2), np.float16)
    return {"frame_dir": name, "label": 0, "total_frames": 4, "keypoint": keypoint} | changes


def save(folder, value):
    path = folder / "set.pkl"
    path.write_bytes(pickle.dumps(value))
    return path


class TestWithoutLabels:
    @pytest.fixture
    def isc(self, tmp_path):
        clips = [Clip(np.ones((n, 2, 25, 3)), 0, name=f"c{n}") for n in (3, 4, 5)]
        write_isc(tmp_path, clips, train=[0, 1, 2], val=[0], frames=5)
        return tmp_path

    def test_isc_without_a_list(self, isc):
        (isc / "train_label.pkl").unlink()
        clips = list(read_isc(isc))
        assert [clip.label for clip in clips] == UNKNOWN
        assert [clip.name for clip in clips] == ["train_000000", "train_000001", "train_000002"]
        assert [len(clip.joints) for clip in clips] == [3, 4, 5]
        report = prepare(sources.isc(isc), isc / "store")
        assert "without a label: 3 of 4 clips" in str(report)

    def test_isc_with_unknown_labels(self, isc):
        (isc / "train_label.pkl").write_bytes(pickle.dumps((["a", "b", "c"], [-1, 2, -1])))
        assert [clip.label for clip in read_isc(isc)] == [-1, 2, -1]

    @pytest.mark.parametrize("labels", [None, [-1, -1]])
    def test_crosclr(self, tmp_path, labels):
        np.save(tmp_path / "val_position.npy", np.ones((2, 3, 5, 25, 2), np.float32))
        if labels is not None:
            (tmp_path / "val_label.pkl").write_bytes(pickle.dumps((["a", "b"], labels)))
        clips = list(read_crosclr(tmp_path, "val"))
        assert [clip.label for clip in clips] == [-1, -1]
        assert clips[0].name == ("val_000000" if labels is None else "a")

    @pytest.mark.parametrize("y", [None, np.full(3, -1), np.full(3, -1, np.int8)])
    @pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
    def test_ctrgcn(self, tmp_path, y, write):
        arrays = {"x_train": np.ones((3, 6, 150), np.float32)}
        write(tmp_path / "set.npz", **arrays, **({} if y is None else {"y_train": y}))
        clips = list(read_ctrgcn(tmp_path / "set.npz"))
        assert [clip.label for clip in clips] == UNKNOWN

    def test_ctrgcn_one_hot_rows_that_are_none(self, tmp_path):
        for y in (np.zeros((1, 3)), np.ones((1, 3))):
            np.savez(tmp_path / "set.npz", x_train=np.ones((1, 6, 150), np.float32), y_train=y)
            with pytest.raises(SkeletonFormatError, match="to be a 1 among zeros"):
                list(read_ctrgcn(tmp_path / "set.npz"))

    @pytest.mark.parametrize("changes", [{"label": -1}, {"label": None}, {}])
    def test_pyskl(self, tmp_path, changes):
        one = annotation() | changes
        if not changes:
            del one["label"]
        (clip,) = read_pyskl(save(tmp_path, {"split": {}, "annotations": [one]}))
        assert clip.label == -1

    def test_nw_ucla(self, tmp_path):
        path = tmp_path / "a08_s01_e00_v03.json"
        path.write_text(json.dumps({"skeletons": np.ones((3, 20, 3)).tolist()}))
        (clip,) = read_nw_ucla(path)
        assert (clip.label, clip.subject, clip.view) == (-1, 1, 3)

    def test_kinetics(self, tmp_path):
        kinetics(tmp_path / "video.json", [(1, 1)])
        assert next(read_kinetics(tmp_path)).label == -1


class TestLabelsAreNotCoerced:
    @pytest.mark.parametrize("label", [1.5, 3.0, np.float64("nan"), np.float32(2), "1", True])
    def test_in_lists_and_annotations(self, tmp_path, label):
        np.save(tmp_path / "val_position.npy", np.ones((1, 3, 5, 25, 2), np.float32))
        (tmp_path / "val_label.pkl").write_bytes(pickle.dumps((["a"], [label])))
        with pytest.raises(SkeletonFormatError, match="label 0 to be a class index from 0; found"):
            list(read_crosclr(tmp_path, "val"))
        with pytest.raises(SkeletonFormatError, match="`label` of a to be a class index from 0"):
            list(read_pyskl(save(tmp_path, [annotation(label=label)])))

    @pytest.mark.parametrize("labels", [[1.5], [2.0], [np.nan], [np.inf]])
    def test_in_arrays(self, tmp_path, labels):
        y = np.array(labels)
        np.savez(tmp_path / "set.npz", x_train=np.ones((1, 6, 150), np.float32), y_train=y)
        with pytest.raises(SkeletonFormatError, match="to be a class index from 0; found"):
            list(read_ctrgcn(tmp_path / "set.npz"))


class TestFormsOfPyskl:
    def test_one_annotation_alone(self, tmp_path):
        for value in (annotation(), [annotation()]):
            (clip,) = read_pyskl(save(tmp_path, value))
            assert (clip.name, clip.label, clip.joints.shape) == ("a", 0, (4, 1, 17, 2))
            assert clip.extra == {}

    @pytest.mark.parametrize("name", [None, ""])
    def test_one_without_a_name_has_that_of_the_file(self, tmp_path, name):
        (clip,) = read_pyskl(save(tmp_path, annotation(name)))
        assert clip.name == "set"

    def test_filename_in_the_place_of_frame_dir(self, tmp_path):
        one = {"filename" if key == "frame_dir" else key: v for key, v in annotation().items()}
        (clip,) = read_pyskl(save(tmp_path, {"split": {"train": ["a"]}, "annotations": [one]}))
        assert (clip.name, clip.extra) == ("a", {"train": 1})
        (clip,) = read_pyskl(save(tmp_path, [annotation("b", filename="a")]))
        assert clip.name == "a"

    def test_fields_that_are_none(self, tmp_path):
        fields = ("label", "total_frames", "img_shape", "original_shape", "keypoint_score")
        (clip,) = read_pyskl(save(tmp_path, [annotation() | dict.fromkeys(fields)]))
        assert (clip.label, clip.extra, clip.joints.shape) == (-1, {}, (4, 1, 17, 2))
        (clip,) = read_pyskl(save(tmp_path, [annotation(img_shape=(None, None))]))
        assert clip.extra == {}

    def test_key_points_in_another_file(self, tmp_path):
        one = annotation(keypoint=None, raw_file="kpfiles/a.pkl")
        with pytest.raises(SkeletonFormatError, match="another file, 'kpfiles/a.pkl', that holds"):
            list(read_pyskl(save(tmp_path, [one])))


class TestFramesFromZero:
    @pytest.mark.parametrize(
        ("indices", "seen"),
        [((0, 1, 3), [1, 1, 0, 1]), ((1, 2, 4), [1, 1, 0, 1]), ((2, 3), [0, 1, 1])],
    )
    def test_kinetics(self, tmp_path, indices, seen):
        kinetics(tmp_path / "video.json", [(index, 1) for index in indices])
        (clip,) = read_kinetics(tmp_path)
        assert (clip.joints != 0).any((1, 2, 3)).astype(int).tolist() == seen


class TestNobody:
    """A build leaves such clips out and says so, even where damage would end it."""

    def check(self, source, tmp_path, names, reason):
        report = prepare(source, tmp_path / "store")
        assert report.store.names.tolist() == names
        assert len(report.skipped) == 1
        assert reason in report.skipped[0].reason
        assert reason in str(report)
        assert "skipped: 1\n" in str(report)
        assert str(prepare(source, tmp_path / "store")) == str(report)

    @pytest.mark.parametrize(
        ("frames", "reason"),
        [
            ([], "an object whose `data` lists frames; found a list of 0"),
            ([(1, 0), (2, 0)], "a body in the clip; found only zeros"),
        ],
    )
    def test_kinetics(self, tmp_path, frames, reason):
        raw = tmp_path / "raw"
        raw.mkdir()
        for name, listed in (("a", [(1, 1)]), ("b", frames), ("c", [(1, 1)])):
            kinetics(raw / f"{name}.json", listed, label_index=3)
        self.check(sources.kinetics(raw), tmp_path, ["a", "c"], reason)

    @pytest.mark.parametrize("shape", [(0, 4, 17, 2), (1, 0, 17, 2)])
    def test_pyskl(self, tmp_path, shape):
        nobody = annotation("b", keypoint=np.zeros(shape, np.float16), total_frames=shape[1])
        path = save(tmp_path, [annotation("a"), nobody, annotation("c")])
        self.check(sources.pyskl(path, layout=COCO17), tmp_path, ["a", "c"], "`keypoint` of b")

    def test_nw_ucla(self, tmp_path):
        raw = tmp_path / "raw"
        raw.mkdir()
        for number, poses in enumerate((np.ones((3, 20, 3)), np.ones((0, 20, 3)))):
            content = {"skeletons": poses.tolist(), "label": 1}
            (raw / f"a01_s01_e0{number}_v01.json").write_text(json.dumps(content))
        reason = "skeletons of shape (T, 20, 3); found (0,)"
        self.check(sources.nw_ucla(raw), tmp_path, ["a01_s01_e00_v01"], reason)

    def test_ntu(self, tmp_path):
        raw = tmp_path / "raw"
        write_ntu(raw, [Clip(np.ones((4, 1, 25, 3)), name="S001C001P001R001A001")])
        (raw / "S001C001P001R001A002.skeleton").write_text("2\n0\n0\n")
        names = ["S001C001P001R001A001"]
        self.check(sources.ntu60(raw), tmp_path, names, "at least one body; found none in 2 frames")

    def test_isc(self, tmp_path):
        clips = [Clip(np.ones((4, 2, 25, 3)), 0, name=name) for name in "abc"]
        write_isc(tmp_path / "raw", clips, train=[0, 1], val=[2], frames=4)
        np.save(tmp_path / "raw" / "train_num_frame.npy", np.array([4, 0]))
        reason = "1 to 4 valid frames in clip 1 (b); found 0"
        self.check(sources.isc(tmp_path / "raw"), tmp_path, ["a", "c"], reason)

    def test_ctrgcn(self, tmp_path):
        x = np.ones((2, 6, 150), np.float32)
        np.savez(tmp_path / "set.npz", x_train=x * [[[1]], [[0]]], x_test=x)
        names = ["train_000000", "test_000000", "test_000001"]
        reason = "a body in train clip 1; found only zeros"
        self.check(sources.ctrgcn(tmp_path / "set.npz"), tmp_path, names, reason)

    def test_damage_still_ends_a_build(self, tmp_path):
        (tmp_path / "raw").mkdir()
        kinetics(tmp_path / "raw" / "a.json", [])
        (tmp_path / "raw" / "b.json").write_text("{")
        with pytest.raises(SkeletonFormatError, match=r"b\.json cannot be read as JSON"):
            prepare(sources.kinetics(tmp_path / "raw"), tmp_path / "store")

    def test_parts_with_nobody_are_not_made_again(self, tmp_path):
        (tmp_path / "raw").mkdir()
        kinetics(tmp_path / "raw" / "a.json", [(1, 1)])
        kinetics(tmp_path / "raw" / "b.json", [])
        made = []

        def stop(progress):
            (done,) = (tmp_path / ".store.parts").glob("*.json")
            made.append(done.stat().st_ino)
            if len(made) == 1:
                raise KeyboardInterrupt

        source = sources.kinetics(tmp_path / "raw")
        with pytest.raises(KeyboardInterrupt):
            prepare(source, tmp_path / "store", progress=stop)
        prepare(source, tmp_path / "store", progress=stop)
        assert made[0] == made[1]
