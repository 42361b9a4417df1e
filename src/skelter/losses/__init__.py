"""Contrastive losses: pure functions in `functional`, and modules of the same arguments."""

from skelter.losses import functional
from skelter.losses._contrastive import (
    BatchInfoNCELoss,
    CrossContrastiveLoss,
    InfoNCELoss,
    NTXentLoss,
    SupervisedContrastiveLoss,
)

__all__ = [
    "BatchInfoNCELoss",
    "CrossContrastiveLoss",
    "InfoNCELoss",
    "NTXentLoss",
    "SupervisedContrastiveLoss",
    "functional",
]
