"""One pass over a sample: each instruction gets the cycles of its stages from those before it.

A plain timestamp model, simpler than the simulator: hits, levels and mispredictions are given (``memory_view.py``,
``branch_view.py``), so that one view serves many cores; widths, buffers, units and latencies are the recurrence's own.
With f the cycle of fetch, d of dispatch, s of entering the scheduler, x of execution, e of completion, c of commit of
instruction i:

    f(i) = max(f(i-1), restart after a misprediction or taken branch, d(i - front-end places))     width per cycle
    d(i) = max(f(i) + depth of the front end, block of code, c(i-ROB), c(load i-LQ), store i-SQ)  width per cycle
    s(i) = max(d(i) + 1, s(i-1), first scheduler entry free, c of register writer i-registers)
    x(i) = max(s(i) + 1, e of its sources), in a cycle with a free unit and issue slot
    e(i) = x(i) + latency; of loads the arrival of their line, or of the store that is forwarded
    c(i) = max(e(i) + 1, c(i-1))                                                                  width per cycle

The reorder-buffer recurrence of Concorde (arXiv 2503.23076, section 3) with the other resources of the core in it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit

from codesign.models.compiled import OPTIONS
from codesign.models.cpu.features.stages import (
    commit,
    complete,
    decode,
    dispatch,
    execute,
    fetch,
    redirect,
    schedule,
    write,
)
from codesign.models.cpu.features.stamp import loops_stamp
from codesign.models.cpu.features.state import Integers, Program, Views, fresh_state


def one_pass(program: Program, machine: Integers, views: Views, marks: Integers) -> Integers:
    """Return the cycles in which the instructions before each mark commit, shape (marks,).

    Args:
        program: see ``state.Program``.
        machine: see ``machine.py``.
        views: what its predictors and caches do with this program.
        marks: numbers of instructions behind the first counted one, ascending; at 0 stands cycle 0.
    """
    state = fresh_state(program, views)
    commits = np.zeros(len(marks), dtype=np.int64)
    _loop()(machine, program, views, state, marks, commits)
    return commits


@cache
def _loop() -> Callable[..., int]:
    stamp = loops_stamp()

    @njit(nogil=True, cache=True, **OPTIONS)
    def run(c, p, v, s, marks, commits):  # type: ignore[no-untyped-def]
        first, mark = p.start, 0
        while mark < len(marks) and marks[mark] == 0:
            mark += 1
        for i in range(p.warmup, len(p.which)):
            n, now, last = i - p.warmup, p.which[i], p.ends[i]
            stores = 0
            for k in range(first, last):
                stores += 1 if p.written[k] else 0
            fold = 1 if p.folds[now] and last > first else 0
            writes = -fold
            for k in range(p.destinations.shape[1]):
                writes += 1 if p.destinations[now, k] else 0
            fetched = fetch(c, s, n)
            decoded = decode(c, v, s, n, p.pcs[now], fetched)
            dispatched = dispatch(c, s, n, decoded, last - first - stores, stores)
            executed = execute(c, p, s, now, schedule(c, s, dispatched, writes))
            completed = complete(c, p, v, s, p.operations[now], first, last, dispatched, executed)
            redirect(c, v, s, n, p.kinds[now], p.taken[i], fetched, decoded, completed)
            write(p, s, now, fold, completed)
            committed = commit(c, p, v, s, n, first, last, writes, executed, completed)
            while mark < len(marks) and marks[mark] == n + 1:
                commits[mark] = committed
                mark += 1
            first = last
        return stamp

    return run  # type: ignore[no-any-return]
