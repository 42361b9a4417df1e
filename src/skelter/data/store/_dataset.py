"""Stores behind a ``torch.utils.data.DataLoader``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from inspect import isfunction, ismethod
from multiprocessing.context import get_spawning_popen
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, get_worker_info

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.data.store._index import Indices
from skelter.data.store._store import SkeletonStore
from skelter.typing import Batch

GENERATORS = ("Generator", "RandomState", "Random")  # types of torch, NumPy and Python


class SkeletonDataset(Dataset[tuple[Any, int]]):
    """Some clips of a store, each as ``(x, label)`` with x of shape (C, T, V, M), or its views.

    A transform draws from the global generator, which a loader seeds in each of its workers. So no
    two workers and no two epochs draw the same. All draws follow from the loader's own seed:
    ``DataLoader(..., num_workers=4, generator=torch.Generator().manual_seed(0))``. Without workers
    they follow from ``torch.manual_seed``.

    Args:
        store: The clips.
        indices: Numbers of clips, a slice, or a mask with one entry a clip; all if None.
        transform: From a clip to its views, such as a `transforms.MultiView`; None for clips.

    Raises:
        TypeError: The indices are of another kind.
        ValueError: A mask has another length. In a worker: the transform brings a generator of its
            own, of which every worker would repeat the draws.
        IndexError: An index is out of range.

    Example:
        >>> from torch.utils.data import DataLoader
        >>> from skelter.data import synthetic
        >>> from skelter.transforms import MultiView, presets
        >>> store = synthetic.generate(clips_per_class=2)
        >>> loader = DataLoader(SkeletonDataset(store), 4, collate_fn=collate)
        >>> x, num_frames, labels = next(iter(loader))
        >>> x.shape[0], x.shape[2] == num_frames.max()
        (4, tensor(True))
        >>> views = MultiView([presets.isc_view(), presets.isc_view()])
        >>> dataset = SkeletonDataset(store, store.labels == 2, transform=views)
        >>> (view1, view2), labels = next(iter(DataLoader(dataset, 4)))
        >>> view1.shape, labels
        (torch.Size([2, 3, 64, 25, 2]), tensor([2, 2]))
    """

    def __init__(
        self,
        store: SkeletonStore,
        indices: Indices | None = None,
        transform: Callable[[Tensor], Any] | None = None,
    ) -> None:
        self.store = store
        every = slice(None) if indices is None else indices
        self.indices = _checks.indices("indices", every, len(store))
        self.transform = transform
        self._checked = False

    def __getstate__(self) -> dict[str, Any]:
        """Return the state, and refuse a transform with a generator on the way to a worker."""
        if self.transform is not None and get_spawning_popen() is not None:
            _refuse_generators(self.transform)
        return vars(self)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> tuple[Any, int]:
        """Return one clip, or its views, and its label."""
        clip = self.store[int(self.indices[_checks.whole("position", position)])]
        x = torch.from_numpy(clip.joints).permute(3, 0, 2, 1)
        if self.transform is None:
            return x, clip.label
        if not self._checked:
            self._checked = _check_draws(self.transform)
        return self.transform(x), clip.label


def collate(
    samples: Sequence[tuple[Tensor, int]], transform: Callable[..., Any] | None = None
) -> Batch:
    """Pad clips of different lengths with zeros to one batch, or make views of them.

    Views of a whole batch cost less than clip by clip in a dataset, and a loader makes them in its
    workers: ``DataLoader(..., collate_fn=partial(collate, transform=views))``.

    Args:
        samples: Pairs (x, label) with x of shape (C, T, V, M), at least one.
        transform: A transform or `transforms.MultiView` that makes views of the clips. It draws
            from the global generator, which a loader seeds in each of its workers: see
            `SkeletonDataset`.

    Returns:
        A `typing.Batch`: clips (N, C, T, V, M), or the views; valid frames (N,); labels (N,).

    Raises:
        TypeError: A sample is not such a pair, or a label not an integer.
        ValueError: `samples` is empty, or they differ in more than T. In a worker: the transform
            brings a generator of its own.

    Example:
        >>> x, num_frames, _ = collate([(torch.ones(3, 5, 4, 1), 0), (torch.ones(3, 8, 4, 1), 1)])
        >>> x.shape, num_frames
        (torch.Size([2, 3, 8, 4, 1]), tensor([5, 8]))
        >>> from skelter.transforms import TemporalCropResize
        >>> samples = [(torch.ones(3, 5, 4, 1), 0), (torch.ones(3, 8, 4, 1), 1)]
        >>> collate(samples, TemporalCropResize(6, min_frames=2))[0].shape
        torch.Size([2, 3, 6, 4, 1])
    """
    _checks.require(len(samples) > 0, "`samples`", "hold at least one clip", "none")
    clips, labels = _separate(samples)
    C, _, V, M = clips[0].shape
    _checks.require(
        all((x.shape[0], *x.shape[2:]) == (C, V, M) for x in clips),
        "clips of a batch",
        "agree in coordinates, joints and persons",
        f"shapes (C, T, V, M) {sorted({tuple(x.shape) for x in clips})}",
    )
    num_frames = torch.tensor([x.shape[1] for x in clips])
    if transform is not None:
        _check_draws(transform)
        frames = torch.cat([x.transpose(0, 1) for x in clips])
        starts = num_frames.cumsum(0) - num_frames
        ragged = RaggedClips(frames, starts, num_frames, int(num_frames.max()))
        return Batch(ragged.apply(transform), num_frames, labels)
    batch = clips[0].new_zeros(len(clips), C, int(num_frames.max()), V, M)
    for row, x in zip(batch, clips, strict=True):
        row[:, : x.shape[1]] = x
    return Batch(batch, num_frames, labels)


def _separate(samples: Sequence[tuple[Tensor, int]]) -> tuple[list[Tensor], Tensor]:
    """Return clips (C, T, V, M) and labels (N,), and refuse samples that are not such pairs."""
    clips = []
    for sample in samples:
        pair = isinstance(sample, (tuple, list)) and len(sample) == 2
        views = pair and isinstance(sample[0], (tuple, list))
        _checks.require(
            pair and not views,
            "`samples`",
            "be pairs (x, label) with x of shape (C, T, V, M)",
            f"pairs of {type(sample[0]).__name__}s and labels" if pair else _describe(sample),
            "Views made by the dataset need no collate_fn." if views else "",
            error=TypeError,
        )
        x = _checks.clips(sample[0])
        single = "A sample is one clip, without a batch axis."
        _checks.require(x.ndim == 4, "`x`", "have shape (C, T, V, M)", _checks.shape_of(x), single)
        clips.append(x)
    return clips, torch.from_numpy(_checks.class_labels("labels", [y for _, y in samples]))


def _describe(sample: Any) -> str:
    several = isinstance(sample, (tuple, list))
    return f"a {type(sample).__name__}" + (f" of {len(sample)}" if several else "")


def _check_draws(transform: Callable[..., Any]) -> bool:
    """Refuse a transform with a generator in a worker, and return whether this is a worker."""
    in_worker = get_worker_info() is not None
    if in_worker:
        _refuse_generators(transform)
    return in_worker


def _refuse_generators(transform: Callable[..., Any]) -> None:
    """Refuse a transform with a generator, of which every worker would have a copy."""
    _checks.require(
        not _holds_generator(transform, set()),
        "`transform`",
        "draw from the global generator of its worker",
        "one with a generator of its own, of which every worker repeats the draws",
        "Seed the loader: DataLoader(..., generator=torch.Generator().manual_seed(0)).",
    )


def _holds_generator(value: Any, seen: set[int]) -> bool:
    """Tell whether a callable brings a generator along, in whatever it is made of."""
    if type(value).__name__ in GENERATORS:
        return True
    if id(value) in seen:
        return False
    seen.add(id(value))
    inside: list[Any] = []
    if isinstance(value, partial):
        inside = [value.func, *value.args, *value.keywords.values()]
    elif isfunction(value):
        cells = (cell.cell_contents for cell in value.__closure__ or ())
        inside = [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    elif ismethod(value):
        inside = [value.__self__]
    elif isinstance(value, (list, tuple)):
        inside = list(value)
    elif isinstance(value, dict):
        inside = list(value.values())
    elif callable(value) and hasattr(value, "__dict__") and not isinstance(value, type):
        containers = (dict, list, tuple)
        inside = [part for part in vars(value).values() if not isinstance(part, containers) or part]
    return any(_holds_generator(part, seen) for part in inside)
