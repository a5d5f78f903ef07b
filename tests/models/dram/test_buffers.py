"""Ways of buffering beyond the published space, on hand-made traces with known answers (DDR3-1600: tRCD 10, tCCD 4)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.dram.settings import RESPONSE_QUEUES, ControllerSettings
from codesign.models.dram.simulator import simulate, simulate_many
from codesign.technology.dram_devices import dram_device
from tests.models.dram.test_simulator import BANK_ROW, DDR3, ROW_BYTES, log_of, trace
from tests.models.dram.test_timing_checker import random_trace

R, W = False, True
BASE = ControllerSettings(refresh_policy="NoRefresh", arbiter="Simple")
POSTED = replace(BASE, posted_writes=True)
READY = replace(BASE, scheduler="FirstReady", scheduler_buffer="ReadWrite")
BATCH = replace(
    READY,
    posted_writes=True,
    write_buffer_size=8,
    write_drain="Batch",
    write_low_watermark=2,
    write_high_watermark=6,
)


def accesses(asked, controller):
    log = simulate(asked, DDR3, controller, log=True).command_log
    return [(clock, command) for clock, command in zip(log.clock, log.command, strict=True) if command in ("RD", "WR")]


def test_a_posted_write_is_answered_a_clock_after_it_is_taken_and_sent_later():
    done = simulate(trace(0, ROW_BYTES, cycles=[0, 100], writes=[W, R]), DDR3, POSTED, log=True)
    assert log_of(done) == [(0, "ACT"), (10, "WR"), (100, "ACT"), (110, "RD")]
    alone = simulate(trace(0, writes=[W]), DDR3, POSTED)
    assert alone.time_us == pytest.approx(1.25e-3)
    assert (alone.writes, alone.commands["WR"]) == (1, 0)
    waiting = simulate(trace(0, writes=[W]), DDR3, BASE)
    assert waiting.time_us == pytest.approx((10 + 8 + 4) * 1.25e-3)


def test_a_read_of_a_buffered_write_is_answered_from_the_buffer():
    soon = simulate(trace(0, 0, cycles=[0, 5], writes=[W, R]), DDR3, POSTED)
    assert soon.read_latency_ns == pytest.approx(1.25)
    assert soon.commands["RD"] == 0
    late = simulate(trace(0, 0, cycles=[0, 50], writes=[W, R]), DDR3, POSTED)
    assert late.commands["RD"] == 1
    other = simulate(trace(0, 64, cycles=[0, 5], writes=[W, R]), DDR3, POSTED)
    assert other.commands["RD"] == 1


@pytest.mark.parametrize("controller", [POSTED, replace(POSTED, scheduler_buffer="Shared", bank_queue_size=1), BATCH])
def test_writes_of_one_line_are_merged_wherever_they_wait(controller):
    asked = trace(0, 64, 128, 128, 192, cycles=[0, 1, 2, 3, 200], writes=[W, W, W, W, R])
    done = simulate(asked, DDR3, controller)
    assert (done.writes, done.commands["WR"]) == (4, 3)


def test_writes_with_a_buffer_of_their_own_don_t_stop_reads():
    asked = trace(0, ROW_BYTES, writes=[W, R])
    one_place = replace(BASE, scheduler_buffer="ReadWrite", request_buffer_size=1)
    assert log_of(simulate(asked, DDR3, one_place, log=True))[:3] == [(0, "ACT"), (10, "WR"), (11, "ACT")]
    own = replace(one_place, write_buffer_size=1)
    assert log_of(simulate(asked, DDR3, own, log=True))[:3] == [(0, "ACT"), (5, "ACT"), (10, "WR")]


def test_a_full_write_buffer_stops_writes_alone():
    own = replace(BASE, scheduler_buffer="ReadWrite", request_buffer_size=8, write_buffer_size=1)
    asked = trace(0, ROW_BYTES, 2 * ROW_BYTES, writes=[W, W, R])
    assert [clock for clock, command in log_of(simulate(asked, DDR3, own, log=True)) if command == "ACT"] == [0, 11, 16]


def test_draining_begins_above_the_high_watermark_and_ends_at_the_low_one():
    drained = replace(
        READY,
        posted_writes=True,
        write_buffer_size=8,
        request_buffer_size=16,
        write_drain="Watermarks",
        write_low_watermark=1,
        write_high_watermark=3,
    )
    reads = [(4 * i, 64 * i, R) for i in range(40)]
    writes = [(4 * i + 2, 64 * (i + 64), W) for i in (5, 10, 15)]
    three, four = (trace(*[a for _, a, _ in asked], cycles=[c for c, _, _ in asked], writes=[w for *_, w in asked])
                   for asked in (sorted(reads + writes), sorted([*reads, *writes, (82, 64 * 90, W)])))  # fmt: skip
    last_read = 10 + 4 * 39
    assert next(clock for clock, command in accesses(three, drained) if command == "WR") >= last_read
    sent = [clock for clock, command in accesses(four, drained) if command == "WR"]
    assert 82 <= sent[0] < last_read
    assert [later - sent[0] for later in sent[1:3]] == [4, 8]
    assert sent[3] >= last_read


def test_a_batch_begins_above_the_low_watermark_when_nothing_else_waits():
    def writes_sent(count):
        asked = trace(*[64 * i for i in range(count)], ROW_BYTES, cycles=[*range(count), 400], writes=[W] * count + [R])
        return simulate(asked, DDR3, BATCH).commands["WR"]

    assert [writes_sent(count) for count in (1, 2, 3, 5, 6)] == [0, 0, 3, 3, 6]


@pytest.mark.parametrize(("writes", "sent_early"), [(6, 0), (7, 7)])
def test_a_batch_begins_above_the_high_watermark_though_reads_wait(writes, sent_early):
    reads = [(2 * i, 64 * i, R) for i in range(60)]
    asked = sorted([*reads, *((2 * i + 1, 64 * (64 + i), W) for i in range(writes))])
    done = accesses(
        trace(*[a for _, a, _ in asked], cycles=[c for c, *_ in asked], writes=[w for *_, w in asked]), BATCH
    )
    last_read = max(clock for clock, command in done if command == "RD")
    assert sum(command == "WR" and clock < last_read for clock, command in done) == sent_early


def test_a_request_reaches_its_bank_s_queue_in_a_clock_and_may_be_served_in_the_next():
    queued = replace(BASE, scheduler_buffer="Shared", bank_queue_size=1)
    assert log_of(simulate(trace(0), DDR3, queued, log=True)) == [(1, "ACT"), (11, "RD")]
    assert log_of(simulate(trace(0, ROW_BYTES), DDR3, queued, log=True))[:2] == [(1, "ACT"), (6, "ACT")]


def test_a_scheduler_sees_the_queues_of_banks_alone():
    asked = trace(0, BANK_ROW, 64)
    queued = replace(BASE, scheduler_buffer="Shared", bank_queue_size=2)
    assert simulate(asked, DDR3, queued).row_hits == 1
    assert simulate(asked, DDR3, replace(queued, bank_queue_size=1)).row_hits == 0


def test_a_full_queue_lets_requests_for_other_banks_pass():
    asked = trace(0, BANK_ROW, ROW_BYTES)
    queued = replace(BASE, scheduler_buffer="Shared", bank_queue_size=1)
    log = simulate(asked, DDR3, queued, log=True).command_log
    assert log[log.command == "RD"].bank.tolist() == [0, 1, 0]


def test_an_active_buffer_frees_the_place_when_the_row_opens():
    one = replace(READY, request_buffer_size=1)
    asked = trace(0, ROW_BYTES)
    assert log_of(simulate(asked, DDR3, one, log=True)) == [(0, "ACT"), (10, "RD"), (11, "ACT"), (21, "RD")]
    active = replace(one, active_buffer=True)
    assert log_of(simulate(asked, DDR3, active, log=True)) == [(0, "ACT"), (5, "ACT"), (10, "RD"), (15, "RD")]


def test_first_ready_keeps_the_direction_that_the_bus_has():
    asked = trace(0, 64, 128, writes=[W, R, W])
    assert [command for _, command in accesses(asked, BASE)] == ["WR", "RD", "WR"]
    assert accesses(asked, READY) == [(10, "WR"), (14, "WR"), (14 + 8 + 4 + 6, "RD")]


def test_first_ready_lets_nothing_pass_a_request_for_the_same_line():
    assert [c for _, c in accesses(trace(0, 64, 64, writes=[W, R, W]), READY)] == ["WR", "RD", "WR"]
    assert [c for _, c in accesses(trace(0, 64, 64, writes=[R, W, R]), READY)] == ["RD", "WR", "RD"]


@pytest.mark.parametrize(
    ("cap", "commands"), [(0, "PRE ACT RD PRE ACT RD"), (1, "PRE ACT RD PRE ACT RD"), (2, "RD PRE ACT RD")]
)
def test_hits_keep_a_row_open_until_the_cap(cap, commands):
    """The hit of clock 27 could go at 30, behind the other bank's data; the older conflict could precharge at 28."""
    asked = trace(0, BANK_ROW, ROW_BYTES, 64, cycles=[0, 11, 16, 27])
    log = simulate(asked, DDR3, replace(READY, row_hit_cap=cap), log=True).command_log
    assert " ".join(log[log.clock > 26].command) == commands


