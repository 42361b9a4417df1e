"""Configuration dataclasses as command lines, by tyro: a preset, and options that change it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_type_hints

import tyro

Config = TypeVar("Config")
WRONG = 2  # the exit code of wrong arguments


def parse(
    kind: type[Config],
    presets: Mapping[str, Config],
    description: str | None,
    arguments: Sequence[str] | None = None,
) -> Config:
    """Read a configuration: ``--preset`` names its defaults, every other option changes one."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = next(iter(presets))
    if "--preset" in given:
        at = given.index("--preset")
        name = given[at + 1] if at + 1 < len(given) else ""
        del given[at : at + 2]
    if name not in presets:
        refuse(f"--preset must be one of {', '.join(presets)}; got {name or 'none'}.")
    text = f"{description}\n\n--preset {{{','.join(presets)}}} (default: {next(iter(presets))})"
    try:
        return tyro.cli(kind, default=presets[name], description=text, args=given)
    except ValueError as error:
        refuse(str(error))


def require(holds: bool, name: str, expected: str, came: object) -> None:
    """Raise an error that names the option."""
    if not holds:
        raise ValueError(f"--{name.replace('_', '-')} must be {expected}; got {came}.")


def refuse(message: str) -> NoReturn:
    """End with a message and the exit code of a wrong argument."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(WRONG)


def plain(config: Any) -> dict[str, Any]:
    """Return a configuration as JSON and checkpoints can hold it."""
    return {
        name: str(value)
        if isinstance(value, Path)
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in asdict(config).items()
    }


def restored(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """Undo `plain`."""
    types = get_type_hints(kind)
    made = {}
    for name in (entry.name for entry in fields(kind)):
        if name in values:
            value = values[name]
            made[name] = tuple(value) if isinstance(value, list) else value
            if value is not None and "Path" in str(types[name]) and isinstance(value, str):
                made[name] = Path(value)
    return kind(**made)
