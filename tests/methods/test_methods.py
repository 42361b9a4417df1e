from __future__ import annotations

import math

import method_builders
import pytest
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.nn import functional as F

from skelter import MemoryQueue, MomentumEncoder, methods
from skelter.encoders import AGCN, HCN, BiGRU, ProjectionHead
from skelter.losses import functional as losses
from skelter.methods import InterSkeletonContrast, IntraSkeletonContrast, MomentumContrast
from skelter.representations import ToGraph, ToImage, ToSequence

REPRESENTATIONS = {"sequence": ToSequence(), "image": ToImage(), "graph": ToGraph()}


def encoders(*names):
    made = {
        "sequence": BiGRU(150, 8, layers=1),
        "image": HCN(frames=16, channels=16, dropout=0.0),
        "graph": AGCN(widths=(8,)),
    }
    return {name: made[name] for name in names}


def inter(*names, **options):
    options = {"queue_size": 20} | options
    return InterSkeletonContrast(
        encoders(*names), {name: REPRESENTATIONS[name] for name in names}, **options
    )


@pytest.fixture
def views():
    return torch.randn(5, 3, 16, 25, 2), torch.randn(5, 3, 16, 25, 2)


class TestInterSkeletonContrast:
    def test_oracle_assembled_by_hand(self, views):
        """One step from the paper: momentum update, keys, both losses, then the queues."""
        torch.manual_seed(0)
        method = inter("sequence", "image", momentum=0.5)
        torch.manual_seed(0)
        networks = encoders("sequence", "image")
        heads = {name: ProjectionHead(e.feature_dim) for name, e in networks.items()}
        keys = {
            name: MomentumEncoder(nn.Sequential(networks[name], heads[name]), 0.5)
            for name in networks
        }
        queues = {name: MemoryQueue(20, 128) for name in networks}
        for queue in queues.values():
            queue.fill_random()
        with torch.no_grad():  # the queries have moved since the copies were made
            for module in [*networks.values(), *heads.values(), method.encoders, method.heads]:
                for parameter in module.parameters():
                    parameter.add_(0.01)
        for name in networks:
            keys[name].update(nn.Sequential(networks[name], heads[name]))
        view1, view2 = views
        q = {n: F.normalize(heads[n](networks[n](REPRESENTATIONS[n](view1)))) for n in networks}
        k = {n: F.normalize(keys[n](REPRESENTATIONS[n](view2))) for n in networks}
        expected = losses.cross_contrastive(
            q["sequence"],
            q["image"],
            k["sequence"],
            k["image"],
            queues["sequence"].snapshot(),
            queues["image"].snapshot(),
        )
        output = method(*views)
        torch.testing.assert_close(output.loss, expected)
        for name in networks:
            torch.testing.assert_close(method.queues[name].features[:5], k[name])

    def test_terms(self, views):
        output = inter("sequence", "image")(*views)
        assert set(output.losses) == {("sequence", "image"), ("image", "sequence")}
        torch.testing.assert_close(output.loss, sum(output.losses.values()))

    def test_all_ordered_pairs_of_three(self, views):
        output = inter("sequence", "image", "graph")(*views)
        assert len(output.losses) == 6
        assert all(a != b for a, b in output.losses)

    def test_intra_weight_adds_the_intra_terms(self, views):
        output = inter("sequence", "image", intra_weight=0.5)(*views)
        assert len(output.losses) == 4
        expected = sum(loss * (1.0 if a != b else 0.5) for (a, b), loss in output.losses.items())
        torch.testing.assert_close(output.loss, expected)

    def test_paper_defaults(self):
        method = InterSkeletonContrast(
            encoders("sequence", "image"), {n: REPRESENTATIONS[n] for n in ("sequence", "image")}
        )
        assert method.queues["image"].capacity == len(method.queues["image"]) == 16384
        assert method.temperature == 0.07
        assert method.key_encoders.momentum == 0.999
        assert all(a != b for a, b in method.pairs)

    def test_gradients_reach_queries_only(self, views):
        method = inter("sequence", "image")
        method(*views).loss.backward()
        for module in (method.encoders, method.heads):
            assert all(p.grad is not None for p in module.parameters())
        for module in (method.key_encoders, method.key_heads):
            assert all(p.grad is None for p in module.parameters())

    def test_eval_mode_changes_nothing(self, views):
        method = inter("sequence", "image").eval()
        before = {name: tensor.clone() for name, tensor in method.state_dict().items()}
        with torch.no_grad():
            method(*views)
        after = method.state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before)

    def test_empty_queues_say_how_to_fill_them(self, views):
        method = inter("sequence", "image", random_queue=False)
        with pytest.raises(ValueError, match="at least one row to contrast with"):
            method(*views)
        assert not method.warm_up(views[1])
        assert {len(queue) for queue in method.queues.values()} == {5}
        assert method(*views).loss.isfinite()

    def test_warm_up_says_when_the_queues_are_full(self, views):
        method = inter("sequence", "image", random_queue=False, queue_size=8)
        assert not method.warm_up(views[1])
        assert method.warm_up(views[0])
        before = method.queues["image"].snapshot()
        assert method.warm_up(views[1])  # there is no room
        assert torch.equal(method.queues["image"].snapshot(), before)

    def test_random_queues_need_no_warm_up(self, views):
        method = inter("sequence", "image")
        before = method.queues["image"].snapshot()
        assert method.warm_up(views[1])
        assert torch.equal(method.queues["image"].snapshot(), before)

    def test_learns_to_tell_clips_apart(self):
        method = inter("sequence", "image", queue_size=24, momentum=0.9, temperature=0.2)
        optimiser = torch.optim.Adam(method.parameters(), 1e-3)
        clips = torch.randn(40, 3, 1, 25, 2).expand(-1, -1, 16, -1, -1)
        losses = []
        for step in range(100):
            # The queue holds the three batches before: never the clips of this one.
            view = clips[8 * (step % 5) :][:8]
            output = method(view, view + 0.05 * torch.randn_like(view))
            optimiser.zero_grad()
            output.loss.backward()
            optimiser.step()
            losses.append(float(output.loss.detach()))
        assert sum(losses[-5:]) < 0.6 * sum(losses[5:10])

    def test_resumes_bit_exactly(self, views):
        torch.manual_seed(1)
        method, again = inter("sequence", "image"), inter("sequence", "image")
        method(*views)
        again.load_state_dict(method.state_dict())
        assert torch.equal(method(*views).loss, again(*views).loss)
        assert torch.equal(method.queues["image"].snapshot(), again.queues["image"].snapshot())

    def test_accuracy_of_the_queue_task(self, views):
        output = inter("sequence", "image")(*views)
        hits = [(scores.argmax(1) == 0).float().mean() for scores in output.logits.values()]
        torch.testing.assert_close(output.metrics["accuracy"], torch.stack(hits).mean())
        term = output.losses["image", "sequence"]
        assert torch.equal(output.metrics["loss, image to sequence"], term.detach())
        loss, terms, logits = output
        assert logits["sequence", "image"].shape == (5, 21)
        assert not logits["sequence", "image"].requires_grad
        assert loss is output.loss
        assert terms is output.losses

    def test_runs_under_fabric(self, views):
        fabric = Fabric(accelerator="cpu", devices=1)
        method = inter("sequence", "image")
        module, optimiser = fabric.setup(method, torch.optim.SGD(method.parameters(), 0.1))
        output = module(*views)
        fabric.backward(output.loss)
        optimiser.step()
        assert output.loss.isfinite()

    def test_any_module_is_an_encoder(self, views):
        class Mine(nn.Module):
            feature_dim = 6

            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(150, 6)

            def forward(self, sequence):
                return self.layer(sequence).mean(1)

        method = InterSkeletonContrast(
            {"mine": Mine(), "image": encoders("image")["image"]},
            {"mine": ToSequence(), "image": ToImage()},
            queue_size=8,
        )
        assert method(*views).loss.isfinite()

    @pytest.mark.parametrize(
        ("names", "options", "message"),
        [
            (["image"], {}, r"two or more representations; got \['image'\].*IntraSkeleton"),
            (["sequence", "image"], {"temperature": 0}, "`temperature` must be above 0; got 0"),
            (["sequence", "image"], {"queue_size": 0}, "`capacity` must be at least 1; got 0"),
            (["sequence", "image"], {"momentum": 2}, "`momentum` must lie between"),
            (["sequence", "image"], {"intra_weight": -1}, "`intra_weight` must lie between"),
            (["sequence", "image"], {"heads": {}}, "`heads` must have the names of `encoders`"),
        ],
    )
    def test_wrong_arguments(self, names, options, message):
        with pytest.raises(ValueError, match=message):
            inter(*names, **options)

    def test_wrong_parts(self):
        with pytest.raises(
            ValueError, match="must have an integer `feature_dim`.*got None of Linear"
        ):
            InterSkeletonContrast(
                {"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)}, {"a": ToImage(), "b": ToImage()}
            )
        heads = {"sequence": ProjectionHead(16), "image": ProjectionHead(64, out_dim=32)}
        with pytest.raises(ValueError, match="same integer `out_dim`"):
            inter("sequence", "image", heads=heads)

    @pytest.mark.parametrize(
        "pairs", [{}, {("a", "x"): 1.0}, {("a", "a"): 0.0}, {("a", "a"): -1.0}]
    )
    def test_wrong_pairs(self, pairs):
        with pytest.raises(
            ValueError, match=r"`pairs` must map \(query, key\) names out of \['a'\]"
        ):
            MomentumContrast({"a": BiGRU(150, 8)}, {"a": ToSequence()}, pairs=pairs, queue_size=8)

    def test_representations_are_modules_or_functions(self, views):
        class Scale(nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("factor", torch.tensor(2.0))

            def forward(self, x):
                return ToSequence()(x * self.factor)

        method = InterSkeletonContrast(
            {"a": BiGRU(150, 8), "b": BiGRU(150, 8)},
            {"a": Scale(), "b": lambda x: x.permute(0, 2, 3, 1, 4).flatten(2)},
            queue_size=8,
        )
        assert "representations.a.factor" in method.state_dict()
        assert method(*views).loss.isfinite()

    def test_wrong_views(self, views):
        method = inter("sequence", "image")
        with pytest.raises(ValueError, match=r"`view2` must hold the clips of `view1`.*MultiView"):
            method(views[0], views[1][:4])
        with pytest.raises(ValueError, match="`view1` must hold at least one clip"):
            method(views[0][:0], views[1][:0])
        for wrong, count in (((views[0],), 1), ((views,), 1), ((*views, views[0]), 3), ((), 0)):
            message = rf"`views` must be 2 views of .*; got {count}\. .*method\(\*views\)"
            with pytest.raises(ValueError, match=message):
                method(*wrong)
        with pytest.raises(ValueError, match=r"`view2` must have shape .*add the last axis"):
            method(views[0], views[1][0, ..., 0])
        with pytest.raises(TypeError, match="must have the dtype torch.float32 of the weights"):
            method(views[0].double(), views[1])

    def test_arrays(self, views):
        method = inter("sequence", "image").eval()
        arrays = [view.numpy() for view in views]
        assert torch.equal(method(*arrays).loss, method(*views).loss)
        assert torch.equal(method.keys(arrays[0])["image"], method.keys(views[0])["image"])

    def test_embeddings_of_zero_get_a_bounded_gradient(self, views):
        """A head that ends in zeros: 1e12 times the gradient before, which no step survives."""
        method = inter("sequence", "image")
        with torch.no_grad():
            for head in method.heads.values():
                for parameter in head.parameters():
                    parameter.zero_()
        method(*views).loss.backward()
        grads = [p.grad for p in method.parameters() if p.grad is not None]
        assert all(float(grad.abs().max()) < 1 for grad in grads)


class TestIntraSkeletonContrast:
    def test_is_momentum_contrast_within_one(self, views):
        torch.manual_seed(0)
        method = IntraSkeletonContrast(BiGRU(150, 8, layers=1), ToSequence(), queue_size=20)
        negatives = method.queues["skeleton"].snapshot()
        query = method.heads["skeleton"](method.encoder(ToSequence()(views[0])))
        key = method.keys(views[1])["skeleton"]
        output = method(*views)
        torch.testing.assert_close(output.loss, losses.info_nce(query, key, negatives))

    def test_takes_a_name(self, views):
        method = IntraSkeletonContrast(BiGRU(150, 8), ToSequence(), name="mine", queue_size=8)
        assert list(method.encoders) == list(method.queues) == ["mine"]
        assert method.encoder is method.encoders["mine"]
        assert "loss, mine to mine" in method(*views).metrics

    def test_takes_a_head(self, views):
        head = nn.Linear(16, 4)
        head.out_dim = 4
        method = IntraSkeletonContrast(BiGRU(150, 8), ToSequence(), head=head, queue_size=8)
        assert method(*views).logits["skeleton", "skeleton"].shape == (5, 9)

    def test_random_start_has_the_loss_of_chance(self, views):
        method = IntraSkeletonContrast(BiGRU(150, 8), ToSequence(), queue_size=64, temperature=1e3)
        assert float(method(*views).loss.detach()) == pytest.approx(math.log(65), abs=1e-2)


def test_a_method_that_cannot_be_built_says_what_to_add(monkeypatch):
    class New(nn.Module):
        def __init__(self, students, teachers, heads):
            super().__init__()

    monkeypatch.setattr(method_builders.methods, "New", New, raising=False)
    with pytest.raises(AssertionError, match=r"New is exported.*Add a function that builds it"):
        method_builders.build("New", "first")


def test_the_battery_builds_what_is_exported():
    """No name stands for two methods, and an exported one is never another by the same name."""
    assert len(set(method_builders.METHODS)) == len(method_builders.METHODS)
    for name in methods.__all__:
        if issubclass(getattr(methods, name), nn.Module):
            assert type(method_builders.build(name)) is getattr(methods, name)
