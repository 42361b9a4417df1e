from __future__ import annotations

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR

from skelter import evaluation
from skelter.evaluation import (
    FeatureSet,
    FineTuneConfig,
    LinearProbeConfig,
    fine_tune,
    linear_probe,
    presets,
)

FACTS = {
    # name: lr, epochs, drops, batch size, standardised, optimiser
    "isc": (0.1, 80, (50, 70), 64, False, "sgd"),
    "standardized": (0.1, 80, (50, 70), 64, True, "sgd"),
    "crosclr": (3.0, 100, (80,), 128, False, "sgd"),
    "aimclr": (3.0, 100, (80,), 128, False, "sgd"),
    "skelemix": (3.0, 100, (80,), 128, False, "sgd"),
    "actclr": (24.0, 100, (80,), 1024, False, "sgd"),
    "cmd": (0.1, 80, (50, 70), 64, False, "sgd"),
    "halp": (0.005, 80, (50, 70), 64, False, "sgd"),
    "hico": (2.0, 80, (50, 70), 1024, False, "sgd"),
    "umurl": (0.03, 150, (120, 140), 512, False, "sgd"),
    "hysp": (1.0, 100, (60, 80), 64, False, "sgd"),
    "pstl": (0.01, 150, None, 128, False, "adam"),
    "gl_transformer": (0.003, 120, (), 1024, False, "adam"),
    "mamp": (0.1, 100, None, 128, True, "sgd"),
}


class TestPresets:
    def test_facts(self):
        found = {
            name: (c.lr, c.epochs, c.drops, c.batch_size, c.standardize, c.optimiser)
            for name, c in evaluation.PRESETS.items()
        }
        assert found == FACTS
        assert {(c.momentum, c.weight_decay) for c in evaluation.PRESETS.values()} == {(0.9, 0.0)}

    def test_names_are_those_of_the_constants(self):
        constants = {name: getattr(presets, name) for name in presets.__all__}
        for prefix, kind, mapping in (
            ("", LinearProbeConfig, evaluation.PRESETS),
            ("FINE_TUNE_", FineTuneConfig, evaluation.FINE_TUNE_PRESETS),
        ):
            named = {n: c for n, c in constants.items() if isinstance(c, kind)}
            assert {prefix + name.upper() for name in mapping} == set(named)
            assert all(named[prefix + name.upper()] is c for name, c in mapping.items())

    def test_read_only(self):
        with pytest.raises(TypeError, match="does not support item assignment"):
            evaluation.PRESETS["mine"] = evaluation.ISC

    def test_common_ones_stand_beside_the_protocols(self):
        assert evaluation.ISC is presets.ISC
        assert evaluation.STANDARDIZED is presets.STANDARDIZED

    def test_fine_tuning(self):
        assert evaluation.FINE_TUNE_PRESETS["cmd"] == FineTuneConfig()
        mix = evaluation.FINE_TUNE_PRESETS["skelemix"]
        assert (mix.lr, mix.epochs, mix.drops, mix.warm_up) == (0.1, 110, (50, 70, 90), 10)
        assert (mix.optimiser, mix.weight_decay) == ("nesterov", 1e-4)
        pstl = evaluation.FINE_TUNE_PRESETS["pstl"]
        assert (pstl.lr, pstl.epochs, pstl.drops, pstl.optimiser) == (0.005, 150, None, "adam")

    @pytest.mark.parametrize("name", sorted(FACTS))
    def test_every_one_learns(self, name):
        known = torch.arange(3).repeat(20)
        data = FeatureSet(torch.nn.functional.one_hot(known).float(), known)
        generator = torch.Generator().manual_seed(0)
        config = evaluation.PRESETS[name]
        assert linear_probe(data, data, config=config, generator=generator).last == 1.0


def learning_rates(monkeypatch, kind, train):
    """The learning rate of each group at each step of an optimiser."""
    seen = []
    step = kind.step

    def spy(self, *arguments, **keywords):
        seen.append(tuple(group["lr"] for group in self.param_groups))
        return step(self, *arguments, **keywords)

    monkeypatch.setattr(kind, "step", spy)
    train()
    return seen


def torchs(schedule, epochs, lr=0.5):
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr)
    scheduler, rates = schedule(optimiser), []
    for _ in range(epochs):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


