"""Layouts as plain values, and as JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields as fields_of
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from skelter import _checks
from skelter._files import (
    SkeletonFormatError,
    describe,
    require_path,
    translate_errors,
    write_whole,
)
from skelter.layouts._builtin import BUILT_IN
from skelter.layouts._layout import SkeletonLayout, check_layout

KNOWN = (*(field.name for field in fields_of(SkeletonLayout)), "bones")


def restore_layout(fields: Mapping[str, Any]) -> SkeletonLayout:
    """Build a layout from the fields that `SkeletonLayout.as_dict` gave.

    ``bones``, pairs of child and parent, may stand in the place of ``parents``. Stores of earlier
    versions lack ``up``, some ``dimensions``. Then it is that of the built-in layout of the same
    name and joints, or else the default.

    Args:
        fields: The arguments of `SkeletonLayout` by name.

    Raises:
        TypeError: The fields are not a mapping, or one is of another kind.
        ValueError: A field is missing or unknown, or its values are not those of a layout.

    Example:
        >>> from skelter.layouts import NTU25
        >>> restore_layout(NTU25.as_dict()) == NTU25
        True
        >>> arm = {"name": "arm", "joints": ["shoulder", "hand"], "bones": [[1, 0]]}
        >>> restore_layout(arm).parents
        (-1, 0)
    """
    _check_names(fields)
    complete = dict(fields)
    if "bones" in fields:
        bones = complete.pop("bones")
        own = SkeletonLayout.from_bones(fields["name"], fields["joints"], bones=bones)
        complete["parents"] = own.parents
    layout = SkeletonLayout(**complete)
    for known in BUILT_IN:
        if (known.name, known.joints) == (layout.name, layout.joints):
            absent = {"dimensions", "up"} - set(fields)
            return replace(layout, **{name: getattr(known, name) for name in absent})
    return layout


def _check_names(fields: Any) -> None:
    """Check that the fields that a layout needs are there, and no other."""
    given, what = isinstance(fields, Mapping), "a layout"
    _checks.require(given, what, "be fields by name", describe(fields), error=TypeError)
    for name in fields:
        closest = get_close_matches(str(name), KNOWN, n=1)
        hint = f"The closest is {closest[0]!r}." if closest else ""
        _checks.require(name in KNOWN, what, f"have fields of {KNOWN}", repr(name), hint)
    for names in (("name",), ("joints",), ("parents", "bones")):
        count = sum(name in fields for name in names)
        expected = f"have the field {' or '.join(map(repr, names))}"
        came = f"only {', '.join(map(repr, fields)) or 'nothing'}" if not count else "both"
        _checks.require(count == 1, what, expected, came, "It is missing." if not count else "")


def load_layout(path: str | Path) -> SkeletonLayout:
    """Read a layout from a JSON file, an object with the arguments of `SkeletonLayout`.

    ``bones``, pairs of child and parent, may stand in the place of ``parents``.

    Args:
        path: The file, as `save_layout` or a person wrote it.

    Raises:
        FileNotFoundError: The file does not exist.
        SkeletonFormatError: It is not JSON, or a field is missing, unknown or wrong.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> text = '{"name": "arm", "joints": ["shoulder", "elbow", "hand"], "parents": [-1, 0, 1]}'
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder) / "arm.json"
        ...     _ = file.write_text(text)
        ...     layout = load_layout(file)
        >>> layout, layout.bones
        (SkeletonLayout(arm: 3 joints), ((1, 0), (2, 1)))
    """
    path = require_path(path)
    with translate_errors(path, "a layout in JSON"):
        fields = json.loads(path.read_text(encoding="utf-8-sig"))
    try:
        return restore_layout(fields)
    except (TypeError, ValueError) as error:
        raise SkeletonFormatError(f"{path} is not a layout: {error}") from error


def save_layout(layout: SkeletonLayout, path: str | Path) -> None:
    """Write a layout to a JSON file, a line for each field.

    Args:
        layout: The layout.
        path: The file. One that is there is replaced.

    Raises:
        TypeError: It is not a layout.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from skelter.layouts import NTU25
        >>> with TemporaryDirectory() as folder:
        ...     save_layout(NTU25, f"{folder}/ntu.json")
        ...     load_layout(f"{folder}/ntu.json") == NTU25
        True
    """
    fields = check_layout(layout).as_dict()
    lines = (
        f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in fields.items()
    )
    with write_whole(Path(path)) as file:
        file.write(("{\n" + ",\n".join(lines) + "\n}\n").encode())
