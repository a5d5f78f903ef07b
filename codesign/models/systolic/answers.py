"""A table of designs in, the table of metrics out: reading, refusing, evaluating, filling in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import CodesignError
from codesign.models.columns import Columns, IntArray, read_columns
from codesign.models.grouping import Distinct, distinct_rows, numbered
from codesign.models.systolic.derived import Settings, derived_metrics
from codesign.models.systolic.energy import EnergyLookup
from codesign.models.systolic.evaluation import MAPPED, MOVED, Designs, Evaluation, Sums
from codesign.models.systolic.layers import FloatArray
from codesign.models.systolic.metrics import METRICS
from codesign.models.systolic.networks import NetworkLayers, network_layers
from codesign.models.systolic.parameters import DATAFLOWS, DEPTHWISE, NAME, PARAMETERS, SETTING_NAMES, UNLIMITED
from codesign.models.systolic.traffic import held_words
from codesign.technology import energy_tables
from codesign.workloads.settings import plain

BLOCK_ROWS = 1 << 13
ROW_STATIONARY = DATAFLOWS.index("rs")
ONE_FILTER, PACKED = DEPTHWISE.index("one_filter"), DEPTHWISE.index("packed")
WORD_BITS = (8, 16)
VALIDATED_SIDES = {True: (12.0, 64.0), False: (4.0, 64.0)}
"""Rows and columns compared with outside references, for rs and for the others."""
VALIDATED_STALLS = 0.01
"""Largest share of stalls: the references have unlimited bandwidth."""


@dataclass(frozen=True)
class Kinds:
    """The distinct networks of a table of designs.

    Attributes:
        which: for each design the network (length 1: the same for all).
        networks: the layers, None where they can't be had.
        reasons: why not.
        group_channels: that the network was built with.
    """

    which: IntArray
    networks: tuple[NetworkLayers | None, ...]
    reasons: tuple[str, ...]
    group_channels: FloatArray


def answer(designs: pd.DataFrame) -> pd.DataFrame:
    """Evaluate a table of designs (see ``SystolicArray.evaluate``)."""
    columns = read_columns(designs, PARAMETERS, NAME)
    metrics = np.empty((len(METRICS), columns.rows))
    in_range = np.zeros(columns.rows, dtype=bool)
    if columns.rows:
        rows = buildable_rows(columns)
        if isinstance(rows, slice) or rows.size:
            _evaluate(columns.kept(rows), rows, metrics, in_range)
        if not isinstance(rows, slice):
            refused = np.ones(columns.rows, dtype=bool)
            refused[rows] = False
            metrics[:, refused] = np.nan
    return columns.framed(designs.index, list(METRICS), metrics, in_range)


def buildable_rows(columns: Columns) -> IntArray | slice:
    """Give every design that can't be built its reason; return the rows of the others (a slice: all)."""
    allowed = columns.allowed()
    if not isinstance(allowed, slice) and not allowed.size:
        return allowed
    some = columns.kept(allowed)
    kinds = distinct_networks(some)
    states = _states(some, kinds)
    reasons = [_objection(kinds, *state) for state in zip(*(values.tolist() for values in states.rows), strict=True)]
    bad = np.array([bool(reason) for reason in reasons])
    if bad.any():
        which = np.broadcast_to(states.which, (some.rows,))
        places = np.arange(columns.rows) if isinstance(allowed, slice) else allowed
        for place in np.flatnonzero(bad[which]).tolist():
            columns.reasons[int(places[place])] = reasons[which[place]]
    return columns.allowed()


def _states(columns: Columns, kinds: Kinds) -> Distinct:
    """Return the distinct combinations on which it depends whether a design can be built."""
    return distinct_rows(
        [
            kinds.which,
            columns.codes["dataflow"],
            columns.codes["depthwise"],
            columns.codes["energy_table"],
            columns.numbers["word_bits"].astype(np.int64),
            _register_words(columns),
        ]
    )