class TestSchedules:
    data = FeatureSet(torch.eye(3), torch.arange(3))

    def probe(self, monkeypatch, kind=torch.optim.SGD, **settings):
        config = LinearProbeConfig(lr=0.5, epochs=6, **settings)
        rates = learning_rates(
            monkeypatch, kind, lambda: linear_probe(self.data, self.data, config=config)
        )
        return [rate for (rate,) in rates]

    def test_drops_are_torchs_steps(self, monkeypatch):
        expected = torchs(lambda o: MultiStepLR(o, [2, 3, 5]), 6)
        assert self.probe(monkeypatch, drops=(2, 3, 5)) == pytest.approx(expected)

    def test_none_is_torchs_cosine(self, monkeypatch):
        expected = torchs(lambda o: CosineAnnealingLR(o, 6), 6)
        assert self.probe(monkeypatch, drops=None) == pytest.approx(expected)

    def test_no_drops_is_constant(self, monkeypatch):
        rates = self.probe(monkeypatch, torch.optim.Adam, drops=(), optimiser="adam")
        assert rates == [0.5] * 6

    def test_warm_up_and_scale_of_the_encoder(self, monkeypatch):
        config = FineTuneConfig(
            lr=1.0, epochs=5, drops=(4,), warm_up=2, encoder_lr_scale=0.5, optimiser="nesterov"
        )
        data = [{"clips": torch.eye(3), "labels": torch.arange(3)}]
        rates = learning_rates(
            monkeypatch,
            torch.optim.SGD,
            lambda: fine_tune(torch.nn.Linear(3, 3), lambda x: x, data, data, num_classes=3,
                              config=config),
        )  # fmt: skip
        expected = [0.5, 1.0, 1.0, 1.0, 0.1]
        assert [layer for layer, _ in rates] == pytest.approx(expected)
        assert [encoder for _, encoder in rates] == pytest.approx([r / 2 for r in expected])

    def test_adam_first_step(self):
        """Adam's first step moves every weight by the learning rate against its sign."""
        config = LinearProbeConfig(lr=0.3, epochs=1, drops=(), optimiser="adam")
        generator = torch.Generator().manual_seed(2)
        result = linear_probe(self.data, self.data, config=config, generator=generator)
        weight = 0.01 * torch.randn(3, 3, generator=torch.Generator().manual_seed(2))
        error = weight.T.softmax(1) - torch.eye(3)
        weight, bias = (
            weight - 0.3 * (error.T @ self.data.features).sign(),
            -0.3 * error.sum(0).sign(),
        )
        torch.testing.assert_close(result.scores, weight.T + bias, rtol=1e-4, atol=1e-4)

    def test_nesterov_first_step(self):
        """The first step of Nesterov momentum is 1 + momentum times that of plain SGD."""
        settings = {"lr": 0.3, "epochs": 1, "drops": (), "momentum": 0.9}
        plain, nesterov = (
            linear_probe(
                self.data,
                self.data,
                config=LinearProbeConfig(optimiser=optimiser, **settings),
                generator=torch.Generator().manual_seed(2),
            ).scores
            for optimiser in ("sgd", "nesterov")
        )
        start = 0.01 * torch.randn(3, 3, generator=torch.Generator().manual_seed(2)).T
        torch.testing.assert_close(nesterov - start, 1.9 * (plain - start))

    def test_unknown_optimiser(self):
        with pytest.raises(
            ValueError, match="`optimiser` must be one of 'sgd', 'nesterov', 'adam'"
        ):
            LinearProbeConfig(optimiser="lars")


def test_scores_and_labels_of_a_probe():
    generator = torch.Generator().manual_seed(0)
    train = FeatureSet(torch.randn(12, 4, generator=generator), torch.arange(12) % 3)
    test = FeatureSet(torch.randn(5, 4, generator=generator), torch.arange(5) % 3)
    result = linear_probe(train, test, num_classes=4, generator=generator)
    assert result.scores.shape == (5, 4)
    assert not result.scores.requires_grad
    assert torch.equal(result.scores.argmax(1), result.predictions)
    assert result.labels_used == 12
    assert result.as_dict()["labels_used"] == 12
