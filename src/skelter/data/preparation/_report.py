"""What a build of a store found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from skelter.data.preparation._parts import Skipped
from skelter.data.splits import CountCheck, Duplicates
from skelter.data.store._store import SkeletonStore


@dataclass(frozen=True)
class PreparationReport:
    """What a build made, what it skipped, and whether the set is whole.

    Args:
        store: The store.
        skipped: What could not be read, and why.
        excluded: How many pieces were left out on purpose, by reason.
        counts: For each split of the source, how many clips it finds on each side.
        duplicates: Test clips that repeat training clips, by split; only where there are any.
    """

    store: SkeletonStore
    skipped: tuple[Skipped, ...]
    excluded: Mapping[str, int]
    counts: tuple[CountCheck, ...]
    duplicates: Mapping[str, Duplicates]

    def __str__(self) -> str:
        lines = [f"{self.store!r}", *(f"left out, {why}: {n}" for why, n in self.excluded.items())]
        lines += [f"{count}{'' if count.complete else '  <- not the full set'}"
                  for count in self.counts]  # fmt: skip
        lines += [
            f"warning, {name}: {found}. Report the figure without them too."
            for name, found in self.duplicates.items()
        ]
        lines.append(f"skipped: {len(self.skipped)}")
        return "\n".join([*lines, *(f"  {piece}: {reason}" for piece, reason in self.skipped)])
