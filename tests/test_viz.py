from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest
import torch

from skelter import viz
from skelter.data import synthetic
from skelter.layouts import (
    AZURE32,
    BODY25,
    COCO17,
    H36M17,
    KINECT20,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    SBU15,
    SMPL22,
    SkeletonLayout,
)


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


def heights(axes):
    """Return the lowest and the highest pixel of each line, counted from the bottom."""
    drawn = [axes.transData.transform(line.get_xydata())[:, 1] for line in axes.lines]
    return [(ends.min(), ends.max()) for ends in drawn]


def standing(layout):
    """Return a clip (D, 2, V, 1) of somebody upright, as the layout's device records it."""
    made = synthetic.generate(
        clips_per_class=1, classes=["wave"], layout=layout, noise=0.0, dropped=0.0
    )
    x = made.batch([0])[0][0, :, :2, :, :1]  # y up
    if layout.up == "-y":
        x = x * torch.tensor([-1.0, -1.0, 1.0]).reshape(3, 1, 1, 1)
    if layout.up == "z":
        x = torch.stack([x[0], -x[2], x[1]])
    return x[: layout.dimensions]


IN_WORLD = dataclasses.replace(H36M17, up="z")
OWN = SkeletonLayout("own", COCO17.joints, parents=COCO17.parents, dimensions=2)


class TestPeopleStandUpright:
    @pytest.mark.parametrize(
        "layout",
        [
            *(NTU25, KINECT20, SBU15, AZURE32, OPENPOSE18, BODY25, COCO17),
            *(H36M17, SMPL22, MEDIAPIPE33, IN_WORLD, OWN),
        ],
        ids=lambda x: x.name + x.up,
    )
    @pytest.mark.parametrize("draw", ["clips", "neighbours"])
    def test_the_head_is_above_the_feet(self, layout, draw):
        clip = standing(layout)
        if draw == "clips":
            figure = viz.plot_clips({"a": clip}, layout, moments=2)
        else:
            plane = "xz" if layout.up == "z" else "xy"
            figure = viz.plot_neighbours(
                clip[None], clip[None, None], layout, query_titles=["a"],
                neighbour_titles=[["b"]], correct=torch.ones(1, 1).bool(), plane=plane, moments=1,
            )  # fmt: skip
        figure.canvas.draw()
        head, feet = (
            [bone for bone, (child, _) in enumerate(layout.bones) if word in layout.joints[child]]
            for word in (("eye" if layout.dimensions == 2 else "head"), "knee")
        )
        head = head or [0]  # of MediaPipe, in its face
        for axes in figure.axes:
            spans = heights(axes)[: len(layout.bones)]
            lowest_of_head = min(spans[bone][0] for bone in head)
            assert lowest_of_head > max(spans[bone][1] for bone in feet)
            assert min(low for low, _ in spans) < lowest_of_head

    def test_lines_keep_the_coordinates(self):
        clip = standing(COCO17)
        axes = viz.plot_clips({"a": clip}, COCO17, moments=2).axes[0]
        child, parent = COCO17.bones[0]
        expected = clip[:, 0, [child, parent], 0].T.numpy()
        np.testing.assert_array_equal(axes.lines[0].get_xydata(), expected)

    def test_a_layout_says_otherwise(self):
        clip = standing(COCO17)
        layout = dataclasses.replace(COCO17, up="y")
        assert not viz.plot_clips({"a": clip}, layout).axes[0].yaxis_inverted()
        assert viz.plot_clips({"a": clip}, COCO17).axes[0].yaxis_inverted()

    def test_the_synthetic_set_has_y_up_whatever_its_layout(self):
        store = synthetic.generate(clips_per_class=1, classes=["wave"], layout=MEDIAPIPE33)
        assert store.layout == MEDIAPIPE33
        clip = store.batch([0])[0][0]
        assert not viz.plot_clips({"a": clip}, store.layout).axes[0].yaxis_inverted()

    def test_the_default_plane_of_neighbours_has_no_score(self):
        clips = torch.cat([standing(COCO17), torch.ones(1, 2, 17, 1)])[None]
        figure = viz.plot_neighbours(
            clips, clips[None], COCO17, query_titles=["a"], neighbour_titles=[["b"]],
            correct=torch.ones(1, 1).bool(),
        )  # fmt: skip
        assert figure.axes[0].yaxis_inverted()


