from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
import torch
from reference import stgcn

from skelter import data, layouts
from skelter.encoders import AGCN
from skelter.layouts import (
    AZURE32,
    BODY25,
    COCO17,
    H36M17,
    HAND21,
    KINECT20,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    SBU15,
    SMPL22,
    SMPL24,
    SkeletonLayout,
    check_layout,
    find_layout,
    load_layout,
    restore_layout,
    save_layout,
)

BODIES = [
    *(NTU25, KINECT20, SBU15, AZURE32, OPENPOSE18, BODY25, COCO17),
    *(H36M17, SMPL24, SMPL22, MEDIAPIPE33),
]
EVERY = [*BODIES, HAND21]
BUILT_IN = pytest.mark.parametrize("layout", EVERY, ids=lambda x: x.name)


def two_bones(**changes):
    arguments = {"parents": [-1, 0, 1]} | changes
    return SkeletonLayout("arm", ["shoulder", "elbow", "hand"], **arguments)


class TestSkeletonLayout:
    def test_is_one_call(self):
        layout = two_bones()
        assert layout.num_joints == 3
        assert layout.bones == ((1, 0), (2, 1))
        assert layout.roots == (0,)
        assert layout.index("hand") == 2

    def test_is_frozen_hashable_and_pickles(self):
        with pytest.raises(AttributeError):
            NTU25.name = "mine"
        assert pickle.loads(pickle.dumps(NTU25)) == NTU25
        assert len({NTU25, KINECT20, NTU25}) == 2

    @BUILT_IN
    def test_built_in_trees_are_whole(self, layout):
        assert len(layout.bones) == layout.num_joints - 1
        assert len(layout.roots) == 1
        assert sorted(j for part in layout.parts.values() for j in part) == list(
            range(layout.num_joints)
        )

    @BUILT_IN
    def test_swap_exchanges_left_and_right_names(self, layout):
        swap = layout.swap
        assert [swap[joint] for joint in swap] == list(range(layout.num_joints))
        for joint, other in enumerate(swap):
            mirrored = {"left": "right", "right": "left"}
            words = [mirrored.get(word, word) for word in layout.joints[joint].split()]
            assert layout.joints[other] == " ".join(words)

    @BUILT_IN
    def test_left_and_right_hang_alike(self, layout):
        swap, sides = layout.swap, {"left": "right", "right": "left"}
        for joint, parent in enumerate(layout.parents):
            assert layout.parents[swap[joint]] == (parent if parent < 0 else swap[parent])
        for name, part in layout.parts.items():
            side, _, limb = name.partition(" ")
            other = layout.parts[f"{sides[side]} {limb}" if side in sides else name]
            assert sorted(swap[joint] for joint in part) == sorted(other)

    @pytest.mark.parametrize("layout", BODIES, ids=lambda x: x.name)
    def test_bodies_have_the_same_parts(self, layout):
        assert set(layout.parts) == set(NTU25.parts)
        assert layout.left_right

    @BUILT_IN
    def test_left_and_right_are_in_this_order(self, layout):
        for left, right in layout.left_right:
            assert "left" in layout.joints[left]
            assert "right" in layout.joints[right]
        sided = [name for name in layout.joints if "left" in name or "right" in name]
        assert 2 * len(layout.left_right) == len(sided)
        if layout.shoulders is not None:
            names = [layout.joints[joint] for joint in layout.shoulders]
            assert names == ["left shoulder", "right shoulder"]

    @BUILT_IN
    def test_every_built_in_layout_is_exported_and_found(self, layout):
        built_in = {name for name in layouts.__all__ if name.isupper()} - {"BUILT_IN"}
        assert built_in == {each.name for each in EVERY}
        assert getattr(layouts, layout.name) is layout
        assert find_layout(layout.joints) is layout

    @pytest.mark.parametrize(
        ("layout", "table", "root"),
        [
            (
                OPENPOSE18,
                "1-0 2-1 3-2 4-3 5-1 6-5 7-6 8-2 9-8 10-9 11-5 12-11 13-12 14-0 15-0 16-14 17-15",
                0,
            ),
            (
                COCO17,
                "1-0 2-0 3-1 4-2 5-0 6-0 7-5 8-6 9-7 10-8 11-5 12-6 13-11 14-12 15-13 16-14",
                0,
            ),
            (
                BODY25,
                "0-1 2-1 3-2 4-3 5-1 6-5 7-6 8-1 9-8 10-9 11-10 12-8 13-12 14-13 15-0 16-0 17-15 "
                "18-16 19-14 20-19 21-14 22-11 23-22 24-11",
                1,
            ),
        ],
        ids=["OPENPOSE18", "COCO17", "BODY25"],
    )
    def test_points_of_images_are_the_published_tables(self, layout, table, root):
        pairs = [tuple(int(joint) for joint in pair.split("-")) for pair in table.split()]
        assert set(layout.bones) == set(pairs)
        assert layout.roots == (root,)
        assert layout.spine is None
        assert layout.shoulders is None
        assert layout.dimensions == 2

    def test_azure_is_the_published_hierarchy(self):
        table = (
            "1-0 2-1 3-2 4-2 5-4 6-5 7-6 8-7 9-8 10-7 11-2 12-11 13-12 14-13 15-14 16-15 17-14 "
            "18-0 19-18 20-19 21-20 22-0 23-22 24-23 25-24 26-3 27-26 28-26 29-26 30-26 31-26"
        )
        pairs = {tuple(int(joint) for joint in pair.split("-")) for pair in table.split()}
        assert set(AZURE32.bones) == pairs
        assert AZURE32.dimensions == 3

    def test_smpl22_is_smpl24_without_hands(self):
        assert SMPL22.joints == SMPL24.joints[:22]
        assert set(SMPL24.joints) - set(SMPL22.joints) == {"left hand", "right hand"}
        assert SMPL22.parents == SMPL24.parents[:22]
        assert SMPL22.swap == SMPL24.swap[:22]
        assert (SMPL22.spine, SMPL22.shoulders) == (SMPL24.spine, SMPL24.shoulders)

    def test_a_hand_is_five_chains_from_the_wrist(self):
        assert HAND21.swap == tuple(range(21))
        assert HAND21.parents[::4] == (-1, 3, 7, 11, 15, 19)
        for base in range(1, 21, 4):
            assert HAND21.parents[base : base + 4] == (0, base, base + 1, base + 2)
            assert HAND21.joints[base + 3].endswith("tip")

    def test_mediapipe_keeps_published_connections_but_those_that_close_a_ring(self):
        """Oracle: the connections that MediaPipe draws, as pairs without an order."""
        drawn = (
            "0-1 1-2 2-3 3-7 0-4 4-5 5-6 6-8 9-10 11-12 11-13 13-15 15-17 15-19 15-21 17-19 12-14 "
            "14-16 16-18 16-20 16-22 18-20 11-23 12-24 23-24 23-25 24-26 25-27 26-28 27-29 28-30 "
            "29-31 30-32 27-31 28-32"
        )
        theirs = {frozenset(map(int, pair.split("-"))) for pair in drawn.split()}
        ours = {frozenset(bone) for bone in MEDIAPIPE33.bones}
        dropped = [(9, 10), (11, 12), (23, 24), (17, 19), (18, 20), (29, 31), (30, 32)]
        assert theirs - ours == {frozenset(pair) for pair in dropped}
        assert ours - theirs == {frozenset((0, joint)) for joint in (9, 10, 11, 12)}

    def test_ntu25_is_the_published_table(self):
        table = (
            (1, 2), (2, 21), (3, 21), (4, 3), (5, 21), (6, 5), (7, 6), (8, 7), (9, 21), (10, 9),
            (11, 10), (12, 11), (13, 1), (14, 13), (15, 14), (16, 15), (17, 1), (18, 17), (19, 18),
            (20, 19), (22, 23), (23, 8), (24, 25), (25, 12),
        )  # fmt: skip
        assert set(NTU25.bones) == {(child - 1, parent - 1) for child, parent in table}
        assert NTU25.roots == (20,)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"parents": [-1, 0]}, "one entry for each of the 3 joints; got 2"),
            ({"parents": [-1, 0, 7]}, "between 0 and 2; got 7.*count from 1"),
            ({"parents": [1, 0, 1]}, "cycle through joint"),
            ({"centre": 3}, "between 0 and 2; got 3"),
            ({"left_right": [(0, 1), (1, 2)]}, "must name every joint once at most"),
            ({"parts": {"arm": [9]}}, "`parts`.*got 9"),
            ({"spine": (0, 5)}, "got 5"),
        ],
    )
    def test_says_what_is_wrong(self, changes, message):
        with pytest.raises(ValueError, match=message):
            two_bones(**changes)

    def test_names_must_differ(self):
        with pytest.raises(ValueError, match="distinct names"):
            SkeletonLayout("twins", ["a", "a"], parents=[-1, 0])

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"parents": [-1, 0.6, 1]}, "`parents of layout arm` must be integers.*such as 0.6"),
            ({"parents": [-1, True, 1]}, "`parents of layout arm` must be integers"),
            ({"parents": ["", "a", "b"]}, "`parents of layout arm` must be integers"),
            ({"parents": 3}, "`parents` of layout arm must list joints; got 3"),
            ({"centre": 1.0}, "`centre of layout arm` must be integers"),
            ({"centre": "elbow"}, "`centre of layout arm` must be integers"),
            ({"left_right": [(0, 1.5)]}, "`left_right of layout arm` must be integers"),
            ({"left_right": "ab"}, "`left_right` of layout arm must list joints"),
            ({"spine": (0, None)}, "`spine of layout arm` must be integers"),
            ({"parts": {"arm": [0.5]}}, "`parts of layout arm` must be integers"),
            ({"parts": [0, 1]}, "`parts` of layout arm must be groups of joints by name"),
            ({"name": 3}, "`name` must be a string; got 3"),
            ({"joints": 3}, "`joints` of layout arm must be a list of names; got 3"),
        ],
    )
    def test_nothing_is_coerced(self, changes, message):
        arguments = {"name": "arm", "joints": ["a", "b", "c"], "parents": [-1, 0, 1]} | changes
        with pytest.raises(TypeError, match=message):
            SkeletonLayout(**arguments)

    def test_pairs_are_of_two(self):
        for field, value in (("left_right", [(0, 1, 2)]), ("spine", (0, 1, 2))):
            with pytest.raises(
                ValueError, match=f"`{field}` of layout arm must be pairs of joints"
            ):
                two_bones(**{field: value})

    def test_takes_arrays_tensors_and_iterators(self):
        layout = two_bones(
            parents=np.array([-1, 0, 1], dtype=">i2"),
            centre=np.int64(1),
            left_right=iter([torch.tensor([0, 2])]),
            parts={"all": range(3), "hand": {2}},
            spine=np.array([0, 1]),
        )
        same = two_bones(
            centre=1, left_right=[(0, 2)], parts={"all": (0, 1, 2), "hand": (2,)}, spine=(0, 1)
        )
        assert layout == same
        assert type(layout.centre) is type(layout.parents[0]) is type(layout.spine[0]) is int


