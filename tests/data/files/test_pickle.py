"""Pickles from strangers, through the readers that open them."""

from __future__ import annotations

import copyreg
import pickle
import struct
import sys
import tracemalloc
import types
from collections import OrderedDict
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skelter.data import SkeletonFormatError, read_isc, read_pyskl

PROTOCOLS = range(6)
NUMPY_1, NUMPY_2 = b"numpy.core.", b"numpy._core."
HERE, ELSEWHERE = (NUMPY_1, NUMPY_2) if np.__version__.startswith("1.") else (NUMPY_2, NUMPY_1)


def annotation(**changes):
    keypoint = np.arange(2 * 4 * 5 * 3, dtype=np.float16).reshape(2, 4, 5, 3) + 1
    return {"frame_dir": "a", "label": 3, "total_frames": 4, "keypoint": keypoint} | changes


def read(tmp_path, content):
    path = tmp_path / "set.pkl"
    path.write_bytes(content)
    return list(read_pyskl(path))


def read_list(tmp_path, content):
    """Read a list of names and labels, as it comes with arrays."""
    np.save(tmp_path / "train_data_joint.npy", np.ones((2, 3, 4, 5, 1), np.float32))
    (tmp_path / "train_label.pkl").write_bytes(content)
    return [(clip.name, clip.label) for clip in read_isc(tmp_path)]


def unframed(content):
    """Drop the frame of a short pickle, so that its length may change."""
    return content[:2] + content[11:] if content[2:3] == pickle.FRAME else content


