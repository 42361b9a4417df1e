"""The README's code runs, and the documents name what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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


def test_changelog_has_this_version():
    import skelter

    assert f"## [{skelter.__version__}]" in (REPOSITORY / "CHANGELOG.md").read_text()
