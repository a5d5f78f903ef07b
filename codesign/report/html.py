"""The report of a study as one page that needs no network."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from codesign.models.protocol import IN_VALIDATED_RANGE, STATUS_COLUMNS
from codesign.report.labels import significant, typeset_unit
from codesign.report.results import Results
from codesign.report.tables import cell_text

MOST_TABLE_ROWS = 1_000
_CLOUD_DIGITS = 6
_NOT_SHOWN = ("date", "time", "started", "finished")


def html_page(results: Results) -> str:
    """Return the page: what is known, the linked figures, the table, the metrics, and where everything came from.

    All texts of the study are escaped; Plotly's library and the data are inside the page. No date, so that equal
    results give equal bytes.
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(_part("page.html"))
    study = results.study
    return template.render(
        title=str(study.get("title") or study.get("name") or "Frontier"),
        results=results,
        study=study,
        frontier=results.frontier,
        facts=_facts(results),
        columns=_columns(results),
        rows=_rows(results),
        most_rows=MOST_TABLE_ROWS,
        metrics=[results.metrics[name] for name in results.metric_names if name in results.metrics],
        objectives=[objective.metric for objective in results.frontier.objectives],
        typeset_unit=typeset_unit,
        provenance=_provenance(study),
        style=Markup(_part("page.css")),
        script=Markup(_part("page.js")),
        plotly=Markup(get_plotlyjs()),
        data=Markup(_script_json(_data(results))),
    )


def _part(name: str) -> str:
    return resources.files("codesign.report").joinpath("page", name).read_text(encoding="utf-8")


def _script_json(data: Any) -> str:
    """JSON that can't end the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _facts(results: Results) -> list[tuple[str, str]]:
    """The few numbers at the head of the page."""
    study, counts, volume = results.study, results.study["counts"], results.study["hypervolume"]
    facts = [("designs on the frontier", f"{len(results.frontier):,}")]
    evaluated = f"{counts['evaluated']:,}"
    if counts.get("feasible_designs"):
        evaluated += f" of {counts['feasible_designs']:,}"
    facts.append(("designs evaluated", evaluated))
    if counts.get("feasible") is not None:
        facts.append(("of them feasible", f"{counts['feasible']:,}"))
    seed = study["search"].get("seed")
    facts.append(("search", f"{study['search']['method']}" + (f", seed {seed}" if seed is not None else "")))
    if len(results.frontier):
        if volume.get("normalised") is not None:
            facts.append(("hypervolume, share of the box", f"{volume['normalised']:.4f}"))
        else:
            facts.append(("hypervolume", significant(float(volume["value"]))))
    return facts


def _columns(results: Results) -> list[dict[str, Any]]:
    objectives = {objective.metric: objective.direction for objective in results.frontier.objectives}
    columns = []
    for name in results.frontier.table.columns:
        if name in ("feasible", "reason"):
            continue
        series = results.frontier.table[name]
        numeric = bool(pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series))
        kind = "objective" if name in objectives else "parameter" if name in results.frontier.parameters else "metric"
        columns.append(
            {
                "name": str(name),
                "label": str(results.labels[str(name)]),
                "kind": "status" if name in STATUS_COLUMNS else kind,
                "direction": objectives.get(str(name)),
                "numeric": numeric,
            }
        )
    return columns


def _rows(results: Results) -> list[list[tuple[str, str]]]:
    """Per row and column the text shown and the value to sort by."""
    table = results.frontier.table.head(MOST_TABLE_ROWS)
    names = [column["name"] for column in _columns(results)]
    shown = [[(cell_text(value), _sort_value(value)) for value in table[name].astype(object)] for name in names]
    return [list(row) for row in zip(*shown, strict=True)]


def _sort_value(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return repr(float(value)) if isinstance(value, int | float | np.number | np.bool_) else str(value)


def _data(results: Results) -> dict[str, Any]:
    columns = _columns(results)
    names = [column["name"] for column in columns]
    frontier = results.frontier
    cloud = results.cloud[~_on_frontier(results)]
    axes = [column["name"] for column in columns if column["numeric"]]
    chosen = [objective.metric for objective in frontier.objectives]
    x = results.figure_setting("x") or chosen[0]
    y = results.figure_setting("y") or (chosen[1] if len(chosen) > 1 else _another(axes, x))
    return {
        "columns": columns,
        "frontier": {name: [_json_value(value) for value in frontier.table[name].astype(object)] for name in names},
        "cloud": {
            name: [_json_value(value, _CLOUD_DIGITS) for value in cloud[name].astype(object)]
            for name in axes
            if name in cloud.columns
        },
        "axes": axes,
        "x": x,
        "y": y,
        "colour": results.figure_setting("colour"),
        "objectives": {objective.metric: objective.direction for objective in frontier.objectives},
        "varying": [n for n in frontier.parameters if frontier.table[n].nunique(dropna=False) > 1],
        "validated": IN_VALIDATED_RANGE,
    }


def _on_frontier(results: Results) -> npt.NDArray[np.bool_]:
    """Which rows of the cloud are on the frontier, and so are drawn already."""
    names = [objective.metric for objective in results.frontier.objectives]
    if not len(results.cloud):
        return np.zeros(0, dtype=bool)
    points = pd.MultiIndex.from_frame(results.frontier.table[names])
    return np.asarray(pd.MultiIndex.from_frame(results.cloud[names]).isin(points))


def _another(axes: list[str], x: str) -> str:
    return next((name for name in axes[::-1] if name != x), x)


def _json_value(value: Any, digits: int | None = None) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            return None
        return number if digits is None else float(f"{number:.{digits}g}")
    return str(value)


def _provenance(study: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Blocks of name and value for everything that the page doesn't show elsewhere."""
    model, space = study["model"], study.get("space") or {}
    blocks = [
        ("Space", [("file", space.get("file")), ("sha256", space.get("sha256"))]),
        ("Fixed settings", list((study.get("fixed") or {}).items())),
        ("Constraints", [(c.get("expression"), _cut(c)) for c in study.get("constraints") or []]),
        ("Limits", [(name, _bounds(bounds)) for name, bounds in (study.get("limits") or {}).items()]),
        ("Model", [("name", model.get("name")), ("version", model.get("version")), ("sources", model.get("sources"))]),
        ("Search", _flat(study["search"])),
        ("Counts", _flat(study["counts"])),
        ("Hypervolume", _flat(study["hypervolume"])),
        ("Inputs", _flat(study.get("inputs") or {})),
        ("Environment", [*_flat(study.get("environment") or {}), ("wall time (s)", study.get("wall_s"))]),
    ]
    shown = []
    for title, entries in blocks:
        texts = [(str(name), _text(value)) for name, value in entries if value not in (None, "", [], {})]
        if texts:
            shown.append((title, texts))
    return shown


def _flat(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in data.items():
        name = f"{prefix}{key}".replace("_", " ") if not prefix else f"{prefix}{key}"
        if str(key).lower() in _NOT_SHOWN:
            continue
        rows += _flat(value, f"{name}: ") if isinstance(value, Mapping) else [(name, value)]
    return rows


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(_text(each) for each in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    return cell_text(value)


def _cut(constraint: Mapping[str, Any]) -> str:
    share = constraint.get("share_cut")
    if share is None:
        return "holds for every design"
    return f"cuts {'' if constraint.get('exact', True) else 'about '}{share:.3%} of the designs"


def _bounds(bounds: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_text(value)}" for name, value in bounds.items())
