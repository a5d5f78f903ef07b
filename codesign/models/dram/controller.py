"""One channel's controller: takes requests into buffers, picks the oldest command that may go, sends it (compiled)."""

from __future__ import annotations

from codesign.models.dram.answers import answer
from codesign.models.dram.buffers import (
    choose_direction,
    forget,
    has_space,
    hold,
    leave_place,
    move_on,
    post,
    take_place,
)
from codesign.models.dram.commands import (
    access,
    activate,
    note,
    precharge,
    precharge_all,
    refresh_all,
    refresh_bank,
)
from codesign.models.dram.compile import Number, Record, inlined
from codesign.models.dram.queues import append, decide, remove
from codesign.models.dram.refresh import after_refresh, power_command, wishes
from codesign.models.dram.state import (
    ACTIVATE,
    AGE_BITS,
    AWAKE,
    BANK_BITS,
    FARTHEST,
    FR_FCFS_GROUP,
    LOG_ACT,
    LOG_PRE,
    LOG_PREA,
    LOG_RD,
    LOG_RDA,
    LOG_REFA,
    LOG_REFB,
    LOG_WR,
    LOG_WRA,
    MOST_GROUPS,
    NEVER,
    NO_DRAIN,
    OLDEST,
    READ,
)


@inlined
def _clocks(cfg: Record, ch: Record, bank: int) -> Number:
    """Clocks for which what the bank wants holds the command bus, where these count (see ``Oldest``)."""
    if cfg.command_order != OLDEST:
        return 0
    if ch.want[bank] >= READ:
        return cfg.column_clocks
    return cfg.activate_clocks if ch.want[bank] == ACTIVATE else cfg.precharge_clocks


@inlined
def _urgency(cfg: Record, ch: Record, bank: int, row_floor: int, column_floor: int, now: int) -> Number:
    """Rank of what the bank wants (see ``AGE_BITS``), no command being possible before the floors of the buses."""
    limit = ch.want_limit[bank]
    floor = column_floor if limit >= READ * MOST_GROUPS else row_floor
    ready = max(max(ch.want_time[bank], ch.limit[limit]), floor)
    wait = min(ready + _clocks(cfg, ch, bank) - now, FARTHEST)
    return (wait << AGE_BITS) + ch.want_rank[bank]


@inlined
def _set_best(cfg: Record, ch: Record, rank: int, now: int) -> None:
    """Remember the bank command of the least rank and when it goes."""
    wait = rank >> AGE_BITS
    ch.best = rank
    ch.best_bank = rank & ((1 << BANK_BITS) - 1)
    ch.best_rank = -1
    ch.best_time = now + wait - _clocks(cfg, ch, ch.best_bank) if wait < FARTHEST else NEVER


@inlined
def _next_asks(ch: Record, slots: Record, now: int) -> None:
    """The request that asked is taken; the next one of the arbiter may ask a clock later."""
    ch.last_accept = now
    ch.accepted = 1
    ch.asking = ch.waiting_head
    if ch.asking >= 0:
        ch.asking_time = now + 1
        ch.waiting_head = slots[ch.asking].next
        if ch.waiting_head < 0:
            ch.waiting_tail = -1


@inlined
def _enter_bank(cfg: Record, ch: Record, slots: Record, slot: int, now: int) -> None:
    """A request comes into its bank's queue: see whether its command is the one to send next."""
    bank = slots[slot].bank
    slots[slot].age = slots[slot].order
    append(cfg, ch, slots, bank, slot)
    decide(cfg, ch, slots, bank, now)
    if cfg.drain != NO_DRAIN:
        choose_direction(cfg, ch)
    if cfg.power_down or cfg.unsettled or ch.refresh_due <= now or ch.best_bank == bank:
        ch.stale = 1
    elif not ch.stale:
        rank = _urgency(cfg, ch, bank, max(ch.row_bus_free, now), max(ch.column_bus_free, now), now)
        best = ch.best - ((now - ch.best_since) << AGE_BITS)
        if ch.best_time == NEVER or rank < best:
            ch.best_since = now
            _set_best(cfg, ch, rank, now)


@inlined
def _accept(cfg: Record, ch: Record, slots: Record, ring: Record, waits: Record, ini: Record, now: int) -> None:
    """Take the request that asks into the buffers, unless it is answered from there."""
    slot = ch.asking
    rank = ch.rank_of[slots[slot].bank]
    slots[slot].order = ch.next_order
    ch.next_order += 1
    ch.last_bank = slots[slot].bank
    _next_asks(ch, slots, now)
    if cfg.posted:
        slot = post(cfg, ch, slots, ring, waits, ini, slot, now)
        if slot < 0:
            return
    take_place(cfg, ch, slots, slot)
    if cfg.power_down and ch.queued[rank] == 0:
        ch.idle[rank] = 0
        ch.self_wanted[rank] = 0
        ch.entry_wanted[rank] = 0
        ch.exit_wanted[rank] = ch.down_state[rank] != AWAKE
        ch.stale = 1
    ch.queued[rank] += 1
    if cfg.bank_places:
        hold(cfg, ch, slots, slot)
    else:
        _enter_bank(cfg, ch, slots, slot, now)


