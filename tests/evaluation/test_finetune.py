from __future__ import annotations

import copy
import json

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from evaluation import toys
from skelter.evaluation import FineTuneConfig, fine_tune

KNOWN = torch.arange(3).repeat(8)
QUICK = FineTuneConfig(lr=0.1, epochs=4, drops=(3,))


def run(encoder=None, train=None, test=None, **arguments):
    encoder = toys.encoder() if encoder is None else encoder
    train = toys.batches(KNOWN) if train is None else train
    test = toys.batches(KNOWN[:9], seed=1, size=5) if test is None else test
    arguments = {"num_classes": 3, "config": QUICK, "generator": seeded()} | arguments
    return fine_tune(encoder, toys.identity, train, test, **arguments)


def seeded(seed=2):
    return torch.Generator().manual_seed(seed)


class TestFineTune:
    def test_separates_the_separable(self):
        result = run(config=FineTuneConfig(lr=0.1, epochs=15))
        assert result.last == result.best == 1.0
        assert result.train > 0.9
        assert result.labels_used == 24
        assert result.curve.shape == (15,)

    def test_oracle_first_step(self):
        """One full-batch step of SGD on encoder and layer by hand, in plain torch."""
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(12, 5))
        data = toys.batches(KNOWN, size=24)
        config = FineTuneConfig(lr=0.3, epochs=1, encoder_lr_scale=0.5)
        result = run(copy.deepcopy(encoder), data, data, config=config)
        torch.randint(2**62, (), generator=(generator := seeded()))
        weight = (0.01 * torch.randn(3, 5, generator=generator)).requires_grad_()
        bias = torch.zeros(3, requires_grad=True)
        x = data[0][0]
        nn.functional.cross_entropy(encoder(x) @ weight.T + bias, KNOWN).backward()
        with torch.no_grad():
            for parameter in encoder.parameters():
                parameter -= 0.15 * parameter.grad
            expected = encoder(x) @ (weight - 0.3 * weight.grad).T + bias - 0.3 * bias.grad
        torch.testing.assert_close(result.scores, expected)

    def test_the_callers_encoder_keeps_weights_buffers_and_mode(self):
        encoder = toys.encoder()
        encoder.norm.eval()
        before = copy.deepcopy(encoder)
        result = run(encoder)
        assert toys.same_state(encoder, before)
        modes = [module.training for module in encoder.modules()]
        assert modes == [module.training for module in before.modules()]
        assert not toys.same_state(result.encoder, before)
        assert all(parameter.grad is None for parameter in encoder.parameters())

    def test_a_frozen_encoder_stays_equal(self):
        encoder = toys.encoder()
        result = run(encoder, config=FineTuneConfig(lr=0.5, epochs=15, encoder_lr_scale=0))
        assert toys.same_state(result.encoder, encoder)
        assert result.last == 1.0

    def test_parameters_without_gradient_stay_equal(self):
        encoder = toys.encoder()
        encoder.layer.requires_grad_(False)
        result = run(encoder)
        assert toys.same_state(result.encoder.layer, encoder.layer)
        assert not torch.equal(result.encoder.norm.weight, encoder.norm.weight)

    def test_an_encoder_without_any_gradient(self):
        encoder = toys.encoder().requires_grad_(False)
        message = "requires a gradient; got 4 that do not. Call encoder.requires_grad_"
        with pytest.raises(ValueError, match=message):
            run(encoder)

    def test_is_seeded_dropout_included_and_leaves_the_global_generator_alone(self):
        torch.manual_seed(11)
        before = torch.random.get_rng_state()
        first = run(toys.encoder(dropout=0.5))
        assert torch.equal(torch.random.get_rng_state(), before)
        torch.manual_seed(12)
        second = run(toys.encoder(dropout=0.5))
        other = run(toys.encoder(dropout=0.5), generator=seeded(9))
        assert torch.equal(first.scores, second.scores)
        assert not torch.equal(first.scores, other.scores)

    def test_a_shuffling_loader_is_seeded_too(self):
        data = TensorDataset(toys.clips(KNOWN), torch.full((24,), 4), KNOWN)
        loader = DataLoader(data, batch_size=8, shuffle=True)
        first, second = (run(train=loader, unpack=tuple) for _ in range(2))
        assert torch.equal(first.scores, second.scores)

    def test_test_clips_never_influence_training(self):
        one, two = (run(test=toys.batches(KNOWN[:9], seed=seed, size=5)) for seed in (1, 7))
        assert toys.same_state(one.model, two.model)
        assert not torch.equal(one.scores, two.scores)

    def test_reports_last_and_best(self):
        result = run(test=toys.batches(toys.labels(9), seed=1))
        assert result.last == float(result.curve[-1])
        assert result.best == float(result.curve.max())
        assert result.curve[result.best_epoch - 1] == result.curve.max()
        truth = toys.labels(9)
        assert result.last == float((result.predictions == truth).double().mean())

    def test_the_model_is_that_of_the_scores(self):
        test = toys.batches(KNOWN[:9], seed=1, size=5)
        result = run(test=test)
        model = result.model.eval()
        with torch.no_grad():
            scores = torch.cat([model(x) for x, _, _ in test])
            split = [result.classifier(result.encoder(x)) for x, _, _ in test]
        torch.testing.assert_close(scores, result.scores)
        torch.testing.assert_close(torch.cat(split), result.scores)

    def test_a_function_of_the_epoch(self):
        seen = []

        def train(epoch):
            seen.append(epoch)
            return iter(toys.batches(KNOWN[: 6 + 2 * epoch], seed=epoch))

        assert run(train=train).labels_used == 6
        assert seen == [0, 1, 2, 3]

    def test_a_generator_is_used_up(self):
        with pytest.raises(ValueError, match="`train` must give at least one batch.*not a gen"):
            run(train=iter(toys.batches(KNOWN)))
        with pytest.raises(ValueError, match="`test` must give at least one batch.*not a gen"):
            run(test=iter(toys.batches(KNOWN)))

    def test_transforms_get_frames_and_generator(self):
        seen = []

        def transform(x, *, num_frames=None, generator=None):
            seen.append((num_frames.tolist(), torch.rand((), generator=generator).item()))
            return x

        config = FineTuneConfig(epochs=1)
        run(transform=transform, config=config)
        first, seen[:] = list(seen), []
        run(transform=transform, config=config)
        assert seen == first
        assert [len(frames) for frames, _ in seen] == [8, 8, 8]
        seen.clear()
        run(test_transform=transform, config=config)
        assert [len(frames) for frames, _ in seen] == [5, 4]

    def test_unlabelled_clips_are_refused(self):
        known = KNOWN.clone()
        known[3] = -1
        data = [{"clips": toys.clips(KNOWN), "labels": known}]
        with pytest.raises(ValueError, match=r"`train` must have labels from 0 to 2; got -1 to 2"):
            run(train=data)
        with pytest.raises(ValueError, match="`test` must have labels from 0.*without a label out"):
            run(test=data)
        with pytest.raises(ValueError, match="`train` must have labels from 0 to 1; got 0 to 2"):
            run(num_classes=2)

    def test_an_encoder_that_names_no_size(self):
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(12, 7))
        assert run(encoder).classifier.in_features == 7
        with pytest.raises(ValueError, match=r"`encoder\(x\)` must have shape \(N, D\)"):
            run(nn.Conv3d(3, 2, 1))

    def test_an_encoder_without_parameters(self):
        assert run(nn.Flatten(), config=FineTuneConfig(lr=0.5)).last == 1.0

    def test_prints_and_converts(self):
        result = run()
        values = json.loads(json.dumps(result.as_dict()))
        assert list(values) == ["last", "best", "best_epoch", "train", "labels_used"]
        assert str(result).startswith("| ")

    def test_device(self, device):
        result = run(device=device)
        assert next(result.encoder.parameters()).device.type == device.type
        assert result.scores.device.type == "cpu"


class TestFineTuneConfig:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"lr": 0}, "`lr` must be above 0"),
            ({"optimiser": "lion"}, "`optimiser` must be one of 'sgd', 'nesterov', 'adam'"),
            ({"encoder_lr_scale": -1}, "`encoder_lr_scale` must lie between 0 and inf; got -1"),
            ({"warm_up": 81}, "`warm_up` must lie between 0 and 80; got 81"),
            ({"drops": (0,)}, "`drops` must be at least 1; got 0"),
            ({"optimiser": "nesterov", "momentum": 0.0}, "`momentum` must be above 0"),
        ],
    )
    def test_wrong_settings(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            FineTuneConfig(**arguments)
