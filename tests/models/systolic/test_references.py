"""The model against results that others made: SCALE-Sim, the simulator behind DRACO, the Eyeriss chip."""

import csv

import pytest

from codesign.models.registry import REPRODUCTIONS_GROUP, VALIDATIONS_GROUP, load
from codesign.models.systolic.references import reference_rows
from codesign.models.systolic.reproduce import draco
from codesign.models.systolic.validate import mobilenet_runs, rectangular_runs, scalesim

EXACT = ("compute_cycles", "sram_ifmap_reads", "sram_filter_reads")


@pytest.mark.parametrize("runs", [mobilenet_runs, rectangular_runs])
def test_every_simulated_layer_has_the_same_cycles_and_sram_reads(runs):
    found = runs()
    assert len(found) in (84, 288)
    for row, ours in found:
        for name in EXACT:
            assert ours[name] == float(row[name]), (row["dataflow"], row["layer"], name)
        assert ours["mapping_pct"] == pytest.approx(float(row["mapping_pct"]), rel=1e-4)
        if row["dataflow"] != "os":
            assert ours["sram_ofmap_writes"] == float(row["sram_ofmap_writes"])


@pytest.mark.parametrize("runs", [mobilenet_runs, rectangular_runs])
def test_what_the_tool_adds_to_the_outputs_of_os_is_rows_and_columns_in_each_fold(runs):
    for row, ours in runs():
        if row["dataflow"] == "os":
            rows, columns = int(row.get("array_rows", 32)), int(row.get("array_columns", 32))
            share = ours["mapping_pct"] / 100.0
            folds = ours["sram_ofmap_writes"] / (rows * columns * share)
            assert float(row["sram_ofmap_writes"]) == pytest.approx(
                ours["sram_ofmap_writes"] + folds * (rows + columns)
            )


def test_every_network_total_is_equal():
    totals = [
        check for check in scalesim() if check.item.endswith("compute_cycles") and " all layers " not in check.item
    ]
    assert len(totals) == 84 + 27 + 12
    assert all(check.verdict == "match" for check in totals)
    assert sum("not simulated" in check.note for check in totals) == 21


def test_what_differs_from_scalesim_is_traffic_or_outputs_and_has_a_reason():
    for check in scalesim():
        if check.verdict != "match":
            assert any(word in check.item for word in ("dram", "os", "conv1 active")), check.item
            assert len(check.note) > 40, check.item


def test_the_eyeriss_chip():
    checks = [check for check in scalesim() if "Eyeriss" in check.item]
    active = [check for check in checks if "active" in check.item]
    assert [round(check.ours) for check in active] == [151, 135, 156, 156, 156]
    assert [check.reference for check in active] == [154, 135, 156, 156, 156]
    for check in checks:
        if "latency" in check.item:
            assert 0.8 * check.reference < check.ours < check.reference, "the chip also loads, drains and stalls"


def test_the_simulator_behind_draco():
    checks = draco()
    by_item = {check.item: check for check in checks}
    assert all(c.verdict == "match" for c in checks if "conv_cycles" in c.item)
    exact = [c for c in checks if ("64x64 G=" in c.item or "32x32" in c.item) and "energy_1e9" not in c.item]
    assert all(c.verdict == "match" for c in exact)
    energies = [c for c in checks if "energy_1e9" in c.item]
    assert len(energies) == 6
    assert all(0.95 * c.reference < c.ours < c.reference and "blocking" in c.note for c in energies)
    assert by_item["DRACO 64x64 G=1 latency_ms (delay goal)"].ours == 378270 / 200e3
    for check in checks:
        if check.verdict != "match":
            assert check.note, check.item


def test_the_headline_stays_visible_and_unmatched():
    gain, saved = draco()[:2]
    assert (gain.reference, saved.reference) == (41.8, 42.6)
    assert gain.ours == pytest.approx(40.7, abs=0.05)
    assert saved.ours == pytest.approx(41.6, abs=0.05)
    for check in (gain, saved):
        assert check.verdict == "differs"
        assert "isn't identified" in check.note


def test_larger_groups_lower_the_product_of_energy_and_delay():
    found = {check.item: check.ours for check in draco()}

    def product(channels):
        item = f"DRACO 64x64 G={channels}"
        return found[f"{item} latency_ms (delay goal)"] * found[f"{item} energy_1e9 (delay goal)"]

    assert 1 - product(8) / product(1) == pytest.approx(0.35, abs=0.02)
    assert 1 - product(4) / product(1) == pytest.approx(0.40, abs=0.02)


def test_registered():
    assert load("draco", REPRODUCTIONS_GROUP) is draco
    assert load("systolic", VALIDATIONS_GROUP) is scalesim


@pytest.mark.parametrize(
    "file",
    [
        "draco_mobilenetv1.csv",
        "eyeriss_alexnet.csv",
        "scalesim_mobilenetv1_32x32.csv",
        "scalesim_networks.csv",
        "scalesim_rectangular.csv",
    ],
)
def test_every_row_of_data_has_unit_source_and_year(file):
    rows = list(reference_rows(file))
    assert rows
    assert all(row["unit"] and row["source"] and 2010 < int(row["year"]) < 2030 for row in rows)


@pytest.mark.shared
@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_condensed_table_holds_what_the_simulation_gave(shared, dataflow):
    with (shared / "reference" / "scalesim" / f"mobilenetv1-32x32-{dataflow}.csv").open() as stream:
        whole = list(csv.DictReader(stream))
    ours = [row for row in reference_rows("scalesim_mobilenetv1_32x32.csv") if row["dataflow"] == dataflow]
    assert len(ours) == len(whole) == 28
    for kept, full in zip(ours, whole, strict=True):
        names = {"layer": "layer", "filter_h": "filt_h", "channels": "ch", "stride": "stride_h"}
        assert all(kept[name] == full[other] for name, other in names.items())
        for name in ("compute_cycles", "sram_ifmap_reads", "sram_filter_reads", "sram_ofmap_writes"):
            assert float(kept[name]) == float(full[name])
        for name in ("dram_ifmap_reads", "dram_filter_reads", "dram_ofmap_writes"):
            assert float(kept[name]) == float(full[name])
