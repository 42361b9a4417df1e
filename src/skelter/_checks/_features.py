"""Checks of embeddings, features and labels, and of the parts of a method."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from skelter._checks._sentence import require, shape_of
from skelter._checks._tensors import floating, not_empty


def embeddings(**tensors: Tensor) -> None:
    """Check that all have the shape (N, D) of the first."""
    (first, reference), *others = tensors.items()
    features(first, reference)
    for name, tensor in others:
        floating(name, tensor)
        require(
            tensor.shape == reference.shape,
            f"`{name}`",
            f"have the shape {shape_of(reference)} of `{first}`",
            shape_of(tensor),
            "Both views need the same clips and the same head size.",
        )


def negatives(negatives: Tensor, query: Tensor, name: str = "negatives") -> None:
    """Check that negatives are (K, D) with the D of the query, and that there are some."""
    floating(name, negatives)
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


def features(name: str, x: Tensor) -> Tensor:
    """Return ``x`` as rows of shape (N, D) that are not empty."""
    floating(name, x)
    hint = f"Flatten what is behind the first axis: {name}.flatten(1)"
    require(x.ndim == 2, f"`{name}`", "have shape (N, D), one row a clip", shape_of(x), hint)
    return not_empty(x, name)


def same_columns(train: Tensor, test: Tensor) -> None:
    """Check that test features have the size of the training features."""
    features("test", test)
    require(
        test.shape[1] == train.shape[1],
        "`test`",
        f"have the D={train.shape[1]} columns of `train` {shape_of(train)}",
        shape_of(test),
        "Extract both by the same encoder.",
    )


def labels(name: str, labels: Tensor, features: Tensor) -> None:
    """Check that there is one integer label for each feature row."""
    _integers(name, labels)
    require(
        labels.shape == features.shape[:1],
        f"`{name}`",
        f"have shape ({features.shape[0]},), one label a row of the features {shape_of(features)}",
        shape_of(labels),
    )


def known_labels(name: str, labels: Tensor) -> None:
    """Check that labels are class indices of shape (N,), none of them -1 for "unknown"."""
    require(labels.ndim == 1, f"`{name}`", "have shape (N,), one label a clip", shape_of(labels))
    _integers(name, labels)
    not_empty(labels, name)
    class_indices(name, labels, int(labels.max()) + 1)


def _integers(name: str, labels: Tensor) -> None:
    integers = not (labels.is_floating_point() or labels.is_complex())
    require(integers, f"`{name}`", "be integer class indices", labels.dtype, error=TypeError)


def class_indices(name: str, labels: Tensor, classes: int) -> None:
    """Check that labels are classes from 0, which -1 for "unknown" is not."""
    if labels.numel() == 0:
        return
    low, high = int(labels.min()), int(labels.max())
    require(
        low >= 0 and high < classes,
        f"`{name}`",
        f"have labels from 0 to {max(classes, 1) - 1}",
        f"{low} to {high}",
        "Leave clips without a label out of the evaluation.",
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


def same_parameters(own: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Check that two modules have parameters of the same names and shapes."""
    expected, hint = "have the structure it was built from", "Pass the same module to both."
    for name in sorted(set(own) ^ set(theirs)):
        where = "`source`" if name in own else "the momentum encoder"
        require(False, "`source`", expected, f"no parameter {name!r} in {where}", hint)
    for name, parameter in own.items():
        here, there = shape_of(parameter), shape_of(theirs[name])
        came = f"parameter {name!r} of shape {there}, not {here}"
        require(here == there, "`source`", expected, came, hint)
