"""Semi-supervised evaluation: fine-tuning with a share of the labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean, stdev
from typing import Any

import torch
from torch import Generator, Tensor, nn

from skelter import _checks
from skelter.evaluation._batches import Unpack
from skelter.evaluation._configs import FineTuneConfig
from skelter.evaluation._features import count_classes
from skelter.evaluation._finetune import FineTuneResult, fine_tune
from skelter.evaluation._results import Result
from skelter.evaluation.presets import FINE_TUNE_CMD
from skelter.typing import Batches, ClipTransform, Representation

__all__ = ["SemiSupervisedResult", "label_subset", "semi_supervised"]


def label_subset(
    labels: Tensor,
    fraction: float,
    *,
    balanced: bool = True,
    minimum: int = 0,
    generator: Generator | None = None,
) -> Tensor:
    """Choose the clips that keep their label.

    Papers mean two things by "1 % of the labels". Balanced, as in AimCLR, SkeleMixCLR and PSTL:
    round(fraction * n) of the n clips of every class. Plain random, as in CMD and MAMP:
    int(fraction * N) of all N clips, whatever their class. A class may end up with none.

    Args:
        labels: Class indices of all training clips, shape (N,), from 0.
        fraction: Share to choose, above 0 and up to 1.
        balanced: Whether to choose in every class by itself.
        minimum: Fewest clips of a class in a balanced choice, as far as it has that many.
        generator: Where the choice comes from. The global generator if None.

    Returns:
        Positions of the chosen clips, ascending.

    Raises:
        TypeError: The labels are not integers.
        ValueError: The fraction is out of range, or it leaves no clip: in a balanced choice, none
            of some class. The message says which and what fraction would do.

    References:
        Guo et al., AAAI 2022 (AimCLR); Mao et al., ECCV 2022 (CMD).

    Example:
        >>> labels = torch.tensor([0] * 10 + [1] * 30)
        >>> labels[label_subset(labels, 0.2)].bincount()
        tensor([2, 6])
        >>> len(label_subset(labels, 0.2, balanced=False))
        8
    """
    labels = _checks.known_labels("labels", labels)
    _checks.between("fraction", fraction, -math.inf, math.inf)
    _checks.require(0 < fraction <= 1, "`fraction`", "be above 0 and at most 1", fraction)
    _checks.require(
        int(_checks.integers("minimum", minimum)) >= 0, "`minimum`", "be at least 0", minimum
    )
    _checks.generator(generator)
    if not balanced:
        hint = "A plain random choice does not know classes. Take balanced=True."
        _checks.require(minimum == 0, "`minimum`", "be 0 where balanced=False", minimum, hint)
        count = int(fraction * len(labels))
        expected, hint = f"choose one of {len(labels)} clips", f"Take {_above(1 / len(labels))}."
        _checks.require(count > 0, "`fraction`", expected, fraction, hint)
        return _some(torch.arange(len(labels)), count, generator).sort().values
    sizes = {label: size for label, size in enumerate(labels.bincount().tolist()) if size > 0}
    counts = {
        label: min(size, max(minimum, round(fraction * size))) for label, size in sizes.items()
    }
    _require_of_each({c: size for c, size in sizes.items() if counts[c] == 0}, fraction)
    chosen = [
        _some((labels == label).nonzero()[:, 0].cpu(), count, generator)
        for label, count in counts.items()
    ]
    return torch.cat(chosen).sort().values


def _some(positions: Tensor, count: int, generator: Generator | None) -> Tensor:
    return positions[torch.randperm(len(positions), generator=generator)[:count]]


def _classes_in(labels: Tensor) -> int:
    return int((labels.bincount() > 0).sum())


def _require_of_each(empty: Mapping[int, int], fraction: float) -> None:
    """Refuse a fraction that leaves some classes, of the sizes given, without a label."""
    if empty:
        listed = ", ".join(f"{label} ({size} clips)" for label, size in [*empty.items()][:5])
        more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
        enough = _above(0.5 / min(empty.values()))  # half a clip is rounded to even, to none
        _checks.require(
            False,
            "`fraction`",
            "leave a label to every class",
            f"{fraction}, which leaves none to class {listed}{more}",
            f"Take {enough}, or minimum=1 for at least one label of each class.",
        )


def _above(fraction: float) -> float:
    """Return a number of four decimals just above a fraction."""
    return min(1.0, math.floor(fraction * 1e4 + 1) / 1e4)


@dataclass(frozen=True, eq=False)
class SemiSupervisedResult(Result):
    """Result of `semi_supervised`, over its seeds.

    Args:
        fraction: Share of the labels.
        balanced: Whether it was chosen in every class by itself.
        labels_used: Labels that each run had.
        classes_missing: The most classes of which a run had no label.
        runs: The result of each run, by its seed.
    """

    fraction: float
    balanced: bool
    labels_used: int
    classes_missing: int
    runs: Mapping[int, FineTuneResult]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(self.runs)

    @property
    def last(self) -> float:
        """Mean test accuracy after the last epoch."""
        return fmean(run.last for run in self.runs.values())

    @property
    def last_deviation(self) -> float:
        """Standard deviation of `last` over the seeds: of a sample, and 0 for one seed."""
        return _deviation([run.last for run in self.runs.values()])

    @property
    def best(self) -> float:
        """Mean of the highest test accuracies, each of any epoch: an upper bound."""
        return fmean(run.best for run in self.runs.values())

    @property
    def best_deviation(self) -> float:
        """Standard deviation of `best` over the seeds: of a sample, and 0 for one seed."""
        return _deviation([run.best for run in self.runs.values()])

    def top(self, k: int) -> float:
        """Return the mean share of test clips whose class is among the k of highest score.

        Args:
            k: From 1 to the number of classes.

        Raises:
            TypeError: `k` is not an integer.
            ValueError: `k` is out of range.
        """
        return fmean(run.top(k) for run in self.runs.values())

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers over all seeds, without the runs."""
        names = (
            "fraction balanced labels_used classes_missing last last_deviation best best_deviation"
        )
        seeds = ", ".join(map(str, self.seeds))
        return {name: getattr(self, name) for name in names.split()} | {"seeds": seeds}


