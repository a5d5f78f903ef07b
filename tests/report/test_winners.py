"""The best design of each choice."""

import math

import pandas as pd
import pytest

from codesign.errors import UnknownNameError
from codesign.report.winners import winners

DESIGNS = pd.DataFrame(
    {
        "pe": ["a", "b", "a", "c", "b", "d"],
        "rows": [1, 2, 3, 4, 5, 6],
        "latency_ms": [4.0, 3.0, 2.0, 5.0, 3.0, math.nan],
        "rate": [1.0, 2.0, 4.0, 8.0, 3.0, 1.0],
    }
)


def test_the_best_of_each_with_its_ratio():
    found = winners(DESIGNS, "pe", "latency_ms")
    assert found["pe"].tolist() == ["a", "b", "c"]
    assert found["rows"].tolist() == [3, 2, 4]
    assert found["behind"].tolist() == [1.0, 1.5, 2.5]


def test_more_may_be_better():
    found = winners(DESIGNS, "pe", "rate", "maximize")
    assert found["pe"].tolist() == ["c", "a", "b", "d"]
    assert found["behind"].tolist() == pytest.approx([1.0, 2.0, 8 / 3, 8.0])


def test_nothing_known():
    assert winners(DESIGNS.iloc[5:], "pe", "latency_ms").empty


def test_names_are_checked():
    with pytest.raises(UnknownNameError, match="no column 'latency'.*latency_ms"):
        winners(DESIGNS, "pe", "latency")
