"""An out-of-order core and its memory system as settings: plain numbers and texts, checked when they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from codesign.errors import ModelInputError, nearest
from codesign.models.cpu.machine.layout import PREDICTORS, PREFETCHERS, RECENT

MOST_WIDTH = 64


@dataclass(frozen=True)
class CoreSettings:
    """One core, its caches, TLBs and DRAM. Lengths of time are core cycles unless their name has a unit.

    Widths are instructions per cycle: ``fetch_width``, ``decode_width`` (by the decoders), ``uop_width`` (by decoders
    and uop cache together), ``dispatch_width`` (into the reorder buffer), ``issue_width``, ``commit_width``;
    ``load_ports`` and ``store_ports`` are accesses per cycle.

    Buffers are instructions: ``fetch_buffer``, ``decode_buffer``, ``dispatch_buffer``, ``rob``, ``scheduler``,
    ``load_queue``, ``store_queue``, ``write_queue`` (committed stores before the data cache), ``physical_registers``.

    Units: ``alu_units``, ``multiply_units``, ``divide_units`` (not pipelined), ``fp_units``, ``fp_divide_units`` (not
    pipelined), ``branch_units``, and the latencies of what they do; ``forward_latency`` of store to load.

    Branches: ``branch_predictor`` (bimodal, gshare, tournament, tage, perfect), ``predictor_entries``,
    ``history_bits``, sizes of branch target buffer, return stack and indirect predictor; ``mispredict_penalty`` between
    the cycle in which an error shows and the next fetch, on top of the refill of the pipeline.

    Caches (``l1i``, ``l1d``, ``l2``, ``llc``: 64-byte lines): sets, ways, ``latency`` that the level adds to a load
    that it serves, ``mshrs`` (outstanding misses), prefetcher (none, next_line, stride). ``uop_cache`` of entries of
    16 bytes of code; 0 ways: none.

    TLBs of 4 KiB pages (``itlb``, ``dtlb``, ``stlb``) like caches; ``walk_cache_n``: entries for level n of the page
    table; ``page_fault_cycles`` at the first touch of a page.

    DRAM: one channel of 8 bytes, timings in its controller's clocks (half the data rate).
    """

    frequency_mhz: float = 4000.0
    fetch_width: int = 4
    decode_width: int = 4
    uop_width: int = 6
    dispatch_width: int = 4
    issue_width: int = 6
    commit_width: int = 4
    load_ports: int = 2
    store_ports: int = 1
    fetch_buffer: int = 32
    decode_buffer: int = 16
    dispatch_buffer: int = 16
    rob: int = 192
    scheduler: int = 96
    load_queue: int = 64
    store_queue: int = 40
    write_queue: int = 8
    physical_registers: int = 320
    decode_latency: int = 1
    dispatch_latency: int = 1
    mispredict_penalty: int = 4
    alu_units: int = 4
    multiply_units: int = 1
    divide_units: int = 1
    fp_units: int = 2
    fp_divide_units: int = 1
    branch_units: int = 1
    alu_latency: int = 1
    multiply_latency: int = 3
    divide_latency: int = 20
    fp_add_latency: int = 4
    fp_multiply_latency: int = 4
    fp_divide_latency: int = 13
    vector_latency: int = 1
    forward_latency: int = 5
    branch_predictor: str = "tage"
    predictor_entries: int = 16384
    history_bits: int = 14
    btb_sets: int = 1024
    btb_ways: int = 8
    return_stack: int = 64
    indirect_entries: int = 4096
    uop_cache_sets: int = 32
    uop_cache_ways: int = 8
    l1i_sets: int = 64
    l1i_ways: int = 8
    l1i_latency: int = 4
    l1i_mshrs: int = 8
    l1d_sets: int = 64
    l1d_ways: int = 12
    l1d_latency: int = 5
    l1d_mshrs: int = 16
    l1d_prefetcher: str = "none"
    l2_sets: int = 1024
    l2_ways: int = 8
    l2_latency: int = 10
    l2_mshrs: int = 32
    l2_prefetcher: str = "none"
    prefetch_degree: int = 1
    llc_sets: int = 2048
    llc_ways: int = 16
    llc_latency: int = 20
    llc_mshrs: int = 64
    itlb_sets: int = 16
    itlb_ways: int = 4
    itlb_latency: int = 1
    itlb_mshrs: int = 8
    dtlb_sets: int = 16
    dtlb_ways: int = 4
    dtlb_latency: int = 1
    dtlb_mshrs: int = 8
    stlb_sets: int = 128
    stlb_ways: int = 12
    stlb_latency: int = 8
    stlb_mshrs: int = 16
    walk_cache_5_sets: int = 1
    walk_cache_5_ways: int = 2
    walk_cache_4_sets: int = 1
    walk_cache_4_ways: int = 4
    walk_cache_3_sets: int = 2
    walk_cache_3_ways: int = 4
    walk_cache_2_sets: int = 4
    walk_cache_2_ways: int = 8
    page_fault_cycles: int = 0
    dram_data_rate_mts: float = 3200.0
    dram_banks: int = 32
    dram_tcas: int = 24
    dram_trcd: int = 24
    dram_trp: int = 24
    dram_tras: int = 52
    dram_write_queue: int = 64
    dram_refresh_interval_ns: float = 3906.25
    dram_refresh_ns: float = 130.0

    def __post_init__(self) -> None:
        faults = setting_faults({name: getattr(self, name) for name in NAMES})
        if faults:
            name, message = faults[0]
            raise ModelInputError(f"{name}: {message}")


NAMES = tuple(field.name for field in fields(CoreSettings))
TEXTS = {
    "branch_predictor": PREDICTORS,
    "l1d_prefetcher": PREFETCHERS,
    "l2_prefetcher": ("none", "next_line"),
}
NUMBERS = tuple(field.name for field in fields(CoreSettings) if field.type == "float")
WIDTHS = tuple(name for name in NAMES if name.endswith(("_width", "_ports", "_units")))
BUFFERS = (
    "fetch_buffer",
    "decode_buffer",
    "dispatch_buffer",
    "rob",
    "scheduler",
    "load_queue",
    "store_queue",
    "write_queue",
)
POWERS_OF_TWO = (
    *(name for name in NAMES if name.endswith("_sets")),
    "predictor_entries",
    "indirect_entries",
    "dram_banks",
)
LEAST = {
    "l1d_latency": 3,
    "l2_latency": 2,
    "llc_latency": 2,
    "stlb_latency": 2,
    "uop_cache_ways": 0,
    "page_fault_cycles": 0,
    "mispredict_penalty": 0,
    "physical_registers": 64,
    "predictor_entries": 64,
    "history_bits": 0,
}
"""Smallest allowed value where it isn't 1."""
MOST = {"predictor_entries": 1 << 20, "indirect_entries": 1 << 20, "history_bits": 60, "prefetch_degree": 16}
MOST_ENTRIES = 1 << 22


