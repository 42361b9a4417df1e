"""What is hidden."""

from __future__ import annotations

from skelter import transforms as T
from transforms.cases._case import Case

CASES = [
    Case("JointJitter", lambda layout: T.JointJitter(layout=layout)),
]
