"""How fast ``read_ntu`` is beside a parser that goes line by line.

    python tests/benchmarks/ntu_parser.py

Writes 200 files of 60 to 300 frames with one or two bodies and all values of a real file, parses
each by both, checks that they agree, and prints medians over the files, on one core.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from skelter.data import read_ntu

sys.path.insert(0, str(Path(__file__).parents[1]))
from reference import ntu_lines


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=5, help="the fastest of them counts")
    args = parser.parse_args()
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number in tqdm(range(args.files), unit="file"):
            path = Path(folder) / f"S001C001P001R001A{number + 1:03d}.skeleton"
            path.write_text(file_text(generator))
            clip = next(read_ntu(path))
            expected = ntu_lines.two_bodies(ntu_lines.parse(path))
            np.testing.assert_array_equal(clip.joints, expected)
            slow = fastest(lambda path=path: ntu_lines.two_bodies(ntu_lines.parse(path)), args)
            fast = fastest(lambda path=path: next(read_ntu(path)), args)
            rows.append((path.stat().st_size, slow, fast))
    sizes, slow, fast = zip(*rows, strict=True)
    ratios = [a / b for a, b in zip(slow, fast, strict=True)]
    quarters = statistics.quantiles(ratios, n=4)
    print(f"python {platform.python_version()}, numpy {np.__version__}, {args.files} files")
    print(f"median size      {statistics.median(sizes) / 1e3:8.0f} kB")
    print(f"line by line     {statistics.median(slow) * 1e3:8.2f} ms a file")
    print(f"read_ntu         {statistics.median(fast) * 1e3:8.2f} ms a file")
    print(f"median ratio     {statistics.median(ratios):8.1f}  (quartiles {quarters[0]:.1f}, "
          f"{quarters[2]:.1f}; smallest {min(ratios):.1f})")  # fmt: skip


def fastest(function, args):
    times = []
    for _ in range(args.repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def file_text(generator):
    """A recording of 60 to 300 frames with digits, ranges and line ends of the real ones."""
    frames, bodies = generator.integers(60, 301), generator.integers(1, 3)
    lines = [str(frames)]
    for _ in range(frames):
        lines.append(str(bodies))
        for body in range(bodies):
            lean = generator.uniform(-1, 1, 2)
            lines.append(f"{72057594037931101 + body} 0 1 1 1 1 0 {lean[0]:.7g} {lean[1]:.7g} 2")
            lines.append("25")
            space = generator.normal([0.2, 0.1, 3.5], 0.4, (25, 3))
            pixels = generator.uniform(100, 1900, (25, 4))
            turns = generator.uniform(-1, 1, (25, 4))
            for joint in np.concatenate([space, pixels, turns], axis=1):
                lines.append(" ".join(f"{value:.7g}" for value in joint) + " 2")
    return "\r\n".join(lines) + "\r\n"


if __name__ == "__main__":
    main()
