"""Plans for a capacity: the best for the network's own order, or the best over all orders, each with its bound."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from codesign.models.scratchpad.assembly import Memory, assemble
from codesign.models.scratchpad.improvement import improved
from codesign.models.scratchpad.order_bound import order_free_bound_bytes
from codesign.models.scratchpad.ordering import search_orders
from codesign.models.scratchpad.peak import smallest_peak
from codesign.models.scratchpad.placing import Placed, PlacementError, place
from codesign.models.scratchpad.plan import Plan
from codesign.models.scratchpad.problem import Problem, ProblemError
from codesign.models.scratchpad.residency import Timeline

OrderPolicy = Literal["default", "search"]

WIDTH = 2000
"""States kept after each step of the search over orders, where nothing else is asked for."""
FIRST_WIDTH = 50
"""Of the first, quick search, whose plan lets the wide one leave out what costs more."""
WIDER = 4
"""How much wider the search becomes, again and again, while there is time."""
IN_TIME = 0.95
"""Share of the time limit after which nothing new is begun."""
SEARCH_SHARE = 0.6
BOUND_SHARE = 0.5
BOUND_NODES = 1
MOST_NEIGHBOURS = 200
"""Orders tried when nothing else gave one whose contents can be placed."""
PLACING_S = 60.0
"""For placing one order's contents, when there is no other limit: far more than any network here takes."""


class CapacityError(ProblemError):
    """The scratchpad is smaller than what one operation needs at once."""


@dataclass(frozen=True)
class Schedule:
    """A plan and what is known about it.

    Attributes:
        placed: order, stays and addresses.
        plan: the same as a plan.
        bound_bytes: of all traffic: no plan that the policy allows moves less.
        compulsory_bytes: part of both.
        minimum_bytes: M_R.
        solve_s: wall time, from the problem to the plan.
        states: expanded by the search over orders.
    """

    placed: Placed
    plan: Plan
    bound_bytes: int
    compulsory_bytes: int
    minimum_bytes: int
    solve_s: float
    states: int

    @property
    def noncompulsory_bytes(self) -> int:
        """Spilled and retrieved."""
        return self.placed.noncompulsory_bytes

    @property
    def offchip_bytes(self) -> int:
        """Everything over the DRAM bus."""
        return self.compulsory_bytes + self.noncompulsory_bytes

    @property
    def gap(self) -> float:
        """(offchip - bound) / offchip; 0 is proven optimal."""
        return (self.offchip_bytes - self.bound_bytes) / self.offchip_bytes if self.offchip_bytes else 0.0

    @property
    def noncompulsory_gap(self) -> float:
        """The same without the compulsory bytes: (noncompulsory - its bound) / noncompulsory."""
        excess = self.offchip_bytes - self.bound_bytes
        return excess / self.noncompulsory_bytes if self.noncompulsory_bytes else 0.0


@dataclass(frozen=True, slots=True)
class Budgets:
    """The paper's three scratchpad sizes.

    Attributes:
        minimum_bytes: M_R, the largest operation.
        peak_bytes: M_P, the smallest peak over all orders.
        peak_bound_bytes: no order has a smaller peak; equal to ``peak_bytes`` where that is proven.
        peak_order: an order with that peak.
        default_peak_bytes: peak of the network's own order.
    """

    minimum_bytes: int
    peak_bytes: int
    peak_bound_bytes: int
    peak_order: tuple[int, ...]
    default_peak_bytes: int

    @property
    def half_bytes(self) -> int:
        """M_H, half way between."""
        return (self.minimum_bytes + self.peak_bytes) // 2


def budgets_of(problem: Problem, *, time_limit_s: float | None = None) -> Budgets:
    """Return M_R, M_H and M_P of a problem."""
    peak = smallest_peak(problem, time_limit_s=time_limit_s)
    default = problem.peak_bytes(problem.default_order)
    return Budgets(problem.minimum_bytes, peak.peak_bytes, peak.bound_bytes, peak.order, default)


def check_capacity(problem: Problem, capacity_bytes: int) -> None:
    """Raise CapacityError where an operation needs more than the capacity, naming it and M_R."""
    if capacity_bytes < problem.minimum_bytes:
        raise CapacityError(
            f"{problem.name}: the scratchpad of {capacity_bytes / 1024:,.2f} KiB is smaller than M_R ="
            f" {problem.minimum_bytes / 1024:,.2f} KiB, which the operator {problem.largest_operation!r} needs at once;"
            " take a larger scratchpad, or cut operators into more tiles"
        )


