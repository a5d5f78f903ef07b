"""A table of designs in, the table of metrics out: reading, refusing, evaluating, filling in."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.columns import Columns, FloatArray, IntArray, read_columns
from codesign.models.grouping import Distinct, distinct_rows, numbered
from codesign.models.pe.array.derived import metrics_of
from codesign.models.pe.array.evaluation import Block, sums_over_products
from codesign.models.pe.array.lookups import (
    Buffers,
    Lane,
    Scales,
    buffer_lookup,
    dram_lookup,
    scale_lookup,
    vector_lane,
)
from codesign.models.pe.array.states import State, StateTable, configured
from codesign.models.pe.emulation import emulations
from codesign.models.pe.metrics import METRICS
from codesign.models.pe.parameters import NAME, PARAMETERS, WORKLOAD_SETTINGS
from codesign.models.pe.pricing import MOST_STAGES, PS_PER_US
from codesign.models.pe.quality.measured import LENGTH, MeasuredError, measured_error
from codesign.models.pe.quality.perplexity import ANY, BEST, EXACT, Quality, Request, find, methods
from codesign.models.pe.workload import Workloads, workloads_of

BLOCK_ROWS = 1 << 13
STATE_NUMBERS = ("weight_bits", "activation_bits", "accumulator_bits", "group", "lut_group", "table_bits", "kv_bits")
EXACT_MARGIN_DB = 10.0
"""How far an element's own rounding must lie below its formats' for their perplexity to be its own: both together are
then 0.4 dB worse than the formats alone."""
Kind = TypeVar("Kind", bound=np.generic)
QUALITY = ("perplexity", "perplexity_increase", "sqnr_db")


@dataclass(frozen=True)
class Kinds:
    """The distinct workloads and elements of a table of designs.

    Attributes:
        workloads: the distinct ones, with the reason where one can't be had.
        workload: for each design its column in ``workloads`` (length 1: the same for all).
        states: the distinct element states.
        state: for each design its row in ``states``.
        table: their numbers.
    """

    workloads: Workloads
    workload: IntArray
    states: tuple[State, ...]
    state: IntArray
    table: StateTable


def answer(designs: pd.DataFrame) -> pd.DataFrame:
    """Evaluate a table of designs (see ``PeMpgemm.evaluate``)."""
    columns = read_columns(designs, PARAMETERS, NAME)
    metrics = np.full((len(METRICS), columns.rows), math.nan)
    in_range = np.zeros(columns.rows, dtype=bool)
    if columns.rows:
        allowed = columns.allowed()
        if isinstance(allowed, slice) or allowed.size:
            _refuse(columns, allowed)
            rows = columns.allowed()
            if isinstance(rows, slice) or rows.size:
                _evaluate(columns.kept(rows), rows, metrics, in_range)
    return columns.framed(designs.index, list(METRICS), metrics, in_range)


def kinds_of(columns: Columns) -> Kinds:
    """Return the distinct workloads and elements."""
    networks = [columns.codes["network"], columns.codes["phase"]]
    settings = [numbered(columns.numbers[name]) for name in WORKLOAD_SETTINGS if name != "phase"]
    found = distinct_rows([*networks, *(codes for codes, _ in settings)])
    names, phases = (columns.labels[name] for name in ("network", "phase"))
    workloads = workloads_of(
        [names[i] for i in found.rows[0].tolist()],
        [phases[i] for i in found.rows[1].tolist()],
        *(values[rows] for (_, values), rows in zip(settings, found.rows[2:], strict=True)),
    )
    state, states = _states(columns)
    return Kinds(workloads, found.which, states, state, StateTable.of(states))


def _states(columns: Columns) -> tuple[IntArray, tuple[State, ...]]:
    numbers = [numbered(np.nan_to_num(columns.numbers[name], nan=-1.0)) for name in STATE_NUMBERS]
    found = distinct_rows([columns.codes["pe"], columns.codes["library"], *(codes for codes, _ in numbers)])
    elements, libraries = columns.labels["pe"], columns.labels["library"]
    states = []
    for pe, library, *picked in zip(*(rows.tolist() for rows in found.rows), strict=True):
        values = {
            name: int(numbers[i][1][code]) for i, (name, code) in enumerate(zip(STATE_NUMBERS, picked, strict=True))
        }
        kv_bits = values.pop("kv_bits")
        given = {name: None if value < 0 else value for name, value in values.items()}
        states.append(State(elements[pe], **given, kv_bits=kv_bits, library=libraries[library]))
    return found.which, tuple(states)


def _refuse(columns: Columns, rows: IntArray | slice) -> None:
    """Give every design that can't be built its reason."""
    some = columns.kept(rows)
    kinds = kinds_of(some)
    places = np.arange(columns.rows) if isinstance(rows, slice) else rows

    def refuse(bad: npt.NDArray[np.bool_], text: Callable[[int], str]) -> None:
        for row in np.flatnonzero(np.broadcast_to(bad, (some.rows,))).tolist():
            columns.reasons.setdefault(int(places[row]), text(row))

    pairs = distinct_rows([kinds.workload, kinds.state])
    reasons = [_objection(kinds, *pair) for pair in zip(*(values.tolist() for values in pairs.rows), strict=True)]
    which = np.broadcast_to(pairs.which, (some.rows,))
    bad = np.array([bool(reason) for reason in reasons])
    refuse(bad[which], lambda row: reasons[which[row]])
    if bad.all():
        return
    stages = stages_of(some, kinds, scale_lookup(some))
    refuse(stages > MOST_STAGES, lambda row: _too_fast(some, kinds, stages, row))
    for buffer, operand, side in (("activation_kib", "activation", "rows"), ("weight_kib", "weight", "columns")):
        needed = _needed_kib(some, kinds, operand, side)
        refuse(some.numbers[buffer] < needed, partial(_too_small, some, buffer, needed))


