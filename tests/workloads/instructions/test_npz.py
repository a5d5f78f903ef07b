"""Trace files: what is written is read again; what is no trace is refused with the reason."""

import dataclasses
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from codesign.errors import StorageError, UnknownNameError, WorkloadError
from codesign.workloads.instructions import packing
from codesign.workloads.instructions.npz import read_instruction_trace, write_instruction_trace
from tests.workloads.instructions.traces import assert_same, instruction_traces, loop_trace

STATIC = {"pc": "address", "len": "length", "bytes": "encoding", "op": "operation", "br": "branch"}


def plain_arrays(trace):
    """The arrays of a file of version 1."""
    return {
        **{name: getattr(trace.code, field) for name, field in STATIC.items()},
        "src": trace.code.sources,
        "dst": trace.code.destinations,
        "sid": trace.which.astype(np.uint16),
        "taken": np.packbits(trace.taken),
        "nld": trace.loads,
        "nst": trace.stores,
        "maddr": trace.operand_address,
        "msize": trace.operand_size,
        "mstore": np.packbits(trace.operand_store),
    }


def packed_arrays(path):
    with np.load(path) as archive:
        return dict(archive)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "loop.npz"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(trace=instruction_traces())
def test_what_is_written_is_read_again(trace, tmp_path):
    write_instruction_trace(trace, tmp_path / "any.npz")
    assert_same(read_instruction_trace(tmp_path / "any.npz"), trace)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(trace=instruction_traces())
def test_plain_arrays_are_version_1_with_one_window_and_the_name_of_the_file(trace, tmp_path):
    np.savez_compressed(tmp_path / "plain.npz", **plain_arrays(trace))
    expected = dataclasses.replace(trace, name="plain", windows=np.zeros(1, dtype=np.int64))
    assert_same(read_instruction_trace(tmp_path / "plain.npz"), expected)


