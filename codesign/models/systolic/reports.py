"""The metrics of one design, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pandas as pd

from codesign.errors import ModelInputError
from codesign.models.columns import read_columns
from codesign.models.systolic import answers
from codesign.models.systolic.derived import derived_metrics
from codesign.models.systolic.evaluation import Designs, map_layers, mapping_sums, move_words, network_sums
from codesign.models.systolic.layers import FloatArray, LayerTable
from codesign.models.systolic.metrics import METRICS
from codesign.models.systolic.parameters import DATAFLOWS, DEPTHWISE, NAME, PARAMETERS
from codesign.models.systolic.traffic import stall_cycles

SHAPE = (
    "kind",
    "in_channels",
    "out_channels",
    "kernel_height",
    "kernel_width",
    "out_height",
    "out_width",
    "groups",
    "count",
)


def layer_report(design: Mapping[str, object]) -> pd.DataFrame:
    """Return one row per layer (see ``SystolicArray.layer_report``)."""
    columns = read_columns(pd.DataFrame({name: [value] for name, value in design.items()}), PARAMETERS, NAME)
    answers.buildable_rows(columns)
    if columns.reasons:
        raise ModelInputError(columns.reasons[0])
    kinds = answers.distinct_networks(columns)
    network = kinds.networks[0]
    assert network is not None
    given = answers.array_designs(columns, kinds)
    sums = _sums_of_shapes(network.table, given)
    values = sums | derived_metrics(sums, answers.last_stage_settings(columns))
    count = network.table.layers
    shapes = pd.DataFrame({name: np.broadcast_to(values[name], (count,)) for name in METRICS})
    report = shapes.iloc[list(network.position)].reset_index(drop=True)
    for place, name in enumerate(("layer", *SHAPE)):
        report.insert(place, name, [getattr(layer, "name" if name == "layer" else name) for layer in network.layers])
    return report


def _sums_of_shapes(table: LayerTable, given: Designs) -> dict[str, FloatArray]:
    """Return the sums of a network of one run of one layer, for each distinct layer."""
    sides = given.rows.astype(np.float64), given.columns.astype(np.float64)
    names = DATAFLOWS[given.dataflow[0]], DEPTHWISE[given.depthwise[0]]
    rows = [_one(table, layer) for layer in range(table.layers)]
    found: list[dict[str, FloatArray]] = []
    for layer in rows:
        mapping = map_layers(layer, *names, *sides, given.register_words.astype(np.float64))
        moved = move_words(mapping.needs, given.memory_words)
        stalls = stall_cycles(mapping.cycles, mapping.fill_words, moved.words, given.cycles_per_word)
        found.append(
            network_sums(layer)
            | mapping_sums(layer, mapping, sides[0] * sides[1])
            | {
                "stall_cycles": stalls[0],
                "dram_ifmap_reads": moved.ifmap_reads[0],
                "dram_filter_reads": moved.filter_reads[0],
                "dram_ofmap_reads": moved.ofmap_reads[0],
                "dram_ofmap_writes": moved.ofmap_writes[0],
            }
        )
    return {name: np.concatenate([np.broadcast_to(one[name], (1,)) for one in found]) for name in found[0]}


def _one(table: LayerTable, layer: int) -> LayerTable:
    values = {f.name: getattr(table, f.name)[layer : layer + 1] for f in fields(table)}
    return LayerTable(**{**values, "runs": np.ones((1, 1))})