class TestIndex:
    @pytest.mark.parametrize(
        "name",
        ["left hand", "Left_Hand", "LEFT-HAND", "left  hand", "HandLeft",
         "l hand", 7, np.int32(7)],
    )  # fmt: skip
    def test_takes_names_in_any_spelling_and_indices(self, name):
        assert NTU25.index(name) == 7
        assert type(NTU25.index(name)) is int

    def test_takes_the_other_names_of_a_joint(self):
        for name in ("hip centre", "pelvis", "SpineBase"):
            assert NTU25.index(name) == 0
        assert [NTU25.index(name) for name in NTU25.joints] == list(range(25))

    @pytest.mark.parametrize(
        ("layout", "name", "message"),
        [
            (NTU25, "tail", "must be one of 'base of spine', .*'right thumb'; got 'tail'"),
            (NTU25, "hed", "got 'hed'. The closest are 'head'"),
            (COCO17, "knee", "got 'knee'. The closest are 'left knee', 'right knee'"),
            (COCO17, "head", "`joint` of layout COCO17 must be one of"),
            (COCO17, "", "got ''"),
            (NTU25, 25, "`joint` of layout NTU25 must lie between 0 and 24; got 25"),
            (NTU25, -1, "must lie between 0 and 24; got -1"),
        ],
    )
    def test_unknown_joints(self, layout, name, message):
        with pytest.raises(ValueError, match=message):
            layout.index(name)

    @pytest.mark.parametrize("joint", [True, 1.0, None, [1], np.bool_(True), torch.tensor(1)])
    def test_other_types(self, joint):
        message = "`joint` of layout NTU25 must be the name of a joint, such as 'right thumb', or"
        with pytest.raises(TypeError, match=message):
            NTU25.index(joint)

    def test_two_joints_of_one_name(self):
        layout = SkeletonLayout("two", ["hip", "pelvis"], parents=[-1, 0])
        assert layout.index("pelvis") == 1
        with pytest.raises(ValueError, match="layout two must name every joint differently"):
            layout.index("base of spine")


