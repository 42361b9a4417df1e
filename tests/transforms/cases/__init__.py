"""Transforms to be tested by the batteries: for each, how to build it for a layout.

Each folder of `skelter.transforms` has a module here, with a list `CASES`.
"""

from __future__ import annotations

import importlib
import pkgutil

from skelter.layouts import NTU25
from transforms.cases._case import Case

__all__ = ["CASES", "ON_NTU25", "Case"]

CASES: list[Case] = [
    case
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
    if not module.name.startswith("_")
    for case in importlib.import_module(f"{__name__}.{module.name}").CASES
]

ON_NTU25 = {case.name: case.build(NTU25) for case in CASES}
