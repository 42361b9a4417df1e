from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import workers
from benchmarks import kill_build

from skelter.data import (
    Clip,
    Progress,
    SkeletonFormatError,
    SkeletonStore,
    Source,
    StoreInfo,
    prepare,
    read_ntu,
    sources,
    splits,
    synthetic,
    write_ntu,
    write_ragged,
)
from skelter.layouts import NTU25
from skelter.transforms import presets

FILES = 20
WITHOUT = "without a skeleton, as the authors list them"


@pytest.fixture(scope="module")
def clips():
    store = synthetic.generate(clips_per_class=2)
    names = [
        f"S001C{1 + number % 3:03d}P{1 + number % 4:03d}R001A{number + 1:03d}"
        for number in range(FILES)
    ]
    return [
        replace(clip, name=name, joints=clip.joints[:12])
        for clip, name in zip((store[number] for number in range(FILES)), names, strict=True)
    ]


@pytest.fixture
def raw(clips, tmp_path):
    folder = tmp_path / "raw"
    write_ntu(folder, clips)
    return folder


@pytest.fixture
def source(raw):
    """Five parts of four files."""
    return replace(sources.ntu60(raw), pieces_per_part=4)


def contents(store):
    return {path.name: path.read_bytes() for path in store.iterdir()}


def change_provenance(path, *, replace=None, **changes):
    meta = json.loads((path / "store.json").read_text())
    meta["provenance"] = (meta["provenance"] | changes) if replace is None else replace
    (path / "store.json").write_text(json.dumps(meta))


def damage(raw, name):
    file = next(raw.glob(f"*{name}.skeleton"))
    file.write_text("12\nnobody\n")
    return file


