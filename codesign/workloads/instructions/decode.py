"""Instruction bytes to operation class, branch kind and registers, by the disassembler Capstone.

Registers are what the instruction reads and writes, those of addresses included, in rising order. Segment registers,
the x87 status and the instruction pointer in addresses are left out. Branches follow the convention of ChampSim's
traces, where the kind of a branch is told by which of stack pointer, flags and instruction pointer it reads and writes:
conditional branches and calls read the instruction pointer, jumps and returns don't, and an indirect jump or call whose
target lies in memory at a fixed address reads ``TARGET_IN_MEMORY`` (https://github.com/ChampSim/ChampSim,
inc/instruction.h, 2023).
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from codesign.errors import MissingExtraError
from codesign.workloads.instructions.operations import operation_class, vector_class
from codesign.workloads.instructions.trace import (
    BRANCHES,
    FIRST_VECTOR,
    FLAGS,
    INSTRUCTION_POINTER,
    MOST_DESTINATIONS,
    MOST_SOURCES,
    NO_REGISTER,
    OPERATIONS,
    STACK_POINTER,
    StaticCode,
)

FIRST_X87 = 64
FIRST_MMX = 72
TARGET_IN_MEMORY = 80
FIRST_MASK = 81
GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rsp", "rdi", "rbp", *(f"r{number}" for number in range(8, 16)))
"""The general registers in the order of their numbers, from 1 on."""

_ACCUMULATOR = 1
_READ, _WRITTEN = 1, 2


class Decoded(NamedTuple):
    """One instruction.

    Attributes:
        operation, branch: names of class and kind.
        sources, destinations: numbers of the registers read and written, rising.
        memory_bytes: size of the memory operand that the instruction names, 0 where it names none.
    """

    operation: str
    branch: str
    sources: tuple[int, ...]
    destinations: tuple[int, ...]
    memory_bytes: int = 0


UNDECODABLE = Decoded("other", "none", (), ())


class Decoder:
    """Decodes instructions one by one.

    Raises:
        MissingExtraError: the package ``capstone`` isn't installed.
    """

    def __init__(self) -> None:
        if find_spec("capstone") is None:
            raise MissingExtraError("decoding instructions", "capstone", "trace")
        self._capstone: Any = import_module("capstone")
        self._machine: Any = self._capstone.Cs(self._capstone.CS_ARCH_X86, self._capstone.CS_MODE_64)
        self._machine.detail = True
        self._numbers: dict[int, int] = {}

    def decode(self, address: int, encoding: bytes) -> Decoded:
        """Return what the instruction of these bytes does; ``UNDECODABLE`` where they are no instruction."""
        found = next(self._machine.disasm(encoding, address, 1), None)
        if found is None or found.size != len(encoding):
            return UNDECODABLE
        branch = self._branch(found)
        read, written = found.regs_access()
        sources, destinations = self._registers(read), self._registers(written)
        if found.mnemonic.split()[-1].startswith("cmpxchg"):
            destinations |= {_ACCUMULATOR, FLAGS}
        if branch != "none":
            sources, destinations = _branch_registers(branch, sources, destinations)
        return Decoded(
            "branch" if branch not in ("none", "system") else self._operation(found),
            branch,
            tuple(sorted(sources)),
            tuple(sorted(destinations)),
            max((one.size for one in found.operands if one.type == self._capstone.x86.X86_OP_MEM), default=0),
        )

    def _branch(self, found: Any) -> str:
        capstone, groups = self._capstone, found.groups
        direct = any(operand.type == capstone.x86.X86_OP_IMM for operand in found.operands)
        if capstone.CS_GRP_CALL in groups:
            return "call" if direct else "indirect_call"
        if capstone.CS_GRP_RET in groups:
            return "return"
        if capstone.CS_GRP_JUMP in groups:
            if found.mnemonic.split()[-1] not in ("jmp", "ljmp"):
                return "conditional"
            return "jump" if direct else "indirect_jump"
        return "system" if capstone.CS_GRP_IRET in groups else "none"

    def _operation(self, found: Any) -> str:
        memory = [operand.type == self._capstone.x86.X86_OP_MEM for operand in found.operands]
        name = found.mnemonic.split()[-1]
        kind = operation_class(name)
        if kind == "string" and name in ("movsd", "cmpsd") and sum(memory) < 2:
            kind = vector_class(name) or kind
        if kind in ("move", "vector_move"):
            return _move(name, kind, memory)
        if kind in ("int_alu", "shift") and memory and memory[0] and _changes_memory(name, found.operands[0].access):
            return "load_op_store"
        return kind

    def _registers(self, found: Iterable[int]) -> set[int]:
        return {self._number(register) for register in found} - {NO_REGISTER}

    def _number(self, register: int) -> int:
        if register not in self._numbers:
            self._numbers[register] = register_number(self._machine.reg_name(register))
        return self._numbers[register]


def decode_table(
    address: npt.NDArray[np.uint64], encodings: Iterable[bytes]
) -> tuple[StaticCode, npt.NDArray[np.int64]]:
    """Return the static code of instructions, given each one's address and bytes, and ``Decoded.memory_bytes`` of each.

    Where an instruction has more registers than the table holds, those of the highest numbers are left out.
    """
    decoder = Decoder()
    texts = list(encodings)
    count = len(texts)
    encoding = np.zeros((count, 15), dtype=np.uint8)
    memory_bytes = np.zeros(count, dtype=np.int64)
    kinds = np.zeros((count, 2), dtype=np.uint8)
    sources = np.zeros((count, MOST_SOURCES), dtype=np.uint8)
    destinations = np.zeros((count, MOST_DESTINATIONS), dtype=np.uint8)
    for row, (place, text) in enumerate(zip(address.tolist(), texts, strict=True)):
        found = decoder.decode(place, text)
        encoding[row, : len(text)] = np.frombuffer(text, dtype=np.uint8)
        kinds[row] = OPERATIONS.index(found.operation), BRANCHES.index(found.branch)
        read, written = found.sources[:MOST_SOURCES], found.destinations[:MOST_DESTINATIONS]
        memory_bytes[row] = found.memory_bytes
        sources[row, : len(read)] = read
        destinations[row, : len(written)] = written
    length = np.array([len(text) for text in texts], dtype=np.uint8)
    code = StaticCode(address, length, encoding, kinds[:, 0].copy(), kinds[:, 1].copy(), sources, destinations)
    return code, memory_bytes


def register_number(name: str) -> int:
    """Return the number of a register of any width by its name; ``NO_REGISTER`` for those that are left out.

    1 ... 16 are rax, rbx, rcx, rdx, rsi, rsp, rdi, rbp, r8 ... r15; 25 the flags; 32 ... 63 vectors; 64 ... 71 the x87
    stack; 72 ... 79 mm0 ... mm7; 81 ... 88 k0 ... k7.
    """
    for prefix, first in (("xmm", FIRST_VECTOR), ("ymm", FIRST_VECTOR), ("zmm", FIRST_VECTOR), ("mm", FIRST_MMX)):
        if name.startswith(prefix):
            return first + int(name.removeprefix(prefix))
    if name.startswith("st("):
        return FIRST_X87 + int(name[3])
    if name[0] == "k" and name[1:].isdigit():
        return FIRST_MASK + int(name[1:])
    if name in ("rflags", "eflags", "flags"):
        return FLAGS
    return _GENERAL_NUMBERS.get(name, NO_REGISTER)


def _narrower(name: str) -> tuple[str, ...]:
    """Return all names of parts of a general register, its own included."""
    if name[1].isdigit():
        return (name, f"{name}d", f"{name}w", f"{name}b")
    stem = name[1:]
    low = (f"{stem[0]}l", f"{stem[0]}h") if stem.endswith("x") else (f"{stem}l",)
    return (name, f"e{stem}", stem, *low)


_GENERAL_NUMBERS = {part: number for number, name in enumerate(GENERAL, start=1) for part in _narrower(name)}


def _branch_registers(branch: str, sources: set[int], destinations: set[int]) -> tuple[set[int], set[int]]:
    """Return the registers of a branch by which its kind can be told."""
    destinations = destinations | {INSTRUCTION_POINTER}
    if branch == "conditional":
        return sources | {INSTRUCTION_POINTER}, destinations
    if branch == "call":
        return {STACK_POINTER, INSTRUCTION_POINTER}, destinations | {STACK_POINTER}
    if branch == "indirect_call":
        target = sources - {STACK_POINTER} or {TARGET_IN_MEMORY}
        return target | {STACK_POINTER, INSTRUCTION_POINTER}, destinations | {STACK_POINTER}
    if branch == "indirect_jump":
        return sources - {STACK_POINTER} or {TARGET_IN_MEMORY}, destinations
    return sources, destinations


def _move(name: str, kind: str, memory: list[bool]) -> str:
    """Return the class of a move: a load or a store where memory takes part, an exchange with it both."""
    if name.startswith("push"):
        return "store"
    if name.startswith("pop") or name == "leave":
        return "load"
    if not any(memory):
        return kind
    if name == "xchg":
        return "load_op_store"
    stores = memory[0] and not name.startswith("fld")
    return "store" if stores else "load"


def _changes_memory(name: str, access: int) -> bool:
    """Whether an instruction reads and writes its first operand, which is memory."""
    return name.startswith(("cmpxchg", "xadd")) or access == _READ | _WRITTEN
