"""In which steps an operation can run and a buffer can be resident, whatever the order.

An operation has to come after everything that it waits for, directly or not, and before everything that waits for it.
With one operation a step that gives it a window of steps; a buffer's window reaches from the first step in which
something can touch it to the last.
"""

from __future__ import annotations

from collections.abc import Sequence

from codesign.models.scratchpad.problem import Problem


class Windows:
    """Windows of a problem's operations and buffers.

    Args:
        problem: operations and what they wait for.
        order: where it is fixed, each operation has the one step that it is given there.
    """

    def __init__(self, problem: Problem, order: Sequence[int] | None) -> None:
        self._problem = problem
        count = len(problem.operations)
        self._before = _ancestors(problem)
        if order is None:
            after = [sum(o in before for before in self._before) for o in range(count)]
            self._steps = [range(len(self._before[o]), count - after[o]) for o in range(count)]
        else:
            position = {operation: step for step, operation in enumerate(order)}
            self._steps = [range(position[o], position[o] + 1) for o in range(count)]

    def of_operation(self, operation: int) -> range:
        """Return the steps in which an operation can run."""
        return self._steps[operation]

    def of_buffer(self, buffer: int) -> range:
        """Return the steps from the first in which something can touch a buffer to the last, or none."""
        steps = [self._steps[operation] for operation in self._problem.touched_by[buffer]]
        if not steps:
            return range(0)
        return range(min(s.start for s in steps), max(s.stop for s in steps))

    def never_together(self, a: int, b: int) -> bool:
        """Whether in every order one of the buffers is touched for the last time before the other is for the first."""
        return self._all_before(a, b) or self._all_before(b, a)

    def _all_before(self, a: int, b: int) -> bool:
        earlier, later = self._problem.touched_by[a], self._problem.touched_by[b]
        return all(first in self._before[last] for first in earlier for last in later)


def _ancestors(problem: Problem) -> list[frozenset[int]]:
    """Return for each operation all that have to run before it."""
    found: list[frozenset[int]] = []
    for operation in problem.operations:
        direct = operation.predecessors
        found.append(frozenset(direct).union(*(found[before] for before in direct)))
    return found
