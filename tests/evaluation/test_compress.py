from __future__ import annotations

import pytest
import torch
from torch import nn

from skelter.evaluation import COMPRESS_ISC, CompressConfig, compress

SMALL = CompressConfig(sizes=(8, 3), epochs=30, batch_size=16)


def rows(count, seed=0, dim=6):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def seeded(seed=5):
    return torch.Generator().manual_seed(seed)


class TestCompress:
    def test_codes_are_small_bounded_and_detached(self):
        codes, test = compress(rows(20), rows(7, 1), config=SMALL, generator=seeded())
        assert (codes.shape, test.shape) == ((20, 3), (7, 3))
        assert codes.abs().max() <= 1
        assert not codes.requires_grad

    def test_oracle_without_training(self):
        """At a learning rate of nearly nothing the codes are those of the initial weights."""
        config = CompressConfig(sizes=(8, 3), epochs=1, lr=1e-12)
        codes, _ = compress(rows(20), rows(7, 1), config=config, generator=seeded())
        generator, expected = seeded(), rows(20)
        for fan_in, fan_out in ((6, 8), (8, 3)):
            bound = fan_in**-0.5
            weight = torch.empty(fan_out, fan_in).uniform_(-bound, bound, generator=generator)
            bias = torch.empty(fan_out).uniform_(-bound, bound, generator=generator)
            expected = torch.tanh(expected @ weight.T + bias)
        torch.testing.assert_close(codes, expected)

    def test_oracle_first_step(self):
        """One full-batch step of Adam in plain torch; rows beyond what a tanh can give."""
        rows5 = 5 * rows(12)
        config = CompressConfig(sizes=(8, 3), epochs=1, lr=0.05, batch_size=12)
        codes, _ = compress(rows5, rows5, config=config, generator=seeded())
        generator, layers = seeded(), []
        for fan_in, fan_out in ((6, 8), (8, 3), (3, 8), (8, 6)):
            linear = nn.Linear(fan_in, fan_out)
            for parameter in linear.parameters():
                bound = fan_in**-0.5
                nn.init.uniform_(parameter, -bound, bound, generator=generator)
            layers.append(linear)
        one, two, three, four = layers
        optimiser = torch.optim.Adam([p for layer in layers for p in layer.parameters()], 0.05)
        code = two(one(rows5).tanh()).tanh()
        (four(three(code).tanh()) - rows5).square().mean().backward()
        optimiser.step()
        with torch.no_grad():
            expected = two(one(rows5).tanh()).tanh()
        torch.testing.assert_close(codes, expected)

    def test_training_keeps_what_tells_rows_apart(self):
        """Rows on a line in space: after training, the codes tell where on the line."""
        place = torch.linspace(-1, 1, 64)[:, None]
        line = place * torch.tensor([[1.0, -1.0, 0.5, 0.0, 1.0, 0.3]])
        config = CompressConfig(sizes=(8, 1), epochs=100, batch_size=16, decay=1.0)
        codes, _ = compress(line, line, config=config, generator=seeded())
        order = torch.corrcoef(torch.stack([codes[:, 0], place[:, 0]]))[0, 1]
        assert order.abs() > 0.95

    def test_test_rows_have_no_part_in_training(self):
        one, _ = compress(rows(20), rows(7, 1), config=SMALL, generator=seeded())
        two, _ = compress(rows(20), 100 * rows(9, 2), config=SMALL, generator=seeded())
        assert torch.equal(one, two)

    def test_is_seeded_and_leaves_the_global_generator_alone(self):
        before = torch.random.get_rng_state()
        one, _ = compress(rows(20), rows(7, 1), config=SMALL, generator=seeded())
        two, _ = compress(rows(20), rows(7, 1), config=SMALL, generator=seeded(6))
        assert not torch.equal(one, two)
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_the_learning_rate_falls_by_steps_of_the_optimiser(self, monkeypatch):
        seen = []
        step = torch.optim.Adam.step

        def spy(self, *arguments, **keywords):
            seen.append(self.param_groups[0]["lr"])
            return step(self, *arguments, **keywords)

        monkeypatch.setattr(torch.optim.Adam, "step", spy)
        config = CompressConfig(sizes=(2,), epochs=3, batch_size=5, decay_steps=4)
        compress(rows(20), rows(7), config=config, generator=seeded())
        assert seen == pytest.approx([1e-3] * 4 + [0.95e-3] * 4 + [0.95**2 * 1e-3] * 4)

    def test_the_papers(self):
        assert COMPRESS_ISC.sizes == (1024, 512, 125)
        assert (COMPRESS_ISC.epochs, COMPRESS_ISC.lr, COMPRESS_ISC.batch_size) == (400, 1e-3, 64)
        assert (COMPRESS_ISC.decay, COMPRESS_ISC.decay_steps) == (0.95, 50)

    def test_wrong_calls(self):
        with pytest.raises(ValueError, match="`test` must have the D=6 columns of `train`"):
            compress(rows(4), rows(4, dim=5), config=SMALL)
        with pytest.raises(ValueError, match="`sizes` must name at least one layer"):
            CompressConfig(sizes=())
        with pytest.raises(TypeError, match="`train` must have a real floating dtype"):
            compress(torch.ones(3, 4).long(), rows(3, dim=4))


def test_linear_starts_as_torchs():
    """The bound of the initial weights is that of ``nn.Linear``."""
    assert nn.Linear(100, 1000).weight.abs().max().item() == pytest.approx(0.1, rel=1e-2)
