"""Corrections of the surface: trees for programs never simulated, a program's own simulations for the others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.cpu.predictor.encoding import COORDINATES
from codesign.models.cpu.predictor.learned import Learned, corrected_ipc, interval_factor, rows_of
from codesign.models.cpu.predictor.residual import LEAST_CORES
from codesign.models.cpu.predictor.rows import COLUMNS
from codesign.models.cpu.predictor.surface import Scales

SCALES = Scales(np.full(len(COORDINATES), 0.5), 1e-3, 1e-3)
NAMES = ("seen", "other", "new")


def made(program, count, seed=0):
    """Rows of a program whose point says something."""
    draw = np.random.default_rng(seed)
    columns = {name: np.zeros(count, dtype=np.float32) for name in COLUMNS}
    columns["log_cpi"] = draw.normal(0, 0.5, count).astype(np.float32)
    columns[COORDINATES[0]] = draw.random(count, dtype=np.float32)
    return pd.DataFrame({"program": program, **columns})


def truth_of(table, bias):
    return np.exp(-table["log_cpi"].to_numpy(dtype=np.float64)) * bias


def learned_from(*tables, bias):
    table = pd.concat(tables, ignore_index=True)
    return Learned(dict.fromkeys(NAMES, SCALES)).fit(table, truth_of(table, bias))


def test_a_constant_bias_of_the_surface_is_corrected():
    model = learned_from(made("seen", 300), made("other", 300, 1), bias=0.8)
    for name in NAMES:
        asked = made(name, 50, 2)
        assert model.predict(asked) == pytest.approx(truth_of(asked, 0.8), rel=1e-5)


def test_an_unseen_program_is_corrected_by_the_trees():
    model = learned_from(made("seen", 300), made("other", 300, 1), bias=0.8)
    asked = made("new", 40, 2)
    assert model.predict(asked).tolist() == corrected_ipc(rows_of(asked), model.trees).tolist()


def test_a_seen_program_is_corrected_by_its_own_simulations():
    """The two programs are off in opposite ways, which no tree can tell: their rows are alike."""
    rows = pd.concat((made("seen", 200), made("other", 200)), ignore_index=True)
    bias = np.where(rows["program"] == "seen", 0.7, 1.4)
    model = Learned(dict.fromkeys(NAMES, SCALES)).fit(rows, truth_of(rows, bias))
    for name, factor in (("seen", 0.7), ("other", 1.4)):
        asked = made(name, 50, 3)
        assert model.predict(asked) == pytest.approx(truth_of(asked, factor), rel=1e-3)
    asked = made("new", 50, 3)
    assert model.predict(asked) == pytest.approx(truth_of(asked, np.sqrt(0.7 * 1.4)), rel=1e-3)


@pytest.mark.parametrize(("cores", "own"), [(LEAST_CORES - 1, False), (LEAST_CORES, True)])
def test_a_program_that_was_simulated_on_few_cores_counts_as_unseen(cores, own):
    model = learned_from(made("seen", cores), made("other", 300, 1), bias=0.8)
    asked = made("seen", 20, 2)
    by_trees = corrected_ipc(rows_of(asked), model.trees)
    assert (model.predict(asked).tolist() != by_trees.tolist()) == own


def test_programs_are_answered_in_the_order_of_the_rows():
    model = learned_from(made("seen", 100), made("other", 100, 1), bias=0.8)
    asked = pd.concat((made("other", 20, 2), made("new", 20, 3), made("seen", 20, 4)), ignore_index=True)
    shuffled = np.random.default_rng(0).permutation(60)
    assert model.predict(asked.iloc[shuffled]).tolist() == model.predict(asked)[shuffled].tolist()


def test_the_noise_of_a_programs_own_correction_can_be_told():
    draw = np.random.default_rng(0)
    rows = made("seen", 200)
    smooth = Learned({"seen": SCALES}).fit(rows, truth_of(rows, np.exp(0.1 * rows[COORDINATES[0]].to_numpy(float))))
    rough = Learned({"seen": SCALES}).fit(rows, truth_of(rows, np.exp(0.1 * draw.normal(size=200))))
    assert smooth.noise("seen") < rough.noise("seen")


def test_the_factor_is_the_wanted_score():
    truth = np.exp(np.array([0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, -0.8, 0.9]))
    assert interval_factor(truth, np.ones(9), 0.8) == pytest.approx(np.exp(0.8))
    assert interval_factor(truth, np.ones(9), 0.5) == pytest.approx(np.exp(0.5))
    assert interval_factor(truth, np.ones(9), 0.99) == pytest.approx(np.exp(0.9))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.8, 0.9]))
def test_new_rows_fall_inside_as_often_as_said(seed, level):
    draw = np.random.default_rng(seed)
    scores = np.exp(draw.normal(0, 0.1, 4000))
    factor = interval_factor(scores[:2000], np.ones(2000), level)
    inside = np.mean((scores[2000:] <= factor) & (scores[2000:] >= 1 / factor))
    assert inside == pytest.approx(level, abs=0.05)