class TestCheckLayout:
    @pytest.mark.parametrize(
        ("given", "came"),
        [
            ("ntu-rgb+d", "'ntu-rgb\\+d'"),
            ("NTU25", "'NTU25'"),
            (25, "25"),
            (None, "None"),
            (NTU25.as_dict(), "a dict of 10"),
            (SkeletonLayout, "a type"),
            (torch.zeros(3), "a Tensor"),
        ],
    )
    def test_names_the_built_in_layouts(self, given, came):
        message = f"must be a SkeletonLayout such as skelter.layouts.NTU25; got {came}. Built in"
        for call, name in (
            (lambda: check_layout(given), "layout"),
            (lambda: NTU25.convert(torch.zeros(3, 2, 25, 1), to=given), "to"),
        ):
            with pytest.raises(TypeError, match=f"`{name}` {message}") as caught:
                call()
            assert all(layout.name in str(caught.value) for layout in EVERY)
        assert check_layout(NTU25) is NTU25

    def test_positions_of_clips(self):
        with pytest.raises(TypeError, match="`layout` must be a SkeletonLayout.*got 'COCO17'"):
            layouts.map_positions(torch.neg, torch.zeros(3, 2, 17, 1), "COCO17")


class TestFromBones:
    def test_reads_pairs_and_self_bones(self):
        layout = SkeletonLayout.from_bones("x", "abcd", bones=[(0, 0), (1, 0), (2, 1), (3, 1)])
        assert layout.parents == (-1, 0, 1, 1)

    def test_two_parents(self):
        with pytest.raises(ValueError, match="one parent; got 0 and 2 for joint 1.*swap"):
            SkeletonLayout.from_bones("x", "abc", bones=[(1, 0), (1, 2)])

    def test_a_22_joint_layout_of_a_real_file(self, recordings):
        with np.load(recordings / "ui_prmd_kinect.npz") as file:
            joints, bones = file["joint_names"].tolist(), file["bones"].tolist()
        layout = SkeletonLayout.from_bones("ui_prmd", joints, bones=bones)
        assert layout.num_joints == 22
        assert sorted(layout.bones) == sorted(map(tuple, bones))
        store = data.load_ragged(recordings / "ui_prmd_kinect.npz", layout=layout)
        x, _, _ = store.batch([0, 7])
        assert layout.adjacency().shape == (3, 22, 22)
        assert x.shape[-2] == 22


