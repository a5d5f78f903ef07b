"""``systolic.array`` as a model: the contract, what it refuses, invariants of its metrics."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.registry import get_model
from codesign.models.systolic import evaluation
from codesign.models.systolic.metrics import METRICS
from codesign.models.systolic.model import SystolicArray
from codesign.models.systolic.parameters import PARAMETERS
from codesign.testing.models import ModelContract

MODEL = SystolicArray()


def random_designs(count, seed):
    """Feasible designs that differ in everything."""
    source = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "network": source.choice(["mobilenetv1", "resnet18"], count),
            "dataflow": pd.Categorical(source.choice(["ws", "os", "is", "rs"], count)),
            "array_rows": source.integers(1, 130, count),
            "array_columns": source.integers(1, 130, count),
            "ifmap_sram_kib": np.exp(source.uniform(0, 7, count)),
            "filter_sram_kib": np.exp(source.uniform(0, 7, count)),
            "ofmap_sram_kib": np.exp(source.uniform(0, 7, count)),
            "dram_bytes_per_cycle": np.exp(source.uniform(-2, 6, count)),
            "clock_mhz": source.choice([100.0, 500.0], count),
            "energy_table": source.choice(
                ["none", "eyeriss_isca16", "eyeriss_isscc16", "horowitz_isscc14_45nm"], count
            ),
            "di_weight": source.uniform(0.1, 0.9, count),
        }
    )
    table["word_bits"] = np.where(
        table["energy_table"].str.startswith(("none", "horowitz")), source.choice([8, 16], count), 16
    )
    mobile = table["network"] == "mobilenetv1"
    table["width"] = np.where(mobile, source.choice([0.25, 0.5, 1.0], count), 1.0)
    table["group_channels"] = np.where(mobile, source.choice([1, 2, 4], count), 1)
    rs = table["dataflow"] == "rs"
    other = np.where(table["group_channels"] == 1, "one_filter", "per_channel")
    table["depthwise"] = np.where(source.random(count) < 0.5, "per_channel", np.where(rs, "packed", other))
    table["layers"] = np.where(
        rs, source.choice(["conv", "conv_fc", "all"], count), source.choice(["conv", "conv_fc"], count)
    )
    return table


def one(**design):
    return MODEL.evaluate(pd.DataFrame([{"network": "mobilenetv1", **design}])).iloc[0]


def refused(**design):
    row = one(**design)
    assert not row["feasible"]
    assert row[list(METRICS)].isna().all()
    return row["reason"]


class TestContract(ModelContract):
    model = MODEL
    designs = random_designs(40, 0)


def test_is_registered():
    assert isinstance(get_model("systolic.array"), SystolicArray)


def test_texts_may_be_categories_objects_or_strings():
    table = random_designs(30, 1)
    texts = ["network", "dataflow", "energy_table", "depthwise", "layers"]
    answers = [MODEL.evaluate(table.astype(dict.fromkeys(texts, kind))) for kind in ("category", "object", "str")]
    for answer in answers[1:]:
        pd.testing.assert_frame_equal(answers[0], answer, check_exact=True)


def test_numbers_may_be_nullable_objects_or_categories():
    table = random_designs(30, 2)
    plain = MODEL.evaluate(table)
    for kind in ("Int64", "object", "category"):
        pd.testing.assert_frame_equal(plain, MODEL.evaluate(table.astype({"array_rows": kind})), check_exact=True)


@pytest.mark.parametrize("elements", [16, 300, 1 << 20])
def test_blocks_change_no_bit(elements, monkeypatch):
    table = random_designs(200, 3)
    before = MODEL.evaluate(table)
    monkeypatch.setattr(evaluation, "BLOCK_ELEMENTS", elements)
    pd.testing.assert_frame_equal(before, MODEL.evaluate(table), check_exact=True)


def test_a_design_among_refused_ones_keeps_every_bit():
    table = random_designs(60, 4)
    spoilt = table.copy()
    spoilt["array_rows"] = spoilt["array_rows"].where(np.arange(60) % 3 > 0, -1)
    answer = MODEL.evaluate(spoilt)
    kept = answer["feasible"].to_numpy()
    assert (kept == (np.arange(60) % 3 > 0)).all()
    pd.testing.assert_frame_equal(MODEL.evaluate(table)[kept], answer[kept], check_exact=True)


@pytest.mark.parametrize(
    ("design", "reason"),
    [
        ({"network": "mobilenetv9"}, "network = 'mobilenetv9' is not allowed .did you mean 'mobilenetv"),
        ({"network": None}, "network has no value"),
        ({"network": "nowhere/net.csv"}, "network = 'nowhere/net.csv': there is no such file"),
        ({"array_rows": 2000}, r"array_rows = 2000 is not allowed; allowed: 1 \.\.\. 1024"),
        ({"array_rows": 8.5}, "array_rows = 8.5 is not allowed"),
        ({"array_rows": "many"}, "array_rows = 'many' is not allowed"),
        ({"array_rows": True}, "array_rows = True is not allowed"),
        ({"clock_mhz": np.nan}, "clock_mhz has no value"),
        ({"word_bits": 12}, r"word_bits = 12 is not allowed; allowed: \{8, 16\}"),
        ({"dataflow": "wz"}, "dataflow = 'wz' is not allowed"),
        ({"di_weight": 1.5}, r"di_weight = 1.5 is not allowed; allowed: 0 \.\.\. 1"),
        ({"group_channels": 7}, "group_channels = 7 doesn't divide the 32 channels"),
        ({"network": "resnet18", "group_channels": 2}, "doesn't read group_channels"),
        ({"depthwise": "packed"}, "depthwise = packed needs dataflow = rs, found ws"),
        ({"depthwise": "one_filter", "dataflow": "rs"}, "one_filter has no meaning for dataflow = rs"),
        ({"depthwise": "one_filter", "group_channels": 2}, "one_filter needs group_channels = 1, found 2"),
        ({"layers": "all"}, "layers = all needs dataflow = rs, found ws"),
        ({"network": "bert-base", "layers": "conv"}, "has no layers of the selection layers = 'conv'"),
        ({"dataflow": "rs", "register_bytes": 12}, "holds 6 words of 16 bits; a filter row.* take 7"),
        (
            {"word_bits": 8},
            "eyeriss_isca16 has constants for words of 16 bits, word_bits is 8; use.*horowitz.* or none",
        ),
    ],
)
def test_what_cannot_be_built_has_a_reason(design, reason):
    import re

    assert re.search(reason, refused(**design))


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(ModelInputError, match="reads no 'array_row'.*did you mean 'array_rows'"):
        one(array_row=3)


def test_a_network_must_be_given():
    with pytest.raises(ModelInputError, match="no column 'network'"):
        MODEL.evaluate(pd.DataFrame({"array_rows": [8]}))


def test_every_parameter_moves_a_metric():
    base = {"dram_bytes_per_cycle": 4.0, "ifmap_sram_kib": 8.0, "filter_sram_kib": 8.0, "ofmap_sram_kib": 8.0}
    changes = {
        "network": "resnet18",
        "width": 0.5,
        "resolution": 192,
        "group_channels": 2,
        "batch": 2,
        "layers": "conv",
        "array_rows": 16,
        "array_columns": 16,
        "dataflow": "os",
        "depthwise": "one_filter",
        "ifmap_sram_kib": 512.0,
        "ofmap_sram_kib": 512.0,
        "dram_bytes_per_cycle": 1.0,
        "clock_mhz": 100.0,
        "energy_table": "eyeriss_isscc16",
        "di_weight": 0.3,
    }
    before = one(**base)[list(METRICS)].to_numpy(dtype=float)
    for name, value in changes.items():
        after = one(**{**base, name: value})[list(METRICS)].to_numpy(dtype=float)
        same = np.isclose(before, after, rtol=1e-9, equal_nan=True)
        assert not np.delete(same, list(METRICS).index("sram_kib")).all(), name
    # ws uses every weight tile once, so there the filter SRAM matters to tables with a curve only
    assert (
        one(**base, dataflow="os")["dram_bytes"]
        > one(**{**base, "filter_sram_kib": 512.0}, dataflow="os")["dram_bytes"]
    )
    rs = {**base, "dataflow": "rs"}
    assert one(**rs)["array_words"] < one(**rs, register_bytes=64)["array_words"]
    assert one(**rs, energy_table="none")["dram_bytes"] > one(**rs, energy_table="none", word_bits=8)["dram_bytes"]
    other = {"network": "llama2-7b", "array_rows": 64, "array_columns": 64}
    assert one(**other)["compute_cycles"] < one(**other, sequence=512)["compute_cycles"]
    assert one(**other)["compute_cycles"] > one(**other, phase="decode")["compute_cycles"]
    video = {"network": "s3d", "array_rows": 64, "array_columns": 64}
    assert one(**video)["compute_cycles"] < one(**video, frames=32)["compute_cycles"]
    decode = {**other, "phase": "decode"}
    assert one(**decode)["compute_cycles"] < one(**decode, context=4096)["compute_cycles"]
    assert {
        "network",
        *changes,
        "filter_sram_kib",
        "register_bytes",
        "word_bits",
        "sequence",
        "phase",
        "frames",
        "context",
    } == set(PARAMETERS)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_bounds_and_identities(seed):
    answer = MODEL.evaluate(random_designs(30, seed))
    assert answer["feasible"].all(), answer["reason"].tolist()
    for name in ("utilisation", "mean_layer_utilisation", "mapping_utilisation"):
        assert answer[name].between(0, 1).all(), name
    assert (answer["utilisation"] <= answer["mapping_utilisation"] * (1 + 1e-9)).all()
    assert (answer["dram_bytes"] >= answer["compulsory_dram_bytes"]).all()
    assert (answer["stall_cycles"] >= 0).all()
    assert (answer["total_cycles"] == answer["compute_cycles"] + answer["stall_cycles"]).all()
    assert (answer["macs"] <= answer["compute_cycles"] * answer["processing_elements"]).all()
    assert np.isclose(answer["throughput_gmacs"] * answer["latency_ms"] * 1e6, answer["macs"]).all()
    assert (answer["mean_dram_bandwidth_gbs"] <= answer["dram_bandwidth_gbs"] * (1 + 1e-9)).all()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_more_bandwidth_is_never_slower_and_more_memory_never_moves_more(seed):
    table = random_designs(30, seed)
    before = MODEL.evaluate(table)
    wider = MODEL.evaluate(table.assign(dram_bytes_per_cycle=table["dram_bytes_per_cycle"] * 1.7))
    assert (wider["total_cycles"] <= before["total_cycles"]).all()
    for name in ("ifmap_sram_kib", "filter_sram_kib", "ofmap_sram_kib"):
        larger = MODEL.evaluate(table.assign(**{name: table[name] * 1.9}))
        assert (larger["dram_bytes"] <= before["dram_bytes"]).all(), name
        assert (larger["total_cycles"] <= before["total_cycles"]).all(), name
        assert (larger["compute_cycles"] == before["compute_cycles"]).all(), name


def test_energy_levels_add_up_and_units_are_honest():
    relative, absolute = one(dataflow="rs"), one(dataflow="rs", energy_table="eyeriss_isscc16")
    levels = [f"energy_{level}" for level in ("compute", "register", "array", "sram", "dram", "static")]
    assert np.isnan(relative["energy_pj"])
    assert relative[[f"{level}_pj" for level in levels]].isna().all()
    assert relative["energy_mac_equivalents"] == sum(relative[f"{level}_mac_equivalents"] for level in levels)
    assert absolute["energy_pj"] == pytest.approx(sum(absolute[f"{level}_pj"] for level in levels))
    assert absolute["energy_mac_equivalents"] == pytest.approx(absolute["energy_pj"] / 2.0)
    assert absolute["energy_static_pj"] == pytest.approx(30.0 * absolute["latency_ms"] * 1e6)
    assert absolute["energy_delay_uj_ms"] == pytest.approx(absolute["energy_pj"] * 1e-6 * absolute["latency_ms"])
    assert one(energy_table="none")[["energy_pj", "energy_mac_equivalents"]].isna().all()


def test_energy_by_hand():
    row = one(energy_table="eyeriss_isscc16", dataflow="os")
    assert row["energy_compute_pj"] == 2 * row["macs"]
    assert row["energy_register_pj"] == row["register_accesses"] == 4 * row["macs"]
    assert row["energy_array_pj"] == 4 * row["array_words"]
    outputs = row["ofmap_sram_reads"] + row["ofmap_sram_writes"]
    assert row["energy_sram_pj"] == 15 * (row["ifmap_sram_reads"] + row["filter_sram_reads"] + outputs)
    assert row["energy_dram_pj"] == 460 * row["dram_bytes"] / 2


def test_levels_without_a_constant_are_left_out_of_the_total():
    row = one(energy_table="horowitz_isscc14_45nm", ifmap_sram_kib=8.0, filter_sram_kib=32.0, ofmap_sram_kib=1024.0)
    assert np.isnan(row["energy_register_pj"])
    assert np.isnan(row["energy_array_pj"])
    assert row["energy_pj"] == pytest.approx(row["energy_compute_pj"] + row["energy_sram_pj"] + row["energy_dram_pj"])
    outputs = row["ofmap_sram_reads"] + row["ofmap_sram_writes"]
    at_64_bits = 10 * row["ifmap_sram_reads"] + 20 * row["filter_sram_reads"] + 100 * outputs
    assert row["energy_sram_pj"] == pytest.approx(at_64_bits * 16 / 64)


def test_validated_range():
    assert one()["in_validated_range"]
    assert not one(array_rows=65)["in_validated_range"]
    assert not one(array_rows=8, dataflow="rs")["in_validated_range"]
    assert not one(batch=2)["in_validated_range"]
    assert not one(dram_bytes_per_cycle=0.1)["in_validated_range"]
    horowitz = {"energy_table": "horowitz_isscc14_45nm"}
    assert one(**horowitz)["in_validated_range"]
    assert not one(**horowitz, ifmap_sram_kib=4.0)["in_validated_range"]
    assert not one(**horowitz, dataflow="rs", ifmap_sram_kib=1000.0)["in_validated_range"]


def test_unlimited_bandwidth_stalls_nothing():
    answer = MODEL.evaluate(
        random_designs(20, 5).assign(dram_bytes_per_cycle=PARAMETERS["dram_bytes_per_cycle"].default)
    )
    assert (answer["stall_cycles"] == 0).all()
    assert answer["dram_bandwidth_gbs"].isna().all()


def test_intensities_of_mobilenet_by_group_size():
    published = {1: 39.5, 2: 40.6, 4: 42.7, 8: 46.9, 16: 55.1, 32: 70.2}
    for channels, intensity in published.items():
        assert one(group_channels=channels)["arithmetic_intensity"] == pytest.approx(intensity, abs=0.05)


def test_data_intensity_weighs_weights_against_activations():
    assert np.isnan(one()["data_intensity"])
    row = one(di_weight=0.7)
    assert row["data_intensity"] == pytest.approx(
        row["macs"] / (0.7 * row["weight_words"] + 0.3 * row["activation_words"])
    )
    assert one(di_weight=0.5)["data_intensity"] == pytest.approx(2 * row["arithmetic_intensity"])


SUMS = [
    name
    for name, metric in METRICS.items()
    if metric.unit in ("cycles", "words", "MAC", "bytes", "pJ", "ms") and not name.startswith("mean")
]


@pytest.mark.parametrize("seed", range(12))
def test_layer_report_adds_up_to_the_network(seed):
    design = random_designs(1, seed + 100).iloc[0].to_dict()
    report, whole = MODEL.layer_report(design), one(**design)
    for name in SUMS:
        total = report[name].sum(skipna=False)
        assert total == pytest.approx(whole[name], rel=1e-12, nan_ok=True), name
    assert report["mean_layer_utilisation"].mean() == pytest.approx(whole["mean_layer_utilisation"], rel=1e-12)
    weighted = (report["mapping_utilisation"] * report["compute_cycles"]).sum() / report["compute_cycles"].sum()
    assert weighted == pytest.approx(whole["mapping_utilisation"], rel=1e-12)


def test_layer_report_names_the_layers_in_order():
    report = MODEL.layer_report({"network": "mobilenetv1", "dataflow": "rs", "layers": "all"})
    assert report["layer"].iloc[0] == "conv1"
    assert len(report) == 29
    assert report["kind"].value_counts().to_dict() == {"conv": 27, "pool": 1, "linear": 1}


def test_layer_report_refuses_what_evaluate_refuses():
    with pytest.raises(ModelInputError, match="depthwise = packed needs dataflow = rs"):
        MODEL.layer_report({"network": "mobilenetv1", "depthwise": "packed"})
    with pytest.raises(ModelInputError, match="reads no 'rows'"):
        MODEL.layer_report({"network": "mobilenetv1", "rows": 3})


def test_a_scalesim_topology_file_can_be_the_network(tmp_path):
    file = tmp_path / "net.csv"
    header = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,"
    file.write_text(f"{header}\nc1,10,10,3,3,4,6,1,\nc2,8,8,1,1,6,5,1,\n")
    row = one(network=str(file), array_rows=8, array_columns=4)
    assert row["feasible"], row["reason"]
    expected = (5 * 2 * (16 + 4 + 64 - 2) - 1) + (1 * 2 * (16 + 4 + 64 - 2) - 1)
    assert row["compute_cycles"] == expected
