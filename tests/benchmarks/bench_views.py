"""Views: one or two of a batch of clips, from padded tensors, from stores, from disk."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks import clips, harness
from benchmarks.baselines import numpy_views, padded_loader

from skelter import representations as R
from skelter import transforms as T
from skelter.data import SkeletonStore
from skelter.transforms import presets

PADDED = "one view, batch {}, padded to 300 frames"
STORE = "one view from the ragged store, batch {}"
DISK = "two views, sequence and graph, from disk, batch {}"

pytestmark = pytest.mark.usefixtures("cpu_only")


def clip_by_clip(x, num_frames):
    """Make a view of every clip (C, T, V, M) of an array, and a batch of the views."""
    pairs = zip(x, num_frames, strict=True)
    return torch.from_numpy(np.stack([numpy_views.view(clip, int(n)) for clip, n in pairs]))


@pytest.fixture(scope="module")
def folders(tmp_path_factory, sizes):
    """The same clips, padded and as a store."""
    made = clips.ragged_clips(sizes.clips_on_disk, harness.seeded(), shortest=sizes.shortest)
    return clips.write_both(tmp_path_factory.mktemp("views"), made)


@pytest.fixture
def chosen(sizes):
    """Draw random clip numbers for every round."""
    draws = np.random.default_rng(0)
    return lambda: (draws.integers(0, sizes.clips_on_disk, sizes.batch),)


class TestPadded:
    @pytest.fixture
    def batch(self, sizes):
        generator = harness.seeded()
        return *clips.padded_batch(sizes.batch, generator, frames=sizes.padded), generator

    def test_baseline(self, timed, sizes, batch):
        x, num_frames = batch[0].numpy(), batch[1].numpy()
        time_padded(timed, sizes, lambda: clip_by_clip(x, num_frames), "baseline")

    def test_eager(self, timed, sizes, batch):
        x, num_frames, generator = batch
        view = presets.isc_view()

        def call():
            return view(x, num_frames=num_frames, generator=generator)

        time_padded(timed, sizes, call, "ours", "eager", target=harness.at_least(6))

    def test_compiled(self, timed, sizes, batch):
        x, num_frames, generator = batch
        view = presets.isc_view()
        pure = harness.compiled(view.transform, sizes)

        def call():
            return pure(x, view.sample(x, num_frames=num_frames, generator=generator))

        time_padded(timed, sizes, call, "ours", "compiled", target=harness.at_least(8), warmup=5)


def time_padded(timed, sizes, call, role, variant="", **options):
    row = PADDED.format(sizes.batch)
    timed(call, row, role, variant, items=sizes.batch, threads=1, **options)


ONE_BY_ONE = {
    "one view": (numpy_views.view, presets.isc_view()),
    "one crop": (numpy_views.random_crop_resize, T.TemporalCropResize()),
}


@pytest.mark.parametrize("name", ONE_BY_ONE)
class TestOneByOne:
    """Clips of a dataset's ``__getitem__``: one a call."""

    @pytest.fixture
    def pairs(self, sizes):
        x, valid = clips.padded_batch(sizes.batch, harness.seeded(), frames=sizes.padded)
        return list(zip(x, valid, strict=True))

    def test_baseline(self, timed, sizes, pairs, name):
        pairs = [(x.numpy(), int(valid)) for x, valid in pairs]
        function = ONE_BY_ONE[name][0]

        def call():
            return [function(x, valid) for x, valid in pairs]

        time_one_by_one(timed, sizes, call, name, "baseline")

    def test_ours(self, timed, sizes, pairs, name):
        transform, generator = ONE_BY_ONE[name][1], harness.seeded()

        def call():
            return [transform(x, num_frames=n, generator=generator) for x, n in pairs]

        time_one_by_one(timed, sizes, call, name, "ours", "eager", target=harness.at_least(1))


def time_one_by_one(timed, sizes, call, name, role, variant="", **options):
    row = f"{name}, clip by clip, padded to {sizes.padded} frames"
    timed(call, row, role, variant, items=sizes.batch, threads=1, **options)


ALONE = {
    "joint jitter": (numpy_views.random_jitter, T.JointJitter()),
    "centre on a joint": (lambda clip: numpy_views.centre_on_joint(clip, 1), T.CentreOnJoint()),
    "motion": (numpy_views.motion, R.ToMotion()),
}


@pytest.mark.parametrize("name", ALONE)
class TestAlone:
    @pytest.fixture
    def batch(self, sizes):
        generator = harness.seeded()
        return clips.padded_batch(sizes.batch, generator, frames=64, shortest=64)[0]

    def test_baseline(self, timed, sizes, batch, name):
        arrays, function = batch.numpy(), ALONE[name][0]
        time_alone(timed, sizes, lambda: np.stack([function(x) for x in arrays]), name, "baseline")

    def test_ours(self, timed, sizes, batch, name):
        function, target = ALONE[name][1], harness.at_least(1)
        time_alone(timed, sizes, lambda: function(batch), name, "ours", "eager", target=target)