class TestPrepare:
    def test_holds_what_the_reader_reads(self, source, raw, tmp_path):
        report = prepare(source, tmp_path / "store")
        expected = list(read_ntu(raw))
        assert len(report.store) == len(expected) == FILES
        for clip, other in zip(report.store, expected, strict=True):
            np.testing.assert_array_equal(clip.joints, other.joints)
            assert (clip.name, clip.label, clip.subject, clip.view) == (
                other.name, other.label, other.subject, other.view,
            )  # fmt: skip
        assert report.store.label_names[0] == "drink water"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["raw", "store"]

    @pytest.mark.parametrize("pieces", [1, 3, 100])
    def test_is_the_same_however_it_is_made(self, source, tmp_path, pieces):
        one = prepare(source, tmp_path / "one")
        prepare(replace(source, pieces_per_part=pieces), tmp_path / "two")
        assert contents(tmp_path / "one") == contents(tmp_path / "two")
        assert len(one.store) == FILES

    def test_is_the_same_with_two_processes(self, source, tmp_path):
        given = {"normalise": presets.isc_normalise(), "normalisation": "isc_normalise"}
        prepare(source, tmp_path / "one", **given)
        prepare(source, tmp_path / "two", **given, workers=2)
        assert contents(tmp_path / "one") == contents(tmp_path / "two")

    def test_normalises_and_says_so(self, source, tmp_path):
        plain = prepare(source, tmp_path / "plain").store
        function = presets.isc_normalise()
        path = tmp_path / "store"
        store = prepare(source, path, normalise=function, normalisation="isc_normalise").store
        for clip, expected in zip(store, plain.map(presets.isc_normalise()), strict=True):
            np.testing.assert_allclose(clip.joints, expected.joints, atol=1e-6)
        made = store.info.provenance
        assert made["normalisation"] == "isc_normalise"
        assert made["format"] == "NTU RGB+D .skeleton"
        assert made["library"].startswith("skelter 0.")
        assert plain.info.provenance["normalisation"] is None

    def test_normalisations_may_shorten_clips(self, raw, clips, tmp_path):
        """Frames without anybody are left out, and the store is ragged."""
        gap = [replace(clip, joints=clip.joints.copy()) for clip in clips[:3]]
        for clip in gap:
            clip.joints[4:6] = 0
        write_ntu(raw, gap)
        source = sources.ntu60(raw)
        plain = prepare(source, tmp_path / "plain").store
        for name in ("ctrgcn_normalise", "pyskl_normalise_3d", "crosclr_normalise, frames=9"):
            normalise = presets.find_normalisation(name, NTU25)
            given = {"normalise": normalise, "normalisation": name}
            store = prepare(source, tmp_path / name, **given).store
            for clip, before in zip(store, plain, strict=True):
                there = before.joints.any((1, 2, 3))
                assert len(clip.joints) == (9 if "9" in name else there.sum())
                alone = torch.from_numpy(before.joints.copy()).permute(3, 0, 2, 1)
                expected = normalise(alone).permute(1, 3, 2, 0)[: len(clip.joints)]
                np.testing.assert_allclose(clip.joints, expected, atol=1e-6)
            assert store.info.provenance["normalisation"] == name
        assert not plain[0].joints[4:6].any()

    def test_half_precision(self, source, tmp_path):
        store = prepare(source, tmp_path / "store", dtype="float16").store
        assert store.frames.dtype == np.float16

    def test_progress(self, source, tmp_path):
        seen = []
        prepare(source, tmp_path / "store", progress=seen.append)
        assert seen == [Progress(done, FILES, done, 0) for done in (4, 8, 12, 16, 20)]

    def test_a_finished_store_is_reported_not_made_again(self, source, tmp_path):
        first = prepare(source, tmp_path / "store")
        before = contents(tmp_path / "store")
        second = prepare(source, tmp_path / "store", workers=2)
        assert str(first) == str(second)
        assert contents(tmp_path / "store") == before

    @pytest.mark.parametrize("change", ["options", "files", "store"])
    def test_never_replaces_another_store(self, source, raw, clips, tmp_path, change):
        if change == "store":
            SkeletonStore.build(tmp_path / "store", clips, layout=NTU25)
        else:
            prepare(source, tmp_path / "store")
        if change == "files":
            write_ntu(raw, [replace(clips[0], name="S001C001P001R002A001")])
            source = sources.ntu60(raw)
        with pytest.raises(FileExistsError, match="was not made from this source with these"):
            prepare(
                source, tmp_path / "store", dtype="float16" if change == "options" else "float32"
            )

    @pytest.mark.parametrize("folder", [True, False])
    def test_never_replaces_what_is_not_a_store(self, source, tmp_path, folder):
        path = tmp_path / "mine"
        path.mkdir() if folder else path.touch()
        with pytest.raises(FileExistsError, match="mine exists, and is not a store. Remove it, or"):
            prepare(source, path)
        assert path.is_dir() == folder

    def test_another_normalisation_is_refused(self, source, tmp_path):
        given = {"normalise": presets.isc_normalise(), "normalisation": "isc_normalise"}
        prepare(source, tmp_path / "store", **given)
        prepare(source, tmp_path / "store", **given)
        with pytest.raises(FileExistsError, match="normalisation is 'isc_normalise', not None"):
            prepare(source, tmp_path / "store")
        given["normalisation"] = "isc_normalise, axis y"
        with pytest.raises(FileExistsError, match="'isc_normalise', not 'isc_normalise, axis y'"):
            prepare(source, tmp_path / "store", **given)

    def test_a_store_of_another_version_of_the_library_is_reported(self, source, tmp_path):
        prepare(source, tmp_path / "store")
        change_provenance(tmp_path / "store", library="skelter 99.0.0")
        before = contents(tmp_path / "store")
        assert len(prepare(source, tmp_path / "store").store) == FILES
        assert contents(tmp_path / "store") == before

    def test_a_store_without_a_digest_opens_but_is_not_taken_for_this_one(self, source, tmp_path):
        store = prepare(source, tmp_path / "store").store
        provenance = {
            "format": "NTU RGB+D .skeleton",
            "options": {"single": "zeros", "track": "order"},
            "library": "skelter 0.4.0",
            "normalisation": "Compose( (transforms): Members( (0): FillFrames() ) )",
            "dtype": "float32",
            "excluded": {},
            "pieces": "2dbec5b56aedb855e17c981224d122e2",
            "skipped": [],
        }
        change_provenance(tmp_path / "store", replace=provenance)
        opened = SkeletonStore.open(tmp_path / "store")
        assert opened.info.provenance == provenance
        np.testing.assert_array_equal(opened.frames, store.frames)
        with pytest.raises(FileExistsError, match=r"no digest, .* by skelter before 0\.5"):
            prepare(source, tmp_path / "store")

    @pytest.mark.parametrize(
        ("argument", "message"),
        [
            ({"normalise": torch.abs}, "`normalisation` must name `normalise`"),
            ({"normalisation": "abs"}, "`normalisation` must name `normalise`"),
            ({"workers": 0}, "`workers` must be"),
            ({"on_error": "ignore"}, "`on_error` must be"),
            ({"dtype": "int8"}, "`dtype` must be"),
        ],
    )
    def test_wrong_arguments(self, source, tmp_path, argument, message):
        with pytest.raises(ValueError, match=message):
            prepare(source, tmp_path / "store", **argument)

    def test_what_cannot_be_sent_to_processes(self, source, tmp_path):
        with pytest.raises(TypeError, match="must be picklable to be sent to several processes"):
            prepare(
                source, tmp_path / "store", workers=2, normalise=lambda x: x, normalisation="none"
            )
        assert not (tmp_path / "store").exists()

    def test_one_build_of_a_store_at_a_time(self, source, tmp_path):
        def again(_):
            with pytest.raises(BlockingIOError, match="Another process is building"):
                prepare(source, tmp_path / "store")

        assert len(prepare(source, tmp_path / "store", progress=again).store) == FILES


