"""Sensitivity against cost: the best assignment under each of many caps, and every non-dominated one at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.fpga.quantisation.problem import Floats, QuantisationError, QuantisationProblem
from codesign.models.fpga.quantisation.program import assign_bits

MAX_STATES = 5_000_000


def sweep_caps(
    problem: QuantisationProblem,
    caps: Sequence[float],
    *,
    solver: str = "highs",
    time_limit_s: float | None = None,
    threads: int = 1,
) -> pd.DataFrame:
    """Return the best assignment under each cap: the epsilon-constraint method (Haimes et al., 1971).

    One row a cap, in the order given: cap, status, sensitivity, cost, bound, gap, and a column of bits for each layer.
    The problem's own cap is not used. Rows under different caps may be the same assignment.
    """
    rows = []
    for cap in caps:
        found = assign_bits(replace(problem, cap=cap), solver=solver, time_limit_s=time_limit_s, threads=threads)
        row = {"cap": cap, "status": found.status, "sensitivity": found.sensitivity, "cost": found.cost}
        rows.append(row | {"bound": found.bound, "gap": found.gap} | dict(found.bits))
    table = pd.DataFrame(rows, columns=["cap", "status", "sensitivity", "cost", "bound", "gap", *problem.layers])
    return table.astype(dict.fromkeys(("sensitivity", "cost"), "float64") | dict.fromkeys(problem.layers, "Int64"))


def exact_frontier(problem: QuantisationProblem, max_states: int = MAX_STATES) -> pd.DataFrame:
    """Return every non-dominated pair of cost and sensitivity within the cap, by dynamic programming.

    The partial assignments of the first layers are extended by one layer (or tied group) at a time, and those that
    another one equals or betters in both sums are dropped, which loses no frontier point because both add up
    (Nemhauser, Ullmann, Management Science 15(9), 1969). No solver is involved, so this is also a check on one.

    One row a point, in ascending cost: cost, sensitivity, and a column of bits for each layer.

    Raises:
        QuantisationError: more than ``max_states`` partial assignments would have to be kept.
    """
    cost, lost = np.zeros(1), np.zeros(1)
    history: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
    for unit in problem.units():
        columns = np.flatnonzero(problem.allowed[unit].all(axis=0))
        if len(cost) * len(columns) > max_states:
            raise QuantisationError(
                f"the frontier needs more than {max_states:,} partial assignments after {len(history)} of"
                f" {len(problem.units())} layers and tied groups; lower the cap, or sweep caps instead"
            )
        cost, lost, parent, column = _extend(problem, unit, columns, cost, lost)
        history.append((parent, column))
    return _table(problem, history, cost, lost)


def _extend(
    problem: QuantisationProblem, unit: list[int], columns: npt.NDArray[np.int64], cost: Floats, lost: Floats
) -> tuple[Floats, Floats, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return costs and sensitivities of the partial assignments kept, the one that each extends, and its column."""
    own_cost = problem.cost[unit][:, columns].sum(axis=0)
    own_lost = problem.sensitivity[unit][:, columns].sum(axis=0)
    wider_cost = np.add.outer(cost, own_cost).ravel()
    wider_lost = np.add.outer(lost, own_lost).ravel()
    order = np.lexsort((wider_lost, wider_cost))
    order = order[wider_cost[order] <= problem.limit]
    best_before = np.minimum.accumulate(np.concatenate([[np.inf], wider_lost[order]]))[:-1]
    kept = order[wider_lost[order] < best_before]
    parent, choice = np.divmod(kept, max(1, len(columns)))
    return wider_cost[kept], wider_lost[kept], parent, columns[choice]


def _table(
    problem: QuantisationProblem,
    history: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]],
    cost: Floats,
    lost: Floats,
) -> pd.DataFrame:
    bits = np.zeros((len(cost), len(problem.layers)), dtype=np.int64)
    state = np.arange(len(cost))
    for unit, (parent, column) in zip(reversed(problem.units()), reversed(history), strict=True):
        bits[:, unit] = np.array(problem.bits)[column[state]][:, np.newaxis]
        state = parent[state]
    found = pd.DataFrame({"cost": cost, "sensitivity": lost})
    return found.join(pd.DataFrame(bits, columns=list(problem.layers)))
