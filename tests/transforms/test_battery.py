"""What every transform must pass: the shared battery."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest
import torch

from skelter import transforms as T
from skelter.layouts import NTU25
from skelter.transforms import presets
from transforms.cases import CASES

EVERY = pytest.mark.parametrize("case", CASES, ids=str)
LENGTHS = torch.tensor([20, 13, 1, 7])


@pytest.fixture
def transform(case):
    return case.build(NTU25)


def test_every_transform_is_here():
    """All that the package exports."""
    exported = {
        name
        for name, kind in vars(T).items()
        if isinstance(kind, type) and issubclass(kind, T.Transform) and not inspect.isabstract(kind)
    }
    built = {type(case.build(case.layouts[0])).__name__ for case in CASES}
    assert exported - {"Deterministic"} - built == set(), "add them to tests/transforms/cases"


def seeded(seed=5):
    return torch.Generator().manual_seed(seed)


class Seen:
    """Clips of which `sample` may ask the shape, the dtype and the device."""

    def __init__(self, x):
        self.shape, self.dtype, self.device = x.shape, x.dtype, x.device


def alone(case):
    """Skip transforms that take something over from other clips."""
    if case.partners:
        pytest.skip("takes something over from another clip")


@EVERY
class TestBattery:
    def test_never_in_place(self, transform, clips):
        before = clips.clone()
        out = transform(clips, num_frames=LENGTHS)
        assert torch.equal(clips, before)
        if out.data_ptr() != clips.data_ptr():
            out.zero_()
            assert torch.equal(clips, before)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
    def test_keeps_dtype_and_device(self, transform, clips, dtype, device):
        out = transform(clips.to(device, dtype), num_frames=LENGTHS)
        assert out.dtype == dtype
        assert out.device.type == device.type
        assert out.isfinite().all()

    def test_same_generator_same_clips(self, transform, clips):
        first = transform(clips, num_frames=LENGTHS, generator=seeded())
        assert torch.equal(first, transform(clips, num_frames=LENGTHS, generator=seeded()))

    def test_leaves_the_global_generator_alone(self, transform, clips):
        before = torch.random.get_rng_state()
        transform(clips, num_frames=LENGTHS, generator=seeded())
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_replays_params(self, transform, clips):
        params = transform.sample(clips, num_frames=LENGTHS, generator=seeded())
        drawn = transform(clips, num_frames=LENGTHS, generator=seeded())
        assert torch.equal(transform(clips, params=params), drawn)
        assert torch.equal(transform.transform(clips, params), drawn)

    def test_samples_from_shapes_alone(self, transform, clips):
        params = transform.sample(Seen(clips), num_frames=LENGTHS, generator=seeded())
        drawn = transform(clips, num_frames=LENGTHS, generator=seeded())
        assert torch.equal(transform(clips, params=params), drawn), (
            f"{transform} draws otherwise where it sees values. `sample` draws from the shape, "
            "dtype, device and frame counts of clips; what depends on values is for `transform`."
        )

    def test_one_clip_is_a_batch_of_one(self, case, transform, clips):
        """Whatever kind of numbers it draws."""
        alone(case)
        single = transform(clips[1], num_frames=LENGTHS[1], generator=seeded())
        batch = transform(clips[1:2], num_frames=LENGTHS[1:2], generator=seeded())
        torch.testing.assert_close(
            single, batch[0], rtol=0, atol=4e-6
        )  # roundings of values up to 10

    def test_same_draws_for_every_dtype(self, transform, clips):
        wide = transform(clips.double(), num_frames=LENGTHS, generator=seeded())
        narrow = transform(clips, num_frames=LENGTHS, generator=seeded())
        torch.testing.assert_close(narrow, wide.float(), rtol=1e-4, atol=1e-4)

    def test_batch_equals_loop(self, case, transform, clips):
        """Clip by clip with the batch's own parameters."""
        alone(case)
        params = transform.sample(clips, num_frames=LENGTHS, generator=seeded())
        batch = transform(clips, params=params)
        for row, clip in enumerate(clips):
            single = transform(clip, params=take(params, row))
            torch.testing.assert_close(
                single, batch[row], rtol=0, atol=4e-6
            )  # roundings of values up to 10

    def test_any_leading_axes(self, transform, clips):
        params = transform.sample(clips, num_frames=LENGTHS, generator=seeded())
        folded = clips.reshape(2, 2, *clips.shape[1:])
        out = transform(folded, num_frames=LENGTHS.reshape(2, 2), generator=seeded())
        assert torch.equal(out.flatten(0, 1), transform(clips, params=params))

    def test_single_clip(self, case, transform, clips):
        alone(case)
        out = transform(clips[0], num_frames=torch.tensor(13))
        assert out.shape == transform(clips).shape[1:]

    def test_empty_batch(self, transform, clips):
        assert transform(clips[:0]).shape == (0, *transform(clips).shape[1:])

    def test_one_frame(self, transform, clips):
        frames = transform.output_frames or 1
        assert transform(clips[:, :, :1]).shape == (4, 3, frames, 25, 2)

    def test_numpy_at_the_door(self, transform, clips):
        out = transform(clips.numpy(), generator=seeded())
        assert torch.equal(out, transform(clips, generator=seeded()))

    @pytest.mark.parametrize(
        "made",
        [
            lambda x, path: x[:, :, ::-1],
            lambda x, path: x.astype(">f4"),
            lambda x, path: x.astype(np.longdouble),
            lambda x, path: np.asfortranarray(x),
            lambda x, path: read_only(x, path),
        ],
        ids=["negative strides", "big-endian", "long double", "Fortran order", "read-only"],
    )
    def test_any_array(self, transform, clips, made, tmp_path):
        x = made(clips.numpy(), tmp_path)
        plain = torch.tensor(x.tolist(), dtype=torch.float64)
        out = transform(x, num_frames=LENGTHS.numpy(), generator=seeded())
        expected = transform(plain.to(out.dtype), num_frames=LENGTHS, generator=seeded())
        torch.testing.assert_close(out, expected, rtol=0, atol=4e-6)

    def test_masked_arrays_are_refused(self, transform, clips):
        masked = np.ma.masked_array(clips.numpy(), clips.numpy() > 5)
        with pytest.raises(TypeError, match=r"plain array; got a masked one.*x.filled\(0\)"):
            transform(masked)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
    def test_autocast_changes_nothing(self, transform, clips, dtype):
        clips = clips.to(dtype)
        expected = transform(clips, num_frames=LENGTHS, generator=seeded())
        params = transform.sample(clips, num_frames=LENGTHS, generator=seeded())
        with torch.autocast("cpu", torch.bfloat16):
            out = transform(clips, num_frames=LENGTHS, generator=seeded())
            applied = transform.transform(clips, params)
        assert out.dtype == applied.dtype == dtype
        assert torch.equal(out, expected)
        assert torch.equal(applied, expected)

    def test_default_dtype_changes_nothing(self, case, transform, clips):
        given = [(clips, LENGTHS)] if case.partners else [(clips, LENGTHS), (clips[0], LENGTHS[0])]
        expected = [transform(x, num_frames=n, generator=seeded()) for x, n in given]
        torch.set_default_dtype(torch.float64)
        try:
            made = [transform(x, num_frames=n, generator=seeded()) for x, n in given]
        finally:
            torch.set_default_dtype(torch.float32)
        for out, before in zip(made, expected, strict=True):
            assert out.dtype == torch.float32
            assert torch.equal(out, before)

    @pytest.mark.filterwarnings("ignore:There is a performance drop")
    @pytest.mark.parametrize("randomness", ["different", "same"])
    def test_vmap(self, case, transform, clips, randomness):
        """Within it, a clip looks like one alone. With one draw for all, it is as in a loop."""
        alone(case)
        if case.reads_values:
            pytest.skip("reads values on purpose")
        drawn = torch.func.vmap(
            lambda x, n: transform(x, num_frames=n), randomness=randomness
        )(clips, LENGTHS)  # fmt: skip
        assert drawn.shape == transform(clips).shape
        assert drawn.isfinite().all()
        if randomness == "same":
            torch.manual_seed(0)
            mapped = torch.func.vmap(transform, randomness=randomness)(clips)
            for clip, out in zip(clips, mapped, strict=True):
                torch.manual_seed(0)
                torch.testing.assert_close(transform(clip), out, rtol=0, atol=4e-6)

    @pytest.mark.parametrize("seed", [0, "0", np.random.default_rng(0), torch.zeros(1)])
    def test_a_seed_is_not_a_generator(self, transform, clips, seed):
        with pytest.raises(TypeError, match=r"`generator` must be.*Generator\(\).manual_seed"):
            transform(clips, generator=seed)

    def test_missing_persons_have_finite_gradients(self, case, transform, clips):
        if not case.differentiable:
            pytest.skip("has no gradient")
        clips[0, ..., 1] = 0
        clips[1] = 0
        clips.requires_grad_()
        transform(clips, num_frames=LENGTHS).square().sum().backward()
        assert clips.grad.abs().max() < 1e6

    @pytest.mark.parametrize("shape", [(8, 3, 100, 25), (2, 2, 64, 17), (4, 8, 3, 60, 25)])
    def test_an_axis_left_out(self, transform, shape):
        with pytest.raises(ValueError, match=r"more persons than frames"):
            transform(torch.randn(shape))

    @pytest.mark.parametrize(
        ("shape", "order"),
        [
            ((16, 100, 25, 3), r"\(N, T, V, C\): .*'n t v c -> n c t v 1'"),
            ((64, 100, 25, 2), r"\(N, T, V, C\): .*'n t v c -> n c t v 1'"),
            ((4, 50, 10, 25, 3), r"\(N, M, T, V, C\): .*'n m t v c -> n c t v m'"),
            ((60, 3, 25, 2), r"\(T, C, V, M\): .*'t c v m -> c t v m'"),
        ],
    )
    def test_axes_in_another_order(self, transform, shape, order):
        with pytest.raises(ValueError, match=rf"shape \(..., C, T, V, M\).*It looks like {order}"):
            transform(torch.randn(shape))

    def test_pickles_and_copies(self, transform, clips):
        again = pickle.loads(pickle.dumps(copy.deepcopy(transform)))
        assert torch.equal(again(clips, generator=seeded()), transform(clips, generator=seeded()))

    def test_output_shape_tells_the_truth(self, case, transform, clips):
        out = transform(clips)
        assert out.shape[2] == (transform.output_frames or clips.shape[2]) or case.own_length
        assert out.shape == transform.output_shape(clips.shape)

    def test_pure_part_compiles_whole(self, case, transform, clips):
        if case.reads_values:
            pytest.skip("reads values on purpose")
        params = transform.sample(clips, num_frames=LENGTHS, generator=seeded())
        torch.compiler.reset()
        compiled = torch.compile(
            lambda x: transform.transform(x, params), fullgraph=True, backend="eager"
        )
        torch.testing.assert_close(compiled(clips), transform.transform(clips, params))

    def test_passes_gradients(self, case, transform, clips):
        if not case.differentiable:
            pytest.skip("has no gradient")
        clips.requires_grad_()
        transform(clips, num_frames=LENGTHS).sum().backward()
        assert clips.grad.isfinite().all()

    def test_integers_are_refused(self, transform, clips):
        with pytest.raises(
            TypeError, match=r"`x` must have a real floating dtype; got torch.int64"
        ):
            transform(clips.long())
        with pytest.raises(TypeError, match=r"complex64.*Convert it first"):
            transform(clips.to(torch.complex64))

    def test_wrong_rank_is_refused(self, transform, clips):
        with pytest.raises(ValueError, match=r"shape \(\.\.\., C, T, V, M\).*\(20, 25, 2\).*None"):
            transform(clips[0, 0])

    def test_no_coordinates_are_refused(self, transform, clips):
        with pytest.raises(ValueError, match="at least one coordinate, frame, joint and person"):
            transform(clips[:, :, :0])

    def test_survives_model_apply(self, transform, clips):
        """A transform inside a model must not break ``model.apply(initialise)``."""
        seen = []
        torch.nn.Sequential(transform).apply(seen.append)
        assert transform in seen


