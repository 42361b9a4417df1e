"""Mutations of bytes, of text and of JSON: from the random numbers and the content to another.

They take any `random.Random`, so that hypothesis can draw, and shrink, what they do.
"""

from __future__ import annotations

import json
import re

LONGEST = 64  # bytes of a chunk, mostly
WORD = re.compile(rb"[^\s,:\[\]{}]+")
NASTY_WORDS = [
    b"", b"0", b"1", b"-1", b"2", b"24", b"25", b"26", b"-0.0", b"+1.5", b".5", b"5.", b"1_000",
    b"nan", b"NaN", b"-inf", b"Infinity", b"1e39", b"-1e39", b"1e999", b"1e-999", b"--1", b"1,5",
    b"0x10", b"127", b"128", b"255", b"256", b"65535", b"65536", b"999999", b"99999999",
    b"2147483647", b"2147483648", b"4294967296", b"99999999999", b"9223372036854775807",
    b"9223372036854775808", b"9" * 400, b"9" * 5000, b"0." + b"1" * 400, b"1 " * 300, b" " * 5000,
    b"\0", b"\x1a", b"\xff\xfe", "\u00e4".encode(), "\u0661\u0662".encode(), b"None", b"true",
    b"null", b"[]", b"{}", b'""', b"[" * 40 + b"]" * 40, b"[" * 2000, b"a", b"\r", b"\n", b"\n\n",
]  # fmt: skip
NASTY_VALUES = [
    None, True, False, 0, 1, -1, 0.5, -0.0, 1e39, float("nan"), float("inf"), 10, 11, 400, 999,
    1000, 9999, 10_001, 2**31, 2**63, 2**64, 10**30, 10**400, "", "a", "1", "nan", "\ud800",
    "x" * 1000, "float32", "float16", "float64", "O", "U4", "V0", "M8[ns]", "i4,f4", "<f4", [],
    [[]], {}, {"a": 1}, [1, 2], [None], [[1.0, 2.0, 3.0]], [10**9] * 4, [0, 0, 0, 0],
    [-1, 1, 20, 3],
]  # fmt: skip


def position(rng, content):
    """A place in the content, near the start or the end more often than elsewhere."""
    near = min(len(content), rng.choice([len(content), len(content), LONGEST]))
    place = rng.randrange(near + 1)
    return place if rng.random() < 0.75 else len(content) - place


def chunk(rng, content):
    """The borders of some bytes, few in most cases."""
    start = position(rng, content)
    longest = rng.choice([1, 4, LONGEST, len(content)])
    return start, min(len(content), start + rng.randrange(longest + 1))


def random_bytes(rng):
    """Some bytes, or the same one often."""
    count = rng.randrange(1, 17)
    if rng.random() < 0.5:
        return bytes([rng.choice([0, 0xFF, rng.randrange(256)])]) * count
    return bytes(rng.randrange(256) for _ in range(count))


def flip_bit(rng, content):
    start, _ = chunk(rng, content)
    changed = bytearray(content)
    for byte in changed[start : start + 1]:
        changed[start] = byte ^ (1 << rng.randrange(8))
    return bytes(changed)


def overwrite(rng, content):
    start, new = position(rng, content), random_bytes(rng)
    return (content[:start] + new + content[start + len(new) :])[: len(content)]


def truncate(rng, content):
    return content[: position(rng, content)]


def delete_chunk(rng, content):
    start, end = chunk(rng, content)
    return content[:start] + content[end:]


def duplicate_chunk(rng, content):
    start, end = chunk(rng, content)
    return content[:end] * (1 + (len(content) == 0)) + content[start:end] + content[end:]


def move_chunk(rng, content):
    start, end = chunk(rng, content)
    left = content[:start] + content[end:]
    place = position(rng, left)
    return left[:place] + content[start:end] + left[place:]


def insert_bytes(rng, content):
    start = position(rng, content)
    return content[:start] + random_bytes(rng) + content[start:]


def append_bytes(rng, content):
    return content + random_bytes(rng)


BYTES = [flip_bit, flip_bit, overwrite, truncate, delete_chunk, duplicate_chunk, move_chunk,
         insert_bytes, append_bytes]  # fmt: skip


def on_lines(change):
    """Make a mutation of a list of lines one of text."""

    def mutate(rng, content):
        lines = content.split(b"\n")
        change(rng, lines, rng.randrange(len(lines)))
        return b"\n".join(lines)

    return mutate


@on_lines
def delete_line(rng, lines, number):
    del lines[number]


@on_lines
def duplicate_line(rng, lines, number):
    lines[number:number] = [lines[number]] * rng.choice([1, 1, 1, 30])


@on_lines
def swap_lines(rng, lines, number):
    other = rng.randrange(len(lines))
    lines[number], lines[other] = lines[other], lines[number]


@on_lines
def shuffle_words(rng, lines, number):
    words = lines[number].split()
    lines[number] = b" ".join(words[::-1] if rng.random() < 0.5 else words[1:])


def on_word(change):
    """Make a mutation of a word one of text."""

    def mutate(rng, content):
        place = position(rng, content)
        start = max(content.rfind(blank, 0, place) for blank in b" \n,[{") + 1
        word = WORD.search(content, start)
        if word is None:
            return content
        return content[: word.start()] + change(rng, word[0]) + content[word.end() :]

    return mutate


@on_word
def replace_word(rng, word):
    return rng.choice(NASTY_WORDS)


@on_word
def delete_word(rng, word):
    return b""


@on_word
def duplicate_word(rng, word):
    return word + b" " + word


@on_word
def step_word(rng, word):
    """Add to a whole number."""
    whole = word.isdigit() and len(word) < 20
    return str(int(word) + rng.choice([-1, 1, 2, 100])).encode() if whole else word + b"5"


def change_ends(rng, content):
    old, new = rng.choice([(b"\n", b"\r\n"), (b"\n", b"\r"), (b"\n", b" "), (b"\n", b"\n\n"),
                           (b" ", b"\t"), (b" ", b"  "), (b" ", b"\n"), (b".", b",")])  # fmt: skip
    return content.replace(old, new)


def recode(rng, content):
    text = content.decode("latin-1")
    coding = rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "cp037"])
    return text.encode(coding)


LINES = [delete_line, duplicate_line, swap_lines, shuffle_words]
WORDS = [replace_word, replace_word, delete_word, duplicate_word, step_word]
TEXT = [*LINES, *WORDS, *WORDS, change_ends, recode]


def change_json(rng, content):
    """Change one value somewhere in a JSON text."""
    try:
        root = [json.loads(content)]
    except (ValueError, RecursionError):
        return content
    node, key = root, 0
    while isinstance(node[key], (dict, list)) and node[key] and rng.random() < 0.8:
        node = node[key]
        key = rng.choice(sorted(node) if isinstance(node, dict) else range(len(node)))
    how = rng.randrange(5)
    if how == 0:
        del node[key]
    elif how == 1 and isinstance(node, list):
        node.insert(key, node[key])
    elif how == 2:
        node[key] = [node[key]]
    else:
        node[key] = rng.choice(NASTY_VALUES)
    return json.dumps(root[0] if root else None).encode()


JSON = [change_json, change_json, change_json, *WORDS, recode]


def mutated(rng, content, mutations):
    """Apply one or a few mutations, until the content is another."""
    for _ in range(10):
        changed = content
        for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 5])):
            changed = rng.choice(mutations)(rng, changed)
        if changed != content:
            return changed
    return content + b"\0"
