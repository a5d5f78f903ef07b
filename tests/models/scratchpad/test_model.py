"""``scratchpad.plan`` as a model: the contract, what it refuses, its metrics by hand and against outside figures."""

import json
import math
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from codesign.errors import ModelInputError
from codesign.models.registry import get_model
from codesign.models.scratchpad import answers
from codesign.models.scratchpad.checker import check_plan
from codesign.models.scratchpad.metrics import METRICS
from codesign.models.scratchpad.model import ScratchpadPlan
from codesign.models.scratchpad.parameters import PARAMETERS
from codesign.testing.models import ModelContract

MODEL = ScratchpadPlan()
README = Path(__file__).resolve().parents[3] / "README.md"


def one(**design):
    return MODEL.evaluate(pd.DataFrame([design])).iloc[0]


def refused(**design):
    row = one(**design)
    assert not row["feasible"]
    assert row[list(METRICS)].isna().all()
    return row["reason"]


class TestContract(ModelContract):
    model = MODEL
    designs = pd.DataFrame(
        {
            "network": [*["mobilenetv1"] * 5, *["resnet18"] * 5],
            "resolution": [64, 64, 96, 64, 64, 64, 64, 64, 64, 64],
            "scratchpad_kib": [140.0, 100.0, 440.0, np.nan, 150.0, 160.0, 1024.5, np.nan, 2500.0, 90.0],
            "budget": ["given", "given", "given", "half", "given", "given", "given", "minimum", "given", "given"],
            "order": ["search", "default", "search", "search", "default", *["search"] * 5],
            "weights": [False] * 7 + [True, True, False],
            "sources_stored": [True, True, False, True, True, True, True, True, True, True],
            "in_place": [False, True, True, False, False, False, True, False, True, True],
            "word_bits": [8, 8, 16, 8, 8, 8, 32, 8, 8, 8],
            "most_stripes": [1, 4, 1, 1, 1, 1, 1, 1, 1, 4],
            "banks": [1, 1, 1, 1, 1, 1, 2, 1, 1, 1],
            "recompute_bytes_per_mac": [*[np.nan] * 8, 0.5, np.nan],
            "goal": ["traffic", "traffic", "traffic", "traffic", "latency", *["traffic"] * 5],
            "dram_bytes_per_cycle": [1.0, 2.0, 4.0, 8.0, 4.0, 4.0, 2.0, 2.0, 2.0, 1.0],
            "energy_table": ["none", "horowitz_isscc14_45nm"] * 5,
            "node_nm": [65, 45, 32, 28, 22, 16, 14, 7, 5, 7],
        }
    )


def test_is_registered():
    assert isinstance(get_model("scratchpad.plan"), ScratchpadPlan)


@pytest.fixture(scope="module")
def bypass(tmp_path_factory):
    """A branch around two convolutions: x -> relu a -> conv b -> conv c -> add y, y = a + c.

    In bytes at 8 bits: x, a, c, y 256 each, b 768. The convolutions need 1,024 (M_R), and with a around the second one
    1,280 (the peak of the only order).
    """
    pytest.importorskip("onnx")
    from tests.workloads.onnx_models import model, node, weight

    nodes = [
        node("Relu", ["x"], ["a"], name="relu"),
        node("Conv", ["a", "w1"], ["b"], name="widen", kernel_shape=[1, 1]),
        node("Conv", ["b", "w2"], ["c"], name="narrow", kernel_shape=[1, 1]),
        node("Add", ["a", "c"], ["y"], name="add"),
    ]
    stored = [weight("w1", 12, 4, 1, 1), weight("w2", 4, 12, 1, 1)]
    file = tmp_path_factory.mktemp("networks") / "bypass.onnx"
    file.write_bytes(model(nodes, {"x": [1, 4, 8, 8]}, {"y": [1, 4, 8, 8]}, stored).SerializeToString())
    return str(file)


STEP_BYTES = 512 + 1024 + 1024 + 768
"""Read and written by the four operators."""


