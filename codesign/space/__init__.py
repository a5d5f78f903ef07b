"""Design spaces: parameters, hard constraints, limits and objectives, counted and checked before any model runs."""

from codesign.space.domain import Choices, Float, Integer, boolean, powers_of_two
from codesign.space.parameter import Parameter
from codesign.space.reader import parse_space, read_space
from codesign.space.space import FigureSettings, Limit, SearchSettings, Space

__all__ = [
    "Choices",
    "FigureSettings",
    "Float",
    "Integer",
    "Limit",
    "Parameter",
    "SearchSettings",
    "Space",
    "boolean",
    "parse_space",
    "powers_of_two",
    "read_space",
]
