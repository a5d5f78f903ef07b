"""Searches on the published space of memory controllers, scored by the design that is truly best.

Each run goes on until it has the best design or has asked for 10,000. What is asked is answered from the simulated
table of all designs, so a run costs what the search itself costs. Two counts are kept: samples (every design asked
for, as the published experiment counts) and designs (distinct ones: what has to be simulated).
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.dram_truth import SPACE, Index, truth
from codesign.models.dram.evaluation import MOST_REWARD
from codesign.pareto import hypervolume
from codesign.search.protocol import Outcome
from codesign.search.registry import make_search
from codesign.space.reader import parse_space
from codesign.space.space import Space
from codesign.workloads.memory.catalogue import trace_named

Floats = npt.NDArray[np.float64]

TRACES = ("stream", "archgym-random", "archgym-cloud-1", "archgym-cloud-2")
"""The published traces: by rule, and public sets."""
REQUESTS = 10_000
CHECKPOINTS = (100, 200, 500, 1000, 2000, 5000, 10000)
SEEDS = 20
POWER_TARGET_W = 1.0
TIME_TARGET_US = 100.0
CLOSE = 0.01
"""Regret that counts as found."""
SAME = 1e-9
"""Relative difference of equal results."""


@dataclass(frozen=True)
class Objective:
    """What is searched for.

    Attributes:
        metrics: metric -> direction, as in a space.
        targets: of the published reward, for the agents as released; empty where there is none.
        released: the metrics that agents as released see.
    """

    metrics: dict[str, str]
    targets: str = ""
    released: dict[str, str] | None = None


OBJECTIVES = {
    "power": Objective({"power_reward": "maximize"}, "1", {"power_w": "minimize"}),
    "latency": Objective({"time_reward": "maximize"}, "100", {"time_us": "minimize"}),
    "both": Objective({"both_reward": "maximize"}, "1, 100", {"power_w": "minimize", "time_us": "minimize"}),
    "energy": Objective({"energy_uj": "minimize"}),
    "energy-delay": Objective({"energy_delay_uj_us": "minimize"}),
    "frontier": Objective({"time_us": "minimize", "energy_uj": "minimize"}),
}
PUBLISHED = ("power", "latency", "both")


@dataclass(frozen=True)
class Method:
    """A search: its label in tables, its name and options, how many samples at most."""

    label: str
    name: str
    options: dict[str, Any]
    most: int = CHECKPOINTS[-1]

    @property
    def released(self) -> bool:
        return self.name.endswith("-as-released")


METHODS = (
    Method("random", "random", {}),
    Method("random walk", "random-walk", {}),
    Method("NSGA-II", "nsga2", {"population": 50}),
    Method("genetic", "genetic", {}),
    Method("ant colony", "ant-colony", {}),
    Method("tree search", "mcts", {}),
    Method("Exp3 per parameter", "exp3", {}),
    Method("REINFORCE per parameter", "reinforce", {}),
    Method("recurrent policy", "nasaic", {}),
    Method("PPO", "ppo", {}),
    Method("independent PPO", "ippo", {}),
    Method("MAPPO", "mappo", {}),
    Method("SAC", "sac", {}),
    Method("SAC, binned", "sac-continuous", {}),
    Method("PPO as released", "ppo-as-released", {}),
    Method("SAC as released", "sac-as-released", {}),
    Method("several agents as released", "marl-as-released", {}),
    Method("TPE", "tpe", {}, most=1000),
)
"""Every option is the search's default, fixed before the first run; NSGA-II's population is the other benchmarks'."""


@dataclass(frozen=True)
class Case:
    """An objective on a trace: what every design costs, and the best.

    Attributes:
        space: with this objective; ``released`` with what the agents as released see.
        costs, released_costs: designs x objectives, to be minimised.
        frontier: the best costs (one row with one objective); ``reference``: the worst, for hypervolumes.
    """

    space: Space
    released: Space | None
    costs: Floats
    released_costs: Floats | None
    frontier: Floats
    reference: Floats

    def regret(self, found: Floats) -> float:
        """Return how far the best found is from the best of all, relative; with two objectives in hypervolume."""
        if self.costs.shape[1] == 1:
            best = self.frontier[0, 0]
            return float((found.min() - best) / abs(best))
        return 1.0 - hypervolume(found, self.reference) / hypervolume(self.frontier, self.reference)


def _columns(time_us: Floats, energy_uj: Floats) -> dict[str, Floats]:
    power = energy_uj / time_us
    with np.errstate(divide="ignore"):
        power_reward = np.minimum(POWER_TARGET_W / np.abs(POWER_TARGET_W - power), MOST_REWARD)
        time_reward = np.minimum(TIME_TARGET_US / np.abs(TIME_TARGET_US - time_us), MOST_REWARD)
    return {
        "time_us": time_us,
        "energy_uj": energy_uj,
        "power_w": power,
        "energy_delay_uj_us": energy_uj * time_us,
        "power_reward": power_reward,
        "time_reward": time_reward,
        "both_reward": power_reward * time_reward,
    }


def _space(metrics: dict[str, str]) -> Space:
    text = SPACE.read_text(encoding="utf-8")
    before, _, after = text.partition("objectives:")
    listed = ", ".join(f"{name}: {direction}" for name, direction in metrics.items())
    return parse_space(f"{before}objectives: {{{listed}}}\n{after.partition(chr(10))[2]}")


def _costs(columns: dict[str, Floats], metrics: dict[str, str]) -> Floats:
    return np.column_stack([columns[name] * (-1.0 if way == "maximize" else 1.0) for name, way in metrics.items()])


