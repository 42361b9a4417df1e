"""Text full of numbers, tokenised in NumPy: no Python per number.

A number is converted as ``float`` does, to the last bit, if its digits make an integer m below
2^53 and at most 16 of them stand behind the point: m and 10^k are then exact, and so m / 10^k is
rounded once. Eight digits are converted at a time, as one 64-bit word. Anything else (exponents,
long fractions) is left to ``float``, one by one. Work goes block by block: memory that has just
been used is faster than new memory.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skelter._files import SkeletonFormatError, damaged

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.integer]
Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

TAB, NEWLINE, RETURN, SPACE, MINUS, POINT = 9, 10, 13, 32, 45, 46
BLANKS = bytes(range(SPACE + 1))
FEW = 8  # blanks between two words, that are skipped in all words at once
MARGIN = 24  # bytes before the text, so that no look back leaves it
TAIL = 4  # bytes after it, for the look ahead
SCAN_BLOCK, FLOAT_BLOCK = 1 << 16, 1 << 13  # bytes, words
TENS = 10.0 ** np.arange(17)
EXACT = 2.0**53
TOO_LARGE = (2 - 2.0**-24) * 2.0**127  # from here on, 32 bits have infinity only
ZEROS, SPILL, HIGH_BITS = (np.uint64(0x0101010101010101 * byte) for byte in (0x30, 0x76, 0x80))
EIGHT, TEN = np.uint64(8), np.uint64(10)
STEPS = (  # two digits to four, four to eight
    (np.uint64(0x00FF00FF00FF00FF), np.uint64((100 << 16) + 1), np.uint64(16)),
    (np.uint64(0x0000FFFF0000FFFF), np.uint64((10000 << 32) + 1), np.uint64(32)),
)


class Tokens:
    """The words of a text, and the lines they stand in; both count from 0.

    Args:
        path: The file; messages name it.

    Raises:
        OSError: The file cannot be read.
        SkeletonFormatError: It holds nothing, or something that is no text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = _read(path)
        self.bytes = np.frombuffer(self.text, np.uint8)
        ends, first = _scan(path, self.bytes)
        self.ends = ends  # where each word ends, the margin before the first of them
        used = int(np.searchsorted(first, len(ends) - 1))  # without blank lines at the end
        if used == 0:
            raise damaged(path, None, "text", "an empty file")
        self.first = first[: used + 1]  # first word of each line, and the end
        self.widths = np.diff(self.first)  # words in each line

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self.first) - 1

    def line(self, number: int) -> bytes:
        """Return a line, without blanks around it."""
        start, end = self.ends[self.first[number : number + 2]].tolist()
        return bytes(self.text[start:end]).strip()

    def counts(self) -> tuple[list[int], list[int]]:
        """Return the lines that are a whole number and nothing else, and these numbers."""
        lines = np.flatnonzero(self.widths == 1)
        starts, ends = self._bounds_of(self.first[lines])
        digits = ends - starts
        numbers, good = _eight_digits(self.bytes, ends, np.minimum(digits, 8))
        good &= digits <= 8
        return lines[good].tolist(), numbers[good].astype(np.int64).tolist()

    def unexpected(self, line: int, expected: str) -> SkeletonFormatError:
        """Return the error that a line is not what was expected."""
        found = _quote(self.line(line)) if line < len(self) else "the end of the file"
        return damaged(self.path, line + 1, expected, found)

    def floats(self, tokens: Ints) -> Floats:
        """Convert words to finite numbers, none of them too large for 32 bits.

        Args:
            tokens: Which words, any shape.

        Returns:
            The same shape.

        Raises:
            SkeletonFormatError: A word is no such number.
        """
        values = np.empty(tokens.size)
        chosen = tokens.ravel()
        for start in range(0, tokens.size, FLOAT_BLOCK):
            block = chosen[start : start + FLOAT_BLOCK]
            values[start : start + FLOAT_BLOCK] = self._block_of_floats(block)
        return values.reshape(tokens.shape)

    def _bounds_of(self, tokens: Ints) -> tuple[Ints, Ints]:
        """Return where words start and end."""
        starts, ends = self.ends[tokens] + 1, self.ends[tokens + 1]
        for _ in range(FEW):
            blank = self.bytes[starts] <= SPACE
            if not blank.any():
                return starts, ends
            starts += blank
        for place in np.flatnonzero(self.bytes[starts] <= SPACE):
            word = self.text[starts[place] : ends[place]].lstrip(BLANKS)
            starts[place] = ends[place] - len(word)
        return starts, ends

    def _block_of_floats(self, tokens: Ints) -> Floats:
        starts, ends = self._bounds_of(tokens)
        values, done = _plain_decimals(self.bytes, starts, ends)
        for place in np.flatnonzero(~done):
            try:
                values[place] = float(self.text[starts[place] : ends[place]])
            except ValueError:
                values[place] = np.nan
        wrong = np.flatnonzero(~(np.abs(values) < TOO_LARGE))
        if wrong.size:
            line = int(np.searchsorted(self.first, tokens[wrong[0]], side="right"))
            word = bytes(self.text[starts[wrong[0]] : ends[wrong[0]]])
            raise damaged(self.path, line, "a finite 32-bit number", _quote(word))
        return values


