"""The axes of recordings: another order is named, and the way to ours; and NumPy's odd arrays."""

from __future__ import annotations

import re

import einops
import numpy as np
import pytest
import torch

from skelter.data import Clip, SkeletonFormatError, SkeletonStore, load_ragged
from skelter.layouts import COCO17, NTU25, SBU15

OURS = "t m v c"


def clip(T=60, M=2, V=25, C=3):
    return np.random.default_rng(0).normal(size=(T, M, V, C)).astype(np.float32)


def one(joints, layout=NTU25):
    return SkeletonStore.from_clips([joints], layout=layout)


class TestOtherOrders:
    @pytest.mark.parametrize(
        ("order", "sizes", "layout"),
        [
            ("m t v c", {}, NTU25),  # pyskl
            ("m t v c", {"M": 1}, NTU25),
            ("m t v c", {"V": 17, "C": 2}, COCO17),
            ("m t v c", {"V": 17, "C": 3}, COCO17),
            ("c t v m", {}, NTU25),  # clips of our own batches, and of ST-GCN
            ("c t v m", {"M": 1}, NTU25),
            ("c t v m", {"V": 17}, COCO17),
            ("m c v t", {}, NTU25),  # SLEAP
            ("m c v t", {"M": 1, "V": 17, "C": 2}, COCO17),
            ("t c v m", {}, NTU25),  # movement
            ("t c v m", {"M": 1}, NTU25),
            ("t c v m", {"M": 1, "V": 17, "C": 2}, COCO17),
            ("t v m c", {}, NTU25),
            ("t v c m", {}, NTU25),
            ("t c m v", {}, NTU25),
            ("c t m v", {}, NTU25),
            ("m v t c", {}, NTU25),
        ],
    )
    def test_is_named_with_a_way_that_works(self, order, sizes, layout):
        right = clip(**sizes)
        wrong = einops.rearrange(right, f"{OURS} -> {order}")
        for sequences in ([wrong], [Clip(wrong)], [torch.from_numpy(wrong)]):
            with pytest.raises(ValueError, match="clip 0") as caught:
                SkeletonStore.from_clips(sequences, layout=layout)
            message = str(caught.value)
            letters = ", ".join(order.upper().split())
            assert f"This looks like ({letters})" in message
            pattern, axes = re.search(
                r"joints, '(.*)'\), or joints\.transpose\((.*)\)\.", message
            ).groups()
            assert pattern == f"{order} -> {OURS}"
            np.testing.assert_array_equal(einops.rearrange(wrong, pattern), right)
            np.testing.assert_array_equal(wrong.transpose(*map(int, axes.split(","))), right)

    @pytest.mark.parametrize("order", ["c t v", "c v t", "t c v", "v t c"])
    def test_of_one_person(self, order):
        right = clip(M=1)[:, 0]
        wrong = einops.rearrange(right, f"t v c -> {order}")
        with pytest.raises(ValueError, match=f"'{order} -> t v c'"):
            one(wrong)

    def test_the_sentence(self):
        with pytest.raises(
            ValueError,
            match=re.escape(
                "clip 0 must have shape (T, M, V, C) with 2 or 3 coordinates and no more persons "
                "than frames; got (1, 60, 25, 3): 1 frame, 60 persons, 3 coordinates. This looks "
                "like (M, T, V, C): einops.rearrange(joints, 'm t v c -> t m v c'), or "
                "joints.transpose(1, 0, 2, 3)."
            ),
        ):
            one(clip(M=1).transpose(1, 0, 2, 3))

    def test_flat_frames(self):
        with pytest.raises(ValueError, match=re.escape("'t (v c) -> t v c', c=3)")):
            one(clip(M=1).reshape(60, 75))

    def test_poses_in_an_image_have_a_layout_of_their_own(self):
        with pytest.raises(ValueError, match="take a layout with dimensions=2"):
            one(clip(M=3, C=2))

    @pytest.mark.parametrize(
        ("sizes", "layout"),
        [
            ({}, NTU25),
            ({"M": 1}, NTU25),
            ({"T": 1, "M": 2}, NTU25),
            ({"T": 1, "M": 5}, NTU25),
            ({"T": 2, "M": 4}, NTU25),
            ({"T": 30, "M": 25}, NTU25),
            ({"M": 3}, NTU25),
            ({"M": 2, "C": 2}, NTU25),
            ({"M": 2, "V": 17}, COCO17),
            ({"M": 3, "V": 17, "C": 2}, COCO17),
            ({"T": 25, "V": 25}, NTU25),
            ({"T": 3, "M": 2}, NTU25),
            ({"C": 7}, NTU25),
        ],
    )
    def test_ours_is_taken(self, sizes, layout):
        right = clip(**sizes)
        assert one(right, layout).frames.shape == right.shape