@lru_cache(maxsize=4)
def _table(trace: str, kept: Path) -> tuple[Index, dict[str, Floats]]:
    settings = {"requests": REQUESTS} if trace == "stream" else {}
    known = truth(trace_named(trace, **settings), kept / f"dram-truth-{short(trace)}.npz")
    return known.index(), _columns(known.time_us, known.energy_uj)


@lru_cache(maxsize=32)
def case(trace: str, objective: str, kept: Path) -> tuple[Index, Case]:
    """Return the designs of a trace and what they cost. Tables of simulated designs are kept in a folder."""
    index, columns = _table(trace, kept)
    goal = OBJECTIVES[objective]
    costs = _costs(columns, goal.metrics)
    distinct = np.unique(costs, axis=0)
    running = np.minimum.accumulate(distinct[:, -1])
    better = np.concatenate([[True], distinct[1:, -1] < running[:-1]]) if costs.shape[1] > 1 else [True]
    frontier = distinct[: len(better)][better]
    seen = goal.released
    return index, Case(
        _space(goal.metrics),
        _space(seen) if seen else None,
        costs,
        _costs(columns, seen) if seen else None,
        frontier,
        costs.max(axis=0),
    )


class Record:
    """What one run had found after so many samples, and after so many designs."""

    def __init__(self, of: Case) -> None:
        self._of = of
        self._seen: set[int] = set()
        self._front = np.empty((0, of.costs.shape[1]))
        self.regret = np.inf
        self.samples = 0
        self._found: dict[str, float] = {}

    def take(self, rows: npt.NDArray[np.int64], most: int) -> bool:
        """Note a batch; return whether the run is at its end: everything found, or so many samples."""
        for row in rows.tolist():
            self.samples += 1
            if row not in self._seen:
                self._seen.add(row)
                self._note(self._of.costs[row])
                if len(self._seen) in CHECKPOINTS:
                    self._found[f"regret_{len(self._seen)}_designs"] = self.regret
            if self.samples in CHECKPOINTS:
                self._found[f"regret_{self.samples}_samples"] = self.regret
            if self.regret <= SAME or self.samples >= most:
                return True
        return False

    def _note(self, cost: Floats) -> None:
        """Take a new design into the frontier so far, if it belongs there."""
        if (self._front <= cost).all(axis=1).any():
            return
        self._front = np.vstack([self._front[(self._front < cost).any(axis=1)], cost])
        self.regret = self._of.regret(self._front)
        for name, near in (("close", CLOSE), ("best", SAME)):
            if self.regret <= near and f"samples_to_{name}" not in self._found:
                self._found[f"samples_to_{name}"] = self.samples
                self._found[f"designs_to_{name}"] = len(self._seen)

    def row(self) -> dict[str, float]:
        """Return everything; at a checkpoint after the last sample stands what there was at the end."""
        at_end = {f"regret_{n}_{count}": self.regret for count in ("samples", "designs") for n in CHECKPOINTS}
        totals = {"samples": self.samples, "designs": len(self._seen), "regret": self.regret}
        return dict.fromkeys(FOUND, np.nan) | at_end | self._found | totals


FOUND = tuple(f"{count}_to_{name}" for name in ("close", "best") for count in ("samples", "designs"))


def run(trace: str, objective: str, method: Method, seed: int, kept: Path) -> dict[str, Any]:
    """Return one run as a row of the table."""
    index, of = case(trace, objective, kept)
    options = dict(method.options)
    space, costs = of.space, of.costs
    if method.released:
        assert of.released is not None
        assert of.released_costs is not None
        space, costs = of.released, of.released_costs
        options["targets"] = OBJECTIVES[objective].targets
    search = make_search(method.name, space, seed, options)
    record, started = Record(of), time.process_time()
    while len(codes := search.ask()):
        rows = index.rows(codes)
        if record.take(rows, method.most):
            break
        search.tell(codes, Outcome(costs[rows], np.zeros(len(rows))))
    head = {"trace": short(trace), "objective": objective, "search": method.label, "seed": seed}
    return head | record.row() | {"cpu_s": round(time.process_time() - started, 3)}


def short(trace: str) -> str:
    """Return the name of a trace as in tables."""
    return trace.removeprefix("archgym-")


def run_all(traces: Iterable[str], methods: Iterable[Method], kept: Path, table: Path, seeds: int = SEEDS) -> None:
    """Add every run that ``table`` doesn't hold yet to it, on two processes."""
    done = set()
    if table.exists():
        with table.open(encoding="utf-8", newline="") as stream:
            done = {(r["trace"], r["objective"], r["search"], int(r["seed"])) for r in csv.DictReader(stream)}
    todo = [
        (trace, objective, method, seed, kept)
        for group in (PUBLISHED, tuple(name for name in OBJECTIVES if name not in PUBLISHED))
        for method in methods
        for objective in group
        if not (method.released and objective not in PUBLISHED)
        for trace in traces
        for seed in range(seeds)
        if (short(trace), objective, method.label, seed) not in done
    ]
    for trace in traces:
        _table(trace, kept)
    with ProcessPoolExecutor(2) as pool, table.open("a", encoding="utf-8", newline="") as stream:
        futures = [pool.submit(run, *one) for one in todo]
        writer = None
        for number, future in enumerate(as_completed(futures), 1):
            row = future.result()
            if writer is None:
                writer = csv.DictWriter(stream, list(row))
                if not stream.tell():
                    writer.writeheader()
            writer.writerow(row)
            stream.flush()
            print(f"\r{number:,} of {len(todo):,} runs", end="", file=sys.stderr)
    print(file=sys.stderr)
