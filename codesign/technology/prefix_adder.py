"""The gates of a Brent-Kung prefix adder, counted for any shape of its two operands.

Columns with fewer than two bits make no carry of their own, and the carry out of the highest column isn't wanted, so
the gates are counted on the tree that remains: G = g or (p and G'), P = p and P', sum = p xor carry.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

XOR_GATES = 2
"""Unit gates of an XOR; an AND or an OR has one."""


@dataclass(frozen=True)
class _Gate:
    """An AND, OR or XOR of ``inputs``; an input of the adder has none."""

    unit_gates: int
    inputs: tuple[_Gate, ...] = ()


def tree_steps(bits: int) -> Iterator[tuple[int, int]]:
    """Yield the (upper, lower) columns that a Brent-Kung tree combines: up over 1, 2, 4, ..., then down again."""
    levels = math.ceil(math.log2(bits)) if bits > 1 else 0
    for i in range(1, levels + 1):
        yield from ((j, j - 2 ** (i - 1)) for j in range(2**i - 1, bits, 2**i))
    for i in range(levels, 0, -1):
        yield from ((j, j - 2 ** (i - 1)) for j in range(3 * 2 ** (i - 1) - 1, bits, 2**i))


def prefix_nodes(bits: int) -> int:
    """Return the nodes of the whole tree; for a power of two n, 2 n - 2 - log2 n."""
    return sum(1 for _ in tree_steps(bits))


@cache
def adder_gates(columns: tuple[int, ...]) -> int:
    """Return the unit gates of an adder whose columns, from the lowest, hold 0, 1 or 2 bits; a third is a carry in."""
    propagate: list[_Gate | None] = []
    generate: list[_Gate | None] = []
    for bits in columns:
        inputs = tuple(_Gate(0) for _ in range(min(bits, 2)))
        propagate.append(_Gate(XOR_GATES, inputs) if bits >= 2 else inputs[0] if bits else None)
        generate.append(_Gate(1, inputs) if bits >= 2 else None)
    half_sums = list(propagate)
    if columns and columns[0] == 3:
        carry_in = _Gate(0)
        generate[0] = _either(generate[0], _both(propagate[0], carry_in))
        half_sums[0] = _different(propagate[0], carry_in)
    for upper, lower in tree_steps(len(columns)):
        generate[upper] = _either(generate[upper], _both(propagate[upper], generate[lower]))
        propagate[upper] = _both(propagate[upper], propagate[lower])
    outputs = [half_sums[0]] if columns else []
    outputs += [_different(half, carry) for half, carry in zip(half_sums[1:], generate[:-1], strict=True)]
    return _count(outputs)


def _both(one: _Gate | None, other: _Gate | None) -> _Gate | None:
    return _Gate(1, (one, other)) if one and other else None


def _either(one: _Gate | None, other: _Gate | None) -> _Gate | None:
    return _Gate(1, (one, other)) if one and other else one or other


def _different(one: _Gate | None, other: _Gate | None) -> _Gate | None:
    return _Gate(XOR_GATES, (one, other)) if one and other else one or other


def _count(outputs: Sequence[_Gate | None]) -> int:
    """Unit gates that the outputs need, each gate once."""
    seen: dict[int, _Gate] = {}
    waiting = [gate for gate in outputs if gate is not None]
    while waiting:
        gate = waiting.pop()
        if id(gate) not in seen:
            seen[id(gate)] = gate
            waiting += gate.inputs
    return sum(gate.unit_gates for gate in seen.values())
