"""All entries of the gallery, by the folder of their transforms."""

from gallery.entries import (
    bones,
    combining,
    geometry,
    masks,
    mixing,
    noise,
    normalisation,
    presets,
    time,
)
from gallery.entry import Entry

GROUPS: dict[str, list[Entry]] = {
    "Geometry": geometry.ENTRIES,
    "Noise": noise.ENTRIES,
    "Time": time.ENTRIES,
    "Masks": masks.ENTRIES,
    "Bones": bones.ENTRIES,
    "Mixing": mixing.ENTRIES,
    "Normalisation": normalisation.ENTRIES,
    "Combining": combining.ENTRIES,
    "Presets": presets.ENTRIES,
}
