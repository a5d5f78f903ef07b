"""What may be set of a memory controller, under the names of the published design space."""

from __future__ import annotations

from dataclasses import dataclass

PAGE_POLICIES = ("Open", "OpenAdaptive", "Closed", "ClosedAdaptive")
SCHEDULERS = ("Fifo", "FrFcfsGrp", "FrFcfs")
BATCHING_SCHEDULERS = ("GrpFrFcfsWm",)
"""Outside the published space: writes wait and are served together, between two watermarks."""
TIMED_SCHEDULERS = ("FirstReady",)
"""Outside the published space: what the timing of the device allows first."""
SCHEDULER_BUFFERS = ("Bankwise", "ReadWrite", "Shared")
RESPONSE_QUEUES = ("Fifo", "Reorder")
REFRESH_POLICIES = ("NoRefresh", "AllBank", "PerBank")
ARBITERS = ("Simple", "Fifo", "Reorder")
POWER_DOWN_POLICIES = ("NoPowerDown", "Staggered")
COMMAND_ORDERS = ("Oldest", "ColumnsFirst", "RoundRobin")
WRITE_DRAINS = ("NoDrain", "Watermarks", "Batch")
MOST_REFRESHES_MOVED = 8
"""Refreshes that may be postponed or pulled in (JEDEC)."""


@dataclass(frozen=True)
class ControllerSettings:
    """One controller. Defaults are the base design that published one-at-a-time sweeps start from.

    Attributes:
        page_policy: ``Open``: rows stay open; ``Closed``: each access precharges; ``OpenAdaptive``: precharges where
            requests for the bank wait and all of them miss; ``ClosedAdaptive``: keeps the row open only where a hit
            waits.
        scheduler: per bank: ``Fifo``; ``FrFcfs``: row hits first; ``FrFcfsGrp``: row hits first, of the direction of
            the last access first; ``GrpFrFcfsWm``: row hits first of the direction being served (see the watermarks);
            ``FirstReady``: of the oldest read and the oldest write that hit and the oldest request of all, the one
            whose next command may go first.
        scheduler_buffer: ``Bankwise``: ``request_buffer_size`` for each bank; ``ReadWrite``: one for reads and one for
            writes; ``Shared``: one for all.
        request_buffer_size: places of it.
        response_queue: ``Reorder`` gives answers back in the order of requests (per channel).
        refresh_policy: ``NoRefresh``, ``AllBank``, ``PerBank`` (LPDDR).
        refresh_max_postponed, refresh_max_pulledin: refreshes that may be late or early.
        refresh_staggered: whether the ranks of a channel take turns over an interval, or are all due at once.
        arbiter: between initiators and channels: ``Simple``; ``Fifo`` (buffers); ``Reorder`` (and restores order).
        max_active_transactions: outstanding requests of an initiator; not read by the arbiter ``Simple``.
        power_down: ``NoPowerDown``, ``Staggered``.
        address_mapping: name of the mapping (see the device).
        command_order: ``Oldest``: the command whose last clock on the bus can come first, then the oldest request;
            among commands that may go at the same time ``ColumnsFirst``: reads and writes first, then the oldest;
            ``RoundRobin``: the next bank after that of the last command.
        write_buffer_size: places of a buffer for writes alone, reads then looking at their own (of ``ReadWrite``); 0:
            none.
        posted_writes: a write is answered a clock after the buffers took it. A read of a line that a buffered write
            holds is answered from there, also a clock later; a write of such a line is merged into it.
        bank_queue_size: places of a queue of each bank behind the buffers, which the scheduler then sees alone; one
            request per clock moves on, the oldest whose bank has a place. 0: none.
        active_buffer: a request leaves the buffers when its row is opened, and goes before all others (``FirstReady``).
        row_hit_cap: of ``FirstReady``: accesses to an open row before the oldest request may close it though hits wait.
        write_drain: when writes are served (``FirstReady``) or move on to the banks' queues: ``NoDrain``: like reads;
            ``Watermarks``: alone, from above the high watermark or with no read, down to the low one (where a read
            waits); ``Batch``: alone, from above the high one, or above the low one while nothing else waits for a bank,
            as many as there were then.
        write_low_watermark, write_high_watermark: of ``write_drain``, and of ``GrpFrFcfsWm``, which drains by
            ``Watermarks``.
    """

    page_policy: str = "Open"
    scheduler: str = "FrFcfs"
    scheduler_buffer: str = "Bankwise"
    request_buffer_size: int = 8
    response_queue: str = "Fifo"
    refresh_policy: str = "AllBank"
    refresh_max_postponed: int = 1
    refresh_max_pulledin: int = 1
    refresh_staggered: bool = True
    arbiter: str = "Fifo"
    max_active_transactions: int = 128
    power_down: str = "NoPowerDown"
    address_mapping: str = ""
    command_order: str = "Oldest"
    write_buffer_size: int = 0
    posted_writes: bool = False
    bank_queue_size: int = 0
    active_buffer: bool = False
    row_hit_cap: int = 0
    write_drain: str = "NoDrain"
    write_low_watermark: int = 0
    write_high_watermark: int = 0
