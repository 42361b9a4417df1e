"""Every derivative of every exported loss and encoder, beyond the ordinary gradient."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from loss_builders import NAMES, loss_of, rows
from torch import nn
from torch.autograd import forward_ad

from skelter import encoders
from skelter._kernels import use_plain
from skelter.encoders import (
    AGCN,
    CTRGCN,
    HCN,
    STGCN,
    TCN,
    BiGRU,
    DenseSTTransformer,
    FrameTransformer,
    HierarchicalEncoder,
    MultiStreamTransformer,
    ProjectionHead,
    SkeletonDecoder,
    SkeletonTransformer,
    STTransformer,
)
from skelter.layouts import SkeletonLayout
from skelter.losses import functional

# Forward mode makes torch load decompositions of its own, by a function that it deprecates.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
    # torch 2.4 calls a deprecated function of its own.
    pytest.mark.filterwarnings("ignore:.*torch.cpu.amp.autocast:FutureWarning"),
]

MINE = SkeletonLayout("mine", tuple("abcdefg"), parents=(-1, 0, 1, 1, 1, 4, 4), centre=0)


TOKENS = {"frames": 16, "patch_frames": 8, "width": 8, "depth": 2, "heads": 2}

BRANCHES = {"persons": 1, "frames": 5}


class Decoding(nn.Module):
    """A decoder whose mask stays the same."""

    def __init__(self):
        super().__init__()
        self.decoder = SkeletonDecoder(MINE, 4, patches=2, width=8, depth=1, heads=2)

    def forward(self, visible):
        keep = torch.arange(14).view(1, 1, 2, 7) % 5 == 0
        return self.decoder(visible, keep.expand(len(visible), -1, -1, -1)).flatten(1)


def small(name):
    """Return a small encoder in eval mode, and an input of two clips, both in float64."""
    clips = torch.randn(2, 3, 16, 7, 1)
    case = {
        "AGCN": lambda: (AGCN(MINE, persons=1, widths=(8, 8)), clips[:, :, :5]),
        "AGCN, recompute": lambda: (
            AGCN(MINE, persons=1, widths=(8, 8), recompute=True),
            clips[:, :, :5],
        ),
        "CTRGCN": lambda: (CTRGCN(MINE, persons=1, widths=(8, 8)), clips[:, :, :5]),
        "CTRGCN, recompute": lambda: (
            CTRGCN(MINE, persons=1, widths=(8, 8), recompute=True),
            clips[:, :, :5],
        ),
        "BiGRU": lambda: (BiGRU(6, 4, layers=2), torch.randn(2, 5, 6)),
        "BiGRU, bidirectional": lambda: (
            BiGRU(6, 4, layers=2, direction="bidirectional"),
            torch.randn(2, 5, 6),
        ),
        "BiGRU, recompute": lambda: (
            BiGRU(6, 4, layers=2, recompute=True),
            torch.randn(2, 5, 6),
        ),
        "BiGRU, input norm": lambda: (
            BiGRU(6, 4, layers=2, input_norm=True, pooling="mean-max"),
            torch.randn(2, 5, 6),
        ),
        "DenseSTTransformer": lambda: (DenseSTTransformer(7, 8, **BRANCHES), clips[:, :, :5]),
        "FrameTransformer": lambda: (FrameTransformer(6, 8, layers=1), torch.randn(2, 6, 6)),
        "TCN": lambda: (TCN(6, 8), torch.randn(2, 5, 6)),
        "HCN": lambda: (HCN(7, 1, frames=16, channels=16), clips),
        "HCN, recompute": lambda: (HCN(7, 1, frames=16, channels=16, recompute=True), clips),
        "HierarchicalEncoder": lambda: (
            HierarchicalEncoder(7, 8, granularity=2, **BRANCHES),
            clips[:, :, :5],
        ),
        "HierarchicalEncoder, LSTM": lambda: (
            HierarchicalEncoder(7, 8, granularity=2, units="lstm", **BRANCHES),
            clips[:, :, :5],
        ),
        "HierarchicalEncoder, transformer": lambda: (
            HierarchicalEncoder(7, 8, granularity=2, units="transformer", **BRANCHES),
            clips[:, :, :5],
        ),
        "MultiStreamTransformer": lambda: (
            MultiStreamTransformer(MINE, 8, **BRANCHES),
            clips[:, :, :5],
        ),
        "STTransformer": lambda: (STTransformer(7, 8, **BRANCHES), clips[:, :, :5]),
        "STGCN": lambda: (STGCN(MINE, widths=(8, 8), halving=[1]), clips[:, :, :5]),
        "STGCN, wide": lambda: (STGCN(MINE, widths=(48,)), clips[:, :, :3]),
        "STGCN, recompute": lambda: (
            STGCN(MINE, widths=(8, 8), recompute=True),
            clips[:, :, :5],
        ),
        "ProjectionHead": lambda: (ProjectionHead(6, norm="batch"), torch.randn(2, 6)),
        "SkeletonDecoder": lambda: (Decoding(), torch.randn(2, 1, 3, 4)),
        "SkeletonTransformer": lambda: (SkeletonTransformer(MINE, **TOKENS), clips),
        "SkeletonTransformer, recompute": lambda: (
            SkeletonTransformer(MINE, recompute=True, **TOKENS),
            clips,
        ),
    }
    torch.manual_seed(0)
    encoder, x = case[name]()
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
        if isinstance(getattr(module, "alpha", None), nn.Parameter):
            nn.init.constant_(module.alpha, 0.5)
    return encoder.double().eval(), x.double()


def energy(encoder, x):
    return encoder(x).square().sum()


def in_forward_mode(function, x, tangent):
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(function(forward_ad.make_dual(x, tangent))).tangent


def twice_by_autograd(function, x, tangent):
    x = x.clone().requires_grad_()
    (grad,) = torch.autograd.grad(function(x), x, create_graph=True)
    return torch.autograd.grad((grad * tangent).sum(), x)[0]


def thrice_by_autograd(function, x, tangent):
    def along(x):
        (grad,) = torch.autograd.grad(function(x), x, create_graph=True)
        return (grad * tangent).sum()

    return twice_by_autograd(along, x, tangent)


def compiled_jvp(function, x, tangent):
    torch.compiler.reset()
    run = torch.compile(
        lambda x, t: torch.func.jvp(function, (x,), (t,))[1], backend="aot_eager", fullgraph=True
    )
    return run(x, tangent)


def along(function, tangent):
    return lambda x: torch.func.jvp(function, (x,), (tangent,))[1]


def slope(function, tangent):
    return lambda x: (torch.func.grad(function)(x) * tangent).sum()


FIRST = {
    "forward mode": in_forward_mode,
    "jvp": lambda f, x, t: along(f, t)(x),
    "func.grad": lambda f, x, t: slope(f, t)(x),
}
SECOND = {
    "double backward": twice_by_autograd,
    "hvp": lambda f, x, t: torch.autograd.functional.hvp(f, x, t)[1],
    "grad of grad": lambda f, x, t: torch.func.grad(slope(f, t))(x),
    "forward over reverse": lambda f, x, t: torch.func.jvp(torch.func.grad(f), (x,), (t,))[1],
    "reverse over forward": lambda f, x, t: torch.func.grad(along(f, t))(x),
}
OTHERS = {
    "vmap": lambda f, x, t: torch.vmap(f)(torch.stack([x, x + t])),
    "vmap of grad": lambda f, x, t: torch.vmap(torch.func.grad(f))(torch.stack([x, x + t])),
    "jacrev": lambda f, x, t: torch.func.jacrev(f)(x),
    "third": thrice_by_autograd,
}
ENCODERS = [
    "AGCN",
    "AGCN, recompute",
    "BiGRU",
    "BiGRU, bidirectional",
    "BiGRU, input norm",
    "BiGRU, recompute",
    "CTRGCN",
    "CTRGCN, recompute",
    "DenseSTTransformer",
    "FrameTransformer",
    "HCN",
    "HCN, recompute",
    "HierarchicalEncoder",
    "HierarchicalEncoder, LSTM",
    "HierarchicalEncoder, transformer",
    "MultiStreamTransformer",
    "ProjectionHead",
    "STTransformer",
    "SkeletonDecoder",
    "SkeletonTransformer",
    "SkeletonTransformer, recompute",
    "STGCN",
    "STGCN, recompute",
    "STGCN, wide",
    "TCN",
]


def compare(function, x, run, tangent):
    """Compare with the plain form, which consists of torch's own operators."""
    actual = run(function, x, tangent)
    with use_plain():
        expected = run(function, x, tangent)
    assert actual is not None
    torch.testing.assert_close(actual, expected, rtol=1e-7, atol=1e-9)


