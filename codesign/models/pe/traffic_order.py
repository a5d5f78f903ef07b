"""In which order a pass makes its products, and in which order a run of a product moves its operands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from codesign.models.pe.workload import network_of
from codesign.workloads.language.models import language_models
from codesign.workloads.language.products import phase_products

Operand = Literal["left", "right", "output"]
HEAD = "head"
"""The one product of a language model that isn't made in every block."""


class Layer(NamedTuple):
    """Some runs of a product that are made one after another, before other products are.

    Attributes:
        row: of the product in ``Workloads``.
        part, whole: the layer has part / whole of the product's runs.
    """

    row: int
    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a product moves to and from DRAM; sizes in bits.

    Attributes:
        left, right, output: sizes of the operands; 0 of those that stay on the chip.
        left_fetches, right_fetches: how often they are read.
        right_outside: whether the right operand's blocks are the outer loop.
    """

    left: float
    right: float
    output: float
    left_fetches: int
    right_fetches: int
    right_outside: bool

    @property
    def read(self) -> float:
        """Bits read."""
        return self.left * self.left_fetches + self.right * self.right_fetches

    def scaled(self, share: float) -> Run:
        """Return a share of the run."""
        return replace(self, left=self.left * share, right=self.right * share, output=self.output * share)


class Piece(NamedTuple):
    """Neighbouring bits of an operand.

    Attributes:
        operand: which one.
        first, end: bits of it, from ``first`` to before ``end``.
    """

    operand: Operand
    first: float
    end: float


def layers_of(
    network: str, phase: str, settings: tuple[float, float, float], names: Sequence[str]
) -> tuple[Layer, ...]:
    """Return the layers of a pass in their order.

    A language model makes each of its products but ``head`` in every block, in the order of ``phase_products``. Another
    network makes its layers in its own order; those of equal shape are one product.

    Args:
        network: its name.
        phase: of a language model.
        settings: batch, sequence, context.
        names: of the products, by row of ``Workloads``.
    """
    row = {name: number for number, name in enumerate(names)}
    if network in language_models():
        model = language_models()[network]
        made = phase_products(model, phase, *(np.array([value]) for value in settings)).names
        block = [Layer(row[name], 1, model.blocks) for name in made if name != HEAD]
        return (*block * model.blocks, Layer(row[HEAD], 1, 1))
    loaded = network_of(network, phase, *settings)
    first = {replace(layer, name="", count=1): layer for layer in loaded.unique_layers()}
    layers = []
    for layer in loaded.layers:
        if layer.kind != "pool":
            product = first[replace(layer, name="", count=1)]
            layers.append(Layer(row[product.name], layer.count, product.count))
    return tuple(layers)


def runs_of(run: Run, count: float) -> Iterator[Run]:
    """Yield ``count`` equal runs; of a count that isn't whole (an expected number of experts) a part last."""
    whole = math.floor(count + 1e-9)
    for _ in range(whole):
        yield run
    if count - whole > 1e-9:
        yield run.scaled(count - whole)


def pieces(run: Run, left_room: float, right_room: float, grain: int) -> Iterator[Piece]:
    """Yield what a run moves, piece by piece, in order.

    The outer operand is cut into as many blocks as the inner one is read times, and each block is read as often as the
    model says (for each tile of the inner one, where not even a tile of the outer one can be kept). With one block the
    inner operand comes first, for it is kept; with more, the block comes first. No piece is larger than half of its
    operand's buffer: more can't be fetched ahead. The output is written as the reads proceed.

    Args:
        run: what is moved.
        left_room, right_room: half of each buffer, in bits.
        grain: bits; all pieces but an operand's last are whole multiples of it.
    """
    done, written = 0.0, 0.0
    for operand, first, end in _reads(run, grain):
        room = max(grain, (left_room if operand == "left" else right_room) // grain * grain)
        while first < end:
            stop = min(first + room, end)
            yield Piece(operand, first, stop)
            done += stop - first
            first = stop
            ready = run.output * min(1.0, done / run.read)
            ready = ready // grain * grain
            if ready > written and done < run.read:
                yield Piece("output", written, ready)
                written = ready
    if run.output > written:
        yield Piece("output", written, run.output)


def _reads(run: Run, grain: int) -> Iterator[Piece]:
    """Yield the reads of a run by blocks."""
    outer, inner = Piece("left", 0.0, run.left), Piece("right", 0.0, run.right)
    again, blocks = run.left_fetches, run.right_fetches
    if run.right_outside:
        outer, inner = inner, outer
        again, blocks = blocks, again
    for block in range(blocks):
        kept = _cut(outer, blocks, block, grain)
        for turn in range(again):
            streamed = _cut(inner, again, turn, grain)
            yield from (streamed, kept) if blocks == 1 else (kept, streamed)


def _cut(piece: Piece, parts: int, number: int, grain: int) -> Piece:
    """Return one of about equal parts, cut at multiples of the grain."""
    ends = [piece.end if n == parts else piece.end * n // parts // grain * grain for n in (number, number + 1)]
    return Piece(piece.operand, *ends)
