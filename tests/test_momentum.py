from __future__ import annotations

import pytest
import torch
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