class TestConvert:
    @pytest.mark.parametrize(
        ("big", "small"),
        [
            (OPENPOSE18, COCO17),
            (MEDIAPIPE33, COCO17),
            (NTU25, KINECT20),
            (BODY25, COCO17),
            (BODY25, OPENPOSE18),
            (AZURE32, COCO17),
            (AZURE32, OPENPOSE18),
            (SMPL24, SMPL22),
        ],
        ids=lambda x: x.name,
    )
    def test_there_and_back(self, big, small):
        x = torch.randn(2, 3, 5, small.num_joints, 2)
        wide = small.convert(x, to=big)
        assert wide.shape == (2, 3, 5, big.num_joints, 2)
        assert torch.equal(big.convert(wide, to=small), x)
        missing = ~wide.any(1).any(1).any(-1).any(0)
        assert int(missing.sum()) == big.num_joints - small.num_joints

    def test_selects_by_name(self):
        x = torch.arange(18.0).reshape(1, 1, 18, 1)
        chosen = OPENPOSE18.convert(x, to=COCO17).flatten().int().tolist()
        names = [OPENPOSE18.joints[joint] for joint in chosen]
        assert names == list(COCO17.joints)
        x = torch.arange(25.0).reshape(1, 1, 25, 1)
        chosen = NTU25.convert(x, to=KINECT20).flatten().int().tolist()
        assert chosen[:4] == [0, 1, 20, 3]
        assert chosen[4:] == list(range(4, 20))

    @BUILT_IN
    def test_to_itself_is_the_identity(self, layout):
        x = torch.randn(3, 2, layout.num_joints, 1)
        out = layout.convert(x, to=layout)
        assert torch.equal(out, x)
        assert out.data_ptr() != x.data_ptr()

    def test_keeps_dtype_and_device_and_takes_arrays(self, device):
        x = torch.randn(2, 4, 17, 1, device=device, dtype=torch.float16)
        out = COCO17.convert(x, to=OPENPOSE18)
        assert out.dtype == torch.float16
        assert out.device == x.device
        array = np.ones((2, 4, 17, 1), dtype=np.float32)
        assert COCO17.convert(array, to=OPENPOSE18).sum() == array.sum()

    def test_gradient_and_empty_batch(self):
        x = torch.randn(2, 4, 18, 1, requires_grad=True)
        OPENPOSE18.convert(x, to=COCO17).sum().backward()
        assert x.grad.sum() == x.numel() * 17 / 18
        assert OPENPOSE18.convert(torch.zeros(0, 2, 4, 18, 1), to=COCO17).shape[0] == 0

    def test_neither_is_a_part_of_the_other(self):
        with pytest.raises(
            ValueError,
            match=r"`to` of layout KINECT20 must have a part of its joints.*got COCO17: only "
            r"KINECT20 has hip centre, spine, .*right foot; only COCO17 has nose, left eye",
        ):
            KINECT20.convert(torch.zeros(3, 4, 20, 1), to=COCO17)

    def test_clips_of_another_layout(self):
        with pytest.raises(ValueError, match=r"`x` has 18 joints, but layout COCO17.*Call convert"):
            COCO17.convert(torch.zeros(2, 4, 18, 1), to=OPENPOSE18)
        with pytest.raises(TypeError, match="real floating dtype"):
            COCO17.convert(torch.zeros(2, 4, 17, 1).long(), to=OPENPOSE18)

    @staticmethod
    def of(name, *joints):
        return SkeletonLayout(name, joints, parents=[-1] * len(joints))

    @pytest.mark.parametrize(
        ("own", "to", "chosen"),
        [
            (("hip", "pelvis"), ("Pelvis",), [1]),
            (("hip", "pelvis"), ("HipCenter", "pelvis"), [0, 1]),
            (("middle of spine", "spine"), ("Spine",), [1]),
            (("spine1", "spine2"), ("spine 2",), [1]),
            (("L_Knee", "RKnee"), ("right knee", "left knee"), [1, 0]),
            (("頭", "手"), ("手", "頭"), [1, 0]),
        ],
    )
    def test_the_closest_name_wins(self, own, to, chosen):
        x = torch.arange(float(len(own))).reshape(1, 1, -1, 1)
        out = self.of("a", *own).convert(x, to=self.of("b", *to))
        assert out.flatten().tolist() == chosen

    def test_two_names_of_one_joint_are_refused(self):
        two, one = self.of("two", "hip", "pelvis"), self.of("one", "base of spine")
        message = "layout two must name every joint differently.*got 'hip' and 'pelvis'. They read"
        with pytest.raises(ValueError, match=message):
            two.convert(torch.zeros(3, 1, 2, 1), to=one)
        with pytest.raises(ValueError, match=message):
            one.convert(torch.zeros(3, 1, 1, 1), to=two)


