"""Published files of every project, in their containers, with weights by a formula."""

from __future__ import annotations

import argparse
import json
from math import prod

import torch

# How each project names its file, and what it has to be recognised as.
FILES = {
    "crosclr_3views": "crossclr_3views_xview_frame50_channel16_cross150_epoch300.pt",
    "aimclr": "ntu60_xview_joint.pt",
    "aimclr_v2_3views": "epoch300_model.pt",
    "skelemix": "epoch300_model.pt",
    "actclr": "epoch350_model.pt",
    "hysp": "epoch-300.ckpt",
    "cmd": "ntu60_cross_subject/checkpoint_0450.pth.tar",
    "halp": "checkpoint_0200.pth.tar",
    "pcm3": "checkpoint_0450.pth.tar",
    "hico_transformer": "checkpoint_0450.pth.tar",
    "umurl": "checkpoint_0450.pth.tar",
    "usdrl_dste": "checkpoint_0450.pth.tar",
    "usdrl_sttr": "checkpoint_0450.pth.tar",
    "scdnet": "checkpoint_0450.pth.tar",
}


def read_layouts(golden):
    """Return the file that describes all encoders and containers."""
    return json.loads((golden / "encoder_keys2.json").read_text())


def shapes_of(layouts, project):
    """Return the shapes of all tensors of a project's file, by its names without prefixes."""
    groups = layouts["checkpoints"][project]["groups"]
    shapes = {}
    for group, held in groups.items():
        while isinstance(held, str):
            held = groups[held.removeprefix("as ")]
        if isinstance(held, list):
            shapes[group] = held
            continue
        tensors = held
        if "layout" in held:
            tensors = dict(held["differs"])
            if held["layout"] is not None:
                encoder = layouts["encoders"][held["layout"]]
                keys = encoder.get("published_keys", encoder["keys"])
                heads = {"fc", *(name.split(".")[0] for name in tensors)} if tensors else set()
                own = {name: shape for name, shape in keys.items()
                       if name.split(".")[0] not in heads}  # fmt: skip
                tensors = own | tensors
        shapes |= {f"{group}.{name}": shape for name, shape in tensors.items()}
    return shapes


def make_file(layouts, project, constants=()):
    """Return the content of a project's file. `constants` are tensors by ends of their names.

    Its tensors are views of one block of numbers, so that files of published size cost little.
    """
    container = layouts["checkpoints"][project]["container"]
    block = 0.1 * torch.randn(2**18, generator=torch.Generator().manual_seed(0))
    weights = {}
    for name, shape in shapes_of(layouts, project).items():
        fixed = next((value for end, value in dict(constants).items() if name.endswith(end)), None)
        if fixed is not None:
            weights[name] = fixed
        elif name.endswith("num_batches_tracked") or "queue_ptr" in name:
            weights[name] = torch.zeros(shape, dtype=torch.int64)
        elif name.endswith("running_var"):
            weights[name] = torch.ones(shape)
        else:
            row = block[: prod(shape[1:])] if shape else block[0]
            weights[name] = row.view(shape[1:]).expand(shape) if shape else row
    aliases = layouts["checkpoints"][project].get("aliases", {})
    weights |= {name: weights[first] for name, first in aliases.items() if first in weights}
    if container == "flat":
        return weights
    prefix = "module." if "module." in container else "model." if "model." in container else ""
    named = {f"{prefix}{name}": tensor for name, tensor in weights.items()}
    rest = {"epoch": 450, "state_dict": named}
    if "Lightning" in container:
        return rest | {
            "hyper_parameters": argparse.Namespace(lr=0.1),
            "pytorch-lightning_version": "1",
        }
    return rest | {"optimizer": {"state": {}, "param_groups": []}}
