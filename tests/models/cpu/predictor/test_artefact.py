"""What training leaves: it comes back from its file, and names what it doesn't know."""

from dataclasses import replace

import numpy as np
import pytest

from codesign.errors import ModelInputError, UnknownNameError
from codesign.models.cpu.design import drawn_cores
from codesign.models.cpu.predictor import artefact
from codesign.models.cpu.predictor.artefact import load_predictor, save_predictor, trained_features, trained_program
from codesign.models.cpu.predictor.rates import LEARNED

pytestmark = pytest.mark.usefixtures("rough_scales")


def test_a_predictor_comes_back_from_its_file(trained, features, tmp_path):
    save_predictor(trained, tmp_path / "p.npz")
    again, cores = load_predictor(tmp_path / "p.npz"), drawn_cores(16)
    for name in ("near", "far"):
        ours = trained.of_features(features[name]).predict_all(cores)
        assert again.of_features(features[name]).predict_all(cores).equals(ours)
    ours = trained.of_program(features["near"]).predict_all(cores)
    assert again.of_program(features["near"]).predict_all(cores).equals(ours)
    assert (again.factors, again.programs["near"].factors) == (trained.factors, trained.programs["near"].factors)


def test_equal_predictors_give_equal_bytes(trained, tmp_path):
    for name in ("a.npz", "b.npz"):
        save_predictor(trained, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_predictor_that_knows_no_program_comes_back_too(trained, features, tmp_path):
    alone = replace(trained, programs={})
    save_predictor(alone, tmp_path / "p.npz")
    again, cores = load_predictor(tmp_path / "p.npz"), drawn_cores(4)
    assert again.programs == {}
    ours = alone.of_features(features["near"]).predict(cores)
    assert again.of_features(features["near"]).predict(cores).equals(ours)


@pytest.mark.parametrize(
    "held",
    [
        {"format": np.int64(0), "rates": np.array(LEARNED)},
        {"format": np.int64(1), "rates": np.array(LEARNED[1:])},
        {"rates": np.array(LEARNED)},
    ],
    ids=["older format", "other rates", "no format"],
)
def test_a_file_of_another_format_is_refused(held, tmp_path):
    np.savez(tmp_path / "old.npz", **held)
    with pytest.raises(ModelInputError, match="old.npz: not a predictor of format 1; train it again"):
        load_predictor(tmp_path / "old.npz")


def test_a_program_that_was_not_simulated_is_named(trained, features):
    with pytest.raises(UnknownNameError, match="program 'far' was not simulated for training.*; known: near"):
        trained.of_program(features["far"])


@pytest.fixture
def package(trained, monkeypatch):
    """The trained predictor in place of the package's."""
    for held in (trained_features, trained_program):
        held.cache_clear()
    monkeypatch.setattr(artefact, "trained_predictor", lambda: trained)
    yield
    for held in (trained_features, trained_program):
        held.cache_clear()


@pytest.mark.usefixtures("package")
def test_features_of_an_unknown_program_are_refused():
    with pytest.raises(UnknownNameError, match=r"no features of program 'neer' \(did you mean 'near'\?\); known: near"):
        trained_features("neer")


@pytest.mark.usefixtures("package")
def test_a_program_of_the_package_knows_its_simulations(trained, features, monkeypatch):
    monkeypatch.setattr(artefact, "trained_features", lambda name: features[name])
    cores = drawn_cores(8)
    assert trained_program("near").predict(cores).equals(trained.of_program(features["near"]).predict(cores))
