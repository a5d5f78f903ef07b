"""Where evaluations run doesn't matter for what they give."""

import importlib.util
import os

import numpy as np
import pytest

from codesign.errors import CodesignError, MissingExtraError, StudyError
from codesign.space import parse_space
from codesign.study.evaluation import Evaluator
from codesign.study.executors import InProcess, Processes, closing_executor, make_executor
from codesign.testing.toys import TOY_SPACE, ToyAccelerator

SPACE = parse_space(TOY_SPACE)
CODES = next(SPACE.chunks(rows=300))
HAS_DASK = importlib.util.find_spec("distributed") is not None


class Deadly(ToyAccelerator):
    """Ends its process, as the kernel does when memory runs out."""

    def evaluate(self, designs):
        os._exit(9)


def evaluate(executor):
    with closing_executor(executor, Evaluator(SPACE, ToyAccelerator())) as running:
        parts = [running.submit(CODES[start : start + 90]) for start in range(0, len(CODES), 90)]
        return np.concatenate([collect().metrics for collect in parts])


def test_processes_give_the_same_bits():
    np.testing.assert_array_equal(evaluate(InProcess()), evaluate(Processes(2)))


def test_a_worker_that_dies_is_one_plain_error():
    with closing_executor(Processes(1), Evaluator(SPACE, Deadly())) as running:
        collect = running.submit(CODES)
        with pytest.raises(CodesignError, match="a worker process died .* run again with --resume and fewer workers"):
            collect()


@pytest.mark.parametrize("make", [lambda: InProcess(0), lambda: Processes(0), lambda: make_executor(-1)])
def test_numbers_below_one_are_refused(make):
    with pytest.raises(StudyError, match="must be at least 1"):
        make()


@pytest.mark.skipif(HAS_DASK, reason="distributed is installed")
def test_without_dask_the_extra_is_named():
    with pytest.raises(MissingExtraError, match=r"pip install 'codesign\[dask\]'"):
        make_executor(scheduler="tcp://127.0.0.1:1")


@pytest.mark.skipif(not HAS_DASK, reason="needs distributed (extra dask)")
def test_a_dask_cluster_gives_the_same_bits():
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        executor = make_executor(scheduler=cluster.scheduler_address)
        np.testing.assert_array_equal(evaluate(executor), evaluate(InProcess()))
