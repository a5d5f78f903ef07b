"""Killed at a random moment, again and again, then resumed: the same bytes as the undisturbed run."""

import hashlib
import importlib.util
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("killable.py")
BUDGETS = {
    "exhaustive": "none",
    "random": "600",
    "qmc": "600",
    "nsga2": "600",
    "tpe": "160",
    "optuna-nsga2": "300",
    "nsga3": "300",
    "cma-es": "60",
    "gp": "30",
}
NEEDS = {"gp": "torch", "cma-es": "cmaes"}


def run(folder, method, seconds, most_rows=3):
    command = [sys.executable, str(SCRIPT), str(folder), method, BUDGETS[method], str(seconds), str(most_rows)]
    return subprocess.run(command, capture_output=True, check=False)


def digest(folder):
    return hashlib.sha256((folder / "frontier.csv").read_bytes()).hexdigest()


def kill_and_compare(tmp_path, method, kills, seed):
    if method in NEEDS and importlib.util.find_spec(NEEDS[method]) is None:
        pytest.skip(f"needs {NEEDS[method]}")
    undisturbed = run(tmp_path / "whole", method, 0, most_rows=64)
    assert undisturbed.returncode == 0, undisturbed.stderr.decode()
    rng = random.Random(seed)
    killed = 0
    for _ in range(kills):
        done = run(tmp_path / "broken", method, rng.uniform(0.001, 0.12))
        killed += done.returncode == -signal.SIGKILL
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        if done.returncode == 0:
            break
    final = run(tmp_path / "broken", method, 0)
    assert final.returncode == 0, final.stderr.decode()
    assert digest(tmp_path / "broken") == digest(tmp_path / "whole")
    return killed


@pytest.mark.parametrize("method", ["exhaustive", "nsga2", "optuna-nsga2"])
def test_three_kills(method, tmp_path):
    assert kill_and_compare(tmp_path, method, 3, seed=1) == 3


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted(BUDGETS))
def test_twenty_kills(method, tmp_path):
    killed = kill_and_compare(tmp_path, method, 20, seed=2)
    assert killed == 20, f"only {killed} kills hit the running study"
