"""Mispredictions of patterns that a predictor can learn, or not."""

import numpy as np
import pytest

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.branch_view import branch_view

from .programs import whole


def pattern(outcomes):
    """A loop whose one conditional branch skips an instruction where an outcome is 1."""
    branch = {"branch": "conditional", "operation": "branch", "sources": (25, 26), "destinations": (26,)}
    steps = []
    for taken in outcomes:
        steps.append({"place": 0} | branch | {"taken": bool(taken)})
        if not taken:
            steps.append({"place": 1})
        steps.append({"place": 2})
        steps.append({"place": 3, "branch": "jump", "operation": "branch", "destinations": (26,), "taken": True})
    return whole(steps)


@pytest.mark.parametrize("predictor", ["bimodal", "gshare", "tournament", "tage"])
def test_what_is_always_the_same_is_learned(predictor):
    view = branch_view(pattern([0] * 400), CoreSettings(branch_predictor=predictor))
    assert np.count_nonzero(view.wrong) <= 4


def test_a_history_is_needed_for_a_period():
    part = pattern([1, 0] * 300)
    alone, history = (branch_view(part, CoreSettings(branch_predictor=name)) for name in ("bimodal", "tage"))
    assert np.count_nonzero(alone.wrong) > 250
    assert np.count_nonzero(history.wrong) < 60


def test_a_perfect_predictor_is_never_wrong():
    outcomes = np.random.default_rng(0).integers(0, 2, 400)
    assert branch_view(pattern(outcomes), CoreSettings(branch_predictor="perfect")).rates == {
        "execution": 0,
        "decode": 0,
    }


def test_rates_count_where_an_error_shows():
    rates = branch_view(pattern(np.random.default_rng(0).integers(0, 2, 400)), CoreSettings()).rates
    assert rates["execution"] > 0.05