def test_traffic_by_hand(bypass):
    row = one(network=bypass, scratchpad_kib=1.0)
    assert row["compulsory_bytes"] == 512
    assert row["noncompulsory_bytes"] == 512, "a is spilled and retrieved around the second convolution"
    assert row["offchip_bytes"] == row["bound_bytes"] == 1024
    assert (row["spills"], row["retrievals"]) == (1, 1)
    assert (row["gap"], row["noncompulsory_gap"]) == (0, 0)
    assert row["minimum_kib"] == row["capacity_kib"] == row["peak_used_kib"] == 1.0
    assert row["default_peak_kib"] == row["peak_kib"] == 1.25
    assert row["in_validated_range"]


def test_budgets_name_the_capacities(bypass):
    capacities = [one(network=bypass, budget=budget)["capacity_kib"] for budget in ("minimum", "half", "peak")]
    assert capacities == [1.0, 1.125, 1.25]
    assert one(network=bypass, budget="peak")["noncompulsory_bytes"] == 0
    assert np.isnan(one(network=bypass, budget="minimum", order="default")["peak_kib"])
    assert one(network=bypass, budget="peak", order="default")["peak_kib"] == 1.25


def test_part_of_a_byte_is_no_capacity(bypass):
    assert one(network=bypass, scratchpad_kib=1.0 + 0.9 / 1024)["capacity_kib"] == 1.0


def test_the_papers_accounting_charges_nothing_that_is_compulsory(bypass):
    row = one(network=bypass, scratchpad_kib=1.0, sources_stored=False)
    assert row["compulsory_bytes"] == 0
    assert row["offchip_bytes"] == row["noncompulsory_bytes"] == 512
    assert row["scratchpad_access_bytes"] == 256 + STEP_BYTES + 512, "a step of its own brings x in"


def test_doing_it_again_saves_the_spill(bypass):
    row = one(network=bypass, scratchpad_kib=1.0, recompute_bytes_per_mac=0.0)
    assert row["noncompulsory_bytes"] == 256, "x is read again instead, and a made of it"
    assert row["repeated_macs"] == 0
    assert row["spills"] == 0
    assert row["scratchpad_access_bytes"] == STEP_BYTES + 512 + row["offchip_bytes"]
    assert not row["in_validated_range"]


def test_weights_in_the_scratchpad(bypass):
    row = one(network=bypass, scratchpad_kib=8.0, weights=True)
    assert row["minimum_kib"] == (1024 + 48) / 1024
    assert row["compulsory_bytes"] == 512 + 2 * 48
    assert row["scratchpad_access_bytes"] == STEP_BYTES + 2 * 48 + row["offchip_bytes"]


def test_latency_by_hand(bypass):
    machine = {"macs_per_cycle": 2.0, "dram_bytes_per_cycle": 4.0}
    row = one(network=bypass, scratchpad_kib=1.0, **machine)
    compute = (256 + 12 * 4 * 64 + 4 * 12 * 64 + 256) / 2
    assert row["latency_cycles"] == compute + 1024 / 4, "no transfer runs next to a step"
    fast = one(network=bypass, scratchpad_kib=2.0, goal="latency", **machine)
    assert fast["latency_cycles"] == compute + 512 / 4, "no step comes before x is read, none after y is written"
    assert row["bandwidth_bytes_per_cycle"] == 4


def test_energy_by_hand(bypass):
    row = one(network=bypass, scratchpad_kib=8.0, energy_table="horowitz_isscc14_45nm")
    assert row["offchip_bytes"] == 512
    assert row["scratchpad_access_bytes"] == STEP_BYTES + 512
    assert row["energy_dram_pj"] == pytest.approx(512 * 1950 * 8 / 64)
    assert row["energy_sram_pj"] == pytest.approx((STEP_BYTES + 512) * 10 * 8 / 64)
    assert row["energy_pj"] == row["energy_dram_pj"] + row["energy_sram_pj"]
    assert row["energy_mac_equivalents"] == pytest.approx(row["energy_pj"] / 0.3)


