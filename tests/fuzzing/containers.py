"""Mutations of arrays, archives and pickles that keep enough of their form to be read further."""

from __future__ import annotations

import ast
import io
import pickletools
import struct
import warnings
import zipfile
from contextlib import suppress

from fuzzing.mutations import BYTES, NASTY_WORDS, mutated

SIZES = [0, 1, 2, 3, 5, 24, 25, 149, 150, 255, 2**16, 10**6, 10**9, 2**31, 2**62, 2**63, 2**64,
         10**30, -1, -(2**63), True, None, 1.5, "3", (1,)]  # fmt: skip
TYPES = ["<f4", ">f4", "<f8", "<f2", "<i8", "<i4", "|i1", "|u1", "<u8", "|b1", "|O", "O8", "|S5",
         "<U9", "|V7", "<M8[s]", "<m8", "<c8", "<f9", "f4,i4", "V2147483647", "S0", "U0", "", "?",
         [("a", "<f4")], [("a", "<f4", (10**9,))], ("<f4", (2,)), None, 4, "<f4" * 50]  # fmt: skip


def split_header(content):
    """The header's text and the data of an array, None if it has no header."""
    if content[:6] != b"\x93NUMPY" or len(content) < 12:
        return None
    form, start = ("<H", 10) if content[6] == 1 else ("<I", 12)
    (size,) = struct.unpack(form, content[8:start])
    return content[start : start + size], content[start + size :]


def change_header(rng, content):
    """Write another header of right length before the data of an array."""
    parts = split_header(content)
    if parts is None:
        return content
    text, data = parts
    how = rng.randrange(4)
    if how == 0:
        text = mutated(rng, text, BYTES)
    elif how == 1:
        text = text.replace(b"False", b"True")
    else:
        text = new_header(rng, text)
    version = rng.choice([1, 1, 1, 2, 3, 0, 255])
    size = struct.pack("<H" if version == 1 else "<I", min(len(text), 0xFFFF))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def new_header(rng, text):
    fields = {"descr": "<f4", "fortran_order": False, "shape": (3, 4)}
    with suppress(Exception):  # mutations before this one may have damaged the text
        known = ast.literal_eval(text.decode().strip())
        fields |= {key: value for key, value in known.items() if key in fields}
    field = rng.choice(["shape", "shape", "descr", "fortran_order", "more", "less"])
    if field == "shape":
        fields["shape"] = new_shape(rng, fields["shape"])
    elif field == "descr":
        fields["descr"] = rng.choice(TYPES)
    elif field == "less":
        fields.popitem()
    else:
        fields[field] = rng.choice([True, None, 0, "x", [[]], {}])
    return repr(fields).encode() + b"\n"


def new_shape(rng, shape):
    sizes = list(shape) if isinstance(shape, tuple) and shape else [1]
    place = rng.randrange(len(sizes))
    how = rng.randrange(4)
    if how == 0:
        sizes = [*sizes, rng.choice(SIZES)]
    elif how == 1:
        del sizes[place]
    elif how == 2:
        sizes = rng.choice([[1] * 40, [0] * 5, [2] * 70, sizes[::-1], [10**5] * 4])
    else:
        sizes[place] = rng.choice(SIZES)
    return tuple(sizes)


ARRAY = [change_header, change_header, change_header, *BYTES]
NAMES = ["\n", "x_train", "../x_train.npy", "x_test.npy", "data.npy", "offsets.npy", "names.npy",
         "extra_fold.npy", "bones.npy", "a/", "\u00e4.npy", "x" * 300]  # fmt: skip
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def change_member(rng, content):
    """Change what an archive holds, and pack it again with the right check sums."""
    members = unpacked(content)
    if not members:
        return content
    place = rng.randrange(len(members))
    name, array = members[place]
    how = rng.randrange(8)
    if how == 0:
        del members[place]
    elif how == 1:
        members.insert(rng.randrange(len(members) + 1), (name, array))
    elif how == 2:
        members[place] = (rng.choice(NAMES), array)
    elif how == 3:
        members[place] = (name, rng.choice(members)[1])
    else:
        members[place] = (name, mutated(rng, array, ARRAY))
    return packed(members, rng.choice([*METHODS[:2] * 4, *METHODS]))


