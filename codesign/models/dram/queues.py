"""Requests that wait for a bank: a linked list in order of arrival, and the request that is served next (compiled)."""

from __future__ import annotations

from codesign.models.dram.compile import Number, Record, inlined
from codesign.models.dram.first_ready import first_ready
from codesign.models.dram.state import (
    ACTIVATE,
    AGE_BITS,
    AWAKE,
    BANK_BITS,
    BATCHED,
    CLOSED,
    CLOSED_ADAPTIVE,
    COLUMNS_FIRST,
    FIFO,
    FIRST_READY,
    FR_FCFS,
    MOST_GROUPS,
    NOTHING,
    OPEN,
    PRECHARGE,
    READ,
    ROUND_ROBIN,
    WRITE,
)


@inlined
def append(cfg: Record, ch: Record, slots: Record, bank: int, slot: int) -> None:
    """Put a request at the end of its bank's queue."""
    tail = ch.tail[bank]
    slots[slot].next = -1
    slots[slot].previous = tail
    if tail >= 0:
        slots[tail].next = slot
    else:
        ch.head[bank] = slot
        ch.place[bank] = ch.busy_count
        ch.busy[ch.busy_count] = bank
        ch.busy_count += 1
    ch.tail[bank] = slot
    ch.size[bank] += 1
    if ch.open_row[bank] == slots[slot].row and cfg.scheduler != FIFO:
        ch.hit_count[bank] += 1
        if ch.first_hit[bank] < 0:
            ch.first_hit[bank] = slot


@inlined
def remove(cfg: Record, ch: Record, slots: Record, bank: int, slot: int, closing: bool) -> None:
    """Take a request, which hits the open row, out of its bank's queue; find the next hit unless the row closes."""
    after, before = slots[slot].next, slots[slot].previous
    if before >= 0:
        slots[before].next = after
    else:
        ch.head[bank] = after
    if after >= 0:
        slots[after].previous = before
    else:
        ch.tail[bank] = before
    ch.size[bank] -= 1
    if not closing and cfg.scheduler != FIFO:
        ch.hit_count[bank] -= 1
    if not closing and ch.first_hit[bank] == slot:
        ch.first_hit[bank] = -1
        if ch.hit_count[bank] > 0:
            while slots[after].row != ch.open_row[bank]:
                after = slots[after].next
            ch.first_hit[bank] = after
    if ch.size[bank] == 0:
        last = ch.busy[ch.busy_count - 1]
        ch.busy[ch.place[bank]] = last
        ch.place[last] = ch.place[bank]
        ch.busy_count -= 1


@inlined
def find_hits(cfg: Record, ch: Record, slots: Record, bank: int) -> None:
    """Count the requests of the row just opened and remember the oldest; one is enough where each access closes it."""
    if cfg.scheduler == FIFO:
        return
    row = ch.open_row[bank]
    if cfg.page_policy == CLOSED and cfg.scheduler != BATCHED:
        ch.first_hit[bank] = ch.head[bank]
        ch.hit_count[bank] = 1
        return
    count, first = 0, -1
    slot = ch.head[bank]
    while slot >= 0:
        if slots[slot].row == row:
            if first < 0:
                first = slot
            count += 1
        slot = slots[slot].next
    ch.hit_count[bank] = count
    ch.first_hit[bank] = first


@inlined
def close_row(ch: Record, bank: int) -> None:
    """Forget the open row and its hits."""
    ch.open_row[bank] = -1
    ch.first_hit[bank] = -1
    ch.hit_count[bank] = 0
    ch.kept[bank] = -1


@inlined
def _grouped_hit(ch: Record, slots: Record, bank: int) -> Number:
    """Oldest hit of the last direction that passes no request for the same column; else the oldest hit."""
    first = ch.first_hit[bank]
    row = ch.open_row[bank]
    slot = first
    while slot >= 0:
        if slots[slot].row == row and slots[slot].write == ch.last_write:
            earlier = first
            while earlier != slot and not (slots[earlier].row == row and slots[earlier].column == slots[slot].column):
                earlier = slots[earlier].next
            if earlier == slot:
                return slot
        slot = slots[slot].next
    return first