def test_an_access_goes_to_one_bank(bypass):
    row = one(network=bypass, scratchpad_kib=64.0, banks=2, energy_table="horowitz_isscc14_45nm")
    assert row["energy_sram_pj"] == pytest.approx((STEP_BYTES + 512) * 20 * 8 / 64)


def test_energy_of_sixteen_bit_words(bypass):
    chip = one(network=bypass, scratchpad_kib=8.0, word_bits=16, energy_table="eyeriss_isscc16")
    assert chip["energy_dram_pj"] == 512 * 460
    assert chip["energy_sram_pj"] == (STEP_BYTES + 512) * 15
    relative = one(network=bypass, scratchpad_kib=8.0, word_bits=16, energy_table="eyeriss_isca16")
    assert relative["energy_mac_equivalents"] == 512 * 200 + (STEP_BYTES + 512) * 6
    assert relative[["energy_pj", "energy_dram_pj", "energy_sram_pj"]].isna().all()


def test_energies_without_a_constant_are_nan(bypass):
    energies = ["energy_pj", "energy_mac_equivalents"]
    assert one(network=bypass, scratchpad_kib=8.0)[energies].isna().all()
    assert one(network=bypass, scratchpad_kib=8.0, energy_table="eyeriss_isscc16")[energies].isna().all()


def test_area_by_hand(bypass):
    row = one(network=bypass, scratchpad_kib=8.0, node_nm=7)
    assert row["scratchpad_cells_mm2"] == pytest.approx(8 * 1024 * 8 * 0.027e-6)


def test_figures_of_densenet_that_others_published():
    """COSMA's program on DenseNet-121 in 8 bits: M_R 1,596.25 KiB, M_P 2,058 KiB, 2,609,152 bytes at M_R, 0 at M_P.

    Source: gkeramidasCSD-Group/Scale-Sim-SPM, which solved it with Gurobi.
    """
    least, most = (one(network="densenet121-keras", budget=budget) for budget in ("minimum", "peak"))
    assert (least["minimum_kib"], least["peak_kib"]) == (1596.25, 2058)
    assert (least["noncompulsory_bytes"], most["noncompulsory_bytes"]) == (2609152, 0)
    assert least["in_validated_range"]


@pytest.mark.parametrize("design", [{"network": "densenet121-keras"}, {"network": "resnet50", "weights": True}])
def test_more_scratchpad_never_moves_more(design):
    least, most = (one(**design, budget=budget)["capacity_kib"] for budget in ("minimum", "peak"))
    table = pd.DataFrame([{**design, "scratchpad_kib": kib} for kib in np.linspace(least, most + 1, 12)])
    answer = MODEL.evaluate(table)
    assert (answer["gap"] == 0).all()
    assert answer["offchip_bytes"].is_monotonic_decreasing
    assert answer["offchip_bytes"].iloc[-1] == answer["compulsory_bytes"].iloc[-1]
    own = MODEL.evaluate(table.assign(order="default"))
    assert (answer["offchip_bytes"] <= own["offchip_bytes"]).all()
    assert (answer["peak_used_kib"] <= answer["capacity_kib"]).all()


def test_the_order_matters():
    search, own = (one(network="resnet50", weights=True, scratchpad_kib=2526, order=o) for o in ("search", "default"))
    assert search["noncompulsory_bytes"] == 0 < own["noncompulsory_bytes"]


def test_stripes_run_below_the_largest_operator():
    row = one(network="mobilenetv1", scratchpad_kib=800, most_stripes=4)
    assert row["capacity_kib"] < row["minimum_kib"]
    assert not row["in_validated_range"]


@pytest.mark.parametrize(
    ("change", "covered"),
    [
        ({}, True),
        ({"order": "default"}, True),
        ({"banks": 2}, False),
        ({"goal": "latency"}, False),
        ({"recompute_bytes_per_mac": 1.0}, False),
        ({"energy_table": "horowitz_isscc14_45nm"}, False),
        ({"energy_table": "horowitz_isscc14_45nm", "resolution": 64, "scratchpad_kib": 200}, True),
    ],
)
def test_validated_range(change, covered):
    row = one(**{"network": "mobilenetv1", "scratchpad_kib": 4000, **change})
    assert row["feasible"], row["reason"]
    assert row["in_validated_range"] == covered


