"""Instruction traces from and to ``.npz`` files: NumPy arrays in a zip archive.

Version 1 holds the arrays as they are and one window. Version 2 (see ``packing``) holds the columns of what was
executed as differences from what is expected, and the windows.
"""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import UnknownNameError, WorkloadError
from codesign.pareto.csv_file import write_atomically
from codesign.workloads.instructions.packing import ARRAYS, bits, packed, unpacked
from codesign.workloads.instructions.trace import (
    BRANCHES,
    MOST_DESTINATIONS,
    MOST_SOURCES,
    OPERATIONS,
    REGISTERS,
    InstructionTrace,
    StaticCode,
)

PLAIN, PACKED = 1, 2
VERSIONS = (PLAIN, PACKED)
SUFFIX = ".npz"
LONGEST = 15
"""Bytes of the longest x86-64 instruction."""

_STATIC = ("pc", "len", "bytes", "op", "br", "src", "dst")
_DYNAMIC = ("sid", "taken", "nld", "nst", "maddr", "msize", "mstore")
_LZMA = ("pc", "len", "bytes", "op", "br", "src", "dst", "maddr")
"""What LZMA makes smaller than bzip2 does; bzip2 is better at long repetitions."""
_Array = npt.NDArray[Any]


def read_instruction_trace(path: str | os.PathLike[str]) -> InstructionTrace:
    """Return the trace in a file.

    Raises:
        UnknownNameError: no such file.
        WorkloadError: the file is no trace, is damaged or cut short, is of another version, lacks an array, or holds
            arrays that contradict each other; the message names file and array, what was found, what is allowed.
    """
    file = os.fspath(path)
    try:
        return _trace(_arrays(file), trace_name(file))
    except WorkloadError as error:
        raise WorkloadError(f"{file}: {error}") from error


