from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skelter import transforms as T


class TestJointJitter:
    @given(st.integers(1, 25), st.integers(0, 1000))
    def test_touches_exactly_k_joints_alike_everywhere(self, k, seed):
        x = torch.randn(6, 3, 4, 25, 2) + 5
        generator = torch.Generator().manual_seed(seed)
        changed = T.JointJitter(k)(x, generator=generator) != x
        touched = changed.any(1)
        assert torch.equal(touched.any(1).any(-1).sum(-1), torch.full((6,), k))
        assert torch.equal(touched, touched[:, :1, :, :1].expand_as(touched))

    @pytest.mark.parametrize(("joints", "V", "count"), [(0.6, 25, 15), (0.6, 20, 12), (1.0, 7, 7),
                                                        (0.01, 7, 1), (3, 7, 3)])  # fmt: skip
    def test_counts(self, joints, V, count):
        assert T.JointJitter(joints).count(V) == count

    def test_half_are_dropped_and_every_joint_is_as_likely(self, generator):
        params = T.JointJitter(15).sample(torch.zeros(8000, 3, 1, 25, 1), generator=generator)
        dropped = (params.matrix == 0).all(-1).all(-1).float()
        assert float(dropped.mean()) == pytest.approx(0.5, abs=0.02)
        torch.testing.assert_close(
            params.joints.float().mean(0), torch.full((25,), 0.6), rtol=0, atol=0.025
        )
        mixing = params.matrix[dropped == 0]
        assert mixing.abs().max() <= 1
        assert float(mixing.std()) == pytest.approx(3**-0.5, rel=0.02)

    def test_any_float_is_a_share(self):
        assert T.JointJitter(np.float32(0.6)).count(25) == 15

    @pytest.mark.parametrize("joints", [0.0, 1.5, -0.1])
    def test_wrong_share(self, joints):
        with pytest.raises(ValueError, match=r"share in \(0, 1\] or an integer count; got"):
            T.JointJitter(joints)

    def test_wrong_count(self, clips):
        with pytest.raises(ValueError, match="`joints` must be at least 1; got 0"):
            T.JointJitter(0)
        with pytest.raises(ValueError, match="`joints` must lie between 1 and 25; got 26"):
            T.JointJitter(26)(clips)
