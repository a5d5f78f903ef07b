"""What several runs of a search attain: the empirical attainment function.

A run attains a point when one of its rows is no worse in every objective. The attainment function gives for each
point the share of runs that attain it; its level sets are the surfaces reached by, say, half of the runs. Grunert da
Fonseca, Fonseca, Hall 2001, doi:10.1007/3-540-44719-9_15; computed by the algorithms of Fonseca, Guerreiro,
López-Ibáñez, Paquete 2011, doi:10.1007/978-3-642-19893-9_8 (moocore).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import moocore
import numpy as np
import numpy.typing as npt

from codesign.pareto.dominance import Costs, non_dominated, same_width, weakly_dominated_by
from codesign.pareto.errors import FrontierError


def attainment_surface(runs: Sequence[npt.ArrayLike], share: float) -> Costs:
    """Return the corner points (k x m, sorted) of the region that at least ``share`` of the ``runs`` attain.

    Each run is an n_r x m table of costs, m <= 3; rows with a NaN are left out. ``share`` 1/len(runs) or less gives the
    best surface, 0.5 the median, 1.0 the worst. No rows where fewer runs than that found anything.

    Raises FrontierError when there is no run, the numbers of objectives differ or exceed 3, a cost is infinite, or
    ``share`` isn't in (0, 1].
    """
    if not 0 < share <= 1:
        raise FrontierError(f"the share of runs must be above 0 and at most 1; found {share!r}")
    sets = _runs(runs)
    wanted = max(1, math.ceil(share * len(sets) - 1e-9))
    points = np.vstack(sets)
    if not len(points) or sum(len(s) > 0 for s in sets) < wanted:
        return np.empty((0, points.shape[1]))
    if points.shape[1] == 1:
        best = np.sort([s.min() for s in sets if len(s)])
        return best[wanted - 1 : wanted, None]
    number = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
    filled = len(np.unique(number))
    surfaces = moocore.eaf(points, np.unique(number, return_inverse=True)[1] + 1)
    corners = surfaces[np.rint(surfaces[:, -1] * filled / 100).astype(int) == wanted, :-1]
    corners = np.unique(corners, axis=0)
    return np.ascontiguousarray(corners[non_dominated(corners)])


def attained_share(runs: Sequence[npt.ArrayLike], points: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return for each of ``points`` (k x m) the share, 0 to 1, of the ``runs`` (each n_r x m) that attain it.

    Raises FrontierError when there is no run or the numbers of objectives differ.
    """
    if not len(runs):
        raise FrontierError("the attainment of no runs isn't defined; give at least one")
    attained = np.array([weakly_dominated_by(points, run) for run in runs], dtype=np.float64)
    return np.asarray(attained.mean(axis=0))


def _runs(runs: Sequence[npt.ArrayLike]) -> list[Costs]:
    if not len(runs):
        raise FrontierError("the attainment of no runs isn't defined; give at least one")
    sets = [same_width(run, runs[0])[0] for run in runs]
    sets = [run[~np.isnan(run).any(axis=1)] for run in sets]
    if sets[0].shape[1] > 3:
        raise FrontierError(f"attainment surfaces are computed for up to 3 objectives; found {sets[0].shape[1]}")
    if not all(np.isfinite(run).all() for run in sets):
        raise FrontierError("an infinite cost has no place on an attainment surface")
    return sets
