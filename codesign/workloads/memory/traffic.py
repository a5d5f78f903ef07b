"""Block transfers as memory requests: one port that moves blocks one after another at a steady rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

import numpy as np

from codesign.errors import WorkloadError
from codesign.workloads.memory.reader import DEFAULT_BURST_BYTES, DEFAULT_CLOCK_MHZ
from codesign.workloads.memory.timing import exact_rate
from codesign.workloads.memory.trace import IntArray, MemoryTrace, joined

MOST_REQUESTS = 100_000_000
"""The longest trace that is made in one piece (1.7 GB)."""

_MOST_CYCLES = 2**42
_MOST_NUMBERED = 2**50
_TRANSFERS = 1 << 16
"""Transfers that are numbered at a time."""


class Transfer(NamedTuple):
    """A block of neighbouring bytes that is read or written.

    Attributes:
        start_cycle: when its first request may be sent.
        size_bytes: of the block, at least 1.
        address: of its first byte.
        write: whether it is written.
    """

    start_cycle: int
    size_bytes: int
    address: int
    write: bool


@dataclass(frozen=True)
class _Plan:
    """Where and when the requests of some neighbouring transfers are, by transfer.

    Attributes:
        first: number of a transfer's first request, and at the end that of the first request behind them.
        delay: request k of a transfer is at cycle (k * denominator + delay) // numerator, the rate's parts.
        block: number of the aligned block of its first byte.
        address: of its first byte.
        write: whether it is written.
    """

    first: IntArray
    delay: IntArray
    block: IntArray
    address: IntArray
    write: IntArray


def traffic_trace(
    name: str,
    transfers: Iterable[Transfer],
    requests_per_cycle: float = 1.0,
    clock_mhz: float = DEFAULT_CLOCK_MHZ,
    burst_bytes: int = DEFAULT_BURST_BYTES,
) -> MemoryTrace:
    """Return the requests of block transfers, one for each aligned block of ``burst_bytes`` that a transfer touches.

    One port sends them: transfers in the order given, each request at its transfer's ``start_cycle`` or later, at most
    ``requests_per_cycle`` over any time. Request k is at

        t_k = max(start of its transfer, t_(k-1) + 1 / requests_per_cycle), rounded down.

    A transfer that starts before the one before it has been sent waits for it.

    Raises:
        WorkloadError: no transfer, one without bytes, a negative start or address, numbers that are too large, a rate
            or burst out of range, or more than ``MOST_REQUESTS`` requests (``traffic_parts`` takes any number).
    """
    plans = list(_plans(transfers, requests_per_cycle, burst_bytes))
    requests = int(plans[-1].first[-1])
    if requests > MOST_REQUESTS:
        raise WorkloadError(
            f"trace {name!r} would have {requests} requests; at most {MOST_REQUESTS} fit in one piece."
            " Take it in parts (traffic_parts), or fewer tokens, layers or bytes"
        )
    rate = exact_rate(requests_per_cycle)
    pieces = (
        _part(name, plan, int(plan.first[0]), int(plan.first[-1]), rate, clock_mhz, burst_bytes) for plan in plans
    )
    return joined(list(pieces))


def traffic_parts(
    name: str,
    transfers: Iterable[Transfer],
    requests: int,
    requests_per_cycle: float = 1.0,
    clock_mhz: float = DEFAULT_CLOCK_MHZ,
    burst_bytes: int = DEFAULT_BURST_BYTES,
) -> Iterator[MemoryTrace]:
    """Yield what ``traffic_trace`` returns in traces of so many ``requests``, the last of what is left.

    Transfers are taken from their iterator as they are needed, so that memory doesn't grow with their number.
    """
    if requests < 1:
        raise WorkloadError(f"a part of a trace must have at least 1 request, found {requests}")
    rate = exact_rate(requests_per_cycle)
    held: list[MemoryTrace] = []
    missing = requests
    for plan in _plans(transfers, requests_per_cycle, burst_bytes):
        number, end = int(plan.first[0]), int(plan.first[-1])
        while number < end:
            stop = min(end, number + missing)
            held.append(_part(name, plan, number, stop, rate, clock_mhz, burst_bytes))
            missing -= stop - number
            number = stop
            if not missing:
                yield joined(held)
                held, missing = [], requests
    if held:
        yield joined(held)


def _plans(transfers: Iterable[Transfer], requests_per_cycle: float, burst_bytes: int) -> Iterator[_Plan]:
    """Yield the plans of ``_TRANSFERS`` transfers at a time; at least one."""
    if burst_bytes < 1:
        raise WorkloadError(f"a burst must be of at least 1 byte, found {burst_bytes}")
    rate = exact_rate(requests_per_cycle)
    remaining = iter(transfers)
    known, plan = 0, None
    while some := list(islice(remaining, _TRANSFERS)):
        plan = _plan(some, known, plan, rate, burst_bytes)
        known += len(some)
        yield plan
    if plan is None:
        raise WorkloadError("there is no transfer; at least one is needed for a trace")


def _plan(listed: list[Transfer], known: int, before: _Plan | None, rate: Fraction, burst_bytes: int) -> _Plan:
    """Return the plan of the transfers behind the ``known`` ones, the last of which are those of ``before``.

    With rate n / d, delay_t = max over transfers u <= t of start_u * n - first_u * d: within a transfer the start stays
    and the numbers rise, so its first request alone decides.
    """
    for number, transfer in enumerate(listed, start=known):
        if not 0 <= transfer.start_cycle <= _MOST_CYCLES or transfer.size_bytes < 1 or transfer.address < 0:
            raise WorkloadError(
                f"transfer {number}: {transfer}; a start from 0 to 2**42, at least 1 byte and an address of at least 0"
                " are needed"
            )
        if transfer.address + transfer.size_bytes > 2**62:
            raise WorkloadError(f"transfer {number}: {transfer} ends beyond address 2**62")
    start, size, address, write = (np.array(column, dtype=np.int64) for column in zip(*listed, strict=True))
    block = address // burst_bytes
    count = (address + size - 1) // burst_bytes - block + 1
    numbered = int(before.first[-1]) if before is not None else 0
    if numbered + sum(count.tolist()) > _MOST_NUMBERED:
        raise WorkloadError(
            f"the transfers have {numbered + sum(count.tolist())} requests; at most 2**50 can be numbered"
        )
    first = numbered + np.concatenate(([0], np.cumsum(count)))
    delay = np.maximum.accumulate(start * rate.numerator - first[:-1] * rate.denominator)
    if before is not None:
        delay = np.maximum(delay, before.delay[-1])
    return _Plan(first, delay, block, address, write)


def _part(
    name: str, plan: _Plan, start: int, end: int, rate: Fraction, clock_mhz: float, burst_bytes: int
) -> MemoryTrace:
    """Return requests ``start`` to ``end`` - 1."""
    number = np.arange(start, end, dtype=np.int64)
    transfer = np.searchsorted(plan.first, number, side="right") - 1
    cycle = (number * rate.denominator + plan.delay[transfer]) // rate.numerator
    block = plan.block[transfer] + number - plan.first[transfer]
    address = np.maximum(block * burst_bytes, plan.address[transfer])
    return MemoryTrace(name, clock_mhz, cycle, address, plan.write[transfer] == 1)
