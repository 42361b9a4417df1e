"""Published results, to print beside one's own: top-1 in percent.

From the authors' own result tables where there are any (ISC, CrosSCLR, AimCLR, SkeleMixCLR, HiCLR,
ActCLR, HiCo, UmURL, MAMP), else as later papers report them.
"""

from __future__ import annotations

from collections.abc import Sequence

SETS = (
    "NTU-60 xsub", "NTU-60 xview", "NTU-120 xsub", "NTU-120 xset", "PKU-MMD I", "PKU-MMD II",
)  # fmt: skip
PKU = "PKU-MMD cross-subject"  # of either part: the first has 21,500 clips, the second 7,000

# By method: the task, and its figures in the order of SETS.
RESULTS: list[tuple[str, str, tuple[float | None, ...]]] = [
    ("ISC (this method)", "linear", (76.3, 85.2, 67.1, 67.9, 80.9, 36.0)),
    ("ISC (this method)", "1-NN", (62.5, 82.6, 50.6, 52.3, None, None)),
    ("Predict & Cluster", "1-NN, auto-encoder", (50.7, 76.3, None, None, None, None)),
    ("SkeletonCLR", "linear", (68.3, 76.4, 56.8, 55.9, None, None)),
    ("2s-CrosSCLR", "linear", (74.5, 82.1, None, None, None, None)),
    ("3s-CrosSCLR", "linear", (77.8, 83.4, 67.9, 66.7, None, None)),
    ("AimCLR, joints", "linear", (74.34, 79.68, None, None, 83.43, None)),
    ("3s-AimCLR", "linear", (79.18, 84.02, 68.2, 68.8, 87.79, None)),
    ("3s-AimCLR++", "linear", (80.9, 85.4, None, None, 90.4, 41.2)),
    ("SkeleMixCLR", "linear", (79.6, 84.4, 67.4, 69.6, None, None)),
    ("3s-HiCLR", "linear", (80.94, None, None, None, None, None)),
    ("ActCLR, joints", "linear", (80.9, 86.7, None, None, None, None)),
    ("HiCo, GRU", "linear", (80.6, 88.6, 72.5, 73.8, None, None)),
    ("CMD, joints", "linear", (79.8, 86.9, 70.3, 71.5, None, 43.0)),
    ("HaLP", "linear", (79.7, 86.8, 71.1, 72.2, None, 43.5)),
    ("UmURL", "linear", (84.2, 90.9, 75.2, 76.3, None, None)),
    ("UmURL", "1-NN", (72.0, 88.9, 59.5, 62.2, None, None)),
    ("PSTL, joints", "linear", (77.3, 81.8, 66.2, 67.7, None, 49.3)),
    ("HYSP", "linear", (78.2, 82.6, 61.8, 64.6, None, None)),
    ("GL-Transformer", "linear", (76.3, 83.8, 66.0, 68.7, None, None)),
    ("CPM", "linear", (78.7, 84.9, 68.7, 69.6, None, None)),
    ("PCM3", "linear", (83.9, 90.4, 76.5, 77.5, None, 51.5)),
    ("MAMP", "linear", (85.0, 89.0, 78.1, 79.5, None, None)),
    ("MAMP", "fine-tuned", (93.0, 97.5, 89.8, 91.5, None, None)),
    ("SCD-Net", "linear", (86.6, 91.7, 76.9, 80.1, None, None)),
    ("USDRL, joints", "linear", (85.2, 91.7, 76.6, 78.1, None, 54.4)),
    ("3s-AimCLR", "1 % labels", (54.8, 54.3, None, None, None, None)),
    ("3s-AimCLR", "10 % labels", (78.2, 81.6, None, None, None, None)),
    ("3s-ActCLR", "1 % labels", (64.8, 65.6, None, None, None, None)),
    ("3s-ActCLR", "10 % labels", (81.7, 85.8, None, None, None, None)),
    ("MAMP", "1 % labels", (66.0, 68.7, None, None, None, None)),
    ("MAMP", "10 % labels", (88.0, 91.5, None, None, None, None)),
]  # fmt: skip


def of(split: str, clips: int, columns: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the published figures of a split, by method and column, for columns at hand."""
    if split == PKU:
        split = "PKU-MMD I" if clips > 14_000 else "PKU-MMD II"
    if split not in SETS:
        return {}
    place, found = SETS.index(split), {}
    for method, task, figures in RESULTS:
        value = figures[place]
        if value is not None and task in columns:
            found.setdefault(method, {})[task] = value / 100
    return found
