"""Downstream protocols: on frozen features, by fine-tuning, and without labels.

`extract_features` turns clips into features. `knn`, `retrieval`, `linear_probe`, `one_shot`,
`compress` and the diagnostics read features. `fine_tune` and `semi_supervised` train a copy of the
encoder. `ensemble` adds streams. Settings of published methods are in `presets`.
"""

from skelter.evaluation import presets
from skelter.evaluation._compress import COMPRESS_ISC, CompressConfig, compress
from skelter.evaluation._diagnostics import (
    Diagnostics,
    alignment,
    diagnose,
    effective_rank,
    uniformity,
)
from skelter.evaluation._ensemble import AIMCLR_WEIGHTS, EnsembleResult, ensemble
from skelter.evaluation._features import FeatureSet, extract_features
from skelter.evaluation._finetune import FineTuneConfig, FineTuneResult, fine_tune
from skelter.evaluation._knn import KNNResult, RetrievalResult, knn, retrieval
from skelter.evaluation._linear import LinearProbeConfig, LinearProbeResult, linear_probe
from skelter.evaluation._oneshot import NTU120_EXEMPLARS, NTU120_NOVEL, OneShotResult, one_shot
from skelter.evaluation._results import TrainingResult
from skelter.evaluation._semi import SemiSupervisedResult, label_subset, semi_supervised
from skelter.evaluation.presets import FINE_TUNE_PRESETS, ISC, PRESETS, STANDARDIZED

__all__ = [
    "AIMCLR_WEIGHTS",
    "COMPRESS_ISC",
    "FINE_TUNE_PRESETS",
    "ISC",
    "NTU120_EXEMPLARS",
    "NTU120_NOVEL",
    "PRESETS",
    "STANDARDIZED",
    "CompressConfig",
    "Diagnostics",
    "EnsembleResult",
    "FeatureSet",
    "FineTuneConfig",
    "FineTuneResult",
    "KNNResult",
    "LinearProbeConfig",
    "LinearProbeResult",
    "OneShotResult",
    "RetrievalResult",
    "SemiSupervisedResult",
    "TrainingResult",
    "alignment",
    "compress",
    "diagnose",
    "effective_rank",
    "ensemble",
    "extract_features",
    "fine_tune",
    "knn",
    "label_subset",
    "linear_probe",
    "one_shot",
    "presets",
    "retrieval",
    "semi_supervised",
    "uniformity",
]
