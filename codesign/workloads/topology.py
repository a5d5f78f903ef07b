"""SCALE-Sim topology files: a network as one CSV row for each layer.

Conv format, by position: ``Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter,
Strides,``. GEMM format: ``Layer, M, N, K,``. The first line is a header. SCALE-Sim has no padding, and its output has
ceil((ifmap - filter + stride) / stride) rows and columns, so that the last window may stick out of the image; a row
that is meant exactly has ``ifmap = (output - 1) * stride + filter``, padding included.

Source: SCALE-Sim 3.0, ``scalesim/topology_utils.py`` and the files of its ``topologies`` folder.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.dataflow import Attribute, Operator, Tensor
from codesign.workloads.graph import Network

Format = Literal["conv", "gemm"]

CONV_COLUMNS = (
    *("Layer name", "IFMAP Height", "IFMAP Width", "Filter Height", "Filter Width", "Channels", "Num Filter"),
    "Strides",
)
GEMM_COLUMNS = ("Layer", "M", "N", "K")
DEPTHWISE_MARK = "DP"
"""SCALE-Sim runs a row with this in its name once for each channel, with one channel."""

REPEAT_MARK = re.compile(r"_(\d+)ch_x(\d+)\Z")
"""At the end of a name: channels of the row, and how often it is to be run."""

_SPARSITY = re.compile(r"\d+:\d+\Z")


@dataclass(frozen=True, slots=True)
class TopologyRow:
    """One row: what SCALE-Sim runs once, and how often it is to be run (``repeat``, in the name as ``_<C>ch_x<N>``)."""

    name: str
    ifmap_height: int
    ifmap_width: int
    filter_height: int
    filter_width: int
    channels: int
    filters: int
    stride_height: int
    stride_width: int
    repeat: int = 1
    batch: int = 1
    sparsity: str = ""

    @property
    def outputs(self) -> tuple[int, int]:
        """Rows and columns: ceil((ifmap - filter + stride) / stride)."""
        return (
            math.ceil((self.ifmap_height - self.filter_height + self.stride_height) / self.stride_height),
            math.ceil((self.ifmap_width - self.filter_width + self.stride_width) / self.stride_width),
        )

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all repeats; N:M sparsity isn't taken off."""
        height, width = self.outputs
        window = self.filter_height * self.filter_width * self.channels
        return height * width * window * self.filters * self.repeat * self.batch


def read_topology(path: str) -> Network:
    """Read a topology file, in conv or GEMM format (seen from its header).

    What people's files have is accepted: a byte-order mark, Windows line ends, tabs for commas, blanks around values,
    empty lines, missing or many trailing commas, comments from ``#`` on, lines that hold nothing but a title, further
    columns named for a stride width, a batch or a sparsity (kept as attribute ``sparsity``; the MACs stay dense), and
    unused columns. A name with ``DP`` in it is a depthwise layer, as in SCALE-Sim; ``_<C>ch_x<N>`` at the end of a name
    repeats a row of C channels N times, as ``topology_export`` has it.

    Returns:
        A network of unconnected operators (a CSV file has no edges), kind ``conv`` or, in GEMM format, ``linear``.

    Raises:
        UnknownNameError: no such file.
        WorkloadError: with file and line, what was found and what is expected.
    """
    try:
        with open(path, encoding="utf-8-sig", newline=None) as file:
            text = file.read()
    except FileNotFoundError as error:
        raise UnknownNameError(f"the topology file {path!r} does not exist") from error
    except (OSError, UnicodeDecodeError) as error:
        raise WorkloadError(f"{path}: can't be read as text: {error}") from error
    form, rows = parse_topology(text, path)
    return _network(os.path.splitext(os.path.basename(path))[0], rows, form)


