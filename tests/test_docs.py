"""The README's code runs, and the documents name what is there."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from skelter import transforms

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()


def test_readme_code_runs():
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(blocks) == 5
    namespace = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), namespace)


def test_readme_has_exactly_two_set_up_commands():
    setup = README.split("## Set up")[1].split("##")[0]
    commands = re.findall(r"```sh\n(.*?)\n```", setup, re.S)
    assert commands == [
        'pip install -e ".[examples]" && python examples/paper_pipeline.py',
        'pip install -e ".[test]" && pytest',
    ]


@pytest.mark.parametrize("page", sorted((REPOSITORY / "docs").rglob("*.md")), ids=lambda p: p.name)
def test_pages_name_existing_examples(page):
    for name in re.findall(r"examples/(\w+\.py)", page.read_text()):
        assert (REPOSITORY / "examples" / name).is_file()


def test_the_reference_of_transforms_names_each_once():
    page = (REPOSITORY / "docs/reference/transforms.md").read_text()
    rooms = {"functional", "presets"}  # automodule lists what they export
    listed = re.findall(r"^\.\. auto(?:class|function):: (\w+)$", page, re.M)
    assert sorted(listed) == sorted(set(transforms.__all__) - rooms)


def test_the_reference_of_transforms_is_grouped_by_folder():
    page = (REPOSITORY / "docs/reference/transforms.md").read_text()
    for section in page.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        for name in re.findall(r"^\.\. autoclass:: (\w+)$", text, re.M):
            folder = inspect.getmodule(getattr(transforms, name)).__name__.split(".")[2]
            assert title == ("Parameters" if name.endswith("Params") else folder.capitalize())


def test_changelog_has_this_version():
    import skelter

    assert f"## [{skelter.__version__}]" in (REPOSITORY / "CHANGELOG.md").read_text()
