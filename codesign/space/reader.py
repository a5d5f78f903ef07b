"""A space from YAML: every fault is one error with file, line, what was found and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codesign.errors import SpaceError, nearest
from codesign.pareto.objective import Objective
from codesign.space.domain import Choices, Domain, Float, Integer, Value, boolean, powers_of_two
from codesign.space.parameter import Parameter
from codesign.space.space import FigureSettings, Limit, SearchSettings, Source, Space
from codesign.space.yaml_document import Document, Path_, parse_document, read_document

SPACE_KEYS = (
    "title", "model", "fixed", "parameters", "constraints", "limits", "objectives", "search", "figure",
)  # fmt: skip
PARAMETER_KEYS = ("values", "range", "step", "log", "powers_of_two", "boolean", "when", "unit", "description")
KINDS = ("values", "range", "powers_of_two", "boolean")


def read_space(file: str | Path) -> Space:
    """Read a space from a YAML file. Raises SpaceError with file and line for whatever is wrong."""
    document, text = read_document(file)
    return _Reader(document, text, space_name(file)).space()


def parse_space(text: str, name: str = "space") -> Space:
    """Read a space from YAML text."""
    return _Reader(parse_document(text), text, name).space()


def space_name(file: str | Path) -> str:
    """Return the file's path below the nearest folder named ``spaces``, without suffix; else its stem."""
    path = Path(file)
    parts = path.with_suffix("").parts
    if "spaces" in parts[:-1]:
        start = len(parts) - 1 - parts[::-1].index("spaces")
        return "/".join(parts[start + 1 :])
    return path.stem


