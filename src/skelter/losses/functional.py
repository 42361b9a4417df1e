"""Contrastive losses as pure functions of embeddings.

Embeddings have shape ``(N, D)``, negatives ``(K, D)``. They are normalised inside by `unit` unless
``normalize=False``. Every loss is computed in float32 or wider, under autocast too.

``reduction`` is ``"mean"`` or ``"sum"`` over the rows, or ``"none"``, which gives the loss of each.
"""

from skelter.losses._in_batch import batch_info_nce, nt_xent, supervised_contrastive
from skelter.losses._rows import unit
from skelter.losses._with_negatives import (
    cross_contrastive,
    info_nce,
    info_nce_logits,
    queue_contrast,
)

__all__ = [
    "batch_info_nce",
    "cross_contrastive",
    "info_nce",
    "info_nce_logits",
    "nt_xent",
    "queue_contrast",
    "supervised_contrastive",
    "unit",
]
