"""The encoder of CMD, HaLP and PCM3: that of inter-skeleton contrast behind a batch norm."""

from __future__ import annotations

from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.encoders import BiGRU


def _bigru(weights: Weights, clips: Clips) -> BiGRU:
    return BiGRU(
        weights.size("input_norm.weight", 0),
        weights.size("encoder.gru.weight_hh_l0", 1),
        layers=weights.count(r"encoder\.gru\..*_l(\d+)"),
        input_norm=True,
    )


NORMED_GRU = Family(
    "GRU with input norm",
    mark=r"^input_norm\.",
    reads="sequence",
    build=_bigru,
    names={r"^gru\.": "encoder.gru.", r"^norm\.": "input_norm."},
)
