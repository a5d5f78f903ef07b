"""MixPE's times and energies beside ours, and what is left of its speed-up on equal silicon.

The paper's figures are those of its public simulator (rules: ``mixpe_simulator``). Each network is its projections on
a batch of 64 tokens; attention is left out. All designs carry a second product beside each: of an eighth of the
outputs at high precision for the outliers, or, in MixPE, of inner / 8 x outputs / 128 for the scales of the groups.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from codesign.models.checks import Check
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements import element
from codesign.models.pe.pricing import ElementPrice, price
from codesign.models.pe.published.mixpe_simulator import (
    REPORTED_DRAM,
    REPORTED_DRAM_STATIC_NJ,
    Array,
    SimulatedLayer,
    data_rows,
    simulate,
)

PAPER = "MixPE, arXiv 2411.16158, abstract"
BATCH = 64
BASELINE = "FP16"
RIVALS = ("ANT", "BitFusion", "INT8")
LIBRARY, NODE_NM, CLOCK_MHZ = "nangate45", 28.0, 500.0
BUDGET_ROWS = BUDGET_COLUMNS = 32
"""The INT8 array of the simulator; its area by our prices is what every array gets."""
SHAPE_ROWS = (16, 32, 64)
"""Rows that an array of that area may have: up to one for each token of the batch."""

_PRICED: Mapping[str, tuple[str, Configuration, int]] = MappingProxyType(
    {
        "FP16": ("fp16", Configuration(16, 16, group=0), 1),
        "INT8": ("int8", Configuration(8, 8, group=0), 1),
        "BitFusion": ("bitfusion", Configuration(8, 8, group=0), 1),
        "ANT": ("ant", Configuration(4, 4), 2),
        "MixPE-W4A8": ("mixpe-w4a8", Configuration(4, 8), 1),
        "MixPE-W4A16": ("mixpe-w4a16", Configuration(4, 16), 1),
    }
)
"""Design -> our element, its configuration, and how many of them a side of the simulator's element is."""

_ASSUMED = {
    "MixPE-W4A8": (
        "carried by the array: 64 x 64 elements, each of four W4A8 products a cycle, against 32 x 28 of one; that these"
        " take equal area is assumed, not synthesised"
    ),
    "MixPE-W4A16": (
        "carried by four W4A16 products a cycle of an element that the simulator counts like one of FP16; no synthesis"
        " behind it"
    ),
    "INT8": "32 x 32 elements against 32 x 28, and tiles of powers of two that 28 columns don't divide",
    "ANT": "a 4-bit layer has four products a cycle in every element; one layer in five or six stays at 8 bits",
    "BitFusion": "32 x 40 elements against 32 x 28; only every second output projection has 4 bits",
}
_POWERS = (
    "the simulator gives INT8, ANT, BitFusion and MixPE-W4A8 one and the same power an element, FP16 three times and"
    " W4A16 about twice as much; its table names no synthesis of MixPE"
)


@dataclass(frozen=True)
class Totals:
    """Of one network on one design: cycles, and energies in nJ."""

    cycles: float
    stall_cycles: float
    static_nj: float
    dram_nj: float
    buffer_nj: float
    core_nj: float

    @property
    def energy_nj(self) -> float:
        """Of everything."""
        return self.static_nj + self.dram_nj + self.buffer_nj + self.core_nj


def mixpe() -> list[Check]:
    """Return normalised times, cycles, energies by part, the headline, and the speed-ups on equal silicon."""
    return [*_published_checks(), *_cycle_checks(), *_headline_checks(), *_equal_area_checks()]


@cache
def _designs() -> Mapping[str, Mapping[str, str]]:
    return {row["design"]: row for row in data_rows("designs")}


@cache
def _networks() -> Mapping[str, Mapping[str, str]]:
    return {row["network"]: row for row in data_rows("networks")}


