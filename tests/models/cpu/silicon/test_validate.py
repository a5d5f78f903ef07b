"""The comparison with dies, McPAT and CACTI."""

import pytest

from codesign.models.cpu.silicon import core_costs, core_energy
from codesign.models.cpu.silicon.published import estimated_cores, measured_cores, settings_of
from codesign.models.cpu.silicon.validate import cluster_area_mm2, cpu_silicon, peak_events

from .cores import small_core

CHECKS = {check.item: check for check in cpu_silicon()}


def test_every_row_is_readable_by_itself():
    assert len(CHECKS) == len(cpu_silicon())
    for check in CHECKS.values():
        assert check.source
        assert check.unit
        assert check.tolerance > 0.0


def test_what_differs_says_why():
    for check in CHECKS.values():
        if check.verdict != "match":
            assert check.note, check.item


def test_a_part_matches_within_a_factor_of_two_either_way():
    for check in CHECKS.values():
        if check.item.startswith(("McPAT", "CACTI", "Xeon")):
            assert check.ours is not None
            within = check.reference / 2.0 <= check.ours <= 2.0 * check.reference
            assert (check.verdict == "match") == within, check.item


def test_arrays_agree_with_cacti_in_area_and_energy_of_a_read():
    rows = [check for item, check in CHECKS.items() if item.startswith("CACTI") and not item.endswith("leakage")]
    matches = [check for check in rows if check.verdict == "match"]
    assert len(matches) >= 0.9 * len(rows)


def test_at_least_six_dies_and_five_cores_of_mcpat_are_compared():
    assert len(measured_cores()) >= 6
    assert len(estimated_cores()) >= 5


def test_a_cluster_counts_what_is_shared_once():
    cluster = next(core for core in measured_cores() if core.copies == 4 and core.settings.llc)
    costs = core_costs(cluster.settings)
    shared = costs.parts["llc"].area_mm2
    assert cluster_area_mm2(cluster) == pytest.approx(4 * costs.area_mm2 - 3 * shared)


def test_peak_events_use_every_width_and_miss_nothing():
    core = small_core()
    events = peak_events(core)
    assert (events.renamed, events.issued, events.committed) == (2, 4, 2)
    assert events.l1d_misses == events.l2_accesses == 0.0
    assert core_energy(core_costs(core), events).power_w > 0.0


def test_settings_are_read_from_a_row():
    core = next(core for core in measured_cores() if core.name == "AMD Zen").settings
    assert (core.rob_entries, core.integer_registers, core.load_queue_entries) == (192, 168, 72)
    assert (core.l1i.kib, core.l1d.kib, core.l2.kib, core.llc) == (64.0, 32.0, 512.0, None)


def test_a_row_without_a_setting_is_refused():
    with pytest.raises(KeyError):
        settings_of({"node_nm": "45"})
