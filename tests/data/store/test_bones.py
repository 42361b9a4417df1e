"""The warning that clips do not look like bodies of their layout."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from skelter.data import (
    Clip,
    Piece,
    SkeletonStore,
    Source,
    StoreInfo,
    load_ragged,
    prepare,
    synthetic,
    write_ragged,
)
from skelter.layouts import BODY25, COCO17, KINECT20, NTU25, OPENPOSE18, SBU15, SMPL22

# The .mat files of UTD-MHAD begin with the head, KINECT20 with the hips.
UTD_FILES = [3, 2, 1, 0, *range(4, 20)]
SETS = ["utd_mhad", "sbu_interaction", "irds_part", "ui_prmd_kinect"]


def reorder(store, order):
    return [Clip(clip.joints[:, :, order], clip.label) for clip in store]


@pytest.fixture(scope="module")
def store():
    return synthetic.generate(clips_per_class=2, layout=KINECT20)


class TestWarning:
    def test_names_bones_and_figures(self, store, tmp_path):
        clips = reorder(store, UTD_FILES)
        message = (
            r"do not look like bodies of layout KINECT20: the bones '(left|right) hip' - 'hip "
            r"centre' and .* are \d\.\d times as long .*less than 2\.2.* longest bone is \d+ "
            r"times the shortest.*vary by \d+%.*UTD-MHAD.*joints\[\.\.\., order, :\]"
        )
        with pytest.warns(UserWarning, match=message) as caught:
            SkeletonStore.from_clips(clips, layout=KINECT20)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        with pytest.warns(UserWarning, match=message) as caught:
            SkeletonStore.build(tmp_path / "s", clips, layout=KINECT20)
        assert len(caught) == 1
        assert caught[0].filename == __file__

    def test_of_a_ragged_file(self, store, tmp_path):
        with pytest.warns(UserWarning, match="do not look like bodies"):
            wrong = SkeletonStore.from_clips(reorder(store, UTD_FILES), layout=KINECT20)
        write_ragged(tmp_path / "set.npz", wrong)
        with pytest.warns(UserWarning, match="do not look like bodies"):
            load_ragged(tmp_path / "set.npz")

    def test_never_again(self, store, tmp_path):
        """Neither where a store is opened nor where it is normalised."""
        with pytest.warns(UserWarning, match="do not look like bodies"):
            SkeletonStore.build(tmp_path / "s", reorder(store, UTD_FILES), layout=KINECT20)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            SkeletonStore.open(tmp_path / "s").map(torch.clone)

    @pytest.mark.parametrize("seed", range(3))
    def test_of_any_wrong_order(self, store, seed):
        order = torch.randperm(20, generator=torch.Generator().manual_seed(seed)).numpy()
        with pytest.warns(UserWarning, match="do not look like bodies"):
            SkeletonStore.from_clips(reorder(store, order), layout=KINECT20)

    def test_of_another_layout_of_as_many_joints(self):
        with pytest.warns(UserWarning, match="of layout BODY25"):
            SkeletonStore.from_clips(synthetic.generate(clips_per_class=2), layout=BODY25)


class TestSilence:
    """Warnings are errors in tests."""

    @pytest.mark.parametrize("layout", [NTU25, KINECT20, SBU15, SMPL22, COCO17, OPENPOSE18, BODY25])
    def test_of_generated_clips(self, layout):
        synthetic.generate(clips_per_class=2, layout=layout)

    @pytest.mark.parametrize("frames", [8, 9, 40])
    def test_of_noise(self, frames):
        rng = np.random.default_rng(0)
        for _ in range(10):
            clip = rng.normal(size=(frames, 2, 25, 3))
            SkeletonStore.from_clips([clip], layout=NTU25)

    @pytest.mark.parametrize("value", [0.0, 1.0])
    def test_of_constants(self, value):
        SkeletonStore.from_clips([np.full((20, 25, 3), value)], layout=NTU25)

    def test_of_few_frames(self):
        clip = np.random.default_rng(0).normal(size=(1, 1, 25, 3)).repeat(7, 0)
        SkeletonStore.from_clips([clip], layout=NTU25)

    def test_of_few_joints(self):
        from skelter.layouts import SkeletonLayout

        two = SkeletonLayout("arm", ["a", "b"], parents=[-1, 0])
        SkeletonStore.from_clips([np.random.default_rng(0).normal(size=(20, 2, 3))], layout=two)

    @pytest.mark.parametrize("name", SETS)
    def test_of_real_recordings(self, recordings, name):
        store = load_ragged(recordings / f"{name}.npz")
        SkeletonStore.from_clips(list(store)[::10], layout=store.layout)


def test_real_recordings_in_the_order_of_their_files(recordings):
    store = load_ragged(recordings / "utd_mhad.npz")
    with pytest.warns(UserWarning, match=r"2\.6 times as long.*is 11 times the shortest"):
        SkeletonStore.from_clips(reorder(store, UTD_FILES), layout=KINECT20)


def test_of_files_that_are_prepared(store, tmp_path):
    clips = reorder(store, UTD_FILES)

    def read(number):
        yield Clip(clips[number].joints, name=f"{number}")

    source = Source(StoreInfo(KINECT20), [Piece(f"{n}", (), (n,)) for n in range(4)], read)
    with pytest.warns(UserWarning, match="do not look like bodies") as caught:
        prepare(source, tmp_path / "prepared")
    assert [warning.filename for warning in caught] == [__file__]
