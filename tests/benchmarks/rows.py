"""All rows of the table of transforms, from the baselines of every folder of transforms."""

from __future__ import annotations

import importlib
import pkgutil

from benchmarks import baselines

_modules = [
    importlib.import_module(f"{baselines.__name__}.{module.name}")
    for module in sorted(pkgutil.iter_modules(baselines.__path__), key=lambda found: found.name)
]
ROWS = [row for module in _modules for row in getattr(module, "ROWS", ())]
PAIRS = [row for module in _modules for row in getattr(module, "PAIRS", ())]
