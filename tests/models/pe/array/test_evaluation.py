"""``pe.mpgemm`` beside a plain loop over products and tiles, written from docs/models/pe.md and language.md."""

import math

import numpy as np
import pandas as pd
import pytest

from codesign.models.pe import answers
from codesign.models.pe.array.lookups import VECTOR_LANE
from codesign.models.pe.array.prices import part_sum, structure_price
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements import element, elements
from codesign.models.pe.model import PeMpgemm
from codesign.technology.dram_interfaces import dram_interfaces
from codesign.technology.nodes import buffer_area_mm2, buffer_energy_pj, node_scaling
from codesign.technology.unit_costs import libraries
from codesign.workloads.catalogue import load_network
from codesign.workloads.language.models import language_models

MODEL = PeMpgemm()
PAIRS = [(name, *pair) for name, pe in elements().items() for pair in pe.operands]
NETWORKS = ["llama2-7b", "llama3-8b", "opt-1.3b", "mixtral-8x7b", "bitnet-3b", "resnet18", "bert-base"]
GROUPS = [0, 0, 32, 64, 128, None]


def designs(count, seed):
    """Designs that differ in everything; some can't be built."""
    source = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        pe, weight, activation = PAIRS[source.integers(len(PAIRS))]
        grouped = element(pe).groups
        rows.append(
            {
                "network": str(source.choice(NETWORKS)),
                "phase": str(source.choice(["prefill", "decode"])),
                "batch": int(source.integers(1, 20)),
                "sequence": int(source.choice([16, 100, 512])),
                "context": int(source.choice([16, 1000, 2048])),
                "pe": pe,
                "weight_bits": weight,
                "activation_bits": activation,
                "group": GROUPS[source.integers(len(GROUPS))] if grouped else 0,
                "kv_bits": int(source.choice([4, 8, 16])),
                "rows": int(source.integers(1, 80)),
                "columns": int(source.integers(1, 200)),
                "clock_mhz": float(source.choice([100.0, 300.0, 700.0])),
                "activation_kib": float(source.choice([8.0, 64.0, 512.0])),
                "weight_kib": float(source.choice([8.0, 64.0, 512.0, 4096.0])),
                "vector_lanes": int(source.integers(16, 1024)),
                "dram": str(source.choice(["ddr4", "hbm2", "lpddr5"])),
                "dram_gbs": float(np.exp(source.uniform(1, 6))),
                "library": str(source.choice(["nangate45", "asap7", "sky130hd"])),
                "node_nm": float(source.choice([7.0, 16.0, 28.0, 45.0])),
                "supply_v": float(source.choice([0.7, 0.9])),
                "layout_factor": float(source.choice([1.0, 1.5])),
            }
        )
    return rows


def language_products(design):
    """(stored, M, K, N, runs, layers) of a language model; the table of docs/models/language.md."""
    m = language_models()[design["network"]]
    b, prefill = design["batch"], design["phase"] == "prefill"
    n, c = (design["sequence"],) * 2 if prefill else (1, design["context"])
    t, h, d = b * n, m.hidden, m.head_width
    taken = m.experts * (1 - (1 - m.active_experts / m.experts) ** t)
    fed = t * m.active_experts / taken
    found = [
        (True, t, h, m.heads * d, m.blocks),
        (True, t, h, m.kv_heads * d, m.blocks),
        (True, t, h, m.kv_heads * d, m.blocks),
        (False, n * m.heads / m.kv_heads, d, c, m.blocks * b * m.kv_heads),
        (False, n * m.heads / m.kv_heads, c, d, m.blocks * b * m.kv_heads),
        (True, t, m.heads * d, h, m.blocks),
        (True, fed, h, m.inner, m.blocks * taken),
        (True, fed, m.inner, h, m.blocks * taken),
        (True, b, h, m.vocabulary, 1),
    ]
    found += [(True, t, h, m.experts, m.blocks)] if m.experts > 1 else []
    found += [(True, fed, h, m.inner, m.blocks * taken)] if m.gated else []
    writes = t * 2 * m.blocks * m.kv_heads * d
    return [(s, M, K, N, runs, min(runs, m.blocks), M * K) for s, M, K, N, runs in found], writes, d


