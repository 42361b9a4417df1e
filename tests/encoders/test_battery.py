"""Properties of every encoder: what `skelter.encoders` exports is tested by being exported.

An encoder that can be built without arguments, and takes clips or their sequence, needs nothing
here. One that is slow at that size, or has required arguments, gets an entry in `SMALL`.
"""

from __future__ import annotations

import copy
import inspect
import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from skelter import encoders
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
    SkeletonTransformer,
    STTransformer,
)
from skelter.layouts import NTU25, SkeletonLayout
from skelter.representations import ToSequence
from skelter.typing import Encoder

MINE = SkeletonLayout("mine", tuple("abcdefg"), parents=(-1, 0, 1, 1, 1, 4, 4), centre=0)
HEADS = {"ProjectionHead", "SkeletonDecoder"}  # exported, but from features or tokens


def clips(layout: SkeletonLayout, frames: int) -> Tensor:
    persons = 2 if layout is NTU25 else 1
    return torch.randn(6, 3, frames, layout.num_joints, persons)


@dataclass(frozen=True)
class Case:
    """A small encoder, and a batch of six for it."""

    build: Callable[..., nn.Module]
    batch: Callable[[], Tensor]

    def __call__(self) -> tuple[nn.Module, Tensor]:
        return opened(self.build()), self.batch()


SMALL = {
    "AGCN": Case(
        lambda **options: AGCN(MINE, persons=1, widths=(8, 8, 16), **options),
        lambda: clips(MINE, 9),
    ),
    "BiGRU": Case(
        lambda **options: BiGRU(21, 16, layers=2, **options),
        lambda: ToSequence()(clips(MINE, 9)),
    ),
    "BiGRU, bidirectional": Case(
        lambda **options: BiGRU(21, 16, layers=2, direction="bidirectional", **options),
        lambda: ToSequence()(clips(MINE, 9)),
    ),
    "BiGRU, input norm": Case(
        lambda **options: BiGRU(21, 16, layers=2, input_norm=True, pooling="mean-max", **options),
        lambda: ToSequence()(clips(MINE, 9)),
    ),
    "DenseSTTransformer": Case(
        lambda **options: DenseSTTransformer(7, 16, persons=1, frames=9, **options),
        lambda: clips(MINE, 9),
    ),
    "FrameTransformer": Case(
        lambda **options: FrameTransformer(21, 16, frames=12, **options),
        lambda: ToSequence()(clips(MINE, 10)),
    ),
    "CTRGCN": Case(
        lambda **options: CTRGCN(MINE, persons=1, widths=(8, 8, 16), **options),
        lambda: clips(MINE, 9),
    ),
    "HCN": Case(
        lambda **options: HCN(7, 1, frames=16, channels=16, **options),
        lambda: clips(MINE, 16),
    ),
    "STGCN": Case(
        lambda **options: STGCN(MINE, widths=(8, 8, 16), halving=[1], **options),
        lambda: clips(MINE, 9),
    ),
    "STGCN, wide": Case(
        lambda **options: STGCN(MINE, widths=(48, 48), dropout=0.1, skip_missing=True, **options),
        lambda: clips(MINE, 9),
    ),
    "HierarchicalEncoder": Case(
        lambda **options: HierarchicalEncoder(7, 16, persons=1, frames=9, granularity=3, **options),
        lambda: clips(MINE, 9),
    ),
    "HierarchicalEncoder, LSTM": Case(
        lambda **options: HierarchicalEncoder(
            7, 16, persons=1, frames=9, granularity=3, units="lstm", **options
        ),
        lambda: clips(MINE, 9),
    ),
    "HierarchicalEncoder, transformer": Case(
        lambda **options: HierarchicalEncoder(
            7, 16, persons=1, frames=9, granularity=3, units="transformer", **options
        ),
        lambda: clips(MINE, 9),
    ),
    "MultiStreamTransformer": Case(
        lambda **options: MultiStreamTransformer(MINE, 16, persons=1, frames=9, **options),
        lambda: clips(MINE, 9),
    ),
    "MultiStreamTransformer, one stream": Case(
        lambda **options: MultiStreamTransformer(
            MINE, 16, persons=1, frames=9, streams=("motion",), **options
        ),
        lambda: clips(MINE, 9),
    ),
    "STTransformer": Case(
        lambda **options: STTransformer(7, 16, persons=1, frames=9, **options),
        lambda: clips(MINE, 9),
    ),
    "SkeletonTransformer": Case(
        lambda **options: SkeletonTransformer(
            MINE, frames=12, patch_frames=3, width=16, depth=2, heads=2, **options
        ),
        lambda: clips(MINE, 12),
    ),
    "TCN": Case(
        lambda **options: TCN(21, 16, **options),
        lambda: ToSequence()(clips(MINE, 9)),
    ),
}


