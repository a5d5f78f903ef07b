"""Which rows a predictor learns from and which it is tested on, when rows belong to programs and to cores.

A row-wise random split puts rows of one program, and of one run, on both sides. Here whole groups are held out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError

Rows = npt.NDArray[np.int64]
Labels = npt.NDArray[Any]


@dataclass(frozen=True)
class Fold:
    """One training and one test.

    Attributes:
        held_out: what the test has and the training hasn't.
        train: positions of the rows to learn from, ascending unless the split is random.
        test: positions of the rows to be predicted.
    """

    held_out: str
    train: Rows
    test: Rows


def random_rows(rows: int, test_share: float, seed: int) -> list[Fold]:
    """Return one fold with rows drawn at random, as ``train_test_split`` of scikit-learn draws and orders them.

    Args:
        rows: how many there are.
        test_share: of the rows, rounded up, 0 < share < 1.
        seed: ``random_state`` of scikit-learn.

    Raises:
        ModelInputError: nothing is left to learn from.
    """
    from sklearn.model_selection import train_test_split

    held_out = math.ceil(rows * test_share)
    if not 0 < held_out < rows:
        raise ModelInputError(f"a test share of {test_share:g} of {rows} rows leaves nothing on one side")
    train, test = train_test_split(np.arange(rows), test_size=held_out, random_state=seed)
    return [Fold("random rows", train, test)]


def random_folds(rows: int, folds: int, seed: int) -> list[Fold]:
    """Return folds of rows drawn at random; every row is tested once.

    Raises:
        ModelInputError: there are fewer rows than folds, or fewer than two folds.
    """
    drawn = fold_labels(np.arange(rows), "row", folds, seed)
    return [
        Fold(f"random rows, part {number} of {folds}", np.setdiff1d(np.arange(rows), held), held)
        for number, held in enumerate(drawn, start=1)
    ]


def groups_held_out(labels: Labels, kind: str, folds: int | None, seed: int) -> list[Fold]:
    """Return folds in which whole groups of rows are held out; every row is tested once.

    The folds depend on the set of labels, not on how many rows each has or on their order.

    Args:
        labels: of the rows, shape (rows,).
        kind: what a label names (``program``), for messages.
        folds: how many; None holds each group out alone.
        seed: of the draw of groups into folds; without meaning when ``folds`` is None.

    Raises:
        ModelInputError: there are fewer groups than folds, or fewer than two.
    """
    folded = fold_labels(labels, kind, folds, seed)
    return [
        Fold(_name(kind, held), np.flatnonzero(~inside), np.flatnonzero(inside))
        for held, inside in ((held, np.isin(labels, held)) for held in folded)
    ]


def both_held_out(
    first: Labels,
    second: Labels,
    kinds: tuple[str, str],
    folds: tuple[int | None, int | None],
    seed: int,
) -> list[Fold]:
    """Return folds whose test rows share neither label with any training row; no row is tested twice.

    For folds A of the first labels and B of the second: tested are rows in A and B, learned from are rows in
    neither; rows in one of the two are left out. A pair without rows on one side gives no fold; two disjoint rows are
    enough for one fold.

    Args:
        first: labels of the rows, shape (rows,).
        second: other labels, shape (rows,).
        kinds: what the labels name.
        folds: how many of each; None holds each group out alone.
        seed: of both draws.

    Raises:
        ModelInputError: as ``groups_held_out``.
    """
    found = []
    for one in fold_labels(first, kinds[0], folds[0], seed):
        for other in fold_labels(second, kinds[1], folds[1], seed):
            in_one, in_other = np.isin(first, one), np.isin(second, other)
            train, test = np.flatnonzero(~in_one & ~in_other), np.flatnonzero(in_one & in_other)
            if len(train) and len(test):
                found.append(Fold(f"{_name(kinds[0], one)}; {_name(kinds[1], other)}", train, test))
    return found


def fold_labels(labels: Labels, kind: str, folds: int | None, seed: int) -> list[Labels]:
    """Return the distinct labels, drawn into folds of nearly equal size; ``folds`` None makes one of each.

    Raises:
        ModelInputError: there are fewer labels than folds, or fewer than two of either.
    """
    distinct = np.unique(labels)
    wanted = len(distinct) if folds is None else folds
    if wanted < 2:
        raise ModelInputError(f"{wanted} folds of {kind}s: at least 2 are needed, one to learn from and one to test on")
    if len(distinct) < wanted:
        raise ModelInputError(f"{wanted} folds of {kind}s: the table has only {len(distinct)}")
    if folds is None:
        return [distinct[position : position + 1] for position in range(len(distinct))]
    drawn = np.random.default_rng(seed).permutation(distinct)
    return [np.sort(part) for part in np.array_split(drawn, folds)]


def _name(kind: str, held: Sequence[Any] | Labels) -> str:
    return f"{kind} {held[0]}" if len(held) == 1 else f"{len(held)} {kind}s from {held[0]}"
