"""Traces for tests: any arrays that agree with each other, and small ones made by hand."""

import dataclasses

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS, REGISTERS, InstructionTrace, StaticCode

LAST_ADDRESS = 2**64 - 1


@st.composite
def codes(draw, most=12):
    count = draw(st.integers(1, most))

    def column(high, shape=(count,), low=0):
        return draw(arrays.arrays(np.uint8, shape, elements=st.integers(low, high)))

    return StaticCode(
        address=draw(arrays.arrays(np.uint64, count, elements=st.integers(0, LAST_ADDRESS))),
        length=column(15, low=1),
        encoding=column(255, (count, 15)),
        operation=column(len(OPERATIONS) - 1),
        branch=column(len(BRANCHES) - 1),
        sources=column(REGISTERS - 1, (count, 6)),
        destinations=column(REGISTERS - 1, (count, 3)),
    )


@st.composite
def instruction_traces(draw):
    code = draw(codes())
    count = draw(st.integers(1, 60))
    loads = draw(arrays.arrays(np.uint8, count, elements=st.integers(0, 3)))
    stores = draw(arrays.arrays(np.uint8, count, elements=st.integers(0, 3)))
    operands = int(loads.sum()) + int(stores.sum())
    store = [np.repeat([False, True], pair) for pair in zip(loads, stores, strict=True)]
    shuffled = [draw(st.permutations(one.tolist())) for one in store]
    starts = draw(st.sets(st.integers(1, max(1, count - 1)), max_size=3)) if count > 1 else set()
    return InstructionTrace(
        name=draw(st.text(max_size=8)),
        code=code,
        which=draw(arrays.arrays(np.int32, count, elements=st.integers(0, len(code) - 1))),
        taken=draw(arrays.arrays(np.bool_, count)),
        loads=loads,
        stores=stores,
        operand_address=draw(arrays.arrays(np.uint64, operands, elements=st.integers(0, LAST_ADDRESS))),
        operand_size=draw(arrays.arrays(np.uint8, operands)),
        operand_store=np.array([one for group in shuffled for one in group], dtype=np.bool_),
        windows=np.array([0, *sorted(starts)], dtype=np.int64),
    )


def assert_same(one, other):
    """Every array equal in values and type."""
    for field in dataclasses.fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(mine):
            assert_same(mine, theirs)
        elif isinstance(mine, np.ndarray):
            assert mine.dtype == theirs.dtype, field.name
            np.testing.assert_array_equal(mine, theirs, err_msg=field.name)
        else:
            assert mine == theirs


def loop_trace(rounds=3):
    """A loop of four instructions: load, add, store to where was loaded from, jump back; the last time it doesn't."""
    operations = [OPERATIONS.index(name) for name in ("load", "int_alu", "store", "branch")]
    code = StaticCode(
        address=np.array([0x1000, 0x1004, 0x1007, 0x100B], dtype=np.uint64),
        length=np.array([4, 3, 4, 2], dtype=np.uint8),
        encoding=np.zeros((4, 15), dtype=np.uint8),
        operation=np.array(operations, dtype=np.uint8),
        branch=np.array([0, 0, 0, BRANCHES.index("conditional")], dtype=np.uint8),
        sources=np.zeros((4, 6), dtype=np.uint8),
        destinations=np.zeros((4, 3), dtype=np.uint8),
    )
    taken = np.tile([False, False, False, True], rounds)
    taken[-1] = False
    return InstructionTrace(
        name="loop",
        code=code,
        which=np.tile(np.arange(4, dtype=np.int32), rounds),
        taken=taken,
        loads=np.tile(np.array([1, 0, 0, 0], dtype=np.uint8), rounds),
        stores=np.tile(np.array([0, 0, 1, 0], dtype=np.uint8), rounds),
        operand_address=np.repeat(0x8000 + 8 * np.arange(rounds, dtype=np.uint64), 2),
        operand_size=np.full(2 * rounds, 8, dtype=np.uint8),
        operand_store=np.tile([False, True], rounds),
        windows=np.zeros(1, dtype=np.int64),
    )
