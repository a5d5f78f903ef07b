"""Where the compiled simulator keeps its state: one table of structures, one flat memory, two records of scalars.

A structure (cache, TLB, uop cache, branch target buffer, page-walk cache) is sets x ways entries. The memory holds four
words for each: tag, time of last use, time at which the contents arrive, and a note (see the file that uses it).
"""

from __future__ import annotations

import numpy as np

(L1I, L1D, L2, LLC, ITLB, DTLB, STLB, UOP_CACHE, BTB, WALK_5, WALK_4, WALK_3, WALK_2) = range(13)
"""Structures. ``WALK_n`` keeps entries of the page table's level n - 1, as the reference simulator numbers them."""
STRUCTURES = 13
COUNTED = (L1I, L1D, L2, LLC, ITLB, DTLB, STLB)

(
    TAGS,
    SETS,
    WAYS,
    USES,
    TIMES,
    NOTES,
    HIT,
    FILL,
    MISSES_HELD,
    MISS_BEGINS,
    MISS_ENDS,
    MISS_PLACES,
    PORT,
    PREFETCHER,
    STRIDES,
    ACCESSES,
    MISSES,
    NEXT_MISS,
    BLOCKED_FROM,
    BLOCKED_UNTIL,
    BEFORE_FROM,
    BEFORE_UNTIL,
) = range(22)
"""Columns of the table of structures: where its four words per entry begin, sizes, cycles of a tag check and of a fill,
outstanding misses (how many, where their times are, in how many places), ring of its port, prefetcher and where its
table begins; then what changes: counts, place of the next miss, when the last two requests that found no free miss
register were held."""
COLUMNS = 22

RING = 4096
"""Cycles over which the use of a port is remembered."""
ISSUE_SPAN = 32768
"""Cycles over which executions are counted."""
RECENT = 4096
"""Memory accesses whose times are remembered; no buffer may be larger."""
FORWARDING = 8192
MERGING = 256
ANSWERS = 4
"""Answers that are remembered for a line or page."""
BUS_PLACES = 16
BANK_PLACES = 4
"""Accesses that are remembered, so that one that comes earlier in time finds its gap: of the data bus, of a bank."""
STRIDE_ENTRIES = 256
CALL_SIZES = 1024
TAGE_TABLES = 6

RINGS = (
    "execute_ring",
    "complete_ring",
    "load_ring",
    "store_ring",
    "l1d_load_ring",
    "l1d_store_ring",
    "l1d_ring",
    "l2_ring",
    "llc_ring",
    "dtlb_ring",
    "stlb_ring",
    "dram_ring",
    "units_ring",
)
"""Rings of per-cycle counters; the last one stands for one ring per kind of functional unit."""
LANES = (
    "fetch_lane",
    "request_lane",
    "returned_lane",
    "promote_lane",
    "decode_lane",
    "decoder_lane",
    "dispatch_lane",
    "commit_lane",
)
"""Stages that work in program order: the cycle of the last instruction and how many took that cycle."""
UNITS = ("alu", "multiply", "divide", "fp", "fp_divide", "branch", "memory")
"""Kinds of functional units."""

