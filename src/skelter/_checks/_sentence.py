"""The sentence that argument errors are."""

from __future__ import annotations

from typing import Any


def require(
    condition: bool,
    what: str,
    expected: str,
    got: object,
    hint: str = "",
    *,
    error: type[Exception] = ValueError,
) -> None:
    """Raise an error unless a condition holds: what must be, what came, and a hint."""
    if not condition:
        raise error(f"{what} must {expected}; got {got}. {hint}".rstrip())


def require_match(condition: bool, subject: str, owner: str, got: str, hint: str) -> None:
    """Raise an error unless two things agree: a subject, its owner, what came, and a hint."""
    if not condition:
        raise ValueError(f"{subject}, but {owner}{f'; got {got}' if got else ''}. {hint}")


def plural(count: int, noun: str) -> str:
    """Return a count of things: "1 person", "2 persons"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shape_of(x: Any) -> tuple[int, ...]:
    """Return a shape as the plain tuple that messages show."""
    return tuple(x.shape)
