"""A frontier: the non-dominated designs with all their metrics, and what is known about them."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import nearest
from codesign.pareto import comparison, quality
from codesign.pareto.canonical import canonical, require_objectives
from codesign.pareto.certificate import Certificate
from codesign.pareto.csv_file import csv_text, write_atomically
from codesign.pareto.dominance import Costs, dominated_by, non_dominated
from codesign.pareto.errors import FrontierError
from codesign.pareto.objective import Objective, costs
from codesign.pareto.reference import ReferencePoint, reference_point, require_given

_ROWS_SHOWN = 10


class Frontier:
    """The designs of which none dominates another, one per row: parameters, then objectives, then other metrics.

    Args:
        table: designs with their metrics, none dominated by another, no objective NaN.
        objectives: at least one, in the order of importance for sorting.
        certificate: what is known about the frontier.
        parameters: the columns that make a design; the others are metrics.
        title: for people.
        reference: metric -> this coordinate of the hypervolume's reference point; before an objective's own.

    Raises FrontierError when a column is missing, a row is dominated or has an unknown objective, or ``reference`` is
    wrong. Use ``from_designs`` to take the frontier out of a larger table.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        objectives: Sequence[Objective],
        certificate: Certificate,
        parameters: Sequence[str],
        title: str = "",
        reference: Mapping[str, float] | None = None,
    ) -> None:
        require_objectives(table, objectives)
        self.objectives = tuple(objectives)
        self.parameters = list(parameters)
        self.certificate = certificate
        self.title = title
        self._given_reference = dict(reference or {})
        require_given(self._given_reference, objectives)
        names = [str(column) for column in table.columns]
        metrics = [objective.metric for objective in objectives]
        for name in self.parameters:
            if name not in names:
                raise FrontierError(
                    f"no column {name!r} for the parameter{nearest(name, names)}; found: {', '.join(names)}"
                )
            if name in metrics:
                raise FrontierError(f"{name!r} is named as parameter and as objective")
        _require_front(costs(table, objectives))
        others = [name for name in table.columns if name not in self.parameters + metrics]
        self._table = canonical(table[self.parameters + metrics + others], objectives)
        self._costs = costs(self._table, objectives)

    @classmethod
    def from_designs(
        cls,
        table: pd.DataFrame,
        objectives: Sequence[Objective],
        certificate: Certificate,
        parameters: Sequence[str],
        title: str = "",
        reference: Mapping[str, float] | None = None,
    ) -> Frontier:
        """Return the frontier of a table that may hold dominated, infeasible (``feasible`` false) and NaN rows."""
        require_objectives(table, objectives)
        if "feasible" in table.columns:
            table = table[table["feasible"].to_numpy(dtype=bool)]
        front = table[non_dominated(costs(table, objectives))]
        return cls(front, objectives, certificate, parameters, title, reference)

    @property
    def table(self) -> pd.DataFrame:
        """The rows in canonical order: by the objectives, best first, then by the other columns; a copy."""
        return self._table.copy()

    @property
    def costs(self) -> Costs:
        """The objectives as an n x m array to be minimised, in the order of the table; a copy."""
        return self._costs.copy()

    @property
    def metrics(self) -> list[str]:
        """The columns that aren't parameters, objectives first."""
        return [str(name) for name in self._table.columns if name not in self.parameters]

    @property
    def reference_point(self) -> ReferencePoint:
        """The reference point of ``hypervolume`` and how it was chosen (see ``codesign.pareto.reference``).

        Raises FrontierError when it would have to be derived from no rows.
        """
        return reference_point(self._costs, self.objectives, self._given_reference)

    def hypervolume(self, reference: Mapping[str, float] | None = None) -> float:
        """Return the dominated volume up to ``reference`` (metric -> value; None: ``reference_point``).

        Coordinates that ``reference`` leaves out are those of ``reference_point``. An empty frontier has 0. The unit is
        the product of the objectives' units; see ``quality.hypervolume``.
        """
        if not len(self):
            return 0.0
        return quality.hypervolume(self._costs, self._point(reference).costs(self.objectives))

    def normalised_hypervolume(self, reference: Mapping[str, float] | None = None) -> float:
        """Return the share, 0 to 1, of the box from the best value of each objective here to the reference point.

        Comparable between frontiers only where their best values agree; else compare with ``compare``.
        """
        if not len(self):
            return 0.0
        corner = self._point(reference).costs(self.objectives)
        ideal = self._costs.min(axis=0)
        if not (ideal < corner).all():
            return 0.0
        return quality.normalised_hypervolume(self._costs, ideal, corner)

    def distinct(self) -> pd.DataFrame:
        """Return one row per distinct vector of objectives, the first of each."""
        names = [objective.metric for objective in self.objectives]
        return self._table.drop_duplicates(subset=names).reset_index(drop=True)

    def best(self, metric: str, direction: Literal["minimize", "maximize"] | None = None) -> pd.Series[Any]:
        """Return the first row with the best value of ``metric``.

        ``direction`` must be given for a metric that is no objective. Raises FrontierError when it isn't, when there is
        no such column of numbers, or no row with a value.
        """
        known = {objective.metric: objective.direction for objective in self.objectives}
        column = Objective(metric, known.get(metric, "minimize") if direction is None else direction)
        require_objectives(self._table, [column])
        if direction is None and metric not in known:
            raise FrontierError(f"{metric!r} is no objective here: say whether to minimize or maximize it")
        values = costs(self._table, [column])[:, 0]
        if np.isnan(values).all():
            raise FrontierError(f"no row has a value of {metric!r}")
        return self._table.iloc[int(np.nanargmin(values))]

    def knee(self) -> pd.Series[Any]:
        """Return the row that bulges furthest towards the ideal point: a balanced choice, not a preferred one.

        Each objective is scaled to [0, 1] over the frontier (0 best); the knee has the least sum, that is the greatest
        distance from the hyperplane through the points where one objective is at its worst and the others at their best
        (with two objectives: from the line through both ends). The first of equals. After Das 1999, "On characterizing
        the 'knee' of the Pareto curve based on normal-boundary intersection", doi:10.1007/BF01195985.

        Raises FrontierError when the frontier is empty or an objective is infinite.
        """
        if not len(self):
            raise FrontierError("an empty frontier has no knee")
        if not np.isfinite(self._costs).all():
            raise FrontierError("a frontier with infinite objectives has no knee")
        low, span = self._costs.min(axis=0), np.ptp(self._costs, axis=0)
        scaled = (self._costs - low) / np.where(span > 0, span, 1.0)
        return self._table.iloc[int(scaled.sum(axis=1).argmin())]

    def dominates(self, designs: pd.DataFrame | Mapping[str, float]) -> npt.NDArray[np.bool_]:
        """Return for each row (or the one mapping) of objective values whether a row of this frontier dominates it."""
        table = designs if isinstance(designs, pd.DataFrame) else pd.DataFrame([dict(designs)])
        require_objectives(table, self.objectives)
        return dominated_by(costs(table, self.objectives), self._costs)

    def compare(self, other: Frontier, reference: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Return how this frontier (A) and ``other`` (B) stand to each other; see ``comparison.compare``."""
        return comparison.compare(self, other, reference)

    def to_csv(self, path: str | Path) -> Path:
        """Write the table as CSV (see ``csv_text``), whole or not at all. Raises StorageError when it can't."""
        write_atomically(Path(path), csv_text(self._table).encode())
        return Path(path)

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        aims = ", ".join(f"{o.direction} {o.metric}" for o in self.objectives)
        name = f"{self.title}: " if self.title else ""
        return f"<Frontier {name}{len(self)} designs; {aims}; {self.certificate}>"

    def _repr_html_(self) -> str:
        aims = ", ".join(f"{o.direction} {o.metric}" for o in self.objectives)
        lines = [f"<b>{html.escape(self.title or 'Frontier')}</b>: {len(self)} designs; {html.escape(aims)}"]
        lines.append(f"Certificate: {html.escape(str(self.certificate))}")
        if len(self):
            point = self.reference_point
            place = ", ".join(f"{name} {value:.4g}" for name, value in point.values.items())
            lines.append(
                f"Hypervolume {self.hypervolume():.6g} up to {html.escape(place)} ({html.escape(point.source)}); "
                f"{self.normalised_hypervolume():.4f} of the box from the best values"
            )
        if len(self) > _ROWS_SHOWN:
            lines.append(f"First {_ROWS_SHOWN} of {len(self)} designs:")
        rows = self._table.head(_ROWS_SHOWN).to_html(index=False, border=0, na_rep="", float_format="{:.6g}".format)
        return "<div>" + "<br>".join(lines) + rows + "</div>"

    def _point(self, reference: Mapping[str, float] | None) -> ReferencePoint:
        if reference is None:
            return self.reference_point
        return reference_point(self._costs, self.objectives, {**self._given_reference, **reference})


def _require_front(array: Costs) -> None:
    kept = non_dominated(array)
    if kept.all():
        return
    row = int(np.flatnonzero(~kept)[0])
    found = "has an unknown objective" if np.isnan(array[row]).any() else "is dominated by another"
    raise FrontierError(
        f"row {row} of the table {found} ({int((~kept).sum())} such rows); Frontier.from_designs takes the frontier "
        "out of any table"
    )
