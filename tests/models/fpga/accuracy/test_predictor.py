"""The predictor: order and error on a known function, honest intervals, determinism, storage, the public set."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from codesign.errors import ModelInputError, UnknownNameError
from codesign.models.fpga.accuracy import validate
from codesign.models.fpga.accuracy.conformal import folds_of, interval, without_each_row
from codesign.models.fpga.accuracy.predictor import FEWEST_ROWS, fit
from codesign.models.fpga.accuracy.regression import Machine, Settings, evaluate, train
from codesign.models.fpga.accuracy.storage import load, save
from codesign.workloads.tabular.reading import read_tabular_set
from tests.models.fpga.accuracy.made_up import NOISE, networks, small

TRAINED_ON, OTHERS = 240, 1000
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def trained():
    features, accuracy = networks(TRAINED_ON, seed=1)
    return fit(features, accuracy, seed=0, source="made up")


@pytest.fixture(scope="module")
def others():
    return networks(OTHERS, seed=2)


def test_it_orders_networks_that_it_has_not_seen(trained, others):
    features, accuracy = others
    found = trained.predict(features)
    # The noise alone costs the true function some of its order; the predictor may lose a little more.
    assert kendalltau(found.mean, accuracy).statistic > 0.93
    assert np.abs(found.mean - accuracy).mean() < 1.4 * NOISE * np.sqrt(2 / np.pi)


def test_its_own_error_foretells_that_on_others(trained, others):
    features, accuracy = others
    found = trained.predict(features)
    assert trained.mae == pytest.approx(np.abs(found.mean - accuracy).mean(), rel=0.15)
    assert trained.kendall_tau == pytest.approx(kendalltau(found.mean, accuracy).statistic, abs=0.02)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_intervals_hold_as_often_as_they_say(trained, others, level):
    features, accuracy = others
    found = trained.predict(features, level)
    inside = ((found.low <= accuracy) & (accuracy <= found.high)).mean()
    # Four standard deviations of a share over the calibrating and the tested networks.
    assert inside == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) * (1 / TRAINED_ON + 1 / OTHERS)))


def test_a_higher_level_is_a_wider_interval(trained, others):
    narrow, wide = (trained.predict(others[0], level) for level in (0.5, 0.95))
    assert (wide.low < narrow.low).all()
    assert (narrow.high < wide.high).all()


def test_every_prediction_says_how_far_to_trust_it(trained, others):
    found = trained.predict(others[0].iloc[:2])
    assert (found.level, found.trained_on, found.source) == (0.9, TRAINED_ON, "made up")
    assert (found.kendall_tau, found.mae) == (trained.kendall_tau, trained.mae)
    table = found.table(others[0].index[:2])
    assert list(table.columns) == ["mean", "low", "high", "in_domain", "reason"]
    assert ((table["low"] < table["mean"]) & (table["mean"] < table["high"]) & table["in_domain"]).all()


def test_what_was_never_seen_is_refused_or_marked(trained, others):
    rows = others[0].iloc[:3].copy()
    rows["bits"] = [2, 4, 8]
    rows["log10_macs"] = [7.0, 7.0, 11.0]
    found = trained.predict(rows)
    assert np.isnan([found.mean[0], found.low[0], found.high[0]]).all()
    assert np.isfinite([found.mean[1:], found.low[1:], found.high[1:]]).all()
    assert found.in_domain.tolist() == [False, True, False]
    assert found.reasons[0] == "bits = 2: trained on 4, 8 only"
    assert found.reasons[2].startswith("log10_macs = 11.0: trained from")


def test_a_row_is_predicted_alike_in_any_table(trained, others):
    rows = others[0].iloc[:50]
    whole = trained.predict(rows)
    alone = trained.predict(rows.iloc[[17]])
    for name in ("mean", "low", "high"):
        np.testing.assert_allclose(getattr(alone, name)[0], getattr(whole, name)[17], rtol=1e-12)


def test_equal_arguments_give_an_equal_predictor_in_another_process():
    code = "from tests.models.fpga.accuracy.made_up import small; print(small())"
    environment = {"PYTHONHASHSEED": "123", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    assert done.stdout.strip() == small()


def test_rows_with_equal_features_share_a_fold():
    features, accuracy = networks(60, seed=3)
    twice = fit(pd.concat([features, features]), np.concatenate([accuracy, accuracy + 0.1]), seed=0)
    np.testing.assert_array_equal(twice.fold[:, :60], twice.fold[:, 60:])


def test_a_predictor_survives_storage(trained, others, tmp_path):
    path = tmp_path / "predictor.npz"
    save(trained, path)
    again, rows = load(path), others[0].iloc[:100]
    said, before = again.predict(rows), trained.predict(rows)
    for name in ("mean", "low", "high"):
        np.testing.assert_array_equal(getattr(said, name), getattr(before, name))
    assert (again.settings, again.source, again.seed, again.kendall_tau, again.mae) == (
        trained.settings, "made up", 0, trained.kendall_tau, trained.mae,
    )  # fmt: skip
    assert again.predict(rows.assign(kind="dense")).reasons[0] == "kind = dense: trained on plain, residual only"
    save(again, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"PK nonsense", b"\x80\x04N."])
def test_a_file_that_holds_no_predictor_is_refused(tmp_path, content):
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    with pytest.raises(ModelInputError, match="file.npz: holds no accuracy predictor"):
        load(path)
    with pytest.raises(UnknownNameError, match="no such file"):
        load(tmp_path / "nothing.npz")


def test_pickled_objects_are_not_read(tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, about=np.array([{"format": 1}], dtype=object))
    with pytest.raises(ModelInputError, match="allow_pickle=False"):
        load(path)


def test_another_format_is_refused(trained, tmp_path):
    path = tmp_path / "file.npz"
    np.savez(path, about=np.frombuffer(b'{"format": 99}', dtype=np.uint8))
    with pytest.raises(ModelInputError, match="a predictor of format 99; this version reads 1"):
        load(path)


@pytest.mark.parametrize(
    ("features", "accuracy", "message"),
    [
        (networks(FEWEST_ROWS, 0)[0], np.ones(3), "as many finite accuracies"),
        (networks(50, 0)[0], np.full(50, np.nan), "as many finite accuracies"),
        (networks(FEWEST_ROWS - 1, 0)[0], np.ones(FEWEST_ROWS - 1), "needs 40 different networks, found 39"),
        (pd.DataFrame({"x": [1, 2] * 30}), np.ones(60), "needs 40 different networks, found 2"),
    ],
)
def test_what_can_not_be_trained_on_is_refused(features, accuracy, message):
    with pytest.raises(ModelInputError, match=message):
        fit(features, accuracy, seed=0)


@pytest.mark.parametrize("level", [0, 1, -0.5, 90])
def test_a_level_that_is_none_is_refused(trained, others, level):
    with pytest.raises(ModelInputError, match="between 0 and 1"):
        trained.predict(others[0], level)


def test_a_machine_is_the_sum_over_its_support_vectors():
    random = np.random.default_rng(0)
    inputs, targets = random.normal(size=(30, 3)), random.normal(size=30)
    chosen = Settings(penalty=2.0, reach=0.9)
    machine = train(inputs, targets, np.arange(20), chosen)
    assert (machine.weights[20:] == 0).all()
    new = random.normal(size=(4, 3))
    by_hand = [
        sum(w * np.exp(-0.3 * ((x - row) ** 2).sum()) for w, row in zip(machine.weights, inputs, strict=True))
        + machine.offset
        for x in new
    ]
    np.testing.assert_allclose(evaluate([machine], inputs, new, chosen)[0], by_hand)
    assert np.abs(evaluate([machine], inputs, inputs[:20], chosen)[0] - targets[:20]).mean() < np.abs(targets).mean()


def test_a_machine_of_equal_targets_says_their_value():
    machine = train(np.eye(3), np.full(3, 7.5), np.arange(3), Settings(1.0, 1.0))
    assert machine == Machine(machine.weights, 7.5)
    assert not machine.weights.any()


def test_the_interval_by_hand():
    # One repeat of two folds: rows 0 and 1 were not seen by model 0, rows 2 and 3 not by model 1.
    predictions, fold = np.array([[[10.0], [20.0]]]), np.array([[0, 0, 1, 1]])
    residuals = np.array([1.0, 2.0, 3.0, 4.0])
    # Lower ends 9, 8, 17, 16, upper ends 11, 12, 23, 24: with n + 1 = 5 and a = 0.4 the second of each end.
    low, high = interval(predictions, fold, residuals, 0.6)
    assert (low.tolist(), high.tolist()) == ([9.0], [23.0])
    low, high = interval(predictions, fold, residuals, 0.9)
    assert (low.tolist(), high.tolist()) == ([-np.inf], [np.inf])


def test_models_that_saw_a_row_are_left_out():
    predictions = np.array([[[1.0], [2.0]], [[4.0], [8.0]]])
    fold = np.array([[0, 1], [1, 1]])
    assert without_each_row(predictions, fold).tolist() == [[(1 + 8) / 2], [(2 + 8) / 2]]


@settings(max_examples=30)
@given(groups=st.lists(st.integers(0, 30), min_size=10, max_size=60), seed=st.integers(0, 99))
def test_folds_are_even_and_keep_groups_together(groups, seed):
    numbers = np.unique(groups, return_inverse=True)[1]
    fold = folds_of(numbers, 5, 3, seed)
    assert fold.shape == (3, len(groups))
    for drawn in fold:
        of_group = {}
        for group, number in zip(numbers.tolist(), drawn.tolist(), strict=True):
            assert of_group.setdefault(group, number) == number
        sizes = np.bincount(list(of_group.values()), minlength=5)
        assert sizes.max() - sizes.min() <= 1
    np.testing.assert_array_equal(fold, folds_of(numbers, 5, 3, seed))


def test_checks_without_the_public_sets_stay_visible(monkeypatch, tmp_path):
    monkeypatch.setenv("CODESIGN_DATA", str(tmp_path))
    checks = validate.accuracy()
    absent = [check for check in checks if check.verdict == "not available"]
    assert len(absent) == 8
    assert all("codesign data get" in check.note for check in absent)
    assert [check.verdict for check in checks[8:]] == ["match"]


@pytest.mark.shared
@pytest.mark.slow
def test_order_and_coverage_on_accel_nasbench(shared):
    found = read_tabular_set("accel-nasbench", shared / "reference/nas/accel-nasbench/anb_dataset_jsons.tar.gz")
    few = validate.held_out_figures(found, 1000, seed=0)
    assert few["kendall_tau"] >= 0.87
    assert few["coverage"] == pytest.approx(0.9, abs=0.02)
    assert few["cv_kendall_tau"] == pytest.approx(few["kendall_tau"], abs=0.02)
    many = validate.held_out_figures(found, 4000, seed=0)
    assert many["kendall_tau"] >= 0.90
    assert many["coverage"] == pytest.approx(0.9, abs=0.02)


@pytest.mark.slow
@pytest.mark.shared
def test_order_on_nas_bench_macro_from_300_networks(shared):
    found = read_tabular_set("nas-bench-macro", shared / "reference/nas/nas-bench-macro.json.gz")
    figures = validate.held_out_figures(found, 300, seed=0)
    assert figures["kendall_tau"] > 0.85
    assert figures["coverage"] == pytest.approx(0.9, abs=0.05)
