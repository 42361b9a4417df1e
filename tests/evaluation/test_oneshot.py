from __future__ import annotations

import pytest
import torch

from skelter.evaluation import NTU120_EXEMPLARS, NTU120_NOVEL, FeatureSet, one_shot


def exemplars():
    return FeatureSet(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), torch.tensor([6, 0, 12]))


class TestOneShot:
    def test_the_nearest_exemplar_names_the_class(self):
        points = torch.tensor([[2.0, 0.1], [0.1, 3.0], [0.2, 0.1], [-1.0, 0.5]])
        result = one_shot(exemplars(), FeatureSet(points, torch.tensor([6, 0, 0, 12])))
        assert result.predictions.tolist() == [6, 0, 6, 12]
        assert result.accuracy == 0.75
        assert result.classes.tolist() == [0, 6, 12]
        assert result.per_class.tolist() == [0.5, 1.0, 1.0]
        assert str(result) == "| cosine | 75.0% |"

    def test_a_class_without_queries(self):
        result = one_shot(exemplars(), FeatureSet(torch.eye(2), torch.tensor([6, 0])))
        assert result.per_class.isnan().tolist() == [False, False, True]
        assert result.accuracy == 1.0

    def test_euclidean(self):
        near = FeatureSet(torch.tensor([[1.0, 0.0], [9.0, 1.0]]), torch.tensor([0, 1]))
        query = FeatureSet(torch.tensor([[2.0, 0.4]]), torch.tensor([0]))
        assert one_shot(near, query, metric="euclidean").accuracy == 1.0
        assert one_shot(near, query).accuracy == 0.0

    def test_several_exemplars_of_a_class(self):
        twice = FeatureSet(torch.eye(3), torch.tensor([0, 6, 6]))
        with pytest.raises(ValueError, match=r"one row a class; got several of \[6\].*Choose one"):
            one_shot(twice, exemplars())

    def test_a_query_of_no_class(self):
        queries = FeatureSet(torch.eye(2), torch.tensor([6, 7]))
        with pytest.raises(ValueError, match=r"classes of `exemplars`, \[0, 6, 12\]; got \[7\]"):
            one_shot(exemplars(), queries)

    def test_unknown_metric(self):
        with pytest.raises(ValueError, match="`metric` must be one of"):
            one_shot(exemplars(), exemplars(), metric="l1")


def test_the_novel_classes_of_ntu_120():
    actions = [int(name[-3:]) for name in NTU120_EXEMPLARS]
    assert actions == [label + 1 for label in NTU120_NOVEL] == list(range(1, 116, 6))
    assert NTU120_EXEMPLARS[0] == "S001C003P008R001A001"
    assert NTU120_EXEMPLARS[9:11] == ("S001C003P008R001A055", "S018C003P008R001A061")
    assert NTU120_EXEMPLARS[-1] == "S018C003P008R001A115"
