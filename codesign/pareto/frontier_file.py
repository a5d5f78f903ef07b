"""A frontier read back from what a study or ``Frontier.to_csv`` wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from codesign.pareto.certificate import Certificate
from codesign.pareto.csv_file import read_csv
from codesign.pareto.errors import FrontierError
from codesign.pareto.frontier import Frontier
from codesign.pareto.objective import Objective

UNSTATED = Certificate("heuristic", "read from a file that states nothing about how it was found")


def read_frontier(
    path: str | Path,
    objectives: Sequence[Objective] | None = None,
    parameters: Sequence[str] | None = None,
    certificate: Certificate | None = None,
    title: str | None = None,
) -> Frontier:
    """Return the frontier in a results folder (``frontier.csv`` beside ``study.json``) or in a CSV file.

    What isn't given is taken from the ``study.json`` beside the CSV file. Without one, ``objectives`` must be given,
    parameters are the columns left of the first objective, and the certificate states that nothing is known.

    Raises FrontierError when a file is missing or damaged, or the table is no frontier for the objectives.
    """
    file = Path(path) / "frontier.csv" if Path(path).is_dir() else Path(path)
    table = read_csv(file)
    study = _study(file.parent / "study.json")
    if objectives is None:
        if "objectives" not in study:
            raise FrontierError(f"{file} has no study.json beside it: say which columns are objectives")
        objectives = [objective_from_json(entry, str(file.parent / "study.json")) for entry in study["objectives"]]
    metrics = [objective.metric for objective in objectives]
    names = [str(name) for name in table.columns]
    if parameters is None and "parameters" in study:
        parameters = [entry["name"] for entry in study["parameters"]]
    if parameters is None:
        first = min((names.index(name) for name in metrics if name in names), default=0)
        parameters = names[:first]
    if certificate is None:
        certificate = Certificate.from_json(study["certificate"]) if "certificate" in study else UNSTATED
    if title is None:
        title = str(study.get("title", ""))
    reference = (study.get("hypervolume") or {}).get("reference") or {}
    given = {name: value for name, value in reference.items() if name in metrics and value is not None}
    return Frontier(table, objectives, certificate, parameters, title, given)


def objective_from_json(data: Mapping[str, Any], place: str) -> Objective:
    """Return the objective behind {"metric", "direction", "reference"}; raises FrontierError naming ``place``."""
    metric, direction = data.get("metric"), data.get("direction")
    if not isinstance(metric, str) or direction not in ("minimize", "maximize"):
        raise FrontierError(f"{place}: an objective needs a metric and minimize or maximize; found {dict(data)!r}")
    return Objective(metric, direction, data.get("reference"))


def _study(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FrontierError(f"{path} can't be read as JSON: {error}") from error
    if not isinstance(data, dict):
        raise FrontierError(f"{path} must hold an object; found {type(data).__name__}")
    return data