def setting_faults(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is wrong with the settings of a core: name of the setting, and what was found and is allowed."""
    found = [(name, fault) for name in NAMES if (fault := _own_fault(name, settings[name]))]
    return found or [*_buffer_faults(settings), *_size_faults(settings), *_refresh_faults(settings)]


def _own_fault(name: str, value: object) -> str:
    if name in TEXTS:
        if value in TEXTS[name]:
            return ""
        return f"{value!r} is not allowed{nearest(str(value), TEXTS[name])}; allowed: {', '.join(TEXTS[name])}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number, found {value!r}"
    if name in NUMBERS:
        return "" if 0 < value < 1e9 else f"must be above 0 (and below 1e9), found {value}"
    if not isinstance(value, int):
        return f"must be a whole number, found {value}"
    least = LEAST.get(name, 1)
    most = MOST_WIDTH if name in WIDTHS else RECENT // 2 if name in BUFFERS else MOST.get(name, 1 << 16)
    if not least <= value <= most:
        return f"must be {least} to {most}, found {value}"
    if name in POWERS_OF_TWO and value & (value - 1):
        return f"must be a power of two, found {value}"
    return ""


def _buffer_faults(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A buffer must hold what one cycle brings."""
    pairs = (
        ("fetch_buffer", "fetch_width"),
        ("decode_buffer", "decode_width"),
        ("dispatch_buffer", "dispatch_width"),
        ("rob", "dispatch_width"),
        ("rob", "commit_width"),
        ("load_queue", "load_ports"),
        ("store_queue", "store_ports"),
    )
    return [
        (buffer, f"must be at least {width} = {settings[width]}, found {settings[buffer]}")
        for buffer, width in pairs
        if settings[buffer] < settings[width]
    ]


def _size_faults(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for name in NAMES:
        if name.endswith("_sets"):
            entries = settings[name] * settings[name.replace("_sets", "_ways")]
            if entries > MOST_ENTRIES:
                found.append((name, f"sets times ways must be at most {MOST_ENTRIES}, found {entries}"))
    return found


def _refresh_faults(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """DRAM must not be refreshed all the time."""
    interval, busy = settings["dram_refresh_interval_ns"], settings["dram_refresh_ns"]
    if busy < interval:
        return []
    return [("dram_refresh_ns", f"must be below dram_refresh_interval_ns = {interval}, found {busy}")]
