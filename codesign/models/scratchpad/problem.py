"""What a scratchpad scheduler is given: buffers, operations, what each operation reads and writes.

A *buffer* is a place that holds a tensor, or several that share it (an element-wise operator that works in place, the
parts of a concatenation). An *operation* is one operator of the network, run in one step. A buffer has to be in the
scratchpad, at one address, during every step that *touches* it: that reads it or writes it. Between two touches it may
be dropped, which costs its bytes once to write it back (unless DRAM holds the same contents already) and once to
retrieve it.

Source: Li, Gupta, Malik, COSMA, arXiv 2311.18246, section III (whole tensors, contiguous, one operator a step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from codesign.errors import UserError


class ProblemError(UserError):
    """A scheduling problem that can't be set up, or an order that isn't one."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """A contiguous piece of memory.

    Attributes:
        name: unique in the problem.
        tensors: the network's tensors that live in it, with their offset in bytes.
        size_bytes: moved when it is written back or retrieved.
        space_bytes: occupied: ``size_bytes`` rounded up to the alignment.
        stored: DRAM holds its contents from the start (an input, a weight). Its first touch loads it: compulsory.
        wanted: its last contents have to reach DRAM (an output of the network): compulsory, so that writing it back
            costs nothing more.
    """

    name: str
    tensors: tuple[tuple[str, int], ...]
    size_bytes: int
    space_bytes: int
    stored: bool = False
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator as the scheduler sees it.

    Attributes:
        name: of the network's operator; ``load NAME`` for the steps of the paper's accounting that bring a source in.
        reads: buffers, by index, sorted, each once.
        writes: buffers, by index, sorted, each once; one that is also read is changed in place.
        predecessors: operations, by index, that have to be finished before, sorted.
        macs: multiply-accumulates, the price of doing it again and the time that it takes.
    """

    name: str
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    predecessors: tuple[int, ...]
    macs: int = 0

    @property
    def touches(self) -> tuple[int, ...]:
        """Buffers that have to be in the scratchpad while it runs, sorted."""
        return tuple(sorted({*self.reads, *self.writes}))


@dataclass(frozen=True)
class Problem:
    """Buffers and operations; the operations stand in the default order, which is a legal one.

    Attributes:
        name: of the network, with what was done to it.
        buffers: places in memory.
        operations: each one's predecessors come before it.
        views: operators of the network that need no step because their result lies in memory already.
    """

    name: str
    buffers: tuple[Buffer, ...]
    operations: tuple[Operation, ...]
    views: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for index, operation in enumerate(self.operations):
            if any(before >= index for before in operation.predecessors):
                raise ProblemError(f"{self.name}: operation {operation.name!r} comes before one that it waits for")

    @cached_property
    def touches(self) -> tuple[tuple[int, ...], ...]:
        """For each operation the buffers that it reads or writes."""
        return tuple(operation.touches for operation in self.operations)

    @cached_property
    def touched_by(self) -> tuple[tuple[int, ...], ...]:
        """For each buffer the operations that touch it, in the default order."""
        found: list[list[int]] = [[] for _ in self.buffers]
        for operation, buffers in enumerate(self.touches):
            for buffer in buffers:
                found[buffer].append(operation)
        return tuple(map(tuple, found))

    @cached_property
    def successors(self) -> tuple[tuple[int, ...], ...]:
        """For each operation those that wait for it."""
        found: list[list[int]] = [[] for _ in self.operations]
        for index, operation in enumerate(self.operations):
            for before in operation.predecessors:
                found[before].append(index)
        return tuple(map(tuple, found))

    @cached_property
    def needs_bytes(self) -> tuple[int, ...]:
        """For each operation the space that its own buffers occupy."""
        return tuple(sum(self.buffers[b].space_bytes for b in buffers) for buffers in self.touches)

    @property
    def minimum_bytes(self) -> int:
        """M_R, the smallest scratchpad that any plan can do with: the largest need of an operation."""
        return max(self.needs_bytes)

    @property
    def largest_operation(self) -> str:
        """Name of the (first) operation that sets ``minimum_bytes``."""
        return self.operations[self.needs_bytes.index(self.minimum_bytes)].name

    @cached_property
    def compulsory_bytes(self) -> int:
        """What every plan moves: stored buffers that are touched once in, wanted ones that are written once out."""
        written = {b for operation in self.operations for b in operation.writes}
        loads = sum(b.size_bytes for i, b in enumerate(self.buffers) if b.stored and self.touched_by[i])
        return loads + sum(b.size_bytes for i, b in enumerate(self.buffers) if b.wanted and i in written)

    @property
    def default_order(self) -> tuple[int, ...]:
        """The operations as they stand."""
        return tuple(range(len(self.operations)))

    def check_order(self, order: Sequence[int]) -> None:
        """Raise ProblemError where ``order`` isn't a permutation of the operations that keeps all precedences."""
        if sorted(order) != list(range(len(self.operations))):
            raise ProblemError(f"{self.name}: an order names each of the {len(self.operations)} operations once")
        position = {operation: step for step, operation in enumerate(order)}
        for index, operation in enumerate(self.operations):
            for before in operation.predecessors:
                if position[before] > position[index]:
                    raise ProblemError(
                        f"{self.name}: the order runs {operation.name!r} before {self.operations[before].name!r},"
                        " which it waits for"
                    )

    def loads_bytes(self, order: Sequence[int]) -> list[int]:
        """Return for each step the space of all buffers that are touched then or both before and after.

        load[t] = sum of space over buffers whose first touch <= t <= last touch: what has to fit when nothing is ever
        dropped. A stored buffer is loaded at its first touch.
        """
        position = [0] * len(order)
        for step, operation in enumerate(order):
            position[operation] = step
        change = [0] * (len(order) + 1)
        for buffer, touching in zip(self.buffers, self.touched_by, strict=True):
            if touching:
                steps = [position[operation] for operation in touching]
                change[min(steps)] += buffer.space_bytes
                change[max(steps) + 1] -= buffer.space_bytes
        loads, total = [], 0
        for step in range(len(order)):
            total += change[step]
            loads.append(total)
        return loads

    def peak_bytes(self, order: Sequence[int]) -> int:
        """Largest of ``loads_bytes``: the scratchpad with which this order needs no DRAM in between."""
        return max(self.loads_bytes(order))
