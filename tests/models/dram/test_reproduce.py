"""ArchGym's published designs, and what is said of its claim."""

from collections import Counter

import pytest

from codesign.models.dram.reproduce import marl


@pytest.fixture(scope="module")
def checks():
    return marl()


def of(checks, quantity):
    return [check for check in checks if check.item.endswith(f": {quantity}")]


def test_every_published_design_has_our_energy_and_power(checks):
    assert len(of(checks, "energy")) == len(of(checks, "power")) == 15
    assert {check.verdict for check in of(checks, "energy") + of(checks, "power")} == {"match"}


def test_times_match_where_their_unit_is_that_of_the_column(checks):
    wrong = [check for check in of(checks, "time") if check.verdict == "differs"]
    assert {check.verdict for check in of(checks, "time, its unit put right")} == {"match"}
    assert len(of(checks, "time, its unit put right")) == len(wrong) > 0
    assert all("nanoseconds" in check.note for check in wrong)
    assert all(check.ours / check.reference == pytest.approx(1000.0, rel=1e-3) for check in wrong)


def test_all_hundred_designs_are_compared(checks):
    more = [int(c.item.split(" and ")[1].split()[0]) if " and " in c.item else 0 for c in of(checks, "energy")]
    assert sum(more) + len(more) == 100


def test_the_claim_has_no_figure_and_ours_are_probabilities(checks):
    agents = [check for check in checks if check.item.startswith("several agents")]
    assert Counter(check.verdict for check in agents) == {"not available": len(agents)}
    assert {"PPO", "SAC"} <= {check.item.split(" before ")[1].split(":")[0] for check in agents}
    assert all(0.0 <= check.ours <= 1.0 for check in agents)
    assert all("docs/dram-results.md" in check.note for check in agents)