class TestDamage:
    def test_raise_names_the_file_and_leaves_no_store(self, source, raw, tmp_path):
        file = damage(raw, "A010")
        with pytest.raises(
            SkeletonFormatError, match=r"A010.skeleton, line 2: expected the number"
        ):
            prepare(source, tmp_path / "store")
        assert not (tmp_path / "store").exists()
        file.unlink()
        prepare(replace(sources.ntu60(raw), pieces_per_part=4), tmp_path / "store")

    def test_skip_reports_it_and_loses_nothing_else(self, source, raw, tmp_path):
        damage(raw, "A010")
        (raw / "S001C001P001R001A055.skeleton").mkdir()
        source = replace(sources.ntu60(raw), pieces_per_part=4)
        report = prepare(source, tmp_path / "store", on_error="skip")
        assert len(report.store) == FILES - 1
        (first, first_why), (second, second_why) = sorted(
            report.skipped, key=lambda s: s.piece[-13:]
        )
        assert first.endswith("A010.skeleton")
        assert "line 2: expected the number of bodies in frame 1 of 12; found 'nobody'" in first_why
        assert second.endswith("A055.skeleton")
        assert second_why.endswith("A055.skeleton holds no .skeleton file.")
        assert str(raw) not in first_why + second_why
        assert "skipped: 2\n" in str(report)
        assert [tuple(entry) for entry in report.store.info.provenance["skipped"]] == list(
            map(tuple, report.skipped)
        )

    def test_an_unreadable_file_among_a_thousand(self, tmp_path):
        joints = np.ones((2, 1, 25, 3))
        names = [f"S001C001P001R{r:03d}A{a:03d}" for r in range(1, 26) for a in range(1, 41)]
        write_ntu(tmp_path / "raw", [Clip(joints, name=name) for name in names])
        (tmp_path / "raw" / "S001C001P001R013A041.skeleton").symlink_to("nowhere")
        report = prepare(sources.ntu60(tmp_path / "raw"), tmp_path / "store", on_error="skip")
        assert len(report.store) == 1000
        assert [entry.piece for entry in report.skipped] == ["S001C001P001R013A041.skeleton"]

    def test_a_damaged_clip_does_not_lose_the_others_of_its_file(self, raw, tmp_path):
        info = StoreInfo(NTU25)
        source = Source.of_files(info, sorted(raw.glob("*"))[:2], workers.read_good_and_bad)
        report = prepare(source, tmp_path / "store", on_error="skip")
        assert len(report.store) == 4
        reasons = [reason for _, reason in report.skipped]
        assert len(reasons) == 4
        assert "the second clip is damaged" in reasons[0]
        assert "of 20 joints has 20 joints, but layout NTU25 has 25" in reasons[1]
        with pytest.raises(SkeletonFormatError, match="the second clip is damaged"):
            prepare(source, tmp_path / "other")

    def test_a_broken_clip_of_a_ragged_file(self, tmp_path):
        store = synthetic.generate(clips_per_class=1)
        store.frames[store.index.offsets[5]] = np.inf
        write_ragged(tmp_path / "set.npz", store)
        report = prepare(sources.ragged(tmp_path / "set.npz"), tmp_path / "store", on_error="skip")
        assert len(report.store) == len(store) - 1
        assert [reason for _, reason in report.skipped] == [
            "set.npz: clip 5 has coordinates that are not finite."
        ]

    def test_nothing_can_be_read(self, raw, tmp_path):
        for file in raw.iterdir():
            file.write_text("")
        with pytest.raises(SkeletonFormatError, match=r"no clip could be read; the first: .*empty"):
            prepare(sources.ntu60(raw), tmp_path / "store", on_error="skip")
        assert not (tmp_path / "store").exists()

    def test_names_that_stand_for_two_clips(self, raw, clips, tmp_path):
        write_ntu(tmp_path / "more", clips[:1])
        source = sources.ntu60(raw, tmp_path / "more")
        with pytest.raises(SkeletonFormatError, match="another clip has this name"):
            prepare(source, tmp_path / "store")
        report = prepare(source, tmp_path / "store", on_error="skip")
        assert len(report.store) == FILES
        assert report.skipped[0].piece == clips[0].name

    def test_labels_out_of_range(self, raw, tmp_path):
        source = Source.of_files(StoreInfo(NTU25, ("one", "two")), sorted(raw.glob("*")), read_ntu)
        report = prepare(source, tmp_path / "store", on_error="skip")
        assert set(report.store.labels.tolist()) == {0, 1}
        assert "within the 2 label_names" in report.skipped[0].reason


