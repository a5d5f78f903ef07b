"""No command that the simulator sends breaks a rule of the standards, on any device with any policy."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.dram import encoding, timing
from codesign.models.dram.settings import (
    ARBITERS,
    COMMAND_ORDERS,
    PAGE_POLICIES,
    RESPONSE_QUEUES,
    SCHEDULER_BUFFERS,
    SCHEDULERS,
    WRITE_DRAINS,
    ControllerSettings,
)
from codesign.models.dram.simulator import simulate
from codesign.technology.dram_devices import MAPPINGS, dram_device, dram_devices
from codesign.workloads.memory.trace import MemoryTrace
from tests.models.dram.timing_checker import violations

DEVICES = tuple(dram_devices())


def random_trace(seed, requests, device, ranks, channels, gap, locality, writes):
    """Requests that walk on from the last one with probability ``locality``, else jump anywhere."""
    random = np.random.default_rng(seed)
    lines = device.rank_bytes * ranks * channels // device.burst_bytes
    jumps = random.integers(0, lines, requests)
    line = np.empty(requests, dtype=np.int64)
    stay = random.random(requests) < locality
    for i in range(requests):
        line[i] = (line[i - 1] + 1) % lines if i and stay[i] else jumps[i]
    cycle = np.cumsum(random.integers(0, 2 * gap + 1, requests))
    return MemoryTrace("random", device.clock_mhz, cycle, line * device.burst_bytes, random.random(requests) < writes)


def refresh_policies(device):
    return ("NoRefresh", "AllBank", "PerBank") if device.standard.startswith("LPDDR") else ("NoRefresh", "AllBank")


def power_down_policies(device):
    known = device.clocks
    return ("NoPowerDown", "Staggered") if {"actpden", "cmdcke"} & set(known) else ("NoPowerDown",)


@st.composite
def buffers(draw):
    """How requests wait: the buffers of the published space, or any that goes together of the further ones."""
    size = draw(st.sampled_from([1, 2, 8, 32]))
    chosen = {"request_buffer_size": size, "posted_writes": draw(st.booleans())}
    chosen |= {"write_low_watermark": 2, "write_high_watermark": 6}
    if draw(st.booleans()):
        scheduler = draw(st.sampled_from((*SCHEDULERS, "GrpFrFcfsWm")))
        return chosen | {"scheduler": scheduler, "scheduler_buffer": draw(st.sampled_from(SCHEDULER_BUFFERS))}
    queue = draw(st.sampled_from([0, 1, 4]))
    scheduler = draw(st.sampled_from((*SCHEDULERS, "FirstReady"))) if queue else "FirstReady"
    drain = draw(st.sampled_from(WRITE_DRAINS if chosen["posted_writes"] else WRITE_DRAINS[:2]))
    return chosen | {
        "scheduler": scheduler,
        "scheduler_buffer": "ReadWrite",
        "write_buffer_size": 8 if drain != "NoDrain" else draw(st.sampled_from([0, 3])),
        "bank_queue_size": queue,
        "active_buffer": scheduler == "FirstReady" and not queue and draw(st.booleans()),
        "row_hit_cap": draw(st.sampled_from([0, 1, 4])),
        "write_drain": drain,
    }


@st.composite
def simulations(draw, requests):
    device = dram_device(draw(st.sampled_from(DEVICES)))
    ranks = draw(st.sampled_from([1, 2, 4]))
    channels = draw(st.sampled_from([1, 2]))
    controller = ControllerSettings(
        **draw(buffers()),
        page_policy=draw(st.sampled_from(PAGE_POLICIES)),
        command_order=draw(st.sampled_from(COMMAND_ORDERS)),
        refresh_staggered=draw(st.booleans()),
        response_queue=draw(st.sampled_from(RESPONSE_QUEUES)),
        refresh_policy=draw(st.sampled_from(refresh_policies(device))),
        refresh_max_postponed=draw(st.integers(0, 8)),
        refresh_max_pulledin=draw(st.integers(0, 8)),
        arbiter=draw(st.sampled_from(ARBITERS)),
        max_active_transactions=draw(st.sampled_from([1, 3, 16, 128])),
        power_down=draw(st.sampled_from(power_down_policies(device))),
        address_mapping=draw(st.sampled_from(tuple(MAPPINGS))),
    )
    trace = random_trace(
        draw(st.integers(0, 2**32)),
        requests,
        device,
        ranks,
        channels,
        draw(st.sampled_from([0, 1, 4, 16, 400])),
        draw(st.sampled_from([0.0, 0.5, 0.95])),
        draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
    )
    return trace, device, controller, ranks, channels


def assert_legal(trace, device, controller, ranks, channels):
    done = simulate(trace, device, controller, ranks=ranks, channels=channels, log=True)
    assert violations(done.command_log, device, ranks) == []
    assert done.reads + done.writes == len(trace)
    assert len(done.command_log) == sum(done.commands.values())
    sent = done.command_log.command.value_counts()
    assert {name: int(sent.get(name, 0)) for name in done.commands} == done.commands
    reads, writes = done.commands["RD"] + done.commands["RDA"], done.commands["WR"] + done.commands["WRA"]
    assert reads + writes == done.row_hits + done.row_misses + done.row_conflicts
    if controller.posted_writes:
        assert reads <= done.reads
        assert writes <= done.writes
    else:
        assert (reads, writes) == (done.reads, done.writes)


@settings(max_examples=40)
@given(simulations(requests=300))
def test_no_command_breaks_a_rule(simulation):
    assert_legal(*simulation)


@pytest.mark.slow
@settings(max_examples=700)
@given(simulations(requests=3000))
def test_no_command_of_millions_breaks_a_rule(simulation):
    assert_legal(*simulation)


@pytest.mark.parametrize("name", DEVICES)
def test_every_policy_of_every_device_is_legal(name):
    device = dram_device(name)
    trace = random_trace(1, 150, device, 2, 1, 2, 0.6, 0.3)
    for page, scheduler, power in product(PAGE_POLICIES, (*SCHEDULERS, "GrpFrFcfsWm"), power_down_policies(device)):
        base = ControllerSettings(page_policy=page, scheduler=scheduler, power_down=power, write_high_watermark=4)
        for refresh in refresh_policies(device):
            assert_legal(trace, device, replace(base, refresh_policy=refresh), 2, 1)


MUTANTS = {
    "ddr4-2400-8gb-x8": """act_to_read act_to_write act_to_pre act_to_act_same act_to_act_other four_acts
        pre_to_act all_pre_to_act read_to_read_same read_to_read_other read_to_read_rank write_to_write_same
        write_to_write_other write_to_write_rank read_to_write write_to_read_same write_to_read_other
        read_to_pre write_to_pre refresh_to_act""",
    "lpddr4-3200-8gb-x16": "pre_to_pre bank_refresh_to_act bank_refresh_to_bank_refresh act_to_pre read_to_pre",
    "lpddr5-6400-8gb-x16": "bank_refresh_to_act_other write_to_read_same",
}


@pytest.mark.parametrize(("name", "spacing"), [(name, s) for name, text in MUTANTS.items() for s in text.split()])
def test_the_checker_finds_every_spacing_made_a_clock_too_short(monkeypatch, name, spacing):
    device = dram_device(name)
    right = timing.spacings(device)
    wrong = replace(right, **{spacing: getattr(right, spacing) - 1})
    if spacing in ("act_to_pre", "pre_to_act"):  # tRC is their sum and would hide it
        wrong = replace(wrong, act_to_act=right.act_to_act - 1)
    monkeypatch.setattr(encoding, "spacings", lambda _: wrong)
    refresh = "PerBank" if name.startswith("lpddr") else "AllBank"
    found = []
    for page, gap, locality in product(("Open", "Closed"), (0, 2, 40), (0.0, 0.6, 0.95)):
        trace = random_trace(3, 700, device, 2, 1, gap, locality, 0.4)
        controller = ControllerSettings(page_policy=page, refresh_policy=refresh, refresh_max_postponed=0)
        found += violations(simulate(trace, device, controller, ranks=2, log=True).command_log, device, 2)
    assert found


def log_of(*commands):
    return pd.DataFrame(commands, columns=["clock", "command", "channel", "rank", "group", "bank", "row"])


LEGAL = [(0, "ACT", 0, 0, 0, 0, 7), (10, "RD", 0, 0, 0, 0, 7), (28, "PRE", 0, 0, 0, 0, -1), (38, "ACT", 0, 0, 0, 0, 8)]


def test_the_checker_accepts_a_legal_log():
    assert violations(log_of(*LEGAL), dram_device("ddr3-1600-1gb-x8"), 1) == []


@pytest.mark.parametrize(
    ("at", "command", "rule"),
    [
        (1, (9, "RD", 0, 0, 0, 0, 7), "tRCD"),
        (1, (10, "RD", 0, 0, 0, 0, 6), "row that isn't open"),
        (1, (10, "RD", 0, 0, 0, 1, 7), "row that isn't open"),
        (2, (27, "PRE", 0, 0, 0, 0, -1), "tRAS"),
        (2, (10, "PRE", 0, 0, 0, 0, -1), "command bus"),
        (3, (37, "ACT", 0, 0, 0, 0, 8), "tRP"),
        (3, (38, "REFA", 0, 0, -1, -1, -1), None),
        (3, (37, "REFA", 0, 0, -1, -1, -1), "tRP before REF"),
        (3, (40, "PDX", 0, 0, -1, -1, -1), "not in power-down"),
    ],
)
def test_the_checker_finds_what_is_illegal(at, command, rule):
    log = [*LEGAL[:at], command]
    found = violations(log_of(*log), dram_device("ddr3-1600-1gb-x8"), 1)
    assert (not found) if rule is None else any(rule in text for text in found)


def test_the_checker_finds_a_fifth_activate_within_tfaw():
    acts = [(5 * i, "ACT", 0, 0, 0, i, 0) for i in range(4)]
    device = dram_device("ddr3-1600-1gb-x8")
    assert violations(log_of(*acts, (24, "ACT", 0, 0, 0, 4, 0)), device, 1) == []
    assert any("tFAW" in v for v in violations(log_of(*acts, (23, "ACT", 0, 0, 0, 4, 0)), device, 1))
