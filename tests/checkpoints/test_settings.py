"""Published files with the settings of a run beside their weights."""

from __future__ import annotations

import argparse
import os
import sys
from types import ModuleType

import pytest
import torch

from skelter.checkpoints import load_published
from skelter.data import SkeletonFormatError

WEIGHTS = {"weight": torch.arange(3.0)}


def make_class(monkeypatch, name, bases=(), **members):
    """Define a class of another package, which is not installed."""
    module, _, kind = name.rpartition(".")
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        path = ".".join(parts[:depth])
        monkeypatch.setitem(sys.modules, path, ModuleType(path))
    made = type(kind, bases, {"__module__": module, "__qualname__": kind, **members})
    setattr(sys.modules[module], kind, made)
    return made


def test_a_namespace(tmp_path):
    settings = argparse.Namespace(lr=0.1, nested={"sizes": [1, 2]}, other=argparse.Namespace(a=1))
    torch.save({"model": WEIGHTS, "args": settings, "epoch": 3}, tmp_path / "checkpoint-399.pth")
    state = load_published(tmp_path / "checkpoint-399.pth")
    assert torch.equal(state["model"]["weight"], WEIGHTS["weight"])
    assert state["args"] == {"lr": 0.1, "nested": {"sizes": [1, 2]}, "other": {"a": 1}}


@pytest.mark.parametrize(
    ("name", "bases"),
    [
        ("pytorch_lightning.utilities.parsing.AttributeDict", (dict,)),
        ("lightning.fabric.utilities.data.AttributeDict", (dict,)),
        ("mmengine.config.config.ConfigDict", (dict,)),
        ("omegaconf.dictconfig.DictConfig", ()),
    ],
)
def test_a_framework_that_is_not_installed(tmp_path, monkeypatch, name, bases):
    kind = make_class(monkeypatch, name, bases)
    settings = kind()
    if bases:
        settings["lr"] = 0.1
    else:
        settings.lr = 0.1
    torch.save({"state_dict": WEIGHTS, "hyper_parameters": settings}, tmp_path / "run.ckpt")
    monkeypatch.undo()
    before = set(torch.serialization.get_safe_globals())
    state = load_published(tmp_path / "run.ckpt")
    assert torch.equal(state["state_dict"]["weight"], WEIGHTS["weight"])
    held = state["hyper_parameters"]
    assert isinstance(held, dict)
    assert "omegaconf" in name or held == {"lr": 0.1}
    assert set(torch.serialization.get_safe_globals()) == before
    assert name.partition(".")[0] not in sys.modules


def test_code_among_settings_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "mark"),)

    settings = argparse.Namespace(innocent=1, evil=Evil())
    torch.save({"model": WEIGHTS, "args": settings}, tmp_path / "evil.pth")
    with pytest.raises(SkeletonFormatError, match=r"contains code: it asks for \w+\.mkdir"):
        load_published(tmp_path / "evil.pth")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["lightning.pytorch.trainer.Trainer", "torchlight.Runner"])
def test_other_classes_are_refused(tmp_path, monkeypatch, name):
    kind = make_class(monkeypatch, name)
    torch.save({"model": WEIGHTS, "args": kind()}, tmp_path / "run.pth")
    monkeypatch.undo()
    with pytest.raises(SkeletonFormatError, match="contains code"):
        load_published(tmp_path / "run.pth")