def _at(values: FloatArray, row: int) -> float:
    return float(values[row if values.size > 1 else 0])


def _objection(kinds: Kinds, workload: int, state: int) -> str:
    """Return why an element can't run a workload, or nothing."""
    reason = kinds.workloads.reasons[workload] or kinds.table.refusals[state]
    if reason:
        return reason
    group = configured(kinds.states[state]).configuration.group
    return kinds.workloads.group_objection(workload, group) if group else ""


def stages_of(columns: Columns, kinds: Kinds, scales: Scales) -> FloatArray:
    """Return the pipeline stages of each design's element: ceil(path * clock), at least 1."""
    path_ps = kinds.table.columns["path_ps"][kinds.state] * scales.delay
    return np.maximum(np.ceil(path_ps * columns.numbers["clock_mhz"] / PS_PER_US - 1e-9), 1.0)


def _too_fast(columns: Columns, kinds: Kinds, stages: FloatArray, row: int) -> str:
    state = kinds.states[int(kinds.state[row if kinds.state.size > 1 else 0])]
    return (
        f"clock_mhz = {_at(columns.numbers['clock_mhz'], row):g} takes {_at(stages, row):g} pipeline stages in"
        f" {state.pe} at {_at(columns.numbers['node_nm'], row):g} nm; at most {MOST_STAGES} are allowed"
    )


def _needed_kib(columns: Columns, kinds: Kinds, operand: str, side: str) -> FloatArray:
    """Return the KiB that two steps of the whole array take of an operand."""
    table = kinds.table.columns
    words = columns.numbers[side] * (table[f"fused_{side}"] * table["step_macs"])[kinds.state]
    needed: FloatArray = 2.0 * words * table[f"{operand}_bits_stored"][kinds.state] / (8.0 * 1024.0)
    return needed


def _too_small(columns: Columns, buffer: str, needed: FloatArray, row: int) -> str:
    return (
        f"{buffer} = {_at(columns.numbers[buffer], row):g} holds less than two steps of the array;"
        f" it needs {_at(needed, row):g} KiB"
    )


@dataclass(frozen=True)
class Lookups:
    """What is looked up for each design; arrays of one length, or of length 1.

    Attributes:
        scales: from the library's node and supply to the design's.
        stages: pipeline stages of an element.
        buffers, dram_pj_per_bit, lane: prices of the buffers, of a bit of the memory, of a lane of the vector unit.
    """

    scales: Scales
    stages: FloatArray
    buffers: Buffers
    dram_pj_per_bit: FloatArray
    lane: Lane


def lookups_of(columns: Columns, kinds: Kinds) -> Lookups:
    """Return what is looked up for designs that can all be built."""
    scales = scale_lookup(columns)
    stages = stages_of(columns, kinds, scales)
    return Lookups(scales, stages, buffer_lookup(columns), dram_lookup(columns), vector_lane(columns))


