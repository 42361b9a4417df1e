"""Published weights, and checkpoints of one's own.

`PublishedFile` says what a published file holds, and builds its encoders. `retarget` fits an
encoder to other joints. `load_encoder` makes an encoder of a run or of a file that is ready for a
new clip. `from_reference` makes a method of a checkpoint of the reference implementation,
`encoder_from_reference` and `head_from_reference` make parts of it. `save` and `load` keep the
state of a run, `CheckpointFolder` several of them. `load_published` opens any torch file. Code in
a file is never run.
"""

from skelter.checkpoints._encoders import describe_encoders, load_encoder, save_encoder
from skelter.checkpoints._files import load, load_published, save
from skelter.checkpoints._folder import CheckpointFolder
from skelter.checkpoints._methods import from_reference
from skelter.checkpoints._networks import (
    classifier_from_reference,
    decoder_from_reference,
    encoder_from_reference,
    head_from_reference,
)
from skelter.checkpoints._published_file import PublishedFile
from skelter.checkpoints._retarget import Retargeted, retarget, untrained
from skelter.checkpoints._trained import ClipFacts, TrainedEncoder

__all__ = [
    "CheckpointFolder",
    "ClipFacts",
    "PublishedFile",
    "Retargeted",
    "TrainedEncoder",
    "classifier_from_reference",
    "decoder_from_reference",
    "describe_encoders",
    "encoder_from_reference",
    "from_reference",
    "head_from_reference",
    "load",
    "load_encoder",
    "load_published",
    "retarget",
    "save",
    "save_encoder",
    "untrained",
]
