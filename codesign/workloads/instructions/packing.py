"""The columns of a trace as differences from what is expected: what is foreseen becomes zeros, which take no room.

- ``which``: programs run from one instruction to the next until one jumps. Each such run of rising positions is one
  entry of a table of distinct runs; the trace is a list of these entries.
- ``taken``: a bit says whether it differs from "the next instruction isn't the one after this one in memory".
- ``loads``, ``stores``: differences between one execution of an instruction and the next of the same one.
- operands: those that are the k-th of the same instruction stand together, in the order of time. Of their addresses the
  differences are kept (small numbers of either sign as small numbers without one, all first bytes first, then all
  second ones, and so on), of sizes and directions as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import WorkloadError
from codesign.workloads.instructions.trace import InstructionTrace, StaticCode

ARRAYS = (
    "run",
    "run_first",
    "run_length",
    "taken",
    "nld",
    "nst",
    "maddr",
    "msize",
    "mstore",
    "windows",
)
MOST_INSTRUCTIONS = 1 << 30
"""Most instructions of one trace."""

_ADDRESS_BYTES = 8
_Array = npt.NDArray[Any]
_Order = npt.NDArray[np.int64]


def packed(trace: InstructionTrace) -> dict[str, _Array]:
    """Return the arrays of ``ARRAYS`` for a trace; ``unpacked`` makes the same trace of them."""
    which = trace.which
    starts = np.flatnonzero(np.diff(which, prepend=-2) != 1)
    lengths = np.diff(np.append(starts, len(which)))
    runs, run = np.unique(np.stack([which[starts], lengths]), axis=1, return_inverse=True)
    grouped = _grouped(which)
    operands = _operand_order(which, trace.loads, trace.stores)
    return {
        "run": run.reshape(-1).astype(np.min_scalar_type(max(runs.shape[1] - 1, 0))),
        "run_first": runs[0].astype(np.int32),
        "run_length": runs[1].astype(np.int32),
        "taken": np.packbits(trace.taken ^ _foreseen(trace.code, which)),
        "nld": _steps(trace.loads[grouped]),
        "nst": _steps(trace.stores[grouped]),
        "maddr": _address_planes(trace.operand_address[operands]),
        "msize": _steps(trace.operand_size[operands]),
        "mstore": np.packbits(_steps(trace.operand_store[operands].view(np.uint8)) & 1),
        "windows": trace.windows,
    }


def unpacked(arrays: Mapping[str, _Array], code: StaticCode, name: str) -> InstructionTrace:
    """Return the trace of the arrays that ``packed`` made.

    Raises:
        WorkloadError: they contradict each other.
    """
    which = _executed(arrays["run"], arrays["run_first"], arrays["run_length"], len(code))
    count = len(which)
    grouped = _grouped(which)
    loads = _ungrouped(_summed("nld", arrays["nld"], count, "instructions"), grouped)
    stores = _ungrouped(_summed("nst", arrays["nst"], count, "instructions"), grouped)
    operands = _operand_order(which, loads, stores)
    total = len(operands)
    changes = bits("mstore", arrays["mstore"], total, "memory operands").view(np.uint8)
    return InstructionTrace(
        name=name,
        code=code,
        which=which,
        taken=bits("taken", arrays["taken"], count, "instructions") ^ _foreseen(code, which),
        loads=loads,
        stores=stores,
        operand_address=_ungrouped(_addresses(arrays["maddr"], total), operands),
        operand_size=_ungrouped(_summed("msize", arrays["msize"], total, "memory operands"), operands),
        operand_store=_ungrouped((np.cumsum(changes, dtype=np.uint8) & 1).astype(np.bool_), operands),
        windows=arrays["windows"].astype(np.int64, copy=False),
    )


def bits(name: str, array: _Array, count: int, of_what: str) -> npt.NDArray[np.bool_]:
    """Return ``count`` truth values of an array of bytes, the highest bit of each byte first.

    Raises:
        WorkloadError: it has not just as many bytes as that needs.
    """
    needed = -(-count // 8)
    if array.shape != (needed,) or array.dtype != np.uint8:
        raise WorkloadError(
            f"array {name!r} has {array.size} bytes ({array.dtype}); the bits of {count} {of_what} need {needed}"
            " (uint8)"
        )
    return np.unpackbits(array, count=count).view(np.bool_)


def _executed(run: _Array, first: _Array, length: _Array, table: int) -> npt.NDArray[np.int32]:
    """Return which instruction was executed, one run after the other."""
    if first.shape != length.shape or first.ndim != 1:
        raise WorkloadError(f"arrays 'run_first' {first.shape} and 'run_length' {length.shape} must be equally long")
    if run.ndim != 1 or (run.size and (int(run.max()) >= len(first) or int(run.min()) < 0)):
        raise WorkloadError(f"array 'run' names runs beyond the {len(first)} of 'run_first'")
    first, length = first.astype(np.int64), length.astype(np.int64)
    if ((first < 0) | (length < 1) | (first + length > table)).any():
        raise WorkloadError(f"'run_first' and 'run_length' reach beyond the table of {table} instructions")
    lengths = length[run]
    count = int(lengths.sum())
    if count > MOST_INSTRUCTIONS:
        raise WorkloadError(f"the trace has {count} instructions; at most {MOST_INSTRUCTIONS} can be read")
    begins = np.cumsum(lengths) - lengths
    which = np.repeat((first[run] - begins).astype(np.int32), lengths)
    which += np.arange(count, dtype=np.int32)
    return which


def _foreseen(code: StaticCode, which: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Return whether the next instruction is another one than that after this one in memory; False for the last."""
    elsewhere = np.zeros(len(which), dtype=np.bool_)
    elsewhere[:-1] = code.address[which[1:]] != (code.address + code.length)[which[:-1]]
    return elsewhere


