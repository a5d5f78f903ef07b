"""Sections of time: the moments at which a set of buffers that no other moment contains is alive.

Two buffers overlap in time exactly when they share a section, and the load is largest in a section. So a packing
problem is the same with lifetimes counted in sections, of which there are never more than buffers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sections:
    """Lifetimes counted in sections.

    Attributes:
        first, end: (buffers) the buffer is alive in the sections [first, end).
        time: (sections) a moment of the original time that lies in the section.
    """

    first: Ints
    end: Ints
    time: Ints

    @property
    def count(self) -> int:
        """Number of sections."""
        return len(self.time)

    def sums(self, values: Ints) -> Ints:
        """Return the sum of ``values`` (buffers) over the buffers alive in each section, shape (sections)."""
        change = np.zeros(self.count + 1, dtype=np.int64)
        np.add.at(change, self.first, values)
        np.add.at(change, self.end, -values)
        return np.cumsum(change)[:-1]

    def crossings(self) -> Ints:
        """Return how many buffers are alive both in section s and in s + 1, for each s but the last."""
        change = np.zeros(self.count + 1, dtype=np.int64)
        np.add.at(change, self.first, 1)
        np.add.at(change, self.end - 1, -1)
        return np.cumsum(change)[: max(0, self.count - 1)]

    def components(self) -> list[Ints]:
        """Return the buffers of each part of time that no buffer connects with the rest, earliest part first."""
        if not len(self.first):
            return []
        part_of_section = np.concatenate([[0], np.cumsum(self.crossings() == 0)])
        part = part_of_section[self.first]
        return [np.flatnonzero(part == number) for number in range(int(part_of_section[-1]) + 1)]

    @cached_property
    def overlaps(self) -> tuple[Ints, npt.NDArray[np.int32]]:
        """(start, others): the buffers that overlap buffer b in time are ``others[start[b]:start[b + 1]]``."""
        count = len(self.first)
        order = np.argsort(self.first, kind="stable")
        later = np.searchsorted(self.first[order], self.end[order], side="left") - np.arange(1, count + 1)
        one = np.repeat(np.arange(count), later)
        other = one + 1 + np.arange(len(one)) - np.repeat(np.cumsum(later) - later, later)
        pairs = np.concatenate([order[one], order[other]]), np.concatenate([order[other], order[one]])
        start = np.concatenate([[0], np.cumsum(np.bincount(pairs[0], minlength=count))]).astype(np.int64)
        return start, pairs[1][np.lexsort(pairs[::-1])].astype(np.int32)


def sections(lower: Ints, upper: Ints) -> Sections:
    """Return the sections of half-open lifetimes [lower, upper), each at least one unit of time long."""
    count = len(lower)
    time = np.concatenate([upper, lower])
    starts = np.repeat([False, True], count)
    order = np.lexsort((starts, time))
    starts_in_order = starts[order]
    closes = np.concatenate([[False], starts_in_order[:-1] & ~starts_in_order[1:]])[: 2 * count]
    closed = np.empty(2 * count, dtype=np.int64)
    closed[order] = np.cumsum(closes)
    return Sections(first=closed[count:], end=closed[:count], time=time[order][np.flatnonzero(closes) - 1])
