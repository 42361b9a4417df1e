"""Every transform is in the gallery, and every entry shows something."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from gallery import cover, page
from gallery.entries import GROUPS

from skelter import transforms as T
from skelter.transforms import presets

ENTRIES = [entry for entries in GROUPS.values() for entry in entries]
WITHOUT = {"CheckFinite", "Lambda"}  # they do nothing, or what a user gives


def test_every_transform_has_an_entry():
    exported = {
        name
        for name, kind in vars(T).items()
        if inspect.isclass(kind)
        and issubclass(kind, T.Transform | T.Mixer | T.TokenMask | T.MultiView)
        and not inspect.isabstract(kind)
    }
    missing = exported - WITHOUT - {entry.name for entry in ENTRIES}
    assert missing == set(), "add entries in docs/gallery/entries"


def test_every_preset_has_an_entry():
    named = {name for name in presets.__all__ if inspect.isfunction(getattr(presets, name))}
    missing = named - {"find_normalisation"} - {entry.name for entry in ENTRIES}
    assert missing == set(), "add entries in docs/gallery/entries/presets.py"


def test_every_entry_is_of_something_exported():
    for entry in ENTRIES:
        assert entry.name in {*T.__all__, *presets.__all__}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_entries_give_finite_clips(entry):
    shown = entry.show()
    results = shown.result
    if isinstance(results, T.Mixed):
        results = results.clips
    for result in results if isinstance(results, tuple) else [results]:
        assert torch.isfinite(result.float()).all()
    assert torch.equal(entry.show().batch, shown.batch), "the clips of the gallery were changed"


@pytest.mark.parametrize("title", GROUPS)
def test_sections_have_a_picture_a_reference_and_the_code(title, tmp_path):
    entry = GROUPS[title][0]
    text = page.section(entry, tmp_path, "made")
    assert (tmp_path / "made.png").stat().st_size > 1000
    assert f".{entry.name}>`" in text
    assert f"```python\n{entry.code}\n```" in text


class TestDescribe:
    def test_draws_of_the_first_clip(self):
        params = T.CropParams(*torch.tensor([[3, 9], [40, 9]]))
        assert page.describe(params) == "`start` 3, `length` 40"

    def test_no_draws(self):
        assert page.describe(None) == ""

    def test_many_numbers_are_a_shape(self):
        assert page.number(torch.zeros(10, 25)) == "10 x 25 numbers"
        assert page.number(torch.tensor([0.5, 1.0])) == "(0.5, 1)"


def test_the_page_is_kept_while_it_is_newer(tmp_path):
    (tmp_path / "index.md").write_text("kept")
    page.write(tmp_path)
    assert (tmp_path / "index.md").read_text() == "kept"
    assert np.all([path.name == "index.md" for path in tmp_path.iterdir()])


def test_the_picture_of_the_readme_is_small(tmp_path):
    cover.write(tmp_path / "made.png")
    for path in (tmp_path / "made.png", cover.PATH):
        assert 10_000 < path.stat().st_size < 120_000