def test_equal_traces_give_equal_bytes(tmp_path):
    write_instruction_trace(loop_trace(), tmp_path / "a.npz")
    write_instruction_trace(loop_trace(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_numpy_reads_the_file_too(file):
    write_instruction_trace(loop_trace(), file)
    arrays = packed_arrays(file)
    assert arrays["format"] == 2
    assert arrays["pc"].tolist() == [0x1000, 0x1004, 0x1007, 0x100B]
    assert arrays["name"].tobytes() == b"loop"


def test_a_loop_is_one_run_and_its_steps_are_constant(file):
    write_instruction_trace(loop_trace(50), file)
    arrays = packed_arrays(file)
    assert (arrays["run_first"].tolist(), arrays["run_length"].tolist()) == ([0], [4])
    assert arrays["run"].tolist() == [0] * 50
    assert not arrays["taken"].any()
    assert set(arrays["maddr"][0, 1:50].tolist()) == {16}


def test_steady_programs_take_little_room(file):
    write_instruction_trace(loop_trace(100_000), file)
    assert file.stat().st_size < 20_000


def test_no_file(tmp_path):
    with pytest.raises(UnknownNameError, match=r"trace file .*none\.npz' does not exist"):
        read_instruction_trace(tmp_path / "none.npz")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(WorkloadError, match="can't be read: Is a directory"):
        read_instruction_trace(tmp_path)


@pytest.mark.parametrize("text", [b"hello", b"\x93NUMPY\x01\x00"])
def test_no_archive(file, text):
    file.write_bytes(text)
    with pytest.raises(WorkloadError, match=r"loop\.npz: is no \.npz archive; .*codesign trace record"):
        read_instruction_trace(file)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_short(file, share):
    write_instruction_trace(loop_trace(), file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WorkloadError, match=r"loop\.npz: the archive is damaged or cut short"):
        read_instruction_trace(file)


def test_a_flipped_byte_is_found(file):
    write_instruction_trace(loop_trace(200), file)
    with zipfile.ZipFile(file) as archive:
        member = archive.getinfo("maddr.npy")
    text = bytearray(file.read_bytes())
    text[member.header_offset + 30 + len("maddr.npy") + member.compress_size // 2] ^= 0x40
    file.write_bytes(bytes(text))
    with pytest.raises(WorkloadError, match="damaged or cut short"):
        read_instruction_trace(file)


def test_objects_in_arrays_are_refused(file):
    arrays = plain_arrays(loop_trace()) | {"sid": np.array([{}], dtype=object)}
    np.savez(file, **arrays)
    with pytest.raises(WorkloadError, match="array 'sid' is damaged or cut short: Object arrays cannot be loaded"):
        read_instruction_trace(file)


FAULTS = {
    "missing": ({"sid": None}, r"the array 'sid' is missing; found .*; needed pc, len"),
    "version": ({"format": np.array(9)}, r"of format version 9; this codesign reads version 1 or 2"),
    "version of text": ({"format": np.array("x")}, r"array 'format' must be one whole number, found <U1"),
    "fractions": ({"maddr": np.zeros(6)}, r"array 'maddr' must hold whole numbers, found float64"),
    "static length": ({"len": np.ones(3, np.uint8)}, r"array 'len' has the shape \(3,\); 4 instructions need \(4,\)"),
    "no length": ({"len": np.zeros(4, np.uint8)}, r"array 'len' holds 0 in row 0; allowed are 1 to 15"),
    "class": ({"op": np.full(4, 23, np.uint8)}, r"array 'op' holds 23 in row 0; allowed are 0 to 22"),
    "register": ({"src": np.full((4, 6), 128, np.uint8)}, r"array 'src' holds 128 in row 0; allowed are 0 to 127"),
    "sid": ({"sid": np.full(12, 4, np.uint16)}, r"array 'sid' holds 4 in row 0; allowed are 0 to 3"),
    "counts": ({"nld": np.ones(5, np.uint8)}, r"array 'nld' has the shape \(5,\); 12 instructions need \(12,\)"),
    "taken": ({"taken": np.zeros(1, np.uint8)}, r"'taken' has 1 bytes \(uint8\); the bits of 12 instructions need 2"),
    "operands": ({"nst": np.zeros(12, np.uint8)}, r"'maddr' has the shape \(6,\); the 3 operands .* need \(3,\)"),
    "sizes": ({"msize": np.ones(5, np.uint8)}, r"array 'msize' has the shape \(5,\); the 6 operands .* need \(6,\)"),
    "directions": (
        {"mstore": np.zeros(1, np.uint8)},
        r"'mstore' marks 0 operands of instruction 2 as stores; .* says 1",
    ),
}


@pytest.mark.parametrize(("change", "message"), FAULTS.values(), ids=FAULTS)
def test_arrays_that_contradict_each_other(file, change, message):
    arrays = {name: array for name, array in (plain_arrays(loop_trace()) | change).items() if array is not None}
    np.savez(file, **arrays)
    with pytest.raises(WorkloadError, match=rf"loop\.npz: .*({message})"):
        read_instruction_trace(file)


def test_an_empty_trace_is_none(file):
    empty = {name: np.zeros(0, np.uint8) for name in ("sid", "taken", "nld", "nst", "maddr", "msize", "mstore")}
    np.savez(file, **plain_arrays(loop_trace()) | empty)
    with pytest.raises(WorkloadError, match="the trace is empty; at least one instruction"):
        read_instruction_trace(file)


PACKED_FAULTS = {
    "run": ({"run": np.full(3, 1, np.uint8)}, "'run' names runs beyond the 1 of 'run_first'"),
    "tables": ({"run_length": np.ones(2, np.int32)}, "must be equally long"),
    "reach": ({"run_first": np.ones(1, np.int32)}, "reach beyond the table of 4 instructions"),
    "steps": ({"nld": np.zeros(11, np.uint8)}, r"'nld' has the shape \(11,\) \(uint8\); 12 instructions need \(12,\)"),
    "planes": ({"maddr": np.zeros((8, 5), np.uint8)}, r"'maddr' has the shape \(8, 5\) .* need \(8, 6\)"),
    "window 0": ({"windows": np.array([1])}, "'windows' must begin with 0"),
    "windows": ({"windows": np.array([0, 5, 5])}, "'windows' must rise and stay below the 12 instructions"),
    "late window": ({"windows": np.array([0, 12])}, "'windows' must rise and stay below the 12 instructions"),
    "bits": ({"taken": np.zeros(3, np.uint8)}, r"'taken' has 3 bytes \(uint8\); the bits of 12 instructions need 2"),
}


@pytest.mark.parametrize(("change", "message"), PACKED_FAULTS.values(), ids=PACKED_FAULTS)
def test_packed_arrays_that_contradict_each_other(file, change, message):
    write_instruction_trace(loop_trace(), file)
    np.savez(file, **packed_arrays(file) | change)
    with pytest.raises(WorkloadError, match=message):
        read_instruction_trace(file)


def test_a_trace_beyond_all_measure(file, monkeypatch):
    write_instruction_trace(loop_trace(), file)
    monkeypatch.setattr(packing, "MOST_INSTRUCTIONS", 11)
    with pytest.raises(WorkloadError, match="the trace has 12 instructions; at most 11 can be read"):
        read_instruction_trace(file)


def test_a_trace_that_contradicts_itself_is_not_written(file):
    wrong = dataclasses.replace(loop_trace(), loads=np.zeros(12, dtype=np.uint8))
    with pytest.raises(WorkloadError, match="the 3 operands of 'nld' and 'nst' need"):
        write_instruction_trace(wrong, file)
    assert not file.exists()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(StorageError, match="can't be written"):
        write_instruction_trace(loop_trace(), tmp_path / "none" / "a.npz")