@inlined
def _batched(ch: Record, slots: Record, bank: int) -> Number:
    """Oldest hit of the direction being served, else its oldest request; a row just opened is used once first."""
    row = ch.open_row[bank]
    found = -1
    slot = ch.head[bank]
    while slot >= 0:
        if slots[slot].write == ch.write_mode:
            if found < 0:
                found = slot
            if row < 0 or slots[slot].row == row:
                found = slot
                break
        slot = slots[slot].next
    if found >= 0 and ch.kept[bank] >= 0 and slots[found].row != row:
        return ch.kept[bank]
    return found


@inlined
def _choose(cfg: Record, ch: Record, slots: Record, bank: int, now: int) -> Number:
    if cfg.scheduler == FIFO:
        return ch.head[bank]
    if cfg.scheduler == BATCHED:
        return _batched(ch, slots, bank)
    if cfg.scheduler == FIRST_READY:
        return first_ready(cfg, ch, slots, bank, now)
    first = ch.first_hit[bank]
    if first < 0:
        return ch.head[bank]
    if cfg.scheduler == FR_FCFS or slots[first].write == ch.last_write:
        return first
    return _grouped_hit(ch, slots, bank)


@inlined
def _further_hit(cfg: Record, ch: Record, slots: Record, bank: int, slot: int) -> Number:
    if cfg.scheduler != FIFO:
        return ch.hit_count[bank] > 1
    after = slots[slot].next
    return after >= 0 and slots[after].row == ch.open_row[bank]


@inlined
def _closes(cfg: Record, ch: Record, slots: Record, bank: int, slot: int) -> Number:
    """Whether the access is to precharge its bank by itself."""
    if cfg.page_policy == OPEN:
        return False
    if cfg.page_policy == CLOSED:
        return True
    further = _further_hit(cfg, ch, slots, bank, slot)
    if cfg.page_policy == CLOSED_ADAPTIVE:
        return not further
    return ch.size[bank] > 1 and not further


@inlined
def decide(cfg: Record, ch: Record, slots: Record, bank: int, now: int) -> None:
    """Set what the bank wants to do next, for which request, and when its own timing allows it, seen from ``now``."""
    ch.want[bank] = NOTHING
    ch.want_limit[bank] = NOTHING
    if ch.size[bank] == 0 or ch.blocked[bank] or ch.down_state[ch.rank_of[bank]] != AWAKE:
        return
    slot = _choose(cfg, ch, slots, bank, now)
    if slot < 0:
        return
    ch.want_slot[bank] = slot
    ch.want_rank[bank] = (slots[slot].age << BANK_BITS) + bank
    if ch.open_row[bank] < 0:
        ch.want[bank] = ACTIVATE
        ch.want_time[bank] = ch.act_time[bank]
    elif slots[slot].row != ch.open_row[bank]:
        ch.want[bank] = PRECHARGE
        ch.want_time[bank] = ch.pre_time[bank]
    else:
        auto = _closes(cfg, ch, slots, bank, slot)
        ch.want_auto[bank] = auto
        if slots[slot].write:
            ch.want[bank] = WRITE
            ch.want_time[bank] = ch.write_time[bank]
        else:
            ch.want[bank] = READ
            earliest = ch.read_time[bank]
            if auto:
                earliest = max(earliest, ch.write_pre_time[bank] - cfg.read_to_pre)
            ch.want_time[bank] = earliest
    ch.want_limit[bank] = ch.want[bank] * MOST_GROUPS + ch.group_of[bank]
    if cfg.command_order == COLUMNS_FIRST and ch.want[bank] < READ:
        ch.want_rank[bank] += 1 << (AGE_BITS - 1)
    if cfg.unsettled:
        if cfg.command_order == ROUND_ROBIN:
            turn = bank - ch.last_bank_sent - 1
            ch.want_rank[bank] = ((turn + cfg.banks if turn < 0 else turn) << BANK_BITS) + bank
        if cfg.active_buffer and ch.kept[bank] != slot:
            ch.want_rank[bank] += 1 << (AGE_BITS - 2)
