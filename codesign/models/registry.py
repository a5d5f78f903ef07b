"""Models by name, found through the entry-point group ``codesign.models``; ours and others' use the same path."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from codesign.errors import CodesignError, UnknownNameError, nearest
from codesign.models.protocol import Model

MODELS_GROUP = "codesign.models"
REPRODUCTIONS_GROUP = "codesign.reproductions"
VALIDATIONS_GROUP = "codesign.validations"


def names(group: str = MODELS_GROUP) -> list[str]:
    """Return the registered names of a group, sorted."""
    return sorted(_points(group))


def load(name: str, group: str) -> Any:
    """Return the object registered under ``name``.

    Raises UnknownNameError with the nearest name, CodesignError when its package is broken.
    """
    points = _points(group)
    if name not in points:
        what = {MODELS_GROUP: "model", REPRODUCTIONS_GROUP: "reproduction", VALIDATIONS_GROUP: "validation"}[group]
        raise UnknownNameError(f"no {what} {name!r}{nearest(name, points)}; allowed: {', '.join(sorted(points))}")
    try:
        return points[name].load()
    except (ImportError, AttributeError) as error:
        raise CodesignError(f"{name!r} is registered by {points[name].value} but can't be loaded: {error}") from error


@cache
def get_model(name: str) -> Model:
    """Return the model registered under ``name`` (one instance a process)."""
    model = load(name, MODELS_GROUP)()
    if not isinstance(model, Model):
        raise CodesignError(f"{name!r} is registered as a model but lacks part of codesign.models.protocol.Model")
    return model


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in sorted(entry_points(group=group), key=lambda point: point.value)}
