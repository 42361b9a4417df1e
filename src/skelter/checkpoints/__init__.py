"""Weights published in the reference's layout, and checkpoints of one's own.

`from_reference` makes a method of a checkpoint of the reference implementation,
`encoder_from_reference` and `head_from_reference` make parts of it. `write` and `read_own` keep
what a run has to go on from, `CheckpointFolder` several of them. `read` opens any torch file;
nothing in it is ever run.
"""

from skelter.checkpoints._files import read, read_own, write
from skelter.checkpoints._folder import CheckpointFolder
from skelter.checkpoints._methods import from_reference
from skelter.checkpoints._networks import encoder_from_reference, head_from_reference

__all__ = [
    "CheckpointFolder",
    "encoder_from_reference",
    "from_reference",
    "head_from_reference",
    "read",
    "read_own",
    "write",
]
