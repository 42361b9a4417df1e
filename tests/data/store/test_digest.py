"""The digest of a store: of what it holds, not of where or how it lies."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from skelter.data import Clip, SkeletonStore, load_ragged, write_ragged
from skelter.layouts import SBU15, SkeletonLayout

LENGTHS = (5, 1, 9)


def clips():
    rng = np.random.default_rng(0)
    return [
        Clip(
            rng.normal(size=(n, 2, 15, 3)).astype(np.float32),
            label=i % 2,
            subject=i + 1,
            name=f"clip{i}",
            extra={"fold": i},
        )
        for i, n in enumerate(LENGTHS)
    ]


def change(position, **changes):
    """Return the clips with another fact of one."""
    changed = clips()
    changed[position] = replace(changed[position], **changes)
    return changed


def of(sequences, layout=SBU15, **about):
    return SkeletonStore.from_clips(sequences, layout=layout, **about)


class TestDigest:
    def test_is_32_hexadecimal_digits(self):
        digest = of(clips()).digest
        assert len(digest) == 32
        int(digest, 16)

    def test_the_same_wherever_the_store_lies(self, tmp_path):
        digest = of(clips()).digest
        built = SkeletonStore.build(tmp_path / "a", clips(), layout=SBU15)
        shutil.copytree(tmp_path / "a", tmp_path / "b")
        write_ragged(tmp_path / "c.npz", built)
        stores = [
            built,
            SkeletonStore.open(tmp_path / "b"),
            SkeletonStore.build(tmp_path / "d", built, layout=SBU15),
            load_ragged(tmp_path / "c.npz"),
            of(built),
            built.map(torch.clone),
            built.to("cpu"),
            pickle.loads(pickle.dumps(of(clips()))),
        ]
        assert [store.digest for store in stores] == [digest] * len(stores)

    def test_stays_the_same_over_versions(self):
        """A run that is resumed after an update has to know its clips."""
        assert of([np.full((3, 15, 3), 0.5)]).digest == "b4d0ee45c6574af10528725cc1134a54"

    def test_names_and_rates_of_the_set_do_not_count(self):
        told = of(clips(), label_names=("a", "b"), fps=30.0, name="x", provenance={"made": "so"})
        assert told.digest == of(clips()).digest

    def test_the_name_of_a_layout_does_not_count(self):
        other = SkeletonLayout(**{**SBU15.as_dict(), "name": "mine"})
        assert of(clips(), other).digest == of(clips()).digest

    @pytest.mark.parametrize(
        "changed",
        [
            change(2, joints=clips()[2].joints + 1e-6),
            change(0, label=1),
            change(0, subject=7),
            change(0, view=7),
            change(0, name="other"),
            change(0, extra={"fold": 7}),
            change(0, extra={"fold": 0, "setup": 7}),
            clips()[::-1],
            clips()[:2],
        ],
        ids=["frames", "label", "subject", "view", "name", "extra", "more", "order", "fewer"],
    )
    def test_every_fact_of_a_clip_counts(self, changed):
        assert of(changed).digest != of(clips()).digest

    def test_persons_and_channels_count(self):
        zeros = np.zeros((4, 2, 15, 3))
        shapes = [zeros, zeros[:, :1], np.zeros((8, 1, 15, 3)), np.zeros((6, 2, 15, 2))]
        assert len({of([array]).digest for array in shapes}) == 4

    def test_the_layout_counts(self):
        other = SkeletonLayout(**{**SBU15.as_dict(), "joints": SBU15.joints[::-1]})
        assert of(clips(), other).digest != of(clips()).digest

    def test_where_clips_begin_counts(self):
        joined = np.concatenate([clip.joints for clip in clips()])
        assert of([joined[:4], joined[4:]]).digest != of([joined[:5], joined[5:]]).digest

    def test_a_build_keeps_it(self, tmp_path, monkeypatch):
        digest = SkeletonStore.build(tmp_path / "s", clips(), layout=SBU15).digest
        monkeypatch.setattr(
            "skelter.data.store._frames.digest_frames", lambda frames: pytest.fail("read")
        )
        store = SkeletonStore.open(tmp_path / "s")
        assert store.digest == digest
        assert store.map(torch.neg, name="mirror").digest != digest

    def test_computed_once_in_memory(self, monkeypatch):
        store = of(clips())
        digest = store.digest
        monkeypatch.setattr(
            "skelter.data.store._frames.digest_frames", lambda frames: pytest.fail("again")
        )
        assert store.digest == digest

    @pytest.mark.parametrize("dtype", ["float32", "float16"])
    def test_an_older_store_has_it_too(self, tmp_path, dtype):
        path = tmp_path / "s"
        digest = SkeletonStore.build(path, clips(), layout=SBU15, dtype=dtype).digest
        meta = json.loads((path / "store.json").read_text())
        del meta["frames_digest"]
        (path / "store.json").write_text(json.dumps(meta))
        assert SkeletonStore.open(path).digest == digest
        # as versions 1 and 2 nested frames
        planes = np.fromfile(path / "frames.bin", meta["dtype"]).reshape(-1, 3, 15, 2)
        (path / "frames.bin").write_bytes(planes.transpose(0, 3, 2, 1).tobytes())
        (path / "store.json").write_text(json.dumps(meta | {"version": 2}))
        assert SkeletonStore.open(path).digest == digest

    def test_follows_other_labels(self, tmp_path):
        store = SkeletonStore.build(tmp_path / "s", clips(), layout=SBU15)
        before = store.digest
        store.index = replace(store.index, labels=np.array([1, 1, 1]))
        assert store.digest != before

    def test_in_pieces(self, monkeypatch):
        whole = of(clips()).digest
        monkeypatch.setattr("skelter.data.store._digest.BLOCK", 1000)
        assert of(clips()).digest == whole


class TestDigestOfAMap:
    def test_does_not_look_at_what_was_computed(self):
        """Results differ in their last bits between machines."""
        store = of(clips())
        here = store.map(lambda x: x * 2, name="double")
        there = store.map(lambda x: x * (2 + 1e-6), name="double")
        assert (here.frames != there.frames).any()
        assert here.digest == there.digest

    def test_source_and_names_count(self):
        store = of(clips())
        digests = {
            store.digest,
            store.map(torch.neg, name="a").digest,
            store.map(torch.neg, name="b").digest,
            store.map(torch.neg).digest,
            of(clips()[:2]).map(torch.neg, name="a").digest,
            store.map(torch.neg, name="a").map(torch.neg, name="b").digest,
            store.map(torch.neg, name="b").map(torch.neg, name="a").digest,
        }
        assert len(digests) == 7

    def test_without_a_name_the_content_counts(self):
        store = of(clips())
        assert store.map(torch.neg).map(torch.neg).digest == store.digest

    def test_survives_a_move_and_a_pickle(self):
        store = of(clips()).map(torch.neg, name="mirror")
        assert store.to("cpu").digest == store.digest
        assert pickle.loads(pickle.dumps(store)).digest == store.digest
