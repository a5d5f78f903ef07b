"""The space: parameters, hard constraints, fixed settings, limits and objectives, known before any model runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import SpaceError
from codesign.pareto.objective import Objective
from codesign.space import coding
from codesign.space.counting import count_designs
from codesign.space.domain import Value
from codesign.space.expression import Expression
from codesign.space.feasible_set import FeasibleSet, build, matrix_of
from codesign.space.parameter import Parameter
from codesign.space.sampling import Sampler

CodeArray = coding.CodeArray
CHUNK_ROWS = 65_536
MAX_COUNTED_ROWS = 1_000_000_000


@dataclass(frozen=True)
class Limit:
    """A bound on a metric: a design beyond it stays in the table, marked infeasible."""

    metric: str
    at_most: float | None = None
    at_least: float | None = None

    def __post_init__(self) -> None:
        if self.at_most is None and self.at_least is None:
            raise SpaceError("a limit needs at_most, at_least or both", path=f"limits.{self.metric}")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise SpaceError(f"at_least {self.at_least} is above at_most {self.at_most}", path=f"limits.{self.metric}")


@dataclass(frozen=True)
class SearchSettings:
    """Which search, how long, from which seed."""

    method: str = "exhaustive"
    budget: int | None = None
    seed: int = 0
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class FigureSettings:
    """Columns for the axes and the colour of the frontier's figure; None = chosen from the objectives."""

    x: str | None = None
    y: str | None = None
    colour: str | None = None


@dataclass(frozen=True)
class Source:
    """Where a space was read from."""

    file: str | None
    text: str


