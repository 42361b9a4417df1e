from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from skelter import data, layouts
from skelter.layouts import KINECT20, NTU25, SBU15, SkeletonLayout, find_layout

BUILT_IN = pytest.mark.parametrize("layout", [NTU25, KINECT20, SBU15], ids=lambda x: x.name)


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

    def test_unknown_joint_name(self):
        with pytest.raises(ValueError, match="must be one of.*got 'tail'"):
            NTU25.index("tail")


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

    def test_unknown_strategy(self):
        with pytest.raises(ValueError, match="`strategy` must be one of 'spatial'.*got 'star'"):
            NTU25.adjacency("star")


class TestFindLayout:
    def test_knows_other_spellings(self):
        camel = ["".join(word.title() for word in reversed(n.split())) for n in SBU15.joints]
        assert find_layout(camel) is SBU15

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
