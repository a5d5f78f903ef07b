"""A study's results folder, read for rendering."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import StudyError
from codesign.models.protocol import FEASIBLE, STATUS_COLUMNS, Metric
from codesign.pareto.errors import FrontierError
from codesign.pareto.frontier import Frontier
from codesign.pareto.frontier_file import read_frontier
from codesign.report.labels import Label, label

STUDY = "study.json"
FRONTIER = "frontier.csv"
EVALUATIONS = "evaluations.parquet"
CLOUD_ROWS = 5_000
_NEEDED = ("parameters", "objectives", "model", "search", "certificate", "counts", "hypervolume")


@dataclass(frozen=True)
class Results:
    """What a study left in its folder.

    Attributes:
        study: the content of ``study.json``.
        frontier: the content of ``frontier.csv``, with the objectives and certificate of the study.
        cloud: at most ``CLOUD_ROWS`` feasible designs of those evaluated, drawn evenly with a fixed seed, in the order
            in which they were evaluated.
        feasible_rows: how many feasible designs ``evaluations.parquet`` holds.
        labels: column -> its name in words and its unit.
        metrics: what the model says of each metric.
    """

    study: Mapping[str, Any]
    frontier: Frontier
    cloud: pd.DataFrame
    feasible_rows: int
    labels: Mapping[str, Label]
    metrics: Mapping[str, Metric]

    @property
    def metric_names(self) -> list[str]:
        """The numeric columns of the frontier that are metrics, objectives first."""
        names = [name for name in self.frontier.metrics if name not in STATUS_COLUMNS]
        return [name for name in names if pd.api.types.is_numeric_dtype(self.frontier.table[name])]

    def figure_setting(self, key: str) -> str | None:
        """Return ``figure.x``, ``.y`` or ``.colour`` of the study; None when not set or not a column."""
        name = (self.study.get("figure") or {}).get(key)
        return name if name in self.frontier.table.columns else None


def read_results(folder: Path) -> Results:
    """Read a results folder.

    Raises StudyError when ``study.json`` or ``frontier.csv`` is missing, damaged, or contradicts the other.
    """
    study = _study(folder / STUDY)
    try:
        frontier = read_frontier(folder)
    except FrontierError as error:
        raise StudyError(f"{folder}: the results can't be used: {error}") from error
    metrics = {name: _metric(name, entry) for name, entry in (study["model"].get("metrics") or {}).items()}
    units = {entry["name"]: entry.get("unit", "") for entry in study["parameters"]}
    units |= {name: metric.unit for name, metric in metrics.items()}
    labels = {str(name): label(str(name), units.get(str(name), "")) for name in frontier.table.columns}
    cloud, feasible_rows = _cloud(folder / EVALUATIONS)
    return Results(study, frontier, cloud, feasible_rows, labels, metrics)


def _study(path: Path) -> dict[str, Any]:
    try:
        study = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{path.parent} holds no {STUDY}: not the results folder of a finished study") from None
    except (OSError, ValueError) as error:
        raise StudyError(f"{path} can't be read: {error}") from error
    if not isinstance(study, dict) or study.get("format") != 1:
        raise StudyError(f"{path} is not the summary of a study: found no format 1")
    for key in _NEEDED:
        if key not in study:
            raise StudyError(f"{path} lacks {key!r}; found: {', '.join(study)}")
    return study


def _metric(name: str, entry: Mapping[str, Any]) -> Metric:
    return Metric(
        name, entry.get("unit", ""), entry["direction"], entry.get("description", ""), entry.get("known_error", "")
    )


def _cloud(path: Path) -> tuple[pd.DataFrame, int]:
    """Draw the rows by position first, so that a file of any size is read without holding it in memory."""
    if not path.is_file():
        return pd.DataFrame(), 0
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        if FEASIBLE in file.schema_arrow.names:
            feasible = np.flatnonzero(file.read(columns=[FEASIBLE])[FEASIBLE].to_numpy())
        else:
            feasible = np.arange(file.metadata.num_rows)
        chosen = feasible
        if len(feasible) > CLOUD_ROWS:
            chosen = np.sort(np.random.default_rng(0).choice(feasible, CLOUD_ROWS, replace=False))
        return _rows(file, chosen), len(feasible)
    except (OSError, pa.ArrowException) as error:
        raise StudyError(f"{path} can't be read: {error}") from error


def _rows(file: Any, chosen: npt.NDArray[np.int64]) -> pd.DataFrame:
    pieces: list[pd.DataFrame] = []
    start = 0
    for group in range(file.num_row_groups):
        end = start + file.metadata.row_group(group).num_rows
        inside = chosen[(chosen >= start) & (chosen < end)] - start
        if len(inside):
            pieces.append(file.read_row_group(group).take(inside).to_pandas())
        start = end
    if not pieces:
        pieces = [file.schema_arrow.empty_table().to_pandas()]
    return pd.concat(pieces, ignore_index=True)
