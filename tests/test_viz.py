from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from skelter import viz
from skelter.layouts import NTU25, SBU15


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())


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


class TestPlotCurves:
    def test_values(self):
        figure = viz.plot_curves({"a": [3.0, 2.0, 1.0]}, xlabel="epoch", ylabel="loss")
        (line,) = figure.get_axes()[0].lines
        assert line.get_ydata().tolist() == [3.0, 2.0, 1.0]
        assert line.get_xdata().tolist() == [1, 2, 3]


class TestPlotConfusion:
    def test_shares(self):
        labels, predictions = torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1, 1, 1])
        figure = viz.plot_confusion(labels, predictions, ["a", "b", "c"])
        shown = figure.get_axes()[0].images[0].get_array()
        np.testing.assert_allclose(shown, [[0.5, 0.5, 0], [0, 1, 0], [0, 1, 0]])

    def test_wrong_shapes(self):
        with pytest.raises(ValueError, match=r"must have the shape \(2,\)"):
            viz.plot_confusion(torch.zeros(2).long(), torch.zeros(3).long())


def test_says_what_to_install_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'skelter\[viz\]'"):
        viz.plot_curves({"a": [1.0]}, xlabel="", ylabel="")
