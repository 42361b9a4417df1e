"""Pickles from strangers: arrays and plain containers, and nothing that runs.

A pickle is a program. `_scan` looks through its instructions before any is followed. Then the
standard library follows them, and each function that they name is one of ours, see `_Makers`.
NumPy's own functions are not called: they trust what they are given.
"""

from __future__ import annotations

import math
import mmap
import pickle
import pickletools
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any, BinaryIO, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from skelter._files import SkeletonFormatError, translate_errors
from skelter.data.files._npy import MAX_AXES, require_characters

FORM = "a pickle of arrays and plain containers"
PROTOCOL = 4  # what Python 3.4 and later read
SCALARS = (str, bytes, int, float, complex, NoneType, np.generic)
FINAL = (*SCALARS, bytearray, np.ndarray)
SIMPLE = re.compile(r"[<>=|]?(?:[biufcSU]\d{1,9}|O\d?|\?)", re.ASCII)
ORDERS: dict[str, Literal["<", ">", "=", "|"]] = {"<": "<", ">": ">", "=": "=", "|": "|"}


def load_pickle(path: Path) -> Any:
    """Return what a pickle holds: NumPy arrays and scalars, and plain containers of such.

    Pickles of Python 2 and of NumPy 1 and 2 are read, in all protocols. Arrays cannot be written
    to. Ordered dictionaries come as dictionaries, which keep their order too.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is not a pickle, is damaged, or asks for anything else. That is
            named with its place, and not run.
    """
    with translate_errors(path, FORM), path.open("rb") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            makers = _Makers(path, len(content), _scan(path, content))
        try:
            return _require_plain(_Unpickler(file, makers).load())
        except Exception:
            with translate_errors(path, f"{FORM} from byte {makers.place} on"):
                raise


def dump_pickle(file: BinaryIO, value: Any) -> None:
    """Write arrays and plain containers that do not contain themselves.

    Arrays are written so that any version of NumPy reads them. A ``functools.partial`` stands for
    the array that it returns, and is called when that is written.
    """
    pickler = _Pickler(file, PROTOCOL)
    pickler.fast = True  # remembers nothing: no second copy of every array in memory
    pickler.dump(value)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object, /) -> Any:
        """Name NumPy's array class only: its functions have other names in other versions."""
        if isinstance(value, partial):
            value = value()
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            return np.ndarray, (value.shape, value.dtype.str, bytearray(value.tobytes()))
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, makers: _Makers) -> None:
        super().__init__(file, encoding="latin1")
        self.makers = makers

    def find_class(self, module: str, name: str, /) -> Any:
        """Return our function for a name. Nothing is imported."""
        return self.makers.function(module, name)


def _refusal(path: Path, what: str, place: int) -> SkeletonFormatError:
    return SkeletonFormatError(
        f"{path} asks for {what} at byte {place}, but only arrays and plain containers are read. "
        "Nothing of it was run."
    )


class _Instruction(NamedTuple):
    """An instruction, as the table of `pickletools` describes it."""

    name: str
    size: int  # bytes of its argument, or a code below 0 for how its end is found
    takes: int | None  # things that it takes from the stack, None for all above the last mark
    leaves: tuple[type, ...]  # on the stack: `tuple` for a tuple, `object` for anything else
    pushes: bool  # only that, from its argument


def _instruction(op: pickletools.OpcodeInfo) -> _Instruction:
    takes = None if pickletools.markobject in op.stack_before else len(op.stack_before)
    leaves = [tuple if kind is pickletools.pytuple else object for kind in op.stack_after]
    if op.name in ("MARK", "POP"):  # marks are kept apart
        takes, leaves = 0, []
    if op.name in IN_PLACE:
        takes, leaves = takes and takes - 1, []
    special = op.name in REFUSED or op.name in LONGEST or pickletools.anyobject in op.stack_after
    pushes = takes == 0 and bool(leaves) and not special
    return _Instruction(op.name, op.arg.n if op.arg else 0, takes, tuple(leaves), pushes)