@pytest.mark.parametrize(
    ("design", "reason"),
    [
        ({"network": "resnet51"}, "network = 'resnet51' is not allowed .did you mean 'resnet50'"),
        ({"network": None}, "network has no value"),
        ({"network": "nowhere/net.onnx"}, "network = 'nowhere/net.onnx': there is no such file"),
        (
            {"scratchpad_kib": 1567},
            r"1,567.00 KiB is smaller than M_R = 1,568.00 KiB, which the operator '[\w.]+' needs",
        ),
        ({"scratchpad_kib": None}, "scratchpad_kib has no value; give it, or take budget = minimum, half or peak"),
        ({"budget": "half"}, "scratchpad_kib = 2000 and budget = half both set the capacity"),
        ({"budget": "mimimum"}, "budget = 'mimimum' is not allowed .did you mean 'minimum'"),
        ({"scratchpad_kib": 0}, "scratchpad_kib = 0 is not allowed"),
        ({"banks": 2, "goal": "latency"}, "banks = 2 and goal = latency can't be combined"),
        ({"banks": 4}, r"takes 784.00 KiB; a bank has 500.00 KiB"),
        ({"banks": 2.5}, "banks = 2.5 is not allowed"),
        ({"word_bits": 12}, r"word_bits = 12 is not allowed; allowed: \{8, 16, 32\}"),
        ({"node_nm": 10}, "node_nm = 10 is not allowed"),
        ({"weights": "perhaps"}, r"weights = 'perhaps' is not allowed.*\{false, true\}"),
        ({"weights": 2}, "weights = 2 is not allowed"),
        ({"order": True}, "order = True is not allowed"),
        ({"alignment_bytes": True}, "alignment_bytes = True is not allowed"),
        ({"frames": 8}, "doesn't read frames"),
        ({"resolution": 2.5}, "resolution = 2.5 is not allowed"),
        ({"scratchpad_kib": 10, "most_stripes": 2}, "smaller than M_R"),
        ({"network": "s3d", "scratchpad_kib": 1000, "most_stripes": 2}, "smaller than M_R"),
    ],
)
def test_what_cannot_be_built_has_a_reason(design, reason):
    found = refused(**{"network": "mobilenetv1", "scratchpad_kib": 2000, **design})
    assert re.search(reason, found), found


def test_an_operator_that_cannot_be_cut_is_named(tmp_path):
    pytest.importorskip("onnx")
    from tests.workloads.onnx_models import CUSTOM, model, node

    nodes = [node("Twist", ["x"], ["y"], name="twist", domain=CUSTOM)]
    file = tmp_path / "twist.onnx"
    file.write_bytes(model(nodes, {"x": [1, 4, 8, 8]}, {"y": [1, 4, 8, 8]}).SerializeToString())
    assert one(network=str(file), scratchpad_kib=0.5)["feasible"]
    assert "twist" in refused(network=str(file), scratchpad_kib=0.3, most_stripes=4)


def test_a_refused_design_leaves_the_others_as_they_are():
    table = pd.DataFrame({"network": "mobilenetv1", "resolution": 64, "scratchpad_kib": [200.0, 1.0, 150.0]})
    answer = MODEL.evaluate(table)
    assert answer["feasible"].tolist() == [True, False, True]
    pd.testing.assert_frame_equal(MODEL.evaluate(table.iloc[[0, 2]]), answer.iloc[[0, 2]], check_exact=True)


