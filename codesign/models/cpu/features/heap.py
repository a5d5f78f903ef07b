"""Entries of a buffer that are left in any order: a heap of the cycles in which they become free."""

from __future__ import annotations

from codesign.models.compiled import Number, Record, inlined


@inlined
def first_free(times: Record, heap: int) -> Number:
    """Return when the first entry becomes free."""
    return times[heap]


@inlined
def take_first_free(times: Record, heap: int, size: int, until: int) -> None:
    """Take the entry that becomes free first ``until`` a later cycle."""
    here = 0
    while True:
        child = 2 * here + 1
        if child >= size:
            break
        if child + 1 < size and times[heap + child + 1] < times[heap + child]:
            child += 1
        if times[heap + child] >= until:
            break
        times[heap + here] = times[heap + child]
        here = child
    times[heap + here] = until
