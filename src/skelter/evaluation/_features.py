"""Features of a whole data set by a frozen encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks
from skelter.evaluation._batches import Unpack, one_each, read_batches
from skelter.evaluation._training import device_of
from skelter.typing import Batches, ClipTransform, Representation

__all__ = ["FeatureSet", "extract_features"]


def read_features(name: str, rows: Any) -> Tensor:
    """Return finite features of shape (N, D), without a gradient, in float32 or float64."""
    x = _checks.finite_rows(name, _checks.features(name, rows).detach())
    expected = "have at least one column a row"
    _checks.require(x.shape[1] > 0, f"`{name}`", expected, _checks.shape_of(x))
    return x.to(torch.promote_types(x.dtype, torch.float32))


def unit_rows(x: Tensor) -> Tensor:
    """Return rows of length 1, whatever their scale. Rows of zeros stay zeros."""
    largest = x.abs().amax(1, keepdim=True)
    plain = ((largest > 1e-9) & (largest < 1e9)) | (largest == 0)  # so are their squares
    return F.normalize(x / largest.where(~plain, 1), dim=1)


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Features and labels of some clips, in the same order.

    Tensors, NumPy arrays and lists become tensors on the device of the features. Half precision
    becomes float32.

    Args:
        features: Shape (N, D), finite.
        labels: Class indices of shape (N,), from 0, and -1 where the class is unknown. Every
            protocol refuses unknown ones: leave these clips out,
            ``FeatureSet(features[labels >= 0], labels[labels >= 0])``.

    Raises:
        TypeError: The features are not floating or the labels no integers.
        ValueError: Their shapes do not match, or a feature is NaN or infinite.

    Example:
        >>> FeatureSet([[0.0, 1.0], [2.0, 3.0]], [1, 0]).labels
        tensor([1, 0])
    """

    features: Tensor
    labels: Tensor

    def __post_init__(self) -> None:
        features = read_features("features", self.features)
        labels = _checks.labels("labels", self.labels, features).to(features.device)
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "labels", labels)

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, *args: Any, **kwargs: Any) -> FeatureSet:
        """Return both on another device, as ``Tensor.to`` does."""
        return FeatureSet(self.features.to(*args, **kwargs), self.labels.to(*args, **kwargs))


def require_set(name: str, given: Any) -> FeatureSet:
    """Return features with their labels, or refuse features alone."""
    made = "Make one: FeatureSet(features, labels)"
    fits = isinstance(given, FeatureSet)
    _checks.require(
        fits, f"`{name}`", "be a FeatureSet", type(given).__name__, made, error=TypeError
    )
    return cast(FeatureSet, given)


def count_classes(given: int | None, *labels: Tensor) -> int:
    """Return the number of classes, one more than the largest label if it is not given."""
    if given is None:
        return max(int(known.max()) for known in labels) + 1
    _checks.positive_int("num_classes", given)
    return given


@torch.no_grad()
def extract_features(
    encoder: nn.Module,
    representation: Representation,
    loader: Batches,
    *,
    transform: ClipTransform | None = None,
    unpack: Unpack | None = None,
    device: torch.device | str | None = None,
) -> FeatureSet:
    """Run an encoder over a loader, in eval mode and without gradients.

    The training mode of every module is put back afterwards. The encoder runs in the precision of
    an autocast around the call. Its features are kept in float32.

    Args:
        encoder: From the representation to features (N, D).
        representation: From clips (N, C, T, V, M) to what the encoder reads.
        loader: Batches as `data.collate` and `SkeletonStore.batch` return them, or mappings with
            ``clips``, ``labels`` and, where frames are padded, ``num_frames``.
        transform: What to do to the clips first, such as a `transforms.CentreCropResize`. It is
            given `num_frames`.
        unpack: From any other batch to (clips, num_frames or None, labels). For a loader of clips,
            labels and an index it is ``lambda b: (b[0], None, b[1])``.
        device: Where to compute. That of the encoder's first parameter if None.

    Returns:
        Features and labels on the CPU, in the order of the loader.

    Raises:
        TypeError: A batch does not say what it holds.
        ValueError: The loader gave nothing, the encoder no (N, D), or a feature is not finite.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021. The released retrieval script forgets
        eval mode. This function does not.

    Example:
        >>> from skelter.encoders import BiGRU
        >>> from skelter.representations import ToSequence
        >>> loader = [{"clips": torch.randn(4, 3, 20, 5, 1), "labels": torch.arange(4)}]
        >>> extract_features(BiGRU(15, 8), ToSequence(), loader).features.shape
        torch.Size([4, 16])
    """
    place = device_of(encoder, device)
    training = {module: module.training for module in encoder.modules()}
    encoder.eval()
    try:
        features, labels = [], []
        for x, num_frames, batch_labels in read_batches("loader", loader, unpack):
            clips = x.to(place)
            if transform is not None:
                clips = transform(clips, num_frames=num_frames)
            rows = _checks.features("encoder(x)", encoder(representation(clips)))
            features.append(one_each("encoder(x)", rows, batch_labels).cpu())
            labels.append(batch_labels.cpu())
    finally:
        for module, mode in training.items():
            module.training = mode
    return FeatureSet(torch.cat(features).float(), torch.cat(labels))