def test_designs_with_the_same_plan_are_planned_once(monkeypatch):
    planned = []

    def counting(network, capacity_bytes, *rest, **named):
        planned.append(capacity_bytes)
        return original(network, capacity_bytes, *rest, **named)

    original = answers.plan_network
    monkeypatch.setattr(answers, "plan_network", counting)
    answers._planned.cache_clear()
    table = pd.DataFrame({"network": "mobilenetv1", "resolution": 64, "scratchpad_kib": [150, 150.0, 160, 150]})
    answer = MODEL.evaluate(table.assign(node_nm=[7, 7, 7, 5], dram_bytes_per_cycle=[1, 1, 1, 2]))
    assert planned == [150 * 1024, 160 * 1024]
    assert answer["latency_cycles"].iloc[0] > answer["latency_cycles"].iloc[3], "the machine still counts"
    assert answer["scratchpad_cells_mm2"].iloc[0] > answer["scratchpad_cells_mm2"].iloc[3]


@pytest.mark.parametrize("kind", ["bool", "object", "float64", "int64", "boolean", "category"])
def test_truths_may_be_of_any_type(kind):
    table = pd.DataFrame({"network": "mobilenetv1", "resolution": 64, "budget": "minimum", "weights": [True, False]})
    answer = MODEL.evaluate(table.astype({"weights": kind}))
    assert answer["feasible"].all(), answer["reason"].tolist()
    assert answer["compulsory_bytes"].iloc[0] > answer["compulsory_bytes"].iloc[1]


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(ModelInputError, match="reads no 'scratchpad_kb'.*did you mean 'scratchpad_kib'"):
        one(network="mobilenetv1", scratchpad_kb=3)


def test_a_network_must_be_given():
    with pytest.raises(ModelInputError, match="no column 'network'"):
        one(scratchpad_kib=100)


OPTIONS = {
    "network": "densenet121-keras",
    "resolution": 96,
    "batch": 2,
    "weights": True,
    "sources_stored": False,
    "word_bits": 16,
    "alignment_bytes": 10000,
    "in_place": True,
    "views": True,
    "fuse": True,
    "recompute_bytes_per_mac": 0.0,
    "goal": "latency",
    "macs_per_cycle": 10.0,
    "dram_bytes_per_cycle": 1.0,
    "energy_table": "horowitz_isscc14_45nm",
    "node_nm": 5,
    "budget": "half",
}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_moves_a_metric(name):
    base = {"network": "densenet121", "resolution": 64, "budget": "minimum"}
    before, after = one(**base), one(**{**base, name: OPTIONS[name]})
    assert after["feasible"], after["reason"]
    results = [metric for metric in METRICS if metric != "search_states" and not math.isnan(after[metric])]
    assert (after[results] != before[results]).any()


def test_the_plan_of_a_design_is_what_was_counted(bypass):
    design = {"network": bypass, "scratchpad_kib": 1.0, "dram_bytes_per_cycle": 4.0}
    planned, row = MODEL.plan(design), one(**design)
    assert planned.plan.offchip_bytes == row["offchip_bytes"]
    assert planned.latency_cycles == row["latency_cycles"]
    assert check_plan(planned.network, planned.plan, weights=False).passed


def test_the_plan_of_a_design_that_cannot_be_built_says_why(bypass):
    with pytest.raises(ModelInputError, match="smaller than M_R = 1.00 KiB, which the operator 'widen' needs"):
        MODEL.plan({"network": bypass, "scratchpad_kib": 0.9})
    with pytest.raises(ModelInputError, match="goal = 'speed' is not allowed"):
        MODEL.plan({"network": bypass, "scratchpad_kib": 2, "goal": "speed"})


def test_the_command_of_the_readme(command_line):
    command = next(line for line in README.read_text().splitlines() if "evaluate scratchpad.plan" in line)
    words = shlex.split(command.partition("#")[0])
    assert words[0] == "codesign"
    done = command_line(*words[1:], "--format", "json")
    assert done.code == 0, done.err
    (row,) = json.loads(done.out)
    assert (row["offchip_bytes"], row["gap"]) == (2760680, 0)


def test_parameters_and_docs_agree():
    page = (README.parent / "docs/models/scratchpad.md").read_text()
    for name in (*PARAMETERS, *METRICS):
        if name not in answers.SETTING_NAMES:
            assert f"`{name}`" in page, name