class TestPlotClips:
    def test_draws_every_bone_of_present_joints(self, clips):
        clip = clips[0].clone()
        clip[..., 1] = 0
        figure = viz.plot_clips({"a": clip, "b": clip}, NTU25, moments=3)
        axes = figure.get_axes()
        assert len(axes) == 6
        assert {len(ax.lines) for ax in axes} == {len(NTU25.bones)}
        clip[:, :, 7] = 0
        hand = sum(7 in bone for bone in NTU25.bones)
        axes = viz.plot_clips({"a": clip}, NTU25, moments=3).get_axes()
        assert {len(ax.lines) for ax in axes} == {len(NTU25.bones) - hand}

    def test_draws_the_origin_of_a_centred_clip(self, clips):
        clip = clips[0, ..., :1].clone()
        clip[:, :, NTU25.centre] = 0
        axes = viz.plot_clips({"a": clip}, NTU25, moments=3).get_axes()
        assert {len(ax.lines) for ax in axes} == {len(NTU25.bones)}

    def test_draws_where_the_joints_are(self, clips):
        figure = viz.plot_clips({"a": clips[0]}, NTU25, moments=2, plane="zx")
        child, parent = NTU25.bones[0]
        line = figure.get_axes()[0].lines[0]
        torch.testing.assert_close(
            torch.tensor(np.stack(line.get_data())), clips[0][[2, 0], 0][:, [child, parent], 0]
        )

    def test_an_empty_clip(self):
        assert pixels(viz.plot_clips({"nobody": torch.zeros(3, 4, 15, 1)}, SBU15)).size

    def test_wrong_calls(self, clips):
        with pytest.raises(ValueError, match="`plane` must be two of the letters"):
            viz.plot_clips({"a": clips[0]}, plane="xq")
        with pytest.raises(ValueError, match="has 25 joints, but layout SBU15 has 15"):
            viz.plot_clips({"a": clips[0]}, SBU15)
        with pytest.raises(ValueError, match="`plane` must be of the C=2 coordinates of `a`"):
            viz.plot_clips({"a": clips[0, :2]}, plane="xz")
        for plane in ("xx", "x", 3, ("x", "y", "z")):
            with pytest.raises(ValueError, match="`plane` must be two of the letters"):
                viz.plot_clips({"a": clips[0]}, plane=plane)
        with pytest.raises(ValueError, match="of the first 2 channels, the positions of layout CO"):
            viz.plot_clips({"a": torch.rand(3, 4, 17, 1)}, COCO17, plane="xz")
        with pytest.raises(TypeError, match="`layout` must be a SkeletonLayout.*got 'ntu-rgb"):
            viz.plot_clips({"a": clips[0]}, "ntu-rgb+d")
        with pytest.raises(ValueError, match="`a` must be finite"):
            viz.plot_clips({"a": clips[0] / 0})
        with pytest.raises(TypeError, match="`moments` must be an integer"):
            viz.plot_clips({"a": clips[0]}, moments=2.0)
        with pytest.raises(ValueError, match="`moments` must be at least 1"):
            viz.plot_clips({"a": clips[0]}, moments=0)

    def test_clips_that_are_not_a_mapping_to_single_clips(self, clips):
        message = "`clips` must map a title to each of them, such as .* x.0.}; got "
        for given, came in (
            (clips[0], r"Tensor of shape \(3, "),
            (clips, r"Tensor of shape \(4, 3, "),
            (clips.numpy(), r"ndarray of shape \(4, 3, "),
            ([clips[0]], "a list of 1"),
            (None, "None"),
        ):
            with pytest.raises(TypeError, match=message + came):
                viz.plot_clips(given)
        with pytest.raises(ValueError, match=r"`a` must have shape \(C, T, V, M\); got .*: a\[0\]"):
            viz.plot_clips({"a": clips})
        with pytest.raises(ValueError, match=r"`a` must have shape \(\.\.\., C, T, V, M\)"):
            viz.plot_clips({"a": clips[0, ..., 0]})
        with pytest.raises(ValueError, match="`clips` must hold at least one clip; got none"):
            viz.plot_clips({})
        with pytest.raises(TypeError, match="`a` must be a tensor, a NumPy array or nested lists"):
            viz.plot_clips({"a": "wave"})

    def test_takes_arrays_gradients_and_half_precision(self, clips, device):
        for clip in (
            clips[0].numpy()[:, ::-1],
            clips[0].clone().requires_grad_(),
            clips[0].to(torch.bfloat16),
            clips[0].double().to(device),
        ):
            figure = viz.plot_clips({"a": clip}, moments=2)
            assert len(figure.axes[0].lines) == 2 * len(NTU25.bones)


