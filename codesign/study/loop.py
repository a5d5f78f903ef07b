"""The loops that drive a search: batches out, results back, the journal in between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from codesign.search.protocol import Search
from codesign.space.coding import CodeArray, design_keys
from codesign.study.evaluation import Evaluator, Results
from codesign.study.executors import Collect, Executor
from codesign.study.journal import Journal
from codesign.study.memo import Memo
from codesign.study.part import Part, whole_part

IDLE_BATCHES = 50
"""A learning search that proposes nothing new for this many batches in a row is ended."""


class Pace:
    """How many designs to evaluate between two entries of the journal: about a second's worth, at most ``most``.

    What a kill can lose is what is under way. The size of a part never changes a result.
    """

    TARGET_S = 1.0
    FIRST_ROWS = 16
    GROWTH = 8

    def __init__(self, most: int) -> None:
        self.rows = min(self.FIRST_ROWS, most)
        self._most = most
        self._last = time.monotonic()

    def done(self, rows: int) -> None:
        """Note that a part of ``rows`` designs came in."""
        now = time.monotonic()
        wanted = int(rows * self.TARGET_S / max(now - self._last, 1e-6))
        self._last = now
        self.rows = max(1, min(wanted, self.rows * self.GROWTH, self._most))


class Diverged(Exception):
    """The search proposes other designs than those in the journal."""


@dataclass
class Desk:
    """What a loop works with.

    Attributes:
        keep: makes a part of evaluated designs: ``whole_part`` or ``frontier_part``.
        record: takes each part, and how many of its designs came from the journal.
    """

    evaluator: Evaluator
    executor: Executor
    journal: Journal
    pace: Pace
    keep: Callable[[CodeArray, Results, Evaluator], Part]
    record: Callable[[Part, int], None]


def walk(search: Search, budget: int | None, desk: Desk) -> str:
    """Drive a search that follows a fixed sequence without repetition; parts of it are evaluated ahead.

    Returns why it ended. Raises Diverged, before anything new is evaluated, when the journal doesn't fit the proposals.
    """
    batches = _clipped(search, budget)
    supply = _Supply(batches)
    covered = _replay(supply, desk)
    under_way: deque[tuple[CodeArray, Collect]] = deque()
    while True:
        while len(under_way) < desk.executor.width:
            codes = supply.take(desk.pace.rows, whole_batches=True)
            if not len(codes):
                break
            under_way.append((codes, desk.executor.submit(codes)))
        if not under_way:
            return "budget" if batches.clipped else "finished"
        codes, collect = under_way.popleft()
        part = desk.keep(codes, collect(), desk.evaluator)
        if not covered:
            desk.journal.append(part)
        desk.pace.done(len(codes))
        desk.record(part, 0)


def _replay(supply: _Supply, desk: Desk) -> bool:
    """Record what the journal holds of the sequence; return whether the journal reaches beyond the sequence's end."""
    for part in desk.journal.parts():
        codes = supply.take(part.evaluated)
        if len(codes) == part.evaluated:
            _require_same(part, codes)
            desk.record(part, part.evaluated)
            continue
        if part.whole and len(codes):
            start = slice(0, len(codes))
            _require_same(whole_part(part.codes[start], part.results.take(start), desk.evaluator), codes)
            desk.record(whole_part(codes, part.results.take(start), desk.evaluator), len(codes))
        else:
            supply.give_back(codes)
        return True
    return False


def _require_same(part: Part, codes: CodeArray) -> None:
    """Raise Diverged unless the part's designs are those proposed (of a reduced part: are among those proposed)."""
    if part.whole:
        same = np.array_equal(part.codes, codes, equal_nan=True)
    else:
        same = set(design_keys(part.codes)) <= set(design_keys(codes))
    if not same:
        raise Diverged


class _Supply:
    """Designs from batches of any size, handed out in numbers that suit the taker."""

    def __init__(self, batches: Iterator[CodeArray]) -> None:
        self._batches = batches
        self._left: CodeArray | None = None

    def take(self, rows: int, whole_batches: bool = False) -> CodeArray:
        """Return the next ``rows`` designs; fewer at the end, or, with ``whole_batches``, at the end of a batch."""
        pieces: list[CodeArray] = []
        wanted = rows
        while wanted > 0:
            if self._left is None or not len(self._left):
                self._left = next(self._batches, None)
                if self._left is None:
                    break
            pieces.append(self._left[:wanted])
            self._left = self._left[wanted:]
            wanted -= len(pieces[-1])
            if whole_batches:
                break
        return np.concatenate(pieces) if pieces else np.empty((0, 0))

    def give_back(self, codes: CodeArray) -> None:
        """Put designs back at the front."""
        if len(codes):
            self._left = codes if self._left is None or not len(self._left) else np.concatenate([codes, self._left])


