"""What a table of transforms and plain NumPy is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from skelter.transforms import Mixer, Transform

Clip = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """A transform, and what it replaces.

    Args:
        name: What both do.
        build: The transform, for clips of NTU25.
        numpy: The same in plain NumPy, from a clip (C, T, V, M), its valid frames and a generator.
    """

    name: str
    build: Callable[[], Transform]
    numpy: Callable[[Clip, int, Generator], Clip]


@dataclass(frozen=True)
class PairRow:
    """What takes something over from another clip of a batch, and so has no row of one clip.

    Args:
        name: What both do.
        build: The transform or the mixer, for clips of NTU25.
        numpy: The same in plain NumPy, from a clip (C, T, V, M), another one, the valid frames of
            both and a generator.
    """

    name: str
    build: Callable[[], Transform | Mixer]
    numpy: Callable[[Clip, Clip, int, Generator], Clip]
