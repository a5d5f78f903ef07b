"""MixPE's public simulator in closed form: by hand, against brute force over loops, and against a run of it."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.pe.published import mixpe as published
from codesign.models.pe.published.mixpe_simulator import Array, SimulatedLayer, data_rows, simulate

ARRAYS = (Array(32, 28, 16, 16, 1.0, 1.0), Array(8, 8, 8, 4, 1.0, 1.0), Array(64, 64, 8, 4, 1.0, 1.0))
HALF = {"weight": 524288, "activation": 1048576, "output": 524288}


@pytest.fixture(scope="module")
def checks():
    return {check.item: check for check in (*published._published_checks(), *published._cycle_checks())}


def test_times_round_to_the_published_ones(checks):
    times = [check for item, check in checks.items() if " time " in item]
    assert len(times) == 20
    for check in times:
        assert f"{check.ours:.2f}" == f"{check.reference:.2f}", check.item
        assert abs(check.difference) < 0.07
        assert check.note


def test_energies_round_to_the_published_ones(checks):
    energies = [check for item, check in checks.items() if " energy " in item]
    assert len(energies) == 96
    for check in energies:
        assert f"{check.ours:.2f}" == f"{check.reference:.2f}", check.item


def test_cycles_and_energies_are_those_of_a_run_of_the_simulator():
    rows = list(data_rows("simulated"))
    assert len(rows) == 24
    for row in rows:
        ours = published.totals(row["network"], row["design"])
        assert (ours.cycles, ours.stall_cycles) == (int(row["cycles"]), int(row["stall_cycles"]))
        for part in ("static_nj", "dram_nj", "buffer_nj", "core_nj"):
            assert getattr(ours, part) == pytest.approx(float(row[part]), rel=1e-5)


def test_a_layer_by_hand():
    """One tile: 8 cycles of work, one before it for 512 + 64 bits of weights and activations, outputs meanwhile."""
    found = simulate(Array(8, 8, 8, 8, 1.0, 1.0), SimulatedLayer(1, 1, 1, 8, 8, 8))
    assert (found.cycles, found.stall_cycles) == (9, 1)
    assert (found.dram_read, found.dram_written) == (512 + 64, 8 * 16)
    assert (found.weight_read, found.activation_read, found.output_written) == (512, 512, 128)


def test_four_bits_split_an_element_in_both_directions():
    """64 tokens by 128 outputs are one tile of 64 x 64 elements that split in two; 8 bits take two rounds."""
    array = Array(64, 64, 8, 4, 1.0, 1.0)
    work = [simulate(array, SimulatedLayer(64, 1, 1, 100, 128, bits)) for bits in (4, 8)]
    assert [float(found.cycles - found.stall_cycles) for found in work] == [100, 200]


def test_layers_of_a_network():
    layers = published.network_layers("Llama2-13B", "ANT")
    assert layers[SimulatedLayer(64, 1, 1, 5120, 15360, 4)] == 32
    assert layers[SimulatedLayer(64, 1, 1, 5120, 15360, 8)] == 8
    assert layers[SimulatedLayer(64, 1, 1, 5120, 1920, 8)] == 40
    mixed = published.network_layers("ViT", "MixPE-W4A8")
    assert mixed[SimulatedLayer(64, 1, 1, 96, 18, 8)] == 12
    assert mixed[SimulatedLayer(64, 14, 16, 3, 768, 8)] == 1


def brute_force(array, layer):
    """The rules once more, tiling by tiling and loop by loop: the fewest cycles."""
    split, taps = array.split(layer.bits), layer.kernel**2
    sizes = (layer.batch, layer.side, layer.inner, layer.outputs)
    powers = [{min(1 << i, size) for i in range(size.bit_length() + 1)} for size in sizes]
    best = math.inf
    for batch, side, inner, outputs in itertools.product(*powers):
        count = [math.ceil(size / tile) for size, tile in zip(sizes, (batch, side, inner, outputs), strict=True)]
        numbers = {"batch": count[0], "row": count[1], "column": count[1], "inner": count[2], "outputs": count[3]}
        tiles, pixels = math.prod(numbers.values()), batch * side * side
        high, wide = array.rows * split, array.columns * split
        start = {
            "weight": math.ceil(taps * inner / high) * high * outputs * layer.bits,
            "activation": math.ceil(taps * inner / wide) * wide * pixels * layer.bits,
            "output": pixels * outputs * 16,
        }
        if start["weight"] > HALF["weight"] or start["activation"] > HALF["activation"]:
            continue
        compute = tiles * math.ceil(pixels / high) * math.ceil(outputs / wide) * taps * inner
        for order in itertools.permutations(numbers):
            best = min(best, cycles_of(start, numbers, order, compute))
    return best


def cycles_of(start, numbers, order, compute):
    loops = {"weight": {"inner", "outputs"}, "activation": set(numbers) - {"outputs"}}
    loops["output"] = set(numbers) - {"inner"}
    bits, held, full = dict(start), dict(start), set()
    for loop in order:
        for operand in start:
            if operand in full:
                bits[operand] *= numbers[loop]
            elif loop in loops[operand]:
                bits[operand] *= numbers[loop]
                if bits[operand] > HALF[operand]:
                    full.add(operand)
                else:
                    held[operand] = 0 if operand == "output" else bits[operand]
    first, last = held["weight"] + held["activation"], held["output"]
    middle = math.ceil((sum(bits.values()) - first - last) / 1024)
    return max(compute, middle) + math.ceil(first / 1024) + math.ceil(last / 1024)


@settings(max_examples=25)
@given(
    st.sampled_from(ARRAYS),
    st.integers(1, 9),
    st.sampled_from([(1, 1), (1, 1), (2, 3)]),
    st.integers(1, 300),
    st.integers(1, 300),
    st.sampled_from([4, 8, 16]),
)
def test_cycles_are_those_of_brute_force(array, batch, image, inner, outputs, bits):
    bits = min(bits, array.high_bits)
    layer = SimulatedLayer(batch, *image, inner, outputs, bits)
    assert simulate(array, layer).cycles == brute_force(array, layer)


def test_brute_force_on_a_layer_that_overflows_every_buffer():
    layer = SimulatedLayer(64, 1, 1, 4096, 5000, 16)
    assert simulate(ARRAYS[0], layer).cycles == brute_force(ARRAYS[0], layer)


@settings(max_examples=40)
@given(st.sampled_from(ARRAYS), st.integers(1, 64), st.integers(1, 2000), st.integers(1, 2000), st.sampled_from([4, 8]))
def test_no_layer_beats_the_array(array, batch, inner, outputs, bits):
    layer = SimulatedLayer(batch, 1, 1, inner, outputs, bits)
    split = array.split(bits)
    least = math.ceil(batch / (array.rows * split)) * math.ceil(outputs / (array.columns * split)) * inner
    found = simulate(array, layer)
    assert found.cycles - found.stall_cycles >= least
    assert found.cycles >= least


def test_arrays_of_equal_area_fit_and_one_column_more_does_not():
    budget = published._area_um2("INT8", 32, 32) * (1 + 1e-9)
    for design, (_, _, joined) in published._PRICED.items():
        for rows in published.SHAPE_ROWS:
            columns = published.equal_area_array(design, rows).columns * joined
            assert published._area_um2(design, rows, columns) <= budget
            assert published._area_um2(design, rows, columns + joined) > budget


def test_int8_gets_its_own_array():
    array = published.equal_area_array("INT8", 32)
    assert (array.rows, array.columns) == (32, 32)


def test_every_difference_has_its_reason():
    checks = published.mixpe()
    assert len(checks) == len({check.item for check in checks}) == 148
    differing = [check for check in checks if check.verdict != "match"]
    assert all(check.note for check in differing)
    assert {check.item.split(" over ")[0] for check in differing} == {
        f"MixPE-{kind} {what}" for kind in ("W4A8", "W4A16") for what in ("speed-up", "energy saving")
    }


def test_equal_silicon_takes_most_of_the_gain_away():
    """MixPE still wins, by less than with four times the elements of its simulator's INT8 array."""
    for rival in published.RIVALS:
        gain = published.best_equal_area(rival)[1] / published.best_equal_area("MixPE-W4A8")[1]
        assert 1.0 < gain < published._gain("cycles", "MixPE-W4A8", rival)
