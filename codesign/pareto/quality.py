"""Quality of one set of cost rows, or of one against another. All costs are to be minimised.

Definitions follow Zitzler, Thiele, Laumanns, Fonseca, Grunert da Fonseca 2003, "Performance assessment of
multiobjective optimizers: an analysis and review", doi:10.1109/TEVC.2003.810758, except where a function names another
source. Rows with a NaN are left out of every set.
"""

from __future__ import annotations

import math

import moocore
import numpy as np
import numpy.typing as npt

from codesign.pareto.dominance import Costs, cost_array, non_dominated, same_width, weakly_dominated_by
from codesign.pareto.errors import FrontierError


def hypervolume(costs: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Return the volume that ``costs`` (n x m) dominates, up to ``reference`` (m): larger is better.

    The Lebesgue measure of the union over the rows a of the boxes [a, reference]. A row that isn't below the reference
    in every objective adds nothing. The unit is the product of the objectives' units. Zitzler and Thiele 1998,
    doi:10.1007/BFb0056872; exact, O(n log n) for m <= 3, O(n^2) for m = 4, exponential in m beyond (moocore).

    Raises FrontierError when the reference isn't m finite numbers, or a row is at minus infinity.
    """
    array, point = cost_array(costs), _reference(reference)
    if array.shape[1] != len(point):
        raise FrontierError(f"{array.shape[1]} objectives, but a reference point of {len(point)} coordinates")
    inside = array[(array < point).all(axis=1)]
    if np.isneginf(inside).any():
        raise FrontierError("a cost of minus infinity has no hypervolume")
    inside = inside[non_dominated(inside)]
    return float(moocore.hypervolume(inside, ref=point)) if len(inside) else 0.0


def normalised_hypervolume(costs: npt.ArrayLike, ideal: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Return the share, 0 to 1, of the box [ideal, reference] that ``costs`` (n x m) dominates.

    A cost below the ideal counts as the ideal. Raises FrontierError unless ideal < reference in every objective.
    """
    array, low, high = cost_array(costs), _reference(ideal), _reference(reference)
    if len(low) != len(high) or not (low < high).all():
        raise FrontierError(
            "the ideal point must be below the reference point in every objective; "
            f"found {low.tolist()} and {high.tolist()}"
        )
    if array.shape[1] != len(low):
        raise FrontierError(f"{array.shape[1]} objectives, but an ideal point of {len(low)} coordinates")
    unit = (np.maximum(array, low) - low) / (high - low)
    return hypervolume(unit, np.ones(len(low)))


def additive_epsilon(costs: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """Return the least e such that ``costs`` (n x m), moved by -e, weakly dominates every row of ``others`` (k x m).

    ``max over b in others of min over a in costs of max over i of (a_i - b_i)``. At most 0 when ``costs`` weakly
    dominates all of ``others``. Normalise first where objectives have different units. Infinite when ``costs`` has no
    row. Raises FrontierError when ``others`` is empty or a number is infinite.
    """
    a, b = _finite_sets(costs, others)
    return float(moocore.epsilon_additive(a, ref=b)) if len(a) else math.inf


def multiplicative_epsilon(costs: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """Return the least factor e such that ``costs`` (n x m), divided by e, weakly dominates every row of ``others``.

    ``max over b in others of min over a in costs of max over i of (a_i / b_i)``; free of units. At most 1 when
    ``costs`` weakly dominates all of ``others``. Infinite when ``costs`` has no row. Raises FrontierError when
    ``others`` is empty or a number is infinite or not above 0.
    """
    a, b = _finite_sets(costs, others)
    if (a <= 0).any() or (b <= 0).any():
        raise FrontierError("the multiplicative epsilon needs costs above 0")
    return float(moocore.epsilon_mult(a, ref=b)) if len(a) else math.inf


def coverage(costs: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """Return C(costs, others): the share of the rows of ``others`` that some row of ``costs`` weakly dominates.

    1: every row of ``others`` is matched or beaten. C(A, B) and C(B, A) don't add up to 1; give both. NaN when
    ``others`` is empty. The coverage indicator of the same review.
    """
    a, b = same_width(costs, others)
    b = b[~np.isnan(b).any(axis=1)]
    return float(weakly_dominated_by(b, a).mean()) if len(b) else math.nan


def inverted_generational_distance_plus(costs: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """Return IGD+: how far on average the rows b of ``others`` (the aim) lie from what ``costs`` dominates.

    ``mean over b of min over a of sqrt(sum over i of max(a_i - b_i, 0)^2)``. 0 when every b is weakly dominated.
    Normalise first where objectives have different units. Infinite when ``costs`` has no row. Ishibuchi, Masuda,
    Tanigaki, Nojima 2015, "Modified distance calculation in generational distance and inverted generational distance",
    EMO 2015, LNCS 9018, pages 110-125. Raises FrontierError when ``others`` is empty or a number is infinite.
    """
    a, b = _finite_sets(costs, others)
    return float(moocore.igd_plus(a, ref=b)) if len(a) else math.inf


def _reference(point: npt.ArrayLike) -> Costs:
    array = np.asarray(point, dtype=np.float64)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise FrontierError(f"a reference point must be one finite number per objective; found {array.tolist()}")
    return array


def _finite_sets(costs: npt.ArrayLike, others: npt.ArrayLike) -> tuple[Costs, Costs]:
    a, b = same_width(costs, others)
    a, b = a[~np.isnan(a).any(axis=1)], b[~np.isnan(b).any(axis=1)]
    if not len(b):
        raise FrontierError("the set to compare with has no rows")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise FrontierError("an infinite cost has no distance to another")
    return a, b
