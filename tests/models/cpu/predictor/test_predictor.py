"""The predictor on tables of cores: near the truth it learned, row by row, refusing what it doesn't know."""

import numpy as np
import pandas as pd
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.design import SPACE, drawn_cores
from codesign.models.cpu.predictor import predictor as module
from codesign.models.cpu.predictor.anchors import anchors
from codesign.models.cpu.predictor.encoding import seen_rates
from codesign.models.cpu.predictor.predictor import IPC_COLUMNS, check_cores
from codesign.models.cpu.predictor.rates import RATES, counterparts

pytestmark = pytest.mark.usefixtures("rough_scales")


@pytest.fixture(scope="module", params=["simulated", "never simulated"])
def program(request, trained, features, rough_scales):
    return (
        trained.of_program(features["near"]) if request.param == "simulated" else trained.of_features(features["far"])
    )


def test_the_surface_is_corrected_and_the_interval_lies_around(program):
    found = program.predict(drawn_cores(128))
    assert tuple(found.columns) == IPC_COLUMNS
    assert found["ipc"].to_numpy() == pytest.approx(0.9 * found["one_pass_ipc"].to_numpy(), rel=0.02)
    for level, factor in program.factors.items():
        found = program.predict(drawn_cores(16), level)
        assert np.allclose(found["ipc_high"] / found["ipc"], factor)
        assert np.allclose(found["ipc"] / found["ipc_low"], factor)


def test_a_program_that_was_simulated_has_its_own_interval(trained, features):
    assert trained.of_program(features["near"]).factors == {0.8: 1.02, 0.9: 1.05}
    assert trained.of_features(features["near"]).factors == {0.8: 1.1, 0.9: 1.2}


def test_rates_are_told_beside_the_ipc(program):
    """They were 1.5 times the walk's on the training's cores; few trees and a ridge come within a tenth in the mean."""
    cores = drawn_cores(64)
    found, seen = program.predict_all(cores), seen_rates(program.surface.program, cores)
    assert tuple(found.columns) == (*IPC_COLUMNS, *RATES)
    assert found[list(IPC_COLUMNS)].equals(program.predict(cores))
    assert found["branch_mpki"].tolist() == (1000 * seen["mispredicted"]).tolist()
    wanted, told = 1.5 * counterparts(seen), found[list(RATES[1:])].to_numpy()
    busy = wanted.mean(axis=0) > 1
    assert busy.sum() >= 5
    assert np.all(np.abs(told - wanted).mean(axis=0)[busy] < 0.1 * wanted.mean(axis=0)[busy])


def test_a_row_does_not_depend_on_the_others(program, monkeypatch):
    cores = drawn_cores(100)
    together = program.predict_all(cores)
    for places in ([40], [40, 3], list(range(37)), list(range(100))[::-1]):
        assert program.predict_all(cores.iloc[places]).equals(together.iloc[places])
    monkeypatch.setattr(module, "CHUNK", 7)
    assert program.predict_all(cores).equals(together)
    assert program.predict_all(cores.head(0)).equals(together.head(0))


def test_the_index_is_kept(program):
    cores = drawn_cores(4).set_index(pd.Index([7, 3, 9, 1]))
    assert program.predict(cores).index.tolist() == [7, 3, 9, 1]


def test_further_columns_and_their_order_do_not_matter(program):
    cores = drawn_cores(8)
    other = cores[list(cores.columns)[::-1]].assign(program="near")
    assert program.predict_all(other).equals(program.predict_all(cores))


def test_categories_and_floats_are_read_as_plain_columns(program):
    cores = drawn_cores(32)
    texts = {name: "category" for name, values in SPACE.items() if isinstance(values[0], str)}
    numbers = {name: "float64" for name in SPACE if name not in texts}
    assert program.predict_all(cores.astype(texts | numbers)).equals(program.predict_all(cores))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rob": 1024}, "core 1: rob is 1024; the predictor was trained on 16 to 512"),
        (
            {"branch_predictor": "perceptron"},
            "core 1: branch_predictor is 'perceptron'; .* on bimodal, gshare, tournament, tage",
        ),
        ({"width": float("nan")}, "core 1: width is nan; the predictor was trained on 1 to 8"),
        ({"predictor_entries": 2048}, "core 1: predictor_entries is 2048; allowed: 1024, 4096, 16384"),
        ({"l2_kib": 300}, "core 1: l2_kib is 300; allowed: 256, 512, 1024"),
    ],
)
def test_a_core_outside_the_space_is_refused(program, change, message):
    cores = pd.concat((drawn_cores(1), drawn_cores(2).tail(1).assign(**change)))
    with pytest.raises(ModelInputError, match=message):
        program.predict(cores)


def test_cores_of_the_space_are_allowed():
    check_cores(anchors())
    check_cores(drawn_cores(1).assign(rob=100, dram_cas_ns=13.75))


def test_missing_columns_and_levels_are_named(program):
    with pytest.raises(ModelInputError, match=r"no column 'rob' \(did you mean 'robs'\?\)"):
        program.predict(drawn_cores(2).rename(columns={"rob": "robs"}))
    with pytest.raises(ModelInputError, match="no interval of level 0.5 was trained; known: 0.8, 0.9"):
        program.predict(drawn_cores(2), level=0.5)