class TestMidpoints:
    SHOULDERS = ("left shoulder", "right shoulder")
    HIPS = ("left hip", "right hip")

    def test_the_neck_of_openpose(self, generator):
        """Oracle: the plain mean of the two joints, joint by joint."""
        x = torch.randn(2, 2, 4, 17, 1, generator=generator)
        out = COCO17.convert(x, to=OPENPOSE18, midpoints={"neck": self.SHOULDERS})
        expected = COCO17.convert(x, to=OPENPOSE18)
        expected[..., 1, :] = (x[..., 5, :] + x[..., 6, :]) / 2
        torch.testing.assert_close(out, expected)

    def test_neck_and_mid_hip_of_body25_of_a_batch_with_scores(self, generator):
        x = torch.rand(3, 3, 4, 17, 2, generator=generator) + 0.1
        made = {"Neck": self.SHOULDERS, 8: [11, "RHip"]}
        out = COCO17.convert(x, to=BODY25, midpoints=made)
        for joint, a, b in ((1, 5, 6), (8, 11, 12)):
            middle = (x[:, :2, :, a] + x[:, :2, :, b]) / 2
            torch.testing.assert_close(out[:, :2, :, joint], middle)
            least = torch.minimum(x[:, 2, :, a], x[:, 2, :, b])
            assert torch.equal(out[:, 2, :, joint], least)
        missing = [BODY25.joints[joint] for joint in range(25) if not out[..., joint, :].any()]
        assert missing == [name for name in BODY25.joints if "toe" in name or "heel" in name]

    def test_a_midpoint_of_a_missing_joint_is_missing(self):
        x = torch.ones(3, 4, 17, 2)  # x, y, score
        x[:, 1, 5, 0] = 0  # a missing shoulder
        x[:2, 2, 6, 1] = 0  # a place of zeros with a score
        out = COCO17.convert(x, to=OPENPOSE18, midpoints={"neck": self.SHOULDERS})
        expected = torch.ones(3, 4, 2)
        expected[:, 1, 0] = expected[:, 2, 1] = 0
        assert torch.equal(out[:, :, 1], expected)

    def test_makes_up_for_what_the_other_layout_has_not(self):
        x = torch.randn(3, 5, 33, 1)
        with pytest.raises(ValueError, match="only OPENPOSE18 has neck. .*or pass `midpoints`"):
            MEDIAPIPE33.convert(x, to=OPENPOSE18)
        out = MEDIAPIPE33.convert(x, to=OPENPOSE18, midpoints={"neck": self.SHOULDERS})
        torch.testing.assert_close(out[:, :, 1], x[:, :, 11:13].mean(2))
        assert out.all()

    def test_an_explicit_midpoint_goes_before_a_joint_of_that_name(self):
        x = 1 + torch.arange(18.0).reshape(1, 1, 18, 1)
        out = OPENPOSE18.convert(x, to=OPENPOSE18, midpoints={"neck": ("nose", 8, 11)})
        assert out.flatten()[1] == pytest.approx(22 / 3)

    def test_gradient_dtype_and_input_untouched(self):
        x = torch.full((2, 4, 17, 1), 3e4, dtype=torch.float16)
        before = x.clone()
        made = {"neck": self.SHOULDERS}
        out = COCO17.convert(x, to=OPENPOSE18, midpoints=made)
        assert out.dtype == torch.float16
        assert out.isfinite().all()
        assert torch.equal(x, before)
        y = torch.randn(2, 4, 17, 1, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(
            lambda y: COCO17.convert(y, to=OPENPOSE18, midpoints=made), (y,)
        )
        assert (
            COCO17.convert(y[:0].reshape(0, 2, 4, 17, 1), to=OPENPOSE18, midpoints=made).numel()
            == 0
        )

    def test_without_midpoints_none_is_made(self):
        x = torch.ones(2, 4, 17, 1)
        assert not COCO17.convert(x, to=OPENPOSE18)[:, :, 1].any()
        assert not COCO17.convert(x, to=OPENPOSE18, midpoints={})[:, :, 1].any()

    @pytest.mark.parametrize(
        ("made", "error", "message"),
        [
            ({"neck": ("left shoulder",)}, ValueError, "for neck must be two or more different"),
            ({"neck": ("l shoulder", 5)}, ValueError, "for neck must be two or more different"),
            ({"neck": SHOULDERS, 1: SHOULDERS}, ValueError, "for neck must be given once"),
            ({"mid hip": HIPS}, ValueError, "of layout OPENPOSE18 must be one of.*got 'mid hip'"),
            (
                {"neck": ("shoulder", 5)},
                ValueError,
                "of layout COCO17 must be one of.*closest are 'left shoulder', 'right shoulder'",
            ),
            ({"neck": (5, 17)}, ValueError, "of layout COCO17 must lie between 0 and 16; got 17"),
            ({"neck": (5, 6.0)}, TypeError, "of layout COCO17 must be the name of a joint"),
            ({"neck": "left shoulder"}, TypeError, "must map each joint to those that it lies"),
            ({"neck": 5}, TypeError, "must map each joint to those that it lies"),
            ([("neck", SHOULDERS)], TypeError, 'must map .*, such as midpoints={"neck":'),
            ("neck", TypeError, "must map each joint"),
        ],
    )
    def test_wrong_midpoints(self, made, error, message):
        with pytest.raises(error, match=f"`midpoints` {message}"):
            COCO17.convert(torch.ones(2, 4, 17, 1), to=OPENPOSE18, midpoints=made)


class TestUp:
    def test_y_points_down_in_images_and_for_cameras_that_say_so(self):
        up = {layout.name: layout.up for layout in EVERY}
        down = {
            *("OPENPOSE18", "BODY25", "COCO17", "MEDIAPIPE33"),
            *("AZURE32", "HAND21", "H36M17"),
        }
        assert up == {name: "-y" if name in down else "y" for name in up}

    def test_follows_from_the_dimensions_unless_given(self):
        assert two_bones().up == "y"
        assert two_bones(dimensions=2).up == "-y"
        assert two_bones(dimensions=2, up="y").up == "y"
        assert two_bones(up="-z").up == "-z"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"up": "up"}, "`up` of layout arm must be one of 'x', '-x', 'y', .*; got 'up'"),
            ({"up": 1}, "must be one of .*; got 1"),
            ({"up": "z", "dimensions": 2}, "must be one of 'x', '-x', 'y', '-y'; got 'z'"),
            ({"dimensions": True}, "`dimensions` of layout arm must be 2, .*; got True"),
            ({"dimensions": 3.0}, "`dimensions` of layout arm must be 2, .*; got 3.0"),
            ({"dimensions": "3"}, "`dimensions` of layout arm must be 2, .*; got '3'"),
        ],
    )
    def test_wrong_axes(self, changes, message):
        with pytest.raises(ValueError, match=message):
            two_bones(**changes)

    def test_does_not_tell_skeletons_apart(self):
        world = dataclasses.replace(H36M17, up="z")
        assert world == H36M17
        assert hash(world) == hash(H36M17)
        assert pickle.loads(pickle.dumps(world)).up == "z"


