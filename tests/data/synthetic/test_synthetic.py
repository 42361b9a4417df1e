"""The synthetic data set: what it promises."""

import numpy as np
import pytest
import torch

from skelter.data import SkeletonStore
from skelter.data.synthetic import ACTIONS, generate
from skelter.layouts import (
    AZURE32,
    BODY25,
    COCO17,
    H36M17,
    KINECT20,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    SBU15,
    SMPL22,
    SMPL24,
    SkeletonLayout,
)

PAIRS = ("handshake", "push")
EXERCISES = SkeletonLayout.from_bones(
    "exercises",
    "Waist Spine Chest Neck Head HeadTip CollarLeft ShoulderLeft ElbowLeft HandLeft CollarRight "
    "ShoulderRight ElbowRight HandRight HipLeft KneeLeft AnkleLeft ToesLeft HipRight KneeRight "
    "AnkleRight ToesRight".split(),
    bones=[(i, i - 1) for i in range(1, 22) if i not in (6, 10, 14, 18)]
    + [(6, 2), (10, 2), (14, 0), (18, 0)],
)


@pytest.fixture(scope="module")
def store() -> SkeletonStore:
    return generate()


def bone_lengths(joints: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    child, parent = np.array(layout.bones).T
    return np.linalg.norm(joints[..., child, :] - joints[..., parent, :], axis=-1)


class TestContents:
    def test_clips_are_ntu_like(self, store: SkeletonStore) -> None:
        assert len(store) == 60 * len(ACTIONS)
        assert store.label_names == ACTIONS
        lengths = set()
        for i in range(len(store)):
            joints = store[i].joints
            assert joints.dtype == np.float32
            assert joints.shape[1:] == (2, 25, 3)
            assert np.isfinite(joints).all()
            assert 40 <= len(joints) <= 110
            lengths.add(len(joints))
        assert len(lengths) > 40

    def test_persons_stand_before_the_camera(self, store: SkeletonStore) -> None:
        for i in range(0, len(store), 7):
            chest = store[i].joints[:, 0, 20]
            assert (chest[:, 2] > 1).all()
            assert (chest[:, 2] < 6).all()
            assert (np.abs(chest[:, :2]) < 2.5).all()
            head, foot = store[i].joints[0, 0, 3], store[i].joints[0, 0, 0]
            assert head[1] > foot[1]

    def test_the_second_person_is_there_only_when_needed(self, store: SkeletonStore) -> None:
        for i in range(len(store)):
            clip = store[i]
            alone = ACTIONS[clip.label] not in PAIRS
            assert bool((clip.joints[:, 1] == 0).all()) == alone

    def test_labels_subjects_and_views_are_balanced(self, store: SkeletonStore) -> None:
        assert np.bincount(store.labels).tolist() == [60] * len(ACTIONS)
        for label in range(len(ACTIONS)):
            own = store.labels == label
            pairs = set(zip(store.subjects[own], store.views[own], strict=True))
            assert len(pairs) == 30
            assert np.bincount(store.views[own]).tolist() == [0, 20, 20, 20]
            assert np.bincount(store.subjects[own]).tolist() == [0] + [6] * 10

    def test_subjects_and_views_with_a_common_divisor_still_meet(self) -> None:
        made = generate(clips_per_class=16, subjects=4, views=4, classes=["bow"])
        assert len({(made[i].subject, made[i].view) for i in range(16)}) == 16

    def test_an_odd_number_of_clips_is_as_even_as_can_be(self) -> None:
        made = generate(clips_per_class=7, subjects=3, views=2, classes=["bow"])
        assert sorted(np.bincount(made.subjects)[1:].tolist()) == [2, 2, 3]
        assert sorted(np.bincount(made.views)[1:].tolist()) == [3, 4]

    def test_names_tell_subject_view_action_and_repetition(self) -> None:
        made = generate(clips_per_class=1, classes=["push"])
        assert made[0].name == f"S01V1A{ACTIONS.index('push') + 1:02}R01"


class TestDeterminism:
    def test_same_arguments_give_the_same_bits(self) -> None:
        first, again = (generate(clips_per_class=2, seed=3) for _ in range(2))
        for i in range(len(first)):
            np.testing.assert_array_equal(first[i].joints, again[i].joints)

    def test_another_seed_gives_other_clips(self) -> None:
        made = [generate(clips_per_class=1, classes=["bow"], seed=seed)[0] for seed in (0, 1)]
        assert made[0].joints.shape != made[1].joints.shape or not np.array_equal(
            made[0].joints, made[1].joints
        )

    def test_a_clip_does_not_depend_on_the_others(self) -> None:
        few = generate(clips_per_class=3, classes=["push", "wave"])
        many = generate(clips_per_class=5, classes=["wave", "bow", "push"])
        for mine, theirs in ((0, 10), (2, 12), (3, 0), (5, 2)):
            np.testing.assert_array_equal(few[mine].joints, many[theirs].joints)
            assert few[mine].name == many[theirs].name

    def test_the_global_generator_is_untouched(self) -> None:
        before = torch.get_rng_state()
        generate(clips_per_class=1, classes=["bow"])
        assert torch.equal(torch.get_rng_state(), before)


class TestBody:
    @pytest.mark.parametrize("layout", [NTU25, EXERCISES], ids=lambda one: one.name)
    def test_bones_keep_their_lengths(self, layout: SkeletonLayout) -> None:
        made = generate(clips_per_class=2, layout=layout, noise=0.0, dropped=0.0)
        for i in range(len(made)):
            lengths = bone_lengths(made[i].joints, layout)
            assert np.ptp(lengths, axis=0).max() < 1e-4

    def test_bones_have_human_lengths(self) -> None:
        made = generate(clips_per_class=10, classes=["bow"], noise=0.0, dropped=0.0)
        for i in range(len(made)):
            clip = made[i].joints[:, 0]
            lengths = bone_lengths(clip, NTU25)
            assert lengths.max() < 0.55
            assert lengths.min() > 0.02
            assert 1.2 < np.linalg.norm(clip[0, 3] - clip[0, 14]) < 1.9

    def test_standing_feet_stay_where_they_are(self) -> None:
        made = generate(clips_per_class=6, classes=["wave", "bow", "sit down"], noise=0, dropped=0)
        for i in range(len(made)):
            ankles = made[i].joints[:, 0, [14, 18]]
            assert np.abs(ankles - ankles[:1]).max() < 0.03

    def test_hands_meet_in_a_handshake(self) -> None:
        made = generate(clips_per_class=20, classes=["handshake"], noise=0.0, dropped=0.0)
        for i in range(len(made)):
            hands = made[i].joints[:, :, 11]
            assert np.linalg.norm(hands[:, 0] - hands[:, 1], axis=-1).min() < 0.12

    def test_subjects_keep_their_bodies(self) -> None:
        made = generate(clips_per_class=20, classes=["bow"], noise=0.0, dropped=0.0)
        lengths = np.stack([bone_lengths(made[i].joints[0, 0], NTU25) for i in range(20)])
        np.testing.assert_allclose(lengths[:10], lengths[10:], atol=1e-4)
        assert lengths[:10].std(0).mean() > 0.005


class TestSensor:
    def test_noise_has_the_size_asked_for(self) -> None:
        clean = generate(clips_per_class=4, noise=0.0, dropped=0.0)
        noisy = generate(clips_per_class=4, noise=0.01, dropped=0.0)
        spread: list[np.ndarray] = []
        for i in range(len(clean)):
            error = (noisy[i].joints - clean[i].joints)[10:, 0]
            spread.append(np.diff(error, axis=0).std((0, 2)) / np.sqrt(2))
        white = np.mean(spread, 0)  # differences of frames leave the drift out
        assert 0.007 < white[0] < 0.01
        assert 0.018 < white[21] < 0.026  # a hand tip

    def test_dropped_joints_are_zero_for_a_while(self) -> None:
        kept = generate(clips_per_class=4, dropped=0.0, classes=["wave", "kick", "push"])
        lossy = generate(clips_per_class=4, dropped=1.0, classes=["wave", "kick", "push"])
        for i in range(len(kept)):
            before, after = kept[i].joints, lossy[i].joints
            lost = (after == 0).all(-1) & ~(before == 0).all(-1)
            assert lost.any()
            assert not lost[:, :, [0, 1, 20, 2, 3, 4, 8, 12, 16]].any()
            np.testing.assert_array_equal(after[~lost], before[~lost])

    def test_dropped_is_a_probability(self, store: SkeletonStore) -> None:
        alone = [i for i in range(len(store)) if ACTIONS[store.labels[i]] not in PAIRS]
        lossy = [(store[i].joints[:, 0] == 0).all(-1).any() for i in alone]
        assert 0.35 < np.mean(lossy) < 0.45


class TestLayouts:
    @pytest.mark.parametrize(
        "layout",
        [
            *(KINECT20, SBU15, EXERCISES, COCO17, OPENPOSE18, H36M17, SMPL24, MEDIAPIPE33),
            *(BODY25, SMPL22, AZURE32),
        ],
        ids=lambda one: one.name,
    )
    def test_every_joint_is_known(self, layout: SkeletonLayout) -> None:
        made = generate(clips_per_class=1, layout=layout, noise=0.0, dropped=0.0)
        assert made[0].joints.shape[1:] == (2, layout.num_joints, 3)
        assert made.layout == layout
        assert made.layout.up == "y"
        # A joint whose name is unknown would coincide with a neighbour or lie amid several.
        bones = np.linalg.norm(
            np.diff(made[0].joints[:, 0][:, np.array(layout.bones)], axis=2), axis=-1
        )
        assert bones.min() > 0.01

    def test_layouts_show_the_same_performance(self) -> None:
        ntu, kinect = (
            generate(clips_per_class=1, layout=layout, noise=0.0, dropped=0.0)
            for layout in (NTU25, KINECT20)
        )
        for i in range(len(ntu)):
            np.testing.assert_allclose(
                ntu[i].joints[:, :, 3:20], kinect[i].joints[:, :, 3:20], atol=1e-5
            )

    @pytest.mark.parametrize(
        ("names", "other"),
        [
            ("SpineBase SpineMid SpineShoulder", "pelvis torso chest"),
            ("HipCenter MidHip Hip", "waist root pelvis"),
            ("RShoulder left_wrist HandTipRight", "ShoulderRight WristLeft right_fingertip"),
            ("L_BigToe head_top Neck", "left toe|crown|neck joint"),
        ],
    )
    def test_names_are_read_in_many_spellings(self, names: str, other: str) -> None:
        frames = []
        for spelling in (names, other):
            joints = spelling.split("|" if "|" in spelling else " ")
            layout = SkeletonLayout("three", joints, parents=[-1, 0, 1])
            frames.append(generate(clips_per_class=1, layout=layout, classes=["kick"]).frames)
        np.testing.assert_array_equal(*frames)

    def test_numbered_spines_climb_the_spine(self) -> None:
        joints = ["spine3", "Spine1", "spine_02", "pelvis", "spine (shoulder level)"]
        layout = SkeletonLayout("spines", joints, parents=[-1] * 5)
        made = generate(clips_per_class=1, layout=layout, classes=["wave"], noise=0.0, dropped=0.0)
        three, one, two, pelvis, chest = made[0].joints[:, 0].swapaxes(0, 1)
        np.testing.assert_allclose(one, (pelvis + two) / 2, atol=1e-5)
        np.testing.assert_allclose(three, (two + chest) / 2, atol=1e-5)
        assert (np.diff([pelvis, one, two, three, chest], axis=0)[..., 1] > 0.02).all()

    def test_a_face_and_a_hand_have_their_order(self) -> None:
        made = generate(
            clips_per_class=1, layout=MEDIAPIPE33, classes=["kick"], noise=0.0, dropped=0.0
        )
        joints = dict(zip(MEDIAPIPE33.joints, made[0].joints[:, 0].swapaxes(0, 1), strict=True))
        for side in ("left", "right"):
            row = [f"{side} eye inner", f"{side} eye", f"{side} eye outer", f"{side} ear"]
            far = [np.linalg.norm(joints["nose"] - joints[name], axis=1) for name in row]
            assert (np.diff(far, axis=0) > 0).all()
            mouth = joints[f"{side} mouth"]
            assert (mouth[:, 1] < joints["nose"][:, 1]).all()
            hand = [joints[f"{side} {name}"] for name in ("thumb", "index", "pinky")]
            assert np.linalg.norm(hand[0] - hand[2], axis=1).min() > 0.05
            for finger in hand:
                length = np.linalg.norm(finger - joints[f"{side} wrist"], axis=1)
                np.testing.assert_array_less(length, 0.25)

    def test_unknown_joints_lie_between_their_neighbours(self) -> None:
        odd = SkeletonLayout(
            "odd", ["head", "x", "left hand", "y", "z", "loose"], parents=[-1, 0, 1, 2, 3, -1]
        )
        made = generate(clips_per_class=1, layout=odd, classes=["bow"], noise=0.0, dropped=0.0)
        joints = made[0].joints[:, 0]
        np.testing.assert_allclose(joints[:, 1], (joints[:, 0] + joints[:, 2]) / 2, atol=1e-5)
        np.testing.assert_allclose(joints[:, 4], joints[:, 2], atol=1e-5)


class TestErrors:
    def test_unknown_class(self) -> None:
        with pytest.raises(ValueError, match=r"`classes` must be one of 'wave'.*got 'dance'"):
            generate(classes=["wave", "dance"])

    @pytest.mark.parametrize("classes", [[], ["wave", "wave"]])
    def test_classes_must_be_distinct(self, classes: list[str]) -> None:
        with pytest.raises(ValueError, match=r"`classes` must be distinct names.*Leave it out"):
            generate(classes=classes)

    @pytest.mark.parametrize("name", ["clips_per_class", "subjects", "views"])
    def test_counts(self, name: str) -> None:
        with pytest.raises(ValueError, match=rf"`{name}` must be at least 1; got 0"):
            generate(**{name: 0})
        with pytest.raises(TypeError, match=rf"`{name}` must be an integer"):
            generate(**{name: 2.5})

    def test_noise_in_centimetres(self) -> None:
        with pytest.raises(ValueError, match=r"`noise` must lie between 0.0 and 1.0; got 1.5.*met"):
            generate(noise=1.5)

    def test_dropped_is_no_percentage(self) -> None:
        with pytest.raises(ValueError, match=r"`dropped` must lie between 0.0 and 1.0; got 20"):
            generate(dropped=20)

    def test_a_layout_without_a_body(self) -> None:
        snake = SkeletonLayout("snake", ["a", "b"], parents=[-1, 0])
        message = r"joints of a human body.*got layout snake with \['a', 'b'\]. Rename"
        with pytest.raises(ValueError, match=message):
            generate(layout=snake)
