"""A configuration dataclass as a command line: every field an option, its source in the help."""

from __future__ import annotations

import argparse
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, asdict, field, fields
from pathlib import Path
from typing import Any, TypeVar

Config = TypeVar("Config")
NONE = "none"


def setting(default: Any, text: str, *, source: str = "", choices: Sequence[Any] = ()) -> Any:
    """Declare a field: what it is, and where its default comes from."""
    return field(
        default=default, metadata={"text": text, "source": source, "choices": tuple(choices)}
    )


def parse(
    kind: type[Config],
    presets: Mapping[str, Config],
    description: str | None,
    arguments: Sequence[str] | None = None,
) -> Config:
    """Read a configuration from the command line: a preset, and options that change it."""
    first = argparse.ArgumentParser(add_help=False)
    add_preset(first, presets)
    chosen = first.parse_known_args(arguments)[0].preset
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_preset(parser, presets)
    types_of = typing.get_type_hints(kind)
    for entry in fields(kind):
        default = getattr(presets[chosen], entry.name)
        text = explained(entry, default, chosen)
        add_option(parser, entry, types_of[entry.name], default, text)
    values = vars(parser.parse_args(arguments))
    values.pop("preset")
    try:
        return kind(**values)
    except ValueError as error:
        parser.error(str(error))


def add_preset(parser: argparse.ArgumentParser, presets: Mapping[str, Any]) -> None:
    """Add the option that the defaults of all others depend on."""
    default = next(iter(presets))
    parser.add_argument(
        "--preset",
        choices=presets,
        default=default,
        help=f"the defaults below are those of the preset that is named (default: {default})",
    )


def explained(entry: Field[Any], default: Any, preset: str) -> str:
    """Return the help of a field: what it is, its default, and where that comes from."""
    own, source = entry.default, entry.metadata["source"]
    origin = source if default == own else f"preset {preset}"
    if default != own and source:
        origin += f"; {source}: {shown(own)}"
    said = f"{shown(default)}{'; ' if origin else ''}{origin}"
    return f"{entry.metadata['text']} (default: {said})"


def add_option(
    parser: argparse.ArgumentParser,
    entry: Field[Any],
    kind: Any,
    default: Any,
    text: str,
) -> None:
    """Add an option for a field of a plain type, a tuple of them, or one of these or None."""
    name, choices = entry.name, entry.metadata["choices"]
    option = "--" + name.replace("_", "-")
    options: dict[str, Any] = {"default": default, "help": text.replace("%", "%%")}
    kind, optional = without_none(kind)
    if kind is bool:
        parser.add_argument(option, action=argparse.BooleanOptionalAction, **options)
        return
    if typing.get_origin(kind) is tuple:
        kind = typing.get_args(kind)[0]
        options["nargs"] = "*"
        options["action"] = AsTuple
    options["type"] = reader(kind, optional)
    options["metavar"] = name.split("_")[-1].upper()
    if choices:
        options["choices"] = choices
        options["metavar"] = None
    parser.add_argument(option, **options)


class AsTuple(argparse.Action):
    """Keep several values as a tuple, so that configurations compare and print alike."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store what came."""
        setattr(namespace, self.dest, None if values is None else tuple(values))


def without_none(kind: Any) -> tuple[Any, bool]:
    """Return ``X`` of ``X | None``, and whether None was possible."""
    if isinstance(kind, types.UnionType):
        inner = [member for member in typing.get_args(kind) if member is not type(None)]
        return inner[0], True
    return kind, False


def reader(kind: type, optional: bool) -> Callable[[str], Any]:
    """Return what turns the text of an option into a value."""

    def read(text: str) -> Any:
        return None if optional and text == NONE else kind(text)

    read.__name__ = kind.__name__  # argparse says "invalid int value"
    return read


def shown(value: Any) -> str:
    """Return a value as one would type it."""
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "empty"
    return NONE if value is None else str(value)


def plain(config: Any) -> dict[str, Any]:
    """Return a configuration as what JSON and checkpoints can hold."""
    return {
        name: str(value)
        if isinstance(value, Path)
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in asdict(config).items()
    }


def restored(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """Undo `plain`; fields that were not known then have their defaults."""
    types_of = typing.get_type_hints(kind)
    made = {}
    for name in (entry.name for entry in fields(kind)):
        if name not in values:
            continue
        value, (inner, _) = values[name], without_none(types_of[name])
        if isinstance(value, list):
            value = tuple(value)
        made[name] = Path(value) if inner is Path and value is not None else value
    return kind(**made)
