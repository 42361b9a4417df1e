"""A configuration dataclass as a command line, and the end of a script that cannot go on."""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import tyro

from skelter.layouts import BUILT_IN, SkeletonLayout, load_layout

Config = TypeVar("Config")
WRONG = 2  # exit code of a wrong argument


def parse(
    kind: type[Config],
    presets: Mapping[str, Config],
    description: str | None,
    arguments: Sequence[str] | None = None,
) -> Config:
    """Read a configuration: ``--preset`` names the defaults, the other options change them.

    Args:
        kind: A dataclass. The text below a field is the help of its option.
        presets: Configurations by name, the first of which is the default.
        description: The first words of the help.
        arguments: Of the command line; those of the process if None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    said = tyro.conf.arg(help="The preset that all other defaults are of.")
    preset = Annotated[Literal[*presets], said]
    First = make_dataclass("First", [("preset", preset, next(iter(presets)))])
    asked = [argument for argument in given if argument not in ("-h", "--help")]
    first, _ = tyro.cli(First, args=asked, return_unknown_args=True, add_help=False)

    def configured(preset: str, config: Config) -> Config:
        return config

    configured.__annotations__ = {"preset": preset, "config": kind}
    configured.__defaults__ = (first.preset, presets[first.preset])
    try:
        return tyro.cli(
            configured, description=description, args=given, config=(tyro.conf.OmitArgPrefixes,)
        )
    except ValueError as error:  # of the configuration, about a value
        refuse(str(error))


def require(holds: bool, name: str, expected: str, came: object) -> None:
    """Raise an error that names the option of a field."""
    if not holds:
        raise ValueError(f"--{name.replace('_', '-')} must be {expected}; got {came}.")


# "Pass layout=... for your skeleton.": what to do in Python, which is not an option here.
IN_PYTHON = re.compile(r"\s*Pass [^.\n]*=\.\.\.(?:[^.\n]*=\.\.\.)*[^.\n]*(?:\.|$)")


def refuse(message: str) -> NoReturn:
    """End with a message and the exit code of a wrong argument.

    Sentences of the library that name arguments in Python are left out.
    """
    print(f"error: {IN_PYTHON.sub('', message)}", file=sys.stderr)
    raise SystemExit(WRONG)


def open_layout(text: str) -> SkeletonLayout:
    """Return a built-in layout by its name, or one of your own from a JSON file.

    Raises:
        OSError: The file does not exist.
        ValueError: It is neither.
    """
    built_in = {layout.name.lower(): layout for layout in BUILT_IN}
    if text.lower() in built_in:
        return built_in[text.lower()]
    if not text.lower().endswith(".json"):
        names = ", ".join(layout.name for layout in BUILT_IN)
        raise ValueError(f"--layout must be one of {names}, or a .json file; got {text}.")
    return load_layout(text)


def plain(config: Any) -> dict[str, Any]:
    """Return a configuration as JSON and checkpoints can hold it."""
    forms = {Path: str, tuple: list}
    return {
        name: next((form(value) for kind, form in forms.items() if isinstance(value, kind)), value)
        for name, value in asdict(config).items()
    }


def restored(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """Undo `plain`. Fields without a value have their defaults."""
    hints, made = typing.get_type_hints(kind), {}
    for name in (entry.name for entry in fields(kind) if entry.name in values):
        value = values[name]
        if isinstance(value, str) and Path in (hints[name], *typing.get_args(hints[name])):
            value = Path(value)
        made[name] = tuple(value) if isinstance(value, list) else value
    return kind(**made)