def time_alone(timed, sizes, call, name, role, variant="", **options):
    row = f"{name} alone, batch {sizes.batch}, 64 frames"
    timed(call, row, role, variant, items=sizes.batch, threads=1, **options)


class TestStore:
    def test_baseline(self, timed, sizes, folders, chosen):
        data = np.load(folders[0] / "data.npy", mmap_mode="r")
        num_frames = np.load(folders[0] / "lengths.npy")
        harness.seeded()

        def call(indices):
            return clip_by_clip((data[i] for i in indices), num_frames[indices])

        time_store(timed, sizes, call, chosen, "baseline")

    def test_eager(self, timed, sizes, folders, chosen):
        store, generator = SkeletonStore.open(folders[1]), harness.seeded()
        view = presets.isc_view()

        def call(indices):
            return store.batch(indices, transform=view, generator=generator)

        time_store(timed, sizes, call, chosen, "ours", "eager", target=harness.at_least(10))

    def test_compiled(self, timed, sizes, folders, chosen):
        store, generator = SkeletonStore.open(folders[1]), harness.seeded()
        view = presets.isc_view()
        pure = harness.compiled(view.transform, sizes)

        def call(indices):
            ragged = store.ragged(indices)
            counts = ragged.num_frames
            return pure(ragged, view.sample(ragged, num_frames=counts, generator=generator))

        options = {"target": harness.at_least(10), "warmup": 5}
        time_store(timed, sizes, call, chosen, "ours", "compiled", **options)


def time_store(timed, sizes, call, chosen, role, variant="", **options):
    row = STORE.format(sizes.batch)
    timed(call, row, role, variant, items=sizes.batch, threads=1, setup=chosen, **options)


class TestDisk:
    def test_baseline(self, timed, sizes, folders):
        harness.seeded()
        batches = padded_loader.batches(folders[0], sizes.batch)
        row = DISK.format(sizes.batch)
        timed(lambda: next(batches), row, "baseline", items=sizes.batch, threads=1)

    def test_eager(self, timed, sizes, folders, chosen):
        store, generator = SkeletonStore.open(folders[1]), harness.seeded()
        views, sequence, graph = two_views()

        def call(indices):
            made, _, _ = store.batch(indices, transform=views, generator=generator)
            return [(sequence(view), graph(view)) for view in made]

        time_disk(timed, sizes, call, chosen, "eager")

    def test_compiled(self, timed, sizes, folders, chosen):
        store, generator = SkeletonStore.open(folders[1]), harness.seeded()
        views, sequence, graph = two_views()

        def represented(ragged, params):
            return [(sequence(view), graph(view)) for view in views.transform(ragged, params)]

        pure = harness.compiled(represented, sizes)

        def call(indices):
            ragged = store.ragged(indices)
            return pure(ragged, views.sample(ragged, generator=generator))

        time_disk(timed, sizes, call, chosen, "compiled", warmup=5)


def two_views():
    views = T.MultiView([presets.isc_view(), presets.isc_view()])
    return views, R.ToSequence(), R.ToGraph()


def time_disk(timed, sizes, call, chosen, variant, **options):
    timed(
        call, DISK.format(sizes.batch), "ours", variant, items=sizes.batch, threads=1,
        setup=chosen, target=harness.at_least(12), **options,
    )  # fmt: skip


def sweeps(sizes):
    """Yield what varies, its value, the batch size and the padded frames."""
    for batch in sizes.batch_sweep:
        yield "batch size", batch, batch, sizes.padded
    for frames in sizes.frame_sweep:
        yield "padded frames", frames, sizes.batch, frames


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("side", ["baseline", "ours"])
def test_sweep(timed, sizes, number, side):
    points = list(sweeps(sizes))
    if number >= len(points):
        pytest.skip("the sweep is shorter")
    axis, value, batch, frames = points[number]
    generator = harness.seeded()
    num_frames = torch.randint(frames // 4, frames // 2 + 1, (batch,), generator=generator)
    x, num_frames = clips.padded_batch(batch, generator, frames=frames, num_frames=num_frames)
    view = presets.isc_view()
    calls = {
        "baseline": lambda: clip_by_clip(x.numpy(), num_frames.numpy()),
        "ours": lambda: view(x, num_frames=num_frames, generator=generator),
    }
    sweep = {"axis": axis, "value": value, "side": side}
    row = f"one view, {axis} {value}"
    timed(calls[side], row, "sweep", side, items=batch, threads=1, sweep=sweep)
