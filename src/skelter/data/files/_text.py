"""Text full of numbers: lines, their words, and messages that name the line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skelter._files import SkeletonFormatError, format_error

CONTROLS = bytes({*range(32)} - set(b"\t\n\v\f\r"))  # what no text holds
TOO_LARGE = (2 - 2.0**-24) * 2.0**127  # from here on, 32 bits have infinity only
NEWLINE, SPACE = 10, 32
DIGITS = 8  # of a count


class Tokens:
    """The lines of a text, counted from 0, and how many words they have.

    Args:
        path: The file; messages name it.
        separator: A character that ends a word as a blank does.

    Raises:
        OSError: The file cannot be read.
        SkeletonFormatError: It holds nothing, or something that is not text.
    """

    def __init__(self, path: Path, separator: bytes = b" ") -> None:
        self.path = path
        text = path.read_bytes().replace(separator, b" ")
        if len(text.translate(None, CONTROLS)) < len(text):
            raise _binary(path, text)
        text = text.rstrip()  # without blank lines at the end
        self.lines = text.split(b"\n")
        if self.lines == [b""]:
            raise format_error(path, "text", "an empty file")
        self.widths = _word_counts(text)  # of each line

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.lines)

    def line(self, number: int) -> bytes:
        """Return a line, without blanks around it."""
        return self.lines[number].strip()

    def counts(self) -> tuple[list[int], list[int]]:
        """Return the lines that are a whole number and nothing else, and these numbers."""
        single = [(line, self.line(line)) for line in np.flatnonzero(self.widths == 1).tolist()]
        whole = [(line, int(w)) for line, w in single if w.isdigit() and len(w) <= DIGITS]
        return [line for line, _ in whole], [number for _, number in whole]

    def unexpected(self, line: int, expected: str) -> SkeletonFormatError:
        """Return the error that a line is not what was expected."""
        found = self.quote(line) if line < len(self) else "the end of the file"
        return format_error(self.path, expected, found, line=line + 1)

    def quote(self, line: int) -> str:
        """Return the beginning of a line, for a message."""
        return _quote(self.line(line))

    def floats(self, lines: Sequence[int], count: int) -> npt.NDArray[np.float64]:
        """Convert the first words of lines to finite numbers, none of them too large for 32 bits.

        Args:
            lines: Which lines.
            count: How many words of each; they have as many.

        Returns:
            Shape (lines, count).

        Raises:
            SkeletonFormatError: A word is not such a number.
        """
        words = [word for line in lines for word in self.lines[line].split(None, count)[:count]]
        try:
            values = np.array(words, dtype=np.float64)  # each as by ``float``
        except ValueError:
            values = np.array([_float_or_nan(word) for word in words])
        wrong = np.flatnonzero(~(np.abs(values) < TOO_LARGE))
        if wrong.size:
            place = int(wrong[0])
            line = int(lines[place // count]) + 1
            found = _quote(words[place])
            raise format_error(self.path, "a finite 32-bit number", found, line=line)
        return values.reshape(len(lines), count)


def _word_counts(text: bytes) -> npt.NDArray[np.int64]:
    """Return how many words there are in each line."""
    codes = np.frombuffer(b"\n%b\n" % text, np.uint8)
    filled = codes > SPACE
    starts = filled[1:] > filled[:-1]
    feeds = np.flatnonzero(codes == NEWLINE)[:-1]
    return np.add.reduceat(starts, feeds, dtype=np.int64)


def _float_or_nan(word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")


def _binary(path: Path, text: bytes) -> SkeletonFormatError:
    """Return the error that a text holds control characters."""
    place = next(place for place, byte in enumerate(text) if byte in CONTROLS)
    line = text.count(b"\n", 0, place) + 1
    return format_error(path, "text", f"the byte 0x{text[place]:02x}", line=line)


def _quote(text: bytes) -> str:
    """Return the beginning of a text from a file, for a message."""
    return repr(text[:40])[1:]