def read_only(x, path):
    """The same values in a file that is mapped for reading."""
    np.save(path / "x.npy", x)
    return np.load(path / "x.npy", mmap_mode="r")


def take(params, row):
    """The parameters of one clip of a batch."""
    if isinstance(params, torch.Tensor):
        return params[row]
    if isinstance(params, tuple):
        return tuple(take(member, row) for member in params)
    if params is None:
        return None
    return type(params)(**{name: take(value, row) for name, value in vars(params).items()})


class ReadsValues(T.Transform):
    def __init__(self, read):
        super().__init__()
        self.read = read

    def sample(self, x, *, num_frames=None, generator=None):
        return self.read(x)

    def transform(self, x, params):
        return x * params


@pytest.mark.parametrize(
    "read", [lambda x: x.amax(), lambda x: x.new_ones(()), lambda x: torch.rand_like(x), len],
    ids=["method", "new", "function", "len"],
)  # fmt: skip
@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: T.Compose([T.Shear(), t])])
def test_the_law_is_said_where_sample_reads_values(read, wrap, clips):
    with pytest.raises((AttributeError, TypeError), match="`sample` draws from the shape, dtype"):
        wrap(ReadsValues(read))(clips)


@pytest.mark.parametrize("kind", [T.JointMap, T.FrameMap])
def test_kinds_have_one_transform(kind):
    with pytest.raises(TypeError, match=rf"Own is a {kind.__name__} with a `transform` of its own"):
        type("Own", (kind,), {"transform": lambda self, x, params: x})


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (torch.tensor([0, 1, 2, 3]), "between 1 and T=20.*got 0"),
        (torch.tensor([20, 21, 2, 3]), "between 1 and T=20.*got 21"),
        (torch.tensor([20, 20]), r"batch axes \(4,\) of `x` \(4, 3, 20, 25, 2\); got shape \(2,\)"),
    ],
)
@pytest.mark.parametrize(
    "transform",
    [T.TemporalCropResize(), T.Shear(), presets.isc_view(), T.MultiView([T.Shear(), T.Shear()])],
    ids=["crop", "shear", "compose", "views"],
)
def test_wrong_num_frames(transform, lengths, message, clips):
    with pytest.raises(ValueError, match=message):
        transform(clips, num_frames=lengths)


def test_num_frames_must_be_integers(clips):
    with pytest.raises(TypeError, match="`num_frames` must be integers.*got torch.float32"):
        T.TemporalCropResize()(clips, num_frames=torch.ones(4))


def test_door_takes_lists_and_refuses_ragged_ones():
    assert T.Shear()(np.ones((3, 2, 4, 1)).tolist()).shape == (3, 2, 4, 1)
    with pytest.raises(TypeError, match="nested lists of numbers; got list.*collate"):
        T.Shear()([[[[1.0]], [[1.0], [2.0]]]])