class _clipped:
    """The batches of a search, cut off at a budget; ``clipped`` says whether the budget ended them."""

    def __init__(self, search: Search, budget: int | None) -> None:
        self._search = search
        self._left = budget
        self.clipped = False

    def __iter__(self) -> Iterator[CodeArray]:
        return self

    def __next__(self) -> CodeArray:
        if self.clipped:
            raise StopIteration
        codes = self._search.ask()
        if self._left is not None:
            self.clipped = len(codes) > self._left
            codes = codes[: self._left]
            self._left -= len(codes)
        if not len(codes):
            raise StopIteration
        return codes


def learn(search: Search, budget: int | None, reachable: int | None, desk: Desk) -> str:
    """Drive a search that learns from each batch before it proposes the next. Returns why it ended.

    A design that the journal or an earlier batch holds is answered from the memo. The budget counts distinct designs;
    ``reachable`` is how many there are.
    """
    memo = Memo((part.codes, part.results) for part in desk.journal.parts())
    recorded: set[int] = set()
    recalled = len(memo)
    idle = 0
    while True:
        if budget is not None and len(recorded) >= budget:
            return "budget"
        if reachable is not None and len(recorded) >= reachable:
            return "all designs seen"
        asked = search.ask()
        if not len(asked):
            return "finished"
        codes = _within_budget(asked, memo, recorded, budget)
        _evaluate_new(_new_designs(codes, memo), memo, desk)
        places = memo.find(codes)
        results = memo.take(places)
        if len(codes) == len(asked):
            search.tell(codes, desk.evaluator.outcome(results))
        first = [row for row, place in enumerate(places.tolist()) if _note(recorded, place)]
        if first:
            known = int((places[first] < recalled).sum())
            desk.record(whole_part(codes[first], results.take(first), desk.evaluator), known)
        if len(codes) < len(asked):
            return "budget"
        idle = 0 if first else idle + 1
        if idle >= IDLE_BATCHES:
            return f"nothing new in {IDLE_BATCHES} batches"


def _evaluate_new(fresh: CodeArray, memo: Memo, desk: Desk) -> None:
    """Evaluate designs in parts, side by side where the executor can; each is journalled as soon as it is there."""
    share = -(-len(fresh) // desk.executor.width)
    rows = max(1, min(desk.pace.rows, share))
    parts = [fresh[start : start + rows] for start in range(0, len(fresh), rows)]
    waiting: deque[tuple[CodeArray, Collect]] = deque()
    while parts or waiting:
        while parts and len(waiting) < desk.executor.width:
            waiting.append((parts[0], desk.executor.submit(parts.pop(0))))
        codes, collect = waiting.popleft()
        results = collect()
        desk.journal.append(whole_part(codes, results, desk.evaluator))
        desk.pace.done(len(codes))
        memo.add(codes, results)


def _note(recorded: set[int], place: int) -> bool:
    """Add a place; return whether it was new."""
    if place in recorded:
        return False
    recorded.add(place)
    return True


def _within_budget(codes: CodeArray, memo: Memo, recorded: set[int], budget: int | None) -> CodeArray:
    """Cut a batch off where its distinct, not yet recorded designs would exceed the budget."""
    if budget is None:
        return codes
    left = budget - len(recorded)
    seen: set[bytes] = set()
    for row, (key, place) in enumerate(zip(design_keys(codes), memo.find(codes).tolist(), strict=True)):
        if (place < 0 or place not in recorded) and key not in seen:
            if len(seen) == left:
                return codes[:row]
            seen.add(key)
    return codes


def _new_designs(codes: CodeArray, memo: Memo) -> CodeArray:
    """Return the rows that the memo doesn't know, each once."""
    unknown = codes[memo.find(codes) < 0]
    first: dict[bytes, int] = {}
    for row, key in enumerate(design_keys(unknown)):
        first.setdefault(key, row)
    return unknown[list(first.values())]
