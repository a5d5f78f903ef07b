"""Instruction bytes to class, branch kind and registers: instructions assembled by hand, with known answers."""

import sys

import numpy as np
import pytest

from codesign.errors import MissingExtraError
from codesign.workloads.instructions import decode
from codesign.workloads.instructions.decode import Decoder, decode_table, register_number
from codesign.workloads.instructions.npz import read_instruction_trace
from codesign.workloads.instructions.operations import operation_class
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS

RAX, RBX, RCX, RDX, RSI, RSP, RDI = range(1, 8)
FLAGS, RIP, XMM0, XMM1, XMM2, TARGET = 25, 26, 32, 33, 34, 80

KNOWN = {
    "add rsi, rdi": ("4801fe", "int_alu", "none", [RSI, RDI], [RSI, FLAGS]),
    "add rax, [rsi+8]": ("48034608", "int_alu", "none", [RAX, RSI], [RAX, FLAGS]),
    "add [rsi+8], rax": ("48014608", "load_op_store", "none", [RAX, RSI], [FLAGS]),
    "mov rax, [rsi+8]": ("488b4608", "load", "none", [RSI], [RAX]),
    "mov [rsi+8], rax": ("48894608", "store", "none", [RAX, RSI], []),
    "mov rax, [rip]": ("488b0500000000", "load", "none", [], [RAX]),
    "mov ah, cl": ("88cc", "move", "none", [RCX], [RAX]),
    "lea rax, [rsi+8]": ("488d4608", "lea", "none", [RSI], [RAX]),
    "imul rax, rsi": ("480fafc6", "int_mul", "none", [RAX, RSI], [RAX, FLAGS]),
    "div rsi": ("48f7f6", "int_div", "none", [RAX, RDX, RSI], [RAX, RDX, FLAGS]),
    "shl rax, cl": ("48d3e0", "shift", "none", [RAX, RCX], [RAX, FLAGS]),
    "shl qword [rsi], 1": ("48d126", "load_op_store", "none", [RSI], [FLAGS]),
    "cmove rax, rsi": ("480f44c6", "int_alu", "none", [RSI, FLAGS], [RAX]),
    "push rax": ("50", "store", "none", [RAX, RSP], [RSP]),
    "pop rax": ("58", "load", "none", [RSP], [RAX, RSP]),
    "xchg [rdi], edx": ("8717", "load_op_store", "none", [RDX, RDI], [RDX]),
    "lock cmpxchg [rdi], edx": ("f00fb117", "load_op_store", "none", [RAX, RDX, RDI], [RAX, FLAGS]),
    "je": ("7402", "branch", "conditional", [FLAGS, RIP], [RIP]),
    "jrcxz": ("e302", "branch", "conditional", [RCX, RIP], [RIP]),
    "jmp": ("eb02", "branch", "jump", [], [RIP]),
    "jmp rax": ("ffe0", "branch", "indirect_jump", [RAX], [RIP]),
    "jmp [rip]": ("ff2500000000", "branch", "indirect_jump", [TARGET], [RIP]),
    "notrack jmp rax": ("3effe0", "branch", "indirect_jump", [RAX], [RIP]),
    "call": ("e805000000", "branch", "call", [RSP, RIP], [RSP, RIP]),
    "call rax": ("ffd0", "branch", "indirect_call", [RAX, RSP, RIP], [RSP, RIP]),
    "call [rip]": ("ff1500000000", "branch", "indirect_call", [RSP, RIP, TARGET], [RSP, RIP]),
    "ret": ("c3", "branch", "return", [RSP], [RSP, RIP]),
    "syscall": ("0f05", "system", "none", [], []),
    "nop": ("90", "nop", "none", [], []),
    "endbr64": ("f30f1efa", "nop", "none", [], []),
    "addsd xmm0, xmm1": ("f20f58c1", "fp_add", "none", [XMM0, XMM1], [XMM0]),
    "mulsd xmm0, [rsi]": ("f20f5906", "fp_mul", "none", [RSI, XMM0], [XMM0]),
    "divsd xmm0, xmm1": ("f20f5ec1", "fp_div", "none", [XMM0, XMM1], [XMM0]),
    "sqrtsd xmm0, xmm1": ("f20f51c1", "fp_div", "none", [XMM1], [XMM0]),
    "vfmadd231sd xmm0, xmm1, xmm2": ("c4e2f1b9c2", "fp_fma", "none", [XMM0, XMM1, XMM2], [XMM0]),
    "cvtsi2sd xmm0, rax": ("f2480f2ac0", "convert", "none", [RAX], [XMM0]),
    "cmpltsd xmm0, xmm1": ("f20fc2c101", "fp_add", "none", [XMM0, XMM1], [XMM0]),
    "movaps xmm0, xmm1": ("0f28c1", "vector_move", "none", [XMM1], [XMM0]),
    "movups [rsi], xmm0": ("0f1106", "store", "none", [RSI, XMM0], []),
    "movsd xmm0, [rsi]": ("f20f1006", "load", "none", [RSI], [XMM0]),
    "vpaddd ymm0, ymm1, ymm2": ("c5f5fec2", "vector_int", "none", [XMM1, XMM2], [XMM0]),
    "pshufd xmm0, xmm0, 0x4e": ("660f70c04e", "vector_shuffle", "none", [XMM0], [XMM0]),
    "pmuludq xmm0, xmm1": ("660ff4c1", "vector_mul", "none", [XMM0, XMM1], [XMM0]),
    "aesenc xmm0, xmm1": ("660f38dcc1", "vector_mul", "none", [XMM0, XMM1], [XMM0]),
}