class TestPlotCurves:
    def test_values(self):
        figure = viz.plot_curves({"a": [3.0, 2.0, 1.0]}, xlabel="epoch", ylabel="loss")
        (line,) = figure.get_axes()[0].lines
        assert line.get_ydata().tolist() == [3.0, 2.0, 1.0]
        assert line.get_xdata().tolist() == [1, 2, 3]

    def test_curves_of_different_lengths_and_a_second_panel(self):
        curves = {"a": [3.0, 2.0, 1.0], "b": [3.0], "c": [float("nan"), 1.0]}
        figure = viz.plot_curves(
            curves, xlabel="epoch", ylabel="loss", below={"a": [0.1, 0.2]}, below_ylabel="accuracy"
        )
        above, below = figure.axes
        assert [len(line.get_xdata()) for line in above.lines] == [3, 1, 2]
        assert above.lines[1].get_marker() == "o"  # a single value is seen, too
        assert (above.get_ylabel(), below.get_ylabel()) == ("loss", "accuracy")
        assert (above.get_xlabel(), below.get_xlabel()) == ("", "epoch")
        assert above.get_xlim() == below.get_xlim()

    def test_many_curves_can_be_told_apart_beside_the_panel(self):
        curves = {f"seed {number}": [1.0, 0.5] for number in range(25)}
        figure = viz.plot_curves(curves, xlabel="epoch", ylabel="loss")
        (axes,) = figure.axes
        assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 25
        pixels(figure)
        legend = axes.get_legend().get_window_extent()
        assert axes.get_window_extent().x1 <= legend.x0
        assert legend.x1 <= figure.bbox.x1

    def test_takes_arrays_and_tensors(self, device):
        losses = [torch.tensor(value, requires_grad=True) for value in (3.0, 2.0)]
        given = (
            np.array([3, 2], dtype=">f4"), torch.tensor([3.0, 2.0], device=device),
            torch.tensor([3.0, 2.0], requires_grad=True), torch.tensor([3, 2]).bfloat16(),
            losses, (3, 2),
        )  # fmt: skip
        for values in given:
            figure = viz.plot_curves({"a": values}, xlabel="", ylabel="")
            assert figure.axes[0].lines[0].get_ydata().tolist() == [3.0, 2.0]

    @pytest.mark.parametrize(
        ("curves", "message"),
        [
            ([1.0, 2.0], "`curves` must map a title to each of them, such as .*; got a list of 2"),
            (torch.ones(3), r"`curves` must map .*; got Tensor of shape \(3,\)"),
            ({"a": 1.0}, r"`curves\['a'\]` must have one axis, one value a place; got \(\)"),
            ({"a": [[1.0], [2.0]]}, r"`curves\['a'\]` must have one axis.*got \(2, 1\)"),
            ({"a": ["1", "2"]}, r"`curves\['a'\]` must be a tensor, a NumPy array or nested lists"),
            ({"a": None}, r"`curves\['a'\]` must be a tensor"),
            ({"a": [1j]}, r"`curves\['a'\]` must be real"),
        ],
    )
    def test_wrong_calls(self, curves, message):
        with pytest.raises((TypeError, ValueError), match=message):
            viz.plot_curves(curves, xlabel="", ylabel="")
        with pytest.raises((TypeError, ValueError), match=message.replace("curves", "below")):
            viz.plot_curves({}, xlabel="", ylabel="", below=curves)

    def test_no_curve(self):
        assert pixels(viz.plot_curves({}, xlabel="epoch", ylabel="loss")).size


