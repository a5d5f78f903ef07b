"""What a core is made of, as far as its area and energy go."""

from __future__ import annotations

from dataclasses import dataclass, fields

from codesign.errors import ModelInputError
from codesign.technology.nodes import LARGEST_NODE_NM, SMALLEST_NODE_NM

BYTES_PER_KIB = 1024
LOWEST_SUPPLY_V = 0.5
HIGHEST_SUPPLY_V = 1.3
CACHES = ("l1i", "l1d", "l2", "llc")
"""Settings that are caches."""
MAY_BE_ABSENT = (
    "stlb_entries",
    "uop_cache_entries",
    "multipliers",
    "dividers",
    "float_units",
    "float_dividers",
    "load_queue_entries",
    "rob_entries",
)
"""What may be 0."""
SHORTEST_PIPELINE = 2


@dataclass(frozen=True, slots=True)
class CacheSilicon:
    """One cache of ``sets`` x ``ways`` lines of ``line_bytes``.

    Raises:
        ModelInputError: a number isn't a positive whole one.
    """

    sets: int
    ways: int
    line_bytes: int = 64

    def __post_init__(self) -> None:
        for field in fields(self):
            _at_least(field.name, getattr(self, field.name), 1)

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.sets * self.ways

    @property
    def kib(self) -> float:
        """Capacity in KiB."""
        return self.lines * self.line_bytes / BYTES_PER_KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSilicon:
    """An out-of-order core with its private caches.

    Attributes:
        node_nm: technology node, 7 ... 130 nm.
        supply_v: supply voltage, 0.5 ... 1.3 V.
        frequency_ghz: clock.
        fetch_width, decode_width, rename_width, issue_width, commit_width: instructions a cycle.
        rob_entries, issue_queue_entries, load_queue_entries, store_queue_entries: of the windows.
        integer_registers, float_registers: physical ones.
        alus, multipliers, dividers: integer units.
        float_units, float_dividers: a float unit is an adder and a multiplier.
        load_ports, store_ports: accesses of the first-level data cache a cycle.
        itlb_entries, dtlb_entries: fully associative; stlb_entries: their second level, 0 for none.
        btb_entries, ras_entries: branch targets, return addresses.
        predictor_kib: state of the direction predictor; 0 for none.
        uop_cache_entries: lines of decoded code, of 16 bytes of code each; 0 for none.
        l1i, l1d: first-level caches.
        l2, llc: further levels; None for none. The whole size of a shared cache counts.
        pipeline_stages: from fetch to commit.
        word_bits: of integer registers and units.
        vector_bits: of float registers and units.

    Raises:
        ModelInputError: a number lies outside its range; the message names it.
    """

    node_nm: float
    supply_v: float
    frequency_ghz: float
    fetch_width: int
    decode_width: int
    rename_width: int
    issue_width: int
    commit_width: int
    rob_entries: int
    issue_queue_entries: int
    load_queue_entries: int
    store_queue_entries: int
    integer_registers: int
    float_registers: int
    alus: int
    multipliers: int
    dividers: int
    float_units: int
    float_dividers: int
    load_ports: int
    store_ports: int
    itlb_entries: int
    dtlb_entries: int
    stlb_entries: int
    btb_entries: int
    ras_entries: int
    predictor_kib: float
    uop_cache_entries: int
    l1i: CacheSilicon
    l1d: CacheSilicon
    l2: CacheSilicon | None = None
    llc: CacheSilicon | None = None
    pipeline_stages: int = 14
    word_bits: int = 64
    vector_bits: int = 128

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.type == "int":
                _at_least(field.name, getattr(self, field.name), 0 if field.name in MAY_BE_ABSENT else 1)
        _within("node_nm", self.node_nm, SMALLEST_NODE_NM, LARGEST_NODE_NM, "nm")
        _within("supply_v", self.supply_v, LOWEST_SUPPLY_V, HIGHEST_SUPPLY_V, "V")
        if not 0.0 < self.frequency_ghz < float("inf"):
            raise ModelInputError(f"frequency_ghz = {self.frequency_ghz:g}; it is above 0")
        if not 0.0 <= self.predictor_kib < float("inf"):
            raise ModelInputError(f"predictor_kib = {self.predictor_kib:g}; it is at least 0")
        if self.pipeline_stages < SHORTEST_PIPELINE:
            raise ModelInputError(
                f"pipeline_stages = {self.pipeline_stages}; an out-of-order core has at least {SHORTEST_PIPELINE}"
            )
        if self.vector_bits % self.word_bits:
            raise ModelInputError(
                f"vector_bits = {self.vector_bits} isn't a whole number of words of {self.word_bits} bits"
            )


def _at_least(name: str, value: int, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ModelInputError(f"{name} = {value!r}; it is a whole number of at least {least}")


def _within(name: str, value: float, low: float, high: float, unit: str) -> None:
    if not low <= value <= high:
        raise ModelInputError(f"{name} = {value:g}; it lies within {low:g} ... {high:g} {unit}")
