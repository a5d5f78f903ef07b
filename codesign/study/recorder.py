"""The running record of a study: counts, running frontier, range of the objectives, and the Parquet file."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from codesign.errors import StorageError
from codesign.pareto.dominance import non_dominated
from codesign.pareto.objective import costs
from codesign.pareto.quality import hypervolume
from codesign.pareto.running import RunningFrontier
from codesign.study.evaluation import Evaluator, Results
from codesign.study.journal import storage_error
from codesign.study.part import Part

ROW_GROUP_ROWS = 131_072


class Recorder:
    """Takes the parts of a run, every distinct design once, in order; use as a context manager.

    Args:
        evaluator: turns codes and results into tables.
        parquet: where the table of evaluations is to be written.
    """

    def __init__(self, evaluator: Evaluator, parquet: Path) -> None:
        self._evaluator = evaluator
        self._path = parquet
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pd.DataFrame] = []
        self._waiting_rows = 0
        self.running = RunningFrontier(evaluator.objectives)
        self.evaluated = 0
        self.feasible = 0
        self.recorded = 0
        count = len(evaluator.objectives)
        self.ideal = np.full(count, np.inf)
        self.nadir = np.full(count, -np.inf)
        self._empty = evaluator.table(np.empty((0, len(evaluator.parameters))), _no_results(evaluator))

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(StorageError):
            self._close()

    def add(self, part: Part) -> None:
        """Count a part's designs, merge it into the frontier and write what it keeps."""
        self.evaluated += part.evaluated
        self.feasible += part.feasible
        self.ideal = np.minimum(self.ideal, part.ideal)
        self.nadir = np.maximum(self.nadir, part.nadir)
        table = self._evaluator.table(part.codes, part.results)
        good = np.flatnonzero(part.results.feasible)
        if len(good):
            self.running.update(table.iloc[good[non_dominated(self._evaluator.costs(part.results)[good])]])
        self._write(table)

    def _write(self, table: pd.DataFrame) -> None:
        self.recorded += len(table)
        if not len(table):
            return
        self._waiting.append(table)
        self._waiting_rows += len(table)
        if self._waiting_rows >= ROW_GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        table = pd.concat(self._waiting, ignore_index=True) if self._waiting else self._empty
        self._waiting, self._waiting_rows = [], 0
        try:
            arrow = pa.Table.from_pandas(table, preserve_index=False)
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._path, arrow.schema, compression="zstd")
            self._writer.write_table(arrow.cast(self._writer.schema))
        except OSError as error:
            raise storage_error(self._path.parent, error) from error

    def finish(self) -> None:
        """Write what is waiting and close the Parquet file."""
        if self._waiting or self._writer is None:
            self._flush()
        self._close()

    def _close(self) -> None:
        if self._writer is None:
            return
        writer, self._writer = self._writer, None
        try:
            writer.close()
        except OSError as error:
            raise storage_error(self._path.parent, error) from error

    def frontier_table(self) -> pd.DataFrame:
        """Return the running frontier, texts as plain texts."""
        table = self.running.table if self.feasible else self._empty
        return plain_texts(table)

    def normalised_hypervolume(self) -> float:
        """Return the share of the box between best and worst feasible values that the frontier dominates."""
        if not self.feasible or not (self.nadir > self.ideal).all():
            return float("nan")
        values = costs(self.running.table, self._evaluator.objectives)
        return float(hypervolume(values, self.nadir) / np.prod(self.nadir - self.ideal))


def plain_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with categorical columns as plain texts."""
    columns = [name for name in table.columns if isinstance(table[name].dtype, pd.CategoricalDtype)]
    return table.astype(dict.fromkeys(columns, "str")) if columns else table


def _no_results(evaluator: Evaluator) -> Results:
    none = np.empty(0)
    return Results(
        np.empty((0, len(evaluator.metric_names))), none.astype(bool), none.astype(object), none.astype(bool), none
    )
