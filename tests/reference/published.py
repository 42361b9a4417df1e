"""Checkpoints as the reference implementation writes them: names, shapes, and made-up weights."""

from __future__ import annotations

import torch

from reference import golden

WIDTHS = (8, 8, 8, 8, 16, 16, 16, 32, 32, 32)


def gru(in_features=150, hidden=8, layers=2):
    shapes = {}
    for layer in range(layers):
        inputs = in_features if layer == 0 else 2 * hidden
        for end in (f"l{layer}", f"l{layer}_reverse"):
            shapes[f"encoder.gru.weight_ih_{end}"] = (3 * hidden, inputs)
            shapes[f"encoder.gru.weight_hh_{end}"] = (3 * hidden, hidden)
            shapes[f"encoder.gru.bias_ih_{end}"] = (3 * hidden,)
            shapes[f"encoder.gru.bias_hh_{end}"] = (3 * hidden,)
    return shapes


def agcn(V=25, C=3, M=2, widths=WIDTHS):
    shapes = norm("data_bn", M * V * C)
    channels = C
    for number, width in enumerate(widths, start=1):
        block = f"l{number}"
        shapes[f"{block}.gcn1.PA"] = (3, V, V)
        for subset in range(3):
            shapes |= conv(f"{block}.gcn1.conv_a.{subset}", channels, width // 4)
            shapes |= conv(f"{block}.gcn1.conv_b.{subset}", channels, width // 4)
            shapes |= conv(f"{block}.gcn1.conv_d.{subset}", channels, width)
        shapes |= norm(f"{block}.gcn1.bn", width)
        shapes |= conv(f"{block}.tcn1.conv", width, width, (9, 1)) | norm(f"{block}.tcn1.bn", width)
        if channels != width:
            shapes |= conv(f"{block}.gcn1.down.0", channels, width)
            shapes |= norm(f"{block}.gcn1.down.1", width)
            if number > 1:
                shapes |= conv(f"{block}.residual.conv", channels, width)
                shapes |= norm(f"{block}.residual.bn", width)
        channels = width
    return shapes


def hcn(V=25, C=3, channels=16):
    shapes = {}
    for m in ("", "m"):
        shapes |= conv(f"conv1{m}.0", C, channels) | conv(f"conv2{m}", channels, channels, (3, 1))
        shapes |= conv(f"conv3{m}.0", V, channels // 2, (3, 3))
        shapes |= conv(f"conv4{m}.0", channels // 2, channels, (3, 3))
    shapes |= conv("conv5.0", 2 * channels, 2 * channels, (3, 3))
    return shapes | conv("conv6.0", 2 * channels, 4 * channels, (3, 3))


def head(features, out=128):
    shapes = {"fc.0.weight": (features, features), "fc.0.bias": (features,)}
    return shapes | {"fc.2.weight": (out, features), "fc.2.bias": (out,)}


def linear_head(features, out=128):
    return {"fc.weight": (out, features), "fc.bias": (out,)}


def conv(name, channels, width, kernel=(1, 1)):
    return {f"{name}.weight": (width, channels, *kernel), f"{name}.bias": (width,)}


def norm(name, width):
    values = ("weight", "bias", "running_mean", "running_var")
    shapes = {f"{name}.{value}": (width,) for value in values}
    return shapes | {f"{name}.num_batches_tracked": ()}


NETWORKS = {
    "sequence": gru() | head(16),
    "graph": agcn() | head(32),
    "image": hcn() | head(256),
}


def checkpoint(*networks, K=24):
    """One network, intra-skeleton contrast, or two: state dicts by the reference's names."""
    columns = torch.nn.functional.normalize(torch.randn(128, K), dim=0)
    if len(networks) == 1:
        weights = {"queue": columns, "queue_ptr": torch.tensor([5])}
    else:
        weights = {"Queue_S1": columns, "queue_ptr_S1": torch.tensor([5])}
        weights |= {"Queue_S2": columns.flip(1), "queue_ptr_S2": torch.tensor([7])}
    for network, roles in zip(networks, ("qk", "rl"), strict=False):
        for role, factor in zip(roles, (1.0, 0.5), strict=True):  # the momentum copy lags behind
            for name, tensor in network.items():
                weights[f"encoder_{role}.{name}"] = tensor * factor if tensor.ndim else tensor
    state = {f"module.{name}": tensor for name, tensor in weights.items()}
    return {"epoch": 450, "state_dict": state, "optimizer": {"state": {}, "param_groups": []}}


def made_up(*names, K=24):
    """A checkpoint of small networks for these representations."""
    return checkpoint(*(golden.weights(NETWORKS[name]) for name in names), K=K)
