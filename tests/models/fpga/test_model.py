"""``fpga.subgraph`` as a model: the contract, the integer program behind it, what it refuses, what is published."""

import numpy as np
import pandas as pd
import pytest

from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.metrics import METRICS
from codesign.models.fpga.model import FpgaSubgraph
from codesign.models.fpga.program import best_accelerators
from codesign.models.fpga.templates import template_named
from codesign.models.registry import get_model
from codesign.technology.fpga_devices import Fractions, fpga_device
from codesign.testing.models import ModelContract
from codesign.workloads.catalogue import load_network

MODEL = FpgaSubgraph()
PUBLISHED = [name for name in METRICS if name.endswith("_percent")]


def designs():
    """Twelve feasible designs that differ in everything."""
    return pd.DataFrame(
        {
            "network": ["mobilenetv1", "mobilenetv2", "nas-bench-macro"] * 4,
            "width": [0.25, 0.5, 1.0] * 4,
            "resolution": [96, 128, 224] * 4,
            "block0": ["mb3_k3", None, "mb6_k5"] * 4,
            "block3": [None, "identity", "mb6_k5"] * 4,
            "device": ["zu3eg"] * 6 + ["zu9eg"] * 6,
            "weight_bits": [8, 8, 8, 4, 4, 4] * 2,
            "activation_bits": [8, 4] * 6,
            "clock_mhz": [100.0, 200.0, 250.0, 300.0] * 3,
            "dsp_share": [1.0, 0.5, 0.25] * 4,
            "dram_share": [1.0, 0.5] * 6,
        }
    )


def evaluate(**design):
    longest = max((len(value) for value in design.values() if isinstance(value, list)), default=1)
    return MODEL.evaluate(pd.DataFrame({"network": "mobilenetv2", "resolution": 96, **design}, index=range(longest)))


def refused(**design):
    row = evaluate(**design).iloc[0]
    assert not row["feasible"]
    assert row[list(METRICS)].isna().all()
    return row["reason"]


class TestContract(ModelContract):
    model = MODEL
    designs = designs()


def test_is_registered():
    assert isinstance(get_model("fpga.subgraph"), FpgaSubgraph)


def test_every_metric_but_published_accuracy_is_a_number():
    answer = MODEL.evaluate(designs())
    assert answer["feasible"].all(), answer["reason"].unique()
    assert np.isfinite(answer[[name for name in METRICS if name not in PUBLISHED]]).all().all()


@pytest.mark.parametrize(
    ("network", "template", "bits"),
    [
        ("mobilenetv2", "inverted_residual", (8, 8)),
        ("mobilenetv1", "inverted_residual", (4, 8)),
        ("resnet18", "dense", (8, 8)),
    ],
)
def test_latency_is_the_proven_optimum_of_the_program(network, template, bits):
    row = evaluate(network=network, template=template, weight_bits=bits[0], activation_bits=bits[1]).iloc[0]
    calls = calls_of(load_network(network, resolution=96).with_bits(bits[1], bits[0]), template_named(template))
    best = best_accelerators(calls, fpga_device("zu3eg"))
    assert best.status == "optimal"
    assert row["latency_ms"] == pytest.approx(best.latency_ms, rel=1e-12)
    assert row["cycles"] == best.cycles


def test_resources_stay_within_the_share():
    answer = MODEL.evaluate(designs())
    for row, design in zip(answer.itertuples(), designs().itertuples(), strict=True):
        budget = fpga_device(design.device).budget(Fractions(dsp=design.dsp_share, dram=design.dram_share))
        assert (row.lut, row.dsp, row.bram18, row.uram) <= (budget.lut, budget.dsp, budget.bram18, budget.uram)
        assert row.lut <= budget.lut
        assert row.dsp <= budget.dsp
        assert row.bram18 <= budget.bram18


@pytest.mark.parametrize("share", ["lut_share", "dsp_share", "bram18_share", "dram_share"])
def test_more_of_anything_never_takes_longer(share):
    answer = evaluate(**{share: [0.35, 0.5, 0.7, 1.0]})
    assert answer.loc[answer["feasible"], "latency_ms"].is_monotonic_decreasing
    assert answer["feasible"].any()