class TestFiles:
    @BUILT_IN
    def test_written_and_read(self, tmp_path, layout):
        save_layout(layout, tmp_path / "a.json")
        read = load_layout(str(tmp_path / "a.json"))
        assert read == layout
        assert read.as_dict() == layout.as_dict()

    def test_a_file_by_hand(self, tmp_path):
        path = tmp_path / "arm.json"
        path.write_text(
            '\ufeff{"name": "Arm", "joints": ["épaule", "coude", "main"],'
            ' "bones": [[1, 0], [2, 1]], "dimensions": 2, "parts": {"all": [0, 1, 2]}}',
            encoding="utf-8",
        )
        layout = load_layout(path)
        expected = SkeletonLayout(
            "Arm", ["épaule", "coude", "main"], parents=[-1, 0, 1], dimensions=2,
            parts={"all": (0, 1, 2)},
        )  # fmt: skip
        assert layout == expected
        assert layout.up == "-y"
        save_layout(layout, path)
        assert load_layout(path) == layout

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "cannot be read as a layout in JSON"),
            ('{"name": "arm", ', "cannot be read as a layout in JSON.*Is it complete"),
            ("[" * 100_000, "cannot be read as a layout in JSON"),
            ("\x00\xff", "cannot be read as a layout in JSON"),
            ("[1, 2]", "a layout must be fields by name; got a list of 2"),
            ('"NTU25"', "a layout must be fields by name; got 'NTU25'"),
            ("null", "a layout must be fields by name; got None"),
            ("{}", "a layout must have the field 'name'; got only nothing. It is missing"),
            ('{"name": "a", "parents": [-1]}', "must have the field 'joints'; got only 'name', 'p"),
            ('{"name": "a", "joints": ["b"]}', "must have the field 'parents' or 'bones'"),
            (
                '{"name": "a", "joints": ["b"], "parents": [-1], "bones": []}',
                "must have the field 'parents' or 'bones'; got both",
            ),
            (
                '{"name": "a", "joints": ["b"], "parent": [-1]}',
                "must have fields of .*; got 'parent'. The closest is 'parents'",
            ),
            ('{"name": 3, "joints": ["b"], "parents": [-1]}', "`name` must be a string; got 3"),
            ('{"name": "a", "joints": 3, "parents": [-1]}', "`joints` of layout a must be a list"),
            ('{"name": "a", "joints": ["b"], "parents": "b"}', "`parents of layout a` must be int"),
            ('{"name": "a", "joints": ["b"], "parents": [0.5]}', "`parents of layout a` must be"),
            ('{"name": "a", "joints": ["b"], "parents": [3]}', "`parents` of layout a .*; got 3"),
            ('{"name": "a", "joints": ["b"], "bones": [[1, 2, 3]]}', "`bones` of layout a must be"),
            ('{"name": "a", "joints": ["b"], "bones": 1}', "`bones` of layout a must list joints"),
            (
                '{"name": "a", "joints": ["b"], "parents": [-1], "dimensions": 4}',
                "`dimensions` of layout a must be 2",
            ),
            (
                '{"name": "a", "joints": ["b"], "parents": [-1], "parts": ["b"]}',
                "`parts` of layout a must be groups",
            ),
            ('{"name": "a", "joints": ["b"], "parents": [-1], "up": null}', "`up` of layout a"),
            (
                '{"name": "a", "joints": ["b"], "parents": [-1], "left_right": null}',
                "`left_right` of layout a must list joints; got None",
            ),
        ],
    )
    def test_damaged_and_wrong_files(self, tmp_path, text, message):
        path = tmp_path / "arm.json"
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(data.SkeletonFormatError, match=f"arm.json .*{message}"):
            load_layout(path)

    def test_no_file_and_no_layout(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="arm.json does not exist"):
            load_layout(tmp_path / "arm.json")
        with pytest.raises(TypeError, match="`layout` must be a SkeletonLayout.*got 'NTU25'"):
            save_layout("NTU25", tmp_path / "arm.json")
        assert not list(tmp_path.iterdir())

    @BUILT_IN
    def test_fields_that_earlier_versions_did_not_write(self, layout):
        fields = layout.as_dict()
        for name in ("up", "dimensions"):
            del fields[name]
            restored = restore_layout(fields)
            assert restored.as_dict() == layout.as_dict()
        other = restore_layout(fields | {"name": "mine"})
        assert (other.dimensions, other.up) == (3, "y")


