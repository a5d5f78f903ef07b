"""What a tool wrote while a program ran, as an instruction trace."""

from __future__ import annotations

from pathlib import Path
from struct import Struct

import numpy as np
import numpy.typing as npt

from codesign.errors import WorkloadError
from codesign.workloads.instructions.decode import decode_table
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS, InstructionTrace, StaticCode

INSTRUCTIONS_FILE = "instructions"
"""32 bits for each recorded instruction: its row in ``CODE_FILE``."""
OPERANDS_FILE = "operands"
"""The memory operands in program order: ``OPERAND`` each."""
CODE_FILE = "code"
"""Instructions: ``CODE`` each; the same one may stand there several times."""
CODE = np.dtype([("address", "<u8"), ("length", "u1"), ("bytes", "S15")])
OPERAND = np.dtype([("address", "<u8"), ("instruction", "<u4"), ("size", "<u2"), ("is_store", "u1"), ("", "V1")])
"""``instruction`` is a position in ``INSTRUCTIONS_FILE``."""
WIDEST_BYTES = 64
"""The widest memory operand whose parts are put together; wider ones (saved processor states) stay in parts."""

_CODE_ROW, _OPERAND_ROW = Struct("<QB15s"), Struct("<QIH?x")
_NO_BRANCH = BRANCHES.index("none")
_ALWAYS = [BRANCHES.index(kind) for kind in ("jump", "indirect_jump", "call", "indirect_call", "return")]
_STRING = OPERATIONS.index("string")
_Places = npt.NDArray[np.int64]


def code_row(address: int, text: bytes) -> bytes:
    """Return an instruction as it stands in ``CODE_FILE``."""
    return _CODE_ROW.pack(address, len(text), text)


def operand_row(address: int, instruction: int, size: int, store: bool) -> bytes:
    """Return an operand as it stands in ``OPERANDS_FILE``."""
    return _OPERAND_ROW.pack(address, instruction, size, store)


def assemble(folder: Path, name: str, window: int) -> InstructionTrace:
    """Return the trace of the files ``INSTRUCTIONS_FILE``, ``OPERANDS_FILE`` and ``CODE_FILE`` in a folder.

    A branch is ``taken`` where it isn't followed by the next instruction in memory; those without a condition always
    are (some jump to the next instruction). A string instruction that repeats stands once for each repetition. Where
    one that is no branch is followed by another one (a signal), a window begins. An instruction that was begun twice
    (the emulator had to restart it) stands once.

    Args:
        folder: of the files.
        name: of the trace.
        window: instructions of each window; there is one more of each in the file.

    Raises:
        WorkloadError: nothing was recorded.
    """
    executed = np.fromfile(folder / INSTRUCTIONS_FILE, dtype="<u4")
    if not executed.size:
        raise WorkloadError("nothing was recorded: the program ended before the first window")
    code, which, memory_bytes = _code(np.fromfile(folder / CODE_FILE, dtype=CODE), executed)
    extra = np.zeros(len(which), dtype=np.bool_)
    extra[window :: window + 1] = True
    follows = ~extra
    follows[-1] = False
    taken, restarted, broken = _transfers(code, which, follows)
    starts = np.zeros(len(which), dtype=np.bool_)
    starts[0] = True
    starts[1:] = extra[:-1] | broken[:-1]
    kept = ~extra & ~restarted
    window_of = np.cumsum(starts)[kept]
    operands = np.fromfile(folder / OPERANDS_FILE, dtype=OPERAND)
    operands = operands[kept[operands["instruction"]]]
    at = (np.cumsum(kept) - 1)[operands["instruction"]]
    return _with_operands(
        name, code, which[kept], taken[kept], operands, at, memory_bytes, np.flatnonzero(np.diff(window_of, prepend=0))
    )


def _code(
    rows: npt.NDArray[np.void], executed: npt.NDArray[np.uint32]
) -> tuple[StaticCode, npt.NDArray[np.int32], _Places]:
    """Return the distinct instructions by rising address, which of them was executed, and their operands' widths."""
    used, position = np.unique(executed, return_inverse=True)
    distinct, row = np.unique(rows[used], return_inverse=True)
    lengths = distinct["length"].tolist()
    encodings = [text.ljust(size, b"\0") for text, size in zip(distinct["bytes"].tolist(), lengths, strict=True)]
    code, memory_bytes = decode_table(distinct["address"].astype(np.uint64), encodings)
    return code, row[position].astype(np.int32), memory_bytes


def _transfers(
    code: StaticCode, which: npt.NDArray[np.int32], follows: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return which instructions jumped, were begun twice, and were broken off by something else.

    Args:
        code: of the trace.
        which: was executed.
        follows: whether what was executed next is known.
    """
    following = np.roll(which, -1)
    elsewhere = follows & (code.address[following] != (code.address + code.length)[which])
    is_branch = (code.branch != _NO_BRANCH)[which]
    again = elsewhere & ~is_branch & (following == which)
    restarted = again & (code.operation != _STRING)[which]
    taken = (elsewhere & is_branch) | np.isin(code.branch, _ALWAYS)[which]
    return taken, restarted, elsewhere & ~is_branch & ~again


def _with_operands(
    name: str,
    code: StaticCode,
    which: npt.NDArray[np.int32],
    taken: npt.NDArray[np.bool_],
    operands: npt.NDArray[np.void],
    at: _Places,
    memory_bytes: _Places,
    windows: _Places,
) -> InstructionTrace:
    """Return the trace; ``at`` is the instruction of each operand."""
    address = operands["address"].astype(np.uint64)
    size = operands["size"].astype(np.int64)
    store = operands["is_store"].astype(np.bool_)
    first = _first_parts(address, size, store, at, memory_bytes[which[at]])
    size = np.add.reduceat(size, np.flatnonzero(first)) if len(first) else size
    at, store = at[first], store[first]
    loads = np.bincount(at[~store], minlength=len(which))
    stores = np.bincount(at[store], minlength=len(which))
    most = max(loads.max(), stores.max())
    if most > np.iinfo(np.uint8).max:
        raise WorkloadError(f"an instruction has {most} memory operands of one direction; at most 255 can be held")
    return InstructionTrace(
        name=name,
        code=code,
        which=which,
        taken=taken,
        loads=loads.astype(np.uint8),
        stores=stores.astype(np.uint8),
        operand_address=address[first],
        operand_size=size.astype(np.uint8),
        operand_store=store,
        windows=windows.astype(np.int64),
    )


def _first_parts(
    address: npt.NDArray[np.uint64], size: _Places, store: npt.NDArray[np.bool_], at: _Places, width: _Places
) -> npt.NDArray[np.bool_]:
    """Return which accesses begin an operand: the emulator splits wide operands into neighbouring parts of 8 bytes.

    Args:
        address, size, store: of the accesses.
        at: instruction of each.
        width: bytes of the operand that this instruction names.
    """
    first = np.ones(len(address), dtype=np.bool_)
    if not len(address):
        return first
    joins = (
        (at[1:] == at[:-1]) & (store[1:] == store[:-1]) & (address[1:] == address[:-1] + size[:-1].astype(np.uint64))
    )
    first[1:] = ~(joins & (width[1:] > size[1:]) & (width[1:] <= WIDEST_BYTES))
    before = np.cumsum(size) - size
    chain = np.flatnonzero(first)[np.cumsum(first) - 1]
    begins: npt.NDArray[np.bool_] = (before - before[chain]) % np.maximum(width, 1) == 0
    return first | begins
