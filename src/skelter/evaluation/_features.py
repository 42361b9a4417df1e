"""Features of a whole data set by a frozen encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from skelter import _checks
from skelter.evaluation._training import device_of
from skelter.typing import Batches, ClipTransform, Representation

__all__ = ["FeatureSet", "extract_features"]


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features and labels of some clips, in the same order.

    Args:
        features: Shape (N, D).
        labels: Class indices of shape (N,).

    Raises:
        TypeError: The features are not floating or the labels no integers.
        ValueError: Their shapes do not match.
    """

    features: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        _checks.features("features", self.features)
        _checks.labels("labels", self.labels, self.features)

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, *args: Any, **kwargs: Any) -> FeatureSet:
        """Return both on another device, as ``Tensor.to`` does."""
        return FeatureSet(self.features.to(*args, **kwargs), self.labels.to(*args, **kwargs))


@torch.no_grad()
def extract_features(
    encoder: nn.Module,
    representation: Representation,
    loader: Batches,
    *,
    transform: ClipTransform | None = None,
    device: torch.device | str | None = None,
) -> FeatureSet:
    """Run an encoder over a loader, in eval mode and without gradients.

    The training mode of every module is put back afterwards.

    Args:
        encoder: From the representation to features (N, D).
        representation: From clips (N, C, T, V, M) to what the encoder reads.
        loader: Batches (x, num_frames, labels), as by `data.collate`.
        transform: What to do to the clips first, such as a `transforms.CentreCropResize`. It is
            given `num_frames`.
        device: Where to compute. That of the encoder's first parameter if None.

    Returns:
        Features and labels on the CPU, in the order of the loader.

    Raises:
        ValueError: The loader gave nothing, or the encoder no (N, D).

    References:
        Thoker, Doughty, Snoek, ACM MM 2021. The released retrieval script forgets
        eval mode. This function does not.

    Example:
        >>> from skelter.encoders import BiGRU
        >>> from skelter.representations import ToSequence
        >>> loader = [(torch.randn(4, 3, 20, 5, 1), torch.full((4,), 20), torch.arange(4))]
        >>> extract_features(BiGRU(15, 8), ToSequence(), loader).features.shape
        torch.Size([4, 16])
    """
    place = device_of(encoder, device)
    training = {module: module.training for module in encoder.modules()}
    encoder.eval()
    try:
        features, labels = [], []
        for x, num_frames, batch_labels in loader:
            clips = x.to(place)
            if transform is not None:
                clips = transform(clips, num_frames=num_frames)
            features.append(_checks.features("encoder(x)", encoder(representation(clips))).cpu())
            labels.append(torch.as_tensor(batch_labels).cpu())
    finally:
        for module, mode in training.items():
            module.training = mode
    _checks.require(bool(features), "`loader`", "give at least one batch", "none")
    return FeatureSet(torch.cat(features).float(), torch.cat(labels))
