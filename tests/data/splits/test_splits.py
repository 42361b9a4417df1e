from __future__ import annotations

import re

import numpy as np
import pytest

from skelter import data
from skelter.data import Clip, SkeletonFormatError, SkeletonStore, sources, splits
from skelter.data.splits import CountCheck, Split, SplitRule
from skelter.layouts import KINECT20


def store_of(*clips):
    """A store of clips that are told apart by their first coordinate."""
    joints = np.ones((2, 1, 20, 3), np.float32)
    return SkeletonStore.from_clips(
        [Clip(joints * (n + 1), **known) for n, known in enumerate(clips)], layout=KINECT20
    )


def named(*names):
    return store_of(*({"name": name} for name in names))


class TestNTU:
    def test_sixty(self):
        store = named(
            "S001C001P001R001A001", "S001C002P003R001A001", "S017C003P038R002A060.skeleton",
            "S018C001P001R001A061", "S001C002P005R002A008", "a clip of somebody else's",
        )  # fmt: skip
        assert [side.tolist() for side in splits.ntu60("xsub")(store)] == [[0, 2], [1]]
        assert [side.tolist() for side in splits.ntu60("xview")(store)] == [[1, 2], [0]]

    def test_hundred_and_twenty(self):
        store = named("S001C001P103R001A001", "S032C002P106R001A120", "S018C001P001R001A061")
        assert [side.tolist() for side in splits.ntu120("xsub")(store)] == [[0, 2], [1]]
        assert [side.tolist() for side in splits.ntu120("xset")(store)] == [[1, 2], [0]]

    def test_training_subjects_are_those_of_the_papers(self):
        everyone = named(*(f"S001C001P{p:03d}R003A001" for p in range(1, 107)))
        text = "1 2 4 5 8 9 13 14 15 16 17 18 19 25 27 28 31 34 35 38"
        sixty = {int(p) - 1 for p in text.split()}
        text = (
            "45 46 47 49 50 52 53 54 55 56 57 58 59 70 74 78 80 81 82 83 84 85 86 89 91 92 93 94 "
            "95 97 98 100 103"
        )
        assert set(splits.ntu60("xsub")(everyone).train.tolist()) == sixty
        more = sixty | {int(p) - 1 for p in text.split()}
        assert set(splits.ntu120("xsub")(everyone).train.tolist()) == more

    @pytest.mark.parametrize("make", [splits.ntu60, splits.ntu120])
    def test_other_words(self, make):
        with pytest.raises(ValueError, match="`split` must be"):
            make("cross-subject")

    def test_other_names(self):
        with pytest.raises(ValueError, match="names of NTU's files, such as S001C002P003R001A013"):
            splits.ntu60("xsub")(named("a", "b"))

    def test_missing_clips_are_the_authors_list(self, recordings):
        listed = (recordings / "lists" / "ntu120_missing_535.txt").read_text().split()
        assert splits.ntu_missing() == set(listed)
        assert sum(name < "S018" for name in splits.ntu_missing()) == 302


class TestNWUCLA:
    def test_counts_of_the_release(self, recordings, tmp_path):
        names = (recordings / "lists" / "nwucla_1484.txt").read_text().split()
        for name in names:
            (tmp_path / f"{name}.json").touch()
        (count,) = sources.nw_ucla(tmp_path).counts()
        assert count.complete
        assert str(count) == "NW-UCLA cross-view: 1,020 train, 464 test"

    def test_sides(self):
        store = store_of({"view": 3}, {"view": 1}, {"view": 2}, {})
        assert [side.tolist() for side in splits.nw_ucla()(store)] == [[1, 2], [0]]


class TestUTDMHAD:
    def test_real_recordings(self, recordings):
        store = data.load_ragged(recordings / "utd_mhad.npz")
        assert splits.utd_mhad().count(store).complete
        assert str(splits.utd_mhad().count(store)).endswith("431 train, 430 test")
        assert len(splits.find_duplicates(store, splits.utd_mhad()(store))) == 0


class TestSBU:
    def test_real_recordings(self, recordings):
        store = data.load_ragged(recordings / "sbu_interaction.npz")
        tested = np.concatenate([splits.sbu(fold)(store).test for fold in range(5)])
        assert sorted(tested.tolist()) == list(range(282))

    def test_folds_survive_a_store_and_a_ragged_file(self, tmp_path):
        store = store_of({"extra": {"fold": 0}}, {"extra": {"fold": 3}})
        data.write_ragged(tmp_path / "a.npz", store)
        again = data.load_ragged(tmp_path / "a.npz")
        SkeletonStore.build(tmp_path / "store", again, layout=KINECT20)
        for one in (again, SkeletonStore.open(tmp_path / "store")):
            assert [side.tolist() for side in splits.sbu(3)(one)] == [[0], [1]]

    def test_without_folds(self):
        with pytest.raises(ValueError, match="extra field `fold`, from 0 to 4"):
            splits.sbu(0)(named("a"))
        with pytest.raises(ValueError, match="`fold` must lie between 0 and 4"):
            splits.sbu(5)


