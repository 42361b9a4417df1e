"""Pickles from strangers: arrays and plain containers, and nothing that runs.

A pickle is a program. Only those instructions are followed here that make plain values, and every
function that one names is looked up in `_stand_ins`, never imported. The machine is the standard
library's in Python, not that in C, which reserves as much memory as a file asks for.
"""

from __future__ import annotations

import mmap
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from skelter._files import SkeletonFormatError, decoding
from skelter.data.files._stand_ins import (
    NAMES,
    DType,
    Pending,
    StandIns,
    require_plain,
    require_scalars,
)

PROTOCOL = 4  # what Python 3.4 and later read
LIBRARY: dict[int, Any] = pickle._Unpickler.dispatch
PLAIN = (
    "PROTO FRAME STOP POP POP_MARK DUP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 FLOAT "
    "BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 UNICODE "
    "BINUNICODE SHORT_BINUNICODE BINUNICODE8 EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST "
    "LIST EMPTY_DICT EMPTY_SET GLOBAL STACK_GLOBAL REDUCE PUT BINPUT LONG_BINPUT MEMOIZE GET "
    "BINGET LONG_BINGET"
)
REFUSED = {
    "an object of a class": "OBJ NEWOBJ NEWOBJ_EX",
    "a registered extension": "EXT1 EXT2 EXT4",
    "an object by its persistent identifier": "PERSID BINPERSID",
    "a buffer outside the file": "NEXT_BUFFER READONLY_BUFFER",
}


def load_pickle(path: Path) -> Any:
    """Return what a pickle holds: NumPy arrays and scalars, and plain containers of such.

    Pickles of Python 2 and of NumPy 1 and 2 are read, in all protocols. Arrays cannot be written
    to. Byte arrays come as ``bytes``.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is no pickle, is damaged, or asks for anything else; that is named,
            and not run.
    """
    with (
        decoding(path, "a pickle of arrays and plain containers"),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        return require_plain(_Machine(path, content).load())


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


class _Memo(dict[int, Any]):
    """What a pickle refers to again; of an array whose contents have come, the array."""

    def __getitem__(self, index: int) -> Any:
        value = super().__getitem__(index)
        return value.array if type(value) is Pending and value.array is not None else value


class _Machine(pickle._Unpickler):
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    readline: Callable[[], bytes]
    stack: list[Any]
    dispatch: ClassVar[dict[int, Any]]

    def __init__(self, path: Path, content: mmap.mmap) -> None:
        super().__init__(content, encoding="latin1")
        self.path = path
        self.stand_ins = StandIns(len(content))
        self.memo = _Memo()

    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}".replace("__builtin__.", "builtins.", 1)
        method = NAMES.get(full.replace("numpy._core.", "numpy.core.", 1))
        if method is None:
            raise self.refusal(ascii(full)[1:-1][:200])
        return getattr(self.stand_ins, method)

    def refusal(self, what: str) -> SkeletonFormatError:
        return SkeletonFormatError(
            f"{self.path} asks for {what}, which is no array and no plain container. "
            "Nothing of it was run."
        )

    def top(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise ValueError(f"a {kind.__name__} is expected, not {type(self.stack[-1]).__name__}")
        return self.stack[-1]

    def instance(self) -> None:
        module, name = (self.readline()[:-1].decode() for _ in range(2))
        self.find_class(module, name)
        raise self.refusal(f"an object of {ascii(name)[1:-1][:200]}")

    def dictionary(self) -> None:
        items = self.pop_mark()
        self.append({})
        self.update(items)

    def update(self, items: list[Any]) -> None:
        keys, values = items[::2], items[1::2]
        require_scalars(keys, "a dictionary key")
        self.top(dict).update(zip(keys, values, strict=True))

    def set_item(self) -> None:
        items = self.stack[-2:]
        del self.stack[-2:]
        self.update(items)

    def set_items(self) -> None:
        self.update(self.pop_mark())

    def append_item(self) -> None:
        item = self.stack.pop()
        self.top(list).append(item)

    def append_items(self) -> None:
        items = self.pop_mark()
        self.top(list).extend(items)

    def add_items(self) -> None:
        items = self.pop_mark()
        require_scalars(items, "a member of a set")
        self.top(set).update(items)

    def frozen(self) -> None:
        items = self.pop_mark()
        require_scalars(items, "a member of a set")
        self.append(frozenset(items))

    def build(self) -> None:
        state = self.stack.pop()
        if type(self.stack[-1]) not in (DType, Pending):
            raise self.refusal(f"a change of the state of {type(self.stack[-1]).__name__}")
        self.stack[-1] = self.stack[-1].build(state)


def _integer(opcode: int) -> Callable[[_Machine], None]:
    """Return an instruction that pushes an integer, unless it is one that no array can hold."""

    def load(machine: _Machine) -> None:
        LIBRARY[opcode](machine)
        if not -(2**63) <= machine.stack[-1] < 2**64:
            raise ValueError("an integer of more than 64 bits")

    return load


def _refuse(what: str) -> Callable[[_Machine], None]:
    def refuse(machine: _Machine) -> None:
        raise machine.refusal(what)

    return refuse


def _unknown(machine: _Machine) -> None:
    raise ValueError("an instruction that does not exist")


def _codes(names: str) -> list[int]:
    return [getattr(pickle, name)[0] for name in names.split()]


_Machine.dispatch = {
    **dict.fromkeys(range(256), _unknown),
    **{code: LIBRARY[code] for code in _codes(PLAIN)},
    **{code: _integer(code) for code in _codes("INT LONG LONG1 LONG4")},
    **{code: _refuse(what) for what, names in REFUSED.items() for code in _codes(names)},
    pickle.INST[0]: _Machine.instance,
    pickle.DICT[0]: _Machine.dictionary,
    pickle.SETITEM[0]: _Machine.set_item,
    pickle.SETITEMS[0]: _Machine.set_items,
    pickle.APPEND[0]: _Machine.append_item,
    pickle.APPENDS[0]: _Machine.append_items,
    pickle.ADDITEMS[0]: _Machine.add_items,
    pickle.FROZENSET[0]: _Machine.frozen,
    pickle.BUILD[0]: _Machine.build,
    # The library would fill a byte array of any size first; the argument is that of BINBYTES8.
    pickle.BYTEARRAY8[0]: LIBRARY[pickle.BINBYTES8[0]],
}