class TestAdjacency:
    @BUILT_IN
    def test_spatial_is_the_references(self, layout):
        """Oracle: self; A[parent, child] = 1 over column sums; and its reverse likewise."""
        V = layout.num_joints
        inward = np.zeros((V, V))
        for child, parent in layout.bones:
            inward[parent, child] = 1
        expected = [np.eye(V)]
        for matrix in (inward, inward.T):
            sums = matrix.sum(0)
            expected.append(np.stack([matrix[:, j] / (sums[j] or 1) for j in range(V)], axis=1))
        np.testing.assert_allclose(layout.adjacency("spatial").numpy(), np.stack(expected), 1e-6)

    @BUILT_IN
    @pytest.mark.parametrize(("strategy", "subsets"), [("uniform", 1), ("distance", 2)])
    def test_others_have_columns_of_sum_one(self, layout, strategy, subsets):
        graph = layout.adjacency(strategy)
        assert graph.shape[0] == subsets
        torch.testing.assert_close(graph.sum((0, 1)), torch.ones(layout.num_joints))

    @BUILT_IN
    @pytest.mark.parametrize(("strategy", "reach"), [("st-gcn", 1), ("spatial-configuration", 99)])
    def test_partition_by_distance_to_the_centre(self, layout, strategy, reach):
        for centre in (0, layout.num_joints - 1, layout.joints[1]):
            graph = layout.adjacency(strategy, centre=centre)
            start = layout.index(centre)
            expected = stgcn.graph(layout.bones, layout.num_joints, start, reach)
            np.testing.assert_allclose(graph.numpy(), expected, 1e-6)
            torch.testing.assert_close(graph.sum(0), layout.adjacency("uniform")[0])

    @pytest.mark.parametrize(
        ("layout", "hub"),
        [(NTU25, 20), (KINECT20, 2), (OPENPOSE18, 1), (SBU15, 1), (BODY25, 1), (SMPL24, 9)],
        ids=lambda x: getattr(x, "name", x),
    )
    def test_by_default_the_centre_is_where_most_bones_meet(self, layout, hub):
        for strategy in ("st-gcn", "spatial-configuration"):
            expected = layout.adjacency(strategy, centre=hub)
            assert torch.equal(layout.adjacency(strategy), expected)

    def test_joints_without_a_way_to_the_centre_are_equally_far(self):
        two = SkeletonLayout("two", "abcd", parents=[-1, 0, -1, 2])
        _, others, nearer = two.adjacency("spatial-configuration", centre=0)
        assert others.nonzero().tolist() == [[1, 0], [2, 3], [3, 2]]
        assert nearer.nonzero().tolist() == [[0, 1]]
        alone = SkeletonLayout("alone", ["a", "b"], parents=[-1, -1])
        assert torch.equal(alone.adjacency("st-gcn")[0], torch.eye(2))

    def test_unknown_centre(self):
        with pytest.raises(ValueError, match="tail"):
            NTU25.adjacency("st-gcn", centre="tail")

    def test_unknown_strategy(self):
        with pytest.raises(ValueError, match="`strategy` must be one of 'spatial'.*got 'star'"):
            NTU25.adjacency("star")


