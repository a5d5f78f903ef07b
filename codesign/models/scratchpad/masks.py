"""Sets of operations and buffers as whole numbers, one bit a member: what the searches over orders work on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from codesign.models.scratchpad.problem import Problem


def mask_of(members: Iterable[int]) -> int:
    """Return the number with these bits set."""
    mask = 0
    for member in members:
        mask |= 1 << member
    return mask


def members_of(mask: int) -> Iterator[int]:
    """Return the bits that are set, from the lowest."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


class Masks:
    """A problem's relations as bit masks.

    A *source* operation waits for nothing, reads nothing and makes one buffer (it brings an input in). It can always
    run right in front of the first operation that uses what it makes: that step needs all that the source's step does.
    The searches leave sources out; ``with_sources`` puts them back.

    Attributes:
        source_operations: mask of them; they touch nothing here and count as done from the start.
        touches, reads, writes: for each operation, of buffers.
        predecessors, successors: for each operation, of operations.
        touched_by, written_by: for each buffer, of operations.
        space: bytes that each buffer occupies.
        size: bytes that each buffer's transfer moves.
        stored, wanted: of buffers.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.source_operations = mask_of(v for v in range(len(problem.operations)) if _is_source(problem, v))
        self.touches = [mask_of(buffers) for buffers in problem.touches]
        self.writes = [mask_of(operation.writes) for operation in problem.operations]
        self.predecessors = [mask_of(operation.predecessors) for operation in problem.operations]
        self.successors = [mask_of(after) for after in problem.successors]
        self.touched_by = [mask_of(operations) & ~self.source_operations for operations in problem.touched_by]
        self.written_by = [
            mask_of(o for o in operations if i in problem.operations[o].writes) & ~self.source_operations
            for i, operations in enumerate(problem.touched_by)
        ]
        self.space = [buffer.space_bytes for buffer in problem.buffers]
        self.size = [buffer.size_bytes for buffer in problem.buffers]
        self.stored = mask_of(i for i, buffer in enumerate(problem.buffers) if buffer.stored)
        self.wanted = mask_of(i for i, buffer in enumerate(problem.buffers) if buffer.wanted)
        self.all_operations = (1 << len(problem.operations)) - 1

    @cached_property
    def ancestors(self) -> list[int]:
        """For each operation all that have to run before it."""
        found: list[int] = []
        for before in self.predecessors:
            mask = before
            for operation in members_of(before):
                mask |= found[operation]
            found.append(mask)
        return found

    @cached_property
    def descendants(self) -> list[int]:
        """For each operation all that have to run after it."""
        found = [0] * len(self.successors)
        for operation in range(len(found) - 1, -1, -1):
            mask = self.successors[operation]
            for after in members_of(self.successors[operation]):
                mask |= found[after]
            found[operation] = mask
        return found

    def space_of(self, buffers: int) -> int:
        """Return the bytes that a set of buffers occupies."""
        space = self.space
        return sum(space[buffer] for buffer in members_of(buffers))

    def size_of(self, buffers: int) -> int:
        """Return the bytes that moving a set of buffers costs."""
        size = self.size
        return sum(size[buffer] for buffer in members_of(buffers))

    @cached_property
    def ready_first(self) -> int:
        """Operations that wait for nothing but sources."""
        return mask_of(
            v
            for v, before in enumerate(self.predecessors)
            if not before & ~self.source_operations and not self.source_operations >> v & 1
        )

    def with_sources(self, order: Iterable[int]) -> tuple[int, ...]:
        """Return an order with each source right in front of its first user."""
        waiting, full = self.source_operations, []
        for operation in order:
            first = self.predecessors[operation] & waiting
            full += [*members_of(first), operation]
            waiting &= ~first
        return tuple(full)

    def without_sources(self, order: Iterable[int]) -> list[int]:
        """Return an order without them."""
        return [operation for operation in order if not self.source_operations >> operation & 1]

    def ready_after(self, ready: int, v: int, done: int) -> int:
        """Return the operations that can run once v has: ``done`` holds v, ``ready`` is what could run before."""
        ready &= ~(1 << v)
        for after in members_of(self.successors[v]):
            if not self.predecessors[after] & ~done:
                ready |= 1 << after
        return ready


def _is_source(problem: Problem, v: int) -> bool:
    operation = problem.operations[v]
    if operation.predecessors or operation.reads or len(operation.writes) != 1 or not problem.successors[v]:
        return False
    (buffer,) = operation.writes
    users = set(problem.touched_by[buffer]) - {v}
    return users == set(problem.successors[v]) and not problem.buffers[buffer].wanted
