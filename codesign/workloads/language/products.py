"""The matrix products of one forward pass, as arrays of products x designs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from codesign.errors import WorkloadError, nearest
from codesign.workloads.language.models import LanguageModel

FloatArray = npt.NDArray[np.float64]
Kind = Literal["weights", "keys", "values", "activations"]
"""What the right operand is: stored weights, cached keys or values, or activations made in the same pass."""
PHASES = ("prefill", "decode")


@dataclass(frozen=True)
class Products:
    """Products of left operands, rows x inner, by right operands, inner x columns.

    All arrays are of shape products x designs, or products x 1 where every design is the same.

    Attributes:
        names: of the products; of equal ones the first.
        kinds: what the right operand is.
        rows: M of one run.
        inner: K, the length of the reduction.
        columns: N.
        runs: how often such a product is made in a pass, each time with another right operand.
        left_words: distinct words of the left operand of one run; less than rows * inner where windows overlap.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rows: FloatArray
    inner: FloatArray
    columns: FloatArray
    runs: FloatArray
    left_words: FloatArray

    @property
    def macs(self) -> FloatArray:
        """Multiply-accumulates of all runs: runs * rows * inner * columns."""
        return self.runs * self.rows * self.inner * self.columns

    @property
    def right_words(self) -> FloatArray:
        """Words of the right operands of all runs, each read once: runs * inner * columns."""
        return self.runs * self.inner * self.columns

    @property
    def output_words(self) -> FloatArray:
        """Words of the outputs of all runs: runs * rows * columns."""
        return self.runs * self.rows * self.columns

    def of_kind(self, kind: Kind) -> npt.NDArray[np.bool_]:
        """Return which products have right operands of that kind; shape products."""
        return np.array([found == kind for found in self.kinds])


def expected_experts(model: LanguageModel, tokens: FloatArray) -> FloatArray:
    """Return how many experts of a block some token takes: experts * (1 - (1 - active / experts)^tokens).

    Each token is taken to pick ``active_experts`` different experts, all choices equally likely and independent of
    other tokens: routing as its balancing loss wants it.
    """
    return model.experts * (1.0 - (1.0 - model.active_experts / model.experts) ** tokens)


def products(model: LanguageModel, batch: npt.ArrayLike, tokens: npt.ArrayLike, context: npt.ArrayLike) -> Products:
    """Return the products of one forward pass; the three numbers broadcast to the designs.

    - Each of ``batch`` sequences puts ``tokens`` new tokens through all blocks, and the last of them through ``head``.
    - All new tokens of a sequence attend to ``context`` tokens, themselves included: no work is saved by the causal
      mask. Query heads that share a key head are rows of one product, so a key is read once for all of them:
      ``scores`` (heads / kv_heads * tokens) x head_width by head_width x context, ``values`` by context x head_width,
      each blocks * batch * kv_heads times.
    - A mixture of experts takes ``expected_experts`` feed-forward parts a block, each for an equal share of the
      tokens: rows = batch * tokens * active / taken, runs = blocks * taken, both averages.

    Args:
        model: its sizes.
        batch: sequences.
        tokens: new tokens of each sequence.
        context: tokens that a new one attends to.
    """
    numbers = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (batch, tokens, context)))
    sequences, new, attended = numbers
    passed, blocks = sequences * new, float(model.blocks)
    attending = model.heads / model.kv_heads * new, blocks * sequences * model.kv_heads
    taken = expected_experts(model, passed)
    fed = passed * model.active_experts / taken, blocks * taken
    hidden, inner, head_width = model.hidden, model.inner, model.head_width
    table: list[tuple[str, Kind, FloatArray, float | FloatArray, float | FloatArray, float | FloatArray]] = [
        ("query", "weights", passed, hidden, model.query_width, blocks),
        ("key", "weights", passed, hidden, model.kv_width, blocks),
        ("value", "weights", passed, hidden, model.kv_width, blocks),
        ("scores", "keys", attending[0], head_width, attended, attending[1]),
        ("values", "values", attending[0], attended, head_width, attending[1]),
        ("out", "weights", passed, model.query_width, hidden, blocks),
    ]
    if model.experts > 1:
        table.append(("router", "weights", passed, hidden, model.experts, blocks))
    if model.gated:
        table.append(("gate", "weights", fed[0], hidden, inner, fed[1]))
    table += [
        ("up", "weights", fed[0], hidden, inner, fed[1]),
        ("down", "weights", fed[0], inner, hidden, fed[1]),
        ("head", "weights", sequences, hidden, model.vocabulary, 1.0),
    ]
    rows, reduction, columns, runs = (
        np.stack([np.broadcast_to(np.asarray(row[i], dtype=np.float64), sequences.shape) for row in table])
        for i in (2, 3, 4, 5)
    )
    names, kinds = tuple(row[0] for row in table), tuple(row[1] for row in table)
    return Products(names, kinds, rows, reduction, columns, runs, left_words=rows * reduction)


def phase_products(
    model: LanguageModel, phase: str, batch: npt.ArrayLike, sequence: npt.ArrayLike, context: npt.ArrayLike
) -> Products:
    """Return the products of a phase, as the networks of the zoo count them.

    ``prefill``: ``sequence`` tokens of each sequence at once. ``decode``: one token of each sequence, which attends to
    ``context`` tokens, itself included.

    Raises:
        WorkloadError: there is no such phase.
    """
    if phase not in PHASES:
        raise WorkloadError(f"unknown phase {phase!r}{nearest(phase, PHASES)}; known: {', '.join(PHASES)}")
    if phase == "prefill":
        return products(model, batch, sequence, sequence)
    return products(model, batch, 1, context)
