"""Which choice wins: the best design of each value of a parameter, and how far it is behind the best of all."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from codesign.errors import UnknownNameError, nearest

Direction = Literal["minimize", "maximize"]


def winners(designs: pd.DataFrame, by: str, metric: str, direction: Direction = "minimize") -> pd.DataFrame:
    """Return the best design of each value of ``by``, the best of all first.

    Designs without a number for ``metric`` are left out; of equal ones the first is taken.

    Args:
        designs: parameters and metrics, one row a design, e.g. ``result.evaluations``.
        by: a column, e.g. ``pe``.
        metric: what decides.
        direction: which way is better.

    Returns:
        Rows of ``designs`` with a further column ``behind``: the ratio to the best, 1 for the best, above 1 for the
        others (metric / best when minimised, best / metric when maximised; both are taken to be positive).

    Raises:
        UnknownNameError: ``by`` or ``metric`` isn't a column.
    """
    for name in (by, metric):
        if name not in designs:
            known = [str(column) for column in designs.columns]
            raise UnknownNameError(f"no column {name!r}{nearest(name, known)}; there are: {', '.join(known)}")
    ordered = designs[designs[metric].notna()].sort_values(metric, ascending=direction == "minimize", kind="stable")
    best = ordered.drop_duplicates(by)
    if best.empty:
        return best.assign(behind=pd.Series(dtype=float))
    first = best[metric].iloc[0]
    return best.assign(behind=best[metric] / first if direction == "minimize" else first / best[metric])
