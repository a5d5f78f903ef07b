"""Traffic and stalls: steps by hand, lower bounds, monotony in memory and bandwidth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.models.systolic.traffic import held_words, stall_cycles
from tests.models.systolic.small_layers import conv, mapped, number, table_of, traffic_of

DATAFLOWS = ("ws", "os", "is", "rs")
layers = st.builds(
    conv,
    channels=st.sampled_from([4, 8, 12]),
    filters=st.sampled_from([4, 16, 20]),
    kernel=st.integers(1, 5),
    out=st.integers(1, 12),
    stride=st.integers(1, 3),
    groups=st.sampled_from([1, 2, 4]),
    batch=st.integers(1, 3),
)


def compulsory(layer):
    table = table_of(layer)
    return number(table.instances * (table.ifmap_words + table.filter_words + table.ofmap_words))


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@given(layer=layers, rows=st.integers(1, 20), columns=st.integers(1, 20), seed=st.integers(0, 99))
def test_more_memory_never_moves_more_and_never_less_than_every_word_once(dataflow, layer, rows, columns, seed):
    mapping = mapped(layer, dataflow, rows, columns)
    sizes = np.unique(np.concatenate([np.random.default_rng(seed).integers(1, 4000, 20), [1, 10**7]])).astype(float)
    rest = np.full(sizes.shape, sizes[len(sizes) // 2])
    for position in range(3):
        memories = [rest, rest, rest]
        memories[position] = sizes
        words = np.broadcast_to(traffic_of(mapping, *memories).words[0], sizes.shape)
        assert (np.diff(words) <= 0).all()
        assert words.min() >= compulsory(layer)
    assert number(traffic_of(mapping, 1e7, 1e7, 1e7).words) == compulsory(layer)


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
@given(layer=layers, rows=st.integers(1, 20), columns=st.integers(1, 20))
def test_without_memory_what_enters_the_array_comes_from_dram(dataflow, layer, rows, columns):
    mapping = mapped(layer, dataflow, rows, columns)
    moved = traffic_of(mapping, 0, 0, 0)
    assert number(moved.ifmap_reads) == number(mapping.ifmap_sram_reads)
    assert number(moved.filter_reads) <= number(mapping.filter_sram_reads)
    assert number(moved.ofmap_writes) == number(mapping.ofmap_sram_writes)
    assert number(moved.ofmap_reads) == number(mapping.ofmap_sram_reads)


def test_input_steps_of_ws_by_hand():
    layer = conv(channels=4, filters=6, kernel=3, out=6)  # 8x8 inputs; window 36; 36 pixels
    mapping = mapped(layer, "ws", 9, 4)  # 4 row folds of one channel each, 2 column folds
    words = [number(traffic_of(mapping, held).ifmap_reads) for held in (256, 255, 24, 23, 9, 8)]
    row_by_row = 2 * 4 * 6 * 3 * 8
    assert words == [256, 512, 512, row_by_row, row_by_row, 2 * 36 * 36]


def test_a_channel_that_two_row_folds_share_is_fetched_for_both():
    layer = conv(channels=4, filters=4, kernel=3, out=6)
    assert number(traffic_of(mapped(layer, "ws", 9, 4), 200).ifmap_reads) == 4 * 64
    assert number(traffic_of(mapped(layer, "ws", 12, 4), 200).ifmap_reads) == 4 * 64 + 2 * 64  # cuts at 12, 24 of 36
    assert number(traffic_of(mapped(layer, "ws", 18, 4), 200).ifmap_reads) == 4 * 64


def test_partial_sums_spill_between_row_folds():
    mapping = mapped(conv(channels=4, filters=6, kernel=3, out=6), "ws", 9, 4)
    kept, spilled = traffic_of(mapping, 1e6, 1e6, 36 * 4), traffic_of(mapping, 1e6, 1e6, 36 * 4 - 1)
    assert (number(kept.ofmap_writes), number(kept.ofmap_reads)) == (216, 0)
    assert (number(spilled.ofmap_writes), number(spilled.ofmap_reads)) == (4 * 216, 3 * 216)


def test_filter_steps_of_os_and_is_by_hand():
    layer = conv(channels=4, filters=6, kernel=3, out=6)  # 216 weights
    os, is_ = mapped(layer, "os", 9, 4), mapped(layer, "is", 9, 5)
    assert [number(traffic_of(os, 1e6, held).filter_reads) for held in (36 * 4, 36 * 4 - 1)] == [216, 4 * 216]
    assert [number(traffic_of(is_, 1e6, held).filter_reads) for held in (216, 215)] == [216, 8 * 216]


def test_one_buffer_for_all_takes_the_cheaper_blocking():
    layer = conv(channels=4, filters=6, kernel=3, out=6)  # 256 inputs, 216 weights, 216 outputs
    mapping = mapped(layer, "rs", 8, 8)
    assert number(traffic_of(mapping, 216).words) == 256 + 216 + 216
    half = traffic_of(mapping, 128)
    assert (number(half.ifmap_reads), number(half.filter_reads)) == (256, 2 * 216)


def test_words_held_are_half_of_the_memory():
    assert held_words(np.array([1.0, 1.0, 0.3]), np.array([8.0, 16.0, 16.0])).tolist() == [512, 256, 76]


def test_stalls_by_hand():
    cycles, fill, dram = (np.array([[value]]) for value in (100.0, 10.0, 60.0))
    stalls = [number(stall_cycles(cycles, fill, dram, np.array([time]))) for time in (0.0, 1.0, 2.0, 4.0)]
    assert stalls == [0, 10, 20, 140]


@given(st.floats(0, 1e9), st.floats(0, 1e6), st.floats(0, 1e9), st.floats(1e-6, 1e3), st.floats(1.0, 8.0))
def test_more_bandwidth_never_stalls_longer(cycles, fill, dram, time, factor):
    slow, fast = (
        number(stall_cycles(np.array([[cycles]]), np.array([[fill]]), np.array([[dram]]), np.array([t])))
        for t in (time * factor, time)
    )
    assert 0 <= fast <= slow
    assert cycles + fast >= dram * time * (1 - 1e-12)
