"""HAWQ-V3's tables and assignments."""

import csv

import numpy as np
import pytest

from codesign.errors import UnknownNameError
from codesign.models.checks import check_table
from codesign.models.fpga.quantisation import (
    assign_bits,
    exact_frontier,
    hawq_problem,
    published_bits,
    shared_input_ties,
)
from codesign.models.fpga.quantisation.hawq import data_rows, uniform_bits
from codesign.models.fpga.quantisation.reproduce import hawq
from codesign.workloads.catalogue import load_network

CASES = [pytest.param(entry, id=f"{entry.network} {entry.rule}") for entry in published_bits()]


def matched(entry):
    problem = hawq_problem(entry.network, entry.quantity, entry.fraction)
    return tuple(assign_bits(problem).bits.values()) == entry.bits


def test_at_least_17_of_the_18_published_maps_are_found_exactly():
    assert len(CASES) == 18
    assert sum(map(matched, published_bits())) >= 17


@pytest.mark.parametrize("entry", CASES)
def test_every_published_map_is_within_its_cap_and_none_loses_less_than_ours(entry):
    problem = hawq_problem(entry.network, entry.quantity, entry.fraction)
    assert problem.cost_of(entry.bits) <= problem.limit
    found = assign_bits(problem)
    assert found.status == "optimal"
    assert found.cost <= problem.limit
    assert found.sensitivity <= problem.sensitivity_of(entry.bits)


@pytest.mark.parametrize("entry", CASES)
def test_dynamic_programming_proves_the_same_optimum(entry):
    problem = hawq_problem(entry.network, entry.quantity, entry.fraction)
    best = exact_frontier(problem).iloc[-1]
    assert assign_bits(problem).sensitivity == pytest.approx(best["sensitivity"], rel=1e-12)


def test_published_maps_keep_the_ties():
    for entry in published_bits():
        problem = hawq_problem(entry.network, entry.quantity)
        for group in problem.units():
            assert len({entry.bits[layer] for layer in group}) == 1


def test_the_caps_run_from_all_narrow_to_all_wide():
    for network, layers in (("resnet18", 19), ("resnet50", 52)):
        for quantity in ("size", "bops", "latency"):
            narrow, wide = (hawq_problem(network, quantity, fraction) for fraction in (0.0, 1.0))
            assert set(assign_bits(narrow).bits.values()) == {4}
            assert set(assign_bits(wide).bits.values()) == {8}
            assert len(wide.layers) == layers


def test_resnet18_has_the_shapes_of_our_own_network():
    ours = [layer for layer in load_network("resnet18").layers if layer.kind == "conv"][1:]
    listed = list(data_rows("resnet18"))
    assert sorted((layer.weight_words, layer.macs) for layer in ours) == sorted(
        (int(row["parameters"]), int(row["macs"])) for row in listed
    )


@pytest.mark.parametrize("network", ["resnet18", "resnet50"])
def test_the_ties_are_the_layers_of_our_network_that_read_one_feature_map(network):
    graph = load_network(network)
    order = [layer.name for layer in graph.layers if layer.kind == "conv"][1:]
    ours = {tuple(order.index(name) for name in group) for group in shared_input_ties(graph)}
    assert ours == {tuple(unit) for unit in hawq_problem(network, "size").units() if len(unit) > 1}


def test_unknown_tables():
    with pytest.raises(UnknownNameError, match=r"HAWQ has no 'resnet51' \(did you mean 'resnet50'\?\)"):
        hawq_problem("resnet51", "size")
    with pytest.raises(UnknownNameError, match="HAWQ has no 'time'.*it has size, bops, latency"):
        hawq_problem("resnet18", "time")


def test_the_rows_of_the_reproduction():
    table = check_table(hawq()).set_index("item")
    maps = table[table.index.str.contains("layers with the published bits")]
    assert len(maps) == 18
    assert (maps["verdict"] == "match").sum() >= 17
    objectives = table[table.index.str.endswith("objective")]
    assert len(objectives) == (maps["verdict"] != "match").sum()
    assert (objectives["ours"] <= objectives["reference"]).all()
    ranks = table[table.index.str.contains("Spearman")]
    assert ranks["ours"].to_numpy() == pytest.approx([-0.970, -0.982], abs=5e-4)
    assert (table.loc[table["verdict"] != "match", "note"] != "").all()
    assert (table["source"] != "").all()


def test_uniform_networks():
    assert [(entry.network, entry.rule, set(entry.bits)) for entry in uniform_bits()] == [
        ("resnet18", "W8A8", {8}),
        ("resnet18", "W4A4", {4}),
        ("resnet50", "W8A8", {8}),
        ("resnet50", "W4A4", {4}),
    ]


@pytest.mark.shared
@pytest.mark.parametrize("file", ["resnet18", "resnet50", "published", "uniform"])
def test_the_tables_are_those_that_were_extracted(shared, file):
    with (shared / "reference" / "hawq" / f"{file}.csv").open() as stream:
        theirs = [list(row.values()) for row in csv.DictReader(stream)]
    ours = [list(row.values()) for row in data_rows(file)]
    assert [row[: len(theirs[0])] for row in ours] == theirs
    assert all(row[len(theirs[0])] == "2023" and row[-1] for row in ours)


def test_all_costs_grow_with_the_width():
    for network in ("resnet18", "resnet50"):
        for quantity in ("size", "bops", "latency"):
            assert (np.diff(hawq_problem(network, quantity).cost, axis=1) > 0).all()
