from __future__ import annotations

import copy
import pickle

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from skelter import MomentumEncoder


def network():
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))


class TestMomentumEncoder:
    @pytest.mark.parametrize("momentum", [0.0, 0.9, 0.999, 1.0])
    def test_oracle(self, momentum):
        source = network()
        key = MomentumEncoder(source, momentum)
        own = {name: p.clone() for name, p in key.module.named_parameters()}
        for step in range(3):
            with torch.no_grad():
                for parameter in source.parameters():
                    parameter.add_(step + 1.0)
            key.update(source)
            for name, parameter in source.named_parameters():
                own[name] = momentum * own[name] + (1 - momentum) * parameter.detach()
        for name, parameter in key.module.named_parameters():
            torch.testing.assert_close(parameter, own[name])

    def test_momentum_of_an_update(self):
        source = network()
        key = MomentumEncoder(source, 1.0)
        with torch.no_grad():
            for parameter in source.parameters():
                parameter.fill_(2.0)
        before = [parameter.clone() for parameter in key.parameters()]
        key.update(source, 0.25)
        for parameter, start in zip(key.parameters(), before, strict=True):
            torch.testing.assert_close(parameter, 0.25 * start + 1.5)
        with pytest.raises(ValueError, match=r"`momentum` must lie between 0.0 and 1.0"):
            key.update(source, 1.5)

    def test_buffers_are_copied(self):
        source = network()
        key = MomentumEncoder(source)
        source(torch.randn(8, 4))
        key.update(source)
        for own, theirs in zip(key.module.buffers(), source.buffers(), strict=True):
            assert torch.equal(own, theirs)

    def test_is_a_frozen_copy(self):
        source = network()
        key = MomentumEncoder(source)
        assert not any(p.requires_grad for p in key.parameters())
        assert all(p.requires_grad for p in source.parameters())
        assert not key(torch.randn(8, 4)).requires_grad
        pairs = zip(key.parameters(), source.parameters(), strict=True)
        assert not any(own.data_ptr() == theirs.data_ptr() for own, theirs in pairs)

    def test_starts_in_training_mode(self):
        key = MomentumEncoder(network())
        out = key(torch.randn(64, 4))
        torch.testing.assert_close(out.mean(0), torch.zeros(3), atol=1e-5, rtol=0)

    def test_several_modules_at_once(self):
        source = nn.ModuleDict({"a": network(), "b": nn.Linear(2, 2)})
        key = MomentumEncoder(source, 0.0)
        with torch.no_grad():
            for parameter in source.parameters():
                parameter.fill_(7.0)
        key.update(source)
        assert all((parameter == 7.0).all() for parameter in key.parameters())

    def test_resumes(self):
        key = MomentumEncoder(network())
        again = MomentumEncoder(network())
        again.load_state_dict(key.state_dict())
        x = torch.randn(8, 4)
        assert torch.equal(again(x), key(x))

    def test_wrong_source(self):
        key = MomentumEncoder(network())
        with pytest.raises(ValueError, match="got no parameter '1.bias' in `source`"):
            key.update(nn.Sequential(nn.Linear(4, 3)))
        with pytest.raises(ValueError, match=r"'0.weight' of shape \(3, 5\), not \(3, 4\)"):
            key.update(nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3)))

    @pytest.mark.parametrize("momentum", [-0.1, 1.1])
    def test_wrong_momentum(self, momentum):
        with pytest.raises(ValueError, match=r"`momentum` must lie between 0.0 and 1.0"):
            MomentumEncoder(network(), momentum)


def moved(source, to=1.0):
    with torch.no_grad():
        for parameter in source.parameters():
            parameter.add_(to)
    return source


NARROW = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])


class TestNarrowParameters:
    @NARROW
    def test_the_average_moves_as_that_of_float32(self, dtype):
        """Steps of 0.001 of the way round to nothing in these dtypes."""
        source = network().to(dtype)
        key, wide = MomentumEncoder(source), MomentumEncoder(copy.deepcopy(source).float())
        moved(source)
        for _ in range(200):
            key.update(source)
            wide.update(source)
        for own, expected in zip(key.module.parameters(), wide.module.parameters(), strict=True):
            assert own.dtype == dtype
            torch.testing.assert_close(own, expected.to(dtype), rtol=0, atol=0)

    @NARROW
    @pytest.mark.parametrize("stop", [0, 1, 30])
    def test_resumes_bit_by_bit(self, dtype, stop):
        source = network().to(dtype)
        key = MomentumEncoder(source)
        moved(source)
        for _ in range(stop):
            key.update(source)
        again = MomentumEncoder(network().to(dtype))
        if stop == 30:  # it has averages of its own, which the state replaces
            again.update(source)
        again.load_state_dict(key.state_dict())
        copies = [again, copy.deepcopy(key), pickle.loads(pickle.dumps(key))]
        for module in (key, *copies):
            for _ in range(50):
                module.update(source)
        for module in copies:
            assert module.state_dict().keys() == key.state_dict().keys()
            for name, value in key.state_dict().items():
                assert torch.equal(module.state_dict()[name], value), name

    def test_a_state_without_averages(self):
        source = network().bfloat16()
        key, fresh = MomentumEncoder(source), MomentumEncoder(network().bfloat16())
        key.update(moved(source))
        key.load_state_dict(fresh.state_dict())
        assert key.state_dict().keys() == fresh.state_dict().keys()

    def test_a_parameter_that_is_given_another_value_starts_from_there(self):
        source = network().bfloat16()
        key = MomentumEncoder(source)
        for _ in range(5):
            key.update(moved(source))
        other = network().bfloat16()
        key.module.load_state_dict(other.state_dict())
        key.update(source, 1.0)
        for own, theirs in zip(key.module.parameters(), other.parameters(), strict=True):
            assert torch.equal(own, theirs)

    def test_converted_afterwards(self):
        source = network()
        key = MomentumEncoder(source).bfloat16()
        moved(source.bfloat16())
        for _ in range(300):
            key.update(source)
        for own, theirs in zip(key.module.parameters(), source.parameters(), strict=True):
            torch.testing.assert_close(theirs - own, torch.full_like(own, 0.999**300), rtol=0,
                                       atol=0.02)  # fmt: skip

    def test_wide_modules_have_no_averages(self):
        key = MomentumEncoder(network())
        key.update(network())
        assert all(name.startswith("module.") for name in key.state_dict())


