"""Cores as points, seen from a program: what its CPI depends on nearly evenly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.design import SPACE
from codesign.models.cpu.features.memory_view import MEMORY_RATES
from codesign.models.cpu.features.program import ProgramFeatures
from codesign.models.cpu.features.response import BRANCH_RATES
from codesign.models.cpu.predictor.bounds import between, static_bound, window_size
from codesign.models.cpu.predictor.cache_rates import CACHES, cache_numbers, places_in_space, rates_everywhere

Points = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
ABSOLUTE = {
    "scheduler_share": "scheduler",
    "load_queue_share": "load_queue",
    "store_queue_share": "store_queue",
    "register_share": "rename_registers",
}
"""Shares of the reorder buffer: their entries are what counts."""
PREDICTOR = ("branch_predictor", "predictor_entries")
SETTINGS = tuple(ABSOLUTE.get(name, name) for name in SPACE if name not in (*PREDICTOR, *CACHES))
"""Parameters that are coordinates themselves: log2(1 + value), scaled to their range."""
PREFETCHERS = (
    "l1d_prefetcher=none",
    "l1d_prefetcher=next_line",
    "l1d_prefetcher=stride",
    "stride_lines",
    "l2_prefetcher=none",
    "l2_prefetcher=next_line",
)
"""0 or 1, but for the lines that the prefetcher ``stride`` fetches: log2, scaled to its range, 0 with the others."""
SEEN = (
    "static",
    "fitting",
    "window_bound",
    "least_bound",
    "waiting",
    "wrong",
    "wrong_cost",
    "near",
    "far",
    "deep",
    "bus",
    "code",
    "ahead",
    "decoded",
)
"""From the program: bound of widths and units; instructions that fit the smallest buffer; throughput of the reorder
buffer's recurrence at that size; the lesser of the two bounds; scheduler entries up to that size; mispredictions per
instruction; times their penalty; then, per instruction, cycles of misses served by the second level, the last level and
DRAM, cycles of the DRAM's bus, cycles of code misses, of lines fetched ahead, and instructions not in the uop cache.
Each is brought to about 1 by a factor set by hand; what counts is the scale fitted to each program (``surface.py``)."""
COORDINATES = (*SETTINGS, *PREFETCHERS, *SEEN)
DECODE_COST = 0.5
"""A misprediction that shows at decode, in ones that show at execution."""
CORE_MHZ = CoreSettings.frequency_mhz
BYTES_PER_LINE, BYTES_PER_TRANSFER = 64, 8
CYCLES_PER_NS = CORE_MHZ / 1000.0


@dataclass(frozen=True)
class SeenProgram:
    """What coordinates need of a program.

    Attributes:
        numbers: its shares and throughputs.
        wrong: mispredictions per instruction, by predictor and entries (places in ``SPACE``); those that show at decode
            count ``DECODE_COST``.
        mispredicted: the same, all counting 1.
        memory: ``MEMORY_RATES`` per instruction, by number of the caches' combination.
    """

    numbers: Mapping[str, float]
    wrong: Values
    mispredicted: Values
    memory: npt.NDArray[np.float32]


def seen_program(features: ProgramFeatures, anchors: pd.DataFrame) -> SeenProgram:
    """Return what coordinates need, from the features of a program on the anchors."""
    rates = dict(zip(BRANCH_RATES, features.branches.T.astype(np.float64), strict=True))
    wrong, mispredicted = (np.zeros(tuple(len(SPACE[name]) for name in PREDICTOR)) for _ in range(2))
    places = _predictor_places(anchors)
    wrong[places] = rates["execution"] + DECODE_COST * rates["decode"]
    mispredicted[places] = rates["execution"] + rates["decode"]
    memory = rates_everywhere(cache_numbers(anchors), features.memory.astype(np.float64))
    return SeenProgram(features.numbers, wrong, mispredicted, memory)


def seen_rates(program: SeenProgram, rows: pd.DataFrame) -> dict[str, Values]:
    """Return ``MEMORY_RATES`` and ``mispredicted`` per instruction of rows of the space, arrays of shape (rows,).

    Raises:
        ModelInputError: a value of ``CACHES`` or ``PREDICTOR`` isn't one of the space.
    """
    found = program.memory[cache_numbers(rows)].astype(np.float64)
    rates = dict(zip(MEMORY_RATES, found.T, strict=True))
    return rates | {"mispredicted": program.mispredicted[_predictor_places(rows)]}


def settings_of(rows: pd.DataFrame) -> Points:
    """Return ``SETTINGS`` and ``PREFETCHERS`` of rows of the space, shape (rows, both)."""
    columns = []
    for name, values in SPACE.items():
        if name in (*PREDICTOR, *CACHES):
            continue
        given = rows[name].to_numpy().astype(np.float64)
        least, most = float(min(values)), float(max(values))
        if name in ABSOLUTE:
            given = given * rows["rob"].to_numpy()
            least, most = least * float(min(SPACE["rob"])), most * float(max(SPACE["rob"]))
        low, high = np.log2(1.0 + least), np.log2(1.0 + most)
        columns.append((np.log2(1.0 + given) - low) / (high - low))
    ahead = rows["l1d_prefetcher"].to_numpy()
    lines = np.log2(rows["prefetch_degree"].to_numpy()) / np.log2(float(max(SPACE["prefetch_degree"])))
    columns += [(ahead == kind).astype(np.float64) for kind in SPACE["l1d_prefetcher"]]
    columns.append(np.where(ahead == "stride", lines, 0.0))
    columns += [(rows["l2_prefetcher"].to_numpy() == kind).astype(np.float64) for kind in SPACE["l2_prefetcher"]]
    return np.ascontiguousarray(np.stack(columns, axis=1, dtype=np.float32))


def coordinates(program: SeenProgram, rows: pd.DataFrame, settings: Points) -> Points:
    """Return ``COORDINATES`` of rows of the space for a program, shape (rows, coordinates).

    Args:
        program: who sees them.
        rows: cores.
        settings: ``settings_of`` them.

    Raises:
        ModelInputError: a value of ``CACHES`` or ``PREDICTOR`` isn't one of the space.
    """
    static, window = static_bound(program.numbers, rows), window_size(program.numbers, rows)
    fits = np.log2(between(window, "rob", program.numbers))
    waiting = np.minimum(rows["rob"].to_numpy() * rows["scheduler_share"].to_numpy(), window)
    wrong = program.wrong[_predictor_places(rows)]
    rates = dict(zip(MEMORY_RATES, program.memory[cache_numbers(rows)].T, strict=True))
    second, last = rows["l2_latency"].to_numpy(), rows["llc_latency"].to_numpy()
    burst = BYTES_PER_LINE / BYTES_PER_TRANSFER * CORE_MHZ / rows["dram_data_rate_mts"].to_numpy()
    dram = 2.0 * CYCLES_PER_NS * rows["dram_cas_ns"].to_numpy() + burst
    seen = (
        np.log2(static) / 3,
        np.log2(window) / 5,
        fits / 3,
        np.minimum(np.log2(static), fits) / 3,
        np.log2(waiting) / 5,
        wrong * 20,
        wrong * rows["mispredict_penalty"].to_numpy() * 3,
        _cycles(rates["l1d"] * second),
        _cycles(rates["l2"] * last),
        _cycles(rates["llc"] * dram),
        _cycles((rates["llc"] + rates["ahead_llc"]) * burst),
        _cycles(rates["l1i"] * second + rates["l1i_l2"] * last),
        _cycles(rates["ahead"] * second),
        _cycles(rates["uop_misses"]),
    )
    return np.concatenate((settings, np.stack(seen, axis=1, dtype=np.float32)), axis=1)


def _cycles(per_instruction: Values) -> Values:
    scaled: Values = np.log2(1.0 + 4.0 * per_instruction) / 3
    return scaled


def _predictor_places(rows: pd.DataFrame) -> tuple[npt.NDArray[np.intp], ...]:
    return tuple(places_in_space(name, rows) for name in PREDICTOR)
