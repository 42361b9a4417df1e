"""Random numbers that belong to a name, so that a clip is the same whatever else is made."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[np.float64]


class Draws:
    """A stream of random numbers, determined by a key alone.

    Args:
        *key: Words and numbers. Python's own ``hash`` changes from process to process, so the
            seed is a BLAKE2 digest of them.
    """

    def __init__(self, *key: str | int) -> None:
        digest = hashlib.blake2b("/".join(map(str, key)).encode(), digest_size=7).digest()
        self._generator = torch.Generator().manual_seed(int.from_bytes(digest, "big"))
        self._pool: list[float] = []

    def uniform(self, low: float, high: float) -> float:
        """Draw a number between two."""
        if not self._pool:  # one call of torch for many numbers: a call costs more than a number
            self._pool = self.uniforms(128).tolist()
        return low + (high - low) * self._pool.pop()

    def chance(self, probability: float) -> bool:
        """Draw True with a probability."""
        return self.uniform(0, 1) < probability

    def integer(self, low: int, high: int) -> int:
        """Draw an integer between two, both included."""
        return min(high, low + int(self.uniform(0, high - low + 1)))

    def normal(self, std: float) -> float:
        """Draw a bell-shaped number of a standard deviation, never beyond 2.1 of them.

        The sum of three uniform numbers: bodies and habits have no long tails.
        """
        return std * 2 * (sum(self.uniform(0, 1) for _ in range(3)) - 1.5) * 0.7

    def sign(self) -> float:
        """Draw -1 or 1."""
        return 1.0 if self.chance(0.5) else -1.0

    def uniforms(self, *shape: int) -> Array:
        """Draw an array between 0 and 1."""
        drawn = torch.rand(shape, generator=self._generator, dtype=torch.float64)
        return np.asarray(drawn.numpy())

    def normals(self, *shape: int) -> Array:
        """Draw an array of unit normal numbers."""
        drawn = torch.randn(shape, generator=self._generator, dtype=torch.float64)
        return np.asarray(drawn.numpy())

    def sway(self, frames: int, *shape: int, slowest: float = 200, fastest: float = 45) -> Array:
        """Draw smooth wandering curves of shape (frames, *shape) and unit deviation.

        Sums of three waves whose periods lie between ``slowest`` and ``fastest`` frames.
        """
        rate, phase = self.uniforms(2, 3, *shape)
        rate = 2 * np.pi * (1 / slowest + rate * (1 / fastest - 1 / slowest))
        time = np.arange(frames).reshape(-1, 1, *(1 for _ in shape))
        waves = np.sin(time * rate + 2 * np.pi * phase)
        return np.asarray(waves.sum(1) * np.sqrt(2 / 3))