@inlined
def _wish_of_ranks(cfg: Record, ch: Record, now: int) -> int:
    """Set ``best`` to the first command of refresh or power-down; return the ranks that only power-down may command."""
    wishes(cfg, ch, now)
    suppressed = 0
    for r in range(cfg.ranks):
        if ch.wish[r] >= 0:
            last = ch.wish_order[r] > 0
            if last:
                suppressed |= 1 << r
            clocks = 1 if last else cfg.refresh_clocks
            if ch.wish[r] in (LOG_PRE, LOG_PREA):
                clocks = cfg.precharge_clocks
            if cfg.command_order != OLDEST:
                clocks = 0
            wait = min(max(ch.wish_time[r], max(ch.row_bus_free, now)) + clocks - now, FARTHEST)
            rank = (wait << AGE_BITS) + (((1 << AGE_BITS) - 1) if last else 0)
            if wait < FARTHEST and rank < ch.best:
                ch.best, ch.best_rank, ch.best_time = rank, r, now + wait - clocks
    return suppressed


@inlined
def _select(cfg: Record, ch: Record, slots: Record, now: int) -> None:
    """Find the command that may go first; of those that may go at the same time, that of the oldest request."""
    if ch.redo or cfg.unsettled:
        for k in range(ch.busy_count):
            decide(cfg, ch, slots, ch.busy[k], now)
    ch.stale, ch.redo = 0, 0
    ch.best_since, ch.best, ch.best_time = now, FARTHEST << AGE_BITS, NEVER
    suppressed = 0
    if cfg.power_down or ch.refresh_due <= now:
        suppressed = _wish_of_ranks(cfg, ch, now)
    row_floor, column_floor = max(ch.row_bus_free, now), max(ch.column_bus_free, now)
    best = ch.best
    for k in range(ch.busy_count):
        bank = ch.busy[k]
        rank = _urgency(cfg, ch, bank, row_floor, column_floor, now)
        if suppressed and (suppressed >> ch.rank_of[bank]) & 1:
            continue
        best = min(best, rank)
    if best < ch.best:
        _set_best(cfg, ch, best, now)


@inlined
def _hold_bus(cfg: Record, ch: Record, now: int, clocks: int, column: bool) -> None:
    if column or not cfg.separate_buses:
        ch.column_bus_free = now + clocks
    if not column or not cfg.separate_buses:
        ch.row_bus_free = now + clocks


@inlined
def _serve(
    cfg: Record,
    ch: Record,
    slots: Record,
    ring: Record,
    waits: Record,
    ini: Record,
    log: Record,
    channel: int,
    now: int,
) -> None:
    """Send the read or write of the best bank, and use the place that gets free."""
    bank = ch.best_bank
    rank, slot, auto = ch.rank_of[bank], ch.want_slot[bank], ch.want_auto[bank]
    write = slots[slot].write
    opened = ch.opened_for[bank]
    if opened == 0:
        ch.hits += 1
    elif opened == 1:
        ch.misses += 1
    else:
        ch.conflicts += 1
    code = (LOG_WRA if auto else LOG_WR) if write else (LOG_RDA if auto else LOG_RD)
    ch.counts[code] += 1
    note(cfg, ini, log, code, now, channel, rank, bank, slots[slot].row)
    remove(cfg, ch, slots, bank, slot, auto)
    access(cfg, ch, bank, now, write, auto)
    _hold_bus(cfg, ch, now, cfg.column_clocks, True)
    ch.queued[rank] -= 1
    leave_place(cfg, ch, slots, slot)
    if cfg.posted and slots[slot].posted:
        forget(slots, ini, slot)
    else:
        answer(cfg, ch, slots, ring, waits, ini, slot, now + (cfg.write_data if write else cfg.read_data))
    turned = ch.last_write != write
    ch.last_write = write
    if cfg.scheduler == FR_FCFS_GROUP and turned:
        ch.redo = 1
    if cfg.drain != NO_DRAIN:
        choose_direction(cfg, ch)


