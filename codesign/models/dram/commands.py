"""What a command does: to the timing of later commands, to the state of banks, to the clocks that energy is made of."""

from __future__ import annotations

from codesign.models.dram.compile import Record, inlined
from codesign.models.dram.queues import close_row, find_hits
from codesign.models.dram.state import (
    ACTIVATE,
    LOG_ACT,
    LOG_PRE,
    LOG_PREA,
    LOG_REFA,
    LOG_REFB,
    MOST_GROUPS,
    PRECHARGE,
    READ,
    WRITE,
)


@inlined
def note(
    cfg: Record, ini: Record, log: Record, code: int, time: int, channel: int, rank: int, bank: int, row: int
) -> None:
    """Write a command to the log, where one is kept; ``bank`` counts within the channel, -1 for a rank."""
    if cfg.logging:
        line = log[ini.log_count]
        line[0], line[1], line[2], line[3], line[4], line[5] = time, code, channel, rank, bank, row
        ini.log_count += 1


@inlined
def open_interval(ch: Record, rank: int, time: int) -> None:
    """A bank of the rank becomes active: close the last active interval if it ended before."""
    if ch.open_banks[rank] == 0 and time > ch.active_until[rank]:
        ch.active_clocks[rank] += ch.active_until[rank] - ch.active_since[rank]
        ch.active_since[rank] = time
        ch.active_until[rank] = time
    ch.open_banks[rank] += 1


@inlined
def close_interval(ch: Record, rank: int, time: int) -> None:
    """A bank of the rank is precharged from ``time`` on."""
    ch.open_banks[rank] -= 1
    ch.active_until[rank] = max(ch.active_until[rank], time)


@inlined
def _limit_acts(cfg: Record, ch: Record, rank: int, group: int, time: int) -> None:
    per_rank = cfg.rank_groups
    ring = ch.act_ring[rank]
    ch.last_acts[4 * rank + ring] = time
    ring = (ring + 1) & 3
    ch.act_ring[rank] = ring
    other = max(time + cfg.act_to_act_other, ch.last_acts[4 * rank + ring] + cfg.four_acts)
    base = ACTIVATE * MOST_GROUPS
    for g in range(rank * per_rank, (rank + 1) * per_rank):
        ch.limit[base + g] = max(ch.limit[base + g], other)
    ch.limit[base + group] = max(ch.limit[base + group], time + cfg.act_to_act_same)


@inlined
def activate(cfg: Record, ch: Record, slots: Record, bank: int, time: int) -> None:
    """ACT: open the row of the request that is wanted."""
    rank, slot = ch.rank_of[bank], ch.want_slot[bank]
    ch.open_row[bank] = slots[slot].row
    ch.opened_at[bank] = time
    ch.kept[bank] = slot
    if cfg.row_hit_cap:
        ch.served[bank] = 0
    ch.opened_for[bank] = max(ch.opened_for[bank], 1)
    find_hits(cfg, ch, slots, bank)
    ch.act_time[bank] = max(ch.act_time[bank], time + cfg.act_to_act)
    ch.pre_time[bank] = time + cfg.act_to_pre
    ch.read_time[bank] = time + cfg.act_to_read
    ch.write_time[bank] = time + cfg.act_to_write
    _limit_acts(cfg, ch, rank, ch.group_of[bank], time)
    ch.bank_refresh_limit[rank] = max(ch.bank_refresh_limit[rank], time + cfg.act_to_bank_refresh_other)
    ch.down_limit[rank] = max(ch.down_limit[rank], time + cfg.act_to_down)
    ch.counts[LOG_ACT] += 1
    open_interval(ch, rank, time)


@inlined
def precharge(cfg: Record, ch: Record, bank: int, time: int) -> None:
    """PRE of one bank."""
    rank = ch.rank_of[bank]
    close_row(ch, bank)
    ch.opened_for[bank] = 2
    ch.act_time[bank] = max(ch.act_time[bank], time + cfg.pre_to_act)
    per_rank = cfg.rank_groups
    base = PRECHARGE * MOST_GROUPS
    for g in range(rank * per_rank, (rank + 1) * per_rank):
        ch.limit[base + g] = max(ch.limit[base + g], time + cfg.pre_to_pre)
    ch.down_limit[rank] = max(ch.down_limit[rank], time + cfg.pre_to_down)
    ch.counts[LOG_PRE] += 1
    close_interval(ch, rank, time)


