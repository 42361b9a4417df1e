"""Manners of every encoder in plain torch: export, hooks, wrapped parts, other derivatives.

The cases are those of the battery: what `skelter.encoders` exports is tested by being exported.
"""

from __future__ import annotations

import copy
import functools
import shutil
import subprocess
import sys
import textwrap

import pytest
import torch
from encoders.test_battery import NAMES, RECOMPUTING, case_of
from torch import nn

from skelter import checkpoints
from skelter.encoders import BiGRU, SkeletonTransformer
from skelter.layouts import NTU25
from skelter.representations import ToSequence

NEW = hasattr(torch.compiler, "is_exporting")
exporting = pytest.mark.skipif(not NEW, reason="this torch exports operators of the library")
# Of torch's own code, when it exports or loads.
quiet = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*torchvision"),
    pytest.mark.filterwarnings("ignore:Full backward hook is firing"),
    pytest.mark.filterwarnings("ignore:No complete tensor found in the group"),
]
EVERY = pytest.mark.parametrize("name", NAMES)
ANY_LENGTH = ("AGCN", "BiGRU", "BiGRU, bidirectional", "FrameTransformer", "TCN")
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
CONTAINERS = (nn.ModuleList, nn.ModuleDict)  # they have no forward
# A process that cannot import the library, and runs what was exported on saved inputs.
ALONE = """
import sys, warnings
from pathlib import Path

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "skelter":
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Blocked())
import torch
warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
for path in sorted(folder.glob("*.program")):
    run = torch.export.load(path).module()
    torch.save(run(torch.load(path.with_suffix(".input"))), path.with_suffix(".output"))
for path in sorted(folder.glob("*.pt2")):
    run = torch._inductor.aoti_load_package(str(path))
    torch.save(run(torch.load(path.with_suffix(".input"))), path.with_suffix(".output"))
assert "skelter" not in sys.modules
"""


def opened(name):
    """Return the encoder of a case in eval mode, its statistics away from the start, and inputs."""
    torch.manual_seed(5)
    encoder, x = case_of(name)()
    encoder(x)
    return encoder.eval(), x


def frames_axis(x):
    return 2 if x.ndim == 5 else 1


@functools.cache
def exported(name):
    """Return an encoder, its input, and it as a program of any batch, and any length if it can."""
    encoder, x = opened(name)
    axes = {0: torch.export.Dim("n"), frames_axis(x): torch.export.Dim.AUTO}
    return encoder, x, torch.export.export(encoder, (x,), dynamic_shapes=(axes,))


def any_length(program, x):
    given = next(node for node in program.graph.nodes if node.name == "x").meta["val"]
    return isinstance(given.shape[frames_axis(x)], torch.SymInt)


def others(name):
    """Return inputs of other sizes than the exported one: batches, and lengths if they fit."""
    encoder, x, program = exported(name)
    inputs = [torch.cat([x, 2 * x])[:7], x[:2], x[:1]]
    if any_length(program, x):
        shorter = x.narrow(frames_axis(x), 0, x.shape[frames_axis(x)] - 4)
        try:
            encoder(shorter)
        except ValueError:  # of another multiple
            return inputs
        inputs.append(shorter[:4].contiguous())  # compiled packages take strides for granted
    return inputs


def run_alone(folder):
    subprocess.run([sys.executable, "-c", textwrap.dedent(ALONE), str(folder)], check=True)


