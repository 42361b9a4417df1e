"""Pure converters from clips to what encoders read, and their inverses.

Clips ``x`` have shape ``(..., C, T, V, M)``: coordinates, frames, joints and persons behind any
batch axes.
"""

from skelter.representations._convert import (
    from_graph,
    from_image,
    from_sequence,
    to_graph,
    to_image,
    to_sequence,
)
from skelter.representations._streams import (
    from_acceleration,
    from_bones,
    from_motion,
    to_acceleration,
    to_bones,
    to_motion,
)

__all__ = [
    "from_acceleration",
    "from_bones",
    "from_graph",
    "from_image",
    "from_motion",
    "from_sequence",
    "to_acceleration",
    "to_bones",
    "to_graph",
    "to_image",
    "to_motion",
    "to_sequence",
]