class TestWhatIsRead:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_arrays_scalars_and_containers(self, tmp_path, protocol):
        more = {
            "label": np.int64(3),
            "total_frames": np.int32(4),
            "set": {1, "two", b"three"},
            "frozenset": frozenset([None, 1.5]),
            "ordered": OrderedDict(a=1, b=[2]),
            "complex": 1 + 2j,
            "objects": np.array(["a", None, 3], dtype=object),
            "text": np.array(["ab", "c"]),
            "bytes": [b"", b"\x00\xff", bytearray(b"ab")],
            "numbers": [True, 2**40, -(2**60), -1.5, float("inf"), (), (1,), (1, 2, 3, 4)],
            "scalars": [np.bool_(True), np.float16(1), np.str_("x"), np.bytes_(b"x")],
            np.str_("key"): 1,
        }
        (clip,) = read(tmp_path, pickle.dumps([annotation(**more)], protocol))
        assert (clip.name, clip.label) == ("a", 3)
        np.testing.assert_array_equal(clip.joints, annotation()["keypoint"].swapaxes(0, 1))

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_orders_of_memory_and_of_bytes(self, tmp_path, protocol):
        keypoint = annotation()["keypoint"]
        big = keypoint.astype(">f8")
        columns = np.asfortranarray(keypoint)
        strided = np.repeat(keypoint, 2, axis=1)[:, ::2]
        turned = np.ascontiguousarray(keypoint.transpose(1, 0, 3, 2)).transpose(1, 0, 3, 2)
        content = [
            annotation(frame_dir=name, keypoint=array)
            for name, array in zip("abcd", (big, columns, strided, turned), strict=True)
        ]
        for clip in read(tmp_path, pickle.dumps(content, protocol)):
            np.testing.assert_array_equal(clip.joints, keypoint.swapaxes(0, 1))
            assert clip.joints.dtype == np.float32

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_an_array_that_several_clips_share(self, tmp_path, protocol):
        keypoint = annotation()["keypoint"]
        content = [annotation(frame_dir=name, keypoint=keypoint) for name in "abc"]
        clips = read(tmp_path, pickle.dumps(content, protocol))
        assert [clip.joints.sum() for clip in clips] == [keypoint.sum(dtype=np.float32)] * 3

    @pytest.mark.parametrize("protocol", [0, 2, 3])
    def test_of_the_other_version_of_numpy(self, tmp_path, protocol):
        content = pickle.dumps([annotation(label=np.int64(3))], protocol)
        assert HERE + b"multiarray\n" in content
        (clip,) = read(tmp_path, content.replace(HERE, ELSEWHERE))
        assert clip.label == 3

    @pytest.mark.parametrize("protocol", [4, 5])
    def test_of_the_other_version_of_numpy_in_newer_protocols(self, tmp_path, protocol):
        content = unframed(pickle.dumps([annotation(label=np.int64(3))], protocol))
        for module in (b"multiarray", b"numeric"):
            names = (HERE + module, ELSEWHERE + module)
            content = content.replace(*(b"\x8c" + bytes([len(name)]) + name for name in names))
        assert HERE not in content
        (clip,) = read(tmp_path, content)
        np.testing.assert_array_equal(clip.joints, annotation()["keypoint"].swapaxes(0, 1))

    @pytest.mark.parametrize(
        "content",
        [
            b"((lp0\nS'first.skeleton'\np1\naS'second'\np2\na(lp3\nI4\naI0\natp4\n.",
            b"((lp0\nVfirst\np1\naVsecond\np2\na(lp3\nL4L\naI0\natp4\n.",
            b"\x80\x02]q\x00(U\x0efirst.skeletonq\x01T\x06\x00\x00\x00secondq\x02e]q\x03(K\x04K\x00e"
            b"\x86q\x04.",
            # The labels as an array, the names as another.
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85U\x01b"
            b"\x87R(K\x01K\x02\x85cnumpy\ndtype\nq\x02U\x02S6K\x00K\x01\x87R(K\x03U\x01|NNNK\x06K\x01K"
            b"\x00tb\x89U\x0cfirst\x00secondtbh\x00h\x01K\x00\x85U\x01b\x87R(K\x01K\x02\x85h\x02U\x02i"
            b"2K\x00K\x01\x87R(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x00"
            b"\x04\x00\x00tb\x86.",
        ],
        ids=["text", "unicode", "binary", "arrays"],
    )
    def test_of_python_2(self, tmp_path, content):
        assert read_list(tmp_path, content) == [("first", 4), ("second", 0)]

    def test_sets_and_ordered_dictionaries_of_python_2(self, tmp_path):
        pairs = pickle.dumps([[key, value] for key, value in annotation().items()], 2)[2:-1]
        content = b"\x80\x02]ccollections\nOrderedDict\n" + pairs + b"\x85R"
        content += b"U\x03setc__builtin__\nset\n](K\x01K\x02e\x85Rsa."
        (clip,) = read(tmp_path, content)
        assert clip.name == "a"

    @pytest.mark.parametrize("kind", [list, tuple, np.array, lambda x: np.array(x, dtype=object)])
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_lists_of_names_in_any_form(self, tmp_path, kind, protocol):
        content = pickle.dumps((kind(["first", "second"]), kind([4, 0])), protocol)
        assert read_list(tmp_path, content) == [("first", 4), ("second", 0)]

    def test_characters_of_all_kinds(self, tmp_path):
        names = ["Zoë 🏃", "\u4e00"]
        for content in (names, np.array(names), np.array(names, dtype=">U6")):
            assert read_list(tmp_path, pickle.dumps((content, [0, 1])))[0] == (names[0], 0)


@pytest.fixture
def trap(monkeypatch, tmp_path):
    """A module whose function and classes, if anything calls them, write a file."""
    module = types.ModuleType("trap")
    module.marker = tmp_path / "sprung"

    def spring(*_, **__):
        module.marker.touch()
        return {}

    class New:
        def __new__(cls, *args, **kwargs):
            spring()
            return super().__new__(cls)

    class State(dict):
        def __setstate__(self, state):
            spring()

    class Appends(list):
        def extend(self, items):
            spring()

        append = extend

    class Items(dict):
        def __setitem__(self, key, value):
            spring()

    class Hashed:
        def __hash__(self):
            spring()
            return 0

    for thing in (New, State, Appends, Items, Hashed):
        thing.__module__, thing.__qualname__ = "trap", thing.__name__
        setattr(module, thing.__name__, thing)
    module.spring = spring
    module.Inner = types.SimpleNamespace(spring=spring)
    monkeypatch.setitem(sys.modules, "trap", module)
    return module