@inlined
def _limit_columns(cfg: Record, ch: Record, rank: int, group: int, time: int, write: bool) -> None:
    per_rank = cfg.rank_groups
    reads, writes = READ * MOST_GROUPS, WRITE * MOST_GROUPS
    if write:
        same_read, other_read, rank_read = cfg.write_to_read_same, cfg.write_to_read_other, cfg.write_to_read_rank
        same_write, other_write, rank_write = (
            cfg.write_to_write_same,
            cfg.write_to_write_other,
            cfg.write_to_write_rank,
        )
    else:
        same_read, other_read, rank_read = cfg.read_to_read_same, cfg.read_to_read_other, cfg.read_to_read_rank
        same_write, other_write, rank_write = cfg.read_to_write, cfg.read_to_write, cfg.read_to_write_rank
    first, last = rank * per_rank, (rank + 1) * per_rank
    for g in range(cfg.groups):
        here = first <= g < last
        ch.limit[reads + g] = max(ch.limit[reads + g], time + (other_read if here else rank_read))
        ch.limit[writes + g] = max(ch.limit[writes + g], time + (other_write if here else rank_write))
    ch.limit[reads + group] = max(ch.limit[reads + group], time + same_read)
    ch.limit[writes + group] = max(ch.limit[writes + group], time + same_write)


@inlined
def access(cfg: Record, ch: Record, bank: int, time: int, write: bool, auto: bool) -> None:
    """RD, RDA, WR or WRA: hold the data bus; with ``auto``, precharge when tRTP or tWR and tRAS allow it."""
    rank = ch.rank_of[bank]
    _limit_columns(cfg, ch, rank, ch.group_of[bank], time, write)
    after = time + (cfg.write_to_pre if write else cfg.read_to_pre)
    if write:
        ch.write_pre_time[bank] = after
        down = time + (cfg.write_auto_to_down if auto else cfg.write_to_down)
    else:
        down = time + cfg.read_to_down
    ch.down_limit[rank] = max(ch.down_limit[rank], down)
    ch.pre_time[bank] = max(ch.pre_time[bank], after)
    ch.opened_for[bank] = 0
    ch.kept[bank] = -1
    if cfg.row_hit_cap:
        ch.served[bank] += 1
    if auto:
        closed = ch.pre_time[bank]
        close_row(ch, bank)
        ch.act_time[bank] = max(ch.act_time[bank], closed + cfg.pre_to_act)
        close_interval(ch, rank, closed)


@inlined
def precharge_all(cfg: Record, ch: Record, rank: int, time: int) -> None:
    """PREA: close every open bank of the rank."""
    per_rank = cfg.rank_banks
    for bank in range(rank * per_rank, (rank + 1) * per_rank):
        if ch.open_row[bank] >= 0:
            close_row(ch, bank)
            ch.opened_for[bank] = 0
            close_interval(ch, rank, time)
        ch.act_time[bank] = max(ch.act_time[bank], time + cfg.all_pre_to_act)
    ch.down_limit[rank] = max(ch.down_limit[rank], time + cfg.pre_to_down)
    ch.counts[LOG_PREA] += 1


@inlined
def refresh_all(cfg: Record, ch: Record, rank: int, time: int) -> None:
    """REF of a whole rank; its banks count as active for tRFC - tRP."""
    per_rank = cfg.rank_banks
    for bank in range(rank * per_rank, (rank + 1) * per_rank):
        ch.act_time[bank] = max(ch.act_time[bank], time + cfg.refresh_to_act)
    ch.down_limit[rank] = max(ch.down_limit[rank], time + cfg.refresh_to_down)
    ch.counts[LOG_REFA] += 1
    open_interval(ch, rank, time)
    close_interval(ch, rank, time + cfg.refresh_active)


@inlined
def refresh_bank(cfg: Record, ch: Record, bank: int, time: int) -> None:
    """REF of one bank: no other bank of the rank may be refreshed meanwhile, and activates keep tRRD."""
    rank = ch.rank_of[bank]
    per_rank = cfg.rank_groups
    ch.act_time[bank] = max(ch.act_time[bank], time + cfg.bank_refresh_to_act)
    base = ACTIVATE * MOST_GROUPS
    for g in range(rank * per_rank, (rank + 1) * per_rank):
        ch.limit[base + g] = max(ch.limit[base + g], time + cfg.bank_refresh_to_act_other)
    ch.bank_refresh_limit[rank] = max(ch.bank_refresh_limit[rank], time + cfg.bank_refresh_to_bank_refresh)
    ch.down_limit[rank] = max(ch.down_limit[rank], time + cfg.refresh_to_down)
    ch.counts[LOG_REFB] += 1
