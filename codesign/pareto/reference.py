"""The reference point of a hypervolume, and how it was chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codesign.errors import nearest
from codesign.pareto.dominance import Costs
from codesign.pareto.errors import FrontierError
from codesign.pareto.objective import Objective

MARGIN = 0.1


@dataclass(frozen=True)
class ReferencePoint:
    """One value per objective, in the metric's own unit and direction.

    Attributes:
        values: metric -> value.
        source: how each was chosen, in words.
    """

    values: Mapping[str, float]
    source: str

    def costs(self, objectives: Sequence[Objective]) -> Costs:
        """Return the point as costs to be minimised, in the order of ``objectives``."""
        return np.array([self.values[o.metric] * o.sign for o in objectives])


def reference_point(
    costs: Costs, objectives: Sequence[Objective], given: Mapping[str, float] | None = None
) -> ReferencePoint:
    """Return the reference point for ``costs`` (n x m, to be minimised).

    For each objective, in this order: the value in ``given``; the objective's own ``reference``; else the worst value
    in ``costs`` moved by 10 % of the range there, so that the extreme points count too (where the range is 0, by 10 %
    of the value; where that is 0 too, by 1).

    Raises FrontierError when ``given`` names no objective or isn't finite, or nothing can be derived for want of rows.
    """
    given = {} if given is None else given
    require_given(given, objectives)
    names = [objective.metric for objective in objectives]
    values: dict[str, float] = {}
    derived: list[str] = []
    for position, objective in enumerate(objectives):
        stated = given.get(objective.metric, objective.reference)
        if stated is None:
            stated = _beyond_worst(costs[:, position], objective) * objective.sign
            derived.append(objective.metric)
        values[objective.metric] = float(stated)
    stated_names = [name for name in names if name not in derived]
    parts = [f"given for {', '.join(stated_names)}"] if stated_names else []
    if derived:
        parts.append(f"worst value found plus {MARGIN:.0%} of the range for {', '.join(derived)}")
    return ReferencePoint(values, "; ".join(parts))


def require_given(given: Mapping[str, float], objectives: Sequence[Objective]) -> None:
    """Raise FrontierError when ``given`` names no objective or holds a value that isn't a finite number."""
    names = [objective.metric for objective in objectives]
    for name, value in given.items():
        if name not in names:
            raise FrontierError(
                f"the reference point names {name!r}, which is no objective{nearest(name, names)}; "
                f"allowed: {', '.join(names)}"
            )
        if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not math.isfinite(value):
            raise FrontierError(f"the reference value of {name} must be a finite number; found {value!r}")


def _beyond_worst(column: Costs, objective: Objective) -> float:
    finite = column[np.isfinite(column)]
    if not len(finite):
        raise FrontierError(
            f"no reference value can be derived for {objective.metric}: there is no row with a finite value; give one"
        )
    worst, best = float(finite.max()), float(finite.min())
    step = MARGIN * (worst - best) or MARGIN * abs(worst) or 1.0
    return worst + step
