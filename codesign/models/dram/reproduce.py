"""What was published of the experiment on multi-agent design of memory controllers, beside ours.

The paper (arXiv 2211.16385) says that one agent per parameter beats single agents by PPO and SAC; figures of it
couldn't be had. Its environment published 100 designs on the streaming trace, which are simulated again here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib.resources import files

import numpy as np

from codesign.models.checks import Check
from codesign.models.dram.simulator import simulate_many
from codesign.models.dram.validate import PUBLISHED_NAMES, published_settings
from codesign.technology.dram_devices import dram_device
from codesign.workloads.memory.catalogue import trace_named

TOLERANCE = 0.001
REQUESTS = 10_000
MILLISECONDS_PER_SECOND = 1e3
WRONG_BY = 100.0
"""A published time that is smaller than ours by more than this is one of those in another unit."""
UNIT_NOTE = (
    "printed by the simulator as whole nanoseconds, whose unit ArchGym doesn't read: the published number is 1,000"
    " times too small as the milliseconds that the other rows have"
)
CLAIM_NOTE = (
    "the paper says that several agents do better and its figures couldn't be had; ours: recorded runs of 20 seeds,"
    " python -m benchmarks dram, docs/dram-results.md; above 0.5 is sooner"
)


def marl() -> list[Check]:
    """Return ArchGym's published designs simulated again, and how several agents did against one in our experiment."""
    return [*_published_designs(), *_agents()]


def _rows(file: str) -> list[dict[str, str]]:
    with files("codesign.models.dram").joinpath("data", file).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _published_designs() -> Iterator[Check]:
    """Yield energy, power and time of each published outcome; designs of the same outcome are one row."""
    rows = _rows("archgym_stream.csv")
    designs = [published_settings({name: row[name] for name in PUBLISHED_NAMES}) for row in rows]
    found = simulate_many(trace_named("stream", requests=REQUESTS), dram_device("ddr3-1600-1gb-x8"), designs)
    energy_mj = found["energy_pj"].to_numpy() * 1e-9
    time_ms = found["time_us"].to_numpy() * 1e-3
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, row in enumerate(rows):
        same = (row["energy_mj"], row["power_w"], row["latency"], repr(energy_mj[number]), repr(time_ms[number]))
        groups.setdefault(same, []).append(number)
    for members in groups.values():
        row, first = rows[members[0]], members[0]
        said = " ".join(row[name] for name in PUBLISHED_NAMES)
        item = f"ArchGym, stream, {said}" + (f" and {len(members) - 1} more" if len(members) > 1 else "")
        power_w = energy_mj[first] / time_ms[first]
        yield _check(f"{item}: energy", float(row["energy_mj"]), energy_mj[first], "mJ", row)
        yield _check(f"{item}: power", float(row["power_w"]), power_w, "W", row)
        published_ms = float(row["latency"])
        note = UNIT_NOTE if time_ms[first] > WRONG_BY * published_ms else ""
        yield _check(f"{item}: time", published_ms, time_ms[first], "ms", row, note)
        if note:
            corrected = published_ms * MILLISECONDS_PER_SECOND
            yield _check(f"{item}: time, its unit put right", corrected, time_ms[first], "ms", row)


def _check(item: str, reference: float, ours: float, unit: str, row: dict[str, str], note: str = "") -> Check:
    return Check(item, reference, float(np.round(ours, 9)), unit, TOLERANCE, f"{row['source']}, {row['year']}", note)


def _agents() -> Iterator[Check]:
    """Yield, for each rival, how likely a run of several agents is to come within 1 % of the optimum sooner."""
    for row in _rows("marl_verdicts.csv"):
        said = f"sooner for sure in {row['sooner_in']}, later in {row['later_in']} of {row['cases']} cases"
        yield Check(
            f"several agents ({row['agents']}) within 1 % before {row['rival']}: power, latency, both on four traces",
            None,
            float(row["mean_sooner"]),
            "probability",
            0.0,
            "arXiv 2211.16385, 2022",
            f"{said}; {CLAIM_NOTE}",
        )