def parse_topology(text: str, file: str = "topology") -> tuple[Format, tuple[TopologyRow, ...]]:
    """Return the format and the rows of a topology file's text; ``file`` is named in errors."""
    header: list[str] | None = None
    rows: list[TopologyRow] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = _fields(line)
        where = f"{file}:{number}"
        if header is None:
            if fields:
                header = _header(fields, where)
        elif len(fields) > 1 and fields != header and not _is_header(fields):
            parse = _gemm_row if _is_gemm(header) else _conv_row
            rows.append(parse(fields, header, where))
    if header is None:
        raise WorkloadError(f"{file}: is empty; a header and one row for each layer are expected")
    if not rows:
        raise WorkloadError(f"{file}: has a header but no layer")
    return ("gemm" if _is_gemm(header) else "conv"), tuple(rows)


def _fields(line: str) -> list[str]:
    """Split at commas (at tabs where there is none), drop comments, blanks and trailing empty fields."""
    text = line.split("#", 1)[0]
    fields = [field.strip() for field in text.split("," if "," in text else "\t")]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def _is_header(fields: Sequence[str]) -> bool:
    return len(fields) > 3 and fields[0].lower().startswith("l") and all(re.search("[A-Za-z]", f) for f in fields[1:4])


def _is_gemm(header: Sequence[str]) -> bool:
    return len(header) > 3 and sorted(field.upper() for field in header[1:4]) == ["K", "M", "N"]


def _header(fields: list[str], where: str) -> list[str]:
    if not _is_header(fields):
        raise WorkloadError(
            f"{where}: found {', '.join(fields)!r}; the first line must be a header (SCALE-Sim skips it):"
            f" {', '.join(CONV_COLUMNS)!r} or {', '.join(GEMM_COLUMNS)!r}"
        )
    if _is_gemm(fields) and [field.upper() for field in fields[1:4]] != ["M", "N", "K"]:
        raise WorkloadError(f"{where}: the columns are {', '.join(fields[1:4])}; SCALE-Sim reads them as M, N, K")
    if not _is_gemm(fields) and len(fields) < len(CONV_COLUMNS):
        raise WorkloadError(
            f"{where}: the header has {len(fields)} columns; {len(CONV_COLUMNS)} are expected:"
            f" {', '.join(CONV_COLUMNS)}"
        )
    return fields


def _whole(text: str, column: str, where: str) -> int:
    if not re.fullmatch(r"\d{1,15}", text) or int(text) < 1:
        raise WorkloadError(f"{where}: {column} is {text!r}; a whole number of at least 1 is expected")
    return int(text)


def _values(fields: Sequence[str], columns: Sequence[str], where: str) -> list[int]:
    if not fields[0]:
        raise WorkloadError(f"{where}: the layer has no name")
    if len(fields) < len(columns):
        missing = ", ".join(columns[len(fields) :])
        raise WorkloadError(
            f"{where}: layer {fields[0]!r} has {len(fields)} values, {len(columns)} are expected; missing: {missing}"
        )
    return [_whole(text, column, where) for text, column in zip(fields[1:], columns[1:], strict=False)]


def _repeat(name: str, channels: int) -> int:
    match = REPEAT_MARK.search(name)
    return int(match[2]) if match and int(match[1]) == channels and int(match[2]) > 0 else 1


def _conv_row(fields: list[str], header: list[str], where: str) -> TopologyRow:
    values = _values(fields, CONV_COLUMNS, where)
    extra = _extra_columns(fields, header, where)
    height, width, filter_height, filter_width, channels, filters, stride = values
    for side, image, window in (("Height", height, filter_height), ("Width", width, filter_width)):
        if window > image:
            raise WorkloadError(
                f"{where}: layer {fields[0]!r}: Filter {side} {window} is larger than IFMAP {side} {image}; the IFMAP"
                " includes padding"
            )
    return TopologyRow(
        name=fields[0],
        ifmap_height=height,
        ifmap_width=width,
        filter_height=filter_height,
        filter_width=filter_width,
        channels=channels,
        filters=filters,
        stride_height=stride,
        stride_width=_whole(extra.get("stride", str(stride)), "Stride Width", where),
        repeat=_repeat(fields[0], channels),
        batch=_whole(extra.get("batch", "1"), "Batch", where),
        sparsity=extra.get("sparsity", ""),
    )


