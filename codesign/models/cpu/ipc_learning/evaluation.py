"""The paper's regressors on its rows, split as the paper splits and as a prediction would be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from codesign.errors import UnknownNameError, nearest
from codesign.models.cpu.ipc_learning.features import FEATURES, feature_set
from codesign.models.cpu.ipc_learning.regressors import REGRESSORS, SEED, NearestRun, OnFeatures, OwnRun, regressor
from codesign.models.cpu.ipc_learning.tables import TRUTH
from codesign.models.cpu.splits import Fold, groups_held_out, random_folds, random_rows
from codesign.models.cpu.splits_baselines import Constant
from codesign.models.cpu.splits_protocol import Make, errors_by, fold_predictions

RANDOM_ROWS = "random rows"
RANDOM_FIFTHS = "random fifths"
ONE_CORE = "one core of each run"
RUNS = "whole runs"
CONFIGURATIONS = "whole configurations"
PROGRAMS = "whole programs"
TEST_SHARE = 0.2
RANDOM_FOLDS, RUN_FOLDS = 5, 10
NO_FEATURES = ""

_FOLDS: Mapping[str, Callable[[pd.DataFrame], list[Fold]]] = {
    RANDOM_ROWS: lambda table: random_rows(len(table), TEST_SHARE, SEED),
    RANDOM_FIFTHS: lambda table: random_folds(len(table), RANDOM_FOLDS, SEED),
    ONE_CORE: lambda table: groups_held_out(table["core"].to_numpy(), "core", None, SEED),
    RUNS: lambda table: groups_held_out(table["run"].to_numpy(), "run", RUN_FOLDS, SEED),
    CONFIGURATIONS: lambda table: groups_held_out(table["configuration"].to_numpy(), "configuration", None, SEED),
    PROGRAMS: lambda table: groups_held_out(table["program"].to_numpy(), "program", None, SEED),
}
SPLITS = tuple(_FOLDS)
"""What is held out: 20 % of the rows at random, which is the paper's split; a fifth of the rows at random, each fifth
once; the cores of one number of all runs; a tenth of the runs; all runs of one of the three configurations; all runs of
one program."""


def folds_of(table: pd.DataFrame, split: str) -> list[Fold]:
    """Return the folds of one of ``SPLITS``.

    Raises:
        UnknownNameError: there is no such split.
        ModelInputError: the table has too few groups.
    """
    if split not in _FOLDS:
        raise UnknownNameError(f"unknown split {split!r}{nearest(split, SPLITS)}; known: {', '.join(SPLITS)}")
    return _FOLDS[split](table)


def evaluate(
    table: pd.DataFrame,
    features: Sequence[str] = tuple(FEATURES),
    regressors: Sequence[str] = tuple(REGRESSORS),
    splits: Sequence[str] = SPLITS,
) -> pd.DataFrame:
    """Return the errors of every regressor with every feature set, and of three baselines, on every split.

    Columns: split, features (empty for a baseline), predictor and ``METRICS``. Errors are over all rows that were held
    out, each predicted once. Baselines: the mean IPC of the training rows (``constant``); the run with the nearest
    extended features (``nearest run``); and, where all tested runs have training rows, the mean of these rows of the
    same run (``own run``).

    Args:
        table: of ``tables.py``.
        features: names of ``FEATURES``.
        regressors: names of ``REGRESSORS``.
        splits: of ``SPLITS``.

    Raises:
        UnknownNameError: there is no such feature set, regressor or split.
        ModelInputError: the table lacks a column or has too few groups.
    """
    predicted = predictions(table, features, regressors, splits)
    return errors_by(predicted, ("split", "features", "predictor"))


def predictions(
    table: pd.DataFrame, features: Sequence[str], regressors: Sequence[str], splits: Sequence[str]
) -> pd.DataFrame:
    """Return what is predicted of each row while it is held out, arguments and errors as ``evaluate``.

    Columns: split, features, predictor, held_out, row (position in ``table``), run, program, truth, predicted.
    """
    learned = {(name, kind): _on_features(name, kind) for name in features for kind in regressors}
    parts = []
    for split in splits:
        folds = folds_of(table, split)
        for (name, kind), make in (_baselines(table, folds) | learned).items():
            for fold in folds:
                part = fold_predictions(table, make, fold, TRUTH)
                parts.append(part.assign(split=split, features=name, predictor=kind))
    found = pd.concat(parts, ignore_index=True)
    for column in ("run", "program"):
        found[column] = table[column].to_numpy()[found["row"]]
    return found[["split", "features", "predictor", "held_out", "row", "run", "program", "truth", "predicted"]]


def _on_features(name: str, kind: str) -> Make:
    told, made = feature_set(name), regressor(kind)
    return lambda: OnFeatures(told, made())


def _baselines(table: pd.DataFrame, folds: Sequence[Fold]) -> dict[tuple[str, str], Make]:
    found: dict[tuple[str, str], Make] = {
        (NO_FEATURES, "constant"): Constant,
        (NO_FEATURES, "nearest run"): lambda: NearestRun(FEATURES["extended"]),
    }
    runs = table["run"].to_numpy()
    if all(np.isin(runs[fold.test], runs[fold.train]).all() for fold in folds):
        found[NO_FEATURES, "own run"] = OwnRun
    return found