class TestGoingOn:
    def notes(self, raw):
        path = raw / "notes"
        names = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return names

    @pytest.fixture
    def noting(self, raw):
        files = sorted(raw.glob("*.skeleton"))
        return Source.of_files(StoreInfo(NTU25), files, workers.read_and_note, pieces_per_part=4)

    def test_good_parts_are_not_read_again(self, noting, raw, clips, tmp_path):
        prepare(noting, tmp_path / "undisturbed")
        self.notes(raw)
        files = [piece.files[0] for piece in noting.pieces]
        good = files[13].read_text()
        files[13].write_text("damaged")
        with pytest.raises(SkeletonFormatError):
            prepare(noting, tmp_path / "store")
        assert self.notes(raw) == [file.name for file in files[:14]]
        files[13].write_text(good)
        prepare(noting, tmp_path / "store")
        assert self.notes(raw) == [file.name for file in files[12:]]
        assert contents(tmp_path / "store") == contents(tmp_path / "undisturbed")

    def test_a_changed_file_is_read_again(self, noting, raw, clips, tmp_path):
        def stop(progress):
            if progress.done == 12:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prepare(noting, tmp_path / "store", progress=stop)
        self.notes(raw)
        files = [piece.files[0] for piece in noting.pieces]
        os.utime(files[5], ns=(0, 0))
        prepare(noting, tmp_path / "store")
        assert self.notes(raw) == [file.name for file in files[4:8] + files[12:]]

    def test_what_was_skipped_raises_when_it_shall(self, source, raw, tmp_path):
        damage(raw, "A010")

        def stop(progress):
            if progress.done == FILES:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prepare(source, tmp_path / "store", on_error="skip", progress=stop)
        with pytest.raises(SkeletonFormatError, match="A010"):
            prepare(source, tmp_path / "store")
        assert len(prepare(source, tmp_path / "store", on_error="skip").store) == FILES - 1

    def test_parts_that_a_killed_build_left_are_removed(self, source, tmp_path):
        prepare(source, tmp_path / "store")
        (tmp_path / ".store.parts").mkdir()  # killed when the store was in its place
        prepare(source, tmp_path / "store")
        assert not (tmp_path / ".store.parts").exists()

    def test_killed_at_random_moments(self, tmp_path):
        states = kill_build.trial(tmp_path, kills=2, workers=2, files=300, seed=0)
        assert len(states) == 2

    def test_a_full_disk(self, raw, source, tmp_path):
        prepare(sources.ntu60(raw), tmp_path / "undisturbed")
        size = (tmp_path / "undisturbed" / "frames.bin").stat().st_size
        script = (
            "import sys; from dataclasses import replace; from skelter.data import *\n"
            "raw, out = sys.argv[1:]\n"
            "prepare(replace(sources.ntu60(raw), pieces_per_part=4), out, on_error='skip')\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, raw, tmp_path / "store"],
            preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size // 2, size // 2)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "File too large" in done.stderr
        assert not (tmp_path / "store").exists()
        assert len(list((tmp_path / ".store.parts").glob("*.json"))) == 5
        prepare(source, tmp_path / "store")
        assert contents(tmp_path / "store") == contents(tmp_path / "undisturbed")


class TestReport:
    def test_says_what_is_missing_and_what_repeats(self, clips, tmp_path):
        twins = [clips[0], replace(clips[0], name="S001C001P003R001A001")]
        write_ntu(tmp_path / "raw", [*twins, replace(clips[1], name="S018C001P001R001A002")])
        (tmp_path / "raw" / "S001C002P005R002A008.skeleton").write_text("1\n0\n")
        (tmp_path / "raw" / "mine.skeleton").write_text("")
        text = str(prepare(sources.ntu60(tmp_path / "raw"), tmp_path / "store"))
        assert f"left out, {WITHOUT}: 1" in text
        assert "left out, of NTU RGB+D 120 only: 1" in text
        assert "left out, not named as NTU's files are: 1" in text
        assert "NTU-60 xsub: 1 train (40,090 of 40,091 missing), 1 test" in text
        assert "<- not the full set" in text
        assert "warning, NTU-60 xsub: 1 of 1 test clips repeat the coordinates of training" in text


def ntu_names():
    """All names of NTU RGB+D 120, as far as they are known: see below.

    A performer does all actions of a setup, twice, before three cameras: 318 pairs of setup and
    performer are 114,480 clips. 174 of the pairs are in the list of missing clips; the others are
    made up so that each side of each split has as many as the counts of the splits demand.
    """
    known = {(int(name[1:4]), int(name[9:12])) for name in splits.ntu_missing()}
    of_60 = {int(p) for p in "1 2 4 5 8 9 13 14 15 16 17 18 19 25 27 28 31 34 35 38".split()}
    of_120 = of_60 | {45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82,
                      83, 84, 85, 86, 89, 91, 92, 93, 94, 95, 97, 98, 100, 103}  # fmt: skip

    # Pairs: 112 + 46 in the first release, 176 + 142 in all, 152 of them in even setups.
    sizes = {(True, True, True): 54, (False, True, True): 58, (True, False, True): 20,
             (False, False, True): 26, (True, True, False): 30, (False, True, False): 34,
             (True, False, False): 48, (False, False, False): 48}  # fmt: skip

    def kind(setup, performer):
        return setup % 2 == 0, performer in of_120, setup <= 17

    pairs = set()
    for key, size in sizes.items():
        people = range(1, 41) if key[2] else range(41, 107)
        free = [(s, p) for p in people for s in range(1, 33) if kind(s, p) == key]
        certain = {pair for pair in known if kind(*pair) == key}
        more = [pair for pair in free if pair not in certain]
        pairs |= certain | set(more[: size - len(certain)])
    assert len(pairs) == 318
    for s, p in sorted(pairs):
        for action in range(1, 61) if s <= 17 else range(61, 121):
            for camera in (1, 2, 3):
                for replication in (1, 2):
                    yield f"S{s:03d}C{camera:03d}P{p:03d}R{replication:03d}A{action:03d}"


class TestCounts:
    def test_a_full_set_is_whole_and_others_say_what_is_missing(self, tmp_path):
        for name in ntu_names():
            os.close(os.open(f"{tmp_path}/{name}.skeleton", os.O_CREAT))
        assert len(list(tmp_path.iterdir())) == 56_880 + 57_600

        large = sources.ntu120(tmp_path)
        assert len(large.pieces) == 113_945
        assert [str(count) for count in large.counts()] == [
            "NTU-120 xsub: 63,026 train, 50,919 test",
            "NTU-120 xset: 54,468 train, 59,477 test",
        ]
        assert all(count.complete for count in large.counts())
        assert {why: len(names) for why, names in large.excluded.items()} == {WITHOUT: 535}

        files = tmp_path.glob("S00?C001P002*")  # they train in xsub and test in xview
        for file in [file for file in files if file.stem not in splits.ntu_missing()][:5]:
            file.unlink()
        (tmp_path / "S001C002P001R003A001.skeleton").touch()
        small = sources.ntu60(tmp_path)
        assert len(small.pieces) == 56_578 - 5 + 1
        assert [str(count) for count in small.counts()] == [
            "NTU-60 xsub: 40,087 train (4 of 40,091 missing), 16,487 test",
            "NTU-60 xview: 37,647 train (1 more than 37,646), 18,927 test (5 of 18,932 missing)",
        ]
        assert not any(count.complete for count in small.counts())
        assert len(small.excluded[WITHOUT]) == 302
