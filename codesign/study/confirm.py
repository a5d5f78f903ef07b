"""A finished study's frontier under another model: search with a fast one, confirm what it found with a slow one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from codesign.errors import StudyError
from codesign.models.protocol import FEASIBLE, IN_VALIDATED_RANGE, REASON, Model
from codesign.pareto.certificate import Certificate
from codesign.pareto.csv_file import csv_text, write_atomically
from codesign.pareto.frontier import Frontier
from codesign.space.space import Limit, Space
from codesign.study.evaluation import Evaluator, Results, with_default
from codesign.study.folder import frontier_designs, read_study_frontier, read_summary

WAS, CHANGE = "_was", "_change_percent"


@dataclass(frozen=True)
class Confirmed:
    """A frontier's designs under another model.

    Attributes:
        before: the study's frontier.
        table: its designs in the same order: parameters; for each objective the new value, the study's (``_was``) and
            the change in percent of its size (missing where that is 0); the model's other metrics, ``feasible``,
            ``reason`` and ``in_validated_range``.
        after: the designs of which none dominates another under the new model; infeasible ones aren't among them.
        volumes: dominated volume of the frontier's designs: as the study has them, and as the new model has them, both
            up to one reference point.
    """

    before: Frontier
    table: pd.DataFrame
    after: Frontier
    volumes: tuple[float, float]


def confirmed(folder: str | Path, model: Model) -> Confirmed:
    """Evaluate the designs of a finished study's frontier with another model.

    They are judged as in a study: inactive parameters have the model's default, and what lies beyond the study's
    limits under the new model, or has no finite objective, is infeasible.

    Raises:
        StudyError: the folder holds no finished study, its frontier is empty, or the model doesn't read what the
            study's designs say or doesn't give its objectives and limits.
        ModelFailureError: the model breaks its contract.
    """
    before, summary = read_study_frontier(folder), read_summary(folder)
    designs = frontier_designs(folder)
    if not len(designs):
        raise StudyError(f"{folder} has an empty frontier: there is nothing to confirm")
    searched, limits = summary["model"]["name"], summary["limits"]
    metrics = [objective.metric for objective in before.objectives]
    for kind, names, known in (("reads", designs, model.parameters), ("gives", [*metrics, *limits], model.metrics)):
        for name in names:
            if name not in known:
                raise StudyError(f"{model.name} {kind} no {name!r}, which the study of {searched} has")
    results = _results(designs, before, limits, model)
    table = _table(before, results, model)
    statement = f"searched with {searched}, its {len(table)} designs evaluated with {model.name}"
    after = Frontier.from_designs(
        table, before.objectives, Certificate("heuristic", statement), before.parameters, before.title
    )
    return Confirmed(before, table, after, _volumes(before, after))


def write_confirmed(folder: str | Path, model: Model, found: Confirmed) -> Path:
    """Write the table to ``confirmed-<model>.csv`` in the study's folder. StorageError when it can't be written."""
    path = Path(folder) / f"confirmed-{model.name}.csv"
    write_atomically(path, csv_text(found.table).encode())
    return path


def _results(designs: pd.DataFrame, before: Frontier, limits: Mapping[str, Any], model: Model) -> Results:
    for name in map(str, designs.columns):
        default = model.parameters[name].default
        if default is not None and designs[name].isna().any():
            designs[name] = with_default(designs[name], default)
    bounds = [Limit(metric, **bound) for metric, bound in limits.items()]
    space = Space(list(model.parameters.values()), objectives=before.objectives, limits=bounds)
    return Evaluator(space, model).judged(designs)


def _table(before: Frontier, results: Results, model: Model) -> pd.DataFrame:
    answer = pd.DataFrame(results.metrics, columns=list(model.metrics))
    found, metrics = before.table, [objective.metric for objective in before.objectives]
    columns = {name: found[name] for name in before.parameters}
    for name in metrics:
        was = found[name].astype(np.float64)
        change = 100.0 * (answer[name] - was) / was.abs().where(was != 0)
        columns |= {name: answer[name], name + WAS: was, name + CHANGE: change}
    columns |= {name: answer[name] for name in model.metrics if name not in metrics}
    columns[FEASIBLE] = pd.Series(results.feasible)
    columns[REASON] = pd.Series(results.reason, dtype="str")
    columns[IN_VALIDATED_RANGE] = pd.Series(results.in_validated_range)
    return pd.DataFrame(columns)


def _volumes(before: Frontier, after: Frontier) -> tuple[float, float]:
    """Return the dominated volumes of two frontiers up to the reference point of the first."""
    metrics = [objective.metric for objective in before.objectives]
    signs = np.array([objective.sign for objective in before.objectives])
    corner = before.reference_point.costs(before.objectives) * signs
    point = dict(zip(metrics, corner.tolist(), strict=True))
    return before.hypervolume(point), after.hypervolume(point)