@pytest.fixture(scope="module")
def decoder():
    pytest.importorskip("capstone")
    return Decoder()


@pytest.mark.parametrize("case", KNOWN.values(), ids=KNOWN)
def test_known_instructions(decoder, case):
    encoding, operation, branch, sources, destinations = case
    found = decoder.decode(0x1000, bytes.fromhex(encoding))
    assert found[:4] == (operation, branch, tuple(sources), tuple(destinations))


@pytest.mark.parametrize(
    ("encoding", "operation"), [("a5", "string"), ("f3a4", "string"), ("f2ae", "string"), ("f348ab", "string")]
)
def test_string_instructions(decoder, encoding, operation):
    """``movsd``, ``rep movsb``, ``repne scasb``, ``rep stosq``."""
    assert decoder.decode(0, bytes.fromhex(encoding)).operation == operation


@pytest.mark.parametrize("encoding", ["06", "0f", "", "90" * 2])
def test_what_is_no_single_instruction_is_other(decoder, encoding):
    assert decoder.decode(0, bytes.fromhex(encoding)) == decode.UNDECODABLE


@pytest.mark.parametrize(("encoding", "size"), [("0f1106", 16), ("c5fe6f06", 32), ("488b06", 8), ("4801fe", 0)])
def test_width_of_the_memory_operand(decoder, encoding, size):
    assert decoder.decode(0, bytes.fromhex(encoding)).memory_bytes == size


def test_table(decoder):
    code, memory_bytes = decode_table(np.array([4, 8], dtype=np.uint64), [bytes.fromhex("0f1106"), b"\xc3"])
    assert code.length.tolist() == [3, 1]
    assert code.encoding[:, :4].tolist() == [[0x0F, 0x11, 0x06, 0], [0xC3, 0, 0, 0]]
    assert [OPERATIONS[one] for one in code.operation] == ["store", "branch"]
    assert [BRANCHES[one] for one in code.branch] == ["none", "return"]
    assert code.sources.tolist() == [[RSI, XMM0, 0, 0, 0, 0], [RSP, 0, 0, 0, 0, 0]]
    assert code.destinations.tolist() == [[0, 0, 0], [RSP, RIP, 0]]
    assert memory_bytes.tolist() == [16, 0]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *[(part, 1) for part in ("rax", "eax", "ax", "al", "ah")],
        *[(part, 5) for part in ("rsi", "esi", "si", "sil")],
        *[(part, 16) for part in ("r15", "r15d", "r15w", "r15b")],
        ("rflags", 25), ("xmm0", 32), ("ymm15", 47), ("zmm31", 63), ("st(7)", 71), ("mm0", 72), ("k1", 82),
        ("rip", 0), ("fs", 0), ("fpsw", 0),
    ],
)  # fmt: skip
def test_register_numbers(name, number):
    assert register_number(name) == number


@pytest.mark.parametrize(
    ("mnemonic", "operation"),
    [("vmulps", "fp_mul"), ("fdivp", "fp_div"), ("vcvtdq2ps", "convert"), ("setne", "int_alu"), ("bswap", "int_alu")],
)
def test_classes(mnemonic, operation):
    assert operation_class(mnemonic) == operation


def test_without_capstone(monkeypatch):
    monkeypatch.setitem(sys.modules, "capstone", None)
    monkeypatch.setattr(decode, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"needs the package 'capstone'.*codesign\[trace\]"):
        Decoder()


VECTOR_STORES = {"movups", "movq", "vmovdqa", "vmovdqu"}


@pytest.mark.shared
def test_tables_of_the_reference_traces(shared):
    """All of the 4,894 instructions but two kinds, where the reference repeats faults of the disassembler's tables:

    stores of whole vectors, which it classes as loads, and ``lock cmpxchg``, to which it gives no destination.
    """
    capstone = pytest.importorskip("capstone")
    machine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    for file in sorted((shared / "reference/cpu/traces").glob("*.npz")):
        theirs = read_instruction_trace(file).code
        texts = [bytes(row[:size]) for row, size in zip(theirs.encoding, theirs.length, strict=True)]
        ours, _ = decode_table(theirs.address, texts)
        names = np.array([next(machine.disasm(text, 0)).mnemonic for text in texts])
        np.testing.assert_array_equal(ours.encoding, theirs.encoding)
        np.testing.assert_array_equal(ours.branch, theirs.branch)
        np.testing.assert_array_equal(ours.sources, theirs.sources)
        registers = (ours.destinations != theirs.destinations).any(axis=1)
        assert set(names[registers]) <= {"lock cmpxchg"}, file.name
        classes = ours.operation != theirs.operation
        assert set(names[classes]) <= VECTOR_STORES | {"lock cmpxchg"}, file.name
        stores = classes & (names != "lock cmpxchg")
        assert set(ours.operation[stores]) <= {OPERATIONS.index("store")}
        assert set(theirs.operation[stores]) <= {OPERATIONS.index("load")}
