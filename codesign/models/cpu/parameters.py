"""What the models of cores read: programs, a core, and the process that it is made in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.cpu.design import PARAMETERS as CORE_PARAMETERS
from codesign.models.cpu.programs import programs_domain
from codesign.models.cpu.silicon.settings import HIGHEST_SUPPLY_V, LOWEST_SUPPLY_V
from codesign.space.domain import Float, Integer
from codesign.space.parameter import Parameter
from codesign.technology.nodes import DEFAULT_SUPPLY_V, LARGEST_NODE_NM, SMALLEST_NODE_NM

WARMUP = 200_000
INSTRUCTIONS = 800_000
MOST_INSTRUCTIONS = 1_000_000_000
DEFAULT_NODE_NM = 14.0

_COMMON = (
    Parameter("program", programs_domain(), description="run by the core; of several, each counts as much"),
    *CORE_PARAMETERS.values(),
    Parameter(
        "node_nm",
        Float(SMALLEST_NODE_NM, LARGEST_NODE_NM),
        "nm",
        default=DEFAULT_NODE_NM,
        description="technology node; of area and energy",
    ),
    Parameter(
        "supply_v",
        Float(LOWEST_SUPPLY_V, HIGHEST_SUPPLY_V),
        "V",
        default=DEFAULT_SUPPLY_V,
        description="supply voltage; of energy",
    ),
)
_TIMED = (
    Parameter(
        "warmup",
        Integer(0, MOST_INSTRUCTIONS),
        "instructions",
        default=WARMUP,
        description="of each trace that only train caches, TLBs and predictors",
    ),
    Parameter(
        "instructions",
        Integer(1, MOST_INSTRUCTIONS),
        "instructions",
        default=INSTRUCTIONS,
        description="of each trace that are timed after them",
    ),
)
PARAMETERS: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in _COMMON})
"""Of every model of cores."""
SIMULATED_PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {**PARAMETERS, **{parameter.name: parameter for parameter in _TIMED}}
)
"""Of the simulated one."""
