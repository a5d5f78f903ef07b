"""The arrays that the compiled simulator works on: one record of settings, one per channel, one for the initiator."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from codesign.models.dram.timing import Spacings

MOST_BANKS = 128
BANK_PLACES = MOST_BANKS + 9
"""Length of arrays over banks: no power of 2, so that the entries of one bank don't share cache lines' sets."""
MOST_GROUPS = 32
MOST_RANKS = 4
NEVER = 1 << 60
LONG_AGO = -(1 << 40)

NOTHING, ACTIVATE, PRECHARGE, READ, WRITE = range(5)
"""What a bank wants to do next."""
(
    LOG_ACT,
    LOG_PRE,
    LOG_RD,
    LOG_WR,
    LOG_RDA,
    LOG_WRA,
    LOG_PREA,
    LOG_REFA,
    LOG_REFB,
    LOG_PDEA,
    LOG_PDEP,
    LOG_PDX,
    LOG_SREFE,
    LOG_SREFX,
) = range(14)
COMMANDS = (
    "ACT",
    "PRE",
    "RD",
    "WR",
    "RDA",
    "WRA",
    "PREA",
    "REFA",
    "REFB",
    "PDEA",
    "PDEP",
    "PDX",
    "SREFE",
    "SREFX",
)
"""Names of the commands in the order of their codes in the log and in the counts."""
BANKWISE, READ_WRITE, SHARED = range(3)
OPEN, OPEN_ADAPTIVE, CLOSED, CLOSED_ADAPTIVE = range(4)
FIFO, FR_FCFS_GROUP, FR_FCFS, BATCHED, FIRST_READY = range(5)
NO_DRAIN, WATERMARKS, BATCH = range(3)
OLDEST, COLUMNS_FIRST, ROUND_ROBIN = range(3)
NO_REFRESH, ALL_BANK, PER_BANK = range(3)
SIMPLE, ARBITER_FIFO, ARBITER_REORDER = range(3)
AWAKE, ACTIVE_DOWN, PRECHARGED_DOWN, SELF_REFRESH, EXTRA_REFRESH = range(5)

FINISHED, NEEDS_REQUESTS, LOG_FULL = range(3)
"""Why the compiled loop returned."""

EXACT_BINS = 8192
BINS_PER_OCTAVE = 512
BINS = EXACT_BINS + 32 * BINS_PER_OCTAVE
"""Read latencies are counted in bins of one clock up to 8192 clocks, of 1/512 of an octave above."""
BANK_BITS = 7
AGE_BITS = 40
FARTHEST = 1 << 22
"""A command that may go ``wait`` clocks from now for a request has the rank ``wait << AGE_BITS | order << BANK_BITS |
bank``: the least is sent first. Waits of ``FARTHEST`` clocks or more mean never. Where columns go first, all other
commands have the highest bit of the age set."""

CONFIG = np.dtype(
    [(field.name, np.int64) for field in fields(Spacings)]
    + [
        (name, np.int64)
        for name in (
            "channels",
            "ranks",
            "groups",
            "banks",
            "rank_groups",
            "rank_banks",
            "page_policy",
            "scheduler",
            "buffer",
            "buffer_size",
            "reorder_responses",
            "refresh",
            "most_postponed",
            "most_pulled_in",
            "staggered",
            "arbiter",
            "most_active",
            "power_down",
            "command_order",
            "write_places",
            "posted",
            "bank_places",
            "active_buffer",
            "row_hit_cap",
            "drain",
            "one_direction",
            "early_places",
            "unsettled",
            "low_watermark",
            "high_watermark",
            "window",
            "logging",
        )
    ]
    + [("clock_ratio", np.float64)],
    align=True,
)
"""Spacings, organisation of a channel (``groups`` and ``banks`` of all its ranks) and coded settings.

``one_direction``: schedulers serve the direction of ``write_mode`` alone; ``early_places``: requests leave the buffers
before they are sent; ``unsettled``: what a bank wants is decided anew before every command.
"""

CHANNEL = np.dtype(
    [
        (name, np.int64)
        for name in (
            "next_time",
            "best",
            "best_since",
            "best_time",
            "best_bank",
            "best_rank",
            "best_command",
            "stale",
            "redo",
            "row_bus_free",
            "column_bus_free",
            "asking",
            "asking_time",
            "waiting_head",
            "waiting_tail",
            "last_accept",
            "last_bank",
            "reads",
            "writes",
            "last_write",
            "write_mode",
            "draining",
            "moved_at",
            "last_bank_sent",
            "next_order",
            "next_age",
            "next_answer",
            "last_answer",
            "busy_count",
            "refresh_due",
            "accepted",
            "hits",
            "misses",
            "conflicts",
        )
    ]
    + [("buffer_head", np.int64, (2,)), ("buffer_tail", np.int64, (2,))]
    + [("counts", np.int64, (len(COMMANDS),)), ("busy", np.int64, (BANK_PLACES,))]
    + [
        (name, np.int64, (BANK_PLACES,))
        for name in (
            "rank_of",
            "group_of",
            "place",
            "open_row",
            "opened_at",
            "opened_for",
            "head",
            "tail",
            "size",
            "first_hit",
            "hit_count",
            "kept",
            "served",
            "want",
            "want_slot",
            "want_auto",
            "want_time",
            "want_rank",
            "want_limit",
            "act_time",
            "pre_time",
            "write_pre_time",
            "read_time",
            "write_time",
            "blocked",
            "refreshed",
        )
    ]
    + [("limit", np.int64, ((WRITE + 1) * MOST_GROUPS,))]
    + [
        (name, np.int64, (MOST_RANKS,))
        for name in (
            "act_ring",
            "queued",
            "open_banks",
            "refresh_trigger",
            "refresh_flexibility",
            "refresh_pulling",
            "refresh_bank",
            "refresh_forced",
            "bank_refresh_limit",
            "wish",
            "wish_bank",
            "wish_time",
            "wish_order",
            "down_limit",
            "up_time",
            "down_state",
            "entry_wanted",
            "exit_wanted",
            "self_wanted",
            "idle",
            "down_since",
            "active_since",
            "active_until",
            "active_clocks",
            "active_down_clocks",
            "precharged_down_clocks",
            "self_refresh_clocks",
        )
    ]
    + [("last_acts", np.int64, (4 * MOST_RANKS,))],
    align=True,
)
"""State of one channel: scalars, then per bank, per kind of command and bank group, per rank."""

INITIATOR = np.dtype(
    [
        (name, np.int64)
        for name in (
            "next",
            "admission",
            "earliest",
            "held",
            "admitted",
            "returned",
            "last_return",
            "free_head",
            "ring_head",
            "ring_count",
            "log_count",
            "reads",
            "writes",
            "latency_sum",
            "latency_most",
        )
    ],
    align=True,
)
"""State of the initiator and the arbiter between it and the channels."""

SLOT = np.dtype(
    [
        (name, np.int64)
        for name in (
            "next",
            "previous",
            "bank",
            "row",
            "column",
            "write",
            "order",
            "age",
            "held",
            "posted",
            "thread",
            "sent",
            "answer",
        )
    ],
    align=True,
)
"""A request between its admission and its answer, or a posted write until it is sent.

``order`` of acceptance, ``age``: order of entering its bank's queue; ``held``: it takes a place in the buffers (set
with ``early_places``).
"""
