"""Values that enter evaluation: features, labels, numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from evaluation import toys
from skelter.evaluation import (
    CompressConfig,
    FeatureSet,
    FineTuneConfig,
    LinearProbeConfig,
    alignment,
    compress,
    diagnose,
    effective_rank,
    ensemble,
    extract_features,
    fine_tune,
    knn,
    label_subset,
    linear_probe,
    one_shot,
    retrieval,
    semi_supervised,
    uniformity,
)

ROWS, KNOWN = toys.features(9), torch.arange(9) % 3
QUICK = LinearProbeConfig(epochs=1)
ONCE = FineTuneConfig(epochs=1)
SMALL = CompressConfig(sizes=(2,), epochs=1)
LEAVE_OUT = r"Leave clips without a label out: features\[labels >= 0\]"


def tune(labels):
    batches = [{"clips": toys.clips(KNOWN), "labels": labels}]
    return fine_tune(toys.encoder(), toys.identity, batches, batches, num_classes=3, config=ONCE)


def semi(labels=KNOWN, **options):
    def train(positions, generator):
        return [{"clips": toys.clips(KNOWN)[positions], "labels": KNOWN[positions]}]

    options = {"fraction": 1.0, "seeds": (0,), "config": ONCE} | options
    test = toys.batches(KNOWN)
    return semi_supervised(toys.encoder(), toys.identity, train, labels, test, **options)


class TestFinite:
    """Of nine rows, the ones at 4 and 7 are poisoned."""

    CALLS = (
        ("features", lambda x: FeatureSet(x, KNOWN)),
        ("train", lambda x: knn(x, KNOWN, ROWS)),
        ("test", lambda x: knn(ROWS, KNOWN, x)),
        ("train", lambda x: retrieval(x, KNOWN, ROWS, KNOWN)),
        ("test", lambda x: retrieval(ROWS, KNOWN, x, KNOWN)),
        ("train", lambda x: compress(x, ROWS, config=SMALL)),
        ("test", lambda x: compress(ROWS, x, config=SMALL)),
        ("scores\\[1\\]", lambda x: ensemble([ROWS, x], KNOWN)),
        ("view1", lambda x: diagnose(x)),
        ("view2", lambda x: diagnose(ROWS, x)),
        ("x", lambda x: alignment(x, ROWS)),
        ("y", lambda x: alignment(ROWS, x)),
        ("x", lambda x: uniformity(x)),
        ("x", lambda x: effective_rank(x)),
    )

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    @pytest.mark.parametrize(("name", "call"), CALLS)
    def test_the_message_names_the_first_row(self, name, call, value):
        rows = ROWS.clone()
        rows[4, 2] = rows[7] = value
        message = f"`{name}` must be finite; got 2 of 9 rows.*first at index 4. Look at the clip"
        with pytest.raises(ValueError, match=message):
            call(rows)
        with pytest.raises(ValueError, match=message):
            call(rows.half())

    def test_extracted_features(self):
        x = toys.clips(KNOWN)
        x[7, 0, 0] = torch.nan
        batches = [{"clips": part, "labels": torch.zeros(3).long()} for part in x.split(3)]
        with pytest.raises(ValueError, match=r"got 1 of 9 rows.*first at index 7"):
            extract_features(toys.encoder(), toys.identity, batches)

    def test_a_training_that_diverges(self):
        huge = FeatureSet(1e36 * ROWS, KNOWN)
        config = LinearProbeConfig(lr=1e30, epochs=3)
        with pytest.raises(ValueError, match="loss must be finite; got.*Training diverged: lower"):
            linear_probe(huge, huge, config=config)
        with pytest.raises(ValueError, match="loss must be finite; got inf"):
            compress(1e30 * ROWS, ROWS, config=CompressConfig(sizes=(2,), epochs=20))

    @pytest.mark.parametrize(
        ("rows", "uniform", "rank"),
        [
            (torch.zeros(4, 3), 0.0, 1.0),
            (torch.ones(4, 3), 0.0, 1.0),
            (torch.eye(2, 7), -4.0, 2.0),  # fewer rows than columns
        ],
    )
    def test_diagnostics_of_the_degenerate(self, rows, uniform, rank):
        found = diagnose(rows)
        assert (found.uniformity, found.effective_rank) == pytest.approx((uniform, rank))

    def test_one_row_and_no_columns(self):
        with pytest.raises(ValueError, match="at least two rows"):
            diagnose(ROWS[:1])
        for call in (lambda x: diagnose(x), lambda x: knn(x, KNOWN, x)):
            with pytest.raises(ValueError, match=r"at least one column a row; got \(9, 0\)"):
                call(torch.zeros(9, 0))
        assert compress(ROWS[:1], ROWS, config=SMALL)[0].shape == (1, 2)

    def test_features_with_a_gradient_are_taken_without_it(self):
        data = FeatureSet(toys.features(9).requires_grad_(), KNOWN)
        assert linear_probe(data, data, config=LinearProbeConfig(epochs=2)).curve.shape == (2,)


class TestUnlabelled:
    """-1 means unknown, and is refused in the same words everywhere."""

    LABELS = torch.tensor([0, 1, -1, 0, 1, 2, -1, 1, 2])
    SET = FeatureSet(ROWS, LABELS)
    CALLS = (
        ("train_labels", lambda labels: knn(ROWS, labels, ROWS)),
        ("test_labels", lambda labels: knn(ROWS, KNOWN, ROWS, test_labels=labels)),
        ("train_labels", lambda labels: retrieval(ROWS, labels, ROWS, KNOWN)),
        ("test_labels", lambda labels: retrieval(ROWS, KNOWN, ROWS, labels)),
        ("train", lambda labels: linear_probe(FeatureSet(ROWS, labels), FeatureSet(ROWS, KNOWN))),
        ("test", lambda labels: linear_probe(FeatureSet(ROWS, KNOWN), FeatureSet(ROWS, labels))),
        ("labels", lambda labels: ensemble([ROWS], labels)),
        ("labels", lambda labels: label_subset(labels, 1.0)),
        ("labels", lambda labels: semi(labels)),
        ("train|test", tune),
        (
            "queries.labels",
            lambda labels: one_shot(FeatureSet(ROWS[:3], [0, 1, 2]), FeatureSet(ROWS, labels)),
        ),
        (
            "exemplars.labels",
            lambda labels: one_shot(FeatureSet(ROWS, labels), FeatureSet(ROWS, KNOWN)),
        ),
    )

    @pytest.mark.parametrize(("name", "call"), CALLS)
    @pytest.mark.parametrize("all_of_them", [False, True])
    def test_refused(self, name, call, all_of_them):
        labels = torch.full_like(self.LABELS, -1) if all_of_them else self.LABELS
        with pytest.raises(ValueError, match=f"`({name})` must have labels from 0.*{LEAVE_OUT}"):
            call(labels)

    def test_the_advice_works(self):
        keep = self.LABELS >= 0
        kept = FeatureSet(ROWS[keep], self.LABELS[keep])
        assert knn(*vars(kept).values(), ROWS[keep], test_labels=kept.labels).accuracy == 1.0
        assert linear_probe(kept, kept, config=QUICK).labels_used == 7

    def test_later_epochs_are_checked_too(self):
        sets = [FeatureSet(ROWS, KNOWN), self.SET]
        with pytest.raises(ValueError, match=LEAVE_OUT):
            linear_probe(lambda epoch: sets[epoch], sets[0], config=LinearProbeConfig(epochs=2))


class TestClasses:
    def test_a_class_that_training_lacks_counts_as_wrong(self):
        truth = torch.tensor([0, 1, 7])
        found = knn(ROWS, KNOWN, ROWS[:3], test_labels=truth)
        assert found.accuracy == pytest.approx(2 / 3)
        assert found.scores.shape == (3, 8)
        assert retrieval(ROWS, KNOWN, ROWS[:3], truth, top=(9,)).top[9] == pytest.approx(2 / 3)
        test = FeatureSet(ROWS[:3], truth)
        probed = linear_probe(FeatureSet(ROWS, KNOWN), test, config=LinearProbeConfig(epochs=50))
        assert probed.last <= 2 / 3

    @pytest.mark.parametrize(
        ("name", "call"),
        [
            ("train_labels", lambda: knn(ROWS, KNOWN, ROWS, num_classes=2)),
            ("test_labels", lambda: knn(ROWS, KNOWN, ROWS, test_labels=KNOWN + 1, num_classes=3)),
            ("train", lambda: linear_probe(*2 * [FeatureSet(ROWS, KNOWN)], num_classes=2)),
            ("labels", lambda: ensemble([ROWS[:, :2]], KNOWN)),
            ("labels", lambda: semi(num_classes=2)),
        ],
    )
    def test_beyond_the_number_of_classes(self, name, call):
        message = f"`{name}` must have labels from 0 to . got . to [23]. Count classes from 0, or"
        with pytest.raises(ValueError, match=message.replace(". got", ".; got")[:-1]):
            call()

    @pytest.mark.parametrize(
        "call",
        [
            lambda n: knn(ROWS, KNOWN, ROWS, num_classes=n),
            lambda n: linear_probe(*2 * [FeatureSet(ROWS, KNOWN)], num_classes=n, config=QUICK),
            lambda n: semi(num_classes=n),
        ],
    )
    def test_a_number_of_classes(self, call):
        with pytest.raises(ValueError, match="`num_classes` must be at least 1; got 0"):
            call(0)
        for wrong in (3.0, "3", True):
            with pytest.raises(TypeError, match="`num_classes` must be an integer"):
                call(wrong)


class TestArrays:
    """NumPy arrays and lists at the door, tensors behind it."""

    ARRAYS = (
        np.asarray(ROWS),
        np.asarray(ROWS).astype(np.float64),
        np.asarray(ROWS).astype(">f4"),
        np.asarray(ROWS).astype(np.longdouble),
        np.asarray(ROWS)[::-1],
        np.broadcast_to(np.asarray(ROWS), ROWS.shape),
        ROWS.tolist(),
    )

    @pytest.mark.parametrize("rows", ARRAYS)
    @pytest.mark.parametrize("known", [KNOWN.numpy(), KNOWN.tolist(), KNOWN.numpy().astype(">u2")])
    def test_every_protocol(self, rows, known):
        data = FeatureSet(rows, known)
        tensor = torch.as_tensor(np.array(rows, np.float64))
        found = knn(rows, known, rows, test_labels=known)
        assert found.accuracy == 1.0
        assert isinstance(found.predictions, torch.Tensor)
        assert retrieval(rows, known, rows, known).top[1] == 1.0
        assert linear_probe(data, data, config=QUICK).scores.shape == (9, 3)
        assert compress(rows, rows, config=SMALL)[0].shape == (9, 2)
        assert ensemble([rows, rows], known).scores.shape == (9, 5)
        assert effective_rank(rows) == pytest.approx(effective_rank(tensor), rel=1e-5)
        assert diagnose(rows, rows).alignment == 0.0
        assert len(label_subset(known, 1.0)) == 9

    def test_semi_supervised(self):
        assert semi(KNOWN.tolist()).labels_used == semi(KNOWN.numpy()).labels_used == 9

    def test_features_alone_are_no_set(self):
        whole = FeatureSet(ROWS, KNOWN)
        for call in (
            lambda: linear_probe(ROWS.numpy(), whole),
            lambda: linear_probe(whole, (ROWS, KNOWN)),
            lambda: linear_probe(lambda epoch: ROWS, whole),
            lambda: one_shot(ROWS, whole),
            lambda: one_shot(whole, ROWS),
        ):
            with pytest.raises(TypeError, match=r"must be a FeatureSet; got.*FeatureSet\(features"):
                call()

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            (["wave"] * 9, "such as 'wave'. Give every name a number first"),
            (torch.eye(9).long(), r"one class index a clip.*labels.argmax\(1\)"),
            (torch.zeros(9), "integer class indices"),
            (None, "must be a list, an array or a tensor; got NoneType"),
            ([0.7, 1.9, "2"] * 3, "integer class indices"),
            (torch.ones(9).bool(), "integer class indices"),
            (np.ma.masked_array(KNOWN.numpy(), KNOWN.numpy() == 0), "got a masked one"),
        ],
    )
    def test_labels_of_another_kind(self, labels, message):
        calls = [
            lambda: FeatureSet(ROWS, labels),
            lambda: knn(ROWS, labels, ROWS),
            lambda: retrieval(ROWS, KNOWN, ROWS, labels),
            lambda: ensemble([ROWS], labels),
            lambda: label_subset(labels, 0.5),
            lambda: semi(labels),
            lambda: tune(labels),
        ]
        for call in calls[: 2 if labels is None else None]:
            with pytest.raises((TypeError, ValueError), match=f"labels.*{message}"):
                call()


class TestNumbers:
    @pytest.mark.parametrize("wrong", [2.0, "2", True, None])
    def test_neighbours(self, wrong):
        with pytest.raises(TypeError, match="`k` must be an integer"):
            knn(ROWS, KNOWN, ROWS, wrong)
        with pytest.raises(TypeError, match="`chunk` must be an integer"):
            knn(ROWS, KNOWN, ROWS, chunk=wrong)
        with pytest.raises(TypeError, match="`chunk` must be an integer"):
            retrieval(ROWS, KNOWN, ROWS, KNOWN, chunk=wrong)
        with pytest.raises(TypeError, match="`top` must be"):
            retrieval(ROWS, KNOWN, ROWS, KNOWN, top=(1, wrong))
        with pytest.raises(TypeError, match="`k` must be an integer"):
            knn(ROWS, KNOWN, ROWS, test_labels=KNOWN).top(wrong)

    def test_integers_of_numpy_are_taken(self):
        found = knn(ROWS, KNOWN, ROWS, np.int64(3), num_classes=np.int32(4), test_labels=KNOWN)
        assert json.loads(json.dumps(found.as_dict()))["k"] == 3
        assert (
            found.top(np.int64(4)) == retrieval(ROWS, KNOWN, ROWS, KNOWN, top=np.array([3])).top[3]
        )

    @pytest.mark.parametrize("seeds", [(0.5,), ("0",), (True,), (None,), 0.5])
    def test_seeds(self, seeds):
        with pytest.raises(TypeError, match="`seeds` must be"):
            semi(seeds=seeds)

    def test_fraction_and_minimum(self):
        for wrong in ("0.5", True, None):
            with pytest.raises(TypeError, match="`fraction` must be a number"):
                label_subset(KNOWN, wrong)
        for wrong in (1.0, "1", True):
            with pytest.raises(TypeError, match="`minimum` must be integers"):
                label_subset(KNOWN, 0.5, minimum=wrong)

    def test_weights_of_streams(self):
        for wrong in ("1", None, True):
            with pytest.raises(TypeError, match="`weights` must be a number"):
                ensemble([ROWS], KNOWN, weights=[wrong])
        with pytest.raises(ValueError, match="`weights` must lie between"):
            ensemble([ROWS], KNOWN, weights=[float("nan")])

    def test_generators(self):
        data = FeatureSet(ROWS, KNOWN)
        for call in (
            lambda: linear_probe(data, data, generator=0),
            lambda: compress(ROWS, ROWS, generator=0),
            lambda: label_subset(KNOWN, 0.5, generator=0),
            lambda: fine_tune(toys.encoder(), toys.identity, [], [], num_classes=2, generator=0),
        ):
            with pytest.raises(TypeError, match=r"torch.Generator\(\).manual_seed"):
                call()
