"""Pure functions behind the encoders: clips as tokens, and which of them are visible.

A model of masked prediction cuts clips by `patchify`, encodes the tokens that a mask of
`skelter.transforms` keeps, and compares what it predicts with the numbers of the others.
"""

from skelter.encoders._tokens import (
    patchify,
    resize_positions,
    take_tokens,
    unpatchify,
    visible_indices,
)

__all__ = ["patchify", "resize_positions", "take_tokens", "unpatchify", "visible_indices"]
