from __future__ import annotations

import json
import re
from statistics import fmean, stdev

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import evaluation as reference

from evaluation import toys
from skelter.evaluation import FineTuneConfig, label_subset, semi_supervised
from skelter.typing import Batch


def seeded(seed=2):
    return torch.Generator().manual_seed(seed)


class TestLabelSubset:
    @given(
        st.lists(st.integers(1, 40), min_size=1, max_size=6),
        st.floats(0.01, 1.0),
        st.integers(1, 3),
    )
    def test_oracle_balanced(self, sizes, fraction, minimum):
        labels = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
        labels = labels[torch.randperm(len(labels), generator=seeded())]
        chosen = label_subset(labels, fraction, minimum=minimum, generator=seeded())
        expected = reference.subset_counts(labels.tolist(), fraction, minimum)
        found = labels[chosen].bincount(minlength=len(sizes)).tolist()
        assert found == [expected[label] for label in range(len(sizes))]
        assert chosen.tolist() == sorted(set(chosen.tolist()))

    @given(st.integers(1, 300), st.floats(0.01, 1.0))
    def test_plain_random_counts_globally(self, size, fraction):
        if int(size * fraction) == 0:
            return
        labels = toys.labels(size)
        chosen = label_subset(labels, fraction, balanced=False, generator=seeded())
        assert len(set(chosen.tolist())) == int(size * fraction)
        assert chosen.tolist() == sorted(chosen.tolist())

    def test_plain_random_may_miss_a_class(self):
        labels = torch.tensor([0] * 99 + [1])
        chosen = label_subset(labels, 0.01, balanced=False, generator=seeded())
        assert labels[chosen].tolist() == [0]

    def test_all_of_them(self):
        labels = toys.labels(20)
        for balanced in (True, False):
            chosen = label_subset(labels, 1.0, balanced=balanced, generator=seeded())
            assert chosen.tolist() == list(range(20))

    @pytest.mark.parametrize("balanced", [True, False])
    def test_is_seeded_and_leaves_the_global_generator_alone(self, balanced):
        labels, before = toys.labels(200), torch.random.get_rng_state()
        first, second, other = (
            label_subset(labels, 0.1, balanced=balanced, generator=seeded(seed))
            for seed in (1, 1, 2)
        )
        assert torch.equal(first, second)
        assert not torch.equal(first, other)
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_every_clip_can_be_chosen(self):
        labels = torch.zeros(5).long()
        found = {int(label_subset(labels, 0.2, generator=seeded(s))[0]) for s in range(60)}
        assert found == set(range(5))

    @given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.floats(1e-4, 0.2))
    def test_the_message_names_the_classes_and_a_fraction_that_works(self, sizes, fraction):
        labels = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
        empty = [label for label, size in enumerate(sizes) if round(size * fraction) == 0]
        if not empty:
            return
        with pytest.raises(ValueError, match="`fraction` must leave a label") as caught:
            label_subset(labels, fraction)
        for label in empty[:5]:
            assert f"{label} ({sizes[label]} clips)" in str(caught.value)
        enough = float(re.search(r"Take ([\d.]+),", str(caught.value))[1])
        assert len(labels[label_subset(labels, enough)].unique()) == len(sizes)
        assert enough <= 0.5 / min(sizes) + 1e-4

    @pytest.mark.parametrize(
        ("labels", "arguments", "message"),
        [
            (
                [0] * 50 + [1] * 200,
                {"fraction": 0.005},
                r"`fraction` must leave a label to every class; got 0.005, which leaves none to "
                r"class 0 \(50 clips\). Take 0.0101, or minimum=1",
            ),
            ([0] * 50, {"fraction": 0.01, "balanced": False}, "choose one of 50 clips.*0.0201"),
            ([0] * 50, {"fraction": 0.0}, "`fraction` must be above 0 and at most 1; got 0.0"),
            ([0] * 50, {"fraction": 1.5}, "`fraction` must be above 0 and at most 1; got 1.5"),
            ([0, -1], {"fraction": 1.0}, "labels from 0 to 0; got -1 to 0. Leave clips without"),
            ([-1, -1], {"fraction": 1.0}, "labels from 0.*got -1 to -1. Leave clips without"),
            ([0], {"fraction": 1.0, "minimum": -1}, "`minimum` must be at least 0"),
            ([0], {"fraction": 1.0, "minimum": 1, "balanced": False}, "`minimum` must be 0"),
            ([], {"fraction": 1.0}, "`labels` must hold at least one clip"),
            ([[0]], {"fraction": 1.0}, r"`labels` must have shape \(N,\)"),
        ],
    )
    def test_wrong_calls(self, labels, arguments, message):
        with pytest.raises(ValueError, match=message):
            label_subset(torch.tensor(labels, dtype=torch.int64), **arguments)

    def test_float_labels(self):
        with pytest.raises(TypeError, match="`labels` must be integer class indices"):
            label_subset(torch.zeros(3), 0.5)


