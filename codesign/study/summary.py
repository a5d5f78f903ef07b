"""What a study's ``study.json`` says of its space and its model."""

from __future__ import annotations

from typing import Any

from codesign.models.protocol import Metric, Model
from codesign.space.space import Limit, Space
from codesign.study.provenance import input_files, text_hash

FORMAT = 1


def describe(space: Space, model: Model) -> dict[str, Any]:
    """Return everything about space and model that a reader of the results needs, as JSON types."""
    return {
        "format": FORMAT,
        "name": space.name,
        "title": space.title,
        "space": {"file": space.source.file, "sha256": text_hash(space.source.text), "text": space.source.text},
        "parameters": [
            {"name": p.name, "unit": p.unit, "kind": p.domain.kind, "values": p.domain.describe()}
            for p in space.parameters
        ],
        "fixed": space.fixed,
        "constraints": [
            {"expression": row.constraint, "share_cut": row.share, "exact": row.exact}
            for row in space.cuts().itertuples()
        ],
        "objectives": [
            {"metric": o.metric, "direction": o.direction, "reference": o.reference} for o in space.objectives
        ],
        "limits": {limit.metric: _bounds(limit) for limit in space.limits},
        "figure": {"x": space.figure.x, "y": space.figure.y, "colour": space.figure.colour},
        "model": {
            "name": model.name,
            "version": model.version,
            "sources": list(model.sources),
            "metrics": {name: _metric(metric) for name, metric in model.metrics.items()},
        },
        "inputs": input_files(space),
    }


def _metric(metric: Metric) -> dict[str, str]:
    return {
        "unit": metric.unit,
        "direction": metric.direction,
        "description": metric.description,
        "known_error": metric.known_error,
    }


def _bounds(limit: Limit) -> dict[str, float]:
    pairs = (("at_most", limit.at_most), ("at_least", limit.at_least))
    return {name: bound for name, bound in pairs if bound is not None}
