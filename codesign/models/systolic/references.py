"""Outside results that the model is compared with, read from ``data/``, and the model run on a single layer."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from importlib.resources import files

import numpy as np

from codesign.models.systolic.evaluation import map_layers, move_words
from codesign.models.systolic.networks import selected_layers
from codesign.models.systolic.traffic import held_words
from codesign.workloads.layer import Layer

COUNTS = (
    "compute_cycles",
    "mapping_pct",
    "sram_ifmap_reads",
    "sram_filter_reads",
    "sram_ofmap_writes",
    "dram_ifmap_reads",
    "dram_filter_reads",
    "dram_ofmap_writes",
)
"""What is compared of a layer, by the column of the data files."""


def reference_rows(file: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of this package's data files."""
    with files("codesign.models.systolic").joinpath("data", file).open(encoding="utf-8") as stream:
        yield from csv.DictReader(stream)


def topology_layer(row: Mapping[str, str]) -> Layer:
    """Return the layer of a row with SCALE-Sim's topology columns: no padding, output rounded down."""
    height, width = int(row["ifmap_h"]), int(row["ifmap_w"])
    kernel_height, kernel_width, stride = int(row["filter_h"]), int(row["filter_w"]), int(row["stride"])
    return Layer(
        name=row["layer"],
        kind="conv",
        batch=1,
        in_channels=int(row["channels"]),
        out_channels=int(row["filters"]),
        kernel_height=kernel_height,
        kernel_width=kernel_width,
        out_height=(height - kernel_height) // stride + 1,
        out_width=(width - kernel_width) // stride + 1,
        stride_height=stride,
        stride_width=stride,
        groups=1,
        in_height=height,
        in_width=width,
    )


def layer_counts(
    layer: Layer, dataflow: str, rows: int, columns: int, sram_kib: tuple[float, float, float], word_bits: int
) -> dict[str, float]:
    """Return ``COUNTS`` of one run of a layer (cycles, percent, words) for ws, os or is."""
    sides = np.array([float(rows)]), np.array([float(columns)])
    mapping = map_layers(selected_layers((layer,)).table, dataflow, "per_channel", *sides, np.zeros(1))
    held = tuple(held_words(np.array([float(kib)]), np.array([float(word_bits)])) for kib in sram_kib)
    moved = move_words(mapping.needs, held)
    values = (
        mapping.cycles,
        100.0 * mapping.mapped_share,
        mapping.ifmap_sram_reads,
        mapping.filter_sram_reads,
        mapping.ofmap_sram_writes,
        moved.ifmap_reads,
        moved.filter_reads,
        moved.ofmap_writes,
    )
    return {name: float(np.ravel(value)[0]) for name, value in zip(COUNTS, values, strict=True)}