def layer_products(design):
    """Likewise of a network of layers, layer by layer."""
    read = ("batch",) if design["network"] == "resnet18" else ("batch", "sequence")
    settings = {name: design[name] for name in read}
    found, head = [], None
    for layer in load_network(design["network"], **settings).layers:
        if layer.kind == "pool":
            continue
        images, runs = (1, layer.batch) if layer.kind == "matmul" else (layer.batch, 1)
        channels, taps = layer.in_channels // layer.groups, layer.kernel_height * layer.kernel_width
        M, K = images * layer.out_height * layer.out_width, channels * taps
        left = images * channels * layer.in_height * layer.in_width
        stored = layer.kind != "matmul"
        head = K if head is None and not stored else head
        runs *= layer.groups * layer.count
        found.append((stored, M, K, layer.out_channels // layer.groups, runs, 1, left))
    return found, 0, head


def half(kib):
    return kib * 8192 / 2


def times_read(M, N, H, W, left, right, design):
    """How often either operand comes from DRAM: the better of two loop orders; see docs/models/pe.md, Traffic."""
    columns_held = math.floor(half(design["weight_kib"]) / (right / N))
    rows_held = math.floor(half(design["activation_kib"]) / (left / M))
    if left + design["output_bits"] <= 2 * half(design["activation_kib"]):
        rows_held = max(rows_held, M)
    left_tile, right_tile = rows_held >= min(H, M), columns_held >= min(W, N)
    b = max(columns_held, W) if left_tile else W
    right_outside = (1 if rows_held >= M else math.ceil(N / b), 1 if right_tile else math.ceil(M / H))
    b = max(rows_held, H) if right_tile else H
    left_outside = (1 if left_tile else math.ceil(N / W), 1 if columns_held >= N else math.ceil(M / b))
    return min(right_outside, left_outside, key=lambda times: times[0] * left + times[1] * right)


def by_hand(design):
    """One design, product by product."""
    d = design
    pe = element(d["pe"])
    own = pe.default
    group = own.group if d["group"] is None else d["group"]
    chosen = Configuration(d["weight_bits"], d["activation_bits"], own.accumulator_bits, group, 4, own.table_bits)
    s = pe.structure(chosen)
    price = structure_price(s, d["library"])
    cells = libraries()[d["library"]]
    scaling = node_scaling(cells.node_nm, d["node_nm"], cells.supply_v, d["supply_v"])
    lane = part_sum(VECTOR_LANE, d["library"])
    hz, R, C = d["clock_mhz"] * 1e6, d["rows"], d["columns"]
    stages = max(1, math.ceil(price.path_ps * scaling.delay * 1e-12 * hz - 1e-9))
    cuts = stages - 1
    in_array = d["kv_bits"] in pe.cached_bits
    cache_chosen = Configuration(d["kv_bits"], d["activation_bits"], own.accumulator_bits, 0, 4, own.table_bits)
    cache = pe.structure(cache_chosen) if in_array else s
    cache_busy = structure_price(cache, d["library"]).element.busy_fj
    lists = language_products if d["network"] in language_models() else layer_products
    products, cache_writes, head = lists(d)
    cache_word = d["kv_bits"] + (32 / head if d["kv_bits"] < 16 else 0) if head else 0
    buffer_a, buffer_w = (float(buffer_energy_pj(1.0, d[k], d["node_nm"])) for k in ("activation_kib", "weight_kib"))

    latency = bits = array_fj = vector_macs = buffer_pj = cycles = on_array = all_macs = 0.0
    for stored, M, K, N, runs, layers, left_words in products:
        t = s if stored else cache
        g = group if stored else 0
        H, W = R * t.fused_rows, C * t.fused_columns
        steps = math.ceil(K / t.step_macs) * t.step_cycles
        scale = max(1, math.ceil(K / g) if g else 1) * t.scale_cycles
        full, rest = divmod(M, H)
        column_tiles, row_tiles = math.ceil(N / W), math.ceil(M / H)

        def tile(h, steps=steps, scale=scale, t=t):
            return max(steps, h * scale) + math.ceil(h / t.fused_rows) if h else 0

        steady = column_tiles * (full * tile(H) + tile(rest))
        used = math.ceil(min(M, H) / t.fused_rows), math.ceil(min(N, W) / t.fused_columns)
        fill = used[0] - 1 + used[1] - 1 + stages
        a = s.activation_bits_stored
        word = s.weight_bits_stored + s.group_bits / (group or K) if stored else cache_word
        left, right, output = left_words * a, K * N * word, M * N * a
        again = times_read(M, N, H, W, left, right, {**d, "output_bits": output})
        resident = left + output <= d["activation_kib"] * 8192
        left_dram = 0 if resident else left * again[0]
        right_dram = right * again[1]
        moved = runs * (left_dram + right_dram + (0 if resident else output))
        buffer_pj += runs * buffer_a * (left * column_tiles + left_dram + output)
        buffer_pj += runs * buffer_w * (right * row_tiles + right_dram)
        macs = runs * M * K * N
        aside = 0
        if stored:
            scalings = 2 if not s.scale_cycles and not group and s.group_bits else 0
            aside = runs * (left_words * s.table_additions + M * N * scalings)
        here = stored or in_array
        own_cycles = runs * steady + layers * fill if here else 0
        own_vector = aside if here else macs
        seconds = max(own_cycles / hz, own_vector / d["vector_lanes"] / hz, moved / (d["dram_gbs"] * 8e9))
        latency, bits, cycles, all_macs = latency + seconds, bits + moved, cycles + own_cycles, all_macs + macs
        vector_macs += own_vector
        if here:
            on_array += macs
            work = runs * M * N / t.fused_rows / t.fused_columns * steps
            array_fj += work * ((price.element.busy_fj if stored else cache_busy) + cuts * price.cut.busy_fj)
            array_fj += (R * C * own_cycles - work) * (price.element.idle_fj + cuts * price.cut.idle_fj)
            array_fj += runs * column_tiles * M / t.fused_rows * steps * price.row.busy_fj
            array_fj += runs * row_tiles * N / t.fused_columns * steps * price.column.busy_fj
            array_fj += runs * M * N / t.fused_columns * scale * price.scale.busy_fj
            array_fj += own_cycles * price.array.busy_fj
    written = cache_writes * cache_word
    bits, latency = bits + written, latency + written / (d["dram_gbs"] * 8e9)
    lanes, layout = d["vector_lanes"], d["layout_factor"]

    def silicon(name):
        one = getattr(price.element, name) + cuts * getattr(price.cut, name)
        column = getattr(price.column, name) + getattr(price.scale, name)
        return R * C * one + R * getattr(price.row, name) + C * column + getattr(price.array, name)

    array_mm2 = silicon("area_um2") * scaling.area * layout * 1e-6
    vector_mm2 = lanes * lane.area_um2 * scaling.area * layout * 1e-6
    buffer_mm2 = sum(float(buffer_area_mm2(d[k], d["node_nm"])) for k in ("activation_kib", "weight_kib"))
    leakage_w = (silicon("leakage_nw") + lanes * lane.leakage_nw) * scaling.area * 1e-9
    energies = {
        "array_energy_mj": array_fj * scaling.energy * layout * 1e-12,
        "vector_energy_mj": vector_macs * lane.busy_fj * scaling.energy * layout * 1e-12,
        "buffer_energy_mj": buffer_pj * 1e-9,
        "dram_energy_mj": bits * dram_interfaces()[d["dram"]].energy_pj_per_bit * 1e-9,
        "leakage_energy_mj": leakage_w * latency * 1e3,
    }
    return energies | {
        "latency_ms": latency * 1e3,
        "array_cycles": cycles,
        "dram_gib": bits / 2**33,
        "macs": all_macs,
        "energy_mj": sum(energies.values()),
        "area_mm2": array_mm2 + vector_mm2 + buffer_mm2,
        "array_mm2": array_mm2,
        "pipeline_stages": stages,
        "utilisation": on_array / (R * C * s.fused_rows * s.fused_columns * s.step_macs / s.step_cycles * hz * latency),
    }


@pytest.fixture
def no_quality(monkeypatch):
    """Perplexity and noise have tests of their own, and take their time."""
    monkeypatch.setattr(answers, "_quality", lambda *_: (math.nan,) * 3)


def evaluate(**design):
    base = {"network": "llama2-7b", "phase": "decode", "context": 1024, "pe": "int8"}
    longest = max((len(value) for value in design.values() if isinstance(value, list)), default=1)
    return MODEL.evaluate(pd.DataFrame({**base, **design}, index=range(longest)))


def one(**design):
    row = evaluate(**design).iloc[0]
    assert row["feasible"], row["reason"]
    return row


@pytest.mark.usefixtures("no_quality")
def test_equals_a_loop_over_products_of_every_element():
    table = pd.DataFrame(designs(250, 5))
    answer = MODEL.evaluate(table)
    built = answer["feasible"]
    assert built.sum() > 150
    assert set(table["pe"][built]) == set(elements())
    assert set(table["network"][built]) == set(NETWORKS)
    for design, found in zip(table[built].to_dict("records"), answer[built].to_dict("records"), strict=True):
        design["group"] = None if pd.isna(design["group"]) else int(design["group"])
        expected = by_hand(design)
        differing = {
            name: (found[name], value) for name, value in expected.items() if found[name] != pytest.approx(value, 1e-9)
        }
        assert not differing, (design, differing)


@pytest.mark.usefixtures("no_quality")
class TestRoofs:
    table = pd.DataFrame(designs(400, 9))

    def test_latency_is_at_least_that_of_the_bits_and_of_the_array_and_of_the_lanes(self):
        answer = MODEL.evaluate(self.table)
        built = answer["feasible"]
        found, given = answer[built], self.table[built]
        assert (found["latency_ms"] >= found["dram_gib"] * 2**30 / given["dram_gbs"] / 1e6 * (1 - 1e-12)).all()
        for part in ("array_ms", "vector_ms", "dram_ms"):
            assert (found["latency_ms"] >= found[part] * (1 - 1e-12)).all()
        assert (found["utilisation"] <= 1 + 1e-12).all()
        assert (found["latency_ms"] <= found[["array_ms", "vector_ms", "dram_ms"]].sum(axis=1) * (1 + 1e-12)).all()

    def test_every_weight_that_is_used_and_every_cached_word_crosses_the_edge(self):
        answer = MODEL.evaluate(self.table.assign(network="llama2-7b"))
        found = answer[answer["feasible"]]
        assert (found["dram_gib"] >= found["weight_gib"] * (1 - 1e-12)).all()

    def test_more_of_anything_never_takes_longer(self):
        base = MODEL.evaluate(self.table)
        for name, factor in (("dram_gbs", 2), ("vector_lanes", 2), ("activation_kib", 4), ("weight_kib", 4)):
            more = MODEL.evaluate(self.table.assign(**{name: self.table[name] * factor}))
            both = base["feasible"] & more["feasible"]
            assert both.sum() > 200
            assert (more["latency_ms"][both] <= base["latency_ms"][both] * (1 + 1e-12)).all(), name


@pytest.mark.usefixtures("no_quality")
class TestWhatItTakes:
    def test_a_group_s_scale_is_no_work_of_the_vector_unit(self):
        outputs = 32 * (4 * 4096 + 2 * 11008 + 4096) + 32000
        attention = 2 * 32 * 4096 * 1024
        for pe in ("bitmod", "mixpe-w4a8", "figlut"):
            assert one(pe=pe, group=128)["vector_ms"] == pytest.approx(attention / 128 / 1e6), pe
        channel = one(pe="bitmod", group=0)["vector_ms"] - one(pe="bitmod", group=128)["vector_ms"]
        assert channel == pytest.approx(2 * outputs / 128 / 1e6)

    def test_tables_cost_additions_on_the_vector_unit(self):
        inputs = 32 * (4 * 4096 + 2 * 4096 + 11008) + 4096
        attention = 2 * 32 * 4096 * 1024
        row = one(pe="lut-k4", weight_bits=4, group=128)
        assert row["vector_ms"] == pytest.approx((attention + inputs * (8 + 4 - 2) / 4) / 128 / 1e6)

    def test_an_array_of_one_element_is_busy_but_for_draining(self):
        row = one(rows=1, columns=1, kv_bits=8, clock_mhz=100.0, dram_gbs=1e3, context=16)
        assert row["utilisation"] == pytest.approx(1.0, abs=0.01)

    def test_idle_elements_take_the_energy_of_their_clock(self):
        price = structure_price(element("int8").structure(element("int8").default), "nangate45").element
        full, tall = evaluate(rows=[1, 5], node_nm=45.0, supply_v=1.1, layout_factor=1.0, clock_mhz=100.0).itertuples()
        added = (tall.array_energy_mj - full.array_energy_mj) * 1e12
        assert added == pytest.approx(4 * 32 * price.idle_fj * full.array_cycles, rel=1e-9)

    def test_narrow_caches_of_other_networks_share_a_scale_by_head_too(self):
        wide, narrow = evaluate(
            network="bert-base", pe="int8", sequence=384, kv_bits=[16, 8], activation_kib=1e5, weight_kib=1e5
        ).itertuples()
        words = 12 * 12 * 2 * 384 * 64
        assert (wide.dram_gib - narrow.dram_gib) * 2**33 == pytest.approx(words * (16 - 8 - 32 / 64), rel=1e-6)

    def test_mixtures_read_the_experts_that_are_taken(self):
        size = {"network": "mixtral-8x7b", "pe": "fp16", "context": 1, "activation_kib": 1e5, "weight_kib": 4096.0}
        one_token, many = (one(**size, batch=b) for b in (1, 512))
        expert = 3 * 4096 * 14336 * 32
        assert (many["dram_gib"] - one_token["dram_gib"]) * 2**33 == pytest.approx(6 * expert * 16, rel=0.02)
        assert one_token["dram_gib"] < 0.3 * one_token["weight_gib"]

    def test_a_batch_shares_its_weights(self):
        single, batch = (one(pe="fp16", batch=b, context=16, rows=8) for b in (1, 8))
        assert batch["dram_gib"] == pytest.approx(single["dram_gib"], rel=0.01)
        assert batch["tokens_per_s"] == pytest.approx(8 * single["tokens_per_s"], rel=0.02)


class TestRefusals:
    def test_text_where_a_number_belongs_is_refused_though_the_column_is_optional(self):
        row = evaluate(weight_bits="abc").iloc[0]
        assert row["reason"] == "weight_bits = 'abc' is not allowed; allowed: 1 ... 32"

    def test_columns_that_mean_nothing_to_an_element_may_be_empty(self):
        table = evaluate(pe=["int8", "lut-k4"], lut_group=[None, 2], group=0)
        assert table["feasible"].all()
        table = evaluate(pe=["int8", "lut-k4"], lut_group=[math.nan, math.nan], weight_bits=[math.nan, 4.0])
        assert table["feasible"].all()

    def test_sums_narrower_than_a_product(self):
        reason = evaluate(accumulator_bits=12).iloc[0]["reason"]
        assert reason == "a sum of 12 bits can't hold a product of 16 bits"

    def test_sums_wider_than_the_emulation(self):
        assert "4 ... 63" in evaluate(accumulator_bits=64).iloc[0]["reason"]
        assert evaluate(pe=["int8", "ant", "axcore", "figlut"], accumulator_bits=63)["feasible"].all()

    def test_bitmod_has_no_less_than_the_sum_that_was_emulated_and_groups_that_hide_their_scale(self):
        assert "bitmod's sums have at least 24 bits" in evaluate(pe="bitmod", accumulator_bits=12).iloc[0]["reason"]
        assert "takes bitmod 8 cycles, longer than the 4" in evaluate(pe="bitmod", group=8).iloc[0]["reason"]
        assert evaluate(pe="bitmod", group=16).iloc[0]["feasible"]

    def test_libraries_scaled_from_far_are_marked(self):
        table = evaluate(library=["nangate45", "asap7", "asap7", "sky130hd"], node_nm=[28.0, 7.0, 28.0, 45.0])
        assert table["in_validated_range"].tolist() == [True, True, False, False]
