"""The space of cores: what may be chosen of a core, in a few parameters, and the core that a choice stands for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import qmc

from codesign.errors import ModelInputError
from codesign.models.columns import Columns, read_columns
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.machine.layout import PREDICTORS, PREFETCHERS
from codesign.space.domain import Choices, Domain, Float, Integer, Value, powers_of_two
from codesign.space.parameter import Parameter

Values = tuple[float, ...] | tuple[str, ...]
Array = npt.NDArray[Any]
Numbers = npt.NDArray[np.float64]

SPACE: Mapping[str, Values] = MappingProxyType(
    {
        "width": (1, 2, 3, 4, 5, 6, 8),
        "extra_issue": (0, 1, 2),
        "rob": (16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512),
        "scheduler_share": (0.25, 0.375, 0.5, 0.75),
        "load_queue_share": (0.2, 0.3, 0.4, 0.5),
        "store_queue_share": (0.15, 0.25, 0.35),
        "register_share": (0.5, 0.65, 0.8, 1.0),
        "alu_share": (0.5, 0.75, 1.0),
        "fp_units": (1, 2, 3, 4),
        "branch_units": (1, 2),
        "load_ports": (1, 2, 3),
        "store_ports": (1, 2),
        "mispredict_penalty": (2, 4, 6, 10),
        "branch_predictor": ("bimodal", "gshare", "tournament", "tage"),
        "predictor_entries": (1024, 4096, 16384),
        "l1i_kib": (16, 32, 64),
        "l1d_kib": (16, 32, 64),
        "l1d_mshrs": (4, 8, 16, 32),
        "l1d_latency": (3, 4, 5),
        "l1d_prefetcher": ("none", "next_line", "stride"),
        "prefetch_degree": (1, 2, 4),
        "l2_kib": (256, 512, 1024),
        "l2_latency": (8, 10, 14),
        "l2_prefetcher": ("none", "next_line"),
        "llc_mib": (1, 2, 4),
        "llc_latency": (20, 30, 40),
        "dram_data_rate_mts": (1600.0, 2400.0, 3200.0, 4800.0, 6400.0),
        "dram_cas_ns": (12.5, 15.0, 20.0, 25.0),
    }
)
"""What varies, and its values where cores are drawn. ``width``: of fetch, decode, dispatch and commit; ``extra_issue``
is added to it for the issue width. Shares are of the reorder buffer (``register_share``: rename registers beyond 64)
and, for ``alu_share``, of the width. ``dram_cas_ns``: column access, row activation and precharge each; a row stays
open 2.2 times as long."""
LINE_BYTES = 64
BYTES_PER_KIB = 1024
KIB_PER_MIB = 1024
L1_WAYS, L2_WAYS, LLC_WAYS = 8, 8, 16
RAS_PER_CAS = 2.2
ARCHITECTURAL_REGISTERS = 64
LEAST_QUEUE = 4
MHZ_TIMES_NS = 1000.0
"""Clocks of 1 MHz in a ns, inverted."""
TRANSFERS_PER_CLOCK = 2


def _parameter(name: str, domain: Domain, default: Value, unit: str, description: str) -> Parameter:
    return Parameter(name, domain, unit, default=default, description=description)


_ALL = (
    _parameter("width", Integer(1, 16), 4, "instructions", "fetched, decoded, dispatched and committed per cycle"),
    _parameter("extra_issue", Integer(0, 8), 2, "instructions", "issued per cycle beyond width"),
    _parameter("rob", Integer(1, 2048), 192, "instructions", "reorder buffer; at least width"),
    _parameter("scheduler_share", Float(0.05, 1.0), 0.5, "1", "scheduler / reorder buffer; at least 4 places"),
    _parameter("load_queue_share", Float(0.05, 1.0), 0.3, "1", "load queue / reorder buffer; at least 4 places"),
    _parameter("store_queue_share", Float(0.05, 1.0), 0.25, "1", "store queue / reorder buffer; at least 4 places"),
    _parameter("register_share", Float(0.1, 2.0), 0.8, "1", "physical registers beyond 64 / reorder buffer"),
    _parameter("alu_share", Float(0.25, 2.0), 0.75, "1", "ALUs / width; at least one"),
    _parameter("fp_units", Integer(1, 8), 2, "units", "floating-point and vector units"),
    _parameter("branch_units", Integer(1, 4), 1, "units", "units that execute branches"),
    _parameter("load_ports", Integer(1, 4), 2, "accesses", "loads per cycle"),
    _parameter("store_ports", Integer(1, 4), 1, "accesses", "stores per cycle"),
    _parameter("mispredict_penalty", Integer(0, 40), 4, "cycles", "from a wrong branch to the next fetch"),
    _parameter("branch_predictor", Choices(PREDICTORS), "tage", "", "of directions; perfect: a bound, without area"),
    _parameter("predictor_entries", powers_of_two(64, 1 << 18), 4096, "counters", "of the branch predictor"),
    _parameter("l1i_kib", powers_of_two(4, 1024), 32, "KiB", "first-level instruction cache, 8 ways"),
    _parameter("l1d_kib", powers_of_two(4, 1024), 32, "KiB", "first-level data cache, 8 ways"),
    _parameter("l1d_mshrs", Integer(1, 64), 16, "misses", "outstanding in the first-level data cache"),
    _parameter("l1d_latency", Integer(3, 20), 4, "cycles", "from a load to what needs it"),
    _parameter("l1d_prefetcher", Choices(PREFETCHERS), "none", "", "of the first-level data cache"),
    _parameter("prefetch_degree", Integer(1, 16), 1, "lines", "ahead of a stride; read by that prefetcher alone"),
    _parameter("l2_kib", powers_of_two(32, 16384), 512, "KiB", "second-level cache, 8 ways"),
    _parameter("l2_latency", Integer(2, 100), 10, "cycles", "added by the second level"),
    _parameter("l2_prefetcher", Choices(("none", "next_line")), "none", "", "of the second level"),
    _parameter("llc_mib", powers_of_two(1, 64), 2, "MiB", "last-level cache, 16 ways"),
    _parameter("llc_latency", Integer(2, 200), 30, "cycles", "added by the last level"),
    _parameter("dram_data_rate_mts", Float(400.0, 12800.0), 3200.0, "MT/s", "of one channel of 8 bytes"),
    _parameter("dram_cas_ns", Float(5.0, 60.0), 15.0, "ns", "column access, row activation and precharge each"),
)
PARAMETERS: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in _ALL})
"""What may be chosen of a core: the names of ``SPACE``, in its order, with bounds, units and defaults. What isn't here
is the default of ``CoreSettings``: 4 GHz, TLBs, target buffer, return stack, uop cache."""


def drawn_cores(count: int, seed: int = 0) -> pd.DataFrame:
    """Return ``count`` rows of ``SPACE``, drawn by a scrambled Sobol sequence; fewer rows are the first of more."""
    bits = max(count - 1, 1).bit_length()
    unit = qmc.Sobol(len(SPACE), seed=seed).random_base2(bits)[:count]
    columns = {}
    for place, (name, values) in enumerate(SPACE.items()):
        columns[name] = np.array(values)[(unit[:, place] * len(values)).astype(np.int64)]
    return pd.DataFrame(columns)


def core_settings(designs: pd.DataFrame) -> list[CoreSettings]:
    """Return the cores of a table of designs, in its order; a column that isn't there takes its default.

    Raises:
        ModelInputError: a column is no parameter, or a value isn't allowed; the message names row, column, value and
            what is allowed.
    """
    columns = read_columns(designs, PARAMETERS, "the space of cores")
    refuse_small_windows(columns)
    if columns.reasons:
        place = min(columns.reasons)
        raise ModelInputError(f"row {designs.index[place]}: {columns.reasons[place]}")
    return settings_of(columns)


def refuse_small_windows(columns: Columns) -> None:
    """Give cores whose reorder buffer can't hold what a cycle brings a reason."""
    rob, width = columns.numbers["rob"], columns.numbers["width"]
    for row in np.flatnonzero(np.broadcast_to(rob < width, (columns.rows,))).tolist():
        found, least = (int(np.broadcast_to(one, (columns.rows,))[row]) for one in (rob, width))
        columns.reasons.setdefault(row, f"rob = {found} is not allowed; allowed: at least width = {least}")