def write_instruction_trace(trace: InstructionTrace, path: str | os.PathLike[str]) -> None:
    """Write a trace, version 2, whole or not at all; the same bytes every time.

    Raises:
        WorkloadError: the trace's arrays contradict each other.
        StorageError: the file can't be written.
    """
    _checked(trace)
    code = trace.code
    static = (code.address, code.length, code.encoding, code.operation, code.branch, code.sources, code.destinations)
    arrays: dict[str, _Array] = {
        "format": np.array(PACKED, dtype=np.int64),
        "name": np.frombuffer(trace.name.encode(), dtype=np.uint8),
        **dict(zip(_STATIC, static, strict=True)),
        **packed(trace),
    }
    text = BytesIO()
    with zipfile.ZipFile(text, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.compress_type = zipfile.ZIP_LZMA if name in _LZMA else zipfile.ZIP_BZIP2
            data = BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(member, data.getvalue())
    write_atomically(Path(path), text.getvalue())


def trace_name(path: str | os.PathLike[str]) -> str:
    """Return the name of a file's trace: the file's, without folder and suffix."""
    return os.path.basename(os.fspath(path)).removesuffix(SUFFIX)


def _arrays(file: str) -> dict[str, _Array]:
    """Return all arrays of the archive by name."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            return {name.removesuffix(".npy"): _array(name, archive.read(name)) for name in names}
    except FileNotFoundError as error:
        raise UnknownNameError(f"the trace file {file!r} does not exist") from error
    except zipfile.BadZipFile as error:
        raise WorkloadError(_not_an_archive(file, error)) from error
    except (EOFError, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError) as error:
        raise WorkloadError(f"the archive is damaged or cut short: {error}") from error
    except OSError as error:
        raise WorkloadError(f"can't be read: {error.strerror or error}") from error


def _not_an_archive(file: str, error: zipfile.BadZipFile) -> str:
    size = os.path.getsize(file)
    with open(file, "rb") as start:
        marked = start.read(2) == b"PK"
    if marked and not zipfile.is_zipfile(file):
        return f"the archive is damaged or cut short: behind its {size} bytes the list of its arrays is missing"
    if marked:
        return f"the archive is damaged or cut short: {error}"
    return f"{'is no .npz archive' if size else 'is empty'}; an instruction trace is made by codesign trace record"


def _array(name: str, data: bytes) -> _Array:
    try:
        array: _Array = np.lib.format.read_array(BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, MemoryError) as error:
        raise WorkloadError(f"array {name.removesuffix('.npy')!r} is damaged or cut short: {error}") from error
    return array


def _trace(arrays: Mapping[str, _Array], name: str) -> InstructionTrace:
    version = _version(arrays)
    if version not in VERSIONS:
        allowed = " or ".join(map(str, VERSIONS))
        raise WorkloadError(f"the trace is of format version {version}; this codesign reads version {allowed}")
    _require(arrays, (*_STATIC, *(_DYNAMIC if version == PLAIN else (*ARRAYS, "name"))))
    code = _code(arrays)
    if version == PLAIN:
        return _checked(_plain(arrays, code, name))
    return _checked(unpacked(arrays, code, arrays["name"].tobytes().decode(errors="replace")))


def _version(arrays: Mapping[str, _Array]) -> int:
    """Return the array ``format``; without it the file is of version 1."""
    if "format" not in arrays:
        return PLAIN
    version = arrays["format"]
    if version.size != 1 or version.dtype.kind not in "iu":
        raise WorkloadError(f"array 'format' must be one whole number, found {version.dtype} of shape {version.shape}")
    return int(version.reshape(())[()])


def _require(arrays: Mapping[str, _Array], names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in arrays]
    if missing:
        raise WorkloadError(
            f"the array {missing[0]!r} is missing; found {', '.join(sorted(arrays)) or 'none'};"
            f" needed {', '.join(names)}"
        )
    for name in names:
        if arrays[name].dtype.kind not in "iub":
            raise WorkloadError(f"array {name!r} must hold whole numbers, found {arrays[name].dtype}")


def _code(arrays: Mapping[str, _Array]) -> StaticCode:
    count = len(np.atleast_1d(arrays["pc"]))
    shapes = {"bytes": (count, LONGEST), "src": (count, MOST_SOURCES), "dst": (count, MOST_DESTINATIONS)}
    for name in _STATIC:
        allowed = shapes.get(name, (count,))
        if arrays[name].shape != allowed:
            raise WorkloadError(
                f"array {name!r} has the shape {arrays[name].shape}; {count} instructions need {allowed}"
            )
    for name, low, high in (
        ("len", 1, LONGEST),
        ("op", 0, len(OPERATIONS) - 1),
        ("br", 0, len(BRANCHES) - 1),
        ("src", 0, REGISTERS - 1),
        ("dst", 0, REGISTERS - 1),
    ):
        _require_between(name, arrays[name], low, high)
    return StaticCode(
        arrays["pc"].astype(np.uint64, copy=False),
        *(arrays[name].astype(np.uint8, copy=False) for name in ("len", "bytes", "op", "br", "src", "dst")),
    )


def _require_between(name: str, values: _Array, low: int, high: int) -> None:
    wrong = (values < low) | (values > high)
    if wrong.any():
        at = np.unravel_index(int(np.argmax(wrong)), values.shape)
        raise WorkloadError(f"array {name!r} holds {values[at]} in row {at[0]}; allowed are {low} to {high}")


def _plain(arrays: Mapping[str, _Array], code: StaticCode, name: str) -> InstructionTrace:
    """Return the trace of a file of version 1."""
    count, operands = arrays["sid"].size, arrays["maddr"].size
    _require_between("sid", arrays["sid"], 0, len(code) - 1)
    return InstructionTrace(
        name=name,
        code=code,
        which=arrays["sid"].astype(np.int32, copy=False),
        taken=bits("taken", arrays["taken"], count, "instructions"),
        loads=arrays["nld"].astype(np.uint8, copy=False),
        stores=arrays["nst"].astype(np.uint8, copy=False),
        operand_address=arrays["maddr"].astype(np.uint64, copy=False),
        operand_size=arrays["msize"].astype(np.uint8, copy=False),
        operand_store=bits("mstore", arrays["mstore"], operands, "memory operands"),
        windows=np.zeros(1, dtype=np.int64),
    )


def _checked(trace: InstructionTrace) -> InstructionTrace:
    """Return the trace; raise WorkloadError where its arrays contradict each other."""
    count = len(trace)
    if not count:
        raise WorkloadError("the trace is empty; at least one instruction is needed")
    for name, counts in (("nld", trace.loads), ("nst", trace.stores)):
        if counts.shape != (count,):
            raise WorkloadError(f"array {name!r} has the shape {counts.shape}; {count} instructions need ({count},)")
    operands = trace.loads.astype(np.int64) + trace.stores
    total = int(operands.sum())
    for name, shape in (("maddr", trace.operand_address.shape), ("msize", trace.operand_size.shape)):
        if shape != (total,):
            raise WorkloadError(
                f"array {name!r} has the shape {shape}; the {total} operands of 'nld' and 'nst' need ({total},)"
            )
    written = np.concatenate(([0], np.cumsum(trace.operand_store)))
    ends = np.cumsum(operands)
    wrong = written[ends] - written[ends - operands] != trace.stores
    if wrong.any():
        at = int(np.argmax(wrong))
        raise WorkloadError(
            f"array 'mstore' marks {written[ends[at]] - written[ends[at] - operands[at]]} operands of instruction {at}"
            f" as stores; 'nst' says {trace.stores[at]}"
        )
    _check_windows(trace.windows, count)
    return trace


def _check_windows(windows: npt.NDArray[np.int64], count: int) -> None:
    if windows.ndim != 1 or not windows.size or windows[0] != 0:
        raise WorkloadError("array 'windows' must begin with 0, where the first window begins")
    if (np.diff(windows) <= 0).any() or windows[-1] >= count:
        raise WorkloadError(f"array 'windows' must rise and stay below the {count} instructions")
