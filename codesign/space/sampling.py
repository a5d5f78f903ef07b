"""Uniform draws from a feasible set, and maps from the unit cube and from arbitrary codes into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from codesign.errors import SamplingError
from codesign.space.coding import CodeArray, columns_of, deactivate, is_discrete
from codesign.space.domain import Float
from codesign.space.expression import Expression
from codesign.space.feasible_set import FeasibleSet, matrix_of, nearest_row, row_of_unit
from codesign.space.parameter import Parameter

PROPOSALS_PER_ROUND = 65_536
MAX_PROPOSALS = 4_000_000
MAX_WALK_ROWS = 2_000_000_000
REPAIR_ATTEMPTS = 64


class Sampler:
    """Draws from a feasible set. ``parameters`` give the column order of all code matrices."""

    def __init__(
        self, parameters: Sequence[Parameter], conditions: Mapping[str, Expression], feasible: FeasibleSet
    ) -> None:
        self.parameters = tuple(parameters)
        self.conditions = conditions
        self.feasible = feasible
        self._walked: int | None = None

    @property
    def direct(self) -> bool:
        """Whether every design has a known number: no stream and no continuous parameter."""
        return self.feasible.stream is None and not self.feasible.continuous

    def uniform(self, count: int, rng: np.random.Generator) -> CodeArray:
        """Draw ``count`` designs independently and uniformly from the feasible set (with repetition).

        Raises SamplingError when nothing is feasible, or when rejection can't work and a walk would be too long.
        """
        if self.feasible.table_size == 0:
            raise SamplingError("no design meets the constraints; nothing can be drawn")
        pieces: list[CodeArray] = []
        drawn = proposed = 0
        while drawn < count:
            rows = PROPOSALS_PER_ROUND if not self.direct else count - drawn
            codes = self._propose(rows, rng)
            proposed += rows
            pieces.append(codes)
            drawn += len(codes)
            if proposed >= MAX_PROPOSALS and drawn < min(count, proposed // 10_000):
                return self._without_rejection(count, rng, drawn, proposed)
        return np.concatenate(pieces)[:count] if pieces else np.empty((0, len(self.parameters)))

    def _propose(self, rows: int, rng: np.random.Generator) -> CodeArray:
        """Draw from a superset and keep what is feasible; without stream and mixed constraints nothing is lost."""
        feasible = self.feasible
        columns = feasible.table_rows(_random_ranks(feasible.table_size, rows, rng))
        kept = np.ones(rows, dtype=bool)
        if feasible.stream is not None:
            head = feasible.stream.head
            row = rng.integers(len(head.table), size=rows) if len(head.table) else np.zeros(0, dtype=np.int64)
            if not len(row):
                raise SamplingError("no design meets the constraints; nothing can be drawn")
            for position, parameter in enumerate(head.parameters):
                columns[parameter.name] = head.table[row, position].astype(np.int64)
            for parameter in feasible.stream.rest:
                columns[parameter.name] = rng.integers(parameter.domain.size or 1, size=rows)
        codes = matrix_of(self.parameters, columns, rows)
        for position, parameter in enumerate(self.parameters):
            if isinstance(parameter.domain, Float) and not is_discrete(parameter):
                codes[:, position] = parameter.domain.from_unit(rng.random(rows))
        active = deactivate(self.parameters, self.conditions, codes)
        if feasible.stream is not None:
            kept &= _first_representative(self.parameters, codes, active)
            kept &= self._satisfied(active, feasible.stream.constraints)
        kept &= self._satisfied(active, feasible.mixed)
        return active[kept]

    def _satisfied(self, codes: CodeArray, constraints: Sequence[Expression]) -> npt.NDArray[np.bool_]:
        good = np.ones(len(codes), dtype=bool)
        for constraint in constraints:
            good &= constraint.not_violated(columns_of(self.parameters, codes, constraint.names), len(codes))
        return good

    def _without_rejection(self, count: int, rng: np.random.Generator, drawn: int, proposed: int) -> CodeArray:
        """Rejection can't work: count the feasible designs by a walk, draw numbers, walk again and pick them."""
        stream = self.feasible.stream
        share = f"{drawn} of {proposed:,} random designs met the constraints, so rejection can't work"
        if stream is None or self.feasible.continuous:
            raise SamplingError(
                f"{share}, and a continuous parameter can't be enumerated; give it a step, or loosen the constraints"
            )
        if stream.raw_size > MAX_WALK_ROWS:
            raise SamplingError(
                f"{share}, and enumerating would look at {stream.raw_size:,} rows; "
                "split a constraint into smaller ones, narrow a range, or loosen the constraints"
            )
        if self._walked is None:
            self._walked = sum(len(chunk) for chunk in stream.chunks())
        if self._walked == 0:
            raise SamplingError("no design meets the constraints (all combinations were walked)")
        wanted = rng.integers(self._walked, size=count)
        rows = _pick(stream.chunks(), wanted, len(stream.parameters))
        columns = self.feasible.table_rows(_random_ranks(self.feasible.table_size, count, rng))
        for position, parameter in enumerate(stream.parameters):
            columns[parameter.name] = rows[:, position].astype(np.int64)
        return matrix_of(self.parameters, columns, count)

    def from_unit(self, unit: CodeArray) -> tuple[CodeArray, npt.NDArray[np.bool_]]:
        """Map points of the unit cube (``n x parameters``) to feasible designs.

        Returns codes and a mask of the rows for which a feasible design was found; without stream and mixed constraints
        that is every row. Where a point falls on an infeasible design, fixed displaced points are tried (the same
        ones for every row), so that the map is a function of the point alone.
        """
        unit = np.clip(np.asarray(unit, dtype=np.float64), 0.0, 1.0)
        codes = self._place(unit)
        good = self._complete_and_check(codes)
        shifts = np.random.default_rng(20_240_601).random((REPAIR_ATTEMPTS, len(self.parameters)))
        for attempt, shift in enumerate(shifts):
            bad = np.flatnonzero(~good)
            if not len(bad):
                break
            reach = (attempt + 1) / REPAIR_ATTEMPTS
            moved = np.mod(unit[bad] + reach * (shift - 0.5), 1.0)
            again = self._place(moved)
            good[bad] = self._complete_and_check(again)
            codes[bad] = again
        return codes, good

    def _place(self, unit: CodeArray) -> CodeArray:
        positions = {parameter.name: index for index, parameter in enumerate(self.parameters)}
        columns: dict[str, npt.NDArray[np.int64]] = {}
        blocks = list(self.feasible.blocks)
        stream = self.feasible.stream
        if stream is not None:
            blocks.append(stream.head)
            for parameter in stream.rest:
                size = parameter.domain.size or 1
                raw = (unit[:, positions[parameter.name]] * size).astype(np.int64)
                columns[parameter.name] = np.minimum(raw, size - 1)
        for block in blocks:
            if not len(block.table):
                raise SamplingError("no design meets the constraints; nothing can be drawn")
            row = row_of_unit(block, unit[:, [positions[p.name] for p in block.parameters]])
            for position, parameter in enumerate(block.parameters):
                columns[parameter.name] = block.table[row, position].astype(np.int64)
        codes = matrix_of(self.parameters, columns, len(unit))
        for position, parameter in enumerate(self.parameters):
            if isinstance(parameter.domain, Float) and not is_discrete(parameter):
                codes[:, position] = parameter.domain.from_unit(unit[:, position])
        return codes

    def _complete_and_check(self, codes: CodeArray) -> npt.NDArray[np.bool_]:
        """Deactivate in place; return where all constraints hold."""
        codes[:] = deactivate(self.parameters, self.conditions, codes)
        stream = self.feasible.stream.constraints if self.feasible.stream is not None else ()
        return self._satisfied(codes, [*stream, *self.feasible.mixed])

    def to_unit(self, codes: CodeArray) -> CodeArray:
        """Map codes to the middle of their cell of the unit cube, each parameter by itself; inactive ones to 0.5."""
        unit = np.full(codes.shape, 0.5)
        for position, parameter in enumerate(self.parameters):
            column = codes[:, position]
            if is_discrete(parameter):
                active = column >= 0
                unit[active, position] = (column[active] + 0.5) / (parameter.domain.size or 1)
            elif isinstance(parameter.domain, Float):
                active = ~np.isnan(column)
                unit[active, position] = parameter.domain.to_unit(column[active])
        return unit

    def repair(self, codes: CodeArray) -> tuple[CodeArray, npt.NDArray[np.bool_]]:
        """Map arbitrary codes to feasible ones, keeping each value where possible; a feasible row stays as it is.

        Returns codes and a mask of the rows for which a feasible design was found.
        """
        repaired = deactivate(self.parameters, self.conditions, codes)
        positions = {parameter.name: index for index, parameter in enumerate(self.parameters)}
        blocks = [*self.feasible.blocks, *([self.feasible.stream.head] if self.feasible.stream else [])]
        for block in blocks:
            if not len(block.table):
                raise SamplingError("no design meets the constraints; nothing can be drawn")
            at = [positions[parameter.name] for parameter in block.parameters]
            wanted = np.nan_to_num(codes[:, at], nan=0.0).astype(np.int64)
            kept = np.nan_to_num(repaired[:, at], nan=-1.0).astype(np.int64)
            row = nearest_row(block, np.where(kept >= 0, kept, np.maximum(wanted, -1)))
            repaired[:, at] = block.table[row]
        repaired = self._refill(codes, repaired)
        good = self._complete_and_check(repaired)
        if not good.all():
            bad = ~good
            repaired[bad], good[bad] = self.from_unit(self.to_unit(repaired[bad]))
        return repaired, good

    def _refill(self, wanted: CodeArray, repaired: CodeArray) -> CodeArray:
        """Give back values to parameters outside the blocks that a repair has made active."""
        outside = [*(self.feasible.stream.rest if self.feasible.stream else ()), *self.feasible.continuous]
        names = {parameter.name for parameter in outside}
        for position, parameter in enumerate(self.parameters):
            if parameter.name not in names:
                continue
            column = wanted[:, position].copy()
            missing = np.isnan(column) | ((column < 0) if is_discrete(parameter) else False)
            if is_discrete(parameter):
                column[missing] = 0
            elif isinstance(parameter.domain, Float):
                column[missing] = parameter.domain.from_unit(np.full(int(missing.sum()), 0.5))
            repaired[:, position] = column
        return repaired


def _random_ranks(size: int, rows: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    if size > 2**62:
        raise SamplingError(f"the space has {size:,} independent combinations; at most 2**62 can be numbered")
    return rng.integers(size, size=rows, dtype=np.int64)


def _first_representative(
    parameters: Sequence[Parameter], drawn: CodeArray, active: CodeArray
) -> npt.NDArray[np.bool_]:
    """Of the raw draws that become one design when inactive values are dropped, accept only the one with zeros."""
    good = np.ones(len(drawn), dtype=bool)
    for position, parameter in enumerate(parameters):
        if is_discrete(parameter):
            good &= (active[:, position] >= 0) | (drawn[:, position] <= 0)
    return good


def _pick(chunks: Iterator[npt.NDArray[np.int32]], wanted: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.int32]:
    """Return the rows numbered ``wanted`` of a walk."""
    order = np.argsort(wanted, kind="stable")
    result = np.empty((len(wanted), width), dtype=np.int32)
    start = filled = 0
    for chunk in chunks:
        stop = start + len(chunk)
        last = int(np.searchsorted(wanted[order], stop, side="left"))
        result[order[filled:last]] = chunk[wanted[order[filled:last]] - start]
        start, filled = stop, last
        if filled == len(wanted):
            break
    return result