def settings_of(columns: Columns) -> list[CoreSettings]:
    """Return the cores of designs whose values are all allowed."""
    table = setting_columns(columns)
    if not columns.rows:
        return []
    return [CoreSettings(**dict(zip(table, row))) for row in zip(*(values.tolist() for values in table.values()))]


def setting_columns(columns: Columns) -> dict[str, Array]:
    """Return the settings of ``CoreSettings`` that designs decide, one array of shape (designs,) for each.

    sets = size / (64 bytes x ways); buffers = round(share x rob), at least 4; physical registers = 64 + round(share x
    rob); ALUs = round(share x width), at least 1; timings of DRAM in clocks of its controller, half the data rate.
    """
    n, texts = columns.numbers, _texts(columns)
    width, rob, rate = n["width"], n["rob"], n["dram_data_rate_mts"]
    clocks = np.maximum(np.rint(n["dram_cas_ns"] * rate / (TRANSFERS_PER_CLOCK * MHZ_TIMES_NS)), 1.0)
    whole: dict[str, Numbers] = {
        **dict.fromkeys(("fetch_width", "decode_width", "uop_width", "dispatch_width", "commit_width"), width),
        "issue_width": width + n["extra_issue"],
        "fetch_buffer": 8 * width,
        "decode_buffer": 4 * width,
        "dispatch_buffer": 4 * width,
        "rob": rob,
        "scheduler": np.maximum(np.rint(rob * n["scheduler_share"]), LEAST_QUEUE),
        "load_queue": np.maximum(np.rint(rob * n["load_queue_share"]), LEAST_QUEUE),
        "store_queue": np.maximum(np.rint(rob * n["store_queue_share"]), LEAST_QUEUE),
        "physical_registers": ARCHITECTURAL_REGISTERS + np.rint(rob * n["register_share"]),
        "alu_units": np.maximum(np.rint(width * n["alu_share"]), 1.0),
        **{name: n[name] for name in ("fp_units", "branch_units", "load_ports", "store_ports")},
        **{name: n[name] for name in ("mispredict_penalty", "predictor_entries", "l1d_mshrs", "prefetch_degree")},
        **{name: n[name] for name in ("l1d_latency", "l2_latency", "llc_latency")},
        **_cache("l1i", n["l1i_kib"], L1_WAYS),
        **_cache("l1d", n["l1d_kib"], L1_WAYS),
        **_cache("l2", n["l2_kib"], L2_WAYS),
        **_cache("llc", KIB_PER_MIB * n["llc_mib"], LLC_WAYS),
        **dict.fromkeys(("dram_tcas", "dram_trcd", "dram_trp"), clocks),
        "dram_tras": np.rint(RAS_PER_CAS * clocks),
    }
    found: dict[str, Array] = {name: values.astype(np.int64) for name, values in whole.items()}
    found |= texts | {"dram_data_rate_mts": rate}
    return {name: np.broadcast_to(values, (columns.rows,)) for name, values in found.items()}


def _texts(columns: Columns) -> dict[str, Array]:
    names = ("branch_predictor", "l1d_prefetcher", "l2_prefetcher")
    return {name: np.array(columns.labels[name], dtype=object)[columns.codes[name]] for name in names}


def _cache(name: str, kib: Numbers, ways: int) -> dict[str, Numbers]:
    return {f"{name}_sets": kib * BYTES_PER_KIB // (LINE_BYTES * ways), f"{name}_ways": np.full(1, float(ways))}
