"""Pure functions behind the encoders: dropping in feature maps, and clips as tokens.

`energy_dropping` makes a hard view of a feature map. A model of masked prediction cuts clips by
`patchify`, encodes the tokens that a mask of `skelter.transforms` keeps, and compares what it
predicts with the numbers of the others.
"""

from skelter.encoders.graphs._dropping import energy_dropping
from skelter.encoders.tokens._tokens import (
    patchify,
    resize_positions,
    take_tokens,
    unpatchify,
    visible_indices,
)

__all__ = [
    "energy_dropping",
    "patchify",
    "resize_positions",
    "take_tokens",
    "unpatchify",
    "visible_indices",
]