def block_of(columns: Columns, kinds: Kinds, found: Lookups, part: slice) -> Block:
    """Return some of the designs, for their evaluation."""
    state = _part(kinds.state, part)
    scales, buffers, lane = found.scales, found.buffers, found.lane
    return Block(
        workload=_part(kinds.workload, part),
        element={name: values.take(state) for name, values in kinds.table.columns.items()},
        numbers={name: _part(values, part) for name, values in columns.numbers.items()},
        area_scale=_part(scales.area, part),
        energy_scale=_part(scales.energy, part),
        stages=_part(found.stages, part),
        vector_um2=_part(lane.area_um2, part),
        vector_fj=_part(lane.busy_fj, part),
        vector_leakage_nw=_part(lane.leakage_nw, part),
        buffer_pj_per_bit=(_part(buffers.left_pj, part), _part(buffers.right_pj, part)),
        buffer_mm2=_part(buffers.area_mm2, part),
        dram_pj_per_bit=_part(found.dram_pj_per_bit, part),
    )


def _evaluate(columns: Columns, rows: IntArray | slice, metrics: FloatArray, in_range: npt.NDArray[np.bool_]) -> None:
    """Fill in the metrics of designs that can all be built."""
    kinds = kinds_of(columns)
    found = lookups_of(columns, kinds)
    quality, quality_of = _qualities(columns, kinds)
    units_in_range = kinds.table.in_range[kinds.state] == 1.0
    for start in range(0, columns.rows, BLOCK_ROWS):
        part = slice(start, min(start + BLOCK_ROWS, columns.rows))
        block = block_of(columns, kinds, found, part)
        count = part.stop - part.start
        values = metrics_of(block, sums_over_products(block, kinds.workloads, count), kinds.workloads)
        which = _part(quality_of, part)
        values |= {name: quality[i].take(which) for i, name in enumerate(QUALITY)}
        where = part if isinstance(rows, slice) else rows[part]
        for i, name in enumerate(METRICS):
            metrics[i, where] = values[name]
        in_range[where] = _part(units_in_range & found.scales.in_range & found.buffers.in_range, part)


def _part(values: npt.NDArray[Kind], rows: slice) -> npt.NDArray[Kind]:
    return values if values.size == 1 else values[rows]


def _qualities(columns: Columns, kinds: Kinds) -> tuple[FloatArray, IntArray]:
    """Return the quality metrics of the distinct combinations they depend on, and for each design its combination."""
    found: Distinct = distinct_rows(
        [columns.codes["network"], columns.codes["dataset"], columns.codes["method"], kinds.state]
    )
    labels = columns.labels
    values = [
        _quality(labels["network"][network], labels["dataset"][dataset], labels["method"][method], kinds.states[state])
        for network, dataset, method, state in zip(*(rows.tolist() for rows in found.rows), strict=True)
    ]
    return np.array(values).T, found.which


def _quality(network: str, dataset: str, method: str, state: State) -> tuple[float, float, float]:
    """Return perplexity, its increase and the measured signal-to-noise ratio."""
    published = published_quality(network, dataset, method, state)
    measured = measured_quality(state)
    return published.value, published.increase, measured.sqnr_db if measured else math.nan


def measured_quality(state: State) -> MeasuredError | None:
    """Return the measured error of an element; None without emulation, or where its steps don't divide the product."""
    known = configured(state)
    chosen = known.configuration
    divides = not LENGTH % int(known.columns["step_macs"]) and not (chosen.group and LENGTH % chosen.group)
    return measured_error(known.element.name, chosen) if divides and known.element.name in emulations() else None


def published_quality(network: str, dataset: str, method: str, state: State) -> Quality:
    """Return what is published of a network in an element's number formats.

    What was published of the element's own arithmetic goes first. A perplexity of the formats with exact arithmetic
    stands for the element where its own rounding lies ``EXACT_MARGIN_DB`` below the formats' noise.
    """
    known = configured(state)
    chosen = known.configuration
    request = Request(
        network,
        dataset,
        known.element.weight_formats[chosen.weight_bits],
        chosen.weight_bits,
        chosen.activation_bits,
        state.kv_bits,
        chosen.group,
        method,
        known.element.activation_format[chosen.activation_bits],
        known.element.arithmetic,
    )
    if request.arithmetic != EXACT:
        for own in methods().values():
            if own.arithmetic == request.arithmetic and method in (ANY, BEST, own.name):
                found = find(replace(request, method=own.name))
                if found.basis == "published":
                    return found
    measured = measured_quality(state)
    if measured is None or measured.arithmetic_sqnr_db < measured.format_sqnr_db + EXACT_MARGIN_DB:
        reason = f"the rounding of {known.element.name} isn't far below that of its formats, and nobody published it"
        return Quality(math.nan, math.nan, "", "", "unknown", reason)
    return find(replace(request, arithmetic=EXACT))