def _read(path: Path) -> bytearray:
    """Read a file between margins, and end its last line."""
    with path.open("rb") as file:
        text = bytearray(MARGIN + os.fstat(file.fileno()).st_size + TAIL)
        size = file.readinto(memoryview(text)[MARGIN:-TAIL])
    text[:MARGIN] = b"0" * (MARGIN - 1) + b"\n"
    text[MARGIN + size :] = b"\n" * (len(text) - MARGIN - size)
    return text


def _scan(path: Path, text: Bytes) -> tuple[Ints, Ints]:
    """Find where words end, the margin being one, and the first word of each line."""
    ends: list[Ints] = [np.array([MARGIN - 1])]
    lines: list[Ints] = [np.array([0])]
    count = 0
    for start in range(MARGIN, len(text), SCAN_BLOCK):
        block = text[start - 1 : start + SCAN_BLOCK]
        if block.min() < TAB or (block - (RETURN + 1)).min() < SPACE - (RETURN + 1):
            raise _binary(path, text)
        blank = block <= SPACE
        stops = np.flatnonzero(blank[1:] > blank[:-1])
        feeds = np.flatnonzero(block[1:] == NEWLINE)
        lines.append(np.searchsorted(stops, feeds, side="right") + count)
        ends.append(stops + start)
        count += len(stops)
    return np.concatenate(ends), np.concatenate(lines)


def _binary(path: Path, text: Bytes) -> SkeletonFormatError:
    """Return the error that a text holds control characters."""
    wrong = (text < TAB) | ((text > RETURN) & (text < SPACE))
    place = int(np.flatnonzero(wrong)[0])
    line = int(np.count_nonzero(text[MARGIN:place] == NEWLINE)) + 1
    return damaged(path, line, "text", f"the byte 0x{text[place]:02x}")


def _plain_decimals(text: Bytes, starts: Ints, ends: Ints) -> tuple[Floats, Mask]:
    """Convert words such as ``-12.345``; the mask says which of them are such words."""
    negative = text[starts] == MINUS
    first = starts + negative
    point = (text[first + 1] == POINT).astype(np.int64)
    others = np.flatnonzero(point == 0)
    for place in (3, 2):  # the first point counts; no body is a kilometre away
        point[others[text[first[others] + place] == POINT]] = place
    digits = ends - first - point - 1  # behind the point
    done = (point > 0) & (digits > 0) & (digits <= 16)
    digits = np.where(done, digits, 1)
    whole = (text[first] ^ ord("0")).astype(np.float64)
    done &= whole <= 9
    long = np.flatnonzero(point > 1)  # more than one digit before the point
    whole[long], good = _eight_digits(text, (first + point)[long], point[long])
    done[long] &= good
    fraction, good = _eight_digits(text, ends, np.minimum(digits, 8))
    done &= good
    long = np.flatnonzero(digits > 8)
    high, good = _eight_digits(text, ends[long] - 8, digits[long] - 8)
    fraction[long] += high * 1e8
    done[long] &= good
    scale = TENS[digits]
    whole *= scale
    whole += fraction
    done &= whole < EXACT
    np.negative(whole, out=whole, where=negative)
    whole /= scale
    return whole, done


def _eight_digits(text: Bytes, ends: Ints, digits: Ints) -> tuple[Floats, Mask]:
    """Convert the 1 to 8 digits that end at places in a text; the mask says if all are digits."""
    words: Words = np.ndarray(len(text) - 7, "<u8", text, strides=(1,))  # one from each byte on
    word = words[ends - 8]
    word ^= ZEROS
    shift = (64 - 8 * digits).view(np.uint64)
    word >>= shift  # away with what stands before the digits
    word <<= shift
    spilled = word + SPILL
    spilled |= word
    spilled &= HIGH_BITS
    following = word >> EIGHT
    word *= TEN
    word += following  # two digits a number; the first digit is the lowest byte
    for mask, factor, bits in STEPS:
        word &= mask
        word *= factor
        word >>= bits
    return word.view(np.int64).astype(np.float64), spilled == 0


def _quote(text: bytes) -> str:
    """Return the beginning of a text from a file, for a message."""
    return repr(text[:40])[1:]
