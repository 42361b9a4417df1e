"""Stores: the cost of a random batch against the number of clips, and views on a GPU."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from benchmarks import clips, harness

from skelter.data import SkeletonStore
from skelter.layouts import NTU25
from skelter.transforms import TemporalCropResize, presets

ROW = "a random batch of {} from stores on disk of {} clips"
RESIDENT = "one view, batch {}, store on the GPU; baseline: a copy of as many bytes"


@pytest.fixture(scope="module")
def stores(request, tmp_path_factory, sizes):
    """A store of every size, all there at once: the machine may change from minute to minute."""
    if request.config.getoption("--bench-device") != "cpu":
        pytest.skip("a row of the CPU")
    folder, made = tmp_path_factory.mktemp("stores"), {}
    for size in sizes.store_clips:
        recorded = clips.short_clips(size, sizes.store_lengths, harness.seeded())
        SkeletonStore.build(folder / str(size), recorded, labels=[0] * size, layout=NTU25)
        clips.warm(folder / str(size))
        made[size] = SkeletonStore.open(folder / str(size))
        made[size].frames[:, 0, 0, 0].sum()  # the first touch of a page costs extra
    yield made
    shutil.rmtree(folder)


# One size after the other, and again: `visit` varies slowest.
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("what", ["padded clips", "one view"])
@pytest.mark.parametrize("visit", range(5))
def test_random_batch(timed, sizes, stores, visit, what, number):
    if number >= len(sizes.store_clips):
        pytest.skip("there are fewer sizes")
    size = sizes.store_clips[number]
    draws, generator = np.random.default_rng(visit), harness.seeded()
    options = {}
    if what == "one view":
        options = {"transform": presets.isc_view(), "generator": generator}
    batch = min(sizes.batch, size)
    timed(
        lambda indices: stores[size].batch(indices, **options),
        ROW.format(batch, f"{min(sizes.store_clips):,} to {max(sizes.store_clips):,}"),
        "flat",
        what,
        items=batch,
        threads=1,
        setup=lambda: (draws.integers(0, size, batch),),
        rounds=sizes.random_batches,
        warmup=20,
        target=harness.at_most(1.2),
        sweep={"axis": "clips in the store", "value": size, "side": what},
    )


@pytest.mark.usefixtures("gpu_only")
@pytest.mark.parametrize("times", [1, 16])
class TestOnGPU:
    """Views are bound by memory: how near to a plain copy of the bytes they read and write?"""

    @pytest.fixture
    def resident(self, sizes):
        made = clips.ragged_clips(sizes.clips_on_disk, harness.seeded(), shortest=sizes.shortest)
        store = SkeletonStore.from_clips(made, labels=[0] * len(made), layout=NTU25)
        return store.to("cuda")

    @pytest.fixture
    def indices(self, sizes, times):
        return np.random.default_rng(0).integers(0, sizes.clips_on_disk, times * sizes.batch)

    def test_baseline(self, timed, resident, indices):
        ragged = resident.ragged(indices)
        crop = TemporalCropResize().sample(ragged, num_frames=ragged.num_frames)
        written = len(indices) * 64
        read = int(crop.length.clamp(max=2 * 64).sum())  # frames that are a neighbour of an output
        numbers = (read + written) // 2 * 150  # a copy reads and writes each
        source = torch.zeros(numbers, device="cuda")
        destination = torch.empty_like(source)
        row = RESIDENT.format(len(indices))
        timed(lambda: destination.copy_(source), row, "baseline", items=len(indices), warmup=5)

    @pytest.mark.parametrize("mode", ["eager", "compiled"])
    def test_ours(self, timed, sizes, resident, indices, mode):
        view = presets.isc_view()
        generator = torch.Generator("cuda").manual_seed(0)
        pure = harness.compiled(view.transform, sizes) if mode == "compiled" else view.transform

        def call():
            ragged = resident.ragged(indices)
            counts = ragged.num_frames
            return pure(ragged, view.sample(ragged, num_frames=counts, generator=generator))

        timed(call, RESIDENT.format(len(indices)), "ours", mode, items=len(indices), warmup=5)
