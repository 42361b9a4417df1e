"""Inputs and weights of the golden encoder numbers, and the reference's names for ours."""

from __future__ import annotations

import re

import numpy as np
import torch

HCN_NAMES = {
    "conv1": "position.0", "conv2": "position.2", "conv3": "position.4", "conv4": "position.6",
    "conv1m": "motion.0", "conv2m": "motion.2", "conv3m": "motion.4", "conv4m": "motion.6",
    "conv5": "fusion.0", "conv6": "fusion.4",
}  # fmt: skip
AGCN_NAMES = [
    (r"^data_bn", "input_norm"),
    (r"^l(\d+)\.", lambda match: f"blocks.{int(match[1]) - 1}."),
    (r"gcn1\.PA", "graph.learned_adjacency"),
    (r"gcn1\.bn", "graph.norm"),
    (r"gcn1\.down", "graph.shortcut"),
    (r"tcn1\.conv", "temporal.0"),
    (r"tcn1\.bn", "temporal.1"),
    (r"residual\.conv", "residual.0"),
    (r"residual\.bn", "residual.1"),
]
SUBSETS = {"a": "theta", "b": "phi", "d": "project"}


def clips():
    i = np.arange(4 * 3 * 64 * 25 * 2, dtype=np.float64)
    x = np.sin(0.3 + 0.0137 * i) + 0.3 * np.sin(0.91 * i + 0.3)
    return torch.from_numpy(x.astype(np.float32).reshape(4, 3, 64, 25, 2))


def weights(shapes):
    """State dict in the reference's names, by the published formula."""
    return {
        name: torch.from_numpy(_tensor(number, name, shapes[name]).astype(np.float32))
        for number, name in enumerate(sorted(shapes))
    }


def _tensor(number, name, shape):
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    u = np.sin(12.9898 * i + 78.233 * (number + 1)) * 43758.5453
    s = (2 * (u - np.floor(u)) - 1).reshape(shape)
    last = name.rsplit(".", 1)[-1]
    if last == "running_var":
        return 1 + 0.5 * s
    if last == "weight" and len(shape) == 1:
        return 0.5 + 0.1 * s
    if last == "running_mean" or "bias" in last:
        return 0.1 * s
    if last == "num_batches_tracked":
        return np.zeros(shape)
    return s / 100 if last == "PA" else s / np.sqrt(np.prod(shape[1:]))


def bigru(reference):
    return {
        name.removeprefix("encoder."): tensor
        for name, tensor in reference.items()
        if not name.startswith("fc")
    }


def hcn(reference):
    renamed = {}
    for name, tensor in reference.items():
        layer, last = name.split(".")[0], name.rsplit(".", 1)[-1]
        if layer != "fc":
            renamed[f"{HCN_NAMES[layer]}.{last}"] = tensor
    return renamed


def agcn(reference):
    """Rename, and join the convolutions of the three subsets, which are one of ours."""
    renamed = {}
    for name, tensor in reference.items():
        if name.startswith("fc"):
            continue
        for pattern, replacement in AGCN_NAMES:
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor
    for block in range(10):
        for letter, ours in SUBSETS.items():
            old = f"blocks.{block}.gcn1.conv_{letter}"
            kernels = [renamed.pop(f"{old}.{subset}.weight") for subset in range(3)]
            biases = [renamed.pop(f"{old}.{subset}.bias") for subset in range(3)]
            new = f"blocks.{block}.graph.{ours}"
            summed = letter == "d"
            renamed[f"{new}.weight"] = torch.cat(kernels, 1 if summed else 0)
            renamed[f"{new}.bias"] = sum(biases) if summed else torch.cat(biases)
    return renamed


def agcn_gradients(encoder, shapes):
    """Norms of the gradients of our encoder, under the reference's names and cut as there."""
    ours = dict(encoder.named_parameters())
    norms = {}
    for name in shapes:
        if name.startswith("fc") or "running" in name or "num_batches" in name:
            continue
        renamed = name
        for pattern, replacement in AGCN_NAMES:
            renamed = re.sub(pattern, replacement, renamed)
        match = re.fullmatch(r"(.*)\.gcn1\.conv_([abd])\.(\d)\.(weight|bias)", renamed)
        if match is None:
            norms[name] = ours[renamed].grad.norm()
            continue
        block, letter, subset, last = match.groups()
        gradient = ours[f"{block}.graph.{SUBSETS[letter]}.{last}"].grad
        if letter != "d":
            gradient = gradient.chunk(3, 0)[int(subset)]
        elif last == "weight":
            gradient = gradient.chunk(3, 1)[int(subset)]
        norms[name] = gradient.norm()
    return norms