IN_PLACE = "APPEND APPENDS SETITEM SETITEMS ADDITEMS BUILD MEMOIZE".split()
REFUSED = {
    **dict.fromkeys(["EXT1", "EXT2", "EXT4"], "a registered extension"),
    **dict.fromkeys(["PERSID", "BINPERSID"], "an object by its persistent identifier"),
    **dict.fromkeys(["NEXT_BUFFER", "READONLY_BUFFER"], "a buffer outside the file"),
}
LONGEST = {"INT": 22, "LONG": 22, "LONG1": 9, "LONG4": 9}
FUNCTIONS = {"GLOBAL": 1, "STACK_GLOBAL": 1, "REDUCE": 1, "OBJ": 1, "INST": 2}  # of ours, that run
KEYS = {"SETITEM": 2, "SETITEMS": 2, "DICT": 2, "ADDITEMS": 1, "FROZENSET": 1}  # one in how many
INSTRUCTIONS = {ord(op.code): _instruction(op) for op in pickletools.opcodes}
LENGTHS = {  # bytes that say how long an argument is
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


def _instructions(content: mmap.mmap) -> Iterator[tuple[_Instruction, int, int, int]]:
    """Yield the instructions, their places, and where their arguments start and end.

    `pickletools.genops` copies every argument, and does not know all strings of Python 2.
    """
    name, end, total = "", 0, len(content)
    while name != "STOP":
        place, start = end, end + 1
        one = INSTRUCTIONS.get(content[place]) if place < total else None
        if one is None:
            what = "not an instruction" if place < total else "missing"
            raise ValueError(f"byte {place} is {what}")
        name, size = one.name, one.size
        end = start + size
        if size == pickletools.UP_TO_NEWLINE:
            end = start
            for _line in range(2 if name in ("GLOBAL", "INST") else 1):
                end = content.find(b"\n", end) + 1 or total + 1
        elif size < 0:
            start += LENGTHS[size]
            end = start + int.from_bytes(content[place + 1 : start], "little")
        if end > total:
            raise ValueError(f"{name} at byte {place} goes beyond the end of the file")
        yield one, place, start, end


def _scan(path: Path, content: mmap.mmap) -> list[int]:
    """Return the bytes where the pickle names and calls functions.

    What the standard library would follow, or refuse too late, is refused here: things outside of
    the file, room for more than the file holds, endless numbers, and tuples as keys, since Python
    crashes where it hashes deeply nested ones. To know a tuple, the stack is followed with types in
    place of things.

    Raises:
        SkeletonFormatError: The pickle asks for what is outside of the file.
        ValueError: It is damaged.
    """
    places: list[int] = []
    stack: list[type] = []
    marks: list[int] = []
    memo: dict[int, type] = {}
    for steps, (one, place, start, end) in enumerate(_instructions(content)):
        name, size, takes, leaves, pushes = one
        if pushes:
            stack += leaves
            continue
        items = []
        if takes != 0:
            first = marks.pop() if takes is None else max(len(stack) - takes, 0)
            items = stack[first:]
            del stack[first:]
        if name == "MEMOIZE" or name.endswith("PUT"):
            index = _number(content[start:end], size) if size else len(memo)
            if index > steps:  # the library makes room for all places before this one
                raise ValueError(f"the memo's place {index} at byte {place} is too far")
            memo[index] = stack[-1]
        elif name.endswith("GET"):
            stack.append(memo.get(_number(content[start:end], size), object))
        elif name == "MARK":
            marks.append(len(stack))
        elif name == "POP":
            del (marks if marks and marks[-1] == len(stack) else stack)[-1:]
        elif name == "FRAME" and _number(content[start:end], size) > len(content) - end:
            raise ValueError(f"a frame at byte {place} goes beyond the end of the file")
        elif name in KEYS and tuple in items[:: KEYS[name]]:
            raise ValueError(f"a tuple as a key or a member at byte {place}")
        elif end - start > LONGEST.get(name, end):
            raise ValueError(f"an integer of more than 64 bits at byte {place}")
        elif name in REFUSED:
            raise _refusal(path, REFUSED[name], place)
        else:
            places += [place] * FUNCTIONS.get(name, 0)
            stack += items * 2 if name == "DUP" else leaves
    return places


def _number(argument: bytes, size: int) -> int:
    """Return an argument that is a number, in digits or in bytes."""
    return int(argument) if size < 0 else int.from_bytes(argument, "little")


class _DType:
    """The type of an array's numbers, whose byte order may still come."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype

    def __setstate__(self, state: Any) -> None:
        """Take the byte order. The rest of a state belongs to types that are not simple."""
        simple = type(state) is tuple and len(state) >= 5 and state[2:5] == (None, None, None)
        if not simple or type(state[1]) is not str or state[1] not in ORDERS:
            raise ValueError("an array whose type is not simple")
        self.dtype = self.dtype.newbyteorder(ORDERS[state[1]])


class _Array(np.ndarray[Any, Any]):
    """An array whose contents come after it."""

    makers: _Makers | None = None

    def __setstate__(self, state: Any, /) -> None:
        """Take contents (version, shape, type, Fortran order, data) that agree, once only."""
        if self.makers is None or type(state) is not tuple or len(state) != 5:
            raise ValueError("an array whose state is not one of five parts")
        _, shape, dtype, fortran, data = state
        data = self.makers.contents(shape, dtype, data)
        self.makers.spend(len(data))  # NumPy copies some
        self.makers = None
        contents: Any = (1, shape, dtype.dtype, fortran is True, data)
        super().__setstate__(contents)
        self.flags.writeable = False


class _Makers:
    """The functions that the names in one pickle stand for, which check their arguments.

    Args:
        path: The file.
        size: Its bytes. What it repeats by reference could be copied without end. Honest files
            hold everything that is copied here at least once.
        places: The bytes where it names and calls functions, one by one.
    """

    def __init__(self, path: Path, size: int, places: list[int]) -> None:
        self.path = path
        self.left = 2 * size  # older protocols copy twice
        self.places = iter(places)
        self.place = 0
        functions: dict[str, Callable[..., Any]] = {
            "builtins.bytearray": self.bytes,
            "builtins.bytes": self.bytes,
            "builtins.complex": complex,
            "builtins.frozenset": lambda items=(): frozenset(self.scalars(items, "a member")),
            "builtins.set": lambda items=(): set(self.scalars(items, "a member")),
            "_codecs.encode": self.encode,
            "collections.OrderedDict": self.ordered_dict,
            "numpy.dtype": self.dtype,
            "numpy.ndarray": lambda shape, code, data: self.array(shape, self.dtype(code), data),
            "numpy.core.multiarray._reconstruct": self.reconstruct,
            "numpy.core.multiarray.scalar": lambda dtype, data: self.array((), dtype, data)[()],
            "numpy.core.numeric._frombuffer": self.frombuffer,
        }
        self.functions = {name: self._note_place(make) for name, make in functions.items()}

    def _note_place(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.place = next(self.places)
            return make(*arguments)

        return call

    def function(self, module: str, name: str) -> Callable[..., Any]:
        """Return what stands for a function of Python 2 or 3, or of NumPy 1 or 2."""
        self.place = next(self.places)
        full = f"{module}.{name}".replace("__builtin__.", "builtins.", 1)
        found = self.functions.get(full.replace("numpy._core.", "numpy.core.", 1))
        if found is None:
            raise _refusal(self.path, ascii(full)[1:-1][:200], self.place)
        return found

    def spend(self, size: int) -> None:
        """Account for a copy."""
        self.left -= size
        if self.left < 0:
            raise ValueError("more contents than its size allows")

    def scalars(self, items: Any, what: str) -> Any:
        """Return plain values. Python crashes where it hashes deeply nested tuples."""
        if type(items) not in (list, tuple):
            raise ValueError(f"a container made of {_describe(items)}")
        self.spend(len(items))
        for item in items:
            if not isinstance(item, SCALARS):
                raise ValueError(f"{what} of type {_describe(item)}")
        return items

    def bytes(self, data: Any = b"") -> Any:
        if type(data) is not bytes:
            raise ValueError(f"bytes made of {_describe(data)}")
        return data

    def encode(self, text: Any, encoding: Any) -> Any:
        """Return text as bytes, which is how older protocols keep bytes."""
        if type(text) is not str or type(encoding) is not str or encoding != "latin1":
            raise ValueError("encoded text that is not latin1")
        self.spend(len(text))
        return text.encode("latin1")

    def ordered_dict(self, pairs: Any = ()) -> Any:
        """Return a dictionary, made of pairs in Python 2."""
        if type(pairs) not in (list, tuple):
            raise ValueError(f"a dictionary made of {_describe(pairs)}")
        if not all(type(pair) in (list, tuple) and len(pair) == 2 for pair in pairs):
            raise ValueError("a dictionary that is not made of pairs")
        self.scalars([key for key, _ in pairs], "a dictionary key")
        return dict(pairs)

    def dtype(self, code: Any, *_: Any) -> _DType:
        """Return a type of numbers, text or objects. The flags have no meaning."""
        if type(code) is not str or not SIMPLE.fullmatch(code):
            raise ValueError(f"an array of type {_describe(code)}")
        return _DType(np.dtype(object if "O" in code else code))

    def reconstruct(self, kind: Any, *_: Any) -> Any:
        """Return an array without contents."""
        if kind is not self.functions["numpy.ndarray"]:
            raise ValueError("an array of a class of its own")
        array = _Array(0)
        array.flags.writeable = False
        array.makers = self
        return array

    def frombuffer(self, data: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> Any:
        """Return an array of protocol 5."""
        if type(order) is not str or order not in tuple("CFK"):
            raise ValueError("an array in an order that does not exist")
        array = self.array(shape, dtype, data, "F" if order == "F" else "C")
        return array if order != "K" or axes is None else array.transpose(axes)

    def array(self, shape: Any, dtype: Any, data: Any, order: Any = "C") -> npt.NDArray[Any]:
        """Return an array of numbers or text, whose contents are not copied."""
        data = self.contents(shape, dtype, data)
        if dtype.dtype.hasobject:
            raise ValueError("an array of objects without a state")
        array: npt.NDArray[Any] = np.ndarray(shape, dtype.dtype, data, order=order)
        array.flags.writeable = False
        return array

    def contents(self, shape: Any, dtype: Any, data: Any) -> Any:
        """Return an array's contents, as bytes or as a list, if shape, type and contents agree."""
        if type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError("an array whose shape is not made of sizes")
        if type(dtype) is not _DType or len(shape) > MAX_AXES:
            raise ValueError("an array without a type, or of too many axes")
        kind = dtype.dtype
        if type(data) is str:
            data = self.encode(data, "latin1")
        fits = type(data) in ((list,) if kind.hasobject else (bytes, bytearray))
        unit = 1 if kind.hasobject else kind.itemsize
        if not fits or not unit or len(data) != unit * math.prod(shape):
            raise ValueError(f"{_describe(data)} for an array {shape} of {kind}")
        if kind.kind == "U":
            require_characters(data, kind)
        return self.scalars(data, "an object in an array") if kind.hasobject else data


def _require_plain(value: Any) -> Any:
    """Return a value of arrays and plain containers only. It may contain itself."""
    seen, left = set(), [value]
    while left:
        item = left.pop()
        if isinstance(item, FINAL) or id(item) in seen:
            continue
        seen.add(id(item))
        if type(item) not in (dict, list, tuple, set, frozenset):
            raise ValueError(f"something unfinished, {_describe(item)}")
        left.extend(item)
        left.extend(item.values() if type(item) is dict else ())
    return value


def _describe(value: Any) -> str:
    """Return a short description that looks into nothing that may be deep."""
    if isinstance(value, (str, bytes)) and len(value) <= 40:
        return repr(value)
    length = f" of {len(value)}" if isinstance(value, (str, bytes, bytearray, list, tuple)) else ""
    return type(value).__name__.lstrip("_") + length