def _register_words(columns: Columns) -> IntArray:
    """Return floor(8 * register_bytes / word_bits) for rs, 0 for the others."""
    words = np.floor(columns.numbers["register_bytes"] * 8.0 / columns.numbers["word_bits"])
    return np.where(columns.codes["dataflow"] == ROW_STATIONARY, words, 0.0).astype(np.int64)


def _objection(kinds: Kinds, kind: int, dataflow: int, depthwise: int, table: int, bits: int, registers: int) -> str:
    """Return why a design can't be built, or nothing."""
    network = kinds.networks[kind]
    if network is None:
        return kinds.reasons[kind]
    row_stationary = dataflow == ROW_STATIONARY
    if depthwise == PACKED and not row_stationary:
        return f"depthwise = packed needs dataflow = rs, found {DATAFLOWS[dataflow]}"
    if depthwise == ONE_FILTER and row_stationary:
        return "depthwise = one_filter has no meaning for dataflow = rs; use per_channel or packed"
    if depthwise == ONE_FILTER and kinds.group_channels[kind] > 1:
        return f"depthwise = one_filter needs group_channels = 1, found {kinds.group_channels[kind]:g}"
    if network.has_pool and not row_stationary:
        return f"layers = all needs dataflow = rs, found {DATAFLOWS[dataflow]}: the others map no pooling"
    needed = 2 * network.widest_kernel + 1
    if row_stationary and registers < needed:
        return (
            f"the register file holds {registers} words of {bits} bits; a filter row, an input window and a partial sum"
            f" take {needed}"
        )
    return _energy_objection(PARAMETERS["energy_table"].domain.values[table], bits)  # type: ignore[union-attr]


def _energy_objection(table: object, bits: int) -> str:
    found = energy_tables().get(str(table))
    if found is None or bits in found.word_bits:
        return ""
    others = [name for name, other in energy_tables().items() if bits in other.word_bits]
    return (
        f"energy_table = {table} has constants for words of {', '.join(map(str, found.word_bits))} bits, word_bits is"
        f" {bits}; use energy_table = {' or '.join([*others, 'none'])}"
    )


def distinct_networks(columns: Columns) -> Kinds:
    """Return the distinct networks, built."""
    parts = [columns.codes["network"], columns.codes["layers"]]
    values: list[list[object]] = []
    for name in SETTING_NAMES:
        if name in columns.codes:
            parts.append(columns.codes[name])
            values.append(list(columns.labels[name]))
        else:
            codes, distinct = numbered(columns.numbers[name])
            parts.append(codes)
            values.append([plain(value) for value in distinct.tolist()])
    found = distinct_rows(parts)
    networks: list[NetworkLayers | None] = []
    reasons: list[str] = []
    groups: list[float] = []
    for network, layers, *picked in zip(*(rows.tolist() for rows in found.rows), strict=True):
        settings = {name: values[i][code] for i, (name, code) in enumerate(zip(SETTING_NAMES, picked, strict=True))}
        name, selection = columns.labels["network"][network], columns.labels["layers"][layers]
        groups.append(float(str(settings["group_channels"])))
        try:
            networks.append(network_layers(name, settings, selection))
            reasons.append("")
        except CodesignError as error:
            networks.append(None)
            reasons.append(str(error))
    return Kinds(found.which, tuple(networks), tuple(reasons), np.array(groups))