@inlined
def _serve_rank(cfg: Record, ch: Record, ini: Record, log: Record, channel: int, now: int) -> None:
    """Send what refresh or power-down of the best rank wants."""
    rank = ch.best_rank
    command, bank = ch.wish[rank], ch.wish_bank[rank]
    note(cfg, ini, log, command, now, channel, rank, bank, -1)
    clocks = cfg.refresh_clocks
    if command == LOG_PRE:
        precharge(cfg, ch, bank, now)
        ch.opened_for[bank] = 0
        clocks = cfg.precharge_clocks
    elif command == LOG_PREA:
        precharge_all(cfg, ch, rank, now)
        clocks = cfg.precharge_clocks
    elif command == LOG_REFA:
        refresh_all(cfg, ch, rank, now)
        after_refresh(cfg, ch, rank, -1, now)
    elif command == LOG_REFB:
        refresh_bank(cfg, ch, bank, now)
        after_refresh(cfg, ch, rank, bank, now)
    else:
        power_command(cfg, ch, rank, command, now)
        clocks = 1
    _hold_bus(cfg, ch, now, clocks, False)
    ch.redo = 1


@inlined
def _issue(
    cfg: Record,
    ch: Record,
    slots: Record,
    ring: Record,
    waits: Record,
    ini: Record,
    log: Record,
    channel: int,
    now: int,
) -> None:
    bank = ch.best_bank
    rank = ch.best_rank
    if rank >= 0:
        _serve_rank(cfg, ch, ini, log, channel, now)
    else:
        rank = ch.rank_of[bank]
        want = ch.want[bank]
        if want >= READ:
            _serve(cfg, ch, slots, ring, waits, ini, log, channel, now)
        else:
            row = slots[ch.want_slot[bank]].row
            if want == ACTIVATE:
                note(cfg, ini, log, LOG_ACT, now, channel, rank, bank, row)
                activate(cfg, ch, slots, bank, now)
                if cfg.active_buffer:
                    leave_place(cfg, ch, slots, ch.want_slot[bank])
                    if cfg.drain != NO_DRAIN:
                        choose_direction(cfg, ch)
                _hold_bus(cfg, ch, now, cfg.activate_clocks, False)
            else:
                note(cfg, ini, log, LOG_PRE, now, channel, rank, bank, -1)
                precharge(cfg, ch, bank, now)
                _hold_bus(cfg, ch, now, cfg.precharge_clocks, False)
        ch.last_bank_sent = bank
        decide(cfg, ch, slots, bank, now)
    ch.stale = 1
    if cfg.power_down and ch.queued[rank] == 0:
        ch.idle[rank] = 1
        if ch.down_state[rank] == AWAKE:
            ch.entry_wanted[rank] = 1


@inlined
def step(
    cfg: Record,
    ch: Record,
    slots: Record,
    ring: Record,
    waits: Record,
    ini: Record,
    log: Record,
    channel: int,
    now: int,
) -> None:
    """What the controller does at ``now``: take a request that asks, look at refresh, send at most one command.

    A read or write sent frees a place, which the request that asks takes at once. Where banks have queues of their own,
    a request moves on into them at the end of the clock, and the place that it had is taken a clock later.
    """
    sent = False
    over = cfg.bank_places > 0 and ch.moved_at == now
    while True:
        if ch.asking >= 0 and ch.asking_time <= now and has_space(cfg, ch, slots):
            _accept(cfg, ch, slots, ring, waits, ini, now)
        if over:
            break
        if ch.stale or ch.refresh_due <= now:
            _select(cfg, ch, slots, now)
        if sent or ch.best_time > now:
            break
        _issue(cfg, ch, slots, ring, waits, ini, log, channel, now)
        sent = True
    ch.next_time = ch.best_time
    if cfg.bank_places and (over or move_on(cfg, ch, slots)):
        ch.moved_at = now
        ch.next_time = now + 1
    if ch.refresh_due > now:
        ch.next_time = min(ch.next_time, ch.refresh_due)
    if ch.asking >= 0 and ch.asking_time > now:
        ch.next_time = min(ch.next_time, ch.asking_time)


@inlined
def ask(ch: Record, slots: Record, slot: int, now: int) -> bool:
    """The arbiter has a request for this channel: it asks at once, or after those that wait, one per clock.

    Returns:
        Whether the channel has to look at it now.
    """
    slots[slot].next = -1
    if ch.asking >= 0:
        if ch.waiting_tail >= 0:
            slots[ch.waiting_tail].next = slot
        else:
            ch.waiting_head = slot
        ch.waiting_tail = slot
        return False
    ch.asking = slot
    ch.asking_time = now
    if ch.last_accept == now:
        ch.asking_time = now + 1
        ch.next_time = min(ch.next_time, now + 1)
        return False
    return True