def test_frames_per_second_and_rates_agree_with_latency():
    row = evaluate().iloc[0]
    assert row["fps"] * row["latency_ms"] == pytest.approx(1000.0)
    assert row["gmacs_per_s"] == pytest.approx(row["macs"] / row["latency_ms"] * 1e-6)
    assert row["macs"] == load_network("mobilenetv2", resolution=96).macs


class TestPublishedAccuracy:
    def test_int8_mobilenet(self):
        row = evaluate(network="mobilenetv1", resolution=224).iloc[0]
        assert row["top1_percent"] == 69.7
        assert row["in_validated_range"]

    def test_sources_that_differ_are_unknown_until_one_is_named(self):
        answer = evaluate(
            network="resnet18", resolution=224, template="dense", accuracy_source=["any", "hawq", "torchvision"]
        )
        assert np.isnan(answer["top1_percent"].iloc[0])
        assert answer["top1_percent"].tolist()[1:] == pytest.approx([71.56, 69.494])

    def test_bits_that_nobody_published_are_unknown(self):
        assert np.isnan(evaluate(network="mobilenetv1", weight_bits=5).iloc[0]["top1_percent"])

    @pytest.mark.shared
    def test_a_tabulated_network_once_its_set_is_there(self, shared, tmp_path, monkeypatch):
        from codesign.models.fpga import networks
        from codesign.workloads.tabular.store import import_set

        monkeypatch.setenv("CODESIGN_DATA", str(tmp_path))
        networks.prepared.cache_clear()
        import_set("nas-bench-macro", shared / "reference" / "nas" / "nas-bench-macro.json.gz", tmp_path)
        genes = dict.fromkeys([f"block{i}" for i in range(8)], "mb6_k5")
        row = evaluate(network="nas-bench-macro", clock_mhz=217.0, **genes).iloc[0]
        networks.prepared.cache_clear()
        assert 90 < row["float_top1_percent"] < 94
        assert np.isnan(row["top1_percent"])

    @pytest.mark.shared
    def test_predictions_come_with_an_interval(self, shared, tmp_path, monkeypatch):
        from codesign.models.fpga import networks
        from codesign.workloads.tabular.reading import read_tabular_set
        from codesign.workloads.tabular.store import import_set

        monkeypatch.setenv("CODESIGN_DATA", str(tmp_path))
        import_set("accel-nasbench", shared / "reference/nas/accel-nasbench/anb_dataset_jsons.tar.gz", tmp_path)
        table = read_tabular_set("accel-nasbench").table
        table = table[~table[[name for name in table if name.endswith("_se")]].any(axis=1)].iloc[:30]
        genes = [name for name in table if name.startswith("block")]
        networks.prepared.cache_clear()
        answer = MODEL.evaluate(table[genes].assign(network="accel-nasbench", device="zu9eg").reset_index(drop=True))
        networks.prepared.cache_clear()
        assert answer["feasible"].all(), answer["reason"].unique()
        published = table["top1_percent"].to_numpy()
        assert np.array_equal(answer["float_top1_percent"], published)
        inside = (answer["predicted_low_percent"] <= published) & (published <= answer["predicted_high_percent"])
        assert inside.mean() > 0.7
        assert np.abs(answer["predicted_top1_percent"] - published).mean() < 1.0


class TestRefusals:
    def test_a_device_that_is_too_small(self):
        assert "no accelerator fits" in refused(lut_share=0.01, dsp_share=0.01)

    def test_a_layer_that_no_kernel_runs(self):
        assert "depthwise" in refused(template="dense")

    def test_names(self):
        assert "mobilenetv2" in refused(network="mobilenetv22")
        assert "zu3eg" in refused(device="zu3e")

    def test_a_bad_row_does_not_spoil_the_others(self):
        assert evaluate(device=["zu3eg", "nothing", "zu9eg"])["feasible"].tolist() == [True, False, True]
