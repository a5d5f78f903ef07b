"""A parameter: one thing that may vary in a space, or that a model reads."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import Any

from codesign.errors import SpaceError
from codesign.space.domain import Domain, Value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
WORDS_OF_THE_GRAMMAR = frozenset(
    {"and", "or", "not", "in", "min", "max", "abs", "floor", "ceil", "log2", "true", "false"}
)


@dataclass(frozen=True)
class Parameter:
    """A named domain.

    Attributes:
        name: an identifier, used in constraints and as column name.
        domain: the values that it may take.
        unit: of the values; empty where the name says it or there is none.
        when: in a space, the expression under which the parameter is active; None = always. An inactive parameter has
            no value.
        default: in a model, the value where a design doesn't give one; None = must be given, unless ``optional``.
        optional: in a model, may be left out without a default; the metrics that need it are then NaN.
        description: one line.
    """

    name: str
    domain: Domain
    unit: str = ""
    when: str | None = None
    default: Value | None = None
    description: str = ""
    optional: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.match(self.name):
            raise SpaceError(f"the parameter name {self.name!r} is not a word of letters, digits and underscores")
        if keyword.iskeyword(self.name) or self.name in WORDS_OF_THE_GRAMMAR:
            raise SpaceError(f"the parameter name {self.name!r} is a word of the expression grammar; choose another")
        if self.default is not None and not self.domain.contains(self.default):
            raise SpaceError(f"the default {self.default!r} of {self.name} is not in {self.domain.describe()}")

    def to_json(self) -> dict[str, Any]:
        """Return all attributes as JSON types."""
        return {
            "name": self.name,
            "domain": self.domain.to_json(),
            "unit": self.unit,
            "when": self.when,
            "default": self.default,
            "description": self.description,
            "optional": self.optional,
        }
