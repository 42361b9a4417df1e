"""Every method that is exported passes this, by being exported."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from method_builders import METHODS, SHAPE, build
from test_distributed import compared
from torch import distributed as dist
from torch import nn
from workers import step_a_method

from skelter import MomentumEncoder

pytestmark = pytest.mark.parametrize("name", METHODS)


@pytest.fixture
def views():
    return torch.randn(2, 8, *SHAPE)


def same(ours, theirs):
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def snapshot(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


def train(method, optimiser, start, stop):
    for step in range(start, stop):
        torch.manual_seed(100 + step)
        loss = method(*torch.randn(2, 8, *SHAPE)).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def adam(method):
    return torch.optim.Adam([p for p in method.parameters() if p.requires_grad], 1e-2)


def test_fits_the_protocol(name, views):
    method = build(name)
    assert isinstance(method, nn.Module)
    assert isinstance(method.encoders, nn.ModuleDict)
    assert isinstance(method.representations, nn.ModuleDict)
    assert method.encoders.keys() == method.representations.keys()
    output = method(*views)
    assert output.loss.shape == ()
    assert output.loss.isfinite()
    assert output.loss.requires_grad
    for key, value in output.metrics.items():
        assert isinstance(key, str)
        assert value.shape == ()
        assert value.isfinite()
        assert not value.requires_grad
    assert method(*views).metrics.keys() == output.metrics.keys()


def test_names_are_the_users(name, views):
    method = build(name, "skeleton of mine", "bones")
    assert next(iter(method.encoders)) == "skeleton of mine"
    assert method(*views).loss.isfinite()
    assert method.encoders["skeleton of mine"](views[0]).shape == (8, 10)


def test_eval_changes_nothing(name, views):
    method = build(name, norm=nn.BatchNorm1d).eval()
    before = snapshot(method)
    with torch.no_grad():
        method(*views)
    assert same(before, method.state_dict())


def test_training_changes_the_encoders(name):
    method = build(name)
    before = snapshot(method.encoders)
    train(method, adam(method), 0, 1)
    after = method.encoders.state_dict()
    assert not any(torch.equal(before[key], after[key]) for key in before)


def test_gradients_reach_every_encoder_and_no_teacher(name, views):
    method = build(name)
    method(*views).loss.backward()
    for key, parameter in method.encoders.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.abs().max() > 0, key
    for module in method.modules():
        if isinstance(module, MomentumEncoder):
            assert not any(p.requires_grad or p.grad is not None for p in module.parameters())
    assert not any(p.grad is None for p in method.parameters() if p.requires_grad)


@pytest.mark.parametrize("stop", range(4))
def test_resumes_at_any_step_bit_by_bit(name, stop, tmp_path):
    method = build(name, norm=nn.BatchNorm1d)
    optimiser = adam(method)
    train(method, optimiser, 0, stop)
    torch.save((method.state_dict(), optimiser.state_dict()), tmp_path / "state.pt")
    train(method, optimiser, stop, 4)
    again = build(name, norm=nn.BatchNorm1d, seed=1)
    resumed = adam(again)
    weights, state = torch.load(tmp_path / "state.pt", weights_only=True)
    again.load_state_dict(weights)
    resumed.load_state_dict(state)
    train(again, resumed, stop, 4)
    assert same(method.state_dict(), again.state_dict())


def test_copies_and_pickles(name, views):
    method = build(name)
    method(*views)
    copies = [copy.deepcopy(method), pickle.loads(pickle.dumps(method))]
    expected = method(*views).loss
    assert [torch.equal(copied(*views).loss, expected) for copied in copies] == [True, True]


def test_autocast(name, views):
    method = build(name)
    with torch.autocast("cpu", torch.bfloat16):
        loss = method(*views).loss
    loss.backward()
    torch.testing.assert_close(
        loss, build(name)(*views).loss, rtol=0.1, atol=0.1, check_dtype=False
    )
    assert all(p.grad.isfinite().all() for p in method.encoders.parameters())


@pytest.mark.skipif(not dist.is_gloo_available(), reason="no gloo")
def test_two_processes_are_one_with_the_joined_batch(name, tmp_path):
    (losses, gradients), *both = compared(step_a_method, tmp_path, name)
    for found in both:
        torch.testing.assert_close(found[0], losses, rtol=0, atol=1e-5)
        for ours, theirs in zip(found[1], gradients, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
