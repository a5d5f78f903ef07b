"""One protocol for every predictor of IPC: what it knew of the program and of the core that it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from codesign.errors import ModelInputError, UnknownNameError, nearest
from codesign.models.cpu.splits import Fold, both_held_out, groups_held_out
from codesign.models.cpu.splits_baselines import Constant, GivenColumn, NearestProgram, Predictor
from codesign.models.cpu.splits_metrics import ipc_errors

UNSEEN_CORE = "seen program, unseen core"
UNSEEN_PROGRAM = "unseen program, seen core"
BOTH_UNSEEN = "both unseen"
ONE_PROGRAM = "leave one program out"
SPLITS = (UNSEEN_CORE, UNSEEN_PROGRAM, BOTH_UNSEEN, ONE_PROGRAM)

Make = Callable[[], Predictor]
"""Gives a predictor that has learned nothing yet."""


@dataclass(frozen=True)
class Protocol:
    """How a table of rows (program, core, truth, features) is split.

    Attributes:
        program: column that names the program.
        core: column that names the core.
        truth: column with the true IPC.
        program_features: columns by which programs are compared, for the nearest-program baseline.
        core_features: columns by which cores are compared, for the same.
        bound: column with the IPC that an analytical bound gives; empty where there is none.
        program_folds: into which programs are drawn.
        core_folds: into which cores are drawn.
        seed: of the draws.
    """

    program: str = "program"
    core: str = "core"
    truth: str = "ipc"
    program_features: tuple[str, ...] = ()
    core_features: tuple[str, ...] = ()
    bound: str = ""
    program_folds: int = 5
    core_folds: int = 5
    seed: int = 0

    def folds(self, table: pd.DataFrame, split: str) -> list[Fold]:
        """Return the folds of one of ``SPLITS``.

        Raises:
            UnknownNameError: there is no such split.
            ModelInputError: the table has too few programs or cores.
        """
        programs, cores = table[self.program].to_numpy(), table[self.core].to_numpy()
        if split == UNSEEN_CORE:
            return groups_held_out(cores, "core", self.core_folds, self.seed)
        if split == UNSEEN_PROGRAM:
            return groups_held_out(programs, "program", self.program_folds, self.seed)
        if split == BOTH_UNSEEN:
            folds = (self.program_folds, self.core_folds)
            return both_held_out(programs, cores, ("program", "core"), folds, self.seed)
        if split == ONE_PROGRAM:
            return groups_held_out(programs, "program", None, self.seed)
        raise UnknownNameError(f"unknown split {split!r}{nearest(split, SPLITS)}; known: {', '.join(SPLITS)}")

    def baselines(self) -> dict[str, Make]:
        """Return what a predictor has to beat: constant, nearest program, and the bound where there is one."""
        found: dict[str, Make] = {"constant": Constant}
        if self.program_features:
            found["nearest program"] = lambda: NearestProgram(self.program, self.program_features, self.core_features)
        if self.bound:
            found["bound"] = lambda: GivenColumn(self.bound)
        return found


def evaluate(
    table: pd.DataFrame, predictors: Mapping[str, Make], protocol: Protocol, splits: Sequence[str] = SPLITS
) -> pd.DataFrame:
    """Return the errors of each predictor and baseline on each split: columns split, predictor and ``METRICS``.

    Raises:
        As ``predictions``.
    """
    return errors_by(predictions(table, predictors, protocol, splits), ("split", "predictor"))


def predictions(
    table: pd.DataFrame, predictors: Mapping[str, Make], protocol: Protocol, splits: Sequence[str] = SPLITS
) -> pd.DataFrame:
    """Return what is predicted of each row while it is held out.

    Columns: split, predictor, held_out (what), row (position in ``table``), program, core, truth, predicted. A
    predictor is made anew for each fold and is never given the truth of the rows that it predicts.

    Args:
        table: one row for each program and core.
        predictors: name -> makes one.
        protocol: which columns to use, and how many folds.
        splits: of ``SPLITS``.

    Raises:
        ModelInputError: a column is missing, a true IPC isn't above 0, a name is that of a baseline, or there are too
            few programs or cores.
        UnknownNameError: there is no such split.
    """
    _check(table, predictors, protocol)
    everyone = protocol.baselines() | dict(predictors)
    parts = [
        fold_predictions(table, make, fold, protocol.truth).assign(split=split, predictor=name)
        for split in splits
        for fold in protocol.folds(table, split)
        for name, make in everyone.items()
    ]
    found = pd.concat(parts, ignore_index=True)
    found["program"] = table[protocol.program].to_numpy()[found["row"]]
    found["core"] = table[protocol.core].to_numpy()[found["row"]]
    return found[["split", "predictor", "held_out", "row", "program", "core", "truth", "predicted"]]


def fold_predictions(table: pd.DataFrame, make: Make, fold: Fold, truth: str) -> pd.DataFrame:
    """Learn from the training rows and predict the others: columns held_out, row, truth, predicted.

    Args:
        table: all rows.
        make: gives a fresh predictor.
        fold: which rows are which.
        truth: column with the true IPC; the predictor doesn't get it among the columns.
    """
    values = table[truth].to_numpy(dtype=np.float64)
    features = table.drop(columns=truth)
    predictor = make()
    predictor.fit(features.iloc[fold.train], values[fold.train])
    predicted = np.asarray(predictor.predict(features.iloc[fold.test]), dtype=np.float64)
    return pd.DataFrame(
        {"held_out": fold.held_out, "row": fold.test, "truth": values[fold.test], "predicted": predicted}
    )


def errors_by(predicted: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return ``ipc_errors`` of each group of a table of predictions, groups in order of appearance.

    Args:
        predicted: with columns truth and predicted.
        columns: which make a group, such as split, predictor, program.
    """
    names = list(columns)
    rows = []
    for key, group in predicted.groupby(names, sort=False):
        found = ipc_errors(group["truth"].to_numpy(), group["predicted"].to_numpy())
        rows.append(dict(zip(names, key, strict=True)) | found)
    return pd.DataFrame(rows).astype({"rows": int})


def _check(table: pd.DataFrame, predictors: Mapping[str, Make], protocol: Protocol) -> None:
    needed = [protocol.program, protocol.core, protocol.truth, *protocol.program_features, *protocol.core_features]
    for name in [*needed, *([protocol.bound] if protocol.bound else [])]:
        if name not in table.columns:
            raise ModelInputError(f"the table has no column {name!r}{nearest(name, map(str, table.columns))}")
    truth = table[protocol.truth].to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(truth) & (truth > 0))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ModelInputError(f"row {row}: {protocol.truth} is {truth[row]:g}; a true IPC is a number above 0")
    taken = sorted(set(predictors) & set(protocol.baselines()))
    if taken:
        raise ModelInputError(f"a predictor is named {taken[0]!r}, which is a baseline")