class TestOneArray:
    @pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
    @pytest.mark.parametrize(
        ("shape", "hint"),
        [
            ((8, 3, 60, 25, 2), r"A clip of it looks like \(C, T, V, M\).*'c t v m -> t m v c'"),
            ((8, 2, 60, 25, 3), r"A clip of it looks like \(M, T, V, C\)"),
            ((8, 60, 2, 25, 3), r"clip\[:n\] for clip, n in zip\(sequences, counts\)\]\.$"),
            ((8, 60, 25, 3), r"pass list\(sequences\)\. If it is one clip, pass \[sequences\]"),
            ((60, 25, 3), r"pass list\(sequences\)"),
        ],
    )
    def test_is_refused(self, tmp_path, kind, shape, hint):
        array = kind(np.zeros(shape, np.float32))
        for make in (
            SkeletonStore.from_clips,
            lambda *a, **k: SkeletonStore.build(tmp_path / "s", *a, **k),
        ):
            with pytest.raises(TypeError, match=rf"got one array of shape.*{hint}"):
                make(array, layout=NTU25)
        assert not list(tmp_path.iterdir())

    def test_one_of_arrays_is_taken(self):
        sequences = np.empty(2, object)
        sequences[:] = [clip(T=4), clip(T=5)]
        assert SkeletonStore.from_clips(sequences, layout=NTU25).num_frames.tolist() == [4, 5]


class TestArrays:
    """Whatever NumPy makes of the same numbers."""

    @pytest.mark.parametrize(
        "changed",
        [
            lambda x: x.astype(">f4"),
            lambda x: x.astype(np.float64),
            lambda x: x.astype(">f8"),
            lambda x: x.astype(np.longdouble),
            lambda x: x[::-1].copy()[::-1],
            lambda x: x[..., ::-1].copy()[..., ::-1],
            np.asfortranarray,
            lambda x: np.broadcast_to(x, (1, *x.shape))[0],
            lambda x: x.tolist(),
            lambda x: list(x),
            torch.from_numpy,
            lambda x: torch.from_numpy(x).requires_grad_(),
            lambda x: np.ma.array(x).filled(0),
        ],
        ids=["f4 big", "f8", "f8 big", "long", "backwards", "mirrored", "Fortran", "read-only",
             "lists", "arrays", "tensor", "with gradient", "filled"],
    )  # fmt: skip
    def test_give_the_same(self, tmp_path, changed):
        x = clip(T=9)
        for joints in (changed(x), Clip(changed(x))):
            np.testing.assert_array_equal(one(joints)[0].joints, x)
        store = SkeletonStore.build(tmp_path / "s", [changed(x)], layout=NTU25)
        np.testing.assert_array_equal(store[0].joints, x)
        assert store.digest == one(x).digest

    def test_of_a_file(self, tmp_path):
        x = clip(T=9)
        x.tofile(tmp_path / "x.bin")
        mapped = np.memmap(tmp_path / "x.bin", np.float32, "r", shape=x.shape)
        np.testing.assert_array_equal(one(mapped)[0].joints, x)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_tensors(self, dtype):
        x = torch.from_numpy(clip(T=9)).to(dtype)
        np.testing.assert_array_equal(one(x)[0].joints, x.float().numpy())

    @pytest.mark.parametrize(
        ("joints", "message"),
        [
            (np.ma.masked_equal(clip(T=4), 7), r"got a masked one.*\.filled\(0\)"),
            ([np.ma.masked_equal(clip(T=4)[0], 7)], r"got a masked one.*\.filled\(0\)"),
            (clip(T=4).astype(int), "have real floating coordinates; got int64"),
            (clip(T=4).astype(str), "must"),
            (clip(T=4).astype(object), "must"),
            ("clip", "must"),
            (None, "must"),
            ([["a"]], "must"),
        ],
        ids=[
            "masked",
            "masked frames",
            "integers",
            "text",
            "objects",
            "name",
            "None",
            "nested text",
        ],
    )
    def test_others(self, joints, message):
        for sequence in (joints, Clip(joints)):
            with pytest.raises(TypeError, match=f"clip 0.*{message}"):
                one(sequence)

    def test_too_large_for_float32(self):
        joints = clip(T=4).astype(np.float64)
        joints[2, 0, 0, 0] = 1e300
        with pytest.raises(ValueError, match="got 1 broken frame of 4, the first number 2"):
            one(joints)


class TestFiles:
    def test_another_order_in_a_ragged_file(self, tmp_path):
        arrays = {
            "data": clip(T=1, M=60),
            "offsets": np.array([0, 1]),
            "label": np.array([0]),
            "joint_names": np.array(NTU25.joints),
            "bones": np.array(NTU25.bones),
        }
        np.savez(tmp_path / "set.npz", **arrays)
        with pytest.raises(SkeletonFormatError, match=r"set\.npz: `data` .* looks like \(M, T, V"):
            load_ragged(tmp_path / "set.npz")


class TestPlurals:
    def test_persons_and_coordinates(self):
        with pytest.raises(ValueError, match="clip 1 has 2 persons, but the first clip has 1"):
            SkeletonStore.from_clips([clip(M=1, V=15), clip(M=2, V=15)], layout=SBU15)

    def test_labels(self):
        with pytest.raises(ValueError, match="got 1 label for more sequences"):
            SkeletonStore.from_clips([clip(T=3)] * 2, [0], layout=NTU25)
        with pytest.raises(ValueError, match="got 2 labels for 1 sequence"):
            SkeletonStore.from_clips([clip(T=3)], [0, 1], layout=NTU25)

    def test_one_of_everything(self):
        assert repr(one(clip(T=3, M=1))) == "SkeletonStore(unnamed: 1 clip, 1 x 25 joints of NTU25)"
