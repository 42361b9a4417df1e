"""The nearest rows of a gallery, in an order that does not depend on how they are grouped.

A product of matrices sums in an order that depends on the size of both: equal rows can differ in
the last bit. So distances are computed in float64 and compared in float32. Equal ones are in the
order of the gallery.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from skelter.evaluation._features import unit_rows
from skelter.evaluation._precision import full_precision

METRICS = ("cosine", "euclidean")
GALLERY = 4096  # training rows in a tile of scores, which fits the cache
UNSURE = 128  # rows compared at once in float64
ZERO = 1e-13  # what float64 leaves of 1 - 1


def search(
    train: Tensor, test: Tensor, k: int, metric: str, chunk: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield test rows (chunk, D) and the numbers (chunk, k) of their nearest training rows.

    A first look in float32 finds the rows, and tells where its rounding could decide the order.
    These are compared again.
    """
    look = _FirstLook(train, metric)
    for rows in torch.split(test, chunk):
        nearest, sure = look(rows, k)
        for unsure in torch.split((~sure).nonzero()[:, 0], UNSURE):
            nearest[unsure] = first(distances(rows[unsure], train, metric), k)
        yield rows, nearest


def distances(rows: Tensor, train: Tensor, metric: str) -> Tensor:
    """Return the distances (n, N) of all pairs in float32, exactly 0 for equals."""
    tiles = (_distances(rows, tile, metric) for tile in torch.split(train, GALLERY))
    return torch.cat(list(tiles), dim=1)


def distances_to(rows: Tensor, neighbours: Tensor, metric: str) -> Tensor:
    """Return the distances (n, k) of rows (n, D) to their own neighbours (n, k, D) in float64."""
    if metric == "euclidean":
        apart: Tensor = torch.linalg.vector_norm(rows.double()[:, None] - neighbours, dim=2)
        return apart
    unit = unit_rows(neighbours.double().flatten(0, 1)).view(neighbours.shape)
    apart = 1 - (unit_rows(rows.double())[:, None] * unit).sum(2)
    return apart.where(apart > ZERO, 0)


def _distances(rows: Tensor, tile: Tensor, metric: str) -> Tensor:
    rows, tile = rows.double(), tile.double()
    if metric == "cosine":
        apart = 1 - unit_rows(rows) @ unit_rows(tile).T
        return apart.where(apart > ZERO, 0).float()
    whole = rows.square().sum(1)[:, None] + tile.square().sum(1)
    squares = whole - 2 * (rows @ tile.T)
    return squares.where(squares > ZERO * whole, 0).sqrt().float()


def first(values: Tensor, k: int) -> Tensor:
    """Return the places (n, k) of the smallest values, which are 0 or above: of equals the first.

    The bits of such floats are in their order. Behind them stands the place.
    """
    places = torch.arange(values.shape[1], device=values.device)
    keys = (values.view(torch.int32).long() << 32) + places
    smallest: Tensor = keys.topk(k, dim=1, largest=False).values
    return smallest & 0xFFFFFFFF


class _FirstLook:
    """Finds the nearest rows in float32, tile by tile, by products that are the larger the nearer.

    Those of two unit rows are their cosine. For others, the product of a and b less half the
    square of b: the negative of half their squared distance, but for a constant of a.
    """

    def __init__(self, train: Tensor, metric: str) -> None:
        self.origin = train.mean(0) if metric == "euclidean" else None
        points = self._place(train)
        squares = points.square().sum(1, keepdim=True)
        self.largest = squares.max()
        self.points = points if self.origin is None else torch.cat([points, -squares / 2], dim=1)

    @full_precision()
    def __call__(self, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Return numbers of rows (n, k), and whether they are sure (n,)."""
        rows, width = self._place(rows), max(k + 1, GALLERY)
        margin = 8 * _rounding() * (rows.square().sum(1, keepdim=True) + self.largest)
        if self.origin is not None:
            rows = torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1)
        best = [(rows @ tile.T).topk(min(k + 1, len(tile)), dim=1)
                for tile in torch.split(self.points, width)]  # fmt: skip
        values = torch.cat([tile.values for tile in best], dim=1)
        places = [tile.indices + width * number for number, tile in enumerate(best)]
        nearest = values.topk(min(k + 1, len(self.points)), dim=1)
        sure = (-nearest.values.diff(dim=1) > margin).all(1)  # not where they overflow
        return torch.cat(places, dim=1).gather(1, nearest.indices)[:, :k], sure

    def _place(self, x: Tensor) -> Tensor:
        return (unit_rows(x) if self.origin is None else x - self.origin).float()


def _rounding() -> float:
    """Return the relative error of a product in float32, which the user may have made coarser."""
    try:
        exact = torch.get_float32_matmul_precision() == "highest"
    except RuntimeError:  # set by backend
        exact = False
    return torch.finfo(torch.float32).eps if exact else 2**-7