KNOWN = torch.arange(3).repeat(10)
QUICK = FineTuneConfig(lr=0.1, epochs=3)


def run(fraction=0.2, seeds=(0, 1), seen=None, **arguments):
    x, lengths = toys.clips(KNOWN), torch.full((30,), toys.FRAMES)

    def train(positions, generator):
        if seen is not None:
            seen.append(positions.tolist())
        order = positions[torch.randperm(len(positions), generator=generator)]
        return [Batch(x[order], lengths[order], KNOWN[order])]

    test = toys.batches(toys.labels(20), seed=1)
    encoder = arguments.pop("encoder", None) or toys.encoder()
    return semi_supervised(
        encoder, toys.identity, train, KNOWN, test,
        **({"fraction": fraction, "seeds": seeds, "config": QUICK} | arguments),
    )  # fmt: skip


class TestSemiSupervised:
    def test_a_subset_a_seed_the_same_in_all_epochs(self):
        seen = []
        result = run(seen=seen)
        assert len(seen) == 6
        assert seen[0] == seen[1] == seen[2] != seen[3] == seen[4] == seen[5]
        assert torch.tensor(seen[0]).remainder(3).bincount().tolist() == [2, 2, 2]
        assert (result.seeds, result.labels_used, result.classes_missing) == ((0, 1), 6, 0)

    def test_means_and_deviations(self):
        result = run(seeds=(0, 1, 2))
        last = [run.last for run in result.runs.values()]
        best = [run.best for run in result.runs.values()]
        assert result.last == pytest.approx(fmean(last))
        assert result.last_deviation == pytest.approx(stdev(last))
        assert result.best == pytest.approx(fmean(best))
        assert result.best_deviation == pytest.approx(stdev(best))
        assert run(seeds=(0,)).last_deviation == 0.0

    def test_a_seed_gives_the_same_run_in_any_company(self):
        before = torch.random.get_rng_state()
        one, two = run(seeds=(4,)), run(seeds=(3, 4))
        assert torch.equal(one.runs[4].scores, two.runs[4].scores)
        assert not torch.equal(two.runs[3].scores, two.runs[4].scores)
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_every_seed_starts_from_the_callers_encoder(self):
        encoder = toys.encoder()
        frozen = FineTuneConfig(epochs=1, encoder_lr_scale=0)
        result = run(encoder=encoder, config=frozen)
        assert all(toys.same_state(run.encoder, encoder) for run in result.runs.values())

    def test_plain_random_counts_missing_classes(self):
        result = run(fraction=0.04, balanced=False, encoder=toys.encoder().eval(), seeds=(0,),
                     config=FineTuneConfig(epochs=1, encoder_lr_scale=0))  # fmt: skip
        assert (result.labels_used, result.classes_missing) == (1, 2)

    def test_a_minimum(self):
        assert run(fraction=0.01, minimum=1).labels_used == 3
        with pytest.raises(ValueError, match="minimum=1 for at least one label of each class"):
            run(fraction=0.01)

    def test_prints_and_converts(self):
        result = run()
        values = json.loads(json.dumps(result.as_dict()))
        assert values["seeds"] == "0, 1"
        assert str(result).startswith("| 20.0% | True | 6 | 0 | ")

    def test_seeds(self):
        for seeds in ((), (1, 1)):
            with pytest.raises(ValueError, match="`seeds` must be one or more different integers"):
                run(seeds=seeds)
