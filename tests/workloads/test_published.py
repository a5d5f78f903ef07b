"""Our counts beside published ones: what must be equal, what is rounded, and what stays visible as different."""

import pytest

from codesign.workloads.catalogue import load_network, network_names
from codesign.workloads.published import published_checks, published_figures


@pytest.fixture(scope="module")
def checks():
    table = published_checks()
    table["off"] = (table["ours"] - table["published"]) / table["last_digit"]
    return table


def rows(checks, network, quantity, source=""):
    chosen = (checks["network"] == network) & (checks["quantity"] == quantity)
    return checks[chosen & checks["source"].str.contains(source, regex=False)]


def test_every_figure_has_its_origin():
    table = published_figures()
    assert set(table["network"]) == set(network_names())
    assert (table[["quantity", "unit", "counted", "source"]] != "").all().all()
    assert table["year"].between(2010, 2030).all()
    assert not table.duplicated(["network", "settings", "quantity", "source"]).any()


def test_parameters_given_to_the_last_digit_are_met(checks):
    exact = checks[checks["last_digit"] == 1]
    assert len(exact) == 8
    assert (exact["ours"] == exact["published"]).all()


def test_torchvision_operations_are_met_to_the_last_digit(checks):
    torchvision = checks[checks["source"].str.startswith("torchvision") & (checks["quantity"] == "macs")]
    assert len(torchvision) == 6
    assert (torchvision["off"].abs() <= 0.5).all()


def test_mobilenet_v2_is_met_with_the_table_rounded_down(checks):
    table = rows(checks, "mobilenetv2", "macs", "tensorflow/models")
    assert len(table) == 22
    assert ((table["off"] >= 0) & (table["off"] < 1)).all()
    assert (rows(checks, "mobilenetv2", "weight_words")["off"].abs() <= 0.5).all()


def test_mobilenet_v1_is_met_but_for_the_rows_that_say_why(checks):
    table = rows(checks, "mobilenetv1", "macs", "tensorflow/models")
    assert len(table) == 16
    off = table[table["off"].abs() > 0.5]
    assert sorted(off["settings"]) == [
        "width=0.25 resolution=192",
        "width=0.5 resolution=224",
        *[f"width=0.75 resolution={side}" for side in (128, 160, 192, 224)],
    ]
    assert (off["note"] != "").all()
    assert (rows(checks, "mobilenetv1", "macs", "keras")["off"].abs() <= 0.5).all()


def test_mobilenet_v1_at_three_quarters_is_published_without_its_first_layer(checks):
    table = rows(checks, "mobilenetv1", "macs", "tensorflow/models").set_index("settings")["published"]
    for side in (224, 192, 160, 128):
        network = load_network("mobilenetv1", width=0.75, resolution=side)
        without = network.macs - network.layers[0].macs
        assert abs(without - table[f"width=0.75 resolution={side}"]) <= 500_000
