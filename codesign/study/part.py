"""A part of a study: designs that were evaluated together, or what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.pareto.dominance import non_dominated
from codesign.space.coding import CodeArray
from codesign.study.evaluation import Evaluator, Results


@dataclass(frozen=True)
class Part:
    """Evaluated designs in order.

    Attributes:
        codes, results: the designs that are kept.
        evaluated: how many designs the part stands for.
        feasible: how many of those are feasible.
        ideal, nadir: per objective the best and the worst cost of the feasible ones (inf and -inf without any).
    """

    codes: CodeArray
    results: Results
    evaluated: int
    feasible: int
    ideal: npt.NDArray[np.float64]
    nadir: npt.NDArray[np.float64]

    @property
    def whole(self) -> bool:
        """Whether every design that it stands for is kept."""
        return len(self.codes) == self.evaluated


def whole_part(codes: CodeArray, results: Results, evaluator: Evaluator) -> Part:
    """Return a part that keeps all of its designs."""
    costs = evaluator.costs(results)[results.feasible]
    none = np.full(len(evaluator.objectives), np.inf)
    ideal, nadir = (costs.min(axis=0), costs.max(axis=0)) if len(costs) else (none, -none)
    return Part(codes, results, len(codes), len(costs), ideal, nadir)


def frontier_part(codes: CodeArray, results: Results, evaluator: Evaluator) -> Part:
    """Return a part that keeps only its own non-dominated feasible designs."""
    part = whole_part(codes, results, evaluator)
    feasible = np.flatnonzero(results.feasible)
    kept = feasible[non_dominated(evaluator.costs(results)[feasible])]
    return Part(codes[kept], results.take(kept), part.evaluated, part.feasible, part.ideal, part.nadir)