def opened(encoder: nn.Module) -> nn.Module:
    """Let gradients through norms and factors that start closed, as those of AGCN and CTRGCN."""
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
        if isinstance(getattr(module, "alpha", None), nn.Parameter):
            nn.init.constant_(module.alpha, 0.5)
    return encoder


def guess(name: str, kind: type[nn.Module]) -> Case:
    """Build a newcomer without arguments, for clips or their sequence."""
    message = (
        f"skelter.encoders exports {name}, which the battery cannot %s. Add it to SMALL in "
        "tests/encoders/test_battery.py: a call that builds a small one, and a batch of six for it."
    )
    required = [
        parameter.name
        for parameter in inspect.signature(kind).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    assert not required, message % f"build without {', '.join(required)}"
    encoder = kind().eval()
    assert isinstance(encoder, Encoder), (
        f"skelter.encoders exports {name}, which has no feature_dim. Set it in the constructor, or "
        "add the name to HEADS in tests/encoders/test_battery.py."
    )
    errors = []
    for batch in (lambda: clips(NTU25, 64), lambda: ToSequence()(clips(NTU25, 64))):
        try:
            encoder(batch())
        except ValueError as error:
            errors.append(str(error))
        else:
            return Case(kind, batch)
    raise AssertionError(message % f"feed ({'; '.join(errors)})")


def exported() -> set[str]:
    things = {name: getattr(encoders, name) for name in encoders.__all__}
    kinds = {name for name, thing in things.items() if isinstance(thing, type)}
    return {name for name in kinds if issubclass(things[name], nn.Module)} - HEADS


def case_of(name: str) -> Case:
    return SMALL[name] if name in SMALL else guess(name, getattr(encoders, name))


NAMES = sorted(exported() | set(SMALL))
RECOMPUTING = [
    name
    for name in NAMES
    if "recompute" in inspect.signature(getattr(encoders, name.split(",")[0])).parameters
]


@pytest.fixture(params=NAMES)
def case(request):
    return case_of(request.param)


def gradients(module, loss):
    module.zero_grad()
    loss.backward()
    return [parameter.grad.clone() for parameter in module.parameters()]


def state(module):
    return {key: value.clone() for key, value in module.state_dict().items()}


class TestBattery:
    def test_features(self, case):
        encoder, x = case()
        assert isinstance(encoder, Encoder)
        out = encoder(x)
        assert out.shape == (6, encoder.feature_dim)
        assert out.dtype == torch.float32
        assert out.isfinite().all()

    @pytest.mark.parametrize("train", [True, False])
    def test_batch_of_one(self, case, train):
        encoder, x = case()
        out = encoder.train(train)(x[:1])
        assert out.shape == (1, encoder.feature_dim)
        assert all(grad.isfinite().all() for grad in gradients(encoder, out.sum()))

    def test_clips_of_a_batch_do_not_meet_in_eval_mode(self, case):
        encoder, x = case()
        encoder.eval()
        together = encoder(x)
        for row in range(len(x)):
            alone = encoder(x[row : row + 1])
            torch.testing.assert_close(alone, together[row : row + 1], rtol=1e-4, atol=1e-5)

    def test_eval_mode_changes_nothing_and_repeats(self, case):
        encoder, x = case()
        encoder(x)
        encoder.eval()
        before = state(encoder)
        assert torch.equal(encoder(x), encoder(x))
        torch.testing.assert_close(state(encoder), before, rtol=0, atol=0)

    def test_train_mode_repeats_with_its_seed(self, case):
        encoder, x = case()
        again = copy.deepcopy(encoder)
        outputs = []
        for module in (encoder, again):
            torch.manual_seed(4)
            outputs.append(module(x))
        assert torch.equal(*outputs)
        torch.testing.assert_close(state(encoder), state(again), rtol=0, atol=0)

    def test_does_not_touch_its_input(self, case):
        encoder, x = case()
        before = x.clone()
        encoder(x).sum().backward()
        assert torch.equal(x, before)

    def test_any_memory_format(self, case):
        encoder, x = case()
        encoder.eval()
        turned = x.transpose(0, -1).contiguous().transpose(0, -1)
        torch.testing.assert_close(encoder(turned), encoder(x), rtol=1e-4, atol=1e-5)

    def test_same_seed_same_weights(self, case):
        states = []
        for _ in range(2):
            torch.manual_seed(3)
            states.append(case.build().state_dict())
        torch.testing.assert_close(*states, rtol=0, atol=0)


class TestGradients:
    def test_reach_every_parameter(self, case):
        encoder, x = case()
        encoder(x).square().mean().backward()
        for name, parameter in encoder.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name

    def test_reach_the_input_clip_by_clip(self, case):
        encoder, x = case()
        encoder.eval()
        x.requires_grad_()
        encoder(x)[2].sum().backward()
        reached = [bool(grad.any()) for grad in x.grad]
        assert x.grad.isfinite().all()
        assert reached == [False, False, True, False, False, False]

    def test_frozen_parameters_get_none(self, case):
        encoder, x = case()
        encoder.requires_grad_(False)
        assert not encoder(x).requires_grad


class TestDtypes:
    def test_float64(self, case):
        encoder, x = case()
        encoder.eval()
        narrow = encoder(x)
        wide = encoder.double()(x.double())
        assert wide.dtype == torch.float64
        torch.testing.assert_close(narrow, wide.float(), rtol=1e-3, atol=1e-4)

    def test_autocast(self, case):
        encoder, x = case()
        encoder.eval()
        wide = encoder(x)
        wanted = torch.cat([g.flatten() for g in gradients(encoder, wide.square().sum())])
        with torch.autocast("cpu", torch.bfloat16):
            narrow = encoder(x)
        assert narrow.dtype == torch.bfloat16
        grads = gradients(encoder, narrow.float().square().sum())
        assert all(grad.dtype == torch.float32 for grad in grads)
        given = torch.cat([grad.flatten() for grad in grads])
        cosine = nn.functional.cosine_similarity
        assert float(cosine(narrow.detach().float(), wide.detach()).min()) > 0.99
        assert float(cosine(given, wanted, dim=0)) > 0.98


class TestCopies:
    def test_state_dict_makes_another_the_same(self, case):
        encoder, x = case()
        encoder(x)  # statistics of norms move away from where they start
        file = io.BytesIO()
        torch.save(encoder.state_dict(), file)
        file.seek(0)
        other = case.build()
        other.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(other.eval()(x), encoder.eval()(x))

    @pytest.mark.parametrize("make", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
    def test_copies_are_equal_and_independent(self, case, make):
        encoder, x = case()
        encoder.eval()
        before = encoder(x)
        other = make(encoder)
        assert torch.equal(other(x), before)
        other(x).sum().backward()
        assert all(parameter.grad is None for parameter in encoder.parameters())
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.add_(1.0)
        assert torch.equal(encoder(x), before)

    def test_a_print_names_the_class(self, case):
        encoder, _ = case()
        assert repr(encoder).startswith(type(encoder).__name__)


class TestCompiled:
    def test_is_one_graph(self, case):
        encoder, x = case()
        encoder.eval()
        expected = encoder(x)
        wanted = gradients(encoder, expected.square().sum())
        torch.compiler.reset()
        compiled = torch.compile(encoder, fullgraph=True, backend="aot_eager")
        actual = compiled(x)
        torch.testing.assert_close(actual, expected)
        torch.testing.assert_close(gradients(encoder, actual.square().sum()), wanted)


class TestRecompute:
    # torch 2.4 calls a deprecated function of its own.
    @pytest.mark.filterwarnings("ignore:.*torch.cpu.amp.autocast:FutureWarning")
    @pytest.mark.parametrize("name", RECOMPUTING)
    def test_changes_nothing(self, name):
        """Values, gradients, dropped channels and the statistics of batch norms."""
        case = case_of(name)
        keeping, x = case()
        lean = case.build(recompute=True)
        lean.load_state_dict(keeping.state_dict())
        results = []
        for encoder in (keeping, lean):
            torch.manual_seed(3)
            out = encoder(x)
            results.append((out.detach(), gradients(encoder, out.square().sum())))
        torch.testing.assert_close(results[1], results[0])
        torch.testing.assert_close(dict(lean.named_buffers()), dict(keeping.named_buffers()))


class TestWrongInput:
    def test_empty_batch(self, case):
        encoder, x = case()
        with pytest.raises(ValueError, match="`x` must hold at least one clip; got an empty batch"):
            encoder(x[:0])

    @pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
    def test_other_dtypes(self, case, dtype):
        encoder, x = case()
        with pytest.raises(TypeError, match=f"`x` must have a real floating dtype; got {dtype}"):
            encoder(x.to(dtype))

    @pytest.mark.parametrize("train", [True, False])
    @pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
    def test_another_dtype_than_that_of_the_weights(self, case, dtype, train):
        encoder, x = case()
        encoder.train(train)
        expected = f"`x` must have the dtype torch.float32 of the weights.*; got {dtype} with shape"
        with pytest.raises(TypeError, match=rf"{expected}.*x\.float\(\), or the \w+: \.\w+\(\)"):
            encoder(x.to(dtype))
        with torch.autocast("cpu", torch.bfloat16):
            if dtype != torch.float64:
                assert encoder(x.to(dtype)).isfinite().all()
                return
            with pytest.raises(TypeError, match=expected):
                encoder(x.to(dtype))

    def test_narrow_weights_and_wide_clips(self, case):
        encoder, x = case()
        with pytest.raises(TypeError, match=r"torch.bfloat16 of the weights.*x\.bfloat16\(\)"):
            encoder.bfloat16()(x)

    def test_arrays(self, case):
        encoder, x = case()
        encoder.eval()
        assert torch.equal(encoder(x.numpy()), encoder(x))
        with pytest.raises(TypeError, match=r"`x` must have the dtype torch.float32"):
            encoder(x.double().numpy())

    def test_an_axis_too_few_or_too_many(self, case):
        encoder, x = case()
        for wrong in (x[0], x[None]):
            with pytest.raises(ValueError, match=r"`x` must have shape \(N, .*; got \(.*\. \w+"):
                encoder(wrong)

    def test_another_skeleton(self, case):
        """One channel, joint or number too many in the last axis but one, or the last."""
        encoder, x = case()
        axis = -2 if x.ndim == 5 else -1
        wrong = torch.cat([x, x.narrow(axis, 0, 1)], dim=axis)
        with pytest.raises(ValueError, match=r"`x` (has|must have) .*\d") as caught:
            encoder(wrong)
        assert str(x.shape[axis]) in str(caught.value)


class TestTheBatteryFindsNewcomers:
    class Mean(nn.Module):
        """An encoder of sequences that is built without arguments."""

        feature_dim = 150

        def forward(self, x):
            if x.ndim != 3:
                raise ValueError("`x` must have shape (N, T, I)")
            return x.mean(1)

    def test_built_without_arguments(self):
        case = guess("Mean", self.Mean)
        assert case.batch().shape == (6, 64, 150)

    def test_required_arguments(self):
        class Sized(self.Mean):
            def __init__(self, width):
                super().__init__()

        with pytest.raises(AssertionError, match=r"cannot build without width\. Add it to SMALL"):
            guess("Sized", Sized)

    def test_not_an_encoder(self):
        with pytest.raises(AssertionError, match=r"no feature_dim.*add the name to HEADS"):
            guess("Linear", nn.Identity)

    def test_neither_clips_nor_sequences(self):
        class Strange(self.Mean):
            def forward(self, x):
                raise ValueError("`x` must be tokens")

        with pytest.raises(AssertionError, match=r"cannot feed .*must be tokens.*Add it to SMALL"):
            guess("Strange", Strange)
