"""Packing problems as CSV: one buffer a row, columns id, lower, upper, size and, once packed, offset.

The format is MiniMalloc's (github.com/google/minimalloc): lifetimes are half open, [lower, upper).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.errors import nearest
from codesign.models.scratchpad.packing.errors import PackingError
from codesign.models.scratchpad.packing.instance import LARGEST
from codesign.models.scratchpad.packing.sections import Ints
from codesign.pareto.csv_file import write_atomically

COLUMNS = ("id", "lower", "upper", "size")
OFFSET = "offset"
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}\Z")


@dataclass(frozen=True)
class Buffers:
    """The buffers of a file, in its order.

    Attributes:
        ids: names, all different.
        lower, upper, size: int64.
        offsets: int64, where the file has that column: somebody's packing, to be checked or drawn.
    """

    ids: tuple[str, ...]
    lower: Ints
    upper: Ints
    size: Ints
    offsets: Ints | None = None


def read_buffers(path: Path) -> Buffers:
    """Read a CSV file with the columns id, lower, upper, size and perhaps offset, in any order.

    Raises PackingError, with file and line, for a file that can't be read or has no buffers, columns that are missing,
    twice there or unknown (a column may change the problem, as MiniMalloc's gaps do), rows of another length, values
    that aren't whole numbers within ±2**53, a negative size or offset, upper <= lower, and an id that comes twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PackingError(f"{path} can't be read: {error}") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        rows = [(reader.line_num, row) for row in reader if any(field.strip() for field in row)]
    except csv.Error as error:
        raise PackingError(f"{path}:{reader.line_num}: is not valid CSV: {error}") from error
    if not rows:
        raise PackingError(f"{path}:1: is empty; a header with {', '.join(COLUMNS)} is needed")
    header = [name.strip() for name in rows[0][1]]
    _check_header(path, rows[0][0], header)
    if len(rows) == 1:
        raise PackingError(f"{path}:{rows[0][0]}: holds a header and no buffers")
    ids: dict[str, int] = {}
    values: dict[str, list[int]] = {name: [] for name in header if name != "id"}
    for line, row in rows[1:]:
        _read_row(f"{path}:{line}", line, header, row, ids, values)
    arrays = {name: np.array(column, dtype=np.int64) for name, column in values.items()}
    return Buffers(tuple(ids), arrays["lower"], arrays["upper"], arrays["size"], arrays.get(OFFSET))


def buffers_text(buffers: Buffers) -> str:
    """Return the file's text: header, one row a buffer, offset last where there is one."""
    columns: list[tuple[str, ...] | list[int]] = [buffers.ids]
    columns += [
        each.tolist() for each in (buffers.lower, buffers.upper, buffers.size, buffers.offsets) if each is not None
    ]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, OFFSET][: len(columns)])
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def write_buffers(path: Path, buffers: Buffers) -> None:
    """Write ``buffers_text`` to a file; raise StorageError when that fails."""
    write_atomically(path, buffers_text(buffers).encode())


def _check_header(path: Path, line: int, header: list[str]) -> None:
    allowed = f"allowed: {', '.join(COLUMNS)}, and {OFFSET} for a packing"
    for name in header:
        if name not in (*COLUMNS, OFFSET):
            raise PackingError(f"{path}:{line}: unknown column {name!r}{nearest(name, [*COLUMNS, OFFSET])}; {allowed}")
        if header.count(name) > 1:
            raise PackingError(f"{path}:{line}: the column {name!r} appears twice")
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise PackingError(
            f"{path}:{line}: the column {missing[0]!r} is missing; found: {', '.join(header)}; {allowed}"
        )


def _read_row(
    where: str, line: int, header: list[str], row: list[str], ids: dict[str, int], values: dict[str, list[int]]
) -> None:
    if len(row) != len(header):
        raise PackingError(f"{where}: found {len(row)} fields, the header has {len(header)}")
    fields = {name: field.strip() for name, field in zip(header, row, strict=True)}
    name = fields.pop("id")
    if not name:
        raise PackingError(f"{where}: id: is empty; every buffer needs a name")
    if name in ids:
        raise PackingError(f"{where}: id: {name!r} was already on line {ids[name]}; every buffer needs its own")
    ids[name] = line
    numbers = {column: _whole(f"{where}: {column}", field) for column, field in fields.items()}
    for column in ("size", OFFSET):
        if numbers.get(column, 0) < 0:
            raise PackingError(f"{where}: {column}: must be 0 or more; found {numbers[column]}")
    if numbers["upper"] <= numbers["lower"]:
        raise PackingError(
            f"{where}: upper: must be greater than lower, the lifetime is [lower, upper); found lower"
            f" {numbers['lower']}, upper {numbers['upper']}"
        )
    for column, number in numbers.items():
        values[column].append(number)


def _whole(where: str, field: str) -> int:
    if not _WHOLE.match(field) or abs(int(field)) > LARGEST:
        raise PackingError(f"{where}: must be a whole number within ±2**53; found {field!r}")
    return int(field)