ATTACKS = {
    "GLOBAL, REDUCE": (b"ctrap\nspring\n(tR.", "trap.spring"),
    "GLOBAL, REDUCE of protocol 2": (b"\x80\x02ctrap\nspring\n)R.", "trap.spring"),
    "STACK_GLOBAL, REDUCE": (b"\x80\x04\x8c\x04trap\x8c\x06spring\x93)R.", "trap.spring"),
    "a dotted name": (b"\x80\x04\x8c\x04trap\x8c\x0cInner.spring\x93)R.", "trap.Inner.spring"),
    "a name out of the memo": (
        b"\x80\x04\x8c\x04trap\x94\x8c\x06spring\x94h\x00h\x01\x93)R.",
        "trap.spring",
    ),
    "INST": (b"(itrap\nspring\n.", "trap.spring"),
    "INST with arguments": (b"(I1\nitrap\nNew\n.", "trap.New"),
    "OBJ": (b"(ctrap\nspring\no.", "trap.spring"),
    "OBJ with arguments": (b"(ctrap\nNew\nI1\no.", "trap.New"),
    "NEWOBJ": (b"\x80\x02ctrap\nNew\n)\x81.", "trap.New"),
    "NEWOBJ_EX": (b"\x80\x04\x8c\x04trap\x8c\x03New\x93)}\x92.", "trap.New"),
    "BUILD": (b"\x80\x02ctrap\nState\n)\x81}b.", "trap.State"),
    "APPENDS": (b"\x80\x02ctrap\nAppends\n)\x81(K\x01e.", "trap.Appends"),
    "SETITEM": (b"\x80\x02ctrap\nItems\n)\x81K\x01K\x02s.", "trap.Items"),
    "a key": (b"\x80\x02}ctrap\nHashed\n)\x81K\x02s.", "trap.Hashed"),
    "copyreg": (b"ccopyreg\n__newobj__\n(ctrap\nNew\ntR.", "copyreg.__newobj__"),
    "copy_reg of Python 2": (
        b"ccopy_reg\n_reconstructor\n(ctrap\nNew\nctrap\nNew\nNtR.",
        "copy_reg._reconstructor",
    ),
    "eval": (b"c__builtin__\neval\n(S'__import__(\"trap\").spring()'\ntR.", "builtins.eval"),
    "getattr": (b"cbuiltins\ngetattr\n(ctrap\nInner\nS'spring'\ntR(tR.", "builtins.getattr"),
    "an import": (b"cbuiltins\n__import__\n(S'trap'\ntR.", "builtins.__import__"),
    "functools": (b"cfunctools\npartial\n(ctrap\nspring\ntR(tR.", "functools.partial"),
    "a class of arrays": (
        b"cnumpy.core.multiarray\n_reconstruct\n(ctrap\nNew\n(I0\ntS'b'\ntR.",
        "trap.New",
    ),
}


