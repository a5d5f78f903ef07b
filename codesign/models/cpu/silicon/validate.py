"""Core areas beside dies, parts beside McPAT, arrays beside CACTI, power beside Xeon Tulsa.

Tolerances were set before any comparison: 30 % for the area of a core on a die, a factor of two for a part, an array or
a power; a rank correlation of at least 0.9 over the dies. McPAT and CACTI are estimates themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from codesign.models.checks import Check
from codesign.models.cpu.silicon.cache_part import cache_block
from codesign.models.cpu.silicon.constants import data_rows
from codesign.models.cpu.silicon.costs import CoreCosts, core_costs, core_energy
from codesign.models.cpu.silicon.events import CoreEvents
from codesign.models.cpu.silicon.front_end_part import SOURCES
from codesign.models.cpu.silicon.process import process_at
from codesign.models.cpu.silicon.published import MeasuredCore, estimated_cores, measured_cores
from codesign.models.cpu.silicon.settings import BYTES_PER_KIB, CacheSilicon, CoreSilicon
from codesign.models.cpu.silicon.structures import Block, memory

CORE_TOLERANCE = 0.30
RANK_TOLERANCE = 0.10
BITS_PER_BYTE = 8
LINE_BYTES = 64
TULSA = "Intel Xeon Tulsa"
TULSA_CORES = 2
TULSA_DYNAMIC_W = 80.85
TULSA_LEAKAGE_W = 30.15
ALPHA_PARTS_W = {
    "caches": 8.90,
    "out-of-order issue logic": 10.67,
    "memory management": 4.76,
    "floating point": 5.97,
    "integer execution": 5.97,
    "clock": 19.02,
}
_PUBLISHED_POWER = "Li et al.: McPAT, MICRO 2009, figure 3, published data"
_PART_NOTES = {
    "l1d": "McPAT gives every memory port to the whole cache and meets the clock with larger cells",
    "l1i": "McPAT meets the clock with larger cells and buffers",
    "decode": "ours is one table a slot; McPAT's x86 decoders have a microcode memory",
    "alu": "McPAT takes a 64-bit ALU of 4 GHz, drawn by hand (90 nm); ours is the smallest that synthesis makes",
    "float": "McPAT takes the whole float and graphics unit of Niagara 2; ours is an adder and a multiplier",
    "multiply_divide": "McPAT takes three times its ALU; ours is an array multiplier and a divider of one bit a cycle",
    "issue_queue": "McPAT's window holds operands in cells with all ports; ours is tags and a memory",
    "rob": "McPAT's entries are as wide as instructions with addresses and operands; ours hold names, status, address",
    "load_queue": "McPAT's entry holds address and data in associative cells; ours compares addresses alone",
    "store_queue": "McPAT's entry holds address and data in associative cells; ours keeps data in a memory",
    "bypass": "McPAT counts the area of wires; ours are above cells, the area is of multiplexers",
    "btb": "entries here hold full addresses, McPAT's four bytes",
    "predictor": "McPAT builds each table with its own ports and periphery; ours is one memory",
    "itlb": "ours compares with synthesised gates, McPAT with associative cells",
    "dtlb": "ours compares with synthesised gates for each port, McPAT with associative cells",
    "integer_registers": "a port of McPAT takes two wires both ways, ours a word line and one or two bit lines",
    "float_registers": "a port of McPAT takes two wires both ways, ours a word line and one or two bit lines",
    "rename": "ports of map and free list are counted differently",
}
_CORE_NOTE = "sum of all parts; the notes of the parts hold"
_PEAK_NOTE = "ours: everything busy in every cycle, no misses; McPAT: with its duty cycles"


def cpu_silicon() -> list[Check]:
    """Return all comparisons."""
    return [*_dies(), *_arrays(), *_parts(), *_tulsa(), *_alpha()]


def cluster_area_mm2(core: MeasuredCore) -> float:
    """Return the area of all copies and of the last-level cache that they share."""
    costs = core_costs(core.settings)
    shared = costs.parts["llc"].area_mm2
    return core.copies * (costs.area_mm2 - shared) + shared


def peak_events(core: CoreSilicon) -> CoreEvents:
    """Return one cycle in which all widths, units and ports are used and nothing misses."""
    return CoreEvents(
        cycles=1.0,
        committed=core.commit_width,
        fetches=1.0,
        decoded=core.decode_width,
        renamed=core.rename_width,
        issued=core.issue_width,
        integer_operations=core.alus,
        multiplications=core.multipliers,
        float_additions=core.float_units,
        float_multiplications=core.float_units,
        branches=1.0,
        loads=core.load_ports,
        stores=core.store_ports,
        integer_reads=SOURCES * core.issue_width,
        integer_writes=core.issue_width,
        float_reads=SOURCES * core.float_units,
        float_writes=core.float_units,
        l1i_accesses=1.0,
    )


def _within_two(item: str, reference: float, ours: float, unit: str, source: str, note: str) -> Check:
    return Check(item, reference, ours, unit, 1.0 if ours > reference else 0.5, source, note)


def _dies() -> Iterator[Check]:
    theirs, ours = [], []
    for core in measured_cores():
        theirs.append(core.area_mm2)
        ours.append(cluster_area_mm2(core))
        note = (
            f"{core.note}; ours has no idle area, no clock and power network, no logic for debugging, testing and"
            " microcode, dense memory cells throughout, and scales logic by ideal factors"
        )
        item = f"{core.name}, area at {core.settings.node_nm:g} nm"
        yield Check(item, theirs[-1], ours[-1], "mm2", CORE_TOLERANCE, core.source, note)
    logic = [ours[place] - _control_mm2(core) for place, core in enumerate(measured_cores())]
    for title, areas in (("all parts", ours), ("without the control part, which no width changes", logic)):
        item = f"areas of cores on dies, rank correlation, {title}"
        note = "Spearman's over the dies above, which differ in node more than in what they hold"
        yield Check(item, 1.0, _rank_correlation(theirs, areas), "1", RANK_TOLERANCE, "rows above", note)


def _control_mm2(core: MeasuredCore) -> float:
    return core.copies * core_costs(core.settings).parts["control"].area_mm2


def _rank_correlation(theirs: list[float], ours: list[float]) -> float:
    ranks = pd.DataFrame({"theirs": theirs, "ours": ours}).rank()
    return float(ranks["theirs"].corr(ranks["ours"]))


def _arrays() -> Iterator[Check]:
    area_note = "CACTI 7, an estimate"
    energy_note = "CACTI 7, an estimate; ours leaves decoders and sense amplifiers out of small arrays"
    leakage_note = (
        "CACTI: high-performance cells at 360 K without sleep transistors; ours: cells of a cache that has them"
    )
    for row in data_rows("cacti_arrays.csv"):
        ours = _array_block(row)
        kib = int(row["bytes"]) / BYTES_PER_KIB
        ports = f", {row['read_ports']} read {row['write_ports']} write ports" if row["kind"] == "memory" else ""
        item = f"CACTI {row['kind']} of {kib:g} KiB{ports} at {row['node_nm']} nm"
        source = row["source"]
        yield _within_two(f"{item}, area", float(row["area_mm2"]), ours.area_mm2, "mm2", source, area_note)
        yield _within_two(f"{item}, read", float(row["read_pj"]), ours.read_pj, "pJ", source, energy_note)
        yield _within_two(f"{item}, leakage", float(row["leakage_mw"]), ours.leakage_mw, "mW", source, leakage_note)


def _array_block(row: dict[str, str]) -> Block:
    process = process_at(float(row["node_nm"]), float(row["supply_v"]))
    size, word, ways = int(row["bytes"]), int(row["word_bits"]), int(row["ways"])
    if row["kind"] == "memory":
        entries = size * BITS_PER_BYTE / word
        return memory(entries, word, int(row["read_ports"]), int(row["write_ports"]), process)
    return cache_block(CacheSilicon(size // LINE_BYTES // ways, ways), word, 0, 1, process)


def _parts() -> Iterator[Check]:
    for core in estimated_cores():
        costs = core_costs(core.settings)
        power = _peak_power_w(core.settings, costs)
        for part, (area, watts) in core.parts.items():
            note = _PART_NOTES.get(part, "") if part != "core" else _CORE_NOTE
            ours = costs.core_area_mm2 if part == "core" else costs.parts[part].area_mm2
            item = f"McPAT's {core.name}, {part.replace('_', ' ')}"
            if area:
                yield _within_two(f"{item}, area", area, ours, "mm2", core.source, note)
            if watts:
                busy = sum(power.values()) if part == "core" else power[part]
                note = f"{note}; {_PEAK_NOTE}" if note else _PEAK_NOTE
                yield _within_two(f"{item}, peak dynamic power", watts, busy, "W", core.source, note)


def _peak_power_w(core: CoreSilicon, costs: CoreCosts) -> dict[str, float]:
    """Dynamic power by part: pJ a cycle x GHz / 1000."""
    energy = core_energy(costs, peak_events(core))
    return {name: spent * core.frequency_ghz / 1000.0 for name, spent in energy.dynamic_pj.items()}


def _tulsa() -> Iterator[Check]:
    core = next(core for core in estimated_cores() if core.name == TULSA)
    costs = core_costs(core.settings)
    dynamic = TULSA_CORES * sum(_peak_power_w(core.settings, costs).values())
    leakage = TULSA_CORES * costs.leakage_mw / 1000.0
    source = f"{_PUBLISHED_POWER}, Xeon Tulsa"
    note = (
        "ours has no clock network, no control logic, and unlike the chip no second thread; its second level isn't in"
    )
    yield _within_two("Xeon Tulsa, dynamic power of both cores", TULSA_DYNAMIC_W, dynamic, "W", source, note)
    note = "ours: NanGate45's typical corner at room temperature and cells with sleep transistors; the chip is hot"
    yield _within_two("Xeon Tulsa, leakage of both cores", TULSA_LEAKAGE_W, leakage, "W", source, note)


def _alpha() -> Iterator[Check]:
    note = "180 nm lies outside the scaling table (7 ... 130 nm), which is never continued"
    for part, watts in ALPHA_PARTS_W.items():
        item = f"Alpha 21364, {part}, power"
        yield Check(item, watts, None, "W", 1.0, f"{_PUBLISHED_POWER}, Alpha 21364", note)
