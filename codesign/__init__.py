"""codesign: hardware-software co-design exploration, from declarative spaces to Pareto frontiers.

import codesign

result = codesign.sweep("spaces/systolic/mobilenetv1-arrays.yaml")
result.frontier.table          # a pandas DataFrame
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codesign.models import Check, Metric, Model, get_model
    from codesign.pareto import Certificate, Frontier, Objective
    from codesign.report.sweep import sweep
    from codesign.space import Parameter, Space, parse_space, read_space
    from codesign.study import Study, StudyResult, make_executor
    from codesign.workloads.catalogue import load_network

_HOMES = {
    "Certificate": "codesign.pareto",
    "Check": "codesign.models",
    "Frontier": "codesign.pareto",
    "Metric": "codesign.models",
    "Model": "codesign.models",
    "Objective": "codesign.pareto",
    "Parameter": "codesign.space",
    "Space": "codesign.space",
    "Study": "codesign.study",
    "StudyResult": "codesign.study",
    "get_model": "codesign.models",
    "load_network": "codesign.workloads.catalogue",
    "make_executor": "codesign.study",
    "parse_space": "codesign.space",
    "read_space": "codesign.space",
    "sweep": "codesign.report.sweep",
}

__all__ = [
    "Certificate",
    "Check",
    "Frontier",
    "Metric",
    "Model",
    "Objective",
    "Parameter",
    "Space",
    "Study",
    "StudyResult",
    "get_model",
    "load_network",
    "make_executor",
    "parse_space",
    "read_space",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import codesign`` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'codesign' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
