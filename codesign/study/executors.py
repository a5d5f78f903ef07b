"""Where evaluations run: in this process, in local processes, or on a Dask cluster. Results are the same on each."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Protocol

from codesign.errors import CodesignError, MissingExtraError, StudyError
from codesign.space.coding import CodeArray
from codesign.study.evaluation import Evaluator, Results, join_results

MIN_ROWS_PER_PART = 64
MAX_ROWS_PER_CALL = 65_536

Collect = Callable[[], Results]


class Executor(Protocol):
    """Runs evaluations. ``depth``: how many batches it is worth having under way at once."""

    depth: int

    def start(self, evaluator: Evaluator) -> None:
        """Get ready to evaluate with ``evaluator``."""

    def submit(self, codes: CodeArray) -> Collect:
        """Begin to evaluate a batch; calling what is returned waits for the results, in the order of ``codes``."""

    def close(self) -> None:
        """Give up what is under way and free the workers."""


class InProcess:
    """Evaluates in this process, at most ``rows_per_call`` designs in one call of the model."""

    depth = 1

    def __init__(self, rows_per_call: int = MAX_ROWS_PER_CALL) -> None:
        if rows_per_call < 1:
            raise StudyError(f"rows_per_call must be at least 1, found {rows_per_call}")
        self._rows = rows_per_call
        self._evaluator: Evaluator | None = None

    def start(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def submit(self, codes: CodeArray) -> Collect:
        evaluator = self._evaluator
        assert evaluator is not None
        parts = _split(codes, self._rows)
        return lambda: join_results([evaluator.evaluate(part) for part in parts])

    def close(self) -> None:
        self._evaluator = None


class Processes:
    """Evaluates in ``workers`` local processes (started afresh, so that nothing is inherited)."""

    def __init__(self, workers: int, rows_per_call: int = MAX_ROWS_PER_CALL) -> None:
        if workers < 1:
            raise StudyError(f"workers must be at least 1, found {workers}")
        self._workers = workers
        self._rows = rows_per_call
        self._pool: ProcessPoolExecutor | None = None
        self.depth = 3

    def start(self, evaluator: Evaluator) -> None:
        self._pool = ProcessPoolExecutor(
            self._workers, mp_context=get_context("spawn"), initializer=_adopt, initargs=(evaluator,)
        )

    def submit(self, codes: CodeArray) -> Collect:
        assert self._pool is not None
        try:
            futures = [self._pool.submit(_evaluate, part) for part in _split_for(codes, self._workers, self._rows)]
        except BrokenProcessPool as error:
            raise _lost_worker() from error

        def collect() -> Results:
            try:
                return join_results([future.result() for future in futures])
            except BrokenProcessPool as error:
                raise _lost_worker() from error

        return collect

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


class DaskCluster:
    """Evaluates on a running Dask cluster at ``address`` (``tcp://...``), e.g. one that dask-jobqueue started."""

    def __init__(self, address: str, rows_per_call: int = MAX_ROWS_PER_CALL) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise MissingExtraError("--scheduler", "distributed", "dask") from None
        try:
            self._client: Any = Client(address, timeout="10s")
        except (OSError, ValueError) as error:
            raise StudyError(f"no Dask scheduler answers at {address}: {error}") from error
        self._rows = rows_per_call
        self._workers = max(1, len(self._client.scheduler_info()["workers"]))
        self.depth = 3
        self._evaluator: Any = None

    def start(self, evaluator: Evaluator) -> None:
        self._evaluator = self._client.scatter(evaluator, broadcast=True)

    def submit(self, codes: CodeArray) -> Collect:
        parts = _split_for(codes, self._workers, self._rows)
        futures = [self._client.submit(Evaluator.evaluate, self._evaluator, part, pure=False) for part in parts]
        return lambda: join_results(self._client.gather(futures))

    def close(self) -> None:
        self._client.close()


def make_executor(workers: int = 1, scheduler: str | None = None, rows_per_call: int = MAX_ROWS_PER_CALL) -> Executor:
    """Return the executor for ``workers`` local processes (1 = in this process) or a Dask scheduler's address."""
    if scheduler is not None:
        return DaskCluster(scheduler, rows_per_call)
    return InProcess(rows_per_call) if workers == 1 else Processes(workers, rows_per_call)


class closing_executor:
    """Start an executor for an evaluator and close it at the end of the block."""

    def __init__(self, executor: Executor, evaluator: Evaluator) -> None:
        self._executor = executor
        self._evaluator = evaluator

    def __enter__(self) -> Executor:
        self._executor.start(self._evaluator)
        return self._executor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.close()


def _split(codes: CodeArray, rows: int) -> list[CodeArray]:
    return [codes[start : start + rows] for start in range(0, len(codes), rows)]


def _split_for(codes: CodeArray, workers: int, rows: int) -> list[CodeArray]:
    """Cut a batch into one part a worker, none tiny and none larger than a call may be."""
    share = max(MIN_ROWS_PER_PART, -(-len(codes) // workers))
    return _split(codes, min(share, rows))


def _lost_worker() -> CodesignError:
    return CodesignError("a worker process died (out of memory, or killed); run again with --resume and fewer workers")


_adopted: Evaluator | None = None


def _adopt(evaluator: Evaluator) -> None:
    """Make ``evaluator`` this worker's; Ctrl-C is the parent's to handle."""
    global _adopted
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _adopted = evaluator


def _evaluate(codes: CodeArray) -> Results:
    assert _adopted is not None
    return _adopted.evaluate(codes)
