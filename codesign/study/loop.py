"""The loops that drive a search: batches out, results back, the journal in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np

from codesign.search.protocol import Search
from codesign.space.coding import CodeArray
from codesign.study.evaluation import Evaluator, Results, join_results
from codesign.study.executors import Collect, Executor
from codesign.study.journal import Journal
from codesign.study.memo import Memo, design_keys

IDLE_BATCHES = 50
"""A learning search that proposes nothing new for this many batches in a row is ended."""

Record = Callable[[CodeArray, Results, int], None]
"""Takes distinct designs, their results, and how many of them came from the journal."""


class Diverged(Exception):
    """The search proposes other designs than those in the journal."""


def walk(
    search: Search, budget: int | None, evaluator: Evaluator, executor: Executor, journal: Journal, record: Record
) -> str:
    """Drive a search that never repeats; several batches are under way at once. Returns why it ended.

    Raises Diverged, before anything new is evaluated, when the journal doesn't fit the proposals.
    """
    past = _Past(journal)
    under_way: deque[tuple[CodeArray, Results | None, Collect | None]] = deque()
    batches = _clipped(search, budget)
    asked_all = False
    while True:
        while not asked_all and len(under_way) < executor.depth:
            codes = next(batches, None)
            if codes is None:
                asked_all = True
                break
            known = past.take(codes)
            fresh = codes[len(known) :] if known is not None else codes
            under_way.append((codes, known, executor.submit(fresh) if len(fresh) else None))
        if not under_way:
            return "budget" if batches.clipped else "finished"
        codes, known, collect = under_way.popleft()
        count = len(known) if known is not None else 0
        pieces = [known] if known is not None else []
        if collect is not None:
            found = collect()
            journal.append(codes[count:], found)
            pieces.append(found)
        results = join_results(pieces)
        search.tell(codes, evaluator.outcome(results))
        record(codes, results, count)


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


class _Past:
    """The journal's rows, handed out in order as long as the proposals are the same."""

    def __init__(self, journal: Journal) -> None:
        self._batches = journal.batches()
        self._codes: CodeArray | None = None
        self._results: Results | None = None

    def take(self, codes: CodeArray) -> Results | None:
        """Return the results of the first rows of ``codes``, as far as the journal reaches; None when it is spent."""
        pieces: list[Results] = []
        done = 0
        while done < len(codes):
            if self._codes is None or not len(self._codes):
                self._codes, self._results = next(self._batches, (None, None))
                if self._codes is None:
                    break
            assert self._results is not None
            rows = min(len(codes) - done, len(self._codes))
            if not np.array_equal(self._codes[:rows], codes[done : done + rows], equal_nan=True):
                raise Diverged
            pieces.append(self._results.take(slice(0, rows)))
            self._codes, self._results = self._codes[rows:], self._results.take(slice(rows, None))
            done += rows
        return join_results(pieces) if pieces else None


def learn(
    search: Search,
    budget: int | None,
    reachable: int | None,
    evaluator: Evaluator,
    executor: Executor,
    journal: Journal,
    record: Record,
) -> str:
    """Drive a search that learns from each batch before it proposes the next. Returns why it ended.

    A design that the journal or an earlier batch holds is answered from the memo. The budget counts distinct designs;
    ``reachable`` is how many there are.
    """
    memo = Memo(journal.batches())
    recorded: set[int] = set()
    recalled = len(memo)
    idle = 0
    while True:
        if budget is not None and len(recorded) >= budget:
            return "budget"
        if reachable is not None and len(recorded) >= reachable:
            return "all designs seen"
        codes = search.ask()
        if not len(codes):
            return "finished"
        asked = len(codes)
        codes = _within_budget(codes, memo, recorded, budget)
        fresh = _new_designs(codes, memo)
        if len(fresh):
            found = executor.submit(fresh)()
            journal.append(fresh, found)
            memo.add(fresh, found)
        places = memo.find(codes)
        results = memo.take(places)
        if len(codes) == asked:
            search.tell(codes, evaluator.outcome(results))
        first = [row for row, place in enumerate(places.tolist()) if _note(recorded, place)]
        idle = 0 if first else idle + 1
        if first:
            known = int((places[first] < recalled).sum())
            record(codes[first], results.take(first), known)
        if len(codes) < asked:
            return "budget"
        if idle >= IDLE_BATCHES:
            return f"nothing new in {IDLE_BATCHES} batches"


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
