"""Small instruction traces written by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS, InstructionTrace, StaticCode


@dataclass(frozen=True)
class Step:
    """One executed instruction."""

    pc: int
    operation: str = "int_alu"
    sources: tuple[int, ...] = ()
    destinations: tuple[int, ...] = ()
    loads: tuple[int, ...] = ()
    stores: tuple[int, ...] = ()
    branch: str = "none"
    taken: bool = False


def trace_of(steps, windows=(0,), name="made"):
    """The trace of these steps; steps with the same static part are one instruction of the code."""
    static = [(s.pc, s.operation, s.branch, s.sources, s.destinations) for s in steps]
    distinct = list(dict.fromkeys(static))
    place = {one: k for k, one in enumerate(distinct)}
    sources, destinations = np.zeros((len(distinct), 6), np.uint8), np.zeros((len(distinct), 3), np.uint8)
    for k, one in enumerate(distinct):
        sources[k, : len(one[3])] = one[3]
        destinations[k, : len(one[4])] = one[4]
    code = StaticCode(
        address=np.array([one[0] for one in distinct], np.uint64),
        length=np.full(len(distinct), 4, np.uint8),
        encoding=np.zeros((len(distinct), 15), np.uint8),
        operation=np.array([OPERATIONS.index(one[1]) for one in distinct], np.uint8),
        branch=np.array([BRANCHES.index(one[2]) for one in distinct], np.uint8),
        sources=sources,
        destinations=destinations,
    )
    operands = []
    for s in steps:
        operands += [(a, False) for a in s.loads] + [(a, True) for a in s.stores]
    return InstructionTrace(
        name=name,
        code=code,
        which=np.array([place[one] for one in static], np.int32),
        taken=np.array([s.taken for s in steps], bool),
        loads=np.array([len(s.loads) for s in steps], np.uint8),
        stores=np.array([len(s.stores) for s in steps], np.uint8),
        operand_address=np.array([a for a, _ in operands], np.uint64),
        operand_size=np.full(len(operands), 8, np.uint8),
        operand_store=np.array([w for _, w in operands], bool),
        windows=np.array(windows, np.int64),
    )


def repeated(steps, times):
    """The trace of a sequence that is executed over and over (no branch needed)."""
    return trace_of(list(steps) * times)


def straight(count, **given):
    """``count`` instructions of 4 bytes in a row, all alike."""
    return [Step(pc=0x400000 + 4 * k, **given) for k in range(count)]
