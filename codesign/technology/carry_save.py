"""The carry-save array that synthesis makes of a sum of products, counted cell by cell.

Logic synthesis turns a multiplier, a multiply-add or a sum of many words into one array: rows of bits are packed
column by column, three rows become two by a row of full adders, again and again, and one carry-propagate adder adds
the last two (Wallace's tree in the form of Yosys' pass ``maccmap``). Cells with equal inputs are built once, which is
what keeps sign extension cheap; that is why the cells are counted on named signals rather than by a closed form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

Row = dict[int, int]
"""Column -> signal. A column that isn't there is zero."""


HALF_ADDER_GATES = 3
"""Unit gates of an XOR (two) and an AND (one)."""
CARRY_GATES = 1
"""The OR that joins the carries of the two half adders of a full adder."""


@dataclass(frozen=True, slots=True)
class CarrySave:
    """Cells of a carry-save array. A full adder is two half adders and an OR.

    Attributes:
        partial_products: AND gates, each once.
        half_adders: different pairs of bits that are added.
        carries: ORs of full adders.
        levels: rows of compressors on the longest way.
        final_columns: bits in each column of the carry-propagate adder at the end, from the lowest: 0, 1 or 2, and one
            more in the lowest where the adder has a carry in.
    """

    partial_products: int
    half_adders: int
    carries: int
    levels: int
    final_columns: tuple[int, ...]

    @property
    def compressor_gates(self) -> int:
        """Unit gates of the half adders and of the ORs."""
        return HALF_ADDER_GATES * self.half_adders + CARRY_GATES * self.carries

    @property
    def final_bits(self) -> int:
        """Columns through which a carry can run: from the lowest with two bits to the highest."""
        twos = [column for column, bits in enumerate(self.final_columns) if bits >= 2]
        return len(self.final_columns) - twos[0] if twos else 0


class _Cells:
    """Half adders and ORs built so far, each once."""

    def __init__(self, first_signal: int) -> None:
        self._signals = count(first_signal)
        self._half: dict[tuple[int, int], tuple[int, int]] = {}
        self._or: dict[tuple[int, int], int] = {}

    def half_adder(self, one: int, other: int) -> tuple[int, int]:
        """Return (sum, carry)."""
        key = min(one, other), max(one, other)
        if key not in self._half:
            self._half[key] = next(self._signals), next(self._signals)
        return self._half[key]

    def full_adder(self, first: int, second: int, third: int) -> tuple[int, int]:
        """Return (sum, carry); the first two bits meet first, which decides what equal columns share."""
        half_sum, half_carry = self.half_adder(first, second)
        total, carry = self.half_adder(half_sum, third)
        key = min(half_carry, carry), max(half_carry, carry)
        if key not in self._or:
            self._or[key] = next(self._signals)
        return total, self._or[key]

    @property
    def counted(self) -> tuple[int, int]:
        """Half adders and ORs."""
        return len(self._half), len(self._or)


def product_rows(
    a_bits: int, b_bits: int, width: int, *, a_signed: bool, b_signed: bool, rows_from_b: bool = False
) -> list[Row]:
    """Return the rows b_i (a << i), modulo 2^width, with the sign of a extended to the full width.

    The last row of a signed b is subtracted: its bits are inverted, and b_i itself is added in its column. The operand
    with fewer bits gives the rows, unless ``rows_from_b``. The last row comes first, as Yosys packs them, which decides
    what extended signs share.
    """
    if a_bits < b_bits and not rows_from_b:
        a_bits, b_bits, a_signed, b_signed = b_bits, a_bits, b_signed, a_signed
    correction = [{b_bits - 1: a_bits * b_bits}] if b_signed else []
    rows = [word_row(a_bits, width, i * a_bits, signed=a_signed, shift=i) for i in reversed(range(b_bits))]
    return rows + correction


def word_row(bits: int, width: int, first_signal: int, *, signed: bool, shift: int = 0) -> Row:
    """Return a word, shifted left, as a row; a sign is extended to the full width."""
    top = width if signed else min(bits + shift, width)
    return {column: first_signal + min(column - shift, bits - 1) for column in range(shift, top)}


def compress(rows: Sequence[Row], width: int, partial_products: int) -> CarrySave:
    """Return the cells that add the rows up, modulo 2^width.

    Signals of different rows must have different numbers, unless they are the same.
    """
    packed, single_bits = _packed(rows)
    cells = _Cells(1 + max((signal for row in rows for signal in row.values()), default=0))
    levels = 0
    while len(packed) > 2:
        packed = list(_reduced(packed, width, cells, single_bits))
        levels += 1
    packed += [{0: signal} for signal in single_bits]
    half_adders, carries = cells.counted
    return CarrySave(partial_products, half_adders, carries, levels, _columns(packed, width))


def _packed(rows: Sequence[Row]) -> tuple[list[Row], list[int]]:
    """Move bits up: row k gets the k-th bit of each column. Return the rows and the bits that need none.

    n rows leave n - 1 places in the lowest column: one beside each row of carries, and the carry in of the last adder.
    A bit of column i takes 2^i of them; low bits that fit don't make another row.
    """
    columns: dict[int, list[int]] = {}
    for row in rows:
        for column, signal in row.items():
            columns.setdefault(column, []).append(signal)
    packed: list[Row] = []
    single_bits: list[int] = []
    while any(columns.values()):
        packed.append({column: signals.pop(0) for column, signals in columns.items() if signals})
        free = len(packed) - 1 - len(single_bits)
        for column in sorted(columns):
            while columns[column] and 2**column <= free:
                single_bits += [columns[column].pop(0)] * 2**column
                free -= 2**column
    return packed, single_bits


def _reduced(rows: list[Row], width: int, cells: _Cells, single_bits: list[int]) -> Iterator[Row]:
    """Three rows become a row of sums and a row of carries, with a single bit below them; rows left over pass."""
    whole = len(rows) - len(rows) % 3
    for start in range(0, whole, 3):
        sums: Row = {}
        carries: Row = {}
        three = rows[start : start + 3]
        for column in sorted(set().union(*three)):
            bits = [row[column] for row in three if column in row]
            if len(bits) == 1:
                sums[column] = bits[0]
            elif len(bits) == 2:
                sums[column], carries[column + 1] = cells.half_adder(*bits)
            else:
                sums[column], carries[column + 1] = cells.full_adder(*bits)
        if single_bits:
            carries[0] = single_bits.pop()
        yield sums
        yield {column: signal for column, signal in carries.items() if column < width}
    yield from rows[whole:]


def _columns(rows: Sequence[Row], width: int) -> tuple[int, ...]:
    return tuple(sum(column in row for row in rows) for column in range(width))
