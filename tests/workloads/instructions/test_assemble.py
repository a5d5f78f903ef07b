"""What the plugin writes becomes a trace: windows, jumps, repetitions, restarts, split operands."""

import numpy as np
import pytest

from codesign.errors import WorkloadError
from codesign.workloads.instructions.capture.assemble import CODE, OPERAND, assemble
from codesign.workloads.instructions.trace import OPERATIONS

pytest.importorskip("capstone")

NOP, JUMP_BACK, BRANCH_BACK, STOSB, LOAD_16, STORE_8 = "90", "ebfd", "75fd", "f3aa", "0f1006", "488906"


def put(folder, code, executed, operands=()):
    """As the plugin does: ``code`` (address, hex), rows executed, ``operands`` (address, at, size, store)."""
    rows = [(address, len(text) // 2, bytes.fromhex(text)) for address, text in code]
    np.array(rows, dtype=CODE).tofile(folder / "code")
    np.array(executed, dtype="<u4").tofile(folder / "instructions")
    made = np.zeros(len(operands), dtype=OPERAND)
    for name, column in zip(("address", "instruction", "size", "is_store"), zip(*operands, strict=True)):
        made[name] = column
    made.tofile(folder / "operands")


def test_nothing(tmp_path):
    put(tmp_path, [(0, NOP)], [])
    with pytest.raises(WorkloadError, match="the program ended before the first window"):
        assemble(tmp_path, "none", 10)


def test_translations_of_one_instruction_are_one(tmp_path):
    put(tmp_path, [(5, JUMP_BACK), (4, NOP), (4, NOP), (4, NOP + NOP)], [1, 0, 2, 0])
    trace = assemble(tmp_path, "loop", 10)
    assert trace.code.address.tolist() == [4, 5]
    assert trace.which.tolist() == [0, 1, 0, 1]
    assert trace.taken.tolist() == [False, True, False, True]
    assert trace.windows.tolist() == [0]


def test_the_extra_instruction_of_a_window_tells_whether_the_last_one_jumped(tmp_path):
    put(tmp_path, [(4, NOP), (5, BRANCH_BACK), (7, NOP)], [0, 1, 0, 0, 1, 2])
    trace = assemble(tmp_path, "two", 2)
    assert trace.which.tolist() == [0, 1, 0, 1]
    assert trace.taken.tolist() == [False, True, False, False]
    assert trace.windows.tolist() == [0, 2]


def test_a_jump_to_the_next_instruction_is_taken_a_branch_to_it_is_not(tmp_path):
    put(tmp_path, [(4, "eb00"), (6, "7400"), (8, NOP)], [0, 1, 2])
    assert assemble(tmp_path, "next", 10).taken.tolist() == [True, False, False]


def test_repetitions_stay_and_are_no_branches(tmp_path):
    put(tmp_path, [(4, STOSB), (6, NOP)], [0, 0, 0, 1], [(100 + k, k, 1, 1) for k in range(3)])
    trace = assemble(tmp_path, "fill", 10)
    assert trace.which.tolist() == [0, 0, 0, 1]
    assert trace.stores.tolist() == [1, 1, 1, 0]
    assert not trace.taken.any()
    assert OPERATIONS[trace.code.operation[0]] == "string"
    assert trace.windows.tolist() == [0]


def test_an_instruction_begun_twice_counts_once(tmp_path):
    put(tmp_path, [(4, STORE_8), (7, NOP)], [0, 0, 1], [(64, 0, 8, 1), (64, 1, 8, 1)])
    trace = assemble(tmp_path, "again", 10)
    assert trace.which.tolist() == [0, 1]
    assert trace.operand_address.tolist() == [64]
    assert trace.windows.tolist() == [0]


def test_a_break_that_is_no_branch_begins_a_window(tmp_path):
    put(tmp_path, [(4, NOP), (400, NOP), (401, NOP)], [0, 1, 2])
    trace = assemble(tmp_path, "signal", 10)
    assert trace.windows.tolist() == [0, 1]
    assert not trace.taken.any()


def test_parts_of_a_wide_operand_are_put_together(tmp_path):
    parts = [(64, 0, 8, 0), (72, 0, 8, 0), (80, 1, 8, 0), (88, 1, 8, 0), (96, 2, 8, 1)]
    put(tmp_path, [(4, LOAD_16), (7, LOAD_16), (10, STORE_8)], [0, 1, 2], parts)
    trace = assemble(tmp_path, "wide", 10)
    assert trace.operand_address.tolist() == [64, 80, 96]
    assert trace.operand_size.tolist() == [16, 16, 8]
    assert trace.operand_store.tolist() == [False, False, True]
    assert (trace.loads.tolist(), trace.stores.tolist()) == ([1, 1, 0], [0, 0, 1])


def test_four_parts_of_32_bytes(tmp_path):
    put(tmp_path, [(4, "c5fe6f06")], [0], [(64 + 8 * k, 0, 8, 0) for k in range(4)])
    trace = assemble(tmp_path, "wider", 10)
    assert (trace.operand_address.tolist(), trace.operand_size.tolist()) == ([64], [32])


def test_two_operands_of_8_bytes_stay_two(tmp_path):
    """``push [rax]`` loads and stores; ``cmpsq`` loads twice, here from neighbouring places."""
    put(tmp_path, [(4, "ff30"), (6, "48a7")], [0, 1], [(64, 0, 8, 0), (72, 0, 8, 1), (80, 1, 8, 0), (88, 1, 8, 0)])
    trace = assemble(tmp_path, "two", 10)
    assert trace.operand_size.tolist() == [8, 8, 8, 8]
    assert (trace.loads.tolist(), trace.stores.tolist()) == ([1, 2], [1, 0])


def test_operands_of_left_out_instructions_go_with_them(tmp_path):
    put(tmp_path, [(4, STORE_8), (7, STORE_8), (10, NOP)], [0, 1, 2], [(64, 0, 8, 1), (72, 1, 8, 1)])
    trace = assemble(tmp_path, "short", 1)
    assert trace.operand_address.tolist() == [64]
    assert len(trace) == 2
    assert trace.windows.tolist() == [0, 1]
