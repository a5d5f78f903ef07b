"""How good the predictor is on programs and cores that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.cpu.predictor.encoding import SETTINGS, settings_of
from codesign.models.cpu.predictor.learned import Learned, interval_factor
from codesign.models.cpu.predictor.rows import BOUND, COLUMNS, LOG_CPI, PROGRAM_NUMBERS, Surface, feature_rows
from codesign.models.cpu.splits_baselines import GivenColumn
from codesign.models.cpu.splits_protocol import BOTH_UNSEEN, SPLITS, UNSEEN_CORE, Make, Protocol, predictions

LEARNED, LEAST_BOUND, ONE_PASS = "learned", "least bound", "one-pass surface"
LEVELS = (0.8, 0.9, 0.95)
PROTOCOL = Protocol(
    program="family",
    program_features=PROGRAM_NUMBERS,
    core_features=SETTINGS,
    bound="",
    program_folds=10,
    core_folds=4,
)
"""Programs of one family (the same binary or code) are held out together."""


def training_table(
    truth: pd.DataFrame, surfaces: Mapping[str, Surface], families: Mapping[str, str], cores: pd.DataFrame
) -> pd.DataFrame:
    """Return one row for each label: program, family, core, ipc, one_pass_ipc, bound_ipc and ``COLUMNS``.

    Args:
        truth: columns program, core (position in ``cores``), ipc.
        surfaces: by program; made without labels.
        families: by program.
        cores: rows of the space.
    """
    parts = []
    for name, group in truth.groupby("program", sort=True):
        places = group["core"].to_numpy()
        own = cores.iloc[places]
        rows = feature_rows(surfaces[str(name)], own, settings_of(own))
        known = {
            "program": name,
            "family": families[str(name)],
            "core": places,
            "ipc": group["ipc"].to_numpy(),
            "one_pass_ipc": np.exp(-rows[:, LOG_CPI].astype(np.float64)),
            "bound_ipc": np.exp(rows[:, BOUND].astype(np.float64)),
        }
        parts.append(pd.concat((pd.DataFrame(known), pd.DataFrame(rows, columns=list(COLUMNS))), axis=1))
    return pd.concat(parts, ignore_index=True)


def held_out_predictions(
    table: pd.DataFrame, surfaces: Mapping[str, Surface], splits: Sequence[str] = SPLITS
) -> pd.DataFrame:
    """Return what the learned predictor and every baseline say of each row while it is held out."""
    scales = {name: surface.scales for name, surface in surfaces.items()}
    predictors: dict[str, Make] = {
        LEARNED: lambda: Learned(scales),
        ONE_PASS: lambda: GivenColumn("one_pass_ipc"),
        LEAST_BOUND: lambda: GivenColumn("bound_ipc"),
    }
    return predictions(table, predictors, PROTOCOL, splits)


def unseen_factors(predicted: pd.DataFrame) -> dict[float, dict[str, float]]:
    """Return, for each of ``LEVELS``, the factor of the interval of unseen programs and the share that it held.

    Scores come from rows of which neither program nor core was seen; ``held`` leaves each family's own scores out.
    """
    both = _of(predicted, BOTH_UNSEEN)
    found = {}
    for level in LEVELS:
        inside = [_held(both[both["program"] != name], own, level) for name, own in both.groupby("program")]
        factor = interval_factor(both["truth"].to_numpy(), both["predicted"].to_numpy(), level)
        found[level] = {"factor": factor, "held": float(np.concatenate(inside).mean())}
    return found


def seen_factors(predicted: pd.DataFrame) -> tuple[dict[str, dict[float, float]], dict[float, float]]:
    """Return the factors of each simulated program, and for each of ``LEVELS`` the share that they held.

    Scores of a program come from its cores while they were held out; ``held`` leaves the scores of each fold of cores
    out.

    Args:
        predicted: with the column ``name``, the program itself.
    """
    rows = _of(predicted, UNSEEN_CORE)
    factors: dict[str, dict[float, float]] = {}
    inside: dict[float, list[npt.NDArray[np.bool_]]] = {level: [] for level in LEVELS}
    for name, own in rows.groupby("name"):
        truth, said = own["truth"].to_numpy(), own["predicted"].to_numpy()
        factors[str(name)] = {level: interval_factor(truth, said, level) for level in LEVELS}
        for level in LEVELS:
            folds = own.groupby("held_out")
            inside[level] += [_held(own[own["held_out"] != fold], part, level) for fold, part in folds]
    return factors, {level: float(np.concatenate(parts).mean()) for level, parts in inside.items()}


def _of(predicted: pd.DataFrame, split: str) -> pd.DataFrame:
    return predicted[(predicted["split"] == split) & (predicted["predictor"] == LEARNED)]


def _held(others: pd.DataFrame, own: pd.DataFrame, level: float) -> npt.NDArray[np.bool_]:
    """Return for each own row whether its truth lies in the interval that the others set."""
    limit = interval_factor(others["truth"].to_numpy(), others["predicted"].to_numpy(), level)
    ratio = own["truth"].to_numpy() / own["predicted"].to_numpy()
    inside: npt.NDArray[np.bool_] = (ratio <= limit) & (ratio >= 1 / limit)
    return inside
