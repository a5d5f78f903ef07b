"""The scheduler ``FirstReady``: the request of a bank whose next command timing allows first (compiled)."""

from __future__ import annotations

from codesign.models.dram.compile import Number, Record, inlined
from codesign.models.dram.state import MOST_GROUPS, NEVER, PRECHARGE, READ, WRITE


@inlined
def _oldest_of_line(ch: Record, slots: Record, bank: int, slot: int) -> Number:
    """The bank's oldest request for the line of ``slot``: no read passes a write of its line, nor the reverse."""
    oldest = ch.head[bank]
    while slots[oldest].row != slots[slot].row or slots[oldest].column != slots[slot].column:
        oldest = slots[oldest].next
    return oldest


@inlined
def _column_time(ch: Record, bank: int, write: Number, now: int) -> Number:
    """When a read or write of the open row may go."""
    limit = ch.limit[(WRITE if write else READ) * MOST_GROUPS + ch.group_of[bank]]
    own = ch.write_time[bank] if write else ch.read_time[bank]
    return max(max(own, limit), max(ch.column_bus_free, now))


@inlined
def first_ready(cfg: Record, ch: Record, slots: Record, bank: int, now: int) -> Number:
    """The request to serve: of the oldest hits of each direction and the oldest of all, the one that may go first.

    The oldest request may close the row only after ``row_hit_cap`` accesses to it, or if nothing hits. With an active
    buffer, the request that the row was opened for goes first. Of two that may go together, the older one does.

    Returns:
        Its slot, -1 where no request is of the direction being served.
    """
    if cfg.active_buffer and ch.kept[bank] >= 0:
        return ch.kept[bank]
    row = ch.open_row[bank]
    oldest = read = write = -1
    slot = ch.head[bank]
    while slot >= 0:
        waits = cfg.one_direction and slots[slot].write != ch.write_mode
        if not (waits and (slots[slot].held or not cfg.early_places)):
            if oldest < 0:
                oldest = slot
                if row < 0:
                    break
            if slots[slot].row == row:
                if slots[slot].write:
                    if write < 0:
                        write = slot
                elif read < 0:
                    read = slot
        slot = slots[slot].next
    if oldest < 0:
        return -1
    if row < 0:
        return _oldest_of_line(ch, slots, bank, oldest)
    best, best_time = -1, NEVER
    if slots[oldest].row != row and ((read < 0 and write < 0) or ch.served[bank] >= cfg.row_hit_cap):
        best = oldest
        limit = ch.limit[PRECHARGE * MOST_GROUPS + ch.group_of[bank]]
        best_time = max(max(ch.pre_time[bank], limit), max(ch.row_bus_free, now))
    for hit in (read, write):
        if hit >= 0:
            first = _oldest_of_line(ch, slots, bank, hit)
            time = _column_time(ch, bank, slots[first].write, now)
            if best < 0 or time < best_time or (time == best_time and slots[first].age < slots[best].age):
                best, best_time = first, time
    return best
