"""Whole pre-training methods, each a short assembly of the other packages."""

from skelter.methods._inter import InterSkeletonContrast
from skelter.methods._intra import IntraSkeletonContrast
from skelter.methods._momentum_contrast import ContrastOutput, MomentumContrast

__all__ = ["ContrastOutput", "InterSkeletonContrast", "IntraSkeletonContrast", "MomentumContrast"]
