"""More of a resource or less latency on recorded programs: never slower than the tolerance, and somewhere faster."""

from dataclasses import replace
from itertools import pairwise

import pytest

from codesign.models.cpu.core_file import core_named
from codesign.models.cpu.simulator import simulate_many
from codesign.workloads.instructions.catalogue import instruction_trace

from .test_properties import TOLERANCE

PROGRAMS = ("fft", "gzip", "perl", "stencil", "tree")
WARMUP, INSTRUCTIONS = 20_000, 60_000
EFFECT = 0.01
"""Share of IPC that some program must gain from the worst to the best value, or the setting does nothing."""
LADDERS = {
    "rob": (32, 64, 128, 256, 512),
    "scheduler": (8, 16, 32, 64, 128),
    "load_queue": (4, 8, 16, 32, 64),
    "store_queue": (2, 4, 8, 16, 32),
    "physical_registers": (80, 120, 200, 400),
    "fetch_buffer": (8, 16, 32),
    "write_queue": (1, 2, 8, 32),
    "l1d_mshrs": (1, 2, 4, 8, 16),
    "load_ports": (1, 2, 3),
    "l1d_latency": (9, 7, 5, 3),
    "l2_latency": (30, 20, 10, 5),
    "llc_latency": (80, 40, 20),
    "stlb_latency": (30, 15, 8),
    "dram_tcas": (60, 24, 12),
    "mispredict_penalty": (20, 10, 4, 0),
    "page_fault_cycles": (400, 200, 0),
}
OWN = {
    "alu_units": (1, 2, 4),
    "alu_latency": (3, 2, 1),
    "fp_add_latency": (8, 4, 2),
    "forward_latency": (10, 5, 1),
}
"""What the reference doesn't have."""
REFERENCE = LADDERS | {"l1d_latency": (9, 7, 5)}
"""In the reference a shorter tag check takes up fewer requests a cycle: below 5 cycles it costs more than it gives."""
CASES = [(None, *one) for one in (LADDERS | OWN).items()] + [("champsim", *one) for one in REFERENCE.items()]


def check_ladder(cores, compatibility):
    """Simulate the programs on cores that get better and better."""
    gains = []
    for program in PROGRAMS:
        trace = instruction_trace(program)
        table = simulate_many(trace, cores, warmup=WARMUP, instructions=INSTRUCTIONS, compatibility=compatibility)
        ipc = table["ipc"].tolist()
        for less, more in pairwise(ipc):
            assert more >= less * (1 - TOLERANCE), (program, ipc)
        gains.append(ipc[-1] / ipc[0] - 1)
    assert max(gains) > EFFECT


@pytest.mark.parametrize(("compatibility", "name", "values"), CASES)
def test_more_of_a_resource_or_less_latency(compatibility, name, values):
    check_ladder([replace(core_named("mid"), **{name: value}) for value in values], compatibility)


SMALL_ABOVE = {
    "l1i": {"uop_cache_ways": 0},
    "l2": {"l1d_sets": 4, "l1d_ways": 1},
    "llc": {"l1d_sets": 4, "l1d_ways": 1, "l2_sets": 4, "l2_ways": 1},
    "stlb": {"dtlb_sets": 1, "dtlb_ways": 4},
}
"""What lies above a structure is small, so that much reaches it."""


@pytest.mark.parametrize("compatibility", [None, "champsim"])
@pytest.mark.parametrize("level", ["l1i", "l1d", "l2", "llc", "itlb", "dtlb", "stlb"])
def test_larger_fully_associative_structures(level, compatibility):
    """Least-recently-used replacement keeps in a larger one all that it keeps in a small one."""
    core = replace(core_named("mid"), **{f"{level}_sets": 1}, **SMALL_ABOVE.get(level, {}))
    check_ladder([replace(core, **{f"{level}_ways": ways}) for ways in (4, 16, 64, 256)], compatibility)


@pytest.mark.parametrize("compatibility", [None, "champsim"])
@pytest.mark.parametrize("stage", ["fetch_width", "uop_width", "dispatch_width", "issue_width", "commit_width"])
def test_no_recorded_program_exceeds_the_narrowest_width(stage, compatibility):
    """And each comes near it: on a width of 1 the program is held up by little else."""
    for program in ("gzip", "kmeans"):
        cores = [replace(core_named("big"), branch_predictor="perfect", **{stage: width}) for width in (1, 2, 3)]
        trace = instruction_trace(program)
        table = simulate_many(trace, cores, warmup=WARMUP, instructions=20_000, compatibility=compatibility)
        assert (table["ipc"] <= [1, 2, 3]).all()
    assert table["ipc"][0] > 0.8
