"""Which frames a clip shows."""

from __future__ import annotations

from skelter import transforms as T
from transforms.cases._case import Case

CASES = [
    Case("TemporalCropResize", lambda layout: T.TemporalCropResize(16, min_frames=4)),
    Case("CentreCropResize", lambda layout: T.CentreCropResize(16)),
]