class TestPlotConfusion:
    def test_shares(self):
        labels, predictions = torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1, 1, 1])
        figure = viz.plot_confusion(labels, predictions, ["a", "b", "c"])
        shown = figure.get_axes()[0].images[0].get_array()
        np.testing.assert_allclose(shown, [[0.5, 0.5, 0], [0, 1, 0], [0, 1, 0]])

    def test_wrong_shapes(self):
        with pytest.raises(ValueError, match=r"must have the shape \(2,\)"):
            viz.plot_confusion(torch.zeros(2).long(), torch.zeros(3).long())

    def test_a_class_without_a_name(self):
        with pytest.raises(ValueError, match="`labels` must lie between 0 and 1, .*; got 2"):
            viz.plot_confusion(torch.tensor([0, 1]), torch.tensor([2, 1]), ["a", "b"])

    def test_too_few_names(self):
        message = "got 2. Pass a name for each of the 3 classes, or none for numbers"
        with pytest.raises(ValueError, match=message):
            viz.plot_confusion(torch.tensor([0, 2]), torch.tensor([0, 1]), ["a", "b"])

    @pytest.mark.parametrize("wrong", ["wave", 3, None, torch.tensor([1, 2, 3]), {"a": 0}])
    def test_names_that_are_not_a_list(self, wrong):
        with pytest.raises(TypeError, match="`label_names` must be a list of names; got"):
            viz.plot_confusion(torch.tensor([0, 1]), torch.tensor([0, 1]), wrong)
        with pytest.raises(TypeError, match="`label_names` must be a list of names; got"):
            viz.plot_embedding(torch.rand(2, 3), torch.tensor([0, 1]), wrong)
        with pytest.raises(TypeError, match="`label_names` must be a list of names; got"):
            viz.plot_per_class({"a": torch.rand(2)}, wrong)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            (torch.tensor([0.0, 1.0]), "must be integer class indices"),
            ([0.7, 1.9], "must be integer class indices"),
            (["wave", "kick"], "must be integer class indices.*such as 'wave'"),
            (torch.tensor([True, False]), "must be integer class indices"),
            (torch.eye(2).long(), r"must have shape \(N,\), one class index a clip"),
            (torch.tensor([-1, 0]), "must have labels from 0 to 0; got -1 to 0"),
            (torch.tensor([]).long(), "must hold at least one clip"),
            (None, "must be a list, an array or a tensor"),
        ],
    )
    def test_classes_that_are_not_known_integers(self, wrong, message):
        right = torch.tensor([0, 1])
        with pytest.raises((TypeError, ValueError), match=f"`labels` {message}"):
            viz.plot_confusion(wrong, right)
        with pytest.raises((TypeError, ValueError), match=f"`predictions` {message}"):
            viz.plot_confusion(right, wrong)

    def test_takes_lists_arrays_and_other_integers(self, device):
        expected = [[0.5, 0.5], [0, 1]]
        for make in (
            list,
            np.array,
            lambda values: torch.tensor(values, dtype=torch.uint8, device=device),
        ):
            figure = viz.plot_confusion(make([0, 0, 1]), make([0, 1, 1]), np.array(["a", "b"]))
            np.testing.assert_allclose(figure.axes[0].images[0].get_array(), expected)

    def test_classes_that_do_not_occur_are_there_by_name(self):
        figure = viz.plot_confusion(torch.tensor([0]), torch.tensor([0]), ["a", "b"])
        ticks = figure.get_axes()[0].get_xticklabels()
        assert [tick.get_text() for tick in ticks] == ["a", "b"]


