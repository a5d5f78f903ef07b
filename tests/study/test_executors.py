"""Where evaluations run doesn't matter for what they give."""

import importlib.util
import os
import signal
import subprocess
import sys
import time

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


def test_a_killed_study_leaves_no_workers_behind(tmp_path):
    code = (
        "import os, signal\n"
        "from tests.study.test_executors import SPACE, CODES\n"
        "from codesign.study.evaluation import Evaluator\n"
        "from codesign.study.executors import Processes\n"
        "from codesign.testing.toys import ToyAccelerator\n"
        "if __name__ == '__main__':\n"
        "    executor = Processes(2)\n"
        "    executor.start(Evaluator(SPACE, ToyAccelerator()))\n"
        "    [collect() for collect in [executor.submit(CODES[:9]), executor.submit(CODES[9:])]]\n"
        "    print(*executor._pool._processes, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script = tmp_path / "killed.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in [os.getcwd(), *sys.path] if path)}
    done = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    workers = [int(word) for word in done.stdout.split()]
    assert workers
    deadline = time.monotonic() + 15
    while any(_alive(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(_alive(worker) for worker in workers)


def _alive(process):
    """Whether a process exists and isn't a zombie that nobody has waited for."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