def _deviation(values: list[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0


def semi_supervised(
    encoder: nn.Module,
    representation: Representation,
    train: Callable[[Tensor, Generator], Batches],
    labels: Tensor,
    test: Batches,
    *,
    fraction: float,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    balanced: bool = True,
    minimum: int = 0,
    num_classes: int | None = None,
    config: FineTuneConfig = FINE_TUNE_CMD,
    transform: ClipTransform | None = None,
    test_transform: ClipTransform | None = None,
    unpack: Unpack | None = None,
    device: torch.device | str | None = None,
) -> SemiSupervisedResult:
    """Fine-tune with a share of the labels, once for each seed.

    A seed decides which labels, initial weights, the order of clips, transforms and dropout: the
    same seed gives the same run, and the global generator is untouched.

    Args:
        encoder: From the representation to features (N, D). Every seed trains a fresh copy.
        representation: From clips (N, C, T, V, M) to what the encoder reads.
        train: From positions in `labels` and a generator to batches of these clips, shuffled by
            the generator, see `fine_tune`. It is called once an epoch.
        labels: Class indices of all training clips, shape (N,), from 0.
        test: Batches to test on, a list or a loader, not a generator.
        fraction: Share of the labels.
        seeds: A run each. Papers make five.
        balanced: Whether to choose in every class by itself, see `label_subset`.
        minimum: Fewest clips of a class in a balanced choice.
        num_classes: The number of classes. One more than the largest label if None.
        config: How to train, such as one of `presets.FINE_TUNE_PRESETS`.
        transform: What to do to training clips, see `fine_tune`.
        test_transform: The same for test clips.
        unpack: From any other batch to (clips, num_frames or None, labels), see
            `extract_features`.
        device: Where to compute. That of the encoder's first parameter if None.

    Returns:
        Means and deviations over the seeds, and each run.

    Raises:
        TypeError: The labels are not integers.
        ValueError: The fraction leaves no clip, see `label_subset`. Or the batches or the encoder
            do not fit, see `fine_tune`. Or there are no seeds, or one twice.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "semi-supervised": 1, 5, 10 and 20 %. Its loader was
        not released, so which of the two choices it makes is not known.

    Example:
        >>> labels = torch.arange(2).repeat(10)
        >>> x = torch.nn.functional.one_hot(labels).float()[:, :, None, None, None]
        >>> def train(positions, generator):
        ...     order = positions[torch.randperm(len(positions), generator=generator)]
        ...     return [{"clips": x[order], "labels": labels[order]}]
        >>> encoder = nn.Sequential(nn.Flatten(), nn.Linear(2, 4))
        >>> test = [{"clips": x, "labels": labels}]
        >>> result = semi_supervised(encoder, lambda x: x, train, labels, test, fraction=0.2,
        ...                          seeds=(0, 1), config=FineTuneConfig(lr=0.1))
        >>> result.labels_used, result.last, result.last_deviation
        (4, 1.0, 0.0)
    """
    labels = _checks.known_labels("labels", labels)
    classes = count_classes(num_classes, labels)
    _checks.class_indices("labels", labels, classes)
    numbers = _checks.integers("seeds", seeds).tolist()
    distinct = isinstance(numbers, list) and 0 < len(numbers) == len(set(numbers))
    _checks.require(distinct, "`seeds`", "be one or more different integers", seeds)
    tune = partial(
        fine_tune, num_classes=classes, transform=transform, test_transform=test_transform,
        config=config, unpack=unpack, device=device,
    )  # fmt: skip
    runs, used, missing = {}, 0, 0
    for seed in numbers:
        generator = torch.Generator().manual_seed(seed)
        chosen = label_subset(
            labels, fraction, balanced=balanced, minimum=minimum, generator=generator
        )
        used = len(chosen)
        missing = max(missing, _classes_in(labels) - _classes_in(labels[chosen]))
        batches = _Subset(train, chosen, generator)
        runs[seed] = tune(encoder, representation, batches, test, generator=generator)
    return SemiSupervisedResult(fraction, balanced, used, missing, runs)


@dataclass(frozen=True, eq=False)
class _Subset:
    """The batches of some clips, by epoch."""

    train: Callable[[Tensor, Generator], Batches]
    positions: Tensor
    generator: Generator

    def __call__(self, epoch: int) -> Batches:
        return self.train(self.positions, self.generator)
