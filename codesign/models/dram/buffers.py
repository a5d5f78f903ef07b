"""The buffers that take a channel's requests: places, the direction served, posted writes, moving on (compiled).

Where banks have queues of their own, requests wait here in lists, reads and writes apart if writes are drained, and
move on one per clock. Otherwise they enter their bank's list at once and the buffers are counts of places alone.
"""

from __future__ import annotations

from codesign.models.dram.answers import acknowledge
from codesign.models.dram.compile import Number, Record, inlined
from codesign.models.dram.queues import append
from codesign.models.dram.state import BANKWISE, BATCH, NO_DRAIN, READ_WRITE


@inlined
def has_space(cfg: Record, ch: Record, slots: Record) -> Number:
    """Whether the buffers take the request that asks.

    Bank-wise, the bank of the request taken last decides (DRAMSys v4.0).
    """
    if cfg.buffer == BANKWISE:
        return ch.size[ch.last_bank] < cfg.buffer_size
    if cfg.write_places:
        return ch.writes < cfg.write_places if slots[ch.asking].write else ch.reads < cfg.buffer_size
    if cfg.buffer == READ_WRITE:
        return ch.reads < cfg.buffer_size and ch.writes < cfg.buffer_size
    return ch.reads + ch.writes < cfg.buffer_size


@inlined
def choose_direction(cfg: Record, ch: Record) -> None:
    """Begin to drain writes, or end it (see ``write_drain``)."""
    if cfg.drain == BATCH:
        mode = ch.write_mode and ch.draining > 0
        if not mode:
            others = ch.busy_count if cfg.bank_places else ch.reads
            mode = ch.writes > cfg.high_watermark or (ch.writes > cfg.low_watermark and others == 0)
            ch.draining = ch.writes
    elif ch.write_mode:
        mode = not (ch.writes <= cfg.low_watermark and ch.reads > 0)
    else:
        mode = ch.writes > cfg.high_watermark or ch.reads == 0
    if mode != ch.write_mode:
        ch.write_mode = mode
        ch.redo = 1
        ch.stale = 1


@inlined
def take_place(cfg: Record, ch: Record, slots: Record, slot: int) -> None:
    """Count a request in."""
    if cfg.early_places:
        slots[slot].held = 1
    if slots[slot].write:
        ch.writes += 1
    else:
        ch.reads += 1


@inlined
def leave_place(cfg: Record, ch: Record, slots: Record, slot: int) -> None:
    """Free a request's place, if it still has one."""
    if cfg.early_places:
        if not slots[slot].held:
            return
        slots[slot].held = 0
    if slots[slot].write:
        ch.writes -= 1
        if cfg.drain == BATCH:
            ch.draining -= 1
    else:
        ch.reads -= 1


@inlined
def _same_line(slots: Record, one: int, other: int) -> Number:
    return (
        slots[one].row == slots[other].row
        and slots[one].column == slots[other].column
        and slots[one].bank == slots[other].bank
    )


@inlined
def _write_of_line(cfg: Record, ch: Record, slots: Record, slot: int) -> Number:
    """The buffered write of the request's line, -1 if there is none."""
    found = ch.head[slots[slot].bank]
    while found >= 0 and not (slots[found].write and _same_line(slots, found, slot)):
        found = slots[found].next
    if found < 0 and cfg.bank_places:
        found = ch.buffer_head[1 if cfg.drain != NO_DRAIN else 0]
        while found >= 0 and not (slots[found].write and _same_line(slots, found, slot)):
            found = slots[found].next
    return found


@inlined
def post(
    cfg: Record, ch: Record, slots: Record, ring: Record, waits: Record, ini: Record, slot: int, now: int
) -> Number:
    """Answer what needs no waiting: any write, and the read of a line that a buffered write holds.

    Returns:
        The slot that goes into the buffers: the read's own, a new one for a write; -1 if nothing does.
    """
    write = slots[slot].write
    if _write_of_line(cfg, ch, slots, slot) >= 0:
        acknowledge(cfg, ch, slots, ring, waits, ini, slot, now + 1)
        return -1
    if not write:
        return slot
    kept = ini.free_head
    ini.free_head = slots[kept].next
    slots[kept].bank = slots[slot].bank
    slots[kept].row = slots[slot].row
    slots[kept].column = slots[slot].column
    slots[kept].order = slots[slot].order
    slots[kept].write = 1
    slots[kept].posted = 1
    acknowledge(cfg, ch, slots, ring, waits, ini, slot, now + 1)
    return kept


@inlined
def forget(slots: Record, ini: Record, slot: int) -> None:
    """A posted write is sent: its slot is free."""
    slots[slot].posted = 0
    slots[slot].next = ini.free_head
    ini.free_head = slot


@inlined
def hold(cfg: Record, ch: Record, slots: Record, slot: int) -> None:
    """Put a request at the end of its list before the banks' queues."""
    which = slots[slot].write if cfg.drain != NO_DRAIN else 0
    tail = ch.buffer_tail[which]
    slots[slot].next = -1
    slots[slot].previous = tail
    if tail >= 0:
        slots[tail].next = slot
    else:
        ch.buffer_head[which] = slot
    ch.buffer_tail[which] = slot


@inlined
def _older_of_line(ch: Record, slots: Record, slot: int) -> Number:
    """The oldest request of the other direction for the line of ``slot`` that is older, else ``slot``."""
    other = ch.buffer_head[1 - slots[slot].write]
    while other >= 0:
        if slots[other].order < slots[slot].order and _same_line(slots, other, slot):
            return other
        other = slots[other].next
    return slot


@inlined
def move_on(cfg: Record, ch: Record, slots: Record) -> Number:
    """Move the oldest request of the direction being served whose bank has a place; return whether there was one.

    A request waits for an older one of the other direction for its line, which moves in its place.
    """
    which = 0
    if cfg.drain != NO_DRAIN:
        choose_direction(cfg, ch)
        which = ch.write_mode
    slot = ch.buffer_head[which]
    while slot >= 0 and ch.size[slots[slot].bank] >= cfg.bank_places:
        slot = slots[slot].next
    if slot < 0:
        return False
    if cfg.drain != NO_DRAIN:
        slot = _older_of_line(ch, slots, slot)
        which = slots[slot].write
    after, before = slots[slot].next, slots[slot].previous
    if before >= 0:
        slots[before].next = after
    else:
        ch.buffer_head[which] = after
    if after >= 0:
        slots[after].previous = before
    else:
        ch.buffer_tail[which] = before
    leave_place(cfg, ch, slots, slot)
    slots[slot].age = ch.next_age
    ch.next_age += 1
    append(cfg, ch, slots, slots[slot].bank, slot)
    ch.stale, ch.redo = 1, 1
    return True
