"""An instruction trace: the instructions that a program executed, in order, with branches and memory operands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

OPERATIONS = (
    "int_alu",
    "int_mul",
    "int_div",
    "shift",
    "lea",
    "move",
    "nop",
    "load",
    "store",
    "load_op_store",
    "branch",
    "fp_add",
    "fp_mul",
    "fp_div",
    "fp_fma",
    "convert",
    "vector_move",
    "vector_int",
    "vector_shuffle",
    "vector_mul",
    "string",
    "system",
    "other",
)
"""Classes of instructions; ``StaticCode.operation`` is a position in this list. Memory operands count apart from the
class: an ``int_alu`` may load."""
BRANCHES = ("none", "conditional", "jump", "indirect_jump", "call", "indirect_call", "return", "system")
"""Kinds of branches; ``StaticCode.branch`` is a position in this list."""
NO_REGISTER = 0
STACK_POINTER = 6
FLAGS = 25
INSTRUCTION_POINTER = 26
FIRST_VECTOR = 32
REGISTERS = 128
"""Registers are numbers below this: 0 none, 1 ... 16 general (6 the stack pointer), 25 flags, 26 instruction pointer,
from 32 on vectors."""
MOST_SOURCES = 6
MOST_DESTINATIONS = 3


@dataclass(frozen=True)
class StaticCode:
    """The distinct instructions of a trace.

    Attributes:
        address: of each instruction (uint64).
        length: bytes (uint8, 1 ... 15).
        encoding: its bytes, padded with 0: instructions x 15 (uint8).
        operation, branch: positions in ``OPERATIONS`` and ``BRANCHES`` (uint8).
        sources, destinations: registers, ``NO_REGISTER`` where there are fewer: instructions x 6, x 3 (uint8).
    """

    address: npt.NDArray[np.uint64]
    length: npt.NDArray[np.uint8]
    encoding: npt.NDArray[np.uint8]
    operation: npt.NDArray[np.uint8]
    branch: npt.NDArray[np.uint8]
    sources: npt.NDArray[np.uint8]
    destinations: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.address)


@dataclass(frozen=True)
class InstructionTrace:
    """What was executed, one entry per instruction, in program order.

    Attributes:
        name: of the program.
        code: the distinct instructions.
        which: the instruction's position in ``code`` (int32).
        taken: whether it is a branch that jumped.
        loads, stores: memory operands read and written (uint8).
        operand_address, operand_size, operand_store: first byte (uint64), bytes (uint8) and direction of every memory
            operand, in program order; those of instruction i follow those of i - 1, ``loads + stores`` of them.
        windows: where each stretch of consecutive instructions begins (int64, first 0): a trace may be sampled.
    """

    name: str
    code: StaticCode
    which: npt.NDArray[np.int32]
    taken: npt.NDArray[np.bool_]
    loads: npt.NDArray[np.uint8]
    stores: npt.NDArray[np.uint8]
    operand_address: npt.NDArray[np.uint64]
    operand_size: npt.NDArray[np.uint8]
    operand_store: npt.NDArray[np.bool_]
    windows: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.which)
