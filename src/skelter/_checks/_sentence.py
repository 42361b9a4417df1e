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
    """Raise "``what`` must ``expected``; got ``got``. ``hint``" unless a condition holds."""
    if not condition:
        raise error(f"{what} must {expected}; got {got}. {hint}".rstrip())


def require_match(condition: bool, subject: str, owner: str, got: str, hint: str) -> None:
    """Raise "``subject``, but ``owner``; got ``got``. ``hint``" unless two things agree."""
    if not condition:
        raise ValueError(f"{subject}, but {owner}{f'; got {got}' if got else ''}. {hint}")


def shape_of(x: Any) -> tuple[int, ...]:
    """Return a shape as the plain tuple that messages show."""
    return tuple(x.shape)