def _extra_columns(fields: list[str], header: list[str], where: str) -> dict[str, str]:
    """Values beyond the eighth column that mean something: stride, batch, sparsity."""
    extra: dict[str, str] = {}
    first = len(CONV_COLUMNS)
    for index, text in enumerate(fields[first:], start=first):
        title = header[index].lower() if index < len(header) else ""
        known = [word for word in ("stride", "batch", "spars") if word in title]
        if _SPARSITY.match(text):
            extra["sparsity"] = text
        elif known and text:
            extra["sparsity" if known[0] == "spars" else known[0]] = text
        elif text and not title:
            raise WorkloadError(
                f"{where}: layer {fields[0]!r} has {text!r} in column {index + 1}, which the header doesn't name;"
                " name it Stride Width, Batch or Sparsity, or leave it out"
            )
    return extra


def _gemm_row(fields: list[str], header: list[str], where: str) -> TopologyRow:
    """M x K by K x N. SCALE-Sim takes an image of M rows and K columns under N filters of 1 x K; here it is M rows of K
    channels under filters of 1 x 1, which has the same products."""
    rows, columns, inner = _values(fields, GEMM_COLUMNS, where)
    sparsity = next((text for text in fields[4:] if _SPARSITY.match(text)), "")
    return TopologyRow(fields[0], rows, 1, 1, 1, inner, columns, 1, 1, _repeat(fields[0], inner), sparsity=sparsity)


def _network(name: str, rows: Iterable[TopologyRow], form: Format) -> Network:
    tensors: list[Tensor] = []
    operators: list[Operator] = []
    used: dict[str, int] = {}
    for row in rows:
        used[row.name] = used.get(row.name, 0) + 1
        unique = row.name if used[row.name] == 1 else f"{row.name} ({used[row.name]})"
        parts, operator = _gemm_operator(row, unique) if form == "gemm" else _conv_operator(row, unique)
        tensors += parts
        operators.append(operator)
    return Network(name, tuple(tensors), tuple(operators))


def _attributes(row: TopologyRow) -> dict[str, Attribute]:
    attributes: dict[str, Attribute] = {"count": row.repeat} if row.repeat > 1 else {}
    if row.sparsity:
        attributes["sparsity"] = row.sparsity
    return attributes


def _conv_operator(row: TopologyRow, name: str) -> tuple[list[Tensor], Operator]:
    height, width = row.outputs
    groups = row.channels if DEPTHWISE_MARK in row.name else 1
    filters = row.filters * groups
    missing_rows = max((height - 1) * row.stride_height + row.filter_height - row.ifmap_height, 0)
    missing_columns = max((width - 1) * row.stride_width + row.filter_width - row.ifmap_width, 0)
    tensors = [
        Tensor(f"{name}.input", (row.batch, row.channels, row.ifmap_height, row.ifmap_width), "input"),
        Tensor(f"{name}.weight", (filters, row.channels // groups, row.filter_height, row.filter_width), "weight"),
        Tensor(name, (row.batch, filters, height, width), "output"),
    ]
    attributes = _attributes(row) | {
        "strides": (row.stride_height, row.stride_width),
        "padding": (0, 0, missing_rows, missing_columns),
        "groups": groups,
    }
    return tensors, Operator(name, "conv", (f"{name}.input", f"{name}.weight"), (name,), attributes)


def _gemm_operator(row: TopologyRow, name: str) -> tuple[list[Tensor], Operator]:
    tensors = [
        Tensor(f"{name}.input", (1, row.ifmap_height, row.channels), "input"),
        Tensor(f"{name}.weight", (row.channels, row.filters), "weight"),
        Tensor(name, (1, row.ifmap_height, row.filters), "output"),
    ]
    return tensors, Operator(name, "linear", (f"{name}.input", f"{name}.weight"), (name,), _attributes(row))
