"""The wording of argument errors: the only place where the sentence is made.

Every message says what was expected, what came, and what to do about it; `require` writes it.
Shapes are checked always; values (finite coordinates, frame counts) only where the check does not
make a GPU wait.
"""

from skelter._checks._arrays import class_labels, generator, indices, integers, tensor
from skelter._checks._features import (
    class_indices,
    embeddings,
    features,
    finite_rows,
    known_labels,
    labels,
    negatives,
    same_columns,
    same_names,
    same_parameters,
)
from skelter._checks._numbers import between, choice, interval, number, positive, positive_int
from skelter._checks._recordings import label, recording
from skelter._checks._sentence import plural, require, require_match, shape_of
from skelter._checks._tensors import (
    axis,
    channels,
    clip_batch,
    clips,
    finite,
    floating,
    frame_counts,
    is_frame_count,
    joint_count,
    joints,
    not_empty,
    padded,
    params,
    positions,
    read_number,
    same_batch,
)

__all__ = [
    "axis",
    "between",
    "channels",
    "choice",
    "class_indices",
    "class_labels",
    "clip_batch",
    "clips",
    "embeddings",
    "features",
    "finite",
    "finite_rows",
    "floating",
    "frame_counts",
    "generator",
    "indices",
    "integers",
    "interval",
    "is_frame_count",
    "joint_count",
    "joints",
    "known_labels",
    "label",
    "labels",
    "negatives",
    "not_empty",
    "number",
    "padded",
    "params",
    "plural",
    "positions",
    "positive",
    "positive_int",
    "read_number",
    "recording",
    "require",
    "require_match",
    "same_batch",
    "same_columns",
    "same_names",
    "same_parameters",
    "shape_of",
    "tensor",
]