class _Reader:
    def __init__(self, document: Document, text: str, name: str) -> None:
        self.document = document
        self.text = text
        self.name = name
        if not isinstance(document.data, dict):
            raise document.error((), f"a space is a mapping of {', '.join(SPACE_KEYS)}; found {_found(document.data)}")
        self.data: dict[str, Any] = document.data

    def space(self) -> Space:
        self._keys((), self.data, SPACE_KEYS)
        for key in ("model", "parameters", "objectives"):
            if self.data.get(key) is None:
                raise self.document.error((), f"the key {key!r} is missing")
        parameters = [
            self._parameter(name, ("parameters", name)) for name in self._mapping(("parameters",), required=True)
        ]
        constraints = self._constraints()
        try:
            return Space(
                parameters,
                constraints=constraints,
                fixed=self._fixed(),
                limits=self._limits(),
                objectives=self._objectives(),
                model=self._text(("model",)),
                search=self._search(),
                figure=self._figure(),
                title=self._text(("title",)) if self.data.get("title") is not None else "",
                name=self.name,
                source=Source(self.document.file, self.text),
            )
        except SpaceError as error:
            if error.line is not None:
                raise
            raise self.document.error(_path_of(error.path), error.message) from None

    def _keys(self, path: Path_, data: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
        for key in data:
            if key not in allowed:
                raise self.document.error(
                    (*path, key), f"unknown key {key!r}{nearest(key, allowed)}; allowed: {', '.join(allowed)}"
                )

    def _at(self, path: Path_) -> Any:
        value: Any = self.data
        for part in path:
            value = value[part]
        return value

    def _mapping(self, path: Path_, required: bool = False) -> dict[str, Any]:
        value = self._at(path) if path[0] in self.data else None
        if value is None and not required:
            return {}
        if not isinstance(value, dict):
            raise self.document.error(path, f"must be a mapping (name: value), found {_found(value)}")
        if required and not value:
            raise self.document.error(path, "is empty; give at least one entry")
        return value

    def _text(self, path: Path_) -> str:
        value = self._at(path)
        if not isinstance(value, str) or not value.strip():
            raise self.document.error(path, f"must be a text, found {_found(value)}")
        return value

    def _number(self, path: Path_) -> float:
        value = self._at(path)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.document.error(path, f"must be a finite number, found {_found(value)}")
        return value

    def _parameter(self, name: str, path: Path_) -> Parameter:
        value = self._at(path)
        try:
            if isinstance(value, list):
                return Parameter(name, Choices(tuple(value)))
            if not isinstance(value, dict):
                raise SpaceError(
                    f"must be a list of values or a mapping with one of {', '.join(KINDS)}; found {_found(value)} "
                    f"(a setting that doesn't vary belongs under fixed)"
                )
            self._keys(path, value, PARAMETER_KEYS)
            for key in ("when", "unit", "description"):
                if key in value:
                    self._text((*path, key))
            return Parameter(
                name,
                self._domain(value, path),
                unit=value.get("unit", ""),
                when=value.get("when"),
                description=value.get("description", ""),
            )
        except SpaceError as error:
            if error.line is not None:
                raise
            raise self.document.error(path, error.message) from None

    def _domain(self, value: Mapping[str, Any], path: Path_) -> Domain:
        kinds = [kind for kind in KINDS if kind in value]
        if len(kinds) != 1:
            found = " and ".join(kinds) if kinds else "none of them"
            raise SpaceError(f"needs exactly one of {', '.join(KINDS)}; found {found}")
        for key in ("step", "log"):
            if key in value and kinds[0] != "range":
                raise self.document.error((*path, key), f"{key} goes with range, not with {kinds[0]}")
        if kinds[0] == "values":
            if not isinstance(value["values"], list):
                raise SpaceError(f"values must be a list, found {_found(value['values'])}")
            return Choices(tuple(value["values"]))
        if kinds[0] == "boolean":
            if value["boolean"] is not True:
                raise SpaceError(f"write boolean: true (both values are then allowed); found {value['boolean']!r}")
            return boolean()
        low, high = self._pair((*path, kinds[0]))
        if kinds[0] == "powers_of_two":
            return powers_of_two(low, high)  # type: ignore[arg-type]
        return self._range(low, high, value, path)

    def _pair(self, path: Path_) -> tuple[float, float]:
        value = self._at(path)
        if not isinstance(value, list) or len(value) != 2:
            raise self.document.error(path, f"must be [low, high], found {_found(value)}")
        return self._number((*path, 0)), self._number((*path, 1))

    def _range(self, low: float, high: float, value: Mapping[str, Any], path: Path_) -> Domain:
        step = self._number((*path, "step")) if "step" in value else None
        log = value.get("log", False)
        if not isinstance(log, bool):
            raise self.document.error((*path, "log"), f"must be true or false, found {_found(log)}")
        whole = isinstance(low, int) and isinstance(high, int) and (step is None or isinstance(step, int))
        if whole and not log:
            return Integer(int(low), int(high), 1 if step is None else int(step))
        return Float(low, high, step, log)

    def _constraints(self) -> list[str]:
        value = self.data.get("constraints")
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.document.error(("constraints",), f"must be a list of expressions, found {_found(value)}")
        return [self._text(("constraints", index)) for index in range(len(value))]

    def _fixed(self) -> dict[str, Value]:
        fixed = self._mapping(("fixed",))
        for key, value in fixed.items():
            if not isinstance(value, str | int | float | bool):
                raise self.document.error(
                    ("fixed", key), f"must be one text, number or true/false, found {_found(value)}"
                )
            if isinstance(value, float) and not math.isfinite(value):
                raise self.document.error(("fixed", key), f"must be finite, found {value}")
        return fixed

    def _limits(self) -> list[Limit]:
        limits = []
        for metric, value in self._mapping(("limits",)).items():
            path = ("limits", metric)
            if not isinstance(value, dict):
                raise self.document.error(path, f"must be a mapping with at_most or at_least, found {_found(value)}")
            self._keys(path, value, ("at_most", "at_least"))
            bounds = {key: float(self._number((*path, key))) for key in value}
            limits.append(Limit(metric, bounds.get("at_most"), bounds.get("at_least")))
        return limits

    def _objectives(self) -> list[Objective]:
        objectives = []
        for metric, value in self._mapping(("objectives",), required=True).items():
            path: Path_ = ("objectives", metric)
            reference = None
            if isinstance(value, dict):
                self._keys(path, value, ("direction", "reference"))
                if "reference" in value:
                    reference = float(self._number((*path, "reference")))
                value, path = value.get("direction"), (*path, "direction")
            if value not in ("minimize", "maximize"):
                raise self.document.error(
                    path, f"must be minimize or maximize, found {_found(value)}{_direction_hint(value)}"
                )
            objectives.append(Objective(metric, value, reference))
        return objectives

    def _search(self) -> SearchSettings:
        data = self._mapping(("search",))
        options: dict[str, Value] = {}
        for key, value in data.items():
            if not isinstance(value, str | int | float | bool):
                raise self.document.error(("search", key), f"must be one text or number, found {_found(value)}")
            if key not in ("method", "budget", "seed"):
                options[key] = value
        for key, least in (("budget", 1), ("seed", 0)):
            if key in data and (not isinstance(data[key], int) or isinstance(data[key], bool) or data[key] < least):
                raise self.document.error(
                    ("search", key), f"must be a whole number of at least {least}, found {_found(data[key])}"
                )
        method = self._text(("search", "method")) if "method" in data else "exhaustive"
        return SearchSettings(method, data.get("budget"), data.get("seed", 0), options)

    def _figure(self) -> FigureSettings:
        data = self._mapping(("figure",))
        self._keys(("figure",), data, ("x", "y", "colour"))
        return FigureSettings(**{key: self._text(("figure", key)) for key in data})


def _found(value: object) -> str:
    """Describe a value in a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return f"a mapping with {', '.join(map(str, list(value)[:4]))}" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _direction_hint(value: object) -> str:
    return nearest(value, ("minimize", "maximize")) if isinstance(value, str) else ""


def _path_of(text: str) -> Path_:
    """Turn ``constraints[2]`` or ``parameters.rows.when`` back into a path."""
    path: list[str | int] = []
    for part in text.split(".") if text else []:
        name, _, index = part.partition("[")
        path.append(name)
        if index:
            path.append(int(index.rstrip("]")))
    return tuple(path)
