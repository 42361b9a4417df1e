"""Several streams together: joint, bone, motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from skelter import _checks
from skelter.evaluation._features import read_features
from skelter.evaluation._results import Scored

__all__ = ["AIMCLR_WEIGHTS", "EnsembleResult", "ensemble"]

LARGEST = torch.finfo(torch.float32).max

AIMCLR_WEIGHTS = (0.6, 0.6, 0.4)
"""AimCLR's weights of joint, bone and motion, in this order (Guo et al., AAAI 2022)."""


@dataclass(frozen=True, eq=False)
class EnsembleResult(Scored):
    """Result of `ensemble`.

    Args:
        accuracy: Share of correct predictions.
        predictions: The class that each row is given, shape (N,).
        scores: The weighted sum of the scores, shape (N, classes).
        labels: The class of each row, shape (N,).
    """

    accuracy: float
    predictions: Tensor
    scores: Tensor
    labels: Tensor


@torch.no_grad()
def ensemble(
    scores: Sequence[Tensor], labels: Tensor, *, weights: Sequence[float] | None = None
) -> EnsembleResult:
    """Classify by the weighted sum of several streams' scores.

    The scores are added as they are, without a softmax, as the field does. Streams whose logits
    differ in scale then differ in influence: pass ``[s.softmax(1) for s in scores]`` to add
    probabilities instead.

    Args:
        scores: For each stream, scores of the same rows, shape (N, classes): `scores` of
            `linear_probe`, `fine_tune` or `knn`.
        labels: Class indices of shape (N,), all of them known.
        weights: One for each stream. All are equal if None.

    Returns:
        Accuracy, predictions and the sum.

    Raises:
        TypeError: Scores are not floating, or labels no integers.
        ValueError: There are no scores, they are not finite, shapes differ, a label is not a class
            or unknown, or there is not one weight a stream.

    References:
        Guo et al., AAAI 2022 (AimCLR): "3s".

    Example:
        >>> joint = torch.tensor([[2.0, 1.0], [1.0, 0.9]])
        >>> bone = torch.tensor([[0.0, 0.5], [0.0, 1.0]])
        >>> ensemble([joint, bone], torch.tensor([0, 1])).accuracy
        1.0
    """
    _checks.require(len(scores) > 0, "`scores`", "hold at least one stream", "none")
    streams = [read_features(f"scores[{n}]", stream) for n, stream in enumerate(scores)]
    for number, stream in enumerate(streams):
        _checks.require(
            stream.shape == streams[0].shape,
            f"`scores[{number}]`",
            f"have the shape {_checks.shape_of(streams[0])} of `scores[0]`",
            _checks.shape_of(stream),
            "All streams need the same test clips and classes.",
        )
    known = _checks.labels("labels", labels, streams[0]).to(streams[0].device)
    _checks.class_indices("labels", known, streams[0].shape[1])
    if weights is None:
        weights = [1.0] * len(streams)
    expected = f"have a weight for each of the {len(streams)} streams"
    _checks.require(len(weights) == len(streams), "`weights`", expected, tuple(weights))
    total = torch.zeros_like(streams[0])
    for weight, stream in zip(weights, streams, strict=True):
        _checks.between("weights", weight, -LARGEST, LARGEST)
        total += weight * stream
    predictions = total.argmax(1)
    return EnsembleResult(
        accuracy=float((predictions == known).double().mean()),
        predictions=predictions,
        scores=total,
        labels=known,
    )