class TestLosses:
    @pytest.mark.parametrize("name", functional.__all__)
    def test_against_differences(self, name):
        function, inputs = loss_of(name, reduction="none")
        inputs = [x.requires_grad_() for x in inputs]
        assert torch.autograd.gradcheck(function, inputs, check_forward_ad=True)
        assert torch.autograd.gradgradcheck(function, inputs, check_fwd_over_rev=True)

    @pytest.mark.parametrize("name", NAMES)
    def test_every_way_gives_one_hessian(self, name):
        function, (x, *others) = loss_of(name)

        def of_first(x):
            return function(x, *others).sum()

        with use_plain():
            expected = torch.autograd.functional.hessian(of_first, x)
        for way in (
            torch.func.hessian(of_first)(x),
            torch.autograd.functional.hessian(of_first, x),
            torch.func.jacrev(torch.func.jacrev(of_first))(x),
            torch.func.jacfwd(torch.func.jacfwd(of_first))(x),
        ):
            torch.testing.assert_close(way, expected)

    @pytest.mark.parametrize("way", FIRST | SECOND | OTHERS)
    @pytest.mark.parametrize("name", NAMES)
    def test_equals_the_plain_form(self, name, way):
        function, (x, *others) = loss_of(name)
        run = (FIRST | SECOND | OTHERS)[way]
        compare(lambda x: function(x, *others).sum(), x, run, rows(4, 9))

    @pytest.mark.parametrize("name", NAMES)
    def test_compiled(self, name):
        function, (x, *others) = loss_of(name)
        compare(lambda x: function(x, *others).sum(), x, compiled_jvp, rows(4, 9))


