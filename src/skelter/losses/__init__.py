"""Contrastive losses: pure functions in `functional`, and modules of the same arguments."""

from skelter.losses import functional
from skelter.losses._contrastive import CrossContrastiveLoss, InfoNCELoss, NTXentLoss

__all__ = ["CrossContrastiveLoss", "InfoNCELoss", "NTXentLoss", "functional"]
