"""The frontier of a table that is seen chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from codesign.errors import nearest
from codesign.pareto.canonical import canonical, require_objectives
from codesign.pareto.dominance import non_dominated
from codesign.pareto.errors import FrontierError
from codesign.pareto.objective import Objective, costs

_FEASIBLE = "feasible"


class RunningFrontier:
    """Keeps the non-dominated rows of all chunks given so far; memory grows with the frontier, not with the rows seen.

    The result depends on the set of rows only, not on how they were cut into chunks or ordered, given that a column has
    the same type in every chunk. Equal rows are kept once. Rows with a NaN objective, or with ``feasible`` false where
    the table has that column, never enter.

    Args:
        objectives: which columns, which way.
        rank: the column that orders rows with equal objectives; None: all remaining columns do.
    """

    def __init__(self, objectives: Sequence[Objective], rank: str | None = None) -> None:
        if not objectives:
            raise FrontierError("a frontier needs at least one objective; found none")
        self.objectives = tuple(objectives)
        self.rank = rank
        self.rows_seen = 0
        self._table: pd.DataFrame | None = None
        self._ordered = True
        self._largest = 1_000

    def update(self, table: pd.DataFrame) -> None:
        """Merge a chunk. Raises FrontierError when a column is missing or the columns differ from the first chunk's."""
        require_objectives(table, self.objectives)
        if self.rank is not None and self.rank not in table.columns:
            columns = [str(column) for column in table.columns]
            raise FrontierError(f"no column {self.rank!r} to order by{nearest(self.rank, columns)}")
        if self._table is not None:
            self._require_same_columns(table, self._table)
        self.rows_seen += len(table)
        candidates = table
        if _FEASIBLE in table.columns:
            candidates = candidates[candidates[_FEASIBLE].to_numpy(dtype=bool)]
        candidates = candidates[non_dominated(costs(candidates, self.objectives))]
        self._ordered = False
        if self._table is None:
            self._table = candidates
            return
        self._table, candidates = _same_types(self._table, candidates[list(self._table.columns)])
        if len(candidates):
            merged = pd.concat([self._table, candidates], ignore_index=True)
            self._table = merged[non_dominated(costs(merged, self.objectives))]
            if len(self._table) > self._largest:
                self._largest = 2 * len(self._order())

    @property
    def table(self) -> pd.DataFrame:
        """The frontier so far, in canonical order (see ``canonical``); a copy. Without columns before any chunk."""
        return self._order().copy()

    def __len__(self) -> int:
        return len(self._order())

    def _order(self) -> pd.DataFrame:
        """Put the rows in order and drop equal ones: when they are asked for, or when equal ones may have piled up."""
        if self._table is None:
            return pd.DataFrame()
        if not self._ordered:
            self._table = canonical(self._table, self.objectives, self.rank)
            self._ordered = True
        return self._table

    @staticmethod
    def _require_same_columns(table: pd.DataFrame, known: pd.DataFrame) -> None:
        missing = [str(name) for name in known.columns if name not in table.columns]
        extra = [str(name) for name in table.columns if name not in known.columns]
        if missing or extra:
            raise FrontierError(
                "the chunk's columns differ from those before: "
                f"missing {', '.join(missing) or 'none'}; new {', '.join(extra) or 'none'}"
            )


def _same_types(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    # Joined columns of different types would be converted (3 to 3.0), in a way that depends on the order of the chunks;
    # as objects the values stay what they were.
    differing = [name for name in first.columns if first[name].dtype != second[name].dtype]
    if not differing:
        return first, second
    as_objects = dict.fromkeys(differing, object)
    return first.astype(as_objects), second.astype(as_objects)