@exporting
class TestExport:
    pytestmark = quiet

    @EVERY
    def test_any_batch_and_length(self, name):
        encoder, _, program = exported(name)
        run = program.module()
        for x in others(name):
            torch.testing.assert_close(run(x), encoder(x), rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize(
        "name", ["AGCN", "BiGRU", "BiGRU, input norm", "FrameTransformer", "TCN"]
    )
    def test_lengths_that_are_not_fixed(self, name):
        _, x, program = exported(name)
        assert any_length(program, x)

    @EVERY
    def test_has_operators_of_torch_alone(self, name):
        parts = exported(name)[2].graph_module.modules()
        graphs = [part.graph for part in parts if isinstance(part, torch.fx.GraphModule)]
        targets = {str(node.target) for graph in graphs for node in graph.nodes}
        assert not any("skelter" in target for target in targets)

    @pytest.mark.parametrize("name", RECOMPUTING)
    def test_recomputing_makes_the_same_program(self, name):
        x = exported(name)[1]
        lean = case_of(name).build(recompute=True).eval()
        plain = torch.export.export(case_of(name).build().eval(), (x,))
        given = [str(node.target) for node in torch.export.export(lean, (x,)).graph.nodes]
        assert given == [str(node.target) for node in plain.graph.nodes]

    def test_a_batch_norm_that_trains(self):
        encoder, x = case_of("TCN")()
        run = torch.export.export(copy.deepcopy(encoder), (x,)).module()
        torch.testing.assert_close(run(x), encoder(x))

    def test_traced(self):
        encoder, x = opened("BiGRU")
        with pytest.warns():
            traced = torch.jit.trace(encoder, x)
        assert "skelter::" not in str(traced.inlined_graph)
        torch.testing.assert_close(traced(2 * x[:3]), encoder(2 * x[:3]))

    def test_saved_programs_run_without_this_library(self, tmp_path):
        expected = {}
        for number, name in enumerate(NAMES):
            encoder, _, program = exported(name)
            x = others(name)[0]
            torch.export.save(program, tmp_path / f"{number}.program")
            torch.save(x, tmp_path / f"{number}.input")
            expected[name] = encoder(x).detach()
        run_alone(tmp_path)
        for number, name in enumerate(NAMES):
            output = torch.load(tmp_path / f"{number}.output")
            torch.testing.assert_close(output, expected[name], rtol=1e-5, atol=1e-5, msg=name)


@exporting
class TestWhatCannotBeExported:
    def test_normalisation(self):
        facts = checkpoints.ClipFacts(NTU25, 3, 2, frames=16, normalisation="isc_normalise")
        trained = checkpoints.TrainedEncoder(BiGRU(150, 4), ToSequence(), facts)
        with pytest.raises(ValueError, match=r"cannot be exported.*Export what follows them: nn\."):
            torch.export.export(trained, (torch.randn(2, 3, 20, 25, 2),))

    def test_a_mask_whose_tokens_are_not_counted(self):
        class Visible(nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder = SkeletonTransformer(frames=8, width=8, depth=1, heads=1).eval()

            def forward(self, x, keep):
                return self.encoder.tokens(x, keep, self.visible)

        x, keep = torch.randn(2, 3, 8, 25, 2), torch.zeros(2, 2, 2, 25, dtype=torch.bool)
        keep[..., :7] = True
        module = Visible()
        module.visible = None
        with pytest.raises(ValueError, match=r"`visible` must be given where .* is .*exported"):
            torch.export.export(module, (x, keep))
        module.visible = 14
        run = torch.export.export(module, (x, keep)).module()
        torch.testing.assert_close(run(x, keep.flip(2)), module(x, keep.flip(2)))


@exporting
class TestONNX:
    pytestmark = quiet

    @EVERY
    def test_gives_the_same_numbers(self, name, tmp_path):
        pytest.importorskip("onnx")
        pytest.importorskip("onnxscript")
        runtime = pytest.importorskip("onnxruntime")
        encoder, _, program = exported(name)
        torch.onnx.export(program, dynamo=True, verbose=False).save(tmp_path / "encoder.onnx")
        session = runtime.InferenceSession(
            tmp_path / "encoder.onnx", providers=["CPUExecutionProvider"]
        )
        given = session.get_inputs()[0].name
        for x in others(name):
            (features,) = session.run(None, {given: x.numpy()})
            expected = encoder(x).detach()
            torch.testing.assert_close(torch.from_numpy(features), expected, rtol=1e-5, atol=1e-5)


@exporting
@pytest.mark.skipif(shutil.which("c++") is None, reason="no compiler of C++")
class TestCompiledPackage:
    pytestmark = quiet

    def test_runs_without_this_library(self, tmp_path):
        """One encoder whose fused form is not torch's, as small as it gets: compilers are slow."""
        torch.manual_seed(0)
        encoder, x = BiGRU(21, 8, layers=1).eval(), case_of("BiGRU").batch()
        axes = {0: torch.export.Dim("n"), 1: torch.export.Dim("t")}
        program = torch.export.export(encoder, (x,), dynamic_shapes=(axes,))
        path = tmp_path / "encoder.pt2"
        torch._inductor.aoti_compile_and_package(program, package_path=str(path))
        x = torch.cat([x, x], dim=1)[:4].contiguous()
        torch.save(x, path.with_suffix(".input"))
        run_alone(tmp_path)
        output = torch.load(path.with_suffix(".output"))
        torch.testing.assert_close(output, encoder(x).detach(), rtol=1e-5, atol=1e-5)


class TestMeta:
    @EVERY
    def test_is_built_and_run_without_memory(self, name):
        with torch.device("meta"):
            encoder = case_of(name).build()
        assert {tensor.device.type for tensor in encoder.state_dict().values()} == {"meta"}
        out = encoder(case_of(name).batch().to("meta"))
        assert out.shape == (6, encoder.feature_dim)


def called(encoder):
    """Return all sub-modules that have a forward, by name."""
    modules = dict(encoder.named_modules())
    del modules[""]
    return {name: module for name, module in modules.items() if not isinstance(module, CONTAINERS)}


class TestHooks:
    pytestmark = quiet

    @EVERY
    def test_forward_hooks_see_what_each_part_returned(self, name):
        encoder, x = opened(name)
        expected = encoder(x).detach()
        seen = {}

        def keep(part, output):
            seen[part] = (output, output.clone()) if isinstance(output, torch.Tensor) else (0, 0)

        for part, module in called(encoder).items():
            module.register_forward_hook(lambda _, __, output, part=part: keep(part, output))
        with torch.no_grad():
            torch.testing.assert_close(encoder(x), expected, rtol=1e-5, atol=1e-5)
        assert seen.keys() == called(encoder).keys()
        for part, (kept, before) in seen.items():
            torch.testing.assert_close(kept, before, rtol=0, atol=0, msg=f"{part} is overwritten")

    @EVERY
    def test_a_hook_may_change_what_a_part_returns(self, name):
        encoder, x = opened(name)
        expected = encoder(x)
        for part, module in called(encoder).items():
            hook = module.register_forward_hook(lambda _, __, output: _changed(output))
            assert not torch.allclose(encoder(x), expected), part
            hook.remove()
        torch.testing.assert_close(encoder(x), expected)

    @EVERY
    def test_full_backward_hooks_fire(self, name):
        encoder, x = opened(name)
        x.requires_grad_()
        expected = torch.autograd.grad(encoder(x).square().sum(), [x, *encoder.parameters()])
        seen = set()
        for part, module in called(encoder).items():
            module.register_full_backward_hook(lambda *_, part=part: seen.add(part))
        actual = torch.autograd.grad(encoder(x).square().sum(), [x, *encoder.parameters()])
        assert seen == called(encoder).keys()
        scale = max(float(grad.abs().max()) for grad in expected)
        torch.testing.assert_close(actual, expected, rtol=1e-3, atol=1e-5 * scale)

    @EVERY
    def test_hooks_of_all_modules_see_each_part(self, name):
        encoder, x = opened(name)
        seen = set()
        hook = nn.modules.module.register_module_forward_hook(lambda module, *_: seen.add(module))
        encoder(x)
        hook.remove()
        assert set(called(encoder).values()) <= seen


def _changed(output):
    if isinstance(output, torch.Tensor):
        return 1.5 * output + 0.1
    return type(output)(map(_changed, output))


class Adapted(nn.Module):
    """A layer and what an adapter adds to it."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return 1.5 * self.layer(x) + 0.1


class TestWrappedParts:
    @EVERY
    def test_are_used(self, name):
        encoder, x = opened(name)
        expected = encoder(x)
        layers = [part for part, module in called(encoder).items() if isinstance(module, LAYERS)]
        for part in layers:
            other = copy.deepcopy(encoder)
            place, _, end = part.rpartition(".")
            setattr(other.get_submodule(place), end, Adapted(other.get_submodule(part)))
            assert not torch.allclose(other(x), expected), part
        assert layers or "GRU" in name

    @EVERY
    def test_all_of_them_train(self, name):
        encoder, x = opened(name)
        for part, module in called(encoder).items():
            if isinstance(module, LAYERS):
                place, _, end = part.rpartition(".")
                setattr(encoder.get_submodule(place), end, Adapted(module))
        encoder.train()(x).square().mean().backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())

    @EVERY
    def test_parametrized_weights_are_used(self, name):
        encoder, x = opened(name)
        expected = encoder(x)
        layer = next((m for m in called(encoder).values() if isinstance(m, LAYERS)), None)
        if layer is None:
            layer = encoder.gru
        weight = next(key for key, _ in layer.named_parameters() if "weight" in key)

        class Twice(nn.Module):
            def forward(self, tensor):
                return 2 * tensor

        nn.utils.parametrize.register_parametrization(layer, weight, Twice())
        assert not torch.allclose(encoder(x), expected)
        nn.utils.parametrize.remove_parametrizations(layer, weight)
        assert not torch.allclose(encoder(x), expected)


class TestDerivatives:
    @EVERY
    def test_second_ones_by_differences(self, name):
        encoder, x = opened(name)
        encoder, x = encoder.double(), x[:2].double()
        directions = torch.randn(3, *x.shape, dtype=torch.float64)

        def energy(steps):
            moved = x + torch.tensordot(steps, directions, 1)
            return encoder(moved).square().mean()

        steps = torch.rand(3, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradgradcheck(energy, steps, eps=1e-7, atol=1e-4, rtol=1e-3)

    @EVERY
    def test_gradients_of_each_clip(self, name):
        encoder, x = opened(name)
        parameters = {key: tensor.detach() for key, tensor in encoder.named_parameters()}

        def energy(parameters, clip):
            call = torch.func.functional_call
            return call(encoder, parameters, (clip[None],)).square().mean()

        each = torch.func.vmap(torch.func.grad(energy), in_dims=(None, 0))(parameters, x[:3])
        for row in range(3):
            loss = encoder(x[row : row + 1]).square().mean()
            expected = torch.autograd.grad(loss, list(encoder.parameters()))
            actual = [grads[row] for grads in each.values()]
            scale = max(float(grad.abs().max()) for grad in expected)
            torch.testing.assert_close(actual, list(expected), rtol=1e-3, atol=1e-4 * scale)