class TestPlotEmbedding:
    features = torch.randn(40, 6, generator=torch.Generator().manual_seed(3))
    labels = torch.arange(40) % 3

    @staticmethod
    def points(figure):
        return np.concatenate([np.asarray(c.get_offsets()) for c in figure.axes[0].collections])

    def test_points_are_the_principal_components(self):
        features = self.features.numpy().astype(np.float64)
        rows = features / np.linalg.norm(features, axis=1, keepdims=True)
        rows -= rows.mean(0)
        values, vectors = np.linalg.eigh(rows.T @ rows)
        for number, axis in ((1, "x"), (2, "y")):
            vector = vectors[:, -number]
            vector *= np.sign(vector[np.abs(vector).argmax()])
            figure = viz.plot_embedding(self.features, torch.zeros(40).long())
            shown = self.points(figure)[:, number - 1]
            np.testing.assert_allclose(shown, rows @ vector, atol=1e-7)
            name = getattr(figure.axes[0], f"get_{axis}label")()
            share = values[-number] / values.sum()
            assert name == f"component {number} ({100 * share:.0f} % of the variance)"

    def test_the_length_of_features_does_not_matter(self):
        scaled = self.features * torch.rand(40, 1).add(0.5)
        once, again = (viz.plot_embedding(x, self.labels) for x in (self.features, scaled))
        np.testing.assert_allclose(self.points(once), self.points(again), atol=1e-6)

    def test_legend_is_outside_and_names_the_classes_that_are_there(self):
        figure = viz.plot_embedding(self.features, self.labels * 2, list("abcde"), title="t")
        (legend,) = figure.legends
        assert [text.get_text() for text in legend.get_texts()] == ["a", "c", "e"]
        assert figure.axes[0].get_title() == "t"
        pixels(figure)
        assert legend.get_window_extent().x0 >= figure.axes[0].get_window_extent().x1

    def test_a_class_looks_the_same_in_every_figure(self):
        def colour(labels):
            return viz.plot_embedding(self.features, labels).axes[0].collections[-1].get_facecolor()

        np.testing.assert_array_equal(colour(self.labels), colour(self.labels.clamp(min=1)))

    def test_many_classes_are_numbered_apart(self):
        figure = viz.plot_embedding(torch.randn(240, 8), torch.arange(240) % 60)
        assert not figure.legends
        (axes,) = figure.axes
        assert [text.get_text() for text in axes.texts] == [str(n) for n in range(60)]
        looks = {
            (tuple(c.get_facecolor()[0]), c.get_paths()[0].vertices.tobytes())
            for c in axes.collections
        }
        assert len(looks) == 60
        pixels(figure)
        places = np.array([text.get_window_extent().get_points().mean(0) for text in axes.texts])
        gaps = np.linalg.norm(places[:, None] - places, axis=2)
        assert gaps[~np.eye(60, dtype=bool)].min() > 8  # pixels; digits are about as wide

    @pytest.mark.parametrize("shape", [(1, 6), (1, 1), (5, 1)])
    def test_one_clip_one_class_one_column(self, shape):
        figure = viz.plot_embedding(torch.rand(shape) + 0.1, torch.zeros(shape[0]).long())
        np.testing.assert_array_equal(self.points(figure), np.zeros((shape[0], 2)))
        assert figure.axes[0].get_xlabel() == "component 1 (0 % of the variance)"
        assert pixels(figure).size

    def test_wrong_calls(self):
        with pytest.raises(ValueError, match=r"`features` must have shape \(N, D\)"):
            viz.plot_embedding(self.features[0], self.labels)
        with pytest.raises(ValueError, match=r"`labels` must have shape \(40,\)"):
            viz.plot_embedding(self.features, self.labels[1:])
        with pytest.raises(TypeError, match="`labels` must be integer class indices"):
            viz.plot_embedding(self.features, self.labels.float())
        with pytest.raises(ValueError, match="`labels` must lie between 0 and 1, .*; got 2"):
            viz.plot_embedding(self.features, self.labels, ["a", "b"])
        with pytest.raises(ValueError, match="0 or more; got -1. Leave out clips of unknown"):
            viz.plot_embedding(self.features, self.labels - 1)
        with pytest.raises(ValueError, match="`features` must be finite"):
            viz.plot_embedding(self.features / 0, self.labels)
        with pytest.raises(ValueError, match="`features` must hold at least one clip"):
            viz.plot_embedding(self.features[:0], self.labels[:0])
        with pytest.raises(TypeError, match="`labels` must be integer class indices.*'wave'"):
            viz.plot_embedding(self.features[:1], ["wave"])
        with pytest.raises(ValueError, match=r"`labels` must have shape \(40,\)"):
            viz.plot_embedding(self.features, [0] * 39)

    def test_takes_arrays_lists_gradients_and_half_precision(self, device):
        expected = self.points(viz.plot_embedding(self.features, self.labels))
        for features, labels in (
            (self.features.numpy(), self.labels.numpy()),
            (self.features.tolist(), self.labels.tolist()),
            (self.features.clone().requires_grad_(), self.labels.int()),
            (self.features.to(device), self.labels.to(device)),
        ):
            shown = self.points(viz.plot_embedding(features, labels))
            np.testing.assert_allclose(shown, expected, atol=1e-6)
        assert pixels(viz.plot_embedding(self.features.bfloat16(), self.labels)).size


