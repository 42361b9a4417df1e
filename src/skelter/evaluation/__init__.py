"""Downstream protocols on frozen encoders."""

from skelter.evaluation.features import FeatureSet, extract_features
from skelter.evaluation.knn import KNNResult, RetrievalResult, knn, retrieval
from skelter.evaluation.linear import (
    ISC,
    STANDARDIZED,
    LinearProbeConfig,
    LinearProbeResult,
    linear_probe,
)

__all__ = [
    "ISC",
    "STANDARDIZED",
    "FeatureSet",
    "KNNResult",
    "LinearProbeConfig",
    "LinearProbeResult",
    "RetrievalResult",
    "extract_features",
    "knn",
    "linear_probe",
    "retrieval",
]
