from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference.losses import DequeQueue
from torch import nn

from skelter import MemoryQueue


def numbered(start, count, dim=2):
    return torch.arange(start, start + count).float()[:, None].expand(-1, dim)


def in_order(queue, rows=None):
    """Rows from the oldest to the newest."""
    rows = queue.snapshot() if rows is None else rows
    return rows.roll(-int(queue.cursor), 0) if len(queue) == queue.capacity else rows


class TestMemoryQueue:
    @given(
        st.integers(1, 12),
        st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans()), max_size=8),
        st.integers(0, 8),
        st.booleans(),
    )
    def test_equals_a_deque_and_resumes_at_any_state(self, capacity, batches, stop, full):
        queue, oracle = MemoryQueue(capacity, 2), DequeQueue(capacity)
        if full:
            queue.fill_random()
            oracle.enqueue(queue.snapshot().numpy())
        start = 0
        for number, (size, labelled, cleared) in enumerate(batches):
            if number == stop:
                resumed = MemoryQueue(capacity, 2)
                resumed.load_state_dict(queue.state_dict())
                queue = resumed
                if cleared:
                    queue.clear()
                    oracle.clear()
            keys = numbered(start, size)
            labels = torch.arange(start, start + size) if labelled else None
            queue.enqueue(keys, labels=labels)
            oracle.enqueue(keys.numpy(), labels)
            start += size
            assert len(queue) == len(oracle.rows)
            expected = np.array(oracle.rows).reshape(-1, 2)
            np.testing.assert_array_equal(in_order(queue).numpy(), expected)
            assert in_order(queue, queue.row_labels()).tolist() == list(map(int, oracle.labels))

    def test_starts_empty(self):
        queue = MemoryQueue(4, 2)
        assert len(queue) == 0
        assert queue.snapshot().shape == (0, 2)

    def test_random_fill_is_unit_and_seeded(self):
        first, second = MemoryQueue(50, 8), MemoryQueue(50, 8)
        before = torch.random.get_rng_state()
        first.fill_random(torch.Generator().manual_seed(1))
        second.fill_random(torch.Generator().manual_seed(1))
        assert torch.equal(torch.random.get_rng_state(), before)
        assert torch.equal(first.snapshot(), second.snapshot())
        torch.testing.assert_close(first.snapshot().norm(dim=1), torch.ones(50))
        assert len(first) == 50

    def test_random_rows_go_first(self):
        queue = MemoryQueue(4, 2)
        queue.fill_random()
        queue.enqueue(numbered(0, 3))
        assert torch.equal(in_order(queue)[1:], numbered(0, 3))

    def test_snapshot_survives_enqueue_before_backward(self):
        queue = MemoryQueue(4, 2)
        queue.enqueue(numbered(1, 4))
        query = torch.ones(1, 2, requires_grad=True)
        loss = (query @ queue.snapshot().T).sum()
        queue.enqueue(numbered(100, 4))
        loss.backward()
        assert torch.equal(query.grad, torch.tensor([[10.0, 10.0]]))

    def test_rows_are_no_copy(self):
        queue = MemoryQueue(4, 2)
        queue.enqueue(numbered(1, 3))
        assert torch.equal(queue.rows(), queue.snapshot())
        assert queue.rows().data_ptr() == queue.features.data_ptr()
        assert not queue.rows().requires_grad

    def test_length_follows_whatever_changes_the_buffers(self):
        queue, other = MemoryQueue(4, 2), MemoryQueue(4, 2)
        other.enqueue(numbered(0, 3))
        assert len(queue) == 0
        queue.load_state_dict(other.state_dict())
        assert len(queue) == 3
        queue.load_state_dict(MemoryQueue(4, 2).state_dict())
        assert len(queue) == 0
        queue.fill_random()
        assert len(copy.deepcopy(queue)) == len(pickle.loads(pickle.dumps(queue))) == 4

    def test_keys_are_detached_and_copied(self):
        queue = MemoryQueue(4, 2)
        keys = torch.ones(2, 2, requires_grad=True)
        queue.enqueue(keys)
        with torch.no_grad():
            keys.zero_()
        assert not queue.snapshot().requires_grad
        assert torch.equal(queue.snapshot(), torch.ones(2, 2))

    def test_state_is_all_in_the_state_dict(self):
        assert set(MemoryQueue(4, 2).state_dict()) == {"features", "labels", "cursor", "count"}

    def test_keeps_its_own_dtype_and_device(self, device):
        queue = MemoryQueue(4, 2).to(device).half()
        queue.enqueue(torch.ones(2, 2))
        assert queue.snapshot().dtype == torch.float16
        assert queue.snapshot().device.type == device.type

    @pytest.mark.parametrize("capacity", [0, -3])
    def test_wrong_capacity(self, capacity):
        with pytest.raises(ValueError, match=f"`capacity` must be at least 1; got {capacity}"):
            MemoryQueue(capacity, 2)

    @pytest.mark.parametrize("shape", [(3, 5), (3,), (2, 3, 2)])
    def test_wrong_keys(self, shape):
        with pytest.raises(ValueError, match=r"`keys` must have shape \(N, D\) with D=2"):
            MemoryQueue(4, 2).enqueue(torch.zeros(shape))

    def test_integer_keys(self):
        with pytest.raises(TypeError, match=r"`keys` must have a real floating dtype"):
            MemoryQueue(4, 2).enqueue(torch.zeros(2, 2).long())

    def test_a_wrong_batch_loses_nothing(self):
        queue = MemoryQueue(4, 2)
        queue.enqueue(numbered(0, 3))
        with pytest.raises(ValueError, match="`keys`"):
            queue.enqueue(torch.zeros(2, 3))
        assert torch.equal(queue.snapshot(), numbered(0, 3))

    def test_clear_makes_it_as_new(self):
        queue = MemoryQueue(4, 2)
        queue.enqueue(numbered(1, 3), labels=[5, 6, 7])
        queue.clear()
        new = MemoryQueue(4, 2)
        assert len(queue) == 0
        for name, value in new.state_dict().items():
            assert torch.equal(queue.state_dict()[name], value)
        queue.fill_random()
        assert queue.row_labels().tolist() == [-1] * 4

    def test_queues_fed_alike_stay_aligned(self):
        first, second = MemoryQueue(5, 2), MemoryQueue(5, 3)
        for start in range(0, 12, 3):
            labels = list(range(start, start + 3))
            first.enqueue(numbered(start, 3), labels=labels)
            second.enqueue(-numbered(start, 3, dim=3), labels=np.array(labels, np.int16))
        assert torch.equal(first.row_labels(), second.row_labels())
        assert torch.equal(first.rows()[:, 0], first.row_labels().float())
        assert torch.equal(second.rows()[:, 0], -second.row_labels().float())

    def test_a_state_of_an_older_version(self):
        queue, other = MemoryQueue(4, 2), nn.ModuleDict({"a": MemoryQueue(4, 2)})
        queue.enqueue(numbered(1, 3), labels=[5, 6, 7])
        other["a"].enqueue(numbered(1, 3), labels=[5, 6, 7])
        state = {key: value for key, value in queue.state_dict().items() if key != "labels"}
        other.load_state_dict({f"a.{key}": value for key, value in state.items()})
        assert torch.equal(other["a"].rows(), queue.rows())
        assert other["a"].row_labels().tolist() == [-1] * 3
        assert "labels" not in state

    @pytest.mark.parametrize(
        ("labels", "error", "message"),
        [
            ([1], ValueError, r"`labels` must have shape \(2,\), one label a row"),
            ([[1, 0], [0, 1]], ValueError, "`labels` must have shape.*argmax"),
            ([1.0, 2.0], TypeError, "`labels` must be integer"),
            (["a", "b"], TypeError, "`labels` must be integer"),
            ([True, False], TypeError, "`labels` must be integer"),
        ],
    )
    def test_wrong_labels_change_nothing(self, labels, error, message):
        queue = MemoryQueue(4, 2)
        with pytest.raises(error, match=message):
            queue.enqueue(numbered(0, 2), labels=labels)
        assert len(queue) == 0

    def test_the_default_dtype_does_not_change_the_draws(self):
        narrow, wide = MemoryQueue(9, 4), None
        narrow.fill_random(torch.Generator().manual_seed(1))
        torch.set_default_dtype(torch.float64)
        try:
            wide = MemoryQueue(9, 4)
            wide.fill_random(torch.Generator().manual_seed(1))
        finally:
            torch.set_default_dtype(torch.float32)
        assert wide.rows().dtype == torch.float64
        assert torch.equal(wide.rows().float(), narrow.rows())

    @pytest.mark.parametrize("generator", [0, True, np.random.default_rng(0)])
    def test_a_generator_that_is_not_one(self, generator):
        with pytest.raises(TypeError, match="`generator` must be a torch.Generator or None"):
            MemoryQueue(4, 2).fill_random(generator)

    def test_prints_its_sizes(self):
        assert repr(MemoryQueue(4, 2)) == "MemoryQueue(capacity=4, dim=2)"