class TestNothingRuns:
    @pytest.mark.parametrize("attack", sorted(ATTACKS))
    def test_refused_by_name(self, tmp_path, trap, attack):
        content, name = ATTACKS[attack]
        with pytest.raises(
            SkeletonFormatError, match=rf"set.pkl asks for {name} at byte \d+, but only arrays"
        ):
            read(tmp_path, content)
        assert not trap.marker.exists()

    @pytest.mark.parametrize("attack", sorted(set(ATTACKS) - {"an import", "a class of arrays"}))
    def test_the_test_would_notice(self, trap, attack):
        pickle.loads(ATTACKS[attack][0])
        assert trap.marker.exists()

    def test_lists_of_labels_are_as_safe(self, tmp_path, trap):
        with pytest.raises(SkeletonFormatError, match="train_label.pkl asks for trap.spring"):
            read_list(tmp_path, ATTACKS["GLOBAL, REDUCE"][0])
        assert not trap.marker.exists()

    @pytest.mark.parametrize("opcode", [b"\x82\xf0", b"\x83\xf0\x00", b"\x84\xf0\x00\x00\x00"])
    def test_registered_extensions(self, tmp_path, trap, opcode):
        content = b"\x80\x02" + opcode + b")R."
        copyreg.add_extension("trap", "spring", 0xF0)
        try:
            pickle.loads(content)  # which also puts it into the cache
            trap.marker.unlink()
            with pytest.raises(SkeletonFormatError, match="asks for a registered extension"):
                read(tmp_path, content)
        finally:
            copyreg.remove_extension("trap", "spring", 0xF0)
        assert not trap.marker.exists()

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"Pname\n.", "asks for an object by its persistent identifier"),
            (b"\x80\x02K\x01Q.", "asks for an object by its persistent identifier"),
            (b"\x80\x05\x97.", "asks for a buffer outside the file"),
            (b"\x80\x05C\x01a\x98.", "asks for a buffer outside the file"),
            (b"\x80\x02cbuiltins\nset\n)\x81.", "from byte 2 on .UnpicklingError: NEWOBJ"),
            (b"(cbuiltins\nset\no.", "found a set of 0"),
            (b"(inumpy\nndarray\n.", "from byte 1 on .TypeError"),
            (b"ccollections\nOrderedDict\n(tR}b.", "from byte 27 on .AttributeError"),
            (b"cnumpy\nndarray\n}b.", "something unfinished, function"),
            (b"cnumpy\nmatrix\n.", "asks for numpy.matrix at byte 0,"),
            (b"\x80\x02}cnumpy\nload\n.", "asks for numpy.load at byte 3,"),
            (b"ccollections\nOrderedDict.__init__\n.", "asks for collections.OrderedDict.__init__"),
            (b"c\xc3\xa9\n\x1b[31m\n.", r"asks for \\xe9.\\x1b\[31m at byte 0,"),
            (b"cnumpy\nndarray\n.", "something unfinished, function"),
            (b"cnumpy\ndtype\n(S'f4'\ntR.", "something unfinished, DType"),
            (b"cnumpy\ndtype\n(S'V8'\ntR.", "an array of type 'V8'"),
            (b"cnumpy\ndtype\n(S'M8'\ntR.", "an array of type 'M8'"),
            (b"c_codecs\nencode\n(S'a'\nS'rot13'\ntR.", "encoded text that is not latin1"),
        ],
    )
    def test_whatever_else_is_asked_for(self, tmp_path, content, message):
        with pytest.raises(SkeletonFormatError, match=message):
            read(tmp_path, content)

    def test_pickles_inside_of_numpy_scalars(self, tmp_path, trap):
        inner = ATTACKS["GLOBAL, REDUCE of protocol 2"][0]
        content = b"\x80\x03cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(X\x01\x00\x00\x00OK\x00"
        content += b"K\x01tR(K\x03X\x01\x00\x00\x00|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tbC"
        content += bytes([len(inner)]) + inner + b"\x86R."
        with pytest.raises(SkeletonFormatError, match="for an array \\(\\) of object"):
            read(tmp_path, content)
        assert not trap.marker.exists()


def array(shape, dtype, data):
    """Return instructions that make an array."""
    return b"cnumpy\nndarray\n" + b"".join(
        pickle.dumps(part, 3)[2:-1] for part in (shape, dtype, data)
    ) + b"\x87R"  # fmt: skip


def reconstructed(shape, dtype, order, data, instructions=None):
    """Return instructions that make an array without contents, and then set its state."""
    parts = [pickle.dumps(part, 3)[2:-1] for part in (shape, dtype, order, data)]
    typed = b"cnumpy\ndtype\n" + parts[1] + b"\x85R(K\x03" + parts[2] + b"NNNJ\xff\xff\xff\xffJ"
    typed += b"\xff\xff\xff\xffK\x00tb"
    made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
    return made + b"(K\x01" + parts[0] + typed + b"\x89" + (instructions or parts[3]) + b"tb"