class TestPlotPerClass:
    nan = float("nan")

    @staticmethod
    def rows(figure):
        return [text.get_text() for text in figure.axes[0].get_yticklabels()]

    def test_sorted_by_the_first_series_best_above(self):
        first, second = torch.tensor([0.2, 0.9, 0.5]), torch.tensor([1.0, 0.0, 0.3])
        figure = viz.plot_per_class({"a": first, "b": second}, ["x", "y", "z"], title="t")
        (axes,) = figure.axes
        assert self.rows(figure) == ["y", "z", "x"]
        assert axes.get_ylim()[0] > axes.get_ylim()[1]
        assert axes.get_title() == "t"
        dots = [np.asarray(c.get_offsets()) for c in axes.collections]
        np.testing.assert_allclose(dots[0][:, 0], [90, 50, 20], rtol=1e-6)
        np.testing.assert_allclose(dots[1][:, 0], [0, 30, 100], rtol=1e-6)
        np.testing.assert_array_equal(np.stack(dots)[..., 1].round(), [[0, 1, 2]] * 2)
        legend = [text.get_text() for text in figure.legends[0].get_texts()]
        assert legend == ["a (mean 53.3 %)", "b (mean 43.3 %)"]

    def test_absent_classes_are_left_out_and_named(self):
        values = torch.tensor([0.2, self.nan, self.nan, 0.5])
        figure = viz.plot_per_class({"a": values}, ["v", "w", "x", "y"])
        assert self.rows(figure) == ["y", "v"]
        assert figure.get_supxlabel() == "Without test clips, left out: w, x."
        assert viz.plot_per_class({"a": values[:1]}, ["v"]).get_supxlabel() == ""
        legend = figure.legends[0].get_texts()[0].get_text()
        assert legend == "a (mean 35.0 %)"

    def test_a_class_absent_from_one_series_keeps_its_row(self):
        values = {"a": torch.tensor([self.nan, 0.1]), "b": torch.tensor([0.7, self.nan])}
        figure = viz.plot_per_class(values, ["x", "y"])
        assert self.rows(figure) == ["y", "x"]
        assert figure.get_supxlabel() == ""
        assert pixels(figure).size

    def test_numbers_for_names_and_a_single_class(self):
        figure = viz.plot_per_class({"a": torch.ones(1)})
        assert self.rows(figure) == ["0"]
        assert pixels(figure).size

    def test_wrong_calls(self):
        with pytest.raises(ValueError, match="`accuracies` must have at least one series"):
            viz.plot_per_class({}, ["x"])
        with pytest.raises(ValueError, match=r"shape \(2,\), one value .* of `label_names`; got"):
            viz.plot_per_class({"a": torch.ones(3)}, ["x", "y"])
        with pytest.raises(ValueError, match=r"`accuracies\['b'\]` must have shape \(3,\)"):
            viz.plot_per_class({"a": torch.ones(3), "b": torch.ones(2)})
        with pytest.raises(ValueError, match="a value that is not NaN"):
            viz.plot_per_class({"a": torch.full((2,), self.nan)})
        with pytest.raises(ValueError, match="got 50 to 90. Divide percentages by 100"):
            viz.plot_per_class({"a": torch.tensor([50.0, 90.0])})
        with pytest.raises(TypeError, match="`accuracies` must map .*; got Tensor of shape"):
            viz.plot_per_class(torch.ones(2))
        with pytest.raises(TypeError, match="`accuracies` must map a title .*; got a list of 2"):
            viz.plot_per_class([0.5, 0.3], ["a", "b"])
        with pytest.raises(TypeError, match=r"`accuracies\['a'\]` must be a tensor, a NumPy array"):
            viz.plot_per_class({"a": ["high", "low"]})
        with pytest.raises(ValueError, match=r"`accuracies\['a'\]` must have shape .*got \(\)"):
            viz.plot_per_class({"a": 0.5})
        with pytest.raises(ValueError, match="a value that is not NaN"):
            viz.plot_per_class({"a": []})

    def test_takes_lists_arrays_and_gradients(self, device):
        values = [0.25, 0.5]
        for given in (
            values,
            np.array(values, dtype=">f8"),
            torch.tensor(values, requires_grad=True),
            torch.tensor(values, device=device).bfloat16(),
        ):
            (axes,) = viz.plot_per_class({"a": given}, np.array(["x", "y"])).axes
            assert np.asarray(axes.collections[0].get_offsets())[:, 0].tolist() == [50, 25]