def schedule(
    problem: Problem,
    capacity_bytes: int,
    *,
    policy: OrderPolicy,
    time_limit_s: float | None = None,
    width: int = WIDTH,
    alignment_bytes: int = 1,
    seeds: Sequence[Sequence[int]] = (),
) -> Schedule:
    """Return the best plan found.

    ``policy="default"``: the network's own order; the bound holds for that order. ``"search"``: any legal order; the
    bound holds over all orders.

    Args:
        problem: what to schedule.
        capacity_bytes: of the scratchpad.
        policy: which orders are allowed.
        time_limit_s: after which the best plan so far is returned with the gap that is left; None does the same work on
            every machine.
        width: states that the search over orders keeps after each step; more find and prove more, and take longer.
        alignment_bytes: noted in the plan; the problem's spaces are rounded up to it already.
        seeds: orders to try besides the default one.

    Raises:
        CapacityError: an operation needs more than the capacity.
    """
    check_capacity(problem, capacity_bytes)
    begin = time.monotonic()
    if policy == "search":
        deadline = None if time_limit_s is None else begin + IN_TIME * time_limit_s
        search = _OrderSearch(problem, capacity_bytes, deadline)
        best = search.run([problem.default_order, *seeds], width)
        bound, states = search.bound, search.states
    else:
        limit = PLACING_S if time_limit_s is None else time_limit_s
        best = place(Timeline(problem, problem.default_order), capacity_bytes, time_limit_s=limit)
        bound, states = best.bound_bytes, 0
    return Schedule(
        placed=best,
        plan=assemble(best, Memory((capacity_bytes,), alignment_bytes)),
        bound_bytes=problem.compulsory_bytes + bound,
        compulsory_bytes=problem.compulsory_bytes,
        minimum_bytes=problem.minimum_bytes,
        solve_s=time.monotonic() - begin,
        states=states,
    )


def _moves(problem: Problem, order: list[int], operation: int) -> Iterator[list[int]]:
    """Give the legal orders in which one operation stands elsewhere, the nearest places first."""
    at = order.index(operation)
    rest = order[:at] + order[at + 1 :]
    waits, waited_for = set(problem.operations[operation].predecessors), set(problem.successors[operation])
    for place_at in range(at - 1, -1, -1):
        if rest[place_at] in waits:
            break
        yield [*rest[:place_at], operation, *rest[place_at:]]
    for place_at in range(at + 1, len(order)):
        if rest[place_at - 1] in waited_for:
            break
        yield [*rest[:place_at], operation, *rest[place_at:]]


class _OrderSearch:
    """The best plan so far, and the bytes that no order can do without."""

    def __init__(self, problem: Problem, capacity_bytes: int, deadline: float | None) -> None:
        self._problem = problem
        self._capacity = capacity_bytes
        self._deadline = deadline
        self._best: Placed | None = None
        self._failure: PlacementError | None = None
        self.bound = 0
        self.states = 0

    def run(self, seeds: Sequence[Sequence[int]], width: int) -> Placed:
        """Search quickly and improve; search widely and improve again; bound; then more widely while there is time.

        Raises:
            PlacementError: no order was found whose contents can be placed.
        """
        for seed in seeds:
            self._take(seed)
        for search_width in sorted({min(FIRST_WIDTH, width), width}):
            if not self._proven():
                self._search(search_width)
            if self._best is not None and not self._proven():
                self._best = improved(self._best, self._capacity, self.bound, self._deadline)
        if not self._proven():
            limit = self._left(BOUND_SHARE)
            bound = order_free_bound_bytes(self._problem, self._capacity, time_limit_s=limit, node_limit=BOUND_NODES)
            self.bound = max(self.bound, bound)
        while self._deadline is not None and not self._proven() and time.monotonic() < self._deadline:
            width *= WIDER
            self._search(width)
        if self._best is None:
            self._try_neighbours()
        if self._best is None:
            assert self._failure is not None
            raise self._failure
        self.bound = min(self.bound, self._best.noncompulsory_bytes)
        return self._best

    def _try_neighbours(self) -> None:
        """Place the contents for orders in which one operation of the default order stands elsewhere."""
        default = list(self._problem.default_order)
        orders = (order for operation in default for order in _moves(self._problem, default, operation))
        for order in islice(orders, MOST_NEIGHBOURS):
            self._take(order)

    def _ceiling(self) -> int:
        """Return the cost of the best plan; without one, more than any plan costs."""
        if self._best is not None:
            return self._best.noncompulsory_bytes
        pairs = zip(self._problem.buffers, self._problem.touched_by, strict=True)
        return 1 + sum(2 * buffer.size_bytes * len(touching) for buffer, touching in pairs)

    def _proven(self) -> bool:
        return self.bound >= self._ceiling()

    def _search(self, width: int) -> None:
        found = search_orders(
            self._problem,
            self._capacity,
            ceiling_bytes=self._ceiling(),
            width=width,
            time_limit_s=self._left(SEARCH_SHARE),
        )
        self.states += found.states
        self.bound = max(self.bound, found.bound_bytes)
        if found.order is not None:
            self._take(found.order)

    def _take(self, order: Sequence[int]) -> None:
        """Place the contents for an order; keep the plan if it is better."""
        limit = self._left(1.0) or PLACING_S
        try:
            placed = place(Timeline(self._problem, order), self._capacity, time_limit_s=limit)
        except PlacementError as error:
            self._failure = error
            return
        if placed.noncompulsory_bytes < self._ceiling():
            self._best = placed

    def _left(self, share: float) -> float | None:
        """Return a share of the time that is left; None where there is no limit."""
        return None if self._deadline is None else max(0.1, share * (self._deadline - time.monotonic()))
