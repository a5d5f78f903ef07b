"""The set of designs that meet all hard constraints: counted, numbered, sampled and walked without asking a model.

Parameters that no constraint or condition joins are independent, so the feasible set is a product of *blocks*. A block
with at most ``MAX_TABLE_ROWS`` feasible rows is a table of codes in lexicographic order, built parameter by parameter
so that a constraint prunes as soon as its last parameter is bound. What is larger becomes one *stream*: a table of
feasible beginnings, crossed with the remaining parameters chunk by chunk. Continuous parameters stand outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.space.coding import INACTIVE, CodeArray, activity_order, columns_of, is_discrete
from codesign.space.counting import expand
from codesign.space.expression import Expression
from codesign.space.parameter import Parameter

MAX_TABLE_ROWS = 2_000_000
SLICE_ROWS = 500_000

TableArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Block:
    """Feasible value combinations of a few joined parameters.

    Attributes:
        parameters: in the order of the columns of ``table``.
        table: ``rows x len(parameters)`` codes, in lexicographic order.
    """

    parameters: tuple[Parameter, ...]
    table: TableArray


@dataclass(frozen=True)
class Stream:
    """A block too large for a table: beginnings in ``head``, completed by the parameters of ``rest`` on the fly."""

    head: Block
    rest: tuple[Parameter, ...]
    conditions: Mapping[str, Expression]
    constraints: tuple[Expression, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return (*self.head.parameters, *self.rest)

    @property
    def raw_size(self) -> int:
        """Number of rows that a full walk looks at, at most."""
        size = len(self.head.table)
        for parameter in self.rest:
            size *= parameter.domain.size or 1
        return size

    def chunks(self) -> Iterator[TableArray]:
        """Yield all feasible rows in lexicographic order; a chunk's size varies, memory stays bounded."""
        yield from self._complete(self.head.table, 0)

    def _complete(self, table: TableArray, done: int) -> Iterator[TableArray]:
        if done == len(self.rest):
            if len(table):
                yield table
            return
        bound = [*self.head.parameters, *self.rest[:done]]
        for piece in _slices(table, self.rest[done].domain.size or 1):
            wider = extend(piece, bound, self.rest[done], self.conditions, self.constraints)
            yield from self._complete(wider, done + 1)