class TestPlotNeighbours:
    @staticmethod
    def sheet(clips, k=3, **others):
        Q = len(clips)
        arguments = {
            "queries": clips,
            "neighbours": clips[:, None].repeat(1, k, 1, 1, 1, 1),
            "layout": NTU25,
            "query_titles": [f"query {q}" for q in range(Q)],
            "neighbour_titles": [[f"{q} {i}" for i in range(k)] for q in range(Q)],
            "correct": torch.arange(Q * k).reshape(Q, k) % 2 == 0,
        }
        return viz.plot_neighbours(**{**arguments, **others})

    def test_a_row_for_each_query(self, clips, caplog):
        figure = self.sheet(clips, plane="xy", moments=4)
        axes = figure.axes
        assert len(axes) == 4 * 4
        assert [ax.get_title() for ax in axes[:4]] == ["query 0", "✓ 0 0", "✗ 0 1", "✓ 0 2"]
        colours = [ax.title.get_color() for ax in axes[:4]]
        assert colours[1] == colours[3] != colours[2] != colours[0]
        assert {len(ax.lines) for ax in axes} == {4 * 2 * len(NTU25.bones)}
        assert pixels(figure).size
        assert not caplog.records  # matplotlib logs limits that it had to change

    def test_poses_stand_side_by_side(self, clips):
        figure = self.sheet(clips[:1, ..., :1], moments=3)
        bones = len(NTU25.bones)
        for ax in figure.axes:
            across = np.array([line.get_xdata() for line in ax.lines]).reshape(3, bones * 2)
            assert across[0].max() < across[1].min() < across[1].max() < across[2].min()
            assert ax.get_xlim()[0] < across.min() < across.max() < ax.get_xlim()[1]

    def test_padding_is_left_out(self, clips):
        padded = torch.cat([clips, torch.zeros_like(clips)], 2)
        for once, again in zip(self.sheet(clips).axes, self.sheet(padded).axes, strict=True):
            for line, other in zip(once.lines, again.lines, strict=True):
                np.testing.assert_array_equal(line.get_xydata(), other.get_xydata())

    def test_a_row_has_one_scale(self, clips):
        small = 0.1 * clips[:, None]
        axes = self.sheet(clips, k=1, neighbours=small).axes
        assert axes[0].get_xlim() == axes[1].get_xlim()

    def test_one_frame_and_nobody(self, clips):
        figure = self.sheet(clips[:1, :, :1], k=1, neighbours=torch.zeros(1, 1, 3, 1, 25, 2))
        assert [len(ax.lines) for ax in figure.axes] == [2 * len(NTU25.bones), 0]
        assert pixels(self.sheet(torch.zeros(1, 3, 5, 25, 1))).size

    def test_wrong_calls(self, clips):
        with pytest.raises(ValueError, match="`queries` has 25 joints, but layout SBU15 has 15"):
            self.sheet(clips, layout=SBU15)
        with pytest.raises(ValueError, match="`neighbours` has 20 joints, but layout NTU25 has"):
            self.sheet(clips, neighbours=torch.rand(4, 3, 3, 5, 20, 1))
        with pytest.raises(ValueError, match=r"shape \(Q, k, C, T, V, M\) with Q=4"):
            self.sheet(clips, neighbours=clips)
        with pytest.raises(ValueError, match=r"`queries` must have shape \(N, C, T, V, M\)"):
            self.sheet(clips, queries=clips[0])
        with pytest.raises(TypeError, match="`correct` must be boolean"):
            self.sheet(clips, correct=torch.ones(4, 3))
        with pytest.raises(ValueError, match=r"`correct` must have shape \(4, 3\)"):
            self.sheet(clips, correct=torch.ones(3, 4).bool())
        with pytest.raises(ValueError, match="`query_titles` must be Q=4 strings"):
            self.sheet(clips, query_titles=["a"])
        with pytest.raises(ValueError, match="`neighbour_titles` must be Q=4 lists of k=3"):
            self.sheet(clips, neighbour_titles=[["a"]] * 4)
        with pytest.raises(ValueError, match="`plane` must be of the C=2 coordinates of `queries`"):
            self.sheet(clips[:, :2])
        with pytest.raises(TypeError, match="`query_titles` must be a list of names; got 'abcd'"):
            self.sheet(clips, query_titles="abcd")
        with pytest.raises(TypeError, match=r"`neighbour_titles\[0\]` must be a list of names"):
            self.sheet(clips, neighbour_titles=["abc"] * 4)
        with pytest.raises(TypeError, match="`layout` must be a SkeletonLayout.*got 'NTU25'"):
            self.sheet(clips, layout="NTU25")
        with pytest.raises(ValueError, match="`neighbours` must be finite"):
            self.sheet(clips, neighbours=clips[:, None].repeat(1, 3, 1, 1, 1, 1) / 0)
        with pytest.raises(TypeError, match="`moments` must be an integer"):
            self.sheet(clips, moments=2.5)

    def test_takes_arrays_and_gradients(self, clips):
        figure = self.sheet(
            clips.clone().requires_grad_(),
            k=1,
            neighbours=clips[:, None].numpy(),
            neighbour_titles=np.array([["a"]] * 4),
            correct=np.ones((4, 1), dtype=bool),
        )
        assert [ax.get_title() for ax in figure.axes[:2]] == ["query 0", "✓ a"]


