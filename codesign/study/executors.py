"""Where evaluations run: in this process, in local processes, or on a Dask cluster. Results are the same on each."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Protocol

from codesign.errors import CodesignError, MissingExtraError, StudyError
from codesign.space.coding import CodeArray
from codesign.study.evaluation import Evaluator, Results

MAX_ROWS_PER_PART = 65_536

Collect = Callable[[], Results]


class Executor(Protocol):
    """Runs evaluations.

    ``width``: how many parts are worth having under way at once; ``most_rows``: designs in a part, at most.
    """

    width: int
    most_rows: int

    def start(self, evaluator: Evaluator) -> None:
        """Get ready to evaluate with ``evaluator``."""

    def submit(self, codes: CodeArray) -> Collect:
        """Begin to evaluate a part; calling what is returned waits for the results, in the order of ``codes``."""

    def close(self) -> None:
        """Give up what is under way and free the workers."""


class InProcess:
    """Evaluates in this process."""

    width = 1

    def __init__(self, most_rows: int = MAX_ROWS_PER_PART) -> None:
        self.most_rows = _positive("most_rows", most_rows)
        self._evaluator: Evaluator | None = None

    def start(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def submit(self, codes: CodeArray) -> Collect:
        evaluator = self._evaluator
        assert evaluator is not None
        return lambda: evaluator.evaluate(codes)

    def close(self) -> None:
        self._evaluator = None


class Processes:
    """Evaluates in ``workers`` local processes (started afresh, so that nothing is inherited)."""

    def __init__(self, workers: int, most_rows: int = MAX_ROWS_PER_PART) -> None:
        self._workers = _positive("workers", workers)
        self.most_rows = _positive("most_rows", most_rows)
        self.width = 2 * workers
        self._pool: ProcessPoolExecutor | None = None

    def start(self, evaluator: Evaluator) -> None:
        self._pool = ProcessPoolExecutor(
            self._workers, mp_context=get_context("spawn"), initializer=_adopt, initargs=(evaluator, os.getpid())
        )

    def submit(self, codes: CodeArray) -> Collect:
        assert self._pool is not None
        try:
            future = self._pool.submit(_evaluate, codes)
        except BrokenProcessPool as error:
            raise _lost_worker() from error

        def collect() -> Results:
            try:
                return future.result()
            except BrokenProcessPool as error:
                raise _lost_worker() from error

        return collect

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


class DaskCluster:
    """Evaluates on a running Dask cluster at ``address`` (``tcp://...``), e.g. one that dask-jobqueue started."""

    def __init__(self, address: str, most_rows: int = MAX_ROWS_PER_PART) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise MissingExtraError("--scheduler", "distributed", "dask") from None
        try:
            self._client: Any = Client(address, timeout="10s")
        except (OSError, ValueError) as error:
            raise StudyError(f"no Dask scheduler answers at {address}: {error}") from error
        self.most_rows = _positive("most_rows", most_rows)
        self.width = 2 * max(1, len(self._client.scheduler_info()["workers"]))
        self._evaluator: Any = None

    def start(self, evaluator: Evaluator) -> None:
        self._evaluator = self._client.scatter(evaluator, broadcast=True)

    def submit(self, codes: CodeArray) -> Collect:
        future = self._client.submit(Evaluator.evaluate, self._evaluator, codes, pure=False)

        def collect() -> Results:
            results: Results = future.result()
            return results

        return collect

    def close(self) -> None:
        self._client.close()


def make_executor(workers: int = 1, scheduler: str | None = None, most_rows: int = MAX_ROWS_PER_PART) -> Executor:
    """Return the executor for ``workers`` local processes (1 = in this process) or a Dask scheduler's address."""
    if scheduler is not None:
        return DaskCluster(scheduler, most_rows)
    return InProcess(most_rows) if workers == 1 else Processes(workers, most_rows)


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


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise StudyError(f"{name} must be at least 1, found {value}")
    return value


def _lost_worker() -> CodesignError:
    return CodesignError("a worker process died (out of memory, or killed); run again with --resume and fewer workers")


_adopted: Evaluator | None = None


def _adopt(evaluator: Evaluator, parent: int) -> None:
    """Make ``evaluator`` this worker's; Ctrl-C is the parent's to handle, and a worker ends with its parent."""
    global _adopted
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _adopted = evaluator


def _end_with(parent: int) -> None:
    """End this process once ``parent`` is gone: a killed study leaves no workers behind."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _evaluate(codes: CodeArray) -> Results:
    assert _adopted is not None
    return _adopted.evaluate(codes)
