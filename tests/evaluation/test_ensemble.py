from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import evaluation as reference

from skelter.evaluation import AIMCLR_WEIGHTS, FeatureSet, ensemble, linear_probe


def streams(seed, count=3):
    return list(torch.randn(count, 9, 4, generator=torch.Generator().manual_seed(seed)))


KNOWN = torch.arange(9) % 4


class TestEnsemble:
    @given(st.integers(0, 500), st.sampled_from([None, AIMCLR_WEIGHTS, (1.0, -0.5, 3.0)]))
    def test_oracle(self, seed, weights):
        scores = streams(seed)
        result = ensemble(scores, KNOWN, weights=weights)
        expected = reference.ensemble([s.tolist() for s in scores], weights or (1, 1, 1))
        assert result.predictions.tolist() == expected
        assert result.accuracy == pytest.approx(np.mean(np.array(expected) == KNOWN.numpy()))

    def test_a_single_stream_is_itself(self):
        scores = streams(0, 1)
        assert torch.equal(ensemble(scores, KNOWN).predictions, scores[0].argmax(1))

    def test_raw_scores_are_added(self):
        loud, quiet = torch.tensor([[9.0, 0.0]]), torch.tensor([[0.0, 8.0]])
        assert int(ensemble([loud, quiet], torch.tensor([1])).predictions) == 0

    def test_takes_the_scores_of_a_probe(self):
        data = FeatureSet(torch.eye(4).repeat(4, 1), torch.arange(4).repeat(4))
        probed = linear_probe(data, data)
        assert ensemble([probed.scores] * 3, data.labels, weights=AIMCLR_WEIGHTS).accuracy == 1.0

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"scores": []}, "`scores` must hold at least one stream; got none"),
            ({"weights": (1.0,)}, "`weights` must have a weight for each of the 3 streams"),
            (
                {"scores": [torch.zeros(9, 4), torch.zeros(9, 3)]},
                r"`scores\[1\]` must have the shape \(9, 4\) of `scores\[0\]`; got \(9, 3\)",
            ),
            ({"labels": KNOWN[:8]}, r"`labels` must have shape \(9,\)"),
        ],
    )
    def test_wrong_calls(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            ensemble(**({"scores": streams(0), "labels": KNOWN} | arguments))