class Space:
    """A design space.

    Args:
        parameters: what varies, in the order of the table's columns.
        constraints: expressions that every design must meet, checked before any model runs.
        conditions: taken from the parameters' ``when``.
        fixed: settings that every design shares.
        limits: bounds on metrics.
        objectives: metrics to minimise or maximise.
        model, search, figure, title, name: what a YAML file says besides.

    Raises SpaceError for repeated names, circular conditions, and expressions outside the grammar.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        *,
        constraints: Sequence[str] = (),
        fixed: Mapping[str, Value] | None = None,
        limits: Sequence[Limit] = (),
        objectives: Sequence[Objective] = (),
        model: str = "",
        search: SearchSettings | None = None,
        figure: FigureSettings | None = None,
        title: str = "",
        name: str = "space",
        source: Source | None = None,
    ) -> None:
        self.parameters = tuple(parameters)
        self.fixed: dict[str, Value] = dict(fixed or {})
        self.limits = tuple(limits)
        self.objectives = tuple(objectives)
        self.model = model
        self.search = search or SearchSettings()
        self.figure = figure or FigureSettings()
        self.title = title or name
        self.name = name
        self.source = source or Source(None, "")
        self._check_names()
        by_name = {parameter.name: parameter for parameter in self.parameters}
        self.conditions = {p.name: _condition(p, by_name) for p in self.parameters if p.when is not None}
        self.constraints = tuple(_constraint(text, by_name, position) for position, text in enumerate(constraints))
        coding.activity_order(self.parameters, self.conditions)

    def _check_names(self) -> None:
        if not self.parameters:
            raise SpaceError("a space needs at least one parameter", path="parameters")
        seen: set[str] = set()
        for parameter in self.parameters:
            if parameter.name in seen:
                raise SpaceError(f"the parameter {parameter.name!r} is defined twice", path="parameters")
            if parameter.name in self.fixed:
                raise SpaceError(f"{parameter.name!r} is both fixed and a parameter", path=f"fixed.{parameter.name}")
            seen.add(parameter.name)

    def __repr__(self) -> str:
        return f"Space({self.name!r}, {len(self.parameters)} parameters, {self._size_words()})"

    def _size_words(self) -> str:
        if not self.discrete:
            return "with continuous parameters"
        feasible = self.feasible_count
        return f"{'an unknown number of' if feasible is None else f'{feasible:,}'} feasible designs"

    def _repr_html_(self) -> str:
        """Show the space in a notebook: title, size, parameters and what the constraints cut."""
        title = self.title.replace("&", "&amp;").replace("<", "&lt;")
        return (
            f"<p><b>{title}</b><br>{self._size_words()} of "
            f"{'countless' if self.cardinality is None else f'{self.cardinality:,}'}</p>"
            f"{self.parameter_table().to_html(index=False)}"
            f"{self.cuts().to_html(index=False) if self.constraints else ''}"
        )

    @property
    def parameter_names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def conditional(self) -> set[str]:
        """Names of the parameters that are active only under a condition."""
        return set(self.conditions)

    @cached_property
    def discrete(self) -> bool:
        """Whether the designs can be counted: no continuous parameter."""
        return all(coding.is_discrete(parameter) for parameter in self.parameters)

    @cached_property
    def cardinality(self) -> int | None:
        """Number of distinct designs before constraints, inactive parameters counted once; None if uncountable."""
        return count_designs(self.parameters, self.conditions, []) if self.discrete else None

    @cached_property
    def feasible_count(self) -> int | None:
        """Exact number of designs that meet all constraints; None where uncountable or too long to count."""
        if not self.discrete:
            return None
        counted = count_designs(self.parameters, self.conditions, self.constraints)
        if counted is not None:
            return counted
        stream = self.feasible_set.stream
        if stream is None:
            return self.feasible_set.table_size
        if stream.raw_size > MAX_COUNTED_ROWS:
            return None
        return sum(len(chunk) for chunk in stream.chunks()) * self.feasible_set.table_size

    @cached_property
    def feasible_set(self) -> FeasibleSet:
        """The designs that meet all constraints, as independent blocks."""
        return build(self.parameters, self.conditions, self.constraints)

    @cached_property
    def sampler(self) -> Sampler:
        """Uniform draws, maps from the unit cube, repair."""
        return Sampler(self.parameters, self.conditions, self.feasible_set)

    def cuts(self) -> pd.DataFrame:
        """Return per constraint how many designs it cuts by itself: constraint, designs_cut, share, exact.

        Counted exactly where the constraint's parameters can be tabulated, else estimated from 100,000 designs drawn
        uniformly from the unconstrained space (``exact`` False; ``designs_cut`` missing).
        """
        rows: list[tuple[str, int | None, float, bool]] = []
        for constraint in self.constraints:
            total = self.cardinality
            alone = None
            if total is not None:
                alone = count_designs(self.parameters, self.conditions, [constraint])
            if total and alone is not None:
                rows.append((constraint.text, total - alone, (total - alone) / total, True))
            else:
                rows.append((constraint.text, None, self._estimated_cut(constraint), False))
        table = pd.DataFrame(rows, columns=["constraint", "designs_cut", "share", "exact"])
        return table.astype({"designs_cut": object})

    def _estimated_cut(self, constraint: Expression) -> float:
        free = Sampler(self.parameters, self.conditions, build(self.parameters, self.conditions, []))
        codes = free.uniform(100_000, np.random.default_rng(0))
        columns = coding.columns_of(self.parameters, codes, constraint.names)
        return float(1.0 - constraint.not_violated(columns, len(codes)).mean())

    def parameter_table(self) -> pd.DataFrame:
        """Return one row per parameter: parameter, kind, values, count, unit, when."""
        return pd.DataFrame(
            {
                "parameter": list(self.parameter_names),
                "kind": [p.domain.kind for p in self.parameters],
                "values": [p.domain.describe() for p in self.parameters],
                "count": pd.array([p.domain.size for p in self.parameters], dtype="Int64"),
                "unit": [p.unit for p in self.parameters],
                "when": [p.when or "" for p in self.parameters],
            }
        )

    def sample(self, count: int, seed: int = 0) -> pd.DataFrame:
        """Draw ``count`` designs independently and uniformly from the feasible set."""
        return self.decode(self.sampler.uniform(count, np.random.default_rng(seed)))

    def chunks(self, rows: int = CHUNK_ROWS) -> Iterator[CodeArray]:
        """Yield the codes of all feasible designs in canonical order, ``rows`` at a time (the last may be shorter).

        Raises SpaceError when a parameter is continuous.
        """
        if not self.discrete:
            names = [p.name for p in self.parameters if not coding.is_discrete(p)]
            raise SpaceError(f"the continuous {', '.join(names)} can't be enumerated; give a step, or values")
        yield from _rechunk(self._pieces(rows), rows, len(self.parameters))

    def _pieces(self, rows: int) -> Iterator[CodeArray]:
        feasible = self.feasible_set
        inner = feasible.table_size
        stream = feasible.stream
        if stream is None:
            for start in range(0, inner, rows):
                yield self._unrank(np.arange(start, min(start + rows, inner)), None, None)
            return
        for chunk in stream.chunks():
            total = len(chunk) * inner
            for start in range(0, total, rows):
                outer, rank = np.divmod(np.arange(start, min(start + rows, total)), inner)
                yield self._unrank(rank, chunk, outer)

    def _unrank(
        self,
        ranks: npt.NDArray[np.int64],
        chunk: npt.NDArray[np.int32] | None,
        outer: npt.NDArray[np.int64] | None,
    ) -> CodeArray:
        columns = self.feasible_set.table_rows(ranks)
        if chunk is not None and self.feasible_set.stream is not None:
            for position, parameter in enumerate(self.feasible_set.stream.parameters):
                columns[parameter.name] = chunk[outer, position].astype(np.int64)
        return matrix_of(self.parameters, columns, len(ranks))

    def at_ranks(self, ranks: npt.NDArray[np.int64]) -> CodeArray:
        """Return the codes of the feasible designs numbered ``ranks`` in canonical order.

        Raises SpaceError when the designs aren't numbered (continuous, or too large for tables).
        """
        if not self.sampler.direct:
            raise SpaceError("the designs of this space are not numbered")
        return self._unrank(ranks, None, None)

    def decode(self, codes: CodeArray) -> pd.DataFrame:
        """Return the table of designs behind a code matrix."""
        return coding.decode(self.parameters, self.conditional, codes)

    def encode(self, designs: pd.DataFrame) -> CodeArray:
        """Return the code matrix of a table of designs; SpaceError names the row and value that don't fit."""
        return coding.encode(self.parameters, self.conditional, designs)

    def contains(self, designs: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return per row whether the design meets all constraints and has values just where it is active."""
        codes = self.encode(designs)
        active = coding.deactivate(self.parameters, self.conditions, codes)
        good = np.ones(len(codes), dtype=bool)
        for position, parameter in enumerate(self.parameters):
            missing = codes[:, position] < 0 if coding.is_discrete(parameter) else np.isnan(codes[:, position])
            off = active[:, position] < 0 if coding.is_discrete(parameter) else np.isnan(active[:, position])
            good &= missing == off
        for constraint in self.constraints:
            columns = coding.columns_of(self.parameters, codes, constraint.names)
            good &= constraint.not_violated(columns, len(codes))
        return good

    def identity(self) -> str:
        """Return the sha256 of all that decides which designs are feasible and how they are judged.

        Title, figure, budget and comments don't matter; parameters, constraints, fixed settings, limits, objectives
        and the model's name do.
        """
        content = {
            "parameters": [p.to_json() for p in self.parameters],
            "constraints": [c.text for c in self.constraints],
            "fixed": self.fixed,
            "limits": [[limit.metric, limit.at_most, limit.at_least] for limit in self.limits],
            "objectives": [[o.metric, o.direction] for o in self.objectives],
            "model": self.model,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _condition(parameter: Parameter, by_name: Mapping[str, Parameter]) -> Expression:
    path = f"parameters.{parameter.name}.when"
    try:
        condition = Expression(parameter.when or "", by_name)
    except SpaceError as error:
        raise SpaceError(error.message, path=path) from None
    _require_boolean(condition, path)
    if coding.is_discrete(parameter):
        for name in condition.names:
            if not coding.is_discrete(by_name[name]):
                raise SpaceError(
                    f"the condition reads the continuous {name!r}; give {name!r} a step, or list its values",
                    path=path,
                )
    return condition


def _constraint(text: str, by_name: Mapping[str, Parameter], position: int) -> Expression:
    path = f"constraints[{position}]"
    try:
        constraint = Expression(text, by_name)
    except SpaceError as error:
        raise SpaceError(error.message, path=path) from None
    _require_boolean(constraint, path)
    return constraint


def _require_boolean(expression: Expression, path: str) -> None:
    if expression.kind != "boolean":
        raise SpaceError(
            f"{expression.text!r} is a {expression.kind}, not a condition; compare it with something (<=, ==, in ...)",
            path=path,
        )
    if not expression.names:
        raise SpaceError(f"{expression.text!r} names no parameter", path=path)


def _rechunk(pieces: Iterator[CodeArray], rows: int, width: int) -> Iterator[CodeArray]:
    """Cut and join pieces to chunks of exactly ``rows`` rows, the last one shorter."""
    waiting: list[CodeArray] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += len(piece)
        while count >= rows:
            joined = np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
            yield joined[:rows]
            waiting, count = ([joined[rows:]], count - rows) if count > rows else ([], 0)
    if count:
        yield np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