def test_round_robin_gives_each_bank_its_turn():
    opened = [0, ROW_BYTES]
    asked = trace(*opened, 64, 128, 192, ROW_BYTES + 64, 256, cycles=[0, 1, 100, 101, 102, 103, 104])

    def banks(order):
        log = simulate(asked, DDR3, replace(BASE, command_order=order), log=True).command_log
        return log[log.clock >= 100].bank.tolist()

    assert banks("Oldest") == [0, 0, 0, 1, 0]
    assert banks("RoundRobin") == [0, 1, 0, 0, 0]


def test_ranks_that_aren_t_staggered_are_refreshed_together():
    device = dram_device("ddr4-2400-8gb-x8")
    idle = trace(0, 64, cycles=[0, 10_000], clock_mhz=device.clock_mhz)
    together = ControllerSettings(refresh_max_pulledin=0, refresh_staggered=False)
    log = simulate(idle, device, together, ranks=2, log=True).command_log
    precharge = 17  # rank 0 still has the row of the first read open
    assert sorted(log[log.command == "REFA"].clock) == [9361, 9360 + precharge]


CONTROLLERS = {
    "posted": POSTED,
    "batch": BATCH,
    "bank queues": replace(BATCH, bank_queue_size=2, row_hit_cap=2, command_order="RoundRobin"),
    "active": replace(READY, active_buffer=True, write_drain="Watermarks", write_high_watermark=4),
    "unified": replace(BASE, scheduler_buffer="Shared", bank_queue_size=3),
}


