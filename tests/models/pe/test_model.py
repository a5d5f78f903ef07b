"""``pe.mpgemm`` as a model: the contract, both roofs, invariants of its metrics, what it refuses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.pe import answers
from codesign.models.pe.elements import elements
from codesign.models.pe.metrics import METRICS
from codesign.models.pe.model import PeMpgemm
from codesign.models.pe.parameters import PARAMETERS
from codesign.models.registry import get_model
from codesign.testing.models import ModelContract

MODEL = PeMpgemm()
LLAMA2_7B_PROJECTIONS = 32 * (4 * 4096 * 4096 + 3 * 4096 * 11008) + 32000 * 4096
"""Stored weights of all products: Touvron et al., arXiv 2307.09288; sizes of the released 7B model."""
QUALITY = ["perplexity", "perplexity_increase", "sqnr_db"]
PAIRS = [(name, weight, activation) for name, pe in elements().items() for weight, activation in pe.operands]


def random_designs(count, seed):
    """Feasible designs that differ in everything."""
    source = np.random.default_rng(seed)
    picked = [PAIRS[i] for i in source.integers(0, len(PAIRS), count)]
    return pd.DataFrame(
        {
            "network": source.choice(["llama2-7b", "opt-1.3b", "llama3-8b"], count),
            "phase": pd.Categorical(source.choice(["prefill", "decode"], count)),
            "batch": source.integers(1, 20, count),
            "sequence": source.choice([16, 100, 512], count),
            "context": source.choice([16, 1000, 2048], count),
            "pe": [name for name, _, _ in picked],
            "weight_bits": [weight for _, weight, _ in picked],
            "activation_bits": [activation for _, _, activation in picked],
            "kv_bits": source.choice([4, 8, 16], count),
            "rows": source.integers(1, 80, count),
            "columns": source.integers(1, 200, count),
            "clock_mhz": source.choice([200.0, 500.0], count),
            "activation_kib": source.choice([64.0, 512.0], count),
            "weight_kib": source.choice([64.0, 300.0], count),
            "vector_lanes": source.integers(16, 1024, count),
            "dram": source.choice(["ddr4", "hbm2"], count),
            "dram_gbs": np.exp(source.uniform(1, 6, count)),
            "library": source.choice(["nangate45", "asap7"], count),
            "node_nm": source.choice([7.0, 16.0, 28.0, 45.0], count),
        }
    )


def evaluate(**design):
    base = {"network": "llama2-7b", "phase": "decode", "context": 1024, "pe": "int8"}
    longest = max((len(value) for value in design.values() if isinstance(value, list)), default=1)
    return MODEL.evaluate(pd.DataFrame({**base, **design}, index=range(longest)))


def one(**design):
    row = evaluate(**design).iloc[0]
    assert row["feasible"], row["reason"]
    return row


def refused(**design):
    row = evaluate(**design).iloc[0]
    assert not row["feasible"]
    assert row[list(METRICS)].isna().all()
    return row["reason"]


class TestContract(ModelContract):
    model = MODEL
    designs = random_designs(40, 0)


def test_is_registered():
    assert isinstance(get_model("pe.mpgemm"), PeMpgemm)


def test_blocks_do_not_change_a_bit(monkeypatch):
    designs = random_designs(60, 3)
    whole = MODEL.evaluate(designs)
    monkeypatch.setattr(answers, "BLOCK_ROWS", 7)
    pd.testing.assert_frame_equal(whole, MODEL.evaluate(designs), check_exact=True)


def test_every_metric_but_quality_is_a_number():
    answer = MODEL.evaluate(random_designs(80, 1))
    assert answer["feasible"].all(), answer["reason"].unique()
    assert np.isfinite(answer[[name for name in METRICS if name not in QUALITY]]).all().all()


class TestRoofs:
    """Memory-bound designs take the memory's time, compute-bound ones the array's; nothing beats either."""

    def test_decoding_takes_the_time_of_its_bits(self):
        row = one(pe="fp16", dram_gbs=10.0, rows=8, columns=256, clock_mhz=500, weight_kib=1024)
        weights = 16 * LLAMA2_7B_PROJECTIONS
        cache = 32 * 2 * 4096 * 1024 * 16
        assert row["dram_gib"] * 8 * 2**30 == pytest.approx(weights + cache, rel=2e-3)
        assert row["latency_ms"] == pytest.approx((weights + cache) / 80e9 * 1e3, rel=2e-3)
        assert row["memory_bound_share"] == 1.0

    def test_prefill_on_a_fast_memory_takes_the_time_of_the_array(self):
        row = one(pe="int8", phase="prefill", sequence=2048, rows=32, columns=32, dram_gbs=1e5, vector_lanes=65536)
        in_blocks = (LLAMA2_7B_PROJECTIONS - 32000 * 4096) * 2048
        assert row["memory_bound_share"] < 0.01
        assert row["array_ms"] == pytest.approx(in_blocks / 1024 / 1e6, rel=0.02)
        assert row["latency_ms"] == pytest.approx(row["array_ms"], rel=0.1)

    def test_no_design_beats_both_roofs(self):
        answer = MODEL.evaluate(random_designs(400, 2))
        designs = random_designs(400, 2)
        latency_s = answer["latency_ms"] * 1e-3
        assert (answer["utilisation"] <= 1 + 1e-12).all()
        assert (answer["dram_gib"] * 2**30 <= latency_s * designs["dram_gbs"] * 1e9 * (1 + 1e-12)).all()
        slowest = answer[["array_ms", "vector_ms", "dram_ms"]].max(axis=1)
        assert (answer["latency_ms"] >= slowest * (1 - 1e-12)).all()
        together = answer[["array_ms", "vector_ms", "dram_ms"]].sum(axis=1)
        assert (answer["latency_ms"] <= together * (1 + 1e-12)).all()

    def test_memory_bound_share_is_all_or_nothing_at_the_extremes(self):
        slow, fast = one(dram_gbs=0.01), one(dram_gbs=1e5)
        assert slow["memory_bound_share"] == 1.0
        assert fast["memory_bound_share"] < 0.1


class TestMonotone:
    def test_in_bandwidth(self):
        for design in random_designs(10, 5).to_dict("records"):
            design.pop("dram_gbs")
            times = evaluate(**design, dram_gbs=[1.0, 10.0, 100.0, 1000.0])["latency_ms"]
            assert times.is_monotonic_decreasing

    @pytest.mark.parametrize(("pe", "bits"), [("fp16", [4, 8, 16]), ("lut-k4", [1, 2, 3, 4]), ("bitmod", [3, 4, 6, 8])])
    def test_in_bits(self, pe, bits):
        table = evaluate(pe=pe, weight_bits=bits, phase="decode", dram_gbs=20.0)
        for metric in ("latency_ms", "dram_gib", "weight_gib", "dram_energy_mj"):
            assert table[metric].is_monotonic_increasing, metric

    @pytest.mark.parametrize("phase", ["prefill", "decode"])
    @pytest.mark.parametrize("side", ["rows", "columns"])
    def test_in_the_array(self, phase, side):
        table = evaluate(phase=phase, batch=64, sequence=64, dram_gbs=1e5, vector_lanes=65536, **{side: [4, 8, 16, 32]})
        assert table["array_ms"].is_monotonic_decreasing
        assert table["area_mm2"].is_monotonic_increasing

    def test_in_context_and_batch(self):
        assert evaluate(context=[1, 100, 1000, 4096])["dram_gib"].is_monotonic_increasing
        table = evaluate(batch=[1, 2, 4, 8, 64])
        assert table["latency_ms"].is_monotonic_increasing
        assert table["tokens_per_s"].is_monotonic_increasing

    def test_in_groups(self):
        table = evaluate(pe="mixpe-w4a8", group=[32, 64, 128, 256], phase="decode")
        assert table["weight_gib"].is_monotonic_decreasing
        assert table["dram_gib"].is_monotonic_decreasing

    def test_smaller_nodes_are_smaller_and_take_less_energy(self):
        table = evaluate(node_nm=[130.0, 90.0, 65.0, 45.0, 32.0, 28.0, 20.0, 16.0, 14.0, 10.0, 7.0], clock_mhz=50.0)
        for metric in ("array_mm2", "buffer_mm2", "element_um2", "element_fj", "array_energy_mj"):
            assert table[metric].is_monotonic_decreasing, metric


class TestEnergy:
    def test_is_the_sum_of_its_parts(self):
        answer = MODEL.evaluate(random_designs(200, 7))
        parts = [f"{part}_energy_mj" for part in ("array", "vector", "buffer", "dram", "leakage")]
        assert np.allclose(answer["energy_mj"], answer[parts].sum(axis=1), rtol=1e-12)
        assert (answer[parts] >= 0).all().all()
        assert np.allclose(answer["power_w"] * answer["latency_ms"], answer["energy_mj"], rtol=1e-12)

    def test_dram_energy_is_bits_times_the_interface(self):
        row = one(dram="hbm2")
        assert row["dram_energy_mj"] == pytest.approx(row["dram_gib"] * 2**33 * 3.92e-9)

    def test_area_is_the_sum_of_its_parts(self):
        answer = MODEL.evaluate(random_designs(100, 8))
        parts = answer[["array_mm2", "vector_mm2", "buffer_mm2"]].sum(axis=1)
        assert np.allclose(answer["area_mm2"], parts, rtol=1e-12)

    def test_layout_scales_logic_and_nothing_else(self):
        plain, placed = evaluate(layout_factor=[1.0, 1.5]).itertuples()
        assert placed.array_mm2 == pytest.approx(1.5 * plain.array_mm2)
        assert placed.array_energy_mj == pytest.approx(1.5 * plain.array_energy_mj)
        assert placed.buffer_mm2 == plain.buffer_mm2
        assert placed.element_um2 == plain.element_um2


class TestAttention:
    def test_a_cache_that_the_element_cannot_take_runs_on_the_vector_unit(self):
        vector, array = one(pe="int8", kv_bits=16), one(pe="int8", kv_bits=8)
        attention = 32 * 2 * 4096 * 1024 / (128 * 1e9) * 1e3
        assert vector["vector_ms"] - array["vector_ms"] == pytest.approx(attention)
        assert array["array_cycles"] > vector["array_cycles"]

    def test_work_is_kept(self):
        vector, array = one(pe="int8", kv_bits=16), one(pe="int8", kv_bits=8)
        attention = 32 * 2 * 4096 * 1024
        assert vector["macs"] == array["macs"] == LLAMA2_7B_PROJECTIONS + attention

    def test_grouped_queries_read_a_smaller_cache(self):
        long, short = (one(network="llama3-8b", context=context)["dram_gib"] for context in (5000, 1000))
        assert (long - short) * 8 * 2**30 == pytest.approx(32 * 2 * 8 * 128 * 4000 * 16, rel=1e-3)


class TestRefusals:
    def test_bits_that_an_element_cannot_do(self):
        assert "int4 can't multiply W8A8; it can: W4A4" in refused(pe="int4", weight_bits=8, activation_bits=8)
        assert "bitmod can't multiply W5A16" in refused(pe="bitmod", weight_bits=5)

    def test_groups_that_do_not_divide(self):
        reason = refused(pe="mixpe-w4a8", group=96)
        assert "group = 96" in reason
        assert "4096" in reason

    def test_groups_that_are_no_whole_steps(self):
        assert "group = 18 isn't a multiple of the 4 activations" in refused(pe="bitmod", group=18)
        assert one(pe="lut-k4", lut_group=3, group=0)["array_ms"] > 0

    def test_scales_per_group_where_there_are_none(self):
        assert "group must be 0" in refused(pe="int8", group=64)

    def test_nodes_outside_the_table(self):
        assert "node_nm" in refused(node_nm=5.0)
        assert "node_nm" in refused(node_nm=180.0)

    def test_nodes_between_are_marked(self):
        known, between = one(node_nm=32.0), one(node_nm=38.0)
        assert known["in_validated_range"]
        assert not between["in_validated_range"]

    def test_clocks_beyond_any_pipeline(self):
        reason = refused(pe="fp32", library="sky130hd", node_nm=130.0, clock_mhz=5000.0)
        assert "pipeline stages" in reason
        assert "at most 8" in reason

    def test_buffers_that_hold_no_step(self):
        assert "weight_kib = 0.0625 holds less than two steps" in refused(weight_kib=0.0625, columns=512)

    def test_unknown_network_and_element(self):
        assert "llama2-70b" in refused(network="llama2-70")
        assert "mixpe-w4a8" in refused(pe="mixpe-w4a9")

    def test_a_bad_row_does_not_spoil_the_others(self):
        answer = evaluate(pe=["int8", "nothing", "fp16"])
        assert answer["feasible"].tolist() == [True, False, True]


class TestQuality:
    def test_published_perplexity_of_fp16(self):
        row = one(pe="fp16", weight_bits=16)
        assert row["perplexity"] == 5.47
        assert row["perplexity_increase"] == 0.0

    def test_bitmod_at_three_bits(self):
        assert one(pe="bitmod", weight_bits=3)["perplexity"] == 6.55

    def test_what_nobody_published_is_unknown(self):
        assert np.isnan(one(network="llama1-65b", pe="bitmod", weight_bits=4)["perplexity"])
        assert np.isnan(one(pe="fp16", weight_bits=16, kv_bits=4)["perplexity"])

    def test_more_bits_less_noise(self):
        table = evaluate(pe="lut-k4", weight_bits=[1, 2, 3, 4])
        assert table["sqnr_db"].is_monotonic_increasing


@given(
    st.sampled_from(PAIRS),
    st.integers(1, 64),
    st.integers(1, 64),
    st.sampled_from(["prefill", "decode"]),
    st.integers(1, 8),
)
@settings(max_examples=40)
def test_faster_memory_clock_and_lanes_never_hurt(pair, rows, columns, phase, batch):
    name, weight, activation = pair
    design = {"pe": name, "weight_bits": weight, "activation_bits": activation, "phase": phase, "batch": batch}
    base = one(**design, rows=rows, columns=columns, clock_mhz=100.0, dram_gbs=5.0, sequence=32)
    for change in ({"clock_mhz": 200.0}, {"dram_gbs": 10.0}, {"vector_lanes": 256}):
        settings_of = {"rows": rows, "columns": columns, "clock_mhz": 100.0, "dram_gbs": 5.0, "sequence": 32, **change}
        assert one(**design, **settings_of)["latency_ms"] <= base["latency_ms"] * (1 + 1e-12)


def test_parameters_and_metrics_have_units_in_their_names_or_none():
    assert {"latency_ms", "energy_mj", "area_mm2", "perplexity"} <= set(METRICS)
    assert {"pe", "weight_bits", "rows", "columns", "clock_mhz", "lut_group", "node_nm"} <= set(PARAMETERS)