def _slices(table: TableArray, factor: int) -> Iterator[TableArray]:
    rows = max(1, SLICE_ROWS // factor)
    for start in range(0, len(table), rows):
        yield table[start : start + rows]


def extend(
    table: TableArray,
    bound: Sequence[Parameter],
    parameter: Parameter,
    conditions: Mapping[str, Expression],
    constraints: Sequence[Expression],
) -> TableArray:
    """Cross ``table`` (columns ``bound``) with ``parameter`` and apply the constraints that it completes."""
    condition = conditions.get(parameter.name)
    if condition is None:
        active = np.ones(len(table), dtype=bool)
    else:
        active = condition.holds(columns_of(bound, table, condition.names), len(table))
    wider, _ = expand(table, active, parameter.domain.size or 1)
    names = {p.name for p in bound} | {parameter.name}
    for constraint in constraints:
        if parameter.name in constraint.names and set(constraint.names) <= names:
            columns = columns_of([*bound, parameter], wider, constraint.names)
            wider = wider[constraint.not_violated(columns, len(wider))]
    return wider


@dataclass(frozen=True)
class FeasibleSet:
    """All designs that meet the constraints, in a fixed order (the *canonical order*).

    Attributes:
        blocks: independent tables; the first varies slowest.
        stream: the part too large for tables, or None; it varies slower than all blocks.
        continuous: parameters without a count of values.
        mixed: constraints that read a continuous parameter: checked after drawing.
    """

    blocks: tuple[Block, ...]
    stream: Stream | None
    continuous: tuple[Parameter, ...]
    mixed: tuple[Expression, ...]

    @property
    def table_size(self) -> int:
        """Number of combinations of the blocks."""
        size = 1
        for block in self.blocks:
            size *= len(block.table)
        return size

    def table_rows(self, ranks: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
        """Return per block parameter the codes of the combinations numbered ``ranks`` (0 ... table_size - 1)."""
        columns: dict[str, npt.NDArray[np.int64]] = {}
        remaining = np.asarray(ranks, dtype=np.int64)
        for block in reversed(self.blocks):
            remaining, row = np.divmod(remaining, len(block.table))
            for position, parameter in enumerate(block.parameters):
                columns[parameter.name] = block.table[row, position].astype(np.int64)
        return columns


def build(
    parameters: Sequence[Parameter],
    conditions: Mapping[str, Expression],
    constraints: Sequence[Expression],
    max_rows: int = MAX_TABLE_ROWS,
) -> FeasibleSet:
    """Split the space into independent blocks and tabulate each."""
    discrete = [parameter for parameter in parameters if is_discrete(parameter)]
    names = {parameter.name for parameter in discrete}
    hard = [c for c in constraints if set(c.names) <= names]
    mixed = tuple(c for c in constraints if not set(c.names) <= names)
    own_conditions = {name: condition for name, condition in conditions.items() if name in names}
    blocks: list[Block] = []
    streams: list[Stream] = []
    for group in _components(activity_order(discrete, own_conditions), own_conditions, hard):
        group_names = {parameter.name for parameter in group}
        own = tuple(c for c in hard if set(c.names) <= group_names)
        part = _tabulate(group, own_conditions, own, max_rows)
        if isinstance(part, Block):
            blocks.append(part)
        else:
            streams.append(part)
    continuous = tuple(parameter for parameter in parameters if not is_discrete(parameter))
    return FeasibleSet(tuple(blocks), _join_streams(streams, own_conditions), continuous, mixed)


def _components(
    order: Sequence[Parameter], conditions: Mapping[str, Expression], constraints: Sequence[Expression]
) -> list[list[Parameter]]:
    """Group the parameters that conditions or constraints join, keeping ``order`` within and between groups."""
    leader = {parameter.name: parameter.name for parameter in order}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    joined = [c.names for c in constraints] + [(name, *c.names) for name, c in conditions.items()]
    for names in joined:
        for name in names[1:]:
            leader[find(name)] = find(names[0])
    groups: dict[str, list[Parameter]] = {}
    for parameter in order:
        groups.setdefault(find(parameter.name), []).append(parameter)
    return list(groups.values())


def _tabulate(
    group: Sequence[Parameter],
    conditions: Mapping[str, Expression],
    constraints: tuple[Expression, ...],
    max_rows: int,
) -> Block | Stream:
    table: TableArray = np.empty((1, 0), dtype=np.int32)
    for count, parameter in enumerate(group):
        pieces: list[TableArray] = []
        rows = 0
        for piece in _slices(table, parameter.domain.size or 1):
            wider = extend(piece, group[:count], parameter, conditions, constraints)
            pieces.append(wider)
            rows += len(wider)
            if rows > max_rows:
                head = Block(tuple(group[:count]), table)
                return Stream(head, tuple(group[count:]), conditions, constraints)
        table = np.concatenate(pieces) if pieces else np.empty((0, count + 1), dtype=np.int32)
    return Block(tuple(group), table)


def _join_streams(streams: Sequence[Stream], conditions: Mapping[str, Expression]) -> Stream | None:
    """Join several streams to one: the first one's head, then everything else on the fly."""
    if not streams:
        return None
    first = streams[0]
    rest = [*first.rest, *(parameter for stream in streams[1:] for parameter in stream.parameters)]
    constraints = tuple(constraint for stream in streams for constraint in stream.constraints)
    return Stream(first.head, tuple(rest), conditions, constraints)


def row_of_unit(block: Block, unit: CodeArray) -> npt.NDArray[np.int64]:
    """Map points of the unit cube to rows of a block, so that even points give evenly spread feasible rows.

    The j-th coordinate picks the j-th parameter's value among the rows that share the values picked before, in
    proportion to how many feasible rows each value has (the inverse Rosenblatt transform of the uniform distribution
    over the block; Rosenblatt 1952). ``unit``: ``n x len(block.parameters)`` in [0, 1]. Returns n row numbers.
    """
    low = np.zeros(len(unit), dtype=np.int64)
    high = np.full(len(unit), len(block.table), dtype=np.int64)
    for position in range(len(block.parameters)):
        width = high - low
        row = low + np.minimum((unit[:, position] * width).astype(np.int64), width - 1)
        code = block.table[row, position]
        low, high = _span(block.table[:, position], low, high, code)
    return low


def nearest_row(block: Block, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Map arbitrary codes to feasible rows: keep each value where possible, in parameter order, else take the nearest.

    ``codes``: ``n x len(block.parameters)``. Returns n row numbers; a feasible row is mapped to itself.
    """
    low = np.zeros(len(codes), dtype=np.int64)
    high = np.full(len(codes), len(block.table), dtype=np.int64)
    for position in range(len(block.parameters)):
        column = block.table[:, position]
        wanted = codes[:, position]
        insert = _bisect(column, low, high, wanted, right=False)
        above = column[np.minimum(insert, high - 1)].astype(np.int64)
        below = column[np.maximum(insert - 1, low)].astype(np.int64)
        take_above = np.abs(above - wanted) < np.abs(below - wanted)
        take_above |= above == wanted
        low, high = _span(column, low, high, np.where(take_above, above, below))
    return low


def _span(
    column: npt.NDArray[np.int32],
    low: npt.NDArray[np.int64],
    high: npt.NDArray[np.int64],
    code: npt.NDArray[np.integer],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    return _bisect(column, low, high, code, right=False), _bisect(column, low, high, code, right=True)


def _bisect(
    column: npt.NDArray[np.int32],
    low: npt.NDArray[np.int64],
    high: npt.NDArray[np.int64],
    code: npt.NDArray[np.integer],
    *,
    right: bool,
) -> npt.NDArray[np.int64]:
    """Binary search in many sorted segments ``column[low:high]`` at once (numpy has it for one segment only)."""
    low, high = low.copy(), high.copy()
    while True:
        open_ = low < high
        if not open_.any():
            return low
        middle = (low + high) // 2
        value = column[np.minimum(middle, len(column) - 1)]
        go_up = open_ & ((value <= code) if right else (value < code))
        high = np.where(open_ & ~go_up, middle, high)
        low = np.where(go_up, middle + 1, low)


def matrix_of(parameters: Sequence[Parameter], columns: Mapping[str, npt.NDArray[np.int64]], rows: int) -> CodeArray:
    """Arrange code columns as a code matrix in the space's parameter order; continuous columns are NaN."""
    codes = np.full((rows, len(parameters)), np.nan)
    for position, parameter in enumerate(parameters):
        if parameter.name in columns:
            codes[:, position] = columns[parameter.name]
        elif is_discrete(parameter):
            codes[:, position] = INACTIVE
    return codes
