"""Components for self-supervised learning on skeleton sequences.

The sub-packages stand alone: `transforms`, `representations`, `encoders`, `losses`, `data`,
`evaluation`, and `methods`, which assembles them. Clips have shape ``(..., C, T, V, M)``:
coordinates, frames, joints, persons.
"""

from skelter.memory import MemoryQueue
from skelter.momentum import MomentumEncoder

__all__ = ["MemoryQueue", "MomentumEncoder", "__version__"]

__version__ = "0.1.0"
