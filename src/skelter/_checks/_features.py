"""Checks of embeddings, features and labels, and of the parts of a method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from skelter._checks._arrays import class_labels
from skelter._checks._sentence import require, shape_of
from skelter._checks._tensors import floating, not_empty

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def embeddings(**rows: Any) -> list[Tensor]:
    """Return embeddings as tensors that all have the shape (N, D) of the first."""
    (first, given), *others = rows.items()
    reference = features(first, given)
    tensors = [reference]
    for name, other in others:
        tensor = floating(name, other)
        tensors.append(tensor)
        require(
            tensor.shape == reference.shape,
            f"`{name}`",
            f"have the shape {shape_of(reference)} of `{first}`",
            shape_of(tensor),
            "Both views need the same clips and the same head size.",
        )
    return tensors


def negatives(rows: Any, query: Tensor, name: str = "negatives") -> Tensor:
    """Return negatives that are (K, D) with the D of the query, and not empty."""
    negatives = floating(name, rows)
    D = query.shape[-1]
    transposed = negatives.ndim == 2 and negatives.shape[0] == D
    require(
        negatives.ndim == 2 and negatives.shape[1] == D,
        f"`{name}`",
        f"have shape (K, D) with D={D} to match `query` {shape_of(query)}",
        shape_of(negatives),
        "Transpose it?" if transposed else "Give queue and projection head the same size.",
    )
    require(
        negatives.shape[0] > 0,
        f"`{name}`",
        "have at least one row to contrast with",
        shape_of(negatives),
        "A MemoryQueue starts empty: call queue.fill_random() for the paper's random start, "
        "or queue.enqueue(keys) for one or more batches before the first loss.",
    )
    return negatives


def features(name: str, rows: Any) -> Tensor:
    """Return rows of shape (N, D) that are not empty."""
    x = floating(name, rows)
    hint = f"Flatten what is behind the first axis: {name}.flatten(1)"
    require(x.ndim == 2, f"`{name}`", "have shape (N, D), one row a clip", shape_of(x), hint)
    return not_empty(x, name)


def finite_rows(name: str, x: Tensor) -> Tensor:
    """Return features (N, D) without NaN and infinity, or name the first row that has one.

    It makes a GPU wait.
    """
    bad = ~torch.isfinite(x).all(1)
    if bool(bad.any()):
        count, first = int(bad.sum()), int(bad.nonzero()[0])
        require(
            False,
            f"`{name}`",
            "be finite",
            f"{count} of {len(x)} rows with NaN or infinity, the first at index {first}",
            "Look at the clip of that row, and whether training diverged.",
        )
    return x


def same_columns(train: Tensor, rows: Any) -> Tensor:
    """Return test features of the size of the training features."""
    test = features("test", rows)
    require(
        test.shape[1] == train.shape[1],
        "`test`",
        f"have the D={train.shape[1]} columns of `train` {shape_of(train)}",
        shape_of(test),
        "Extract both by the same encoder.",
    )
    return test


def labels(name: str, classes: Any, features: Tensor) -> Tensor:
    """Return labels as int64, one for each feature row."""
    labels = _as_classes(name, classes, features.device)
    require(
        labels.shape == features.shape[:1],
        f"`{name}`",
        f"have shape ({features.shape[0]},), one label a row of the features {shape_of(features)}",
        shape_of(labels),
    )
    return labels


def known_labels(name: str, classes: Any) -> Tensor:
    """Return class indices of shape (N,) as int64, none of them -1 for "unknown"."""
    labels = not_empty(_as_classes(name, classes, torch.device("cpu")), name)
    class_indices(name, labels, int(labels.max()) + 1)
    return labels


def _as_classes(name: str, labels: Any, device: torch.device) -> Tensor:
    """Return class indices of shape (N,) as int64, those of a tensor where they are."""
    whole = isinstance(labels, Tensor) and labels.ndim == 1 and labels.dtype in INTEGERS
    if whole:
        return cast(Tensor, labels).long()
    return torch.from_numpy(class_labels(name, labels)).to(device)


def class_indices(name: str, labels: Tensor, classes: int) -> None:
    """Check that labels are classes from 0, which -1 for "unknown" is not."""
    if labels.numel() == 0:
        return
    low, high = int(labels.min()), int(labels.max())
    leave = "Leave clips without a label out: features[labels >= 0], labels[labels >= 0]"
    require(
        low >= 0 and high < classes,
        f"`{name}`",
        f"have labels from 0 to {max(classes, 1) - 1}",
        f"{low} to {high}",
        leave if low < 0 else "Count classes from 0, or pass a larger num_classes.",
    )


def same_names(**mappings: Mapping[str, object]) -> None:
    """Check that all mappings have the keys of the first."""
    (first, reference), *others = mappings.items()
    for name, mapping in others:
        require(
            set(mapping) == set(reference),
            f"`{name}`",
            f"have the names of `{first}`, {sorted(reference)}",
            sorted(mapping),
            "Every representation needs an entry in both.",
        )


def same_tensors(kind: str, own: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Check that two modules have parameters, or buffers, of the same names and shapes."""
    expected, hint = "have the structure it was built from", "Pass the same module to both."
    for name in sorted(set(own) ^ set(theirs)):
        where = "`source`" if name in own else "the momentum encoder"
        require(False, "`source`", expected, f"no {kind} {name!r} in {where}", hint)
    for name, tensor in own.items():
        here, there = shape_of(tensor), shape_of(theirs[name])
        came = f"{kind} {name!r} of shape {there}, not {here}"
        require(here == there, "`source`", expected, came, hint)
