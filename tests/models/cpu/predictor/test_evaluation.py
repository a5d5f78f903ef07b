"""Held-out predictions, and intervals that hold what they say."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from codesign.models.cpu.predictor import evaluation
from codesign.models.cpu.predictor.evaluation import (
    LEARNED,
    LEAST_BOUND,
    LEVELS,
    ONE_PASS,
    held_out_predictions,
    seen_factors,
    unseen_factors,
)
from codesign.models.cpu.predictor.rows import COLUMNS
from codesign.models.cpu.splits_protocol import BOTH_UNSEEN, SPLITS, UNSEEN_CORE, errors_by

from .conftest import CORES


@pytest.fixture(autouse=True)
def two_folds(monkeypatch):
    monkeypatch.setattr(evaluation, "PROTOCOL", replace(evaluation.PROTOCOL, program_folds=2, core_folds=2))


def test_a_row_of_the_table_is_a_program_on_a_core(table):
    assert len(table) == 2 * CORES
    assert table["family"].tolist() == ["b"] * CORES + ["a"] * CORES
    assert table["core"].tolist() == 2 * list(range(CORES))
    assert set(COLUMNS) <= set(table.columns)
    assert not table.drop(columns=["program", "family"]).isna().any().any()
    values = {name: table[name].to_numpy(dtype=float) for name in ("log_cpi", "bound", "one_pass_ipc", "bound_ipc")}
    assert np.exp(-values["log_cpi"]) == pytest.approx(values["one_pass_ipc"], rel=1e-6)
    assert np.exp(values["bound"]) == pytest.approx(values["bound_ipc"], rel=1e-6)


def test_the_correction_beats_the_surface_where_the_bias_is_common(table, surfaces):
    predicted = held_out_predictions(table, surfaces, (BOTH_UNSEEN,))
    found = errors_by(predicted, ("predictor",)).set_index("predictor")["mape_cpi_percent"]
    assert found[LEARNED] < 1
    assert found[ONE_PASS] == pytest.approx(10, abs=0.1)
    assert set(found.index) == {"constant", "nearest program", LEARNED, ONE_PASS, LEAST_BOUND}


@pytest.mark.parametrize("split", SPLITS)
def test_the_truth_of_a_row_never_moves_its_own_prediction(split, table, surfaces):
    """What is held out together gets another truth; nothing that is said of it may move, all else may."""
    noisy = table.assign(ipc=table["ipc"] * np.exp(np.random.default_rng(0).normal(0, 0.2, len(table))))
    first = held_out_predictions(noisy, surfaces, (split,))
    fold = first["held_out"].iloc[0]
    hidden = first.loc[(first["held_out"] == fold) & (first["predictor"] == LEARNED), "row"].to_numpy()
    moved = noisy.copy()
    moved.loc[hidden, "ipc"] *= 3
    again = held_out_predictions(moved, surfaces, (split,))
    same = first["held_out"] == fold
    assert again.loc[same, "predicted"].tolist() == first.loc[same, "predicted"].tolist()
    assert again.loc[same, "truth"].tolist() != first.loc[same, "truth"].tolist()
    learned = ~same & (first["predictor"] == LEARNED)
    assert again.loc[learned, "predicted"].tolist() != first.loc[learned, "predicted"].tolist()


def test_where_a_program_is_known_its_own_bias_is_too(table, surfaces):
    """``near`` is slower than its surface, ``far`` faster: only its own simulations tell which."""
    bias = np.where(table["program"] == "near", 0.8, 1.25)
    biased = table.assign(ipc=bias * table["one_pass_ipc"])
    found = errors_by(held_out_predictions(biased, surfaces, (UNSEEN_CORE, BOTH_UNSEEN)), ("split", "predictor"))
    errors = found.set_index(["split", "predictor"])["mape_cpi_percent"]
    assert errors[UNSEEN_CORE, LEARNED] < 1
    assert errors[BOTH_UNSEEN, LEARNED] > 30


def scored(split, spreads, cores=400):
    """Predictions of programs that are off by a spread each."""
    draw = np.random.default_rng(0)
    parts = [
        pd.DataFrame(
            {
                "split": split,
                "predictor": LEARNED,
                "program": name,
                "name": name,
                "held_out": np.arange(cores) % 4,
                "truth": np.exp(draw.normal(0, spread, cores)),
                "predicted": 1.0,
            }
        )
        for name, spread in spreads.items()
    ]
    others = parts[0].assign(predictor=ONE_PASS, predicted=100.0)
    return pd.concat([*parts, others], ignore_index=True)


def test_intervals_of_unseen_programs_hold_what_they_say():
    found = unseen_factors(scored(BOTH_UNSEEN, {f"p{place}": 0.1 for place in range(20)}))
    assert tuple(found) == LEVELS
    for level, one in found.items():
        assert one["held"] == pytest.approx(level, abs=0.01)
    assert found[0.95]["factor"] == pytest.approx(np.exp(0.196), rel=0.02)


def test_a_program_unlike_the_others_falls_outside_of_the_interval_that_they_set():
    spreads = {f"p{place}": 0.05 for place in range(4)} | {"wild": 2.0}
    assert unseen_factors(scored(BOTH_UNSEEN, spreads))[0.9]["held"] < 0.85


def test_cores_unlike_the_others_fall_outside_of_the_interval_that_these_set():
    """Of four folds one is off forty times as far: without it the others' interval holds next to none of it."""
    rows = scored(UNSEEN_CORE, {"even": 0.05})
    rows.loc[rows["held_out"] == 3, "truth"] **= 40
    _, held = seen_factors(rows)
    assert held[0.8] == pytest.approx(0.75, abs=0.05)


def test_a_program_that_was_simulated_has_the_interval_of_its_own_errors():
    factors, held = seen_factors(scored(UNSEEN_CORE, {"even": 0.01, "rough": 0.2}))
    assert factors["even"][0.95] == pytest.approx(np.exp(0.0196), rel=0.01)
    assert factors["rough"][0.95] == pytest.approx(np.exp(0.392), rel=0.1)
    for level in LEVELS:
        assert held[level] == pytest.approx(level, abs=0.03)
