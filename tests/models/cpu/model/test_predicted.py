"""``cpu.predicted``: the contract of models, what belongs together, what it refuses, beside ``cpu.simulated``."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from codesign.models.cpu.design import SPACE, drawn_cores
from codesign.models.cpu.metrics import METRICS
from codesign.models.cpu.model import CpuPredicted, CpuSimulated
from codesign.models.cpu.parameters import PARAMETERS
from codesign.models.protocol import Model
from codesign.testing import ModelContract
from codesign.workloads.instructions.catalogue import instruction_trace
from codesign.workloads.instructions.npz import write_instruction_trace

from ..core.programs import repeated, straight

MODEL = CpuPredicted()
ENERGY_TOLERANCE = 0.25
SINGLE = 1e-6
"""Rates of features are kept as single-precision numbers."""
SHORT = 232_000
"""Instructions of a trace that is long enough to be looked at."""


def designs(count, program="gzip+sqlite3", seed=21):
    return drawn_cores(count, seed).assign(program=program)


def told(**changes):
    """One design's answer."""
    return MODEL.evaluate(pd.DataFrame([{"program": "gzip"} | changes])).iloc[0].to_dict()


def shortened(name, count):
    """The first instructions of a committed trace."""
    trace = instruction_trace(name)
    operands = int(trace.loads[:count].sum(dtype=np.int64) + trace.stores[:count].sum(dtype=np.int64))
    per_instruction = {part: getattr(trace, part)[:count] for part in ("which", "taken", "loads", "stores")}
    per_operand = ("operand_address", "operand_size", "operand_store")
    return replace(
        trace,
        windows=trace.windows[trace.windows < count],
        **per_instruction,
        **{part: getattr(trace, part)[:operands] for part in per_operand},
    )


class TestContract(ModelContract):
    model: ClassVar[Model] = MODEL
    designs: ClassVar[pd.DataFrame] = designs(9).assign(
        program=["gzip"] * 4 + ["sqlite3"] * 3 + ["sqlite3+gzip"] * 2,
        node_nm=[14.0] * 7 + [22.0] * 2,
        supply_v=[0.8] * 8 + [0.9],
    )


def test_reads_and_gives_what_every_model_of_cores_does():
    simulated = CpuSimulated()
    assert dict(MODEL.parameters) == dict(PARAMETERS)
    assert {name: simulated.parameters[name] for name in PARAMETERS} == dict(PARAMETERS)
    assert list(MODEL.metrics) == list(METRICS)
    for name, metric in MODEL.metrics.items():
        same = simulated.metrics[name]
        assert (metric.unit, metric.direction, metric.description) == (same.unit, same.direction, same.description)


def test_what_follows_from_predicted_ipc_says_how_far_it_was_off():
    for name in ("ipc", "cpi", "energy_per_instruction_pj", "power_w"):
        assert MODEL.metrics[name].known_error.startswith("against cpu.simulated: CPI ")
        assert CpuSimulated().metrics[name].known_error in MODEL.metrics[name].known_error
    assert MODEL.metrics["area_mm2"] == CpuSimulated().metrics["area_mm2"]


@pytest.fixture(scope="module")
def both():
    """Twelve cores on two programs: predicted, simulated."""
    table = designs(12)
    return table, MODEL.evaluate(table), CpuSimulated().evaluate(table)


def test_one_table_holds_both_with_the_difference_as_a_column(both):
    table, predicted, simulated = both
    joined = table.join(predicted[list(METRICS)]).join(simulated[list(METRICS)].add_suffix("_simulated"))
    joined["ipc_difference"] = joined["ipc"] / joined["ipc_simulated"] - 1
    assert len(joined) == 12
    assert joined.notna().all(axis=None)
    assert (joined["ipc_difference"].abs() < 0.25).all()


def test_areas_are_those_of_the_simulated_model(both):
    _, predicted, simulated = both
    for name in ("area_mm2", "core_area_mm2", "leakage_w"):
        assert (predicted[name] == simulated[name]).all(), name


def test_energies_are_near_the_simulated_ones(both):
    _, predicted, simulated = both
    for name in ("energy_per_instruction_pj", "power_w"):
        np.testing.assert_allclose(predicted[name], simulated[name], rtol=ENERGY_TOLERANCE)


def test_mispredictions_are_those_of_the_simulator(both):
    _, predicted, simulated = both
    np.testing.assert_allclose(predicted["branch_mpki"], simulated["branch_mpki"], rtol=SINGLE)


@pytest.mark.parametrize("program", ["gzip", "sqlite3", "matmul"])
def test_ipc_lies_in_its_interval_and_below_the_width(program):
    table = designs(500, program)
    answer = MODEL.evaluate(table)
    assert answer["feasible"].all()
    assert (answer["ipc_low"] > 0).all()
    assert (answer["ipc_low"] <= answer["ipc"]).all()
    assert (answer["ipc"] <= answer["ipc_high"]).all()
    assert (answer["ipc_high"] <= table["width"]).all()


