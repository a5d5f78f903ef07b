"""Writes layers as a SCALE-Sim topology file; the format is described in ``topology``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from codesign.errors import StorageError, WorkloadError, nearest
from codesign.workloads.graph import Network
from codesign.workloads.layer import Layer
from codesign.workloads.topology import (
    CONV_COLUMNS,
    DEPTHWISE_MARK,
    GEMM_COLUMNS,
    REPEAT_MARK,
    Format,
    TopologyRow,
)

Depthwise = Literal["per_channel", "one_filter"]

DEPTHWISE: tuple[str, ...] = get_args(Depthwise)
FORMATS: tuple[str, ...] = get_args(Format)


def topology_rows(layers: Iterable[Layer], depthwise: Depthwise = "per_channel") -> tuple[TopologyRow, ...]:
    """Return the rows that describe layers to SCALE-Sim, without pooling.

    Args:
        layers: e.g. ``network.layers``.
        depthwise: what becomes of convolutions in groups. ``per_channel``: one group, repeated for each of them, which
            is what the hardware does. ``one_filter``: all input channels under the filters of one group, as SCALE-Sim's
            own MobileNet has it; the MACs are the same, the cycles are about half on a 32 x 32 array.

    The ifmap is (output - 1) * stride + filter, so that SCALE-Sim derives the true output size. Products have their
    rows (of the whole batch where the weights are shared) as ifmap height; ``repeat`` is count x groups x batch for the
    rest.

    Raises:
        WorkloadError: ``depthwise`` is neither of the two.
    """
    if depthwise not in DEPTHWISE:
        raise WorkloadError(f"depthwise = {depthwise!r}; allowed: {_allowed(DEPTHWISE, depthwise)}")
    return tuple(_row(layer, depthwise) for layer in layers if layer.kind != "pool")


def _allowed(names: tuple[str, ...], found: str) -> str:
    return ", ".join(names) + nearest(found, names)


def _row(layer: Layer, depthwise: Depthwise) -> TopologyRow:
    separate = layer.groups if depthwise == "per_channel" else 1
    shared = layer.batch if layer.kind == "linear" else 1
    return TopologyRow(
        name=re.sub(r"[,#\s]+", "_", layer.name.strip()).replace(DEPTHWISE_MARK, DEPTHWISE_MARK.lower()),
        ifmap_height=layer.spanned_height * shared,
        ifmap_width=layer.spanned_width,
        filter_height=layer.kernel_height,
        filter_width=layer.kernel_width,
        channels=layer.in_channels // separate,
        filters=layer.out_channels // layer.groups,
        stride_height=layer.stride_height,
        stride_width=layer.stride_width,
        repeat=separate * layer.count * layer.batch // shared,
    )


def format_topology(rows: Sequence[TopologyRow], form: Format = "conv", expand: bool = False) -> str:
    """Return the text of a topology file.

    Args:
        rows: see ``topology_rows``.
        form: ``conv`` or ``gemm`` (M output pixels, N filters, K window).
        expand: write a repeated row as often as it runs (then SCALE-Sim's total is the network's) rather than once
            with ``_<C>ch_x<N>`` in its name (then its result counts N times).

    A stride that differs in rows and columns adds the column Stride Width, which SCALE-Sim 3.0 writes but doesn't read.

    Raises:
        WorkloadError: ``form`` is neither of the two.
    """
    if form not in FORMATS:
        raise WorkloadError(f"form = {form!r}; allowed: {_allowed(FORMATS, form)}")
    lines = []
    oblong = form == "conv" and any(row.stride_height != row.stride_width for row in rows)
    header = GEMM_COLUMNS if form == "gemm" else (*CONV_COLUMNS[:-1], "Stride Height", "Stride Width")
    lines.append(", ".join(header if form == "gemm" or oblong else CONV_COLUMNS) + ",")
    for row in rows:
        values = _gemm_values(row) if form == "gemm" else _conv_values(row, oblong)
        channels = values[2] if form == "gemm" else row.channels
        for copy in range(row.repeat if expand else 1):
            name = _written_name(row, channels, copy, expand)
            lines.append(",".join([name, *map(str, values)]) + ",")
    return "\n".join(lines) + "\n"


def _written_name(row: TopologyRow, channels: int, copy: int, expand: bool) -> str:
    if expand:
        return f"{row.name}_{copy}" if row.repeat > 1 else row.name
    return f"{row.name}_{channels}ch_x{row.repeat}" if row.repeat > 1 or REPEAT_MARK.search(row.name) else row.name


def _conv_values(row: TopologyRow, oblong: bool) -> list[int]:
    values = [row.ifmap_height, row.ifmap_width, row.filter_height, row.filter_width, row.channels, row.filters]
    return [*values, row.stride_height, row.stride_width] if oblong else [*values, row.stride_height]


def _gemm_values(row: TopologyRow) -> list[int]:
    height, width = row.outputs
    return [height * width, row.filters, row.filter_height * row.filter_width * row.channels]


def write_topology(
    network: Network,
    path: str,
    *,
    depthwise: Depthwise = "per_channel",
    form: Format = "conv",
    expand: bool = False,
) -> None:
    """Write a network's layers as a topology file; see ``topology_rows`` and ``format_topology`` for the options.

    Raises:
        StorageError: the file can't be written.
    """
    text = format_topology(topology_rows(network.layers, depthwise), form, expand)
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise StorageError(f"{path}: can't be written: {error}") from error