CONFIG = np.dtype(
    [
        (name, np.int64)
        for name in (
            "reference",
            "fetch_width",
            "decode_width",
            "uop_width",
            "dispatch_width",
            "execute_width",
            "complete_width",
            "commit_width",
            "load_width",
            "store_width",
            "fetch_buffer",
            "decode_buffer",
            "uop_buffer",
            "dispatch_buffer",
            "rob",
            "scheduler",
            "load_queue",
            "store_queue",
            "spare_registers",
            "write_queue",
            "decode_latency",
            "dispatch_latency",
            "mispredict_penalty",
            "forward_latency",
            "prefetch_degree",
            "stores_renew",
            "l1i_ports",
            "predictor",
            "direction_entries",
            "history_bits",
            "return_places",
            "indirect_entries",
            "target_shift",
            "fault_cycles",
            "perfect_branches",
            "banks",
            "dram_hit",
            "dram_closed",
            "dram_conflict",
            "dram_burst",
            "dram_turn",
            "dram_refresh",
            "dram_refresh_busy",
            "dram_writes_high",
            "dram_writes_low",
        )
    ]
    + [
        (name, np.uint32)
        for name in (
            "recent",
            "load_mask",
            "rename_mask",
            "page_places",
            *RINGS,
            *LANES,
            "unit_counts",
            "promote_times",
            "decode_times",
            "dispatch_times",
            "commit_times",
            "store_times",
            "accept_times",
            "finish_times",
            "rename_times",
            "issue_counts",
            "load_times",
            "load_ends",
            "register_times",
            "register_causes",
            "forward_addresses",
            "forward_stores",
            "merge_lines",
            "merge_arrivals",
            "merge_starts",
            "merge_ends",
            "line_answers",
            "merge_served",
            "pending_lines",
            "pending_times",
            "bank_begins",
            "bank_ends",
            "bank_rows",
            "bank_next",
            "bus_times",
            "pages",
            "counters",
            "choices",
            "locals",
            "tage_tags",
            "tage_counts",
            "tage_useful",
            "tage_places",
            "tage_wanted",
            "returns",
            "call_sizes",
            "indirect_targets",
            "page_tags",
            "page_arrivals",
            "page_times",
            "page_answers",
            "stash_begins",
            "stash_ends",
            "latencies",
            "occupied",
            "unit_of",
            "after_load",
            "stalls",
        )
    ]
    + [("dram_ratio", np.float64)],
    align=True,
)
"""Settings as numbers, and where the arrays begin in the memory (unsigned: no place counts from the end)."""

STATE = np.dtype(
    [
        (name, np.int64)
        for name in (
            "warm",
            "clock",
            "fetched",
            "fetch_floor",
            "fetch_taken",
            "fetch_cause",
            "block",
            "block_request",
            "block_done",
            "block_cause",
            "schedule_time",
            "issue_clock",
            "waiting",
            "loads_seen",
            "load_first",
            "window",
            "window_entry",
            "schedule_cause",
            "cause",
            "store_finish",
            "store_write",
            "writers",
            "stores_seen",
            "pending_head",
            "pending_tail",
            "uses",
            "from_uop_cache",
            "front_cause",
            "served",
            "translation_late",
            "mispredicted",
            "at_decode",
            "table",
            "stash_next",
            "stash_full_from",
            "stash_full_until",
            "history",
            "indirect_history",
            "return_top",
            "return_count",
            "random",
            "bus_next",
            "dram_reads_end",
            "dram_writes",
            "dram_floor",
            "touched",
            "branches",
            "mispredicts",
            "walks",
            "uop_hits",
            "uop_misses",
            "dram_reads",
            "dram_row_hits",
            "forwards",
            "start_time",
            "start_count",
        )
    ],
    align=True,
)
"""Scalars that change while the simulator runs."""

STALLS = (
    "base",
    "fetch_bandwidth",
    "branch_mispredict",
    "icache",
    "itlb",
    "rob_full",
    "scheduler_full",
    "load_queue_full",
    "store_queue_full",
    "registers_full",
    "execution_units",
    "dependency",
    "store_forward",
    "l1d",
    "dtlb",
    "l2",
    "llc",
    "dram",
)
"""What a commit slot was used for (``base``) or lost to."""
(
    BASE,
    FETCH,
    MISPREDICT,
    ICACHE,
    INSTRUCTION_TLB,
    ROB_FULL,
    SCHEDULER_FULL,
    LOAD_QUEUE_FULL,
    STORE_QUEUE_FULL,
    REGISTERS_FULL,
    EXECUTION_UNITS,
    DEPENDENCY,
    STORE_FORWARD,
    L1D_LATENCY,
    DATA_TLB,
    L2_LATENCY,
    LLC_LATENCY,
    DRAM_LATENCY,
) = range(18)

BIMODAL, GSHARE, TOURNAMENT, TAGE, PERFECT = range(5)
PREDICTORS = ("bimodal", "gshare", "tournament", "tage", "perfect")
NO_PREFETCH, NEXT_LINE, STRIDE = range(3)
PREFETCHERS = ("none", "next_line", "stride")
(PLAIN, CONDITIONAL, JUMP, INDIRECT_JUMP, CALL, INDIRECT_CALL, RETURN, SYSTEM) = range(8)
"""Kinds of branches, as in ``codesign.workloads.instructions.trace.BRANCHES``."""
