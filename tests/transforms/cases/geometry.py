"""Maps of positions."""

from __future__ import annotations

from skelter import transforms as T
from transforms.cases._case import Case

CASES = [
    Case("Shear", lambda layout: T.Shear(0.5, layout=layout)),
]
