"""The downstream protocols, run on encoders: figures by column, and what pictures are made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from parts.assembly import converter
from parts.clips import Loader
from parts.recordings import Fold
from parts.sources import RANDOM, Encoders
from skelter import evaluation
from skelter.data import SkeletonStore, seeded
from skelter.evaluation import FeatureSet
from skelter.transforms import presets

if TYPE_CHECKING:
    from evaluate import Evaluation

RAW, RAW_FRAMES = "raw poses", 32


@dataclass
class Row:
    """What one encoder reached on one fold."""

    title: str
    fold: str
    seed: int
    figures: dict[str, float] = field(default_factory=dict)  # shares, by column
    seconds: dict[str, float] = field(default_factory=dict)  # by task
    results: dict[str, dict[str, Any]] = field(default_factory=dict)  # all numbers, by task
    test: FeatureSet | None = None
    train: FeatureSet | None = None
    scores: Tensor | None = None  # of the linear probe, (test clips, classes)


class Evaluator:
    """Runs the tasks of a configuration on one fold."""

    def __init__(
        self,
        config: Evaluation,
        store: SkeletonStore,
        fold: Fold,
        device: torch.device,
        say: Callable[[str], None],
    ) -> None:
        self.config, self.store, self.fold, self.device = config, store, fold, device
        self.say = say  # what it is at, for a progress bar
        self.classes = int(store.labels.max()) + 1

    def raw_poses(self) -> list[Row]:
        """Return what the poses themselves reach, without an encoder."""
        row = Row(RAW, self.fold.name, self.config.seed)
        tasks = {"knn", "knn-ae", "linear", "one-shot"} & set(self.config.tasks)
        self.run(row, nn.Flatten(), converter("sequence", "joint", self.store), RAW_FRAMES, tasks)
        return [row]

    def evaluate(self, encoders: Encoders) -> list[Row]:
        """Return a row for each representation."""
        rows = []
        for name, encoder in encoders.by_name.items():
            row = Row(f"{encoders.origin}: {name}", self.fold.name, encoders.seed)
            tasks = set(self.config.tasks)
            representation = converter(name, encoders.stream, self.store)
            self.run(row, encoder, representation, encoders.frames, tasks)
            rows.append(row)
        return rows

    def run(
        self,
        row: Row,
        encoder: nn.Module,
        representation: nn.Module,
        frames: int,
        tasks: set[str],
    ) -> None:
        """Run the tasks that look at features, then those that train the encoder."""
        crop = presets.isc_test_view(frames=frames)

        def features(indices: np.ndarray, transform: Any = crop, epoch: int = 0) -> FeatureSet:
            generator = seeded(self.config.seed, "crops", epoch)
            loader = Loader(self.store, indices, transform, generator=generator)
            return evaluation.extract_features(encoder, representation, loader, device=self.device)

        with self.timed(row, "features"):
            row.train, row.test = features(self.fold.split.train), features(self.fold.split.test)
        if "knn" in tasks:
            self.knn(row)
        if "knn-ae" in tasks:
            self.knn_compressed(row)
        if {"linear", "ensemble"} & tasks:
            probe_view = presets.isc_probe_view(frames=frames, min_frames=frames)

            def fresh(epoch: int) -> FeatureSet:
                self.say(self.at(row, f"linear, epoch {epoch + 1}"))
                return features(self.fold.split.train, probe_view, epoch)

            self.linear(row, fresh if self.config.fresh_crops else None)
        if "one-shot" in tasks:
            self.one_shot(row, features)
        if "semi" in tasks:
            self.semi(row, encoder, representation, frames)
        if "finetune" in tasks:
            self.finetune(row, encoder, representation, frames)

    @contextmanager
    def timed(self, row: Row, task: str) -> Iterator[None]:
        """Say that a task begins, and note how long it took."""
        self.say(self.at(row, task))
        started = time.perf_counter()
        yield
        row.seconds[task] = row.seconds.get(task, 0.0) + time.perf_counter() - started

    def at(self, row: Row, task: str) -> str:
        """Return where the work is."""
        return f"{row.title}, seed {row.seed}, {row.fold}: {task}"

    def epochs(self, row: Row, task: str, clips: Loader) -> Callable[[int], Loader]:
        """Return the clips of every epoch, which says when one begins."""

        def of(epoch: int) -> Loader:
            self.say(self.at(row, f"{task}, epoch {epoch + 1}"))
            return clips

        return of

    def knn(self, row: Row) -> None:
        """Retrieve with the features as they are."""
        train, test = sides(row)
        with self.timed(row, "knn"):
            k = self.config.neighbours
            found = evaluation.retrieval(train.features, train.labels, test.features, test.labels)
            row.figures["1-NN"] = found.top[1]
            row.results["knn"] = found.as_dict()
            if k > 1:
                voted = evaluation.knn(
                    train.features, train.labels, test.features, k, test_labels=test.labels
                )
                row.figures[f"{k}-NN"] = voted.accuracy or 0.0
            row.figures["mAP"] = found.mean_average_precision
            kept = self.unrepeated()
            if kept is not None:
                again = evaluation.retrieval(
                    train.features, train.labels, test.features[kept], test.labels[kept]
                )
                row.figures["1-NN, no repeats"] = again.top[1]

    def knn_compressed(self, row: Row) -> None:
        """Retrieve with the codes of an auto-encoder, as Predict & Cluster and the paper do."""
        train, test = sides(row)
        with self.timed(row, "knn-ae"):
            codes = evaluation.compress(
                train.features, test.features, generator=seeded(self.config.seed, "compress")
            )
            found = evaluation.knn(codes[0], train.labels, codes[1], test_labels=test.labels)
        row.figures["1-NN, auto-encoder"] = found.accuracy or 0.0
        row.results["knn-ae"] = found.as_dict()

    def linear(self, row: Row, fresh: Callable[[int], FeatureSet] | None) -> None:
        """Train the linear probe."""
        train, test = sides(row)
        with self.timed(row, "linear"):
            probed = evaluation.linear_probe(
                fresh or train,
                test,
                num_classes=self.classes,
                config=evaluation.PRESETS[self.config.probe],
                generator=seeded(self.config.seed, "probe"),
            )
        row.scores = probed.scores
        row.figures |= {"linear": probed.last, "linear, best epoch": probed.best}
        row.results["linear"] = probed.as_dict()
        kept = self.unrepeated()
        if kept is not None:
            right = probed.predictions[kept] == test.labels[kept]
            row.figures["linear, no repeats"] = float(right.double().mean())

    def one_shot(self, row: Row, features: Callable[[np.ndarray], FeatureSet]) -> None:
        """Tell novel classes by one clip of each."""
        with self.timed(row, "one-shot"):
            exemplars, queries = self.novel()
            found = evaluation.one_shot(features(exemplars), features(queries))
        row.figures["one-shot"] = found.accuracy
        row.results["one-shot"] = found.as_dict()

    def semi(self, row: Row, encoder: nn.Module, representation: nn.Module, frames: int) -> None:
        """Fine-tune with some of the labels."""
        config, train = self.config, self.fold.split.train
        for fraction in config.fractions:
            with self.timed(row, "semi"):
                found = evaluation.semi_supervised(
                    encoder,
                    representation,
                    lambda chosen, generator: self.shuffled(train[chosen], frames, generator),
                    torch.from_numpy(self.store.labels[train]),
                    self.tested(frames),
                    fraction=fraction,
                    seeds=tuple(range(config.seed, config.seed + config.label_seeds)),
                    balanced=config.balanced,
                    num_classes=self.classes,
                    config=evaluation.FINE_TUNE_PRESETS[config.finetune],
                    device=self.device,
                )
            name = f"{100 * fraction:g} % labels"
            row.figures |= {name: found.last, f"{name}, best epoch": found.best}
            row.results[f"semi {fraction}"] = found.as_dict()

    def finetune(
        self, row: Row, encoder: nn.Module, representation: nn.Module, frames: int
    ) -> None:
        """Fine-tune with all labels."""
        generator = seeded(self.config.seed, "finetune")
        clips = self.shuffled(self.fold.split.train, frames, generator)
        with self.timed(row, "finetune"):
            found = evaluation.fine_tune(
                encoder,
                representation,
                self.epochs(row, "finetune", clips),
                self.tested(frames),
                num_classes=self.classes,
                config=evaluation.FINE_TUNE_PRESETS[self.config.finetune],
                device=self.device,
                generator=generator,
            )
        row.figures |= {"fine-tuned": found.last, "fine-tuned, best epoch": found.best}
        row.results["finetune"] = found.as_dict()

    def shuffled(self, indices: np.ndarray, frames: int, generator: torch.Generator) -> Loader:
        """Return training clips, cropped anew every time."""
        view = presets.isc_probe_view(frames=frames, min_frames=frames)
        return Loader(self.store, indices, view, size=64, generator=generator, shuffle=True)

    def tested(self, frames: int) -> Loader:
        """Return test clips, cropped at the centre."""
        return Loader(self.store, self.fold.split.test, presets.isc_test_view(frames=frames))

    def unrepeated(self) -> Tensor | None:
        """Return which test clips repeat no training clip, None where all of them."""
        if not len(self.fold.repeats):
            return None
        return torch.from_numpy(~np.isin(self.fold.split.test, self.fold.repeats))

    def novel(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the exemplars of the novel classes, and all other clips of these."""
        exemplars = np.flatnonzero(np.isin(self.store.names, self.config.exemplars))
        classes = self.store.labels[exemplars]
        queries = np.flatnonzero(np.isin(self.store.labels, classes))
        return exemplars, np.setdiff1d(queries, exemplars)


def sides(row: Row) -> tuple[FeatureSet, FeatureSet]:
    """Return the features of training and test clips."""
    if row.train is None or row.test is None:
        raise ValueError(f"{row.title} has no features.")
    return row.train, row.test


def ensembles(rows: list[Row], weights: tuple[float, ...]) -> list[Row]:
    """Add up the scores of all encoders of a seed and a fold: representations, streams, or both."""
    groups: dict[tuple[bool, str, int], list[Row]] = {}
    for row in rows:
        if row.scores is not None and row.title != RAW:
            groups.setdefault((row.title.startswith(RANDOM), row.fold, row.seed), []).append(row)
    made = []
    for (random, fold, seed), members in groups.items():
        if len(members) > 1:
            row = Row(f"{RANDOM}s, ensemble" if random else "ensemble", fold, seed)
            scores = [member.scores for member in members if member.scores is not None]
            found = evaluation.ensemble(
                scores, sides(members[0])[1].labels, weights=weights or None
            )
            row.figures["linear"] = found.accuracy
            row.results["ensemble"] = {
                **found.as_dict(), "of": ", ".join(member.title for member in members)
            }  # fmt: skip
            made.append(row)
    return made
