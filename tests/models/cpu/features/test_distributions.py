"""Throughput under one limit alone."""

import numpy as np
import pytest

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.distributions import (
    QUEUE_SIZES,
    ROB_SIZES,
    WINDOW,
    counted,
    harmonic_mean,
    memory_cycles,
    resource_features,
    throughputs,
    window_ends,
)
from codesign.models.cpu.features.memory_view import memory_view

from .programs import chain, independent, loop, walk, whole


def ends(steps, latency=5, **limits):
    part = whole(steps)
    return window_ends(part, np.full(len(part.encoded.addresses), latency, dtype=np.int64), **limits)


def test_a_chain_of_additions_has_one_per_cycle_whatever_the_buffer():
    assert throughputs(ends(chain(1600))).tolist() == [1.0] * 4
    assert throughputs(ends(chain(1600), rob=16)).tolist() == [1.0] * 4


def test_independent_loads_are_bounded_by_the_queue():
    steps = walk([64 * k for k in range(1600)])
    found = throughputs(ends(steps, latency=10, loads=5))
    assert found.tolist() == [5 / 10] * 4
    assert throughputs(ends(steps, latency=10, rob=20)).tolist() == [2.0] * 4


@pytest.mark.parametrize("limit", ["rob", "loads", "stores"])
def test_larger_buffers_never_lower_the_throughput(limit):
    body = [
        {"operation": "load", "loads": (64,), "destinations": (7,)},
        {"operation": "store", "stores": (128,), "sources": (7,)},
        {"sources": (7,), "destinations": (8,)},
    ]
    found = [ends(loop(body, 800), latency=20, **{limit: size})[-1] for size in (4, 8, 32, 128)]
    assert found == sorted(found, reverse=True)


def test_the_throughput_of_all_windows_is_that_of_their_cycles():
    assert harmonic_mean(np.array([1.0, 2.0, 4.0])) == pytest.approx(3 / (1 + 0.5 + 0.25))


def test_shares_are_per_instruction():
    body = [
        {"operation": "load", "loads": (64,), "destinations": (7,)},
        {"operation": "fp_add", "destinations": (33,)},
        {"destinations": (8, 25)},
        {"branch": "conditional", "operation": "branch", "taken": True},
    ]
    found = counted(whole(loop(body, WINDOW)))
    expected = {"loads": 0.25, "stores": 0.0, "fp": 0.25, "alu": 0.25, "branch": 0.25, "taken": 0.25, "writes": 1.0}
    assert {name: found[name] for name in expected} == expected
    assert found["loads_most"] == 0.25


def test_a_level_adds_its_latency():
    core = CoreSettings()
    view = memory_view(whole(walk([0, 0, 4096 * 5])), core)
    dram = round((core.dram_trcd + core.dram_tcas + 4) * 2.5)
    full = core.l1d_latency + core.l2_latency + core.llc_latency + dram
    assert memory_cycles(view, core).tolist() == [full, core.l1d_latency, full]


def test_features_name_every_buffer_and_statistic():
    part = whole(independent(1600))
    found = resource_features(part, memory_view(part, CoreSettings()), CoreSettings())
    buffers = ("dependences", *(f"rob_{size}" for size in ROB_SIZES))
    queues = (f"{name}_{size}" for name in ("loads", "stores") for size in QUEUE_SIZES)
    percentiles = {f"{name}_p{percent}" for name in ("dependences", "rob_128") for percent in (10, 50, 90)}
    assert set(found) == {f"{name}_all" for name in (*buffers, *queues)} | percentiles
    assert all(np.isfinite(value) and value > 0 for value in found.values())