def _grouped(key: npt.NDArray[np.integer[Any]]) -> _Order:
    """Return the order that puts equal keys together, in the order of time."""
    narrow = key.astype(np.min_scalar_type(int(key.max()))) if key.size else key
    return np.argsort(narrow, kind="stable")


def _operand_order(which: npt.NDArray[np.int32], loads: npt.NDArray[np.uint8], stores: npt.NDArray[np.uint8]) -> _Order:
    """Return the order that puts those operands together that are the k-th of the same instruction."""
    count = loads.astype(np.int64) + stores
    at = np.repeat(np.arange(len(which)), count)
    position = np.arange(len(at)) - (np.cumsum(count) - count)[at]
    most = int(count.max()) if count.size else 0
    return _grouped(which[at].astype(np.int64) * most + position)


def _ungrouped(values: _Array, order: _Order) -> _Array:
    """Return values, given in ``order``, in the order of time."""
    placed = np.empty_like(values)
    placed[order] = values
    return placed


def _steps(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the difference of each value from the one before, modulo 256."""
    return np.diff(values, prepend=np.uint8(0))


def _summed(name: str, steps: _Array, count: int, of_what: str) -> npt.NDArray[np.uint8]:
    """Return the values of which ``steps`` are the differences."""
    if steps.shape != (count,) or steps.dtype != np.uint8:
        raise WorkloadError(
            f"array {name!r} has the shape {steps.shape} ({steps.dtype}); {count} {of_what} need ({count},) (uint8)"
        )
    return np.cumsum(steps, dtype=np.uint8)


def _address_planes(address: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Return the bytes of the addresses' differences, 8 x addresses: row k holds byte k of all, the lowest first."""
    step = np.diff(address, prepend=np.uint64(0)).view(np.int64)
    unsigned = ((step << 1) ^ (step >> 63)).astype("<u8")
    return np.ascontiguousarray(unsigned.view(np.uint8).reshape(-1, _ADDRESS_BYTES).T)


def _addresses(planes: _Array, count: int) -> npt.NDArray[np.uint64]:
    """Return the addresses of ``_address_planes``."""
    if planes.shape != (_ADDRESS_BYTES, count) or planes.dtype != np.uint8:
        raise WorkloadError(
            f"array 'maddr' has the shape {planes.shape} ({planes.dtype}); {count} memory operands need"
            f" ({_ADDRESS_BYTES}, {count}) (uint8)"
        )
    unsigned = np.ascontiguousarray(planes.T).view("<u8").reshape(-1).astype(np.uint64, copy=False)
    return np.cumsum((unsigned >> np.uint64(1)) ^ (np.uint64(0) - (unsigned & np.uint64(1))), dtype=np.uint64)