def unpacked(content):
    """The members of an archive; none of what is no archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:  # of a damaged archive, which mutations before this one have made
        return []


def packed(members, method):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand twice
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, content in members:
                archive.writestr(name or "nameless", content)
    return file.getvalue()


ARCHIVE = [*[change_member] * 12, *BYTES]
INSTRUCTIONS = [
    *(bytes([code]) for code in b"N\x88\x89)]}(012RbsuaetdloQ.\x85\x86\x87\x81\x92\x90\x91\x8f\x93"
      b"\x94\x97\x98"),
    b"h\x00", b"h\x01", b"h\x05", b"j\xff\xff\xff\x7f", b"q\x00", b"r\xff\xff\xff\x7f", b"p-1\n",
    b"g1\n", b"K\x03", b"M\xff\xff", b"J\xff\xff\xff\x7f", b"J\xff\xff\xff\xff", b"I01\n", b"I7\n",
    b"L9999999999999999999L\n", b"\x8a\x08" + b"\xff" * 7 + b"\x7f", b"\x8b\xff\xff\xff\x7f",
    b"F1e999\n", b"G\x7f\xf8" + bytes(6), b"S'a'\n", b"V\\ud800\n", b"X\x03\x00\x00\x00abc",
    b"\x8c\x02O8", b"\x8c\x02f4", b"\x8d" + b"\xff" * 7 + b"\x7f", b"C\x04abcd",
    b"B\xff\xff\xff\x7f", b"\x8e" + b"\xff" * 7 + b"\x7f", b"\x96" + b"\xff" * 5 + bytes(3),
    b"\x80\x09", b"\x95" + bytes(8), b"\x95" + b"\xff" * 7 + b"\x7f", b"cos\nsystem\n",
    b"cbuiltins\neval\n", b"cnumpy\nndarray\n",
    b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n", b"i__main__\nX\n", b"P1\n",
    b"cnumpy.core.multiarray\nscalar\n", b"c_codecs\nencode\n", b"ccollections\nOrderedDict\n",
    b"\x82\x01", b"\x84\x01\x00\x00\x00", *(b"K\x02" * 2 + b"\x86" * n for n in (1, 200)),
    *(b"h\x00" * n + b"t" for n in (2, 50)),
]  # fmt: skip
NUMBERS = [0, 1, 2, 24, 25, 127, 255]


def instructions(content):
    """The instructions of a pickle as bytes, up to the first that is none."""
    places = []
    try:
        places.extend(place for _, _, place in pickletools.genops(content))
    except Exception:  # of a damaged pickle, which mutations before this one have made
        places.append(len(content))
    ends = [*places[1:], len(content)]
    return [content[start:end] for start, end in zip(places, ends, strict=True)]


def change_instruction(rng, content):
    """Delete, repeat, swap or replace an instruction of a pickle, or change its argument."""
    codes = instructions(content)
    if not codes:
        return content
    place, other = rng.randrange(len(codes)), rng.randrange(len(codes))
    how = rng.randrange(7)
    if how == 0:
        del codes[place]
    elif how == 1:
        codes.insert(place, codes[other])
    elif how == 2:
        codes[place], codes[other] = codes[other], codes[place]
    elif how == 3:
        codes[place] = rng.choice(INSTRUCTIONS)
    elif how == 4:
        codes.insert(place, rng.choice(INSTRUCTIONS))
    else:
        codes[place] = new_argument(rng, codes[place])
    return b"".join(codes)


def new_argument(rng, code):
    """Give a number, or a short text, another value of right length."""
    kind = code[:1]
    if kind == b"K":
        return kind + bytes([rng.choice(NUMBERS)])
    if kind == b"J":
        return kind + struct.pack("<i", rng.choice([*NUMBERS, -1, 2**31 - 1, -(2**31)]))
    if kind == b"\x8c":
        text = rng.choice([*map(str, TYPES), "a", "label", "keypoint"]).encode()[:255]
        return kind + bytes([len(text)]) + text
    if kind in (b"I", b"S", b"V"):
        return kind + rng.choice(NASTY_WORDS).replace(b"\n", b"") + b"\n"
    return code[: rng.randrange(len(code) + 1)] + bytes([rng.randrange(256)]) * rng.randrange(3)


PICKLE = [*[change_instruction] * 12, *BYTES]
