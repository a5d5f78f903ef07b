"""Whether a space and a model fit together, asked before anything runs; and a plain table check for single designs."""

from __future__ import annotations

import numpy as np

from codesign.errors import SpaceError, nearest
from codesign.models.protocol import Model
from codesign.models.registry import get_model
from codesign.space.domain import Choices, Domain, Float, Integer, Value
from codesign.space.parameter import Parameter
from codesign.space.space import Space
from codesign.space.yaml_document import Document, Path_, parse_document

MAX_CHECKED_VALUES = 10_000


def model_of(space: Space) -> Model:
    """Return the model that the space names. SpaceError (with the line) when there is none of that name."""
    from codesign.models.registry import names

    if space.model not in names():
        allowed = names()
        raise located(space).error(
            ("model",), f"no model {space.model!r}{nearest(space.model, allowed)}; allowed: {', '.join(allowed)}"
        )
    return get_model(space.model)


def match(space: Space, model: Model) -> None:
    """Raise SpaceError, with file and line, unless the model reads what varies and gives what is asked for.

    Checked: every parameter and fixed setting is one that the model reads, every value is one that it takes, nothing
    that it needs is missing, objectives, limits and figure columns are metrics (or parameters) that exist.
    """
    document = located(space)
    for parameter in space.parameters:
        path: Path_ = ("parameters", parameter.name)
        _match_values(document, path, parameter.name, _values_of(parameter.domain), model)
    for name, value in space.fixed.items():
        _match_values(document, ("fixed", name), name, [value], model)
    given = {*space.parameter_names, *space.fixed}
    for name, wanted in model.parameters.items():
        if name not in given and wanted.default is None and not wanted.optional:
            raise document.error(
                (),
                f"the model {model.name} needs {name!r} ({wanted.domain.describe()}); put it under parameters or fixed",
            )
    for objective in space.objectives:
        _match_metric(document, ("objectives", objective.metric), objective.metric, model)
    for limit in space.limits:
        _match_metric(document, ("limits", limit.metric), limit.metric, model)
    for axis in ("x", "y", "colour"):
        column = getattr(space.figure, axis)
        if column is not None and column not in model.metrics and column not in space.parameter_names:
            allowed = [*model.metrics, *space.parameter_names]
            raise document.error(
                ("figure", axis),
                f"no metric or parameter {column!r}{nearest(column, allowed)}; allowed: {', '.join(allowed)}",
            )


def _match_values(document: Document, path: Path_, name: str, values: list[Value], model: Model) -> None:
    wanted = model.parameters.get(name)
    if wanted is None:
        raise document.error(
            path,
            f"the model {model.name} reads no {name!r}{nearest(name, model.parameters)}; "
            f"it reads: {', '.join(model.parameters)}",
        )
    for value in values:
        if not wanted.domain.contains(value):
            hint = nearest(value, _texts(wanted)) if isinstance(value, str) else ""
            raise document.error(
                path, f"the model {model.name} can't take {value!r}{hint}; allowed: {wanted.domain.describe()}"
            )


def _texts(parameter: Parameter) -> list[str]:
    domain = parameter.domain
    if isinstance(domain, Choices):
        return [value for value in domain.values if isinstance(value, str)]
    return list(getattr(domain, "known", ()))


def _values_of(domain: Domain) -> list[Value]:
    """Return all values of a small domain, the ends of a large one."""
    if isinstance(domain, Choices):
        return list(domain.values)
    if isinstance(domain, Integer) and domain.size <= MAX_CHECKED_VALUES:
        return [int(value) for value in domain.at(np.arange(domain.size))]
    if isinstance(domain, Integer):
        return [domain.low, domain.low + domain.step * (domain.size - 1)]
    assert isinstance(domain, Float)
    return [domain.low, domain.high]


def _match_metric(document: Document, path: Path_, metric: str, model: Model) -> None:
    if metric not in model.metrics:
        raise document.error(
            path,
            f"the model {model.name} gives no metric {metric!r}{nearest(metric, model.metrics)}; "
            f"it gives: {', '.join(model.metrics)}",
        )


def located(space: Space) -> Document:
    """Return the space's document, for the places of its keys; an empty one for a space built in Python."""
    if not space.source.text:
        return Document({}, space.source.file)
    try:
        return parse_document(space.source.text, space.source.file)
    except SpaceError:
        return Document({}, space.source.file)
