"""A table of designs in, the table of metrics out: designs of one trace and memory together, equal ones once."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pandas as pd

from codesign.errors import CodesignError
from codesign.models.columns import Columns, FloatArray, IntArray, read_columns
from codesign.models.dram.energy import PARTS
from codesign.models.dram.metrics import METRICS
from codesign.models.dram.parameters import CONTROLLER, DEFAULT_MAPPING, NAME, PARAMETERS, TRACE_SETTINGS
from codesign.models.dram.settings import BATCHING_SCHEDULERS, TIMED_SCHEDULERS, ControllerSettings
from codesign.models.dram.simulator import simulate_many
from codesign.models.grouping import distinct_rows, numbered
from codesign.space.domain import Value
from codesign.technology.dram_devices import DramDevice, dram_device
from codesign.workloads.memory.catalogue import trace_named, trace_settings
from codesign.workloads.memory.trace import MemoryTrace
from codesign.workloads.settings import plain

NO_VALUE = -1e300
MOST_REWARD = 1000.0
VALIDATED_DEVICES = frozenset({"ddr3-1600-1gb-x8", "ddr4-2400-4gb-x8", "ddr4-2400-8gb-x8", "lpddr4-3200-8gb-x16"})
"""Devices whose results were compared with other simulators."""
PJ_PER_UJ = 1e6
US_PER_MS = 1e3

Machine = tuple[str, tuple[tuple[str, Value], ...], str, int, int | None]
"""Trace, its settings, device, ranks, channels."""


def evaluated(designs: pd.DataFrame) -> pd.DataFrame:
    """Evaluate a table of designs (see ``DramController.evaluate``)."""
    columns = read_columns(designs, PARAMETERS, NAME)
    metrics = np.full((len(METRICS), columns.rows), math.nan)
    in_range = np.zeros(columns.rows, dtype=bool)
    rows = columns.allowed()
    places = np.arange(columns.rows) if isinstance(rows, slice) else rows
    if len(places):
        some = columns.kept(rows)
        machines, machine_of = _machines(some)
        settings, settings_of = _settings(some)
        for number, machine in enumerate(machines):
            own = np.flatnonzero(np.broadcast_to(machine_of, (some.rows,)) == number)
            which, back = np.unique(np.broadcast_to(settings_of, (some.rows,))[own], return_inverse=True)
            _simulate(columns, places[own], machine, [settings[w] for w in which.tolist()], back, metrics)
            in_range[places[own]] = machine[2] in VALIDATED_DEVICES
        _rewards(some, places, metrics)
    in_range &= ~np.isnan(metrics[0])
    return columns.framed(designs.index, list(METRICS), metrics, in_range)


def _coded(columns: Columns, name: str) -> tuple[IntArray, list[Value | None]]:
    """Return the number of each design's value, and the values; ``None`` where a design gives none."""
    if name in columns.codes:
        return columns.codes[name], [label or None for label in columns.labels[name]]
    codes, values = numbered(np.nan_to_num(columns.numbers[name], nan=NO_VALUE))
    return codes, [None if value == NO_VALUE else plain(value) for value in values.tolist()]  # type: ignore[misc]


def _machines(columns: Columns) -> tuple[list[Machine], IntArray]:
    """Return the distinct traces and memories, and for each design its one."""
    names = ("trace", "device", "ranks", "channels", *TRACE_SETTINGS)
    coded = [_coded(columns, name) for name in names]
    distinct = distinct_rows([codes for codes, _ in coded])
    machines: list[Machine] = []
    for codes in zip(*(rows.tolist() for rows in distinct.rows), strict=True):
        trace, device, ranks, channels, *rest = (coded[i][1][code] for i, code in enumerate(codes))
        given = tuple((name, value) for name, value in zip(TRACE_SETTINGS, rest, strict=True) if value is not None)
        several = None if channels is None else int(str(channels))
        machines.append((str(trace), given, str(device), int(str(ranks)), several))
    return machines, distinct.which


