"""The picture of the README: one clip, and what a few transforms of the gallery make of it.

``PYTHONPATH=docs python -m gallery.cover`` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from gallery import clips
from gallery.entry import Entry
from gallery.pictures import figures
from skelter import viz

PATH = Path(__file__).parents[1] / "explanation" / "transforms.png"
SHOWN = (
    Entry("Shear(0.5)", figures, seed=5),
    Entry('Mirror(layout, "x")', figures),
    Entry("ScaleLimbs(layout, (0.6, 1.5))", figures),
    Entry("JointChunkMask(0.3, chunk=8)", figures),
    Entry("aimclr_strong_view(layout)", figures, seed=8),
)


def draw() -> Figure:
    """Draw a row for the clip, and one for each transform."""
    x, layout = clips.one()
    rows = {"a clip": x[0]} | {entry.code: entry.show().result[0] for entry in SHOWN}
    return viz.plot_clips(rows, layout, moments=7)


def write(path: Path) -> None:
    """Write the picture, in 64 colours, which make it small."""
    draw().savefig(path, dpi=110)
    with Image.open(path) as image:
        few = image.convert("RGB").quantize(64)
    few.save(path, optimize=True)


if __name__ == "__main__":
    write(PATH)