class TestFindLayout:
    def test_knows_other_spellings(self):
        camel = ["".join(word.title() for word in reversed(n.split())) for n in SBU15.joints]
        assert find_layout(camel) is SBU15

    @pytest.mark.parametrize(
        ("names", "layout"),
        [
            (
                "PELVIS SPINE_NAVEL SPINE_CHEST NECK CLAVICLE_LEFT SHOULDER_LEFT ELBOW_LEFT "
                "WRIST_LEFT HAND_LEFT HANDTIP_LEFT THUMB_LEFT CLAVICLE_RIGHT SHOULDER_RIGHT "
                "ELBOW_RIGHT WRIST_RIGHT HAND_RIGHT HANDTIP_RIGHT THUMB_RIGHT HIP_LEFT KNEE_LEFT "
                "ANKLE_LEFT FOOT_LEFT HIP_RIGHT KNEE_RIGHT ANKLE_RIGHT FOOT_RIGHT HEAD NOSE "
                "EYE_LEFT EAR_LEFT EYE_RIGHT EAR_RIGHT",
                AZURE32,
            ),
            (
                "Nose Neck RShoulder RElbow RWrist LShoulder LElbow LWrist MidHip RHip RKnee "
                "RAnkle LHip LKnee LAnkle REye LEye REar LEar LBigToe LSmallToe LHeel RBigToe "
                "RSmallToe RHeel",
                BODY25,
            ),
            (
                "WRIST THUMB_CMC THUMB_MCP THUMB_IP THUMB_TIP "
                + " ".join(
                    f"{finger}_{joint}"
                    for finger in ("INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY")
                    for joint in ("MCP", "PIP", "DIP", "TIP")
                ),
                HAND21,
            ),
        ],
        ids=lambda x: getattr(x, "name", "names"),
    )
    def test_knows_the_names_of_the_makers(self, names, layout):
        assert find_layout(names.split()) is layout

    @pytest.mark.parametrize(
        ("file", "layout"),
        [("irds_part", NTU25), ("utd_mhad", KINECT20), ("sbu_interaction", SBU15)],
    )
    def test_knows_real_files(self, recordings, file, layout):
        with np.load(recordings / f"{file}.npz") as arrays:
            assert find_layout(arrays["joint_names"].tolist()) is layout

    def test_order_matters(self):
        assert find_layout(tuple(reversed(SBU15.joints))) is None
        assert layouts.joint_words("Left_Hand") == {"left", "hand"}


def test_messages_name_every_layout():
    names = ", ".join(layout.name for layout in layouts.BUILT_IN)
    with pytest.raises(TypeError, match=f"Built in are {names}\\."):
        layouts.check_layout("NTU")


@pytest.mark.parametrize("wrong", ["ntu-rgb+d", 25])
def test_a_layout_is_asked_for_wherever_one_enters(wrong, tmp_path):
    store = data.synthetic.generate(clips_per_class=1, classes=["wave"])
    data.write_ragged(tmp_path / "clips.npz", store)
    for call in (
        lambda: AGCN(wrong),
        lambda: data.synthetic.generate(layout=wrong),
        lambda: data.load_ragged(tmp_path / "clips.npz", layout=wrong),
        lambda: data.SkeletonStore.from_clips(store, layout=wrong),
    ):
        with pytest.raises(TypeError, match="`layout` must be a SkeletonLayout such as .*Built in"):
            call()