@settings(max_examples=15)
@given(st.integers(0, 2**32), st.sampled_from(sorted(CONTROLLERS)), st.sampled_from(RESPONSE_QUEUES))
def test_every_request_is_answered_once_and_no_sooner_than_it_could_be(seed, name, responses):
    asked = random_trace(seed, 400, DDR3, 1, 1, 2, 0.7, 0.5)
    controller = replace(CONTROLLERS[name], response_queue=responses)
    done = simulate(asked, DDR3, controller)
    assert (done.reads, done.writes) == (int((~asked.write).sum()), int(asked.write.sum()))
    assert done.read_latency_ns >= (1 if controller.posted_writes else 14) * 1.25
    assert done == simulate(asked.parts(50), DDR3, controller)


def test_designs_simulated_one_after_another_leave_nothing_behind():
    asked = random_trace(5, 500, DDR3, 1, 1, 1, 0.5, 0.5)
    designs = [*CONTROLLERS.values(), ControllerSettings()]
    table = simulate_many(asked, DDR3, designs)
    for row, design in zip(table.itertuples(), designs, strict=True):
        one = simulate(asked, DDR3, design)
        assert (row.time_us, row.energy_pj) == (one.time_us, one.total_energy_pj)
        assert row.read_latency_ns == one.read_latency_ns


def test_no_access_sent_has_no_hit_rate():
    done = simulate(trace(0, writes=[W]), DDR3, POSTED)
    assert np.isnan(done.row_hit_rate)
    assert np.isnan(simulate_many(trace(0, writes=[W]), DDR3, [POSTED])["row_hit_rate"].iloc[0])


@pytest.mark.parametrize(
    ("base", "change", "message"),
    [
        (BASE, {"write_buffer_size": -1}, "write_buffer_size must be at least 0, found -1"),
        (BASE, {"bank_queue_size": -2}, "bank_queue_size must be at least 0, found -2"),
        (BASE, {"row_hit_cap": -1}, "row_hit_cap must be at least 0"),
        (BASE, {"write_buffer_size": 4}, "goes with the scheduler_buffer 'ReadWrite', found 'Bankwise'"),
        (BASE, {"bank_queue_size": 4}, "'ReadWrite' or 'Shared', found 'Bankwise'"),
        (
            READY,
            {"bank_queue_size": 4, "scheduler": "GrpFrFcfsWm", "write_high_watermark": 4},
            "GrpFrFcfsWm has no meaning behind bank_queue_size",
        ),
        (BASE, {"active_buffer": True}, "active_buffer goes with the scheduler 'FirstReady'"),
        (READY, {"active_buffer": True, "bank_queue_size": 1}, "without bank_queue_size"),
        (BASE, {"write_drain": "watermarks"}, "unknown write_drain 'watermarks' .did you mean 'Watermarks'"),
        (BASE, {"write_drain": "Watermarks"}, "goes with the scheduler 'FirstReady' or with bank_queue_size"),
        (READY, {"write_drain": "Watermarks"}, "0 <= low < high < places for writes, found low 0, high 0, 8 places"),
        (READY, {"write_drain": "Watermarks", "write_high_watermark": 8}, "found low 0, high 8, 8 places"),
        (READY, {"write_drain": "Batch", "write_high_watermark": 4}, "goes with posted_writes and write_buffer_size"),
        (BATCH, {"posted_writes": False}, "'Batch' leaves writes waiting"),
        (BASE, {"command_order": "Roundrobin"}, "did you mean 'RoundRobin'"),
    ],
)
def test_buffers_that_don_t_go_together_are_refused(base, change, message):
    with pytest.raises(ModelInputError, match=message):
        simulate(trace(0), DDR3, replace(base, **change))
