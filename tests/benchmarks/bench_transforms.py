"""Every transform beside plain NumPy: one clip, a batch, and for frame maps a ragged batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks import clips, harness
from benchmarks.rows import PAIRS, ROWS

from skelter.data import RaggedClips
from skelter.transforms import MultiView

ONE = "one clip of {} frames: {}"
BATCH = "batch {} of {} frames: {}"
RAGGED = "ragged batch {}: {}"
SLOWEST, FASTER = harness.at_least(1 / 1.3), harness.at_least(4)

pytestmark = pytest.mark.usefixtures("cpu_only")


@pytest.fixture(scope="module")
def padded(sizes):
    """A batch of clips, and their valid frames."""
    return clips.padded_batch(sizes.batch, harness.seeded(), frames=sizes.padded)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
class TestOneClip:
    """As a dataset's ``__getitem__`` calls it."""

    def test_baseline(self, timed, sizes, padded, row):
        x, num_frames = padded[0][0].numpy(), int(padded[1][0])
        rng = np.random.default_rng(0)
        self.time(timed, sizes, row, lambda: row.numpy(x, num_frames, rng), "baseline")

    def test_ours(self, timed, sizes, padded, row):
        x, num_frames, transform = padded[0][0], padded[1][0], row.build()
        generator = harness.seeded()

        def call():
            return transform(x, num_frames=num_frames, generator=generator)

        self.time(timed, sizes, row, call, "ours", target=SLOWEST)

    def time(self, timed, sizes, row, call, role, **options):
        name = ONE.format(sizes.padded, row.name)
        timed(call, name, role, items=1, threads=1, warmup=5, **options)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
class TestBatch:
    """On both cores. NumPy works clip by clip, as projects do in a loop or in one worker."""

    def test_baseline(self, timed, sizes, padded, row):
        pairs = [(x.numpy(), int(n)) for x, n in zip(*padded, strict=True)]
        rng = np.random.default_rng(0)

        def call():
            return [row.numpy(x, n, rng) for x, n in pairs]

        time_batch(timed, sizes, row, call, "baseline")

    def test_ours(self, timed, sizes, padded, row):
        (x, num_frames), transform, generator = padded, row.build(), harness.seeded()

        def call():
            return transform(x, num_frames=num_frames, generator=generator)

        time_batch(timed, sizes, row, call, "ours", target=FASTER)


@pytest.mark.parametrize("row", PAIRS, ids=lambda row: row.name)
class TestPairs:
    """What takes something over from another clip of its batch."""

    def test_baseline(self, timed, sizes, padded, row):
        x, rng = padded[0].numpy(), np.random.default_rng(0)
        frames = x.shape[2]

        def call():
            partners = (np.arange(len(x)) + rng.integers(1, len(x), len(x))) % len(x)
            return np.stack(
                [
                    row.numpy(clip, x[other], frames, rng)
                    for clip, other in zip(x, partners, strict=True)
                ]
            )

        time_batch(timed, sizes, row, call, "baseline")

    def test_ours(self, timed, sizes, padded, row):
        x, transform, generator = padded[0], row.build(), harness.seeded()
        time_batch(
            timed, sizes, row, lambda: transform(x, generator=generator), "ours", target=FASTER
        )


def reads_frames(row):
    transform = row.build()
    return not isinstance(transform, MultiView) and transform.as_frame_map() is not None


@pytest.mark.parametrize(
    "row", [row for row in ROWS if reads_frames(row)], ids=lambda row: row.name
)
class TestRagged:
    """Of clips as a store holds them, without padding. NumPy gets each clip in its own length."""

    @pytest.fixture
    def frames(self, sizes):
        made = clips.ragged_clips(sizes.batch, harness.seeded(), shortest=sizes.shortest)
        return [np.ascontiguousarray(clip.transpose(3, 0, 2, 1)) for clip in made]

    def test_baseline(self, timed, sizes, frames, row):
        rng = np.random.default_rng(0)

        def call():
            return [row.numpy(clip, clip.shape[1], rng) for clip in frames]

        self.time(timed, sizes, row, call, "baseline")

    def test_ours(self, timed, sizes, frames, row):
        counts = torch.tensor([clip.shape[1] for clip in frames])
        together = torch.from_numpy(np.concatenate(frames, axis=1)).transpose(0, 1).contiguous()
        ragged = RaggedClips(together, counts.cumsum(0) - counts, counts, int(counts.max()))
        transform, generator = row.build(), harness.seeded()
        self.time(
            timed, sizes, row, lambda: transform(ragged, generator=generator), "ours", target=FASTER
        )

    def time(self, timed, sizes, row, call, role, **options):
        name = RAGGED.format(sizes.batch, row.name)
        timed(call, name, role, items=sizes.batch, threads=2, **options)


def time_batch(timed, sizes, row, call, role, **options):
    name = BATCH.format(sizes.batch, sizes.padded, row.name)
    timed(call, name, role, items=sizes.batch, threads=2, rounds=15, warmup=5, **options)
