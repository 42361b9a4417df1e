"""Orders of training clips: whole, without overlap, the same whenever they are asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skelter.data import ShuffledBatches, make_generator


def of_all(clips, size, world, epoch=0, **options):
    """Return the batches of every process, [rank][batch]."""
    return [
        list(ShuffledBatches(clips, size, rank=rank, world_size=world, **options).epoch(epoch))
        for rank in range(world)
    ]


class TestShuffledBatches:
    @given(
        clips=st.integers(1, 60), size=st.integers(1, 20), world=st.integers(1, 4),
        epoch=st.integers(0, 5), drop_last=st.booleans(),
    )  # fmt: skip
    def test_processes_share_what_one_would_take(self, clips, size, world, epoch, drop_last):
        if min(clips, size) < world:
            return
        indices = 100 + np.arange(clips)
        alone = of_all(indices, size, 1, epoch, drop_last=drop_last)[0]
        shared = of_all(indices, size, world, epoch, drop_last=drop_last)
        assert len({len(batches) for batches in shared}) == 1
        for number, parts in enumerate(zip(*shared, strict=True)):
            np.testing.assert_array_equal(np.concatenate(parts), alone[number])
            assert all(len(part) > 0 for part in parts)
            assert max(map(len, parts)) - min(map(len, parts)) <= 1
        taken = np.concatenate(alone)
        assert len(set(taken.tolist())) == len(taken)
        assert set(taken.tolist()) <= set(indices.tolist())
        left = clips - len(taken)
        assert left == (clips % min(size, clips) if drop_last else 0)

    def test_order_is_of_seed_and_epoch(self):
        def first(seed, epoch):
            return next(ShuffledBatches(range(100), 10, seed=seed).epoch(epoch)).tolist()

        assert first(0, 3) == first(0, 3)
        assert len({tuple(first(*which)) for which in [(0, 0), (0, 1), (1, 0), (1, 1)]}) == 4

    def test_goes_on_in_the_middle(self):
        batches = ShuffledBatches(range(20), 4)
        whole = [batch.tolist() for batch in batches.epoch(2)]
        assert [batch.tolist() for batch in batches.epoch(2, start=3)] == whole[3:]

    def test_leaves_the_global_generator_alone(self):
        state = torch.random.get_rng_state()
        list(ShuffledBatches(range(20), 4).epoch(0))
        assert torch.equal(state, torch.random.get_rng_state())

    def test_a_rest_without_a_clip_for_everyone_is_left_out(self):
        assert [len(rank) for rank in of_all(range(9), 8, 2, drop_last=False)] == [1, 1]
        assert [len(rank) for rank in of_all(range(10), 8, 2, drop_last=False)] == [2, 2]

    @pytest.mark.parametrize(("clips", "size"), [(3, 8), (8, 3), (0, 8)])
    def test_more_processes_than_clips(self, clips, size):
        with pytest.raises(ValueError, match=f"each of 4 processes; got {clips} clips? in batches"):
            ShuffledBatches(range(clips), size, world_size=4)

    def test_wrong_numbers(self):
        with pytest.raises(ValueError, match="`rank` must"):
            ShuffledBatches(range(8), 4, rank=2, world_size=2)
        with pytest.raises(ValueError, match="`batch_size` must"):
            ShuffledBatches(range(8), 0)


class TestSeeded:
    def test_every_part_counts(self):
        parts = [
            (0,),
            (1,),
            (0, "views"),
            (0, "order"),
            (0, "views", 1),
            (0, "views", 1, 0),
            ("0",),
        ]
        draws = {float(torch.rand(1, generator=make_generator(*some))) for some in parts}
        assert len(draws) == len(parts)

    def test_stays_the_same_over_versions(self):
        """A run that is resumed after an update has to draw as before."""
        assert make_generator(0, "views", 7).initial_seed() == 3240440707570885554