def test_says_what_to_install_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'skelter\[viz\]'"):
        viz.plot_curves({"a": [1.0]}, xlabel="", ylabel="")


def test_pyplot_knows_of_no_figure():
    import matplotlib.pyplot as plt

    viz.plot_per_class({"a": torch.ones(2)})
    assert plt.get_fignums() == []


class TestPlotBeforeAfter:
    def test_rows(self):
        x = standing(NTU25)
        pictures = [viz.plot_before_after(x, y) for y in (x, x * 1.5)]
        assert not np.array_equal(*map(pixels, pictures))
        assert [axes.get_title(loc="left") for axes in pictures[0].get_axes()] == [
            "before",
            "after",
        ]

    @pytest.mark.parametrize("layout", [NTU25, COCO17, IN_WORLD], ids=lambda x: x.name + x.up)
    def test_the_head_is_above_the_feet(self, layout):
        x = standing(layout)
        figure = viz.plot_before_after(x, x, layout, moments=1)
        ends = np.stack([end for bone in figure.get_axes()[0].collections[0].get_segments()
                         for end in bone])  # fmt: skip
        feet = layout.index("left ankle")
        upward = "xyz".index(layout.up[-1])
        foot = x[upward, 0, feet, 0] * (-1 if layout.up.startswith("-") else 1)
        assert abs(ends[:, 1].min() - foot) < 0.2 < ends[:, 1].max() - foot

    def test_rows_share_their_scale_or_not(self):
        x = standing(NTU25)
        for same in (True, False):
            before, after = viz.plot_before_after(x, 3 * x, same_scale=same).get_axes()
            assert (before.get_ylim() == after.get_ylim()) is same

    def test_missing_joints_are_crosses(self):
        x = standing(NTU25)
        y = x.clone()
        y[:, :, NTU25.index("right hand")] = 0
        before, after = viz.plot_before_after(x, y, moments=4).get_axes()
        assert not before.lines
        assert [len(line.get_xdata()) for line in after.lines] == [1, 1, 1, 1]
        assert not viz.plot_before_after(x, x).get_axes()[1].lines[0].get_xdata().size

    def test_persons_who_change_places_are_not_missing(self):
        x = torch.cat([standing(NTU25), torch.zeros_like(standing(NTU25))], -1)
        after = viz.plot_before_after(x, x.flip(-1)).get_axes()[1]
        assert not any(line.get_xdata().size for line in after.lines)

    def test_a_joint_over_time(self):
        x = standing(NTU25)
        y = torch.cat([x, x + 1], 1)
        trace = viz.plot_before_after(x, y, joint="right hand").get_axes()[2]
        before, after = trace.lines
        height = x[1, :, NTU25.index("right hand"), 0]
        np.testing.assert_allclose(before.get_ydata(), height, rtol=1e-6)
        assert len(after.get_ydata()) == y.shape[1]

    def test_sources_have_colours(self):
        x = standing(NTU25)
        mask = torch.zeros(x.shape[1], 25)
        mask[:, 10] = 1
        rows = viz.plot_before_after(x, x, partner=x, mask=mask, moments=1).get_axes()
        found = [np.unique(row.collections[0].get_colors(), axis=0) for row in rows]
        assert [len(colours) for colours in found] == [1, 1, 2]
        assert len(np.unique(np.concatenate(found), axis=0)) == 2

    def test_wrong_arguments(self):
        x = standing(NTU25)
        with pytest.raises(ValueError, match="`after` has 17 joints"):
            viz.plot_before_after(x, x[:, :, :17])
        with pytest.raises(ValueError, match="Draw one clip of a batch: before"):
            viz.plot_before_after(x[None], x)
        with pytest.raises(ValueError, match="`mask` must have shape"):
            viz.plot_before_after(x, x, partner=x, mask=torch.zeros(3, 25))
        with pytest.raises(ValueError, match="moments"):
            viz.plot_before_after(x, x, moments=0)
        with pytest.raises(ValueError, match="elbow of nobody"):
            viz.plot_before_after(x, x, joint="elbow of nobody")

    def test_clips_of_nobody_can_be_drawn(self):
        x = torch.zeros(3, 5, 25, 2)
        assert pixels(viz.plot_before_after(x, x, joint=0)).size