def data_parallel(module):
    return nn.DataParallel(module)


def compiled(module):
    return torch.compile(module, backend="eager")


def fabric(module):
    return Fabric(accelerator="cpu", devices=1).setup_module(module)


def part_compiled(module):
    return nn.Sequential(torch.compile(module[0], backend="eager"), data_parallel(module[1]))


def all_around(module):
    return fabric(compiled(data_parallel(module)))


class TestWrappedModules:
    @pytest.mark.parametrize("wrap", [data_parallel, compiled, fabric, part_compiled, all_around])
    def test_are_followed_as_they_are_inside(self, wrap):
        source = network()
        wrapped = wrap(source)
        expected, inside, outside = (MomentumEncoder(m) for m in (source, source, wrapped))
        assert outside.state_dict().keys() == expected.state_dict().keys()
        moved(source)
        source(torch.randn(8, 4))
        expected.update(source)
        inside.update(wrapped)
        outside.update(wrapped)
        for key in (inside, outside):
            for name, value in expected.state_dict().items():
                assert torch.equal(key.state_dict()[name], value), name
        before = copy.deepcopy(source.state_dict())
        moved(outside)
        assert all(torch.equal(value, before[name]) for name, value in source.state_dict().items())

    def test_a_child_that_is_called_module(self):
        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.module = nn.Linear(2, 2)

            def forward(self, x):
                return 2 * self.module(x)

        source = Own()
        key = MomentumEncoder(source, 0.0)
        assert torch.equal(key(torch.ones(1, 2)), source(torch.ones(1, 2)))
        key.update(compiled(moved(source)))
        assert torch.equal(key.module.module.weight, source.module.weight)

    def test_the_average_of_a_compiled_module_is_not_the_module(self):
        source = compiled(network())
        key = MomentumEncoder(source)
        x = torch.randn(8, 4)
        before = key(x)
        moved(source)
        assert torch.equal(key(x), before)


class TestOddModules:
    def test_lazy_modules(self):
        with pytest.raises(ValueError, match=r"`module` must know its shapes; got the lazy 'weigh"):
            MomentumEncoder(nn.LazyLinear(3))
        with pytest.raises(ValueError, match=r"`source` must know its shapes; got the lazy 'weigh"):
            MomentumEncoder(nn.Linear(4, 3)).update(nn.LazyLinear(3))
        with pytest.raises(ValueError, match="the lazy 'running_mean'.*Call it with one batch"):
            MomentumEncoder(nn.LazyBatchNorm1d(affine=False))

    def test_integers_are_copied(self):
        class Counting(nn.Module):
            def __init__(self):
                super().__init__()
                self.table = nn.Parameter(torch.arange(3), requires_grad=False)
                self.register_buffer("seen", torch.zeros((), dtype=torch.int64))
                self.register_buffer("mask", torch.tensor([True, False]), persistent=False)

        source = Counting()
        key = MomentumEncoder(source)
        source.table.add_(5)
        source.seen.add_(2)
        source.mask.logical_not_()
        key.update(source)
        assert key.module.table.tolist() == [5, 6, 7]
        assert int(key.module.seen) == 2
        assert key.module.mask.tolist() == [False, True]

    def test_buffers_that_differ(self):
        def build(shape, name="scale"):
            module = nn.Linear(2, 2)
            module.register_buffer(name, torch.ones(shape))
            return module

        key = MomentumEncoder(build(3))
        before = copy.deepcopy(key.state_dict())
        with pytest.raises(ValueError, match="got no buffer 'scale' in `source`. Pass the same"):
            key.update(moved(nn.Linear(2, 2)))
        more = build(3)
        more.register_buffer("other", torch.ones(1))
        with pytest.raises(ValueError, match="got no buffer 'other' in the momentum encoder"):
            key.update(more)
        with pytest.raises(ValueError, match=r"buffer 'scale' of shape \(1,\), not \(3,\)"):
            key.update(build(1))
        assert all(torch.equal(value, before[name]) for name, value in key.state_dict().items())

    def test_tied_parameters_stay_tied(self):
        source = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        source[1].weight = source[0].weight
        key = MomentumEncoder(source, 0.5)
        before = source[0].weight.detach().clone()
        key.update(moved(source))
        assert key.module[0].weight is key.module[1].weight
        torch.testing.assert_close(key.module[0].weight, before + 0.5)

    def test_on_another_device(self, device):
        source = network()
        key = MomentumEncoder(copy.deepcopy(source).to(device), 0.5)
        key.update(moved(source))
        assert all(p.device.type == device.type for p in key.parameters())

    @pytest.mark.parametrize("momentum", ["0.9", True, None, [0.9]])
    def test_a_momentum_that_is_not_a_number(self, momentum):
        with pytest.raises(TypeError, match="`momentum` must be a number"):
            MomentumEncoder(network(), momentum)
