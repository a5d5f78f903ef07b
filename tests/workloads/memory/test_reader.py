"""Trace files: every format read and written, parts, and what is refused."""

import gzip
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import StorageError, UnknownNameError, WorkloadError
from codesign.workloads.memory import reader
from codesign.workloads.memory.formats import FORMATS
from codesign.workloads.memory.reader import read_trace, read_trace_parts
from codesign.workloads.memory.trace import MemoryTrace
from codesign.workloads.memory.writer import write_trace
from tests.workloads.memory.strategies import same, traces


def read_text(tmp_path, text, name="some.trace", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_trace(str(path), **options)


def requests(trace):
    return list(zip(trace.cycle.tolist(), trace.address.tolist(), trace.write.tolist(), strict=True))


EXPECTED = [(3, 0x40, False), (3, 0xABCDEF0, True), (17, 0, False)]
TEXTS = {
    "dramsys": "3:\tread\t0x40\n3:\twrite\t0xABCDEF0\n17:\tread\t0x0\n",
    "dramsys with data and comments": "# a comment\n\n3: read 0x40\n3: write 0xabcdef0 0x0123456789abcdef\n"
    "  # another\n17: (8) read 0x00000000\n",
    "dramsys, Windows, no end of the last line": "\ufeff3: read 0x40\r\n\r\n3: write 0xABCDEF0\r\n17: read 0X0",
    "dramsys without 0x": "3: read 40\n3: write abcdef0\n17: read 0\n",
    "any length of line": "3: read 0x40\n3: write 0xABCDEF0 0x" + 5000 * "ab" + "\n17: read 0x0\n",
    "dramsim3": "0x40 READ 3\n0xABCDEF0 WRITE   3\n0x0 READ 17\n",
    "dramsim3, other words": "40 read 3\nABCDEF0 BOFF 3\n0 P_MEM_RD 17\n",
}
UNTIMED = {
    "load-store": "LD 64\nST 0xABCDEF0\nLD 0x0\n",
    "read-write": "0x40 R\n0xabcdef0 W\n0x0 R\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_formats_with_times(tmp_path, text):
    trace = read_text(tmp_path, text)
    assert requests(trace) == EXPECTED
    assert trace.name == "some"


@pytest.mark.parametrize("text", UNTIMED.values(), ids=UNTIMED.keys())
def test_formats_without_times_have_one_request_in_each_cycle(tmp_path, text):
    assert requests(read_text(tmp_path, text)) == [(i, a, w) for i, (_, a, w) in enumerate(EXPECTED)]


def test_the_clock_is_given_or_that_of_the_published_experiments(tmp_path):
    assert read_text(tmp_path, "0: read 0x0\n").clock_mhz == 800.0
    assert read_text(tmp_path, "0: read 0x0\n", clock_mhz=1200.0).clock_mhz == 1200.0
    with pytest.raises(WorkloadError, match="the clock must be above 0 MHz, found -1"):
        read_text(tmp_path, "0: read 0x0\n", clock_mhz=-1)


def test_a_line_with_a_length_becomes_the_blocks_that_it_touches(tmp_path):
    text = "5: (16) write 0x1f0\n6: (200) read 0x1f0\n7: (64) read 0x40\n8: read 0x7\n9: (65) read 0x40\n"
    assert requests(read_text(tmp_path, text)) == [
        (5, 0x1F0, True),
        *((6, address, False) for address in (0x1F0, 0x200, 0x240, 0x280)),
        (7, 0x40, False),
        (8, 0x7, False),
        *((9, address, False) for address in (0x40, 0x80)),
    ]
    assert len(read_text(tmp_path, text, burst_bytes=256)) == 6, "0x1f0 and 200 bytes on lie in two blocks of 256"


def test_lengths_are_cut_into_the_same_requests_whatever_the_pieces(tmp_path, monkeypatch):
    text = "".join(f"{i}: ({1 + 97 * i % 700}) read 0x{131 * i:x}\n" for i in range(200))
    whole = read_text(tmp_path, text)
    monkeypatch.setattr(reader, "_PART", 7)
    assert same(read_text(tmp_path, text), whole)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_what_was_written_is_read_again(tmp_path_factory, form, suffix):
    path = str(tmp_path_factory.mktemp("trace") / f"t.trace{suffix}")

    @settings(max_examples=25)
    @given(traces(timed=FORMATS[form].timed))
    def check(trace):
        write_trace(trace, path, form)
        found = read_trace(path, trace.clock_mhz)
        assert same(found, trace)
        assert (found.name, found.clock_mhz) == ("t", 1000.0)

    check()


@settings(max_examples=40)
@given(traces(), st.integers(1, 50), st.integers(1, 200))
def test_parts_make_the_whole_whatever_their_size_and_that_of_the_blocks(tmp_path_factory, trace, size, block):
    path = str(tmp_path_factory.mktemp("trace") / "t.stl")
    write_trace(trace, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_BLOCK_BYTES", 50 + block)
        parts = list(read_trace_parts(path, size, 1000.0))
    assert [len(part) for part in parts[:-1]] == [size] * (len(parts) - 1)
    assert 1 <= len(parts[-1]) <= size
    for attribute in ("cycle", "address", "write"):
        joined = np.concatenate([getattr(part, attribute) for part in parts])
        assert np.array_equal(joined, getattr(trace, attribute))


def test_requests_without_times_are_counted_over_blocks(tmp_path, monkeypatch):
    trace = MemoryTrace("t", 800.0, np.arange(100), np.arange(100), np.zeros(100))
    write_trace(trace, tmp_path / "t.trace", "load-store")
    monkeypatch.setattr(reader, "_BLOCK_BYTES", 64)
    assert same(read_trace(tmp_path / "t.trace"), trace)


def test_packed_files_have_the_same_bytes_every_time(tmp_path):
    trace = MemoryTrace("t", 1.0, np.arange(9), np.arange(9) * 64, np.zeros(9))
    for name in ("a.stl.gz", "b.stl.gz"):
        write_trace(trace, str(tmp_path / name))
    first, second = ((tmp_path / name).read_bytes() for name in ("a.stl.gz", "b.stl.gz"))
    assert first == second
    assert first[4:8] == bytes(4), "no time of writing"
    assert gzip.decompress(first).startswith(b"0:\tread\t0x0\n1:\tread\t0x40\n")


@pytest.mark.parametrize("form", FORMATS)
def test_a_trace_in_parts_is_written_as_the_whole(tmp_path, form):
    trace = MemoryTrace("t", 800.0, np.arange(10), np.arange(10) * 64, np.arange(10) % 3 == 0)
    write_trace(trace, tmp_path / "whole.trace", form)
    write_trace(trace.parts(3), tmp_path / "parts.trace", form)
    assert (tmp_path / "parts.trace").read_bytes() == (tmp_path / "whole.trace").read_bytes()


def test_no_file_is_begun_without_a_first_part(tmp_path):
    with pytest.raises(WorkloadError, match="a trace without parts has no request"):
        write_trace([], tmp_path / "t.trace")
    assert not (tmp_path / "t.trace").exists()


def test_requests_in_parts_are_counted_over_all_where_the_format_has_no_times(tmp_path):
    late = MemoryTrace("late", 1.0, np.array([0, 1, 2, 4]), np.zeros(4), np.zeros(4))
    with pytest.raises(WorkloadError, match="request 3 is at cycle 4"):
        write_trace(late.parts(2), tmp_path / "t.trace", "load-store")


def test_paths_may_be_objects(tmp_path):
    trace = MemoryTrace("t", 800.0, np.arange(3), np.arange(3), np.zeros(3))
    write_trace(trace, tmp_path / "t.stl.gz")
    assert same(read_trace(tmp_path / "t.stl.gz"), trace)
    assert [len(part) for part in read_trace_parts(tmp_path / "t.stl.gz", 2)] == [2, 1]


def test_a_packed_file_is_known_by_its_bytes_and_not_by_its_name(tmp_path):
    assert requests(read_text(tmp_path, gzip.compress(b"0: read 0x40\n"))) == [(0, 64, False)]
    assert requests(read_text(tmp_path, b"0: read 0x40\n", "plain.stl.gz")) == [(0, 64, False)]


BAD_LINES = {
    "12: read 0xZZ": "the address isn't a hexadecimal number: '12: read 0xZZ'",
    "12: read": "no address",
    "12: load 0x0": "the request is none of read, write",
    "12: read 0x0 0xff 0xff": "something behind the data",
    "12: write 0x0 ff": "the data don't begin with 0x",
    "-1: read 0x0": "the time isn't a decimal number",
    "1.5: read 0x0": "the time isn't a decimal number",
    ": read 0x0": "the time isn't a decimal number",
    "120 read 0x0": "no colon behind the time",
    "12: read 0x": "the address isn't a hexadecimal number",
    "12: read -0x40": "the address isn't a hexadecimal number",
    "12: read 0x8000000000000000": r"the address is above 2\*\*63 - 1",
    "12: read 0xFFFFFFFFFFFFFFFFF": r"the address is above 2\*\*63 - 1",
    "9223372036854775808: read 0x0": r"the time is above 2\*\*63 - 1",
    "99999999999999999999999999: read 0x0": r"the time is above 2\*\*63 - 1",
    "18446744073709551617: read 0x0": r"the time is above 2\*\*63 - 1",
    "12: read 0x10000000000000040": r"the address is above 2\*\*63 - 1",
    "1A: read 0x0": "the time isn't a decimal number",
    f"12: read 0x{'0' * 33}": r"the address is above 2\*\*63 - 1",
    "12: (0) read 0x0": "the length isn't a number of bytes from 1 to 1048576 in brackets",
    "12: (1048577) read 0x0": "the length isn't a number of bytes from 1 to 1048576",
    "12: (64 read 0x0": "the length isn't a number of bytes",
    "12: (x) read 0x0": "the length isn't a number of bytes",
    "12: (64) read 0x7FFFFFFFFFFFFFFF": r"the last address is above 2\*\*63 - 1",
    "10: read 0x0": "the time falls from 11 to 10; it must not fall",
    "0x0 READ 12": "the time isn't a decimal number",
    "\x00\x01\x02": "the time isn't a decimal number",
    "12: read 0x\xe9": "the address isn't a hexadecimal number",
}


@pytest.mark.parametrize(("line", "message"), BAD_LINES.items())
@pytest.mark.parametrize("after", ["", "13: read 0x0\n", "nonsense\n"])
def test_a_faulty_line_is_named(tmp_path, line, message, after):
    """The first of them, with what is allowed."""
    allowed = re.escape("a line of this file is CYCLE: [(BYTES)] read|write 0xADDRESS [DATA]")
    with pytest.raises(WorkloadError, match=rf"some\.trace:4: {message}.*{allowed}"):
        read_text(tmp_path, f"0: read 0x0\n# comment\n11: read 0x40\n{line}\n{after}")


@pytest.mark.parametrize(
    ("first", "line", "message"),
    [
        ("0x0 READ 1", "0x0 READ", "fewer than 3 words.*0xADDRESS READ|WRITE CYCLE"),
        ("0x0 READ 1", "0x0 READ 2 3", "more than 3 words"),
        ("0x0 READ 1", "0x0 LOAD 2", "the request is none of READ, read, P_MEM_RD, WRITE, write, P_MEM_WR, BOFF"),
        ("0x0 READ 1", "0x0 READ 0", "the time falls from 1 to 0"),
        ("0x0 READ 1", "0x0 READ 0x2", "the time isn't a decimal number"),
        ("LD 0x0", "LD 0x0 0x1", "more than 2 words.*LD|ST ADDRESS"),
        ("LD 0x0", "LOAD 0x0", "the request is none of LD, ST"),
        ("LD 0x0", "LD 4F", "the address is neither a decimal number nor a hexadecimal one with 0x"),
        ("LD 0x0", "LD 9223372036854775808", r"the address is above 2\*\*63 - 1"),
        ("0x0 R", "0x0 READ", "the request is none of R, W.*0xADDRESS R|W"),
        ("0x0 R", "0xG W", "the address isn't a hexadecimal number"),
    ],
)
def test_faulty_lines_of_the_other_formats(tmp_path, first, line, message):
    with pytest.raises(WorkloadError, match=f"some.trace:2: {message}"):
        read_text(tmp_path, f"{first}\n{line}\n")


def test_the_line_is_counted_over_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "_BLOCK_BYTES", 64)
    text = "\n# c\n" + "".join(f"{i}: read 0x{64 * i:x}\n" for i in range(300))
    with pytest.raises(WorkloadError, match="some.trace:303: the time falls from 299 to 298"):
        read_text(tmp_path, text + "298: read 0x0\n")
    found = read_trace_parts(str(tmp_path / "some.trace"), 10)
    assert next(found).cycle.tolist() == list(range(10)), "what comes before a fault can be had in parts"


@pytest.mark.parametrize("text", ["", "\n \t\n", "# only a comment\n"])
def test_a_file_without_a_request(tmp_path, text):
    with pytest.raises(WorkloadError, match="some.trace: has no request; at least one line with one is needed"):
        read_text(tmp_path, text)
    with pytest.raises(WorkloadError, match="has no request"):
        list(read_trace_parts(str(tmp_path / "some.trace"), 10))


@settings(max_examples=80)
@given(
    st.lists(st.sampled_from(["0:", "12:", "(8)", "read", "LD", "ST", "R", "WRITE", "0x40", "7", "0x", "#", "\n", "é"]))
)
def test_whatever_a_file_says_it_is_read_or_refused(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("trace") / "t.trace"
    path.write_text(" ".join(words))
    refusal = ""
    try:
        trace = read_trace(str(path))
    except WorkloadError as error:
        refusal = str(error)
    if refusal:
        assert refusal.startswith(str(path))
    else:
        written = [line for line in " ".join(words).splitlines() if line.strip() and not line.strip().startswith("#")]
        assert len(trace) == len(written)


def test_unknown_formats(tmp_path):
    with pytest.raises(
        WorkloadError, match=r"some.trace:2: 'hello world' is a line of no trace format; known: dramsys:"
    ):
        read_text(tmp_path, "# c\nhello world\n")
    with pytest.raises(WorkloadError, match="some.trace:1: 'R 0,1,2,100,32' names a place in a device level by level"):
        read_text(tmp_path, "R 0,1,2,100,32\n")


@pytest.mark.parametrize("name", ["t.rstl", "t.rstl.gz"])
def test_times_relative_to_answers_are_refused(tmp_path, name):
    with pytest.raises(WorkloadError, match="count from the end of the request before, which only the memory"):
        read_text(tmp_path, "31: read 0x400140\n", name)


def test_damaged_gzip_files(tmp_path):
    packed = gzip.compress("".join(f"{i}: read 0x{i:x}\n" for i in range(100_000)).encode())
    with pytest.raises(WorkloadError, match="some.trace: the gzip file is damaged or cut off after line"):
        read_text(tmp_path, packed[: len(packed) // 2])
    broken = bytearray(packed)
    broken[len(packed) // 2] ^= 0xFF
    with pytest.raises(WorkloadError, match="damaged or cut off"):
        read_text(tmp_path, bytes(broken))
    with pytest.raises(WorkloadError, match="damaged or cut off after line 0"):
        read_text(tmp_path, b"\x1f\x8bnonsense")


def test_a_line_without_end_is_refused_before_memory_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "_BLOCK_BYTES", 64)
    with pytest.raises(WorkloadError, match="some.trace:2: a line of more than 64 bytes"):
        read_text(tmp_path, "0: read 0x0\n1: write 0x0 0x" + "f" * 1000 + "\n")


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(UnknownNameError, match="the trace file '.*none.stl' does not exist"):
        read_trace(str(tmp_path / "none.stl"))
    with pytest.raises(WorkloadError, match="can't be read: Is a directory"):
        read_trace(str(tmp_path))


def test_options_out_of_range(tmp_path):
    path = tmp_path / "some.trace"
    path.write_text("0: read 0x0\n")
    with pytest.raises(WorkloadError, match="at least 1 request, found 0"):
        list(read_trace_parts(str(path), 0))
    with pytest.raises(WorkloadError, match="a burst must be of at least 1 byte, found 0"):
        read_trace(str(path), burst_bytes=0)


def test_writing_is_refused_where_the_format_has_no_times(tmp_path):
    trace = MemoryTrace("late", 1.0, np.array([0, 2]), np.zeros(2), np.zeros(2))
    with pytest.raises(
        WorkloadError, match="trace 'late': the format load-store holds no times.*request 1 is at cycle 2"
    ):
        write_trace(trace, str(tmp_path / "t.trace"), "load-store")
    assert not (tmp_path / "t.trace").exists()


def test_writing_errors(tmp_path):
    trace = MemoryTrace("t", 1.0, np.zeros(1), np.zeros(1), np.zeros(1))
    with pytest.raises(
        UnknownNameError, match=r"unknown trace format 'dramsim' \(did you mean 'dramsim3'\?\); known: d"
    ):
        write_trace(trace, str(tmp_path / "t.trace"), "dramsim")
    with pytest.raises(StorageError, match="can't be written: No such file or directory"):
        write_trace(trace, str(tmp_path / "no" / "t.trace"))
