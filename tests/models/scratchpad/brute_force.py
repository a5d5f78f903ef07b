"""The optimum by trying everything: all orders, all sets of gaps, all ways to stack. Shares nothing with the library.

A gap is what lies between two touches of a buffer that follow each other. Dropping one costs the buffer's bytes to
retrieve it, and once for each version of its contents the bytes to write it back, unless DRAM holds them from the start
or they have to be written anyway. Where no step lies between the two touches it can only be dropped (to come back
elsewhere) when DRAM holds the contents already: from the start, or since an earlier gap of the same version.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np


def legal_orders(problem, most=None):
    """Every legal order; None where there are more than ``most``."""
    waits = [set(o.predecessors) for o in problem.operations]
    found, order = [], []

    def extend(left):
        if not left:
            found.append(tuple(order))
        for v in left:
            if waits[v].isdisjoint(left):
                order.append(v)
                extend([u for u in left if u != v])
                order.pop()
                if most is not None and len(found) > most:
                    return

    extend(list(range(len(problem.operations))))
    return None if most is not None and len(found) > most else found


@dataclass(frozen=True)
class _Gap:
    buffer: int
    first: int
    last: int
    version: int
    stored: bool
    charged: bool

    @property
    def is_empty(self):
        return self.last == self.first + 1


def touches_of(problem, order):
    """For each buffer the steps that touch it, and for each of them whether it writes."""
    steps = [[] for _ in problem.buffers]
    for t, v in enumerate(order):
        operation = problem.operations[v]
        for b in sorted({*operation.reads, *operation.writes}):
            steps[b].append((t, b in operation.writes))
    return steps


def gaps_of(problem, order):
    gaps = []
    for b, touching in enumerate(touches_of(problem, order)):
        versions = sum(written for _, written in touching)
        version = 0
        for (first, written), (last, _) in pairwise(touching):
            version += written
            stored = problem.buffers[b].stored and version == 0
            final = problem.buffers[b].wanted and version == versions
            gaps.append(_Gap(b, first, last, version, stored, not stored and not final))
    return gaps


@dataclass(frozen=True)
class Choice:
    """Gaps dropped, by (buffer, step before), and what that costs."""

    cost: int
    dropped: frozenset


def gap_count(problem, order):
    """How many pairs of touches there are between which something may be dropped: 2 ** that many choices."""
    return len(gaps_of(problem, order))


def _choices(problem, order, capacity, moves):
    """All sets of gaps that fit the capacity, the cheapest first: (cost, gaps of the order, dropped as flags)."""
    gaps = gaps_of(problem, order)
    free = [g for g in gaps if moves or not g.is_empty]
    space = [b.space_bytes for b in problem.buffers]
    size = [b.size_bytes for b in problem.buffers]
    flags = (np.arange(1 << len(free))[:, None] >> np.arange(len(free))) & 1
    load = np.zeros(len(order), dtype=int)
    for b, touching in enumerate(touches_of(problem, order)):
        if touching:
            load[touching[0][0] : touching[-1][0] + 1] += space[b]
    saved = np.zeros((len(free), len(order)), dtype=int)
    for i, g in enumerate(free):
        saved[i, g.first + 1 : g.last] = space[g.buffer]
    cost = flags @ np.array([size[g.buffer] for g in free], dtype=int)
    for b, version in sorted({(g.buffer, g.version) for g in free if g.charged}):
        same = [i for i, g in enumerate(free) if (g.buffer, g.version) == (b, version)]
        cost = cost + size[b] * flags[:, same].any(axis=1)
    allowed = (load - flags @ saved <= capacity).all(axis=1)
    for i, g in enumerate(free):
        if g.is_empty and not g.stored:
            earlier = [
                j
                for j, h in enumerate(free)
                if (h.buffer, h.version) == (g.buffer, g.version) and h.last <= g.first and not h.is_empty
            ]
            allowed &= (flags[:, i] == 0) | flags[:, earlier].any(axis=1)
    ranked = np.flatnonzero(allowed)
    ranked = ranked[np.argsort(cost[ranked], kind="stable")]
    for row in ranked:
        dropped = frozenset((free[i].buffer, free[i].first) for i in np.flatnonzero(flags[row]))
        yield Choice(int(cost[row]), dropped)


def cheapest_drops(problem, order, capacity):
    """The least non-compulsory bytes of an order without regard to addresses, and the gaps dropped."""
    return next(_choices(problem, order, capacity, moves=False))


def cheapest_placed(problem, order, capacity, below=None):
    """The least non-compulsory bytes of an order with addresses; None where nothing can be placed.

    ``below``: only what costs less is of interest.
    """
    for choice in _choices(problem, order, capacity, moves=True):
        if below is not None and choice.cost >= below:
            return None
        if stacks(_stays(problem, order, choice.dropped), capacity):
            return choice.cost
    return None


def cheapest_order(problem, capacity, orders, *, addresses):
    """The same over all orders."""
    bare = sorted((cheapest_drops(problem, order, capacity).cost, order) for order in orders)
    if not addresses:
        return bare[0][0]
    best = None
    for cost, order in bare:
        if best is not None and cost >= best:
            break
        placed = cheapest_placed(problem, order, capacity, best)
        best = placed if placed is not None else best
    return best


def smallest_peak(problem, orders):
    """The least peak over all orders."""
    return min(peak(problem, order) for order in orders)


def peak(problem, order):
    """Most bytes that lie between their first and last touch at once."""
    load = [0] * len(order)
    for b, touching in enumerate(touches_of(problem, order)):
        for t in range(touching[0][0], touching[-1][0] + 1) if touching else ():
            load[t] += problem.buffers[b].space_bytes
    return max(load)


def _stays(problem, order, dropped):
    """(first step, last step, space) of each uninterrupted stay."""
    stays = []
    for b, touching in enumerate(touches_of(problem, order)):
        steps = [t for t, _ in touching]
        starts = [t for i, t in enumerate(steps) if i == 0 or (b, steps[i - 1]) in dropped]
        ends = [t for i, t in enumerate(steps) if i == len(steps) - 1 or (b, t) in dropped]
        stays += [(s, e, problem.buffers[b].space_bytes) for s, e in zip(starts, ends, strict=True)]
    return stays


def stacks(stays, capacity):
    """Whether stays can be given addresses.

    Pushed down as far as it goes, each lies at 0 or on one that is there at some time with it. So it is enough to put
    them down one after the other, in order of address, each on the highest of those that it meets.
    """
    count = len(stays)
    meets = [[a[0] <= b[1] and b[0] <= a[1] for b in stays] for a in stays]
    failed = set()

    def put(tops, lowest):
        """``tops``: of the stays put down; ``lowest``: nothing goes below it any more."""
        open_ones = [i for i in range(count) if i not in tops]
        if not open_ones:
            return True
        base = {i: max((tops[j] for j in tops if meets[i][j]), default=0) for i in open_ones}
        if any(base[i] + stays[i][2] > capacity for i in open_ones):
            return False
        key = (frozenset(open_ones), tuple(base.values()), lowest)
        if key in failed:
            return False
        for i in open_ones:
            if base[i] >= lowest and put({**tops, i: base[i] + stays[i][2]}, base[i]):
                return True
        failed.add(key)
        return False

    return put({}, 0)
