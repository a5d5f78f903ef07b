"""Weight bits under a cap on latency: the stated sum is the engine's latency, and the answer keeps to the cap."""

import numpy as np
import pytest

from codesign.errors import UnknownNameError, UserError
from codesign.models.fpga.checker import cycles_of
from codesign.models.fpga.costs import USUAL
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.mixed_precision import (
    bits_under_latency,
    latency_frontier,
    latency_on,
    latency_problem,
    with_weight_bits,
)
from codesign.models.fpga.program import best_accelerators
from codesign.models.fpga.quantisation import hawq_problem
from codesign.models.fpga.templates import template_named
from codesign.technology.fpga_devices import PLANNED, fpga_device
from codesign.workloads.catalogue import load_network

ZU3EG = fpga_device("zu3eg")
ZU9EG = fpga_device("zu9eg")
USED = [("resnet18", "dense", ZU3EG), ("resnet50", "dense", ZU9EG), ("resnet50", "single", ZU9EG)]


@pytest.fixture(scope="module")
def stated():
    return {case: latency_problem(case[0], case[2], template=case[1]) for case in USED}


@pytest.mark.parametrize("case", USED, ids=lambda case: f"{case[0]}-{case[1]}")
def test_the_sum_is_the_latency_of_the_cut_network_to_a_cycle_a_call(stated, case):
    _, template, device = case
    problem = stated[case]
    form = template_named(template)
    for seed in range(3):
        bits = np.random.default_rng(seed).choice([4, 8], len(problem.problem.layers)).tolist()
        chosen = dict(zip(problem.problem.layers, bits, strict=True))
        calls = calls_of(with_weight_bits(problem.network, chosen), form)
        cycle_ms = 1.0 / (device.clock_mhz * 1e3)
        took = latency_on(problem.accelerator, calls, device)
        summed = problem.fixed_ms + sum(
            problem.problem.cost[row, problem.problem.bits.index(width)] for row, width in enumerate(bits)
        )
        assert summed == pytest.approx(took, abs=calls.call_count * cycle_ms)


def test_the_latency_on_an_accelerator_is_that_of_the_program_and_of_the_checker():
    network = load_network("resnet18").with_bits(8, 8)
    calls = calls_of(network, template_named("dense"))
    found = best_accelerators(calls, ZU3EG)
    accelerator = found.accelerators[0]
    assert latency_on(accelerator, calls, ZU3EG) == pytest.approx(found.latency_ms, rel=1e-12)
    narrow = calls_of(with_weight_bits(network, {"layer4.1.conv2": 4}), template_named("dense"))
    budget = ZU3EG.budget(PLANNED)
    cycles = sum(n * cycles_of(c, accelerator, narrow, ZU3EG, budget, USUAL) for c, n in narrow.counts.items())
    own = narrow.processor_words * USUAL.constant("processor_ns_per_word") * 1e-6
    assert latency_on(accelerator, narrow, ZU3EG) == pytest.approx(cycles / 250e3 + own, rel=1e-12)


def test_only_the_named_weights_change():
    network = load_network("resnet18").with_bits(8, 8)
    narrow = with_weight_bits(network, {"layer4.1.conv2": 4})
    changed = {t.name for t, u in zip(narrow.tensors, network.tensors, strict=True) if t != u}
    assert changed == {"layer4.1.conv2.weight"}


def test_layers_are_hawqs_with_its_sensitivities_and_weights(stated):
    for (name, *_), problem in stated.items():
        hawq = hawq_problem(name, "size")
        assert np.array_equal(problem.problem.sensitivity, hawq.sensitivity)
        words = {layer.name: layer.weight_words for layer in problem.network.layers}
        assert [words[layer] for layer in problem.problem.layers] == hawq.cost[:, 1].tolist()


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_the_answer_keeps_to_the_cap_and_is_on_the_frontier(stated, fraction):
    found = bits_under_latency("resnet18", ZU3EG, fraction)
    assert found.assignment.status == "optimal"
    assert found.latency_ms == pytest.approx(found.stated.fixed_ms + found.assignment.cost, abs=1e-3)
    assert found.latency_ms <= found.cap_ms + 1e-3
    table = latency_frontier(stated[USED[0]])
    within = table[table["latency_ms"] <= found.cap_ms * (1 + 1e-9)]
    assert found.assignment.sensitivity == pytest.approx(within["sensitivity"].min(), rel=1e-9)


def test_the_ends_are_all_narrow_and_all_wide():
    narrowest, widest = (bits_under_latency("resnet18", ZU3EG, fraction) for fraction in (0.0, 1.0))
    assert set(narrowest.assignment.bits.values()) == {4}
    assert set(widest.assignment.bits.values()) == {8}
    assert narrowest.latency_ms == pytest.approx(narrowest.stated.narrowest_ms, rel=1e-12)
    assert widest.latency_ms == pytest.approx(widest.stated.widest_ms, rel=1e-12)


def test_a_fraction_outside_0_to_1_is_refused():
    with pytest.raises(UserError, match=r"cap_fraction must be from 0 to 1, found 1\.5"):
        bits_under_latency("resnet18", ZU3EG, 1.5)


def test_a_network_without_sensitivities_is_refused():
    with pytest.raises(UnknownNameError, match="HAWQ has no 'resnet34'"):
        bits_under_latency("resnet34", ZU3EG, 0.5)


def test_a_device_without_room_is_refused():
    with pytest.raises(UserError, match="no accelerator of template 'dense' for 'resnet18' fits z7020"):
        bits_under_latency("resnet18", fpga_device("z7020"), 0.5)
