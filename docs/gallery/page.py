"""The page of the gallery."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass
from pathlib import Path

from torch import Tensor

import skelter
from gallery.entries import GROUPS
from gallery.entry import Entry

HEAD = """# Gallery

A picture of every transform: a clip of the [synthetic set](../reference/data.md) before and after,
at the same frames, and the parameters that were drawn for it. Left limbs are blue, right limbs red.
People in space are seen from behind. Second persons are dashed. Where the frames that are read are
drawn, a grey diagonal stands for the clip as it was. The pictures are made whenever these pages are
built.
"""


def write(folder: Path) -> None:
    """Write the page and its pictures, unless they are newer than all code."""
    page = folder / "index.md"
    roots = (Path(skelter.__file__).parent, Path(__file__).parent)
    newest = max(path.stat().st_mtime for root in roots for path in root.rglob("*.py"))
    if page.exists() and page.stat().st_mtime > newest:
        return
    folder.mkdir(exist_ok=True)
    text = HEAD
    for title, entries in GROUPS.items():
        text += f"\n## {title}\n"
        for number, entry in enumerate(entries):
            text += section(entry, folder, f"{title}-{number}")
    page.write_text(text)


def section(entry: Entry, folder: Path, stem: str) -> str:
    """Write the picture of a transform, and return its text."""
    shown = entry.show()
    entry.picture(shown).savefig(folder / f"{stem}.png")
    summary = inspect.getdoc(entry.thing).partition("\n")[0]
    text = f"{summary} {entry.note}".strip()
    module = "skelter.transforms" + (".presets" if inspect.isfunction(entry.thing) else "")
    role = "func" if inspect.isfunction(entry.thing) else "class"
    target = f"{module}.{entry.name}"
    lines = [
        f"\n### {entry.name}\n",
        f"{text} {{py:{role}}}`Reference <{target}>`\n",
        f"```python\n{entry.code}\n```\n",
        f"![{entry.name}: a clip before and after]({stem}.png)\n",
    ]
    drawn = describe(shown.params)
    return "\n".join([*lines, f"Drawn: {drawn}\n"] if drawn else lines)


def describe(params: object) -> str:
    """Return the draws of the first clip, large ones by their shape, without those of members."""
    if not is_dataclass(params):
        return ""
    named = {field.name: getattr(params, field.name) for field in fields(params)}
    return ", ".join(
        f"`{name}` {number(value[0])}" if isinstance(value, Tensor) else describe(value)
        for name, value in named.items()
        if name != "num_frames" and (is_dataclass(value) or isinstance(value, Tensor))
    )


def number(value: Tensor) -> str:
    """Return a number, few of them in a list, and the shape of many."""
    if value.numel() > 9:
        return " x ".join(map(str, value.shape)) + " numbers"
    shown = [f"{one + 0:.3g}" if value.is_floating_point() else str(one) for one in listed(value)]
    return shown[0] if value.ndim == 0 else f"({', '.join(shown)})"


def listed(value: Tensor) -> list[float]:
    """Return the numbers of a tensor."""
    return (value if value.is_floating_point() else value.long()).flatten().tolist()