def test_metrics_belong_together():
    answer = MODEL.evaluate(designs(200))
    assert (answer[[name for name in METRICS if name.endswith("_mpki")]] >= 0).all(axis=None)
    np.testing.assert_allclose(answer["cpi"] * answer["ipc"], 1.0)
    np.testing.assert_allclose(answer["time_per_instruction_ns"], answer["cpi"] / 4.0)
    energy, time = answer["energy_per_instruction_pj"], answer["time_per_instruction_ns"]
    np.testing.assert_allclose(answer["energy_delay_pj_ns"], energy * time)
    np.testing.assert_allclose(answer["power_w"] * 1e12, energy / (time * 1e-9))
    assert (answer["power_w"] > answer["leakage_w"]).all()


def test_several_programs_are_the_mean_of_their_cycles():
    each = [MODEL.evaluate(designs(20, program)) for program in ("gzip", "sqlite3")]
    together = MODEL.evaluate(designs(20))
    for name in ("cpi", "energy_per_instruction_pj", "l1d_mpki"):
        np.testing.assert_allclose(together[name], (each[0][name] + each[1][name]) / 2)
    np.testing.assert_allclose(1 / together["ipc_low"], (1 / each[0]["ipc_low"] + 1 / each[1]["ipc_low"]) / 2)


def test_a_row_depends_on_itself_alone_across_chunks():
    table = designs(9000, "gzip")
    some = table.sample(50, random_state=3)
    pd.testing.assert_frame_equal(MODEL.evaluate(table).loc[some.index], MODEL.evaluate(some), check_exact=True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"width": 12}, "width = 12; cpu.predicted knows 1 to 8, cpu.simulated more"),
        ({"rob": 600}, "rob = 600; cpu.predicted knows 16 to 512, cpu.simulated more"),
        ({"l1d_kib": 128}, "l1d_kib = 128; cpu.predicted knows 16, 32, 64, cpu.simulated more"),
        ({"predictor_entries": 2048}, "predictor_entries = 2048; cpu.predicted knows 1024, 4096, 16384"),
        ({"branch_predictor": "perfect"}, "branch_predictor = 'perfect'; cpu.predicted knows bimodal, gshare"),
        ({"dram_cas_ns": 40.0}, "dram_cas_ns = 40; cpu.predicted knows 12.5 to 25, cpu.simulated more"),
    ],
)
def test_cores_outside_of_the_training_are_infeasible_and_simulated_takes_them(change, reason):
    answer = MODEL.evaluate(pd.concat([designs(1, "gzip"), designs(1, "gzip").assign(**change)], ignore_index=True))
    assert answer["feasible"].tolist() == [True, False]
    assert answer["reason"].iloc[1].startswith(reason)
    assert "cpu.simulated more" in answer["reason"].iloc[1]
    assert answer[list(METRICS)].iloc[1].isna().all()
    short = pd.DataFrame([{"program": "gzip", "warmup": 500, "instructions": 1000} | change])
    assert CpuSimulated().evaluate(short)["feasible"].all()


def test_numbers_between_the_values_of_the_space_are_taken():
    assert 200 not in SPACE["rob"]
    between = told(rob=200)
    assert between["feasible"]
    assert told(rob=192)["area_mm2"] < between["area_mm2"] < told(rob=224)["area_mm2"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"program": "gzib"}, "program = 'gzib' is not allowed (did you mean 'gzip'?)"),
        ({"program": "missing.npz"}, "program = 'missing.npz': there is no such file"),
        ({"rob": 3}, "rob = 3 is not allowed; allowed: at least width = 4"),
        ({"l1d_kib": 24}, "l1d_kib = 24 is not allowed; allowed: {4, 8"),
    ],
)
def test_bad_designs_are_rows_with_a_reason(change, message):
    answer = told(**change)
    assert not answer["feasible"]
    assert message in answer["reason"]


def test_a_trace_too_short_to_be_looked_at_is_a_reason(tmp_path):
    file = tmp_path / "tiny.npz"
    write_instruction_trace(repeated(straight(8), 400), file)
    answer = MODEL.evaluate(pd.DataFrame({"program": [str(file), "gzip", f"gzip+{file}"]}))
    assert answer["feasible"].tolist() == [False, True, False]
    assert "a warm-up of 200000 leaves none that counts" in answer["reason"].iloc[0]


@pytest.mark.slow
def test_a_trace_of_ones_own_is_predicted_near_its_simulation(tmp_path):
    file = tmp_path / "own.npz"
    write_instruction_trace(shortened("gzip", SHORT), file)
    table = designs(12, str(file))
    predicted = MODEL.evaluate(table)
    simulated = CpuSimulated().evaluate(table.assign(instructions=SHORT - 200_000))
    assert predicted["feasible"].all()
    np.testing.assert_allclose(predicted["ipc"], simulated["ipc"], rtol=0.25)
    np.testing.assert_allclose(predicted["branch_mpki"], simulated["branch_mpki"], rtol=SINGLE)
    again = MODEL.evaluate(table.iloc[[5]])
    pd.testing.assert_frame_equal(predicted.iloc[[5]], again, check_exact=True)