def _evaluate(columns: Columns, rows: IntArray | slice, metrics: FloatArray, in_range: npt.NDArray[np.bool_]) -> None:
    """Fill in the metrics of designs that can all be built."""
    kinds = distinct_networks(columns)
    tables = [network.table for network in kinds.networks if network is not None]
    sums = Evaluation(tables, DATAFLOWS, DEPTHWISE).run(array_designs(columns, kinds), columns.rows)
    settings = last_stage_settings(columns)
    valid_sides = _sides_in_range(columns)
    for start in range(0, columns.rows, BLOCK_ROWS):
        part = slice(start, min(start + BLOCK_ROWS, columns.rows))
        values = _block_sums(sums, part)
        some = settings.part(part)
        values |= derived_metrics(values, some)
        calm = values["stall_cycles"] <= VALIDATED_STALLS * values["compute_cycles"]
        valid = calm & (some.energies.in_range == 1.0) & (valid_sides if valid_sides.size == 1 else valid_sides[part])
        where = part if isinstance(rows, slice) else rows[part]
        for i, name in enumerate(METRICS):
            metrics[i, where] = values[name]
        in_range[where] = valid


def _block_sums(sums: Sums, part: slice) -> dict[str, FloatArray]:
    mapping = sums.mapping if sums.mapping.size == 1 else sums.mapping[part]
    moved = sums.traffic if sums.traffic.size == 1 else sums.traffic[part]
    values = {name: sums.mapped[i].take(mapping) for i, name in enumerate(MAPPED)}
    values |= {name: sums.moved[i].take(moved) for i, name in enumerate(MOVED)}
    return values | {"stall_cycles": sums.stall_cycles[part]}


def array_designs(columns: Columns, kinds: Kinds) -> Designs:
    """Return what the mapping and traffic stages read."""
    n = columns.numbers
    row_stationary = columns.codes["dataflow"] == ROW_STATIONARY
    limited = n["dram_bytes_per_cycle"] < UNLIMITED
    kib = [n["ifmap_sram_kib"], n["filter_sram_kib"], n["ofmap_sram_kib"]]
    together = held_words((kib[0] + kib[1]) + kib[2], n["word_bits"])
    apart = [held_words(one, n["word_bits"]) for one in kib]
    return Designs(
        network=kinds.which,
        dataflow=columns.codes["dataflow"],
        depthwise=columns.codes["depthwise"],
        rows=n["array_rows"].astype(np.int64),
        columns=n["array_columns"].astype(np.int64),
        register_words=_register_words(columns),
        memory_words=(
            np.where(row_stationary, together, apart[0]),
            np.where(row_stationary, 0.0, apart[1]),
            np.where(row_stationary, 0.0, apart[2]),
        ),
        cycles_per_word=np.where(limited, n["word_bits"] * 0.125 / n["dram_bytes_per_cycle"], 0.0),
    )


def last_stage_settings(columns: Columns) -> Settings:
    """Return what the last stage reads."""
    n = columns.numbers
    kib = (n["ifmap_sram_kib"], n["filter_sram_kib"], n["ofmap_sram_kib"])
    lookup = EnergyLookup(columns.labels["energy_table"], WORD_BITS)
    pair = lookup.pair(columns.codes["energy_table"], n["word_bits"])
    return Settings(
        elements=n["array_rows"] * n["array_columns"],
        sram_kib=(kib[0] + kib[1]) + kib[2],
        word_bits=n["word_bits"],
        clock_mhz=n["clock_mhz"],
        dram_bytes_per_cycle=np.where(n["dram_bytes_per_cycle"] < UNLIMITED, n["dram_bytes_per_cycle"], np.nan),
        di_weight=n["di_weight"],
        energies=lookup.units(pair, kib, columns.codes["dataflow"] == ROW_STATIONARY),
    )


def _sides_in_range(columns: Columns) -> npt.NDArray[np.bool_]:
    n = columns.numbers
    row_stationary = columns.codes["dataflow"] == ROW_STATIONARY
    low = np.where(row_stationary, VALIDATED_SIDES[True][0], VALIDATED_SIDES[False][0])
    high = np.where(row_stationary, VALIDATED_SIDES[True][1], VALIDATED_SIDES[False][1])
    smaller = np.minimum(n["array_rows"], n["array_columns"])
    larger = np.maximum(n["array_rows"], n["array_columns"])
    return np.asarray((smaller >= low) & (larger <= high) & (n["batch"] == 1.0))