@cache
def simulated_array(design: str) -> Array:
    """Return the array that the simulator gives a design."""
    row = _designs()[design]
    rows, columns, high, low = (int(row[name]) for name in ("array_rows", "array_columns", "high_bits", "low_bits"))
    return Array(rows, columns, high, low, float(row["leakage_nw"]), float(row["dynamic_nw"]))


@cache
def network_layers(network: str, design: str) -> Mapping[SimulatedLayer, int]:
    """Return the layers that the simulator runs for a network on a design, and how often."""
    sizes, rules = _networks()[network], _designs()[design]
    blocks, hidden, inner = (int(sizes[name]) for name in ("blocks", "hidden", "inner"))
    main, side = int(rules["main_bits"]), int(rules["side_bits"])
    inner_divisor, outputs_divisor = (int(rules[f"side_{name}_divisor"]) for name in ("inner", "outputs"))
    products = ((hidden, 3 * hidden), (hidden, hidden), (hidden, inner), (inner, hidden))
    counts: dict[SimulatedLayer, int] = {}
    for reduction, outputs in products:
        low = 0
        if design == "ANT":
            low = int(sizes["ant_low_blocks"])
        elif design == "BitFusion" and (reduction, outputs) == (hidden, hidden):
            low = int(sizes["bitfusion_low_out_projections"])
        for bits, count in ((main, blocks - low), (4, low)):
            if count:
                counts[SimulatedLayer(BATCH, 1, 1, reduction, outputs, bits)] = count
        beside = SimulatedLayer(BATCH, 1, 1, reduction // inner_divisor, outputs // outputs_divisor, side)
        counts[beside] = counts.get(beside, 0) + blocks
    if int(sizes["patch"]):
        counts[SimulatedLayer(BATCH, int(sizes["image_side"]), int(sizes["patch"]), 3, hidden, side)] = 1
    return MappingProxyType(counts)


@cache
def totals(network: str, design: str) -> Totals:
    """Return what the simulator's rules give for a network on a design."""
    array = simulated_array(design)
    sums = [0.0] * 5
    for layer, count in network_layers(network, design).items():
        found = simulate(array, layer)
        parts = found.cycles, found.stall_cycles, found.dram_nj(REPORTED_DRAM), found.buffer_nj, found.core_nj(array)
        sums = [total + count * float(part) for total, part in zip(sums, parts, strict=True)]
    cycles, stalls, dram, buffers, core = sums
    return Totals(cycles, stalls, cycles * REPORTED_DRAM_STATIC_NJ, dram, buffers, core)


def _shares(network: str, design: str) -> dict[str, float]:
    ours, base = totals(network, design), totals(network, BASELINE)
    energies = {part: getattr(ours, f"{part}_nj") / base.energy_nj for part in ("static", "dram", "buffer", "core")}
    return {"time": ours.cycles / base.cycles, **energies}


def _published_checks() -> Iterator[Check]:
    """Their table is rounded to two digits: half a unit of the second is the tolerance."""
    for row in data_rows("published"):
        network, design, quantity = row["network"], row["design"], row["quantity"]
        if (design, quantity) == (BASELINE, "time"):
            continue
        theirs, ours = float(row["value"]), _shares(network, design)[quantity]
        note = _ASSUMED[design] if quantity == "time" else _POWERS if quantity == "core" else ""
        what = "time" if quantity == "time" else f"{quantity} energy"
        item = f"MixPE {network} {design} {what} / FP16{'' if quantity == 'time' else ' total'}"
        yield Check(item, theirs, ours, "1", 0.005 / theirs, row["source"], note)


def _cycle_checks() -> Iterator[Check]:
    for row in data_rows("simulated"):
        ours = totals(row["network"], row["design"]).cycles
        item = f"MixPE {row['network']} {row['design']} cycles"
        yield Check(item, float(row["cycles"]), ours, "cycles", 0.0, row["source"])


def _gain(quantity: str, mixed: str, rival: str) -> float:
    """Return how many times less MixPE takes, as the geometric mean over the networks."""
    ratios = [getattr(totals(n, rival), quantity) / getattr(totals(n, mixed), quantity) for n in _networks()]
    return float(math.prod(ratios) ** (1.0 / len(ratios)))


def _headline_checks() -> Iterator[Check]:
    for quantity, what, published in (("cycles", "speed-up", 2.6), ("energy_nj", "energy saving", 1.4)):
        for mixed in ("MixPE-W4A8", "MixPE-W4A16"):
            gains = {rival: _gain(quantity, mixed, rival) for rival in RIVALS}
            listed = ", ".join(f"{gain:.2f} over {rival}" for rival, gain in gains.items())
            note = (
                f"the abstract doesn't say over which designs and networks it is the mean; by the simulator, geometric"
                f" means over its four networks: {listed}. The row is the one over ANT, the fastest rival"
            )
            yield Check(f"{mixed} {what} over the best rival", published, gains["ANT"], "1", 0.01, PAPER, note)


@cache
def _price(design: str) -> ElementPrice:
    name, configuration, _ = _PRICED[design]
    return price(element(name).structure(configuration), LIBRARY, NODE_NM, CLOCK_MHZ)


def _area_um2(design: str, rows: int, columns: int) -> float:
    prices = _price(design)
    edges = (
        rows * prices.row.area_um2 + columns * (prices.column.area_um2 + prices.scale.area_um2) + prices.array.area_um2
    )
    return rows * columns * prices.element.area_um2 + edges


def equal_area_array(design: str, rows: int) -> Array:
    """Return the array of that many rows of our elements that takes the area of 32 x 32 of INT8, edges included.

    An element of MixPE does one product a cycle, as its circuit does. Four of ANT's make one of the simulator's, so its
    sides are halved. Powers are left at 0: cycles don't depend on them.
    """
    budget = _area_um2("INT8", BUDGET_ROWS, BUDGET_COLUMNS)
    joined = _PRICED[design][2]
    one, two = (_area_um2(design, rows, columns) for columns in (1, 2))
    columns = 1 + math.floor((budget - one) / (two - one) + 1e-9)
    paper = simulated_array(design)
    low_bits = paper.high_bits if design.startswith("MixPE") else paper.low_bits
    return Array(rows // joined, columns // joined, paper.high_bits, low_bits, 0.0, 0.0)


def _mean_cycles(design: str, array: Array) -> float:
    """Return the geometric mean of the cycles of the networks' layers on an array."""
    cycles = (
        sum(count * float(simulate(array, layer).cycles) for layer, count in network_layers(network, design).items())
        for network in _networks()
    )
    return math.exp(sum(math.log(value) for value in cycles) / len(_networks()))


@cache
def best_equal_area(design: str) -> tuple[Array, float]:
    """Return the fastest of the arrays of equal area, by its rows, and the mean cycles of the networks on it."""
    found = ((array, _mean_cycles(design, array)) for array in (equal_area_array(design, rows) for rows in SHAPE_ROWS))
    return min(found, key=lambda pair: pair[1])


def _sides(design: str) -> str:
    array, joined = best_equal_area(design)[0], _PRICED[design][2]
    return f"{array.rows * joined} x {array.columns * joined} of {design}"


def _equal_area_checks() -> Iterator[Check]:
    for mixed, rivals in (("MixPE-W4A8", RIVALS), ("MixPE-W4A16", (BASELINE,))):
        for rival in rivals:
            note = (
                f"the area of 32 x 32 INT8 elements holds {_sides(mixed)} and {_sides(rival)} by our prices at"
                f" {NODE_NM:g} nm and {CLOCK_MHZ:g} MHz, edges included, each with the best of {SHAPE_ROWS} rows;"
                " layers and memory as in the simulator, which itself gives"
                f" {_gain('cycles', mixed, rival):.2f} with its own arrays. Published is the headline, whose"
                " rivals aren't named"
            )
            gain = best_equal_area(rival)[1] / best_equal_area(mixed)[1]
            yield Check(f"{mixed} speed-up over {rival} on equal silicon", 2.6, gain, "1", 0.01, PAPER, note)
