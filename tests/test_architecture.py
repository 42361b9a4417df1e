"""Who may import whom, what importing loads, and that public names are whole."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skelter
from skelter.layouts import SkeletonLayout

ROOT = Path(skelter.__file__).parent
REPOSITORY = Path(__file__).parents[1]

LEVEL_0 = {
    "typing", "_checks", "_files", "_kernels", "_precision", "_ragged", "layouts", "distributed",
}  # fmt: skip
LEVEL_1 = {
    "transforms", "representations", "encoders", "losses", "memory", "momentum", "data",
    "evaluation", "viz",
}  # fmt: skip
LEVEL_2 = {"methods", "checkpoints"}
LEVEL_3 = {"training"}
BASE = {"typing", "_checks", "_files", "_precision", "_ragged", "layouts"}
# Private parts that tests of their own may import: the switch between fused and plain forms, and
# the sentences of errors, each tested once where it is made.
TESTED = {"skelter._kernels": "kernels/", "skelter._checks": "test_checks.py"}
# A fused operator stands behind the layer or loss whose plain form it equals, and nowhere else.
FOR_ALL = (LEVEL_0 - {"_kernels"}) | LEVEL_1
ALLOWED = (
    dict.fromkeys(LEVEL_0, BASE)
    | dict.fromkeys(LEVEL_1, BASE)
    | dict.fromkeys(LEVEL_2, FOR_ALL)
    | dict.fromkeys(LEVEL_3, FOR_ALL | LEVEL_2 | {"__version__"})
)
ALLOWED["memory"] = BASE | {"distributed"}
ALLOWED["losses"] = BASE | {"distributed", "_kernels"}
ALLOWED["encoders"] = BASE | {"representations", "_kernels"}
ALLOWED["_checks"] = ALLOWED["_files"] = ALLOWED["_precision"] = ALLOWED["_ragged"] = set()
# A published checkpoint becomes a method, and a file tells the version that wrote it.
ALLOWED["checkpoints"] = (FOR_ALL | {"methods", "__version__"}) - {"data"}
ALLOWED["__init__"] = FOR_ALL | LEVEL_2 | LEVEL_3  # its sub-packages load when first used
# The folders of `data`, in the order in which recordings travel.
IN_DATA = {
    "_clip": set(),
    "files": set(),
    "readers": {"_clip", "files"},
    "store": {"_clip", "files"},
    "splits": {"_clip", "store"},
    "synthetic": {"_clip", "store"},
    "preparation": {"_clip", "splits", "store"},
    "sources": {"_clip", "preparation", "readers", "splits", "store"},
}
IN_DATA["__init__"] = set(IN_DATA)
# The folders of `transforms`: kinds carry all others, and presets are made of all others.
ON_KINDS = ("bones", "combining", "geometry", "masks", "mixing", "noise", "normalisation", "time")
IN_TRANSFORMS = {"kinds": set()} | {name: {"kinds"} for name in ON_KINDS}
IN_TRANSFORMS["presets"] = IN_TRANSFORMS["functional"] = set(IN_TRANSFORMS)
IN_TRANSFORMS["__init__"] = set(IN_TRANSFORMS)
# The folders of `encoders`: shared parts carry all others.
IN_ENCODERS = {
    "parts": set(),
    "graphs": {"parts"},
    "sequences": {"parts"},
    "tokens": {"parts"},
    "branches": {"parts", "sequences"},
    "_hcn": {"parts"},
}
IN_ENCODERS["__init__"] = {*IN_ENCODERS, "functional", "presets", "_heads", "_initialise"}
IN_ENCODERS["presets"] = IN_ENCODERS["functional"] = IN_ENCODERS["__init__"]
INSIDE = {"data": IN_DATA, "encoders": IN_ENCODERS, "transforms": IN_TRANSFORMS}
# Folders whose names the `__init__` of their room re-exports.
INTERNAL = {f"skelter.data.{name}" for name in ("files", "preparation", "readers", "store")}
INTERNAL |= {f"skelter.transforms.{name}" for name in ("kinds", *ON_KINDS)}
INTERNAL |= {f"skelter.encoders.{name}" for name in IN_ENCODERS if name[0] != "_"}
INTERNAL -= {"skelter.encoders.functional", "skelter.encoders.presets"}
INTERNAL.add("skelter.checkpoints.published")
# Rooms of one class, which the package itself exports.
TWO_DOORS = {"memory", "momentum"}
THIRD_PARTY = {"torch", "numpy", "einops", "typing_extensions"}
OPTIONAL = {"viz": {"matplotlib"}, "training": {"lightning_fabric", "tqdm"}}


def forbidden_imports(root):
    """Lines of all imports under a package folder that the architecture does not allow."""
    found = []
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        room = inside.parts[0].removesuffix(".py")
        allowed = ALLOWED.get(room, set()) | {room}
        for node in ast.walk(ast.parse(path.read_text())):
            for module in imported(node, inside):
                parts = module.split(".")
                if parts[0] != "skelter":
                    known = THIRD_PARTY | OPTIONAL.get(room, set()) | sys.stdlib_module_names
                    fine = parts[0] in known
                elif len(parts) > 1 and parts[1] == room and room in INSIDE:
                    folder = inside.parts[1].removesuffix(".py")
                    known = INSIDE[room].get(folder, set()) | {folder}
                    fine = len(parts) > 2 and parts[2] in known
                else:
                    fine = len(parts) > 1 and parts[1] in allowed
                if not fine:
                    found.append(f"{inside}:{node.lineno} imports {module}")
    return found


def imported(node, inside):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    module = node.module or ""
    if node.level:
        folder = ["skelter", *inside.parts[: len(inside.parts) - node.level]]
        module = ".".join([*folder, *([module] if module else [])])
    if module in ("skelter", "skelter.data", "skelter.encoders", "skelter.transforms"):
        return [f"{module}.{alias.name}" for alias in node.names]
    return [module]


class TestLayers:
    def test_only_allowed_imports(self):
        assert forbidden_imports(ROOT) == []

    @pytest.mark.parametrize(
        ("file", "line"),
        [
            ("transforms/_bad.py", "from skelter.encoders import BiGRU"),
            ("transforms/_bad.py", "from skelter import data"),
            ("losses/_bad.py", "import skelter.memory"),
            ("layouts.py", "from skelter.transforms import Shear"),
            ("encoders/_bad.py", "from ..losses import NTXentLoss"),
            ("evaluation/_bad.py", "import sklearn"),
            ("data/_bad.py", "def f():\n    from skelter.methods import InterSkeletonContrast"),
            ("memory.py", "from skelter.momentum import MomentumEncoder"),
            ("checkpoints/_bad.py", "from skelter.data import SkeletonFormatError"),
            ("_files.py", "from skelter import _checks"),
            ("data/_clip.py", "from skelter.data.store._index import ClipIndex"),
            ("data/files/_bad.py", "from skelter.data._clip import Clip"),
            ("data/files/_bad.py", "from skelter.data.readers import _names"),
            ("data/readers/_bad.py", "from skelter.data.store._store import SkeletonStore"),
            ("data/readers/_bad.py", "from skelter.data import SkeletonStore"),
            ("data/readers/_bad.py", "import skelter.data.store"),
            ("data/readers/_bad.py", "from ..store import _index"),
            ("data/store/_bad.py", "from skelter.data.readers._reading import list_files"),
            ("data/store/_bad.py", "if TYPE_CHECKING:\n    from skelter.data import splits"),
            ("data/splits/_bad.py", "from skelter.data.readers import _ntu"),
            ("data/synthetic/_bad.py", "from skelter.data.splits import SplitRule"),
            ("data/preparation/_bad.py", "from skelter.data.sources import ntu60"),
            ("transforms/kinds/_bad.py", "from skelter.transforms.time._crop import CropParams"),
            (
                "transforms/noise/_bad.py",
                "from skelter.transforms.masks._jitter import zero_joints",
            ),
            ("transforms/time/_bad.py", "from skelter.transforms import presets"),
            ("methods/_bad.py", "from skelter import _kernels"),
            ("transforms/_bad.py", "from skelter._kernels import use_plain"),
            ("_kernels/_bad.py", "from skelter.encoders import AGCN"),
            ("methods/_bad.py", "from skelter.training import Trainer"),
            ("methods/_bad.py", "import tqdm"),
        ],
    )
    def test_the_test_would_notice(self, tmp_path, file, line):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line)
        assert len(forbidden_imports(tmp_path)) == 1

    def test_every_room_has_a_level(self):
        rooms = {path.name.removesuffix(".py") for path in ROOT.iterdir()}
        assert (
            rooms - {"__pycache__", "py.typed", "__init__"} <= LEVEL_0 | LEVEL_1 | LEVEL_2 | LEVEL_3
        )

    def test_nothing_loads_training(self):
        rooms = ", ".join(sorted(LEVEL_1 | LEVEL_2))
        check = (
            f"from skelter import {rooms}; import sys; assert not any(m.startswith(("
            "'skelter.training', 'lightning', 'tensorboard')) for m in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", check], check=True)

    def test_transforms_load_neither_encoders_nor_data(self):
        check = (
            "import skelter.transforms, sys; assert not any(m.startswith(('skelter.encoders',"
            "'skelter.data', 'matplotlib', 'lightning')) for m in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", check], check=True)

    @pytest.mark.parametrize("folder", ["examples", "docs", "tests"])
    def test_others_import_public_names_only(self, folder):
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                for module in imported(node, Path()):
                    private = [part for part in module.split(".") if part.startswith("_")]
                    where = path.relative_to(REPOSITORY / folder).as_posix()
                    own = TESTED.get(".".join(module.split(".")[:2]))
                    if own is not None and where.startswith(own):
                        continue
                    assert not (module.startswith("skelter") and private), f"{path}: {module}"


def public_modules():
    names = [
        module.name
        for module in pkgutil.walk_packages([str(ROOT)], "skelter.")
        if not any(part.startswith("_") for part in module.name.split("."))
        and module.name not in INTERNAL
    ]
    return ["skelter", *names]


def public_objects():
    for name in public_modules():
        module = importlib.import_module(name)
        for exported in module.__all__:
            yield f"{name}.{exported}", getattr(module, exported)


class TestPublicNames:
    @pytest.mark.parametrize("name", public_modules())
    def test_exports_are_sorted_and_exist(self, name):
        exported = importlib.import_module(name).__all__
        assert sorted(exported, key=natural) == exported
        assert len(set(exported)) == len(exported)

    def test_everything_has_one_address(self):
        addresses = {}
        for name, thing in public_objects():
            if inspect.isfunction(thing) or inspect.isclass(thing):
                addresses.setdefault(thing, []).append(name)
        doubled = [names for names in addresses.values() if len(names) > 1]
        assert [names for names in doubled if names[1].split(".")[1] not in TWO_DOORS] == []

    @pytest.mark.parametrize("name", sorted(INTERNAL))
    def test_internal_folders_export_nothing(self, name):
        folder = vars(importlib.import_module(name))
        assert [n for n, v in folder.items() if n[0] != "_" and not inspect.ismodule(v)] == []

    def test_the_contract(self):
        contract = {
            "transforms": "Shear JointJitter TemporalCropResize CentreCropResize Compose OneOf "
            "RandomApply MultiView presets functional",
            "representations": "ToSequence ToGraph ToImage ToBones ToMotion ToAcceleration",
            "representations.functional": "to_sequence from_sequence to_image from_image to_bones "
            "from_bones to_motion",
            "encoders": "BiGRU AGCN HCN ProjectionHead",
            "losses": "InfoNCELoss NTXentLoss CrossContrastiveLoss BatchInfoNCELoss "
            "SupervisedContrastiveLoss functional",
            "losses.functional": "info_nce nt_xent cross_contrastive batch_info_nce "
            "supervised_contrastive unit",
            "methods": "InterSkeletonContrast IntraSkeletonContrast ContrastOutput",
            "training": "Trainer TrainingConfig Monitor Run TrainingError RunFolderError "
            "StoppedError NotFiniteError Schedule warm_up_cosine",
            "typing": "Batches ClipTransform Encoder Method MethodOutput Representation",
            "distributed": "all_gather gather_with_grad joined_mean rank world_size",
            "data": "SkeletonStore SkeletonDataset SkeletonFormatError Clip read_ragged read_ntu "
            "read_isc read_crosclr read_ctrgcn read_pyskl read_pku_mmd read_nw_ucla read_kinetics "
            "write_ragged write_ntu write_isc write_pyskl splits synthetic prepare sources "
            "ClipIndex StoreInfo",
            "checkpoints": "CheckpointFolder encoder_from_reference from_reference "
            "head_from_reference load load_published save",
            "evaluation": "extract_features knn linear_probe semi_supervised fine_tune one_shot "
            "ensemble compress alignment uniformity effective_rank diagnose",
            "layouts": "SkeletonLayout NTU25 KINECT20 OPENPOSE18 COCO17 H36M17 SMPL24 "
            "MEDIAPIPE33 SBU15 BODY25 SMPL22 AZURE32 HAND21",
        }
        for module, names in contract.items():
            exported = set(importlib.import_module(f"skelter.{module}").__all__)
            assert set(names.split()) <= exported, module
        rooms = {name for name in skelter.__all__ if inspect.ismodule(getattr(skelter, name))}
        assert set(skelter.__all__) - rooms == {"MemoryQueue", "MomentumEncoder", "__version__"}
        with pytest.raises(AttributeError, match="no attribute 'transform'"):
            _ = skelter.transform

    def test_everything_public_has_a_docstring_with_an_example(self):
        missing = []
        for name, thing in public_objects():
            if inspect.isfunction(thing) or inspect.isclass(thing):
                text = inspect.getdoc(thing) or ""
                if not text:
                    missing.append(name)
                elif inspect.isfunction(thing) and ">>>" not in text:
                    missing.append(f"{name} (no example)")
                for member, method in inspect.getmembers(thing, inspect.isfunction):
                    own = method.__module__.startswith("skelter")
                    if own and not member.startswith("_") and not inspect.getdoc(method):
                        missing.append(f"{name}.{member}")
        allowed = {"load_ragged", "read_ragged", "write_ragged"}
        assert [m for m in missing if m.split(" ")[0].rsplit(".", 1)[-1] not in allowed] == []

    def test_constructors_are_short(self):
        for name, thing in public_objects():
            if inspect.isclass(thing) and not issubclass(thing, Exception):
                parameters = list(inspect.signature(thing).parameters.values())
                positional = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
                # A layout is a table of facts, such as its `dimensions` and where `up` is.
                assert len(parameters) <= (10 if thing is SkeletonLayout else 8), name
                record = hasattr(thing, "__dataclass_fields__") or issubclass(thing, tuple)
                assert record or len(positional) <= 3, name

    def test_version_is_the_projects(self):
        text = (REPOSITORY / "pyproject.toml").read_text()
        assert f'version = "{skelter.__version__}"' in text


def natural(name):
    """Sort as the linter does: constants, then classes, then the rest."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
