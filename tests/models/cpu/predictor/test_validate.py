"""The comparison of predicted with simulated IPC."""

import pytest

from codesign.models.cpu.predictor import validate
from codesign.models.cpu.predictor.artefact import trained_predictor


def test_every_program_is_compared_on_every_fresh_core_in_both_ways(monkeypatch):
    few = dict(list(trained_predictor().programs.items())[:2])
    monkeypatch.setattr(
        validate,
        "trained_predictor",
        lambda: type(trained_predictor())(**{**vars(trained_predictor()), "programs": few}),
    )
    checks = validate.cpu_predictor()
    assert len(checks) == len(few) * validate.FRESH * 2
    assert len({check.item for check in checks}) == len(checks)
    for check in checks:
        assert check.reference > 0
        assert check.ours > 0
        assert check.ours == pytest.approx(check.reference, rel=0.25)
        low, high = (float(one) for one in check.note.split(": ")[1].split(" to "))
        assert ("within" in check.note) == (low - 5e-4 <= check.reference <= high + 5e-4)
