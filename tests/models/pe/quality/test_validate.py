"""Comparisons with figures from elsewhere: which hold, and which are known not to."""

from collections import Counter

import pytest

from codesign.models.pe.quality.validate import interpolation, quality, rank, real_tensors, theory


def test_theory_holds_where_the_quantiser_is_the_same():
    rows = {check.item: check.verdict for check in theory()}
    assert [item for item, verdict in rows.items() if verdict != "match"] == [
        "int-asym of 3 bits on a Gaussian source clipped to Max's range"
    ]


def test_error_orders_the_formats_as_perplexity_does():
    (found,) = rank()
    assert found.verdict == "match"
    assert "OliVe 3 bits" in found.note


def test_interpolation_is_not_accurate_enough_to_be_offered():
    verdicts = Counter(check.verdict for check in interpolation())
    assert verdicts["differs"] >= 4


@pytest.mark.slow
def test_drawn_tensors_stand_for_real_ones():
    verdicts = Counter((check.item.split()[1], check.verdict) for check in real_tensors())
    assert verdicts["weights", "differs"] == 0
    assert verdicts["activations", "differs"] <= 2
    assert verdicts["product", "differs"] > 0  # real operands aren't independent


@pytest.mark.slow
def test_everything_is_reported():
    checks = quality()
    assert len({check.item for check in checks}) == len(checks)
    assert all(check.source and check.unit for check in checks)
