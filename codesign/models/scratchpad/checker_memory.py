"""A memory that remembers for every byte whose byte it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple


class Content(NamedTuple):
    """What lies in an interval of addresses: the byte at address a is byte ``a - base`` of the owner."""

    owner: str
    base: int


class Memory:
    """Disjoint intervals of addresses, sorted, each with its content; what no interval covers is undefined."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._contents: list[Content] = []

    def clear(self, start: int, end: int) -> None:
        """Make the bytes from ``start`` up to, without, ``end`` undefined."""
        low, high = bisect_right(self._ends, start), bisect_left(self._starts, end)
        if low >= high:
            return
        kept = []
        if self._starts[low] < start:
            kept.append((self._starts[low], start, self._contents[low]))
        if self._ends[high - 1] > end:
            kept.append((end, self._ends[high - 1], self._contents[high - 1]))
        self._starts[low:high] = [first for first, _, _ in kept]
        self._ends[low:high] = [last for _, last, _ in kept]
        self._contents[low:high] = [content for _, _, content in kept]

    def write(self, start: int, end: int, content: Content) -> None:
        """Put a content over whatever lies there."""
        if start >= end:
            return
        self.clear(start, end)
        at = bisect_left(self._starts, start)
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        self._contents.insert(at, content)

    def segments(self, start: int, end: int) -> Iterator[tuple[int, int, Content]]:
        """Yield first byte, end and content of what is defined between two addresses, in order."""
        for at in range(bisect_right(self._ends, start), bisect_left(self._starts, end)):
            yield max(self._starts[at], start), min(self._ends[at], end), self._contents[at]

    def copy_out(self, start: int, size: int) -> Memory:
        """Return the contents of ``size`` bytes as a memory of their own that begins at 0."""
        copy = Memory()
        for first, last, content in self.segments(start, start + size):
            copy._starts.append(first - start)
            copy._ends.append(last - start)
            copy._contents.append(Content(content.owner, content.base - start))
        return copy

    def copy_in(self, start: int, size: int, source: Memory) -> None:
        """Replace ``size`` bytes by the first ``size`` bytes of another memory, undefined ones included."""
        self.clear(start, start + size)
        for first, last, content in source.segments(0, size):
            self.write(start + first, start + last, Content(content.owner, content.base + start))

    def __eq__(self, other: object) -> bool:
        """Return whether the same intervals hold the same contents."""
        if not isinstance(other, Memory):
            return NotImplemented
        return (self._starts, self._ends, self._contents) == (other._starts, other._ends, other._contents)