class TestPKUMMD:
    @pytest.fixture
    def split_file(self, tmp_path):
        path = tmp_path / "cross-subject.txt"
        path.write_text("Training videos:\n0002-L, A01N01-M,\n\nValidataion videos:\n0003-R\n")
        return path

    def test_clips_go_with_their_recording(self, split_file):
        store = named("0003-R_000", "0002-L_000", "A01N01-M_012", "0009-L_000")
        assert [side.tolist() for side in splits.pku_mmd(split_file)(store)] == [[1, 2], [0]]

    def test_warns_of_recordings_without_clips(self, split_file):
        with pytest.warns(UserWarning, match="of the 3 recordings of .* lacks 1: A01N01-M"):
            splits.pku_mmd(split_file)(named("0003-R_000", "0002-L_000"))
        count = splits.pku_mmd(split_file).count(named("0003-R_000", "0002-L_000"))
        assert not count.complete
        assert str(count).endswith("1 train, 1 test; of the 3 recordings of cross-subject.txt the "
                                   "store lacks 1: A01N01-M")  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "recordings in line 2 and in line 4; found 0 lines"),
            ("Training:\n0002-L\n", "recordings in line 2 and in line 4"),
            ("Training:\n0002-L\nTest:\n,,,\n", "recordings in line 2 and in line 4"),
            ("Training:\n0002-L\nTest:\n0003-L, 0002-L\n", r"every recording on one side.*0002-L"),
        ],
    )
    def test_damaged_files(self, tmp_path, text, message):
        path = tmp_path / "split.txt"
        path.write_text(text)
        with pytest.raises(SkeletonFormatError, match=message):
            splits.pku_mmd(path)

    def test_no_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            splits.pku_mmd(tmp_path / "nowhere")


class TestLeaveOneSubjectOut:
    def test_everybody_tests_once(self):
        store = store_of({"subject": 1}, {"subject": 2}, {"subject": 1}, {})
        assert [side.tolist() for side in splits.leave_one_subject_out(1)(store)] == [
            [1],
            [0, 2],
        ]
        with pytest.raises(ValueError, match="Name a subject of the store"):
            splits.leave_one_subject_out(7)(store)


class TestRecorded:
    def test_lists_of_the_source(self):
        lists = ("xsub_train", "xsub_val", "xsub_train")
        store = store_of(*({"extra": {side: 1}} for side in lists))
        split = splits.recorded("xsub_train", "xsub_val")(store)
        assert [side.tolist() for side in split] == [[0, 2], [1]]

    def test_other_lists(self):
        with pytest.raises(ValueError, match="`store.extra` has the lists"):
            splits.recorded()(store_of({"extra": {"train": 1}}))


class TestCountCheck:
    @pytest.mark.parametrize(
        ("found", "text"),
        [
            ((3, 2), "p: 3 train, 2 test"),
            ((1, 2), "p: 1 train (2 of 3 missing), 2 test"),
            ((3, 4), "p: 3 train, 4 test (2 more than 2)"),
        ],
    )
    def test_says_which_side(self, found, text):
        check = CountCheck("p", found, (3, 2))
        assert str(check) == text
        assert check.complete == (found == (3, 2))

    def test_nothing_expected(self):
        assert CountCheck("p", (1, 1)).complete


class TestFindDuplicates:
    def test_finds_exact_copies_only(self):
        a, b = np.random.default_rng(0).normal(size=(2, 9, 20, 3)).astype(np.float32)
        nearly = a.copy()
        nearly[0, 0, 0] = np.nextafter(nearly[0, 0, 0], np.float32(9))
        arrays = [a, b, a, nearly, a[:8], b, b]
        store = SkeletonStore.from_clips(arrays, layout=KINECT20)
        split = Split(np.array([0, 1, 6]), np.array([2, 3, 4, 5]))
        found = splits.find_duplicates(store, split)
        assert found.test.tolist() == [2, 5]
        assert found.train.tolist() == [0, 1]
        assert len(found) == 2
        assert str(found) == "2 of 4 test clips repeat the coordinates of training clips"

    def test_none(self):
        store = named("a", "b")
        found = splits.find_duplicates(store, Split(np.array([0]), np.array([1])))
        assert len(found) == 0
        assert found.test.shape == (0,)


class TestSplits:
    def test_prints_shortly(self):
        text = repr(SplitRule("mine", lambda index: (index.labels == 0, index.labels > 0)))
        assert re.fullmatch(r"SplitRule\(name='mine', expected=None\)", text)
