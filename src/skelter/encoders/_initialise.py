"""The start of ST-GCN, and of the contrastive methods that train it."""

from __future__ import annotations

from torch import nn

from skelter import _checks

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
LAYERS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


def initialise_normal(module: nn.Module, std: float = 0.02) -> None:
    """Start a module as ST-GCN and the contrastive methods on it do, in place.

    Weights of convolutions and linear layers are drawn from N(0, std), those of batch norms from
    N(1, std). Biases are zero. Nothing else is touched.

    Args:
        module: Such as an `STGCN`, or a head.
        std: Standard deviation, at least 0.

    References:
        Yan et al., AAAI 2018; Li et al., CrosSCLR, CVPR 2021; Guo et al., AimCLR, AAAI 2022, by
        their released code

    Example:
        >>> from skelter.encoders import STGCN
        >>> encoder = STGCN(widths=(8, 8, 16))
        >>> initialise_normal(encoder)
        >>> bool(encoder.blocks[0].temporal[0].bias.any())
        False
    """
    _checks.between("std", std, 0.0, float("inf"))
    for part in module.modules():
        if isinstance(part, (*NORMS, *LAYERS)) and part.weight is not None:
            nn.init.normal_(part.weight, 1.0 if isinstance(part, NORMS) else 0.0, std)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
