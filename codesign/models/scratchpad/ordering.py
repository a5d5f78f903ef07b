"""The order with the least traffic: dynamic programming over what has been done, what is resident, what DRAM holds.

A state after some operations (an ideal of the precedence order) is the set of live buffers in the scratchpad, the set
whose contents DRAM holds, and the bytes spent. Running operation v retrieves what it touches and isn't there, and
evicts a minimal set of other buffers where the space is too small; evicting writes a buffer back unless DRAM holds it.

A state A makes a state B of the same ideal superfluous when A can be turned into B for what B has spent more:
cost(A) + size(resident in B, not in A) + size(in DRAM in B, not in A) <= cost(B).

An operation is run at once, without alternatives, when it is ready, all that it touches is resident, it fits without an
eviction, and leaves at most one new buffer, no larger than each of those that die with it, none of which has a copy in
DRAM: putting it off can't save anything.

What is live and not in the scratchpad has to be retrieved at least once: a state's cost and these bytes are the least
that it can end with.

When no state had to be left out for lack of room (``width``), the result is the optimum over all orders of everything
but addresses; else the bound is the least that a state left out can end with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from codesign.models.scratchpad.masks import Masks, mask_of, members_of
from codesign.models.scratchpad.problem import Problem


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """What a search over orders found.

    Attributes:
        order: operations in sequence; None where nothing below ``ceiling_bytes`` was found.
        noncompulsory_bytes: what the order costs without regard to addresses; ``ceiling_bytes`` without an order.
        bound_bytes: no order costs less.
        states: how many were expanded.
    """

    order: tuple[int, ...] | None
    noncompulsory_bytes: int
    bound_bytes: int
    states: int

    @property
    def optimal(self) -> bool:
        """Whether cost and bound meet."""
        return self.bound_bytes >= self.noncompulsory_bytes


@dataclass(frozen=True, slots=True)
class _Move:
    """Running operation ``v`` after a set of others, whatever is resident then; all fields but the first are masks.

    ``old`` buffers were touched before, ``dying`` ones never again; ``settled`` is an output's last contents, which
    DRAM gets anyway. ``may_be_free`` holds what the rule for running at once asks of the operation, whatever the state.
    """

    v: int
    old: int
    old_bytes: int
    dying: int
    kept: int
    kept_bytes: int
    written: int
    settled: int
    freed: int
    may_be_free: bool


@dataclass(slots=True, eq=False)
class _State:
    cost: int
    resident: int
    resident_bytes: int
    copies: int
    step: int
    parent: _State | None
    least: int = 0

    def order(self) -> tuple[int, ...]:
        steps, state = [], self
        while state.parent is not None:
            steps.append(state.step)
            state = state.parent
        return tuple(reversed(steps))


def search_orders(
    problem: Problem,
    capacity_bytes: int,
    *,
    ceiling_bytes: int,
    width: int,
    time_limit_s: float | None = None,
    along: Sequence[int] = (),
    window: int = 0,
    offset: int = 0,
) -> OrderSearch:
    """Look for the order with the least non-compulsory bytes.

    Args:
        problem: what to order.
        capacity_bytes: of the scratchpad; at least ``problem.minimum_bytes``.
        ceiling_bytes: cost of a known plan; only cheaper orders are of interest.
        width: most states kept after each step.
        time_limit_s: after which the width falls to a handful, so that an order is still found.
        along: an order that is changed only inside windows of it; then the bound holds for such orders only.
        window: operations in each of these windows.
        offset: operations in front of the first full window.
    """
    search = _Search(problem, capacity_bytes, ceiling_bytes, width, time_limit_s)
    if window:
        search.keep_to(along, window, offset)
    return search.run()


NARROW = 16
"""States kept after each step when the time is over."""
STATES = 256
"""States of one ideal that are kept; what is left out counts for the bound."""
EVICTIONS = 256
"""Sets of buffers to evict that are tried for one step; where there are more, the rest is only bounded."""


class _Search:
    def __init__(
        self,
        problem: Problem,
        capacity_bytes: int,
        ceiling_bytes: int,
        width: int,
        time_limit_s: float | None,
    ) -> None:
        self._masks = Masks(problem)
        self._capacity = capacity_bytes
        self._ceiling = ceiling_bytes
        self._width = width
        self._deadline = None if time_limit_s is None else time.monotonic() + time_limit_s
        self._least_left_out = ceiling_bytes
        self._states = 0
        self._needs = problem.needs_bytes
        self._cuts: dict[int, tuple[int, int]] = {}
        self._moves: dict[tuple[int, int], _Move] = {}
        self._nearby = [self._sharing(v) for v in range(len(self._needs))]
        self._allowed = [self._masks.all_operations] * len(self._masks.without_sources(problem.default_order))

    def _sharing(self, v: int) -> int:
        """Return the operations that touch a buffer that v touches."""
        mask = 0
        for buffer in members_of(self._masks.touches[v]):
            mask |= self._masks.touched_by[buffer]
        return mask

    def keep_to(self, order: Sequence[int], window: int, offset: int) -> None:
        """Let each step choose only among the operations that ``order`` has in the step's window."""
        free = self._masks.without_sources(order)
        edges = [0, *range(offset or window, len(free), window), len(free)]
        for first, last in pairwise(edges):
            members = mask_of(free[first:last])
            for step in range(first, last):
                self._allowed[step] = members

    def run(self) -> OrderSearch:
        level: dict[int, list[_State]] = {
            self._masks.source_operations: [_State(0, 0, 0, self._masks.stored, -1, None)]
        }
        self._cuts = {self._masks.source_operations: (self._masks.ready_first, 0)}
        for allowed in self._allowed:
            level = self._next_level(level, allowed)
            self._narrow(level)
            if not level:
                return OrderSearch(None, self._ceiling, min(self._least_left_out, self._ceiling), self._states)
        (final,) = level.values()
        best = min(final, key=lambda state: state.cost)
        return OrderSearch(
            self._masks.with_sources(best.order()), best.cost, min(best.cost, self._least_left_out), self._states
        )

    def _next_level(self, level: dict[int, list[_State]], allowed: int) -> dict[int, list[_State]]:
        found: dict[int, list[_State]] = {}
        cuts: dict[int, tuple[int, int]] = {}
        masks = self._masks
        for done, states in level.items():
            ready, live = self._cuts[done]
            moves = [self._move(v, done) for v in members_of(ready & allowed)]
            for state in states:
                self._states += 1
                urgent = next((move for move in moves if self._is_free(move, state)), None)
                for move in moves if urgent is None else (urgent,):
                    after = done | 1 << move.v
                    if after not in cuts:
                        live_after = (live | masks.touches[move.v]) & ~move.dying
                        cuts[after] = (masks.ready_after(ready, move.v, after), live_after)
                    self._branch(move, state, cuts[after][1], found.setdefault(after, []))
        self._cuts = cuts
        return {done: states for done, states in found.items() if states}

    def _move(self, v: int, done: int) -> _Move:
        """Return the move, from memory where nothing that matters to it has changed."""
        key = (v, done & self._nearby[v])
        if key not in self._moves:
            self._moves[key] = self._new_move(v, done)
        return self._moves[key]

    def _new_move(self, v: int, done: int) -> _Move:
        masks = self._masks
        touches, written, after = masks.touches[v], masks.writes[v], done | 1 << v
        old = dying = settled = 0
        for buffer in members_of(touches):
            if masks.touched_by[buffer] & done:
                old |= 1 << buffer
            if not masks.touched_by[buffer] & ~after:
                dying |= 1 << buffer
        for buffer in members_of(written & masks.wanted & ~dying):
            if not masks.written_by[buffer] & ~after:
                settled |= 1 << buffer
        created, freed, kept = touches & ~old & ~dying, dying & old, touches & ~dying
        return _Move(
            v,
            old,
            masks.space_of(old),
            dying,
            kept,
            masks.space_of(kept),
            written,
            settled,
            freed,
            self._replaces(created, freed),
        )

    def _replaces(self, created: int, freed: int) -> bool:
        """Return whether what an operation makes is at most one buffer, no larger than each of those that die."""
        masks = self._masks
        if not created:
            return True
        if created & (created - 1) or created & (masks.wanted | masks.stored) or not freed or freed & masks.stored:
            return False
        space, size = masks.space_of(created), masks.size_of(created)
        return all(masks.space[b] >= space and masks.size[b] >= size for b in members_of(freed))

    def _branch(self, move: _Move, state: _State, live_after: int, target: list[_State]) -> None:
        """Add the states that follow when an operation runs next, unless they cost too much."""
        for child in self._run(move, state):
            child.least = child.cost + self._masks.size_of(live_after & ~child.resident)
            if child.least < self._ceiling:
                self._insert(target, child)

    def _is_free(self, move: _Move, state: _State) -> bool:
        """Return whether the rule for running at once holds."""
        if not move.may_be_free or move.old & ~state.resident or move.written & move.old & state.copies:
            return False
        if move.kept & ~move.old and move.freed & state.copies:
            return False
        return state.resident_bytes - move.old_bytes + self._needs[move.v] <= self._capacity

    def _run(self, move: _Move, state: _State) -> list[_State]:
        masks = self._masks
        missing = move.old & ~state.resident
        cost = state.cost + masks.size_of(missing)
        others = state.resident & ~move.old
        others_bytes = state.resident_bytes - masks.space_of(move.old & state.resident)
        excess = others_bytes + self._needs[move.v] - self._capacity
        copies = (state.copies | missing) & ~move.written & ~move.dying | move.settled
        if excess <= 0:
            return [_State(cost, others | move.kept, others_bytes + move.kept_bytes, copies, move.v, state)]
        made: list[_State] = []
        for evicted in self._evictions(others, excess, state.copies, self._ceiling - cost):
            made.append(
                _State(
                    cost + masks.size_of(evicted & ~state.copies),
                    (others & ~evicted) | move.kept,
                    others_bytes - masks.space_of(evicted) + move.kept_bytes,
                    copies | evicted,
                    move.v,
                    state,
                )
            )
        if len(made) == EVICTIONS:
            self._least_left_out = min(self._least_left_out, cost)
        return made

    def _evictions(self, buffers: int, excess: int, copies: int, budget: int) -> list[int]:
        """Return minimal sets of buffers whose space is at least ``excess``, at most ``EVICTIONS``.

        A set costs its writes and later its retrievals; one that costs ``budget`` or more is left out.
        """
        space = self._masks.space
        price = {b: self._masks.size[b] * (1 if copies >> b & 1 else 2) for b in members_of(buffers)}
        listed = sorted(price, key=lambda b: (-space[b], b))
        rest = [0] * (len(listed) + 1)
        for i in range(len(listed) - 1, -1, -1):
            rest[i] = rest[i + 1] + space[listed[i]]
        found: list[int] = []
        stack = [(0, 0, excess, 0)]
        while stack and len(found) < EVICTIONS:
            i, chosen, left, spent = stack.pop()
            if spent >= budget:
                continue
            if left <= 0:
                found.append(chosen)
                continue
            if rest[i] < left:
                continue
            b = listed[i]
            stack.append((i + 1, chosen | 1 << b, left - space[b], spent + price[b]))
            stack.append((i + 1, chosen, left, spent))
        return found

    def _insert(self, states: list[_State], new: _State) -> None:
        """Add a state to those of its ideal unless one makes it superfluous; drop those that it does."""
        kept = []
        for old in states:
            if self._covers(old, new):
                return
            if not self._covers(new, old):
                kept.append(old)
        kept.append(new)
        if len(kept) > STATES:
            worst = max(kept, key=lambda state: (state.least, -state.resident_bytes))
            self._least_left_out = min(self._least_left_out, worst.least)
            kept.remove(worst)
        states[:] = kept

    def _covers(self, a: _State, b: _State) -> bool:
        left = b.cost - a.cost
        if left < 0:
            return False
        for buffer in members_of(b.resident & ~a.resident):
            left -= self._masks.size[buffer]
            if left < 0:
                return False
        for buffer in members_of(b.copies & ~a.copies):
            left -= self._masks.size[buffer]
            if left < 0:
                return False
        return True

    def _narrow(self, level: dict[int, list[_State]]) -> None:
        """Keep the most promising states when there are too many; remember the least cost left out."""
        count = sum(map(len, level.values()))
        width = self._width
        if self._deadline is not None and time.monotonic() > self._deadline:
            width = min(width, NARROW)
        if count <= width:
            return
        ranked = sorted(
            (state.least, state.resident_bytes, done, i)
            for done, states in level.items()
            for i, state in enumerate(states)
        )
        self._least_left_out = min(self._least_left_out, ranked[width][0])
        chosen: dict[int, list[int]] = {}
        for _, _, done, i in ranked[:width]:
            chosen.setdefault(done, []).append(i)
        for done in list(level):
            if done in chosen:
                level[done] = [level[done][i] for i in sorted(chosen[done])]
            else:
                del level[done]
