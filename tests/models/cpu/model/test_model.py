"""``cpu.simulated``: the contract of models, what is simulated once, several programs, bad input."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu import simulated
from codesign.models.cpu.design import PARAMETERS, core_settings, drawn_cores
from codesign.models.cpu.metrics import METRICS, STALL_METRICS
from codesign.models.cpu.silicon import core_costs, core_energy
from codesign.models.cpu.silicon.of_simulation import core_events, core_silicon
from codesign.models.cpu.simulator import simulate
from codesign.models.protocol import Model
from codesign.testing import ModelContract
from codesign.workloads.instructions.catalogue import instruction_trace
from codesign.workloads.instructions.npz import write_instruction_trace

from ..core.programs import repeated, straight
from .designs import BASE, MODEL, evaluated, table

SUM_METRICS = ("cpi", "energy_per_instruction_pj", "branch_mpki", "l1d_mpki")


class TestContract(ModelContract):
    model: ClassVar[Model] = MODEL
    designs: ClassVar[pd.DataFrame] = table(
        {},
        {"rob": 32, "width": 2},
        {"program": "sqlite3", "l2_kib": 256},
        {"program": "gzip+sqlite3+queens"},
        {"branch_predictor": "gshare", "predictor_entries": 1024},
        {"l1d_prefetcher": "stride", "prefetch_degree": 4},
        {"node_nm": 45.0, "supply_v": 1.0},
        {"width": 8, "rob": 512, "llc_mib": 4, "dram_data_rate_mts": 6400.0},
        {"instructions": 2500},
    )


@pytest.fixture
def runs(monkeypatch):
    """Programs and numbers of cores that the simulator is asked for."""
    found = []

    def counted(trace, cores, **given):
        found.append((trace.name, len(cores)))
        return whole(trace, cores, **given)

    whole = simulated.simulations
    monkeypatch.setattr(simulated, "simulations", counted)
    return found


def test_equal_pairs_of_core_and_program_are_simulated_once(runs):
    designs = table(
        {}, {"node_nm": 45.0}, {"supply_v": 1.0}, {"prefetch_degree": 4}, {"program": "gzip+queens"}, {"rob": 64}
    )
    answer = MODEL.evaluate(designs)
    assert sorted(runs) == [("gzip", 2), ("queens", 1)]
    assert answer["ipc"].iloc[:4].nunique() == 1
    assert answer["area_mm2"].iloc[:3].nunique() == 2
    assert answer["energy_per_instruction_pj"].iloc[:3].nunique() == 3


def test_a_design_says_what_its_core_does():
    design = drawn_cores(1, seed=5)
    core = core_settings(design)[0]
    found = MODEL.evaluate(design.assign(**BASE)).iloc[0]
    one = simulate(instruction_trace("gzip"), core, warmup=1500, instructions=4000)
    assert found["ipc"] == found["ipc_low"] == found["ipc_high"]
    assert found["ipc"] == pytest.approx(one.ipc, rel=1e-12)
    assert found["cpi"] == pytest.approx(one.cycles / 4000, rel=1e-12)
    assert found["time_per_instruction_ns"] == pytest.approx(found["cpi"] / 4.0, rel=1e-12)
    for name, rate in one.mpki.items():
        assert found[f"{name}_mpki"] == rate
    for name, slots in one.stall_slots.items():
        assert found[f"{name}_share"] == pytest.approx(slots / (one.cycles * core.commit_width), rel=1e-12, abs=0)


def test_energy_and_area_of_a_table_are_those_of_a_core_alone():
    design = drawn_cores(1, seed=9).assign(node_nm=22.0, supply_v=0.9)
    core = core_settings(drawn_cores(1, seed=9))[0]
    found = MODEL.evaluate(design.assign(**BASE)).iloc[0]
    trace = instruction_trace("gzip")
    one = simulate(trace, core, warmup=1500, instructions=4000)
    costs = core_costs(core_silicon(core, 22.0, 0.9))
    energy = core_energy(costs, core_events(trace, one, core, warmup=1500))
    assert found["energy_per_instruction_pj"] == pytest.approx(energy.pj_per_instruction, rel=1e-9)
    assert found["power_w"] == pytest.approx(energy.power_w, rel=1e-9)
    assert found["area_mm2"] == pytest.approx(costs.area_mm2, rel=1e-9)
    assert found["core_area_mm2"] == pytest.approx(costs.core_area_mm2, rel=1e-9)
    assert found["leakage_w"] == pytest.approx(costs.leakage_mw / 1000, rel=1e-9)


def test_energy_power_and_delay_belong_together():
    found = evaluated()
    energy, time = found["energy_per_instruction_pj"], found["time_per_instruction_ns"]
    assert found["power_w"] * 1e12 == pytest.approx(energy / (time * 1e-9))
    assert found["energy_delay_pj_ns"] == pytest.approx(energy * time)
    assert found["power_w"] > found["leakage_w"] > 0


def test_shares_of_slots_sum_to_one():
    answer = MODEL.evaluate(table({}, {"width": 1}, {"program": "sqlite3+queens"}))
    np.testing.assert_allclose(answer[list(STALL_METRICS)].sum(axis=1), 1.0, rtol=0, atol=1e-12)
    assert (answer[list(STALL_METRICS)] >= 0).all(axis=None)
    np.testing.assert_allclose(answer["base_share"].iloc[:2], answer["ipc"].iloc[:2] / [4, 1], rtol=1e-12)


def test_several_programs_are_the_mean_of_their_cycles_and_energies():
    each = MODEL.evaluate(table({"program": "gzip"}, {"program": "sqlite3"}, {"program": "queens"}))
    together = evaluated(program="gzip+sqlite3+queens")
    assert together["ipc"] == pytest.approx(3 / (1 / each["ipc"]).sum())
    for name in SUM_METRICS:
        assert together[name] == pytest.approx(each[name].mean()), name
    time = each["time_per_instruction_ns"].sum()
    assert together["power_w"] == pytest.approx((each["power_w"] * each["time_per_instruction_ns"]).sum() / time)
    assert together["dram_share"] == pytest.approx((each["dram_share"] * each["cpi"]).sum() / each["cpi"].sum())
    assert together["area_mm2"] == each["area_mm2"].iloc[0]


def test_the_order_in_which_programs_are_named_changes_no_bit():
    assert evaluated(program="queens+gzip+sqlite3") == evaluated(program="gzip+sqlite3+queens")


def test_a_report_has_a_row_for_each_design_and_program():
    designs = table({"program": "sqlite3+gzip"}, {"program": "queens", "rob": 64})
    designs.index = pd.Index(["both", "one"])
    report = MODEL.program_report(designs)
    assert report.index.tolist() == ["both", "both", "one"]
    assert report["program"].tolist() == ["gzip", "sqlite3", "queens"]
    assert report["rob"].tolist() == [192, 192, 64]
    both = MODEL.evaluate(designs).loc["both"]
    assert both["cpi"] == pytest.approx(report["cpi"].iloc[:2].mean())


def test_a_trace_in_a_file(tmp_path):
    file = tmp_path / "own.npz"
    write_instruction_trace(repeated(straight(8), 400), file)
    found = evaluated(program=str(file), warmup=200, instructions=3000)
    assert found["feasible"]
    assert found["ipc"] > 2
    assert found["branch_mpki"] == 0
    assert evaluated(program=f"{file}+gzip", warmup=200, instructions=3000)["cpi"] > found["cpi"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"program": "gzib"}, "program = 'gzib' is not allowed (did you mean 'gzip'?); allowed: {bfs, chase"),
        ({"program": "gzip+gzip"}, "program = 'gzip+gzip' is not allowed"),
        ({"program": "kernels+bfs"}, "several joined with +, each once"),
        ({"program": "missing.npz"}, "program = 'missing.npz': there is no such file"),
        ({"rob": 3}, "rob = 3 is not allowed; allowed: at least width = 4"),
        ({"l1d_kib": 24}, "l1d_kib = 24 is not allowed; allowed: {4, 8"),
        ({"l2_kib": 0}, "l2_kib = 0 is not allowed; allowed: {32, 64"),
        ({"branch_predictor": "gshar"}, "branch_predictor = 'gshar' is not allowed (did you mean 'gshare'?)"),
        ({"node_nm": 5.0}, "node_nm = 5 is not allowed; allowed: 7 ... 130"),
        ({"instructions": 2_000_000}, "trace 'gzip' has 1000000 instructions"),
    ],
)
def test_bad_designs_are_rows_with_a_reason_and_leave_the_others_alone(change, message):
    answer = MODEL.evaluate(table({}, change, {"program": "queens"}))
    assert answer["feasible"].tolist() == [True, False, True]
    assert message in answer["reason"].iloc[1]
    assert answer[list(MODEL.metrics)].iloc[1].isna().all()
    assert answer["ipc"].iloc[0] == evaluated()["ipc"]


def test_a_file_that_is_no_trace_is_a_reason(tmp_path):
    file = tmp_path / "broken.npz"
    file.write_bytes(b"no archive")
    answer = MODEL.evaluate(table({"program": f"gzip+{file}"}, {}))
    assert answer["feasible"].tolist() == [False, True]
    assert "broken.npz" in answer["reason"].iloc[0]


def test_no_program_is_refused():
    with pytest.raises(ModelInputError, match="the designs have no column 'program', which cpu.simulated needs"):
        MODEL.evaluate(drawn_cores(2))


def test_only_cores_like_those_compared_are_in_range():
    compared = {"branch_predictor": "bimodal"}
    answer = MODEL.evaluate(
        table(compared, {}, compared | {"l1d_prefetcher": "next_line"}, compared | {"rob": 1024}, compared | {"rob": 1})
    )
    assert answer["in_validated_range"].tolist() == [True, False, False, False, False]


def test_metrics_carry_their_errors():
    assert set(METRICS) < set(MODEL.metrics)
    assert "median 1.1 %, worst 19.2 %" in MODEL.metrics["ipc"].known_error
    for name in ("area_mm2", "power_w", "leakage_w"):
        assert "estimate" in MODEL.metrics[name].known_error
    assert set(PARAMETERS) < set(MODEL.parameters)
