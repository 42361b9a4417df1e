"""What a damaged or foreign file raises."""

from __future__ import annotations


class SkeletonFormatError(ValueError):
    """A file is not what its format promises: truncated, inconsistent, or of another version."""
