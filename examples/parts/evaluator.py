"""Protocols run on an encoder: figures by column, and the features that pictures are made of."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from parts.protocols import Evaluation
from parts.recordings import Fold, Loader
from parts.sources import RANDOM, RAW, Candidate
from skelter import checkpoints, evaluation, training
from skelter.data import SkeletonStore, make_generator
from skelter.evaluation import FeatureSet
from skelter.transforms import presets


@dataclass
class Row:
    """Everything that one encoder reached on one fold."""

    title: str
    kind: str  # RAW, RANDOM or TRAINED
    fold: str
    seed: int
    train: FeatureSet
    test: FeatureSet
    scores: Tensor | None = None  # of the linear probe, (test clips, classes)
    figures: dict[str, float] = field(default_factory=dict)  # shares, by column
    seconds: dict[str, float] = field(default_factory=dict)  # by task
    results: dict[str, dict[str, Any]] = field(default_factory=dict)  # all numbers, by task


class Evaluator:
    """Runs the tasks of a configuration on one encoder and one fold.

    Args:
        config: The tasks and their settings.
        store: The clips, normalised.
        fold: Which of them train and test.
        candidate: The encoder.
        say: Shows what it is at, for a progress bar.
        keep: Where to write what is trained, the task before its name. None: nowhere.
    """

    def __init__(
        self,
        config: Evaluation,
        store: SkeletonStore,
        fold: Fold,
        candidate: Candidate,
        say: Callable[[str], None],
        keep: Path | None = None,
    ) -> None:
        self.config, self.store, self.fold, self.say, self.keep = config, store, fold, say, keep
        self.candidate, self.device = candidate, config.device()
        self.classes = int(store.labels.max()) + 1
        self.crop = presets.isc_test_view(frames=candidate.frames)
        self.view = presets.isc_probe_view(frames=candidate.frames, min_frames=candidate.frames)
        # the test clips that repeat no training clip
        self.kept = torch.from_numpy(~np.isin(fold.split.test, fold.repeats))
        self.at("features")
        started = time.perf_counter()
        train, test = self.features(fold.split.train), self.features(fold.split.test)
        self.row = Row(candidate.title, candidate.kind, fold.name, candidate.seed, train, test)
        self.row.seconds["features"] = time.perf_counter() - started

    def run(self) -> Row:
        """Run the tasks on features, then those that train the encoder."""
        tasks = {
            "knn": self.knn,
            "knn-ae": self.knn_compressed,
            "linear": self.linear,
            "one-shot": self.one_shot,
            "semi": self.semi,
            "finetune": self.finetune,
        }
        asked = set(self.config.tasks)
        if "ensemble" in asked:
            asked.add("linear")
        if self.candidate.kind == RAW:
            asked -= {"semi", "finetune"}  # there is nothing to train
        for task, run in tasks.items():
            if task in asked:
                self.at(task)
                started = time.perf_counter()
                run()
                self.row.seconds[task] = time.perf_counter() - started
        return self.row

    def at(self, task: str) -> None:
        """Say where the work is."""
        candidate = self.candidate
        self.say(f"{candidate.title}, seed {candidate.seed}, {self.fold.name}: {task}")

    def features(self, indices: np.ndarray, transform: Any = None, epoch: int = 0) -> FeatureSet:
        """Return the features of clips, of their centre crops if there is no transform."""
        generator = make_generator(self.config.seed, "crops", epoch)
        loader = Loader(self.store, indices, transform or self.crop, generator=generator)
        return evaluation.extract_features(
            self.candidate.encoder, self.candidate.representation, loader, device=self.device
        )

    def knn(self) -> None:
        """Retrieve with the features as they are."""
        train, test, k = self.row.train, self.row.test, self.config.neighbours
        found = evaluation.retrieval(train.features, train.labels, test.features, test.labels)
        self.row.figures |= {"1-NN": found.top[1], "top-5": found.top[5]}
        if k > 1:
            voted = evaluation.knn(
                train.features, train.labels, test.features, k, test_labels=test.labels
            )
            self.row.figures[f"{k}-NN"] = voted.accuracy or 0.0
            self.top(5, f"{k}-NN", voted)
        self.row.figures["mAP"] = found.mean_average_precision
        if not self.kept.all():
            again = evaluation.retrieval(
                train.features, train.labels, test.features[self.kept], test.labels[self.kept]
            )
            self.row.figures["1-NN, no repeats"] = again.top[1]
        self.row.results["knn"] = found.as_dict()

    def knn_compressed(self) -> None:
        """Retrieve with the codes of an auto-encoder, as Predict & Cluster and the paper do."""
        train, test = self.row.train, self.row.test
        generator = make_generator(self.config.seed, "compress")
        codes = evaluation.compress(train.features, test.features, generator=generator)
        found = evaluation.knn(codes[0], train.labels, codes[1], test_labels=test.labels)
        self.row.figures["1-NN, auto-encoder"] = found.accuracy or 0.0
        self.row.results["knn-ae"] = found.as_dict()

    def linear(self) -> None:
        """Train the linear probe."""
        probed = evaluation.linear_probe(
            self.fresh if self.config.fresh_crops else self.row.train,
            self.row.test,
            num_classes=self.classes,
            config=evaluation.PRESETS[self.config.probe],
            generator=make_generator(self.config.seed, "probe"),
        )
        self.row.scores = probed.scores
        self.row.figures |= {"linear": probed.last, "linear, best epoch": probed.best}
        self.top(5, "linear", probed)
        self.row.results["linear"] = probed.as_dict()
        self.write("linear", self.candidate.encoder, probed.classifier)
        if not self.kept.all():
            right = (probed.predictions == self.row.test.labels)[self.kept]
            self.row.figures["linear, no repeats"] = float(right.double().mean())

    def fresh(self, epoch: int) -> FeatureSet:
        """Return the features of new crops."""
        self.at(f"linear, epoch {epoch + 1}")
        return self.features(self.fold.split.train, self.view, epoch)

    def one_shot(self) -> None:
        """Recognise novel classes by one clip of each."""
        exemplars = np.flatnonzero(np.isin(self.store.names, self.config.exemplars))
        novel = np.flatnonzero(np.isin(self.store.labels, self.store.labels[exemplars]))
        queries = np.setdiff1d(novel, exemplars)
        found = evaluation.one_shot(self.features(exemplars), self.features(queries))
        self.row.figures["one-shot"] = found.accuracy
        self.row.results["one-shot"] = found.as_dict()

    def semi(self) -> None:
        """Fine-tune with some of the labels."""
        config, train = self.config, self.fold.split.train
        for fraction in config.fractions:
            found = evaluation.semi_supervised(
                self.candidate.encoder,
                self.candidate.representation,
                lambda chosen, generator: self.shuffled(train[chosen], generator),
                torch.from_numpy(self.store.labels[train]),
                self.tested(),
                fraction=fraction,
                seeds=tuple(range(config.seed, config.seed + config.label_seeds)),
                balanced=config.balanced,
                num_classes=self.classes,
                config=evaluation.FINE_TUNE_PRESETS[config.finetune],
                device=self.device,
            )
            name = f"{100 * fraction:g} % labels"
            self.row.figures |= {name: found.last, f"{name}, best epoch": found.best}
            self.top(5, name, found)
            self.row.results[f"semi {fraction}"] = found.as_dict()

    def finetune(self) -> None:
        """Fine-tune with all labels."""
        generator = make_generator(self.config.seed, "finetune")
        clips = self.shuffled(self.fold.split.train, generator)

        def epoch_of(epoch: int) -> Loader:
            self.at(f"finetune, epoch {epoch + 1}")
            return clips

        found = evaluation.fine_tune(
            self.candidate.encoder,
            self.candidate.representation,
            epoch_of,
            self.tested(),
            num_classes=self.classes,
            config=evaluation.FINE_TUNE_PRESETS[self.config.finetune],
            device=self.device,
            generator=generator,
        )
        self.row.figures |= {"fine-tuned": found.last, "fine-tuned, best epoch": found.best}
        self.top(5, "fine-tuned", found)
        self.row.results["finetune"] = found.as_dict()
        self.write("finetune", found.encoder, found.classifier)

    def write(self, task: str, encoder: nn.Module, classifier: nn.Module) -> None:
        """Write an encoder and its classifier into a file that `checkpoints.load_encoder` reads."""
        if self.keep is None:
            return
        trained = checkpoints.TrainedEncoder(
            encoder,
            self.candidate.representation,
            training.describe_clips(self.store, self.candidate.frames),
            classifier=classifier,
            normalise=nn.Identity(),  # by its name in the file; the clips here are normalised
            name=self.candidate.name,
        )
        checkpoints.save_encoder(trained, self.keep.with_name(f"{task}-{self.keep.name}"))

    def top(self, k: int, name: str, found: Any) -> None:
        """Note how often the class is among the k of highest score, where there are more of them.

        Of two classes, one of the best five says nothing.
        """
        if self.classes > k:
            self.row.figures[f"{name}, top-{k}"] = found.top(k)

    def shuffled(self, indices: np.ndarray, generator: torch.Generator) -> Loader:
        """Return training clips, cropped anew in every epoch."""
        return Loader(self.store, indices, self.view, size=64, generator=generator, shuffle=True)

    def tested(self) -> Loader:
        """Return test clips, cropped at the centre."""
        return Loader(self.store, self.fold.split.test, self.crop)


def ensembles(rows: list[Row], weights: tuple[float, ...]) -> list[Row]:
    """Add up the scores of all encoders of a seed and a fold: representations, streams, or both."""
    groups: dict[tuple[str, str, int], list[Row]] = {}
    for row in rows:
        if row.scores is not None and row.kind != RAW:
            groups.setdefault((row.kind, row.fold, row.seed), []).append(row)
    made = []
    for (kind, fold, seed), members in groups.items():
        if len(members) > 1:
            scores = [member.scores for member in members if member.scores is not None]
            train, test = members[0].train, members[0].test
            title = f"{RANDOM}s, ensemble" if kind == RANDOM else "ensemble"
            found = evaluation.ensemble(scores, test.labels, weights=weights or None)
            row = Row(title, kind, fold, seed, train, test, found.scores)
            row.figures["linear"] = found.accuracy
            of = ", ".join(member.title for member in members)
            row.results["ensemble"] = {**found.as_dict(), "of": of}
            made.append(row)
    return made
