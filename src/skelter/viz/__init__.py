"""Figures of skeletons and of results, by matplotlib (extra ``viz``).

Every function returns a new figure, without a window and without global state.
``figure.savefig(path)`` writes it. The colour-blind can tell the colours apart. Where there are not
enough colours, markers or line styles differ.
"""

from skelter.viz._before_after import plot_before_after
from skelter.viz._clips import plot_clips
from skelter.viz._confusion import plot_confusion
from skelter.viz._curves import plot_curves
from skelter.viz._embedding import plot_embedding
from skelter.viz._neighbours import plot_neighbours
from skelter.viz._per_class import plot_per_class

__all__ = [
    "plot_before_after",
    "plot_clips",
    "plot_confusion",
    "plot_curves",
    "plot_embedding",
    "plot_neighbours",
    "plot_per_class",
]
