"""Pure functions behind the encoders."""

from skelter.encoders._dropping import energy_dropping

__all__ = ["energy_dropping"]
