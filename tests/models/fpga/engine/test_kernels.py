"""Kernels: cycles and resources worked out by hand."""

import numpy as np
import pytest

from codesign.models.fpga.kernels import (
    Configurations,
    kernel_cycles,
    kernel_resources,
    largest_needs,
    needs_by_call,
    step_table,
)

from .cases import step


def one(kernel, outputs, inputs, *, weights=8, activations=8, luts=False, uram=False):
    numbers = (np.array([value]) for value in (outputs, inputs, weights, activations, luts, uram))
    return Configurations(kernel, *numbers)


def cycles(configurations, *steps):
    return kernel_cycles(configurations, step_table(steps))


def resources(configurations, *steps, dsp_kind="DSP48E2"):
    table = step_table(steps)
    needs = largest_needs(needs_by_call(configurations, table), np.ones(len(steps), bool))
    found = kernel_resources(configurations, needs, dsp_kind)
    return {name: int(getattr(found, name)[0]) for name in ("lut", "dsp", "bram18", "uram")}


def test_a_pointwise_layer_takes_pixels_times_folds():
    found = cycles(one("pointwise", 8, 16), step(40, 20, side=5))
    assert found.total.tolist() == [[25 * 3 * 3]]
    assert found.each_output.tolist() == [[9]]


def test_a_strided_pointwise_layer_still_reads_all_of_its_input():
    assert cycles(one("pointwise", 64, 8), step(64, 64, side=8, stride=2)).total.tolist() == [[64 * 8]]


def test_a_window_takes_its_taps_one_after_the_other():
    assert cycles(one("window", 8, 8), step(16, 16, 3, side=4)).total.tolist() == [[16 * 9 * 2 * 2]]


def test_a_depthwise_layer_takes_some_taps_at_once():
    steps = step(20, 20, 3, side=4)
    assert [int(cycles(one("depthwise", 8, taps), steps).total[0, 0]) for taps in (1, 3, 9, 25)] == [
        16 * 3 * 9,
        16 * 3 * 3,
        16 * 3,
        16 * 3,
    ]


def test_a_depthwise_layer_with_stride_is_bound_by_its_input():
    assert cycles(one("depthwise", 8, 9), step(8, 8, 3, side=8, stride=2)).total.tolist() == [[64]]


def test_what_passes_a_kernel_by_costs_nothing():
    assert cycles(one("pointwise", 8, 8), None, step(8, 8)).total.tolist() == [[0, 16]]


def test_resources_of_a_pointwise_kernel_in_dsp_slices():
    """16 x 16 of 8 bits: 128 packed + 16 requantisers; 2048-bit weights, 4 words: LUTs; one pixel of 2 words: LUTs."""
    lane = 31 * 16 + (8 + 8 + 5) + 32
    luts = 300 + 11 * 16 * lane // 10 + 128 + 2048
    assert resources(one("pointwise", 16, 16), step(32, 32)) == {"lut": luts, "dsp": 144, "bram18": 0, "uram": 0}


def test_long_weight_memories_are_block_memories_or_ultraram():
    deep = step(512, 512)
    assert resources(one("pointwise", 16, 16), deep)["bram18"] == 114
    assert resources(one("pointwise", 16, 16, uram=True), deep)["bram18"] == 0
    assert resources(one("pointwise", 16, 16, uram=True), deep)["uram"] == 29


def test_lut_multipliers_leave_only_the_requantisation_in_dsp_slices():
    dsp, lut = (resources(one("pointwise", 4, 4, luts=luts), step(8, 8)) for luts in (False, True))
    assert (dsp["dsp"], lut["dsp"]) == (8 + 4, 4)
    assert lut["lut"] - dsp["lut"] == 11 * 4 * 4 * 80 // 10


def test_depthwise_products_share_nothing_and_are_not_packed():
    by_kind = {
        kind: resources(one("depthwise", 4, 9), step(8, 8, 3), dsp_kind=kind)["dsp"]
        for kind in ("DSP48E1", "DSP48E2", "DSP58")
    }
    assert by_kind == {"DSP48E1": 40, "DSP48E2": 40, "DSP58": 16}


def test_line_buffers_have_a_row_less_than_the_window():
    """5 x 5 of 16 channels, 200 columns: 4 rows of 400 words of 64 bits, 2 x 2 blocks each."""
    wide = step(16, 16, 5, side=200)
    assert resources(one("depthwise", 8, 1), wide)["bram18"] == 4 * 2


def test_3x3_windows_are_packed_more_densely_where_there_are_no_others():
    four = {"weights": 4, "activations": 3}
    small = resources(one("window", 6, 10, **four), step(10, 6, 3))
    mixed = resources(one("window", 6, 10, **four), step(10, 6, 3), step(10, 6, 5))
    assert small["dsp"] == 60 // 7.5 + 6
    assert mixed["dsp"] == 60 // 6 + 6


def test_memories_are_sized_for_the_largest_call():
    small, large = step(16, 16), step(1024, 256)
    assert resources(one("pointwise", 16, 16), small, large) == resources(one("pointwise", 16, 16), large)


def test_a_kernel_that_nothing_uses_is_not_built():
    assert resources(one("pointwise", 16, 16), None) == {"lut": 0, "dsp": 0, "bram18": 0, "uram": 0}


@pytest.mark.parametrize(("kernel", "side", "lead"), [(1, 6, 1), (3, 6, 8), (5, 6, 15), (7, 3, 9)])
def test_pixels_in_front_of_the_first_window(kernel, side, lead):
    assert step(1, 1, kernel, side).lead_pixels == lead