def _settings(columns: Columns) -> tuple[list[ControllerSettings], IntArray]:
    """Return the distinct controllers, and for each design its one. What a controller doesn't read is its default."""
    coded = [_coded(columns, name) for name in CONTROLLER]
    distinct = distinct_rows([codes for codes, _ in coded])
    known: dict[ControllerSettings, int] = {}
    which = []
    for codes in zip(*(rows.tolist() for rows in distinct.rows), strict=True):
        values = {
            name: coded[i][1][code] for i, (name, code) in enumerate(zip(CONTROLLER.values(), codes, strict=True))
        }
        which.append(known.setdefault(_canonical(values), len(known)))
    return list(known), np.array(which, dtype=np.int64)[distinct.which]


def _canonical(values: dict[str, Value | None]) -> ControllerSettings:
    base = ControllerSettings()
    if values["arbiter"] == "Simple":
        values["max_active_transactions"] = base.max_active_transactions
    if values["refresh_policy"] == "NoRefresh":
        values["refresh_max_postponed"] = base.refresh_max_postponed
        values["refresh_max_pulledin"] = base.refresh_max_pulledin
        values["refresh_staggered"] = base.refresh_staggered
    if values["scheduler"] not in TIMED_SCHEDULERS:
        values["row_hit_cap"] = base.row_hit_cap
    if values["write_drain"] == base.write_drain and values["scheduler"] not in BATCHING_SCHEDULERS:
        values["write_low_watermark"] = base.write_low_watermark
        values["write_high_watermark"] = base.write_high_watermark
    if values["address_mapping"] == DEFAULT_MAPPING:
        values["address_mapping"] = ""
    return ControllerSettings(**values)  # type: ignore[arg-type]


@lru_cache(maxsize=16)
def _trace(name: str, settings: tuple[tuple[str, Value], ...], clock_mhz: float) -> MemoryTrace:
    """Return a trace; cycles of a DRAMsim3 file without a clock are the device's."""
    given = dict(settings)
    if name.endswith(".trace") and "clock_mhz" in trace_settings(name):
        given.setdefault("clock_mhz", clock_mhz)
    return trace_named(name, **given)


def _simulate(
    columns: Columns,
    places: IntArray,
    machine: Machine,
    settings: list[ControllerSettings],
    back: IntArray,
    metrics: FloatArray,
) -> None:
    """Simulate distinct controllers on one trace and memory; where they can't be run together, one by one."""
    name, given, device_name, ranks, channels = machine
    device = dram_device(device_name)
    try:
        trace = _trace(name, given, 1000.0 / device.tck_ns)
        found = simulate_many(trace, device, settings, ranks=ranks, channels=channels)
    except CodesignError as error:
        if len(settings) == 1:
            for place in places.tolist():
                columns.reasons.setdefault(place, str(error))
            return
        for number, one in enumerate(settings):
            own = np.flatnonzero(back == number)
            _simulate(columns, places[own], machine, [one], np.zeros(len(own), dtype=np.int64), metrics)
        return
    metrics[:, places] = _columns(found, device)[:, back]


def _columns(found: pd.DataFrame, device: DramDevice) -> FloatArray:
    """Return the metrics of simulated controllers, metrics x controllers; rewards are still missing."""
    values = {name: found[name].to_numpy(dtype=np.float64) for name in METRICS if name in found}
    if device.supplies:
        values["energy_uj"] = found["energy_pj"].to_numpy() / PJ_PER_UJ
        values |= {f"{part}_energy_uj": found[f"{part}_energy_pj"].to_numpy() / PJ_PER_UJ for part in PARTS}
        values["energy_delay_uj_us"] = values["energy_uj"] * values["time_us"]
    nothing = np.full(len(found), math.nan)
    return np.stack([values.get(name, nothing) for name in METRICS])


def _rewards(some: Columns, places: IntArray, metrics: FloatArray) -> None:
    """Fill in target / |target - x|, at most ``MOST_REWARD``."""
    at = {name: position for position, name in enumerate(METRICS)}
    power = metrics[at["power_w"], places]
    time_ms = metrics[at["time_us"], places] / US_PER_MS
    metrics[at["power_reward"], places] = _reward(some.numbers["power_target_w"], power)
    metrics[at["time_reward"], places] = _reward(some.numbers["time_target_ms"], time_ms)
    metrics[at["both_reward"], places] = metrics[at["power_reward"], places] * metrics[at["time_reward"], places]


def _reward(target: FloatArray, value: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(target / np.abs(target - value), MOST_REWARD)