class TestDamage:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "cannot be read as a pickle of arrays and plain containers"),
            (b"some text\n", "cannot be read as a pickle"),
            (b'{"annotations": []}', "cannot be read as a pickle"),
            (b"PK\x03\x04 an archive", "cannot be read as a pickle|asks for"),
            (b"\x80\x09N.", "unsupported pickle protocol"),
            (b"\x80\x02]K\x01s.", "cannot be read as a pickle"),
            (b"\x80\x02K\x01K\x02a.", "'int' object has no attribute 'append'"),
            (b"\x80\x02]K\x01K\x02s.", "list assignment index out of range"),
            (b"\x80\x02}(K\x01u.", "cannot be read as a pickle"),
            (b"\x80\x02h\x07.", "Memo value not found at index 7"),
            (array((3,), "f4", bytes(8)), r"for an array \(3,\) of float32"),
            (array((-1,), "f4", bytes(8)), "shape is not made of sizes"),
            (array((2.0,), "f4", bytes(8)), "shape is not made of sizes"),
            (array((1,) * 40, "f4", bytes(4)), "of too many axes"),
            (array((2**62, 2**62), "f4", b""), "for an array"),
            (array((2**31 - 1,), "U0", b""), "for an array"),
            (array((1,), "<U1", b"\xff" * 4), "characters that do not exist"),
            (array((1,), "O", [None]), "an array of objects without a state"),
            (reconstructed((1,), "O8", "|", [[]]), "an object in an array of type list"),
            (reconstructed((2,), "O8", "|", [1]), r"list of 1 for an array \(2,\) of object"),
            (reconstructed((3,), "f4", "<", bytes(8)), r"for an array \(3,\) of float32"),
            (reconstructed((1,), "U1", ">", b"\xff" * 4), "characters that do not exist"),
            (reconstructed((1,), "i2", "<", b"ab") + b"Nb", "state is not one of five parts"),
            (reconstructed((1,), "i2", "<", b"ab") + b"K\x00K\x01s", "read-only"),
            (array((1,), "i2", b"ab") + b"K\x00K\x01s", "read-only"),
            (b"\x80\x04\x95" + struct.pack("<Q", 9) + b"N.", "a frame at byte 2 goes beyond"),
            (b"\x80\x04]\x8c\x09abc.", "SHORT_BINUNICODE at byte 3 goes beyond the end"),
            (b"\x80\x04]\xff.", "byte 3 is not an instruction"),
            (b"\x80\x04]", "byte 3 is missing"),
            (b"\x80\x04}K\x01\x85\x94K\x02s.", "a tuple as a key or a member at byte 9"),
            (b"\x80\x04}K\x01\x85\x940h\x00K\x02s.", "a tuple as a key or a member at byte 12"),
            (b"\x80\x04}(K\x01\x85Nb2K\x02u.", "a tuple as a key or a member at byte 12"),
            (b"\x80\x04\x8f(K\x01)\x90.", "a tuple as a key or a member at byte 7"),
            (b"\x80\x02\x8b\x0a\x00\x00\x00" + b"\x01" * 10 + b".", "more than 64 bits"),
        ],
    )
    def test_inconsistent(self, tmp_path, content, message):
        with pytest.raises(SkeletonFormatError, match=message):
            read(tmp_path, content + b"." * (content[:1] == b"c"))

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_truncated_anywhere(self, tmp_path, protocol):
        content = pickle.dumps([annotation()], protocol)
        for length in range(0, len(content), 7):
            with pytest.raises(SkeletonFormatError, match=r"set\.pkl"):
                read(tmp_path, content[:length])

    @given(data=st.data())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
    def test_only_one_kind_of_error(self, tmp_path, data):
        protocol = data.draw(st.sampled_from(PROTOCOLS))
        more = {"set": {1}, "ordered": OrderedDict(a=1), "objects": np.array(["a"], dtype=object)}
        content = bytearray(pickle.dumps({"annotations": [annotation(**more)]}, protocol))
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(content)))
            length = data.draw(st.integers(0, 8))
            content[start : start + length] = data.draw(st.binary(max_size=8))
        with suppress(SkeletonFormatError):
            assert len(read(tmp_path, bytes(content))) == 1

    @pytest.mark.parametrize(
        "content",
        [
            b"\x80\x04Nr\xff\xff\xff\x7f",  # a place in the memo
            b"\x80\x04B\xff\xff\xff\x7f",
            b"\x80\x04\x8e" + struct.pack("<Q", 2**40),
            b"\x80\x05\x96" + struct.pack("<Q", 2**40),  # a byte array
            b"\x80\x04\x95" + struct.pack("<Q", 2**40),  # a frame
            b"\x80\x04Np4000000000\n",  # a place in the memo, in digits
            b"\x80\x04" + b"N0" * 1000 + b"Nr\x00\x00\x00\x10",
            b"\x80\x02\x8b\xff\xff\xff\x7f",  # an integer
            b"I" + b"9" * 100_000 + b"\n",
            b"cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R",
            b"cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R",
            array((2**40,), "f4", b""),
            array((2**40, 0), "f4", b"") + b"}K\x00s",
            reconstructed((2**40,), "f4", "<", b""),
            reconstructed((2**31, 2**31), "O8", "|", []),
            reconstructed((1,), "U500000000", "<", b""),
            # An array of 100 kB, whose bytes are turned a thousand times.
            b"\x80\x03B\xa0\x86\x01\x00"
            + bytes(100_000)
            + b"q\x01"
            + reconstructed((100_000 // 2,), "i2", ">", None, b"h\x01") * 1000,
            # A text of 100 kB, encoded a thousand times.
            b"\x80\x02X\xa0\x86\x01\x00"
            + b"a" * 100_000
            + b"q\x00U\x06latin1q\x01c_codecs\nencode\n"
            b"q\x02(" + b"h\x02h\x00h\x01\x86R" * 1000,
        ],
    )
    def test_small_files_take_little_memory(self, tmp_path, content):
        tracemalloc.start()
        with pytest.raises(SkeletonFormatError):
            read(tmp_path, content + b".")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4 << 20

    @pytest.mark.parametrize(
        "content",
        [
            b")" + b"\x85" * 100_000,  # tuples
            b"]" * 100_000 + b"a" * 99_999,  # lists
            b"}K\x01" * 100_000 + b"N" + b"s" * 100_000,  # dictionaries
            b"})" + b"\x85" * 100_000 + b"Ns",  # a key, which Python would hash
            b"\x8f()" + b"\x85" * 100_000 + b"\x90",  # a member of a set
            b"cnumpy\ndtype\n)" + b"\x85" * 100_000 + b"R",  # an argument
            # A key that Python would hash for years.
            b"})\x94" + b"".join(b"h%ch%c\x86\x94" % (n, n) for n in range(60)) + b"Ns",
            b"cbuiltins\nfrozenset\n(])" + b"\x85" * 100_000 + b"a\x85R",
            b"ccollections\nOrderedDict\n]](" + b")" + b"\x85" * 100_000 + b"Nea\x85R",
            b"\x80\x02]q\x00h\x00a",  # a list that contains itself
            # What would have 2^60 entries if it were looked through.
            b"(}U\x09frame_dir]q\x00" + b"(h\x00h\x00lq\x00" * 60 + b"sl",
            b"}U\x0bannotations]q\x00" + b"(h\x00h\x00lq\x00" * 60 + b"s",
        ],
    )
    def test_depth_does_no_harm(self, tmp_path, content):
        with pytest.raises(SkeletonFormatError):
            read(tmp_path, b"\x80\x04" + content + b".")