class TestEncoders:
    def test_every_encoder_is_here(self):
        others = {"Levels", "functional", "initialise_normal", "presets"}
        assert set(encoders.__all__) - others == {name.split(",")[0] for name in ENCODERS}

    @pytest.mark.parametrize("way", FIRST | SECOND | OTHERS)
    @pytest.mark.parametrize("name", ENCODERS)
    def test_equals_the_plain_form(self, name, way):
        encoder, x = small(name)
        run = (FIRST | SECOND | OTHERS)[way]
        function = encoder if way == "vmap" else partial(energy, encoder)
        compare(function, x, run, torch.randn_like(x))

    @pytest.mark.parametrize("name", ENCODERS)
    def test_of_parameters(self, name):
        encoder, x = small(name)
        parameters = {key: p.detach() for key, p in encoder.named_parameters()}
        tangents = {key: torch.randn_like(p) for key, p in parameters.items()}

        def function(parameters):
            return torch.func.functional_call(encoder, parameters, (x,)).square().sum()

        gradients = torch.func.grad(function)(parameters)
        expected = torch.autograd.grad(energy(encoder, x), list(encoder.parameters()))
        torch.testing.assert_close(tuple(gradients.values()), expected)
        _, slope = torch.func.jvp(function, (parameters,), (tangents,))
        products = sum((gradients[key] * tangents[key]).sum() for key in gradients)
        torch.testing.assert_close(slope, products)

    def test_a_penalty_on_the_gradient_trains_all_parameters(self):
        """As of WGAN-GP: the gradient at the input is a part of the loss."""
        encoder, x = small("BiGRU")
        x.requires_grad_()

        def gradients():
            (at_x,) = torch.autograd.grad(energy(encoder, x), x, create_graph=True)
            parameters = [p for p in encoder.parameters() if p.ndim == 2]
            return torch.autograd.grad(at_x.square().sum(), parameters)

        fused = gradients()
        with use_plain():
            torch.testing.assert_close(fused, gradients())

    def test_under_autocast(self):
        encoder, x = small("BiGRU")
        encoder, x = encoder.float(), x.float().requires_grad_()
        results = []
        for form in (use_plain, torch.enable_grad):
            with form(), torch.autocast("cpu", torch.bfloat16):
                out = energy(encoder, x)
                (grad,) = torch.autograd.grad(out, x, create_graph=True)
                results.append(torch.autograd.grad(grad.square().sum(), x)[0])
        cosine = nn.functional.cosine_similarity(*(result.flatten() for result in results), dim=0)
        assert float(cosine) > 0.98

    @pytest.mark.parametrize("name", ["BiGRU, recompute", "HCN, recompute"])
    def test_recomputing_more_than_once(self, name):
        encoder, x = small(name)
        x.requires_grad_()
        loss = energy(encoder, x)
        once = torch.autograd.grad(loss, x, retain_graph=True)
        torch.testing.assert_close(torch.autograd.grad(loss, x), once)


class TestNegativesThatChange:
    def test_first_gradients_do_not_ask_for_them_and_second_ones_do(self):
        query, key, negatives = rows(4, 0).requires_grad_(), rows(4, 1), rows(5, 2)
        loss, _ = functional.queue_contrast(query, key, negatives)
        negatives.zero_()
        torch.autograd.grad(loss, query, retain_graph=True)
        with pytest.raises(RuntimeError, match=r"`negatives` must stay.*queue\.snapshot\(\)"):
            torch.autograd.grad(loss, query, create_graph=True)

    def test_a_query_that_depends_on_its_key(self):
        x = rows(4, 0)
        weight = rows(6, 1)
        compare(
            lambda x: functional.queue_contrast(x, x @ weight, rows(5, 2), 0.5)[0],
            x,
            twice_by_autograd,
            rows(4, 3),
        )

    @pytest.mark.parametrize("learned", [torch.tensor(0.5, dtype=torch.float64)])
    def test_a_learned_temperature_gets_its_gradient(self, learned):
        temperature = learned.requires_grad_()
        inputs = rows(4, 0), rows(4, 1), rows(5, 2)
        grads = [
            torch.autograd.grad(loss, temperature)
            for loss in (
                functional.queue_contrast(*inputs, temperature)[0],
                functional.info_nce(*inputs, temperature),
            )
        ]
        torch.testing.assert_close(*grads)
