"""rs: placement and passes by hand, by brute force, and their effect on groups."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.systolic.row_stationary import (
    DIVISORS,
    place_logical_set,
    processing_passes,
    register_blocks,
    split_replicas,
)
from tests.models.systolic.small_layers import conv, mapped, number, table_of, traffic_of


def placed(layer, rows, columns):
    found = place_logical_set(table_of(layer), np.array([float(rows)]), np.array([float(columns)]))
    names = ("fold_height", "fold_width", "replicas_height", "replicas_width")
    return tuple(int(number(getattr(found, name))) for name in names)


@pytest.mark.parametrize(
    ("kernel", "out", "rows", "columns", "expected"),
    [
        (3, 112, 64, 64, (1, 1, 10, 1)),  # two column folds go into the 21 row replicas
        (3, 7, 64, 64, (1, 1, 21, 9)),
        (1, 112, 16, 16, (1, 1, 2, 1)),  # seven column folds fill 14 of 16 row replicas
        (7, 112, 4, 16, (2, 7, 1, 1)),
        (11, 55, 12, 14, (1, 4, 1, 1)),
    ],
)
def test_folds_and_replicas_by_hand(kernel, out, rows, columns, expected):
    assert placed(conv(kernel=kernel, out=out), rows, columns) == expected


def test_divisor_table():
    for n in (1, 12, 97, 720, 1024):
        assert [int(d) for d in DIVISORS[n] if d] == [d for d in range(n, 0, -1) if n % d == 0]


@given(
    rows=st.integers(1, 128),
    across=st.integers(1, 20),
    channels=st.integers(1, 40),
    filters=st.integers(1, 40),
    groups=st.integers(1, 5),
)
def test_passes_are_the_least_over_all_factor_pairs(rows, across, channels, filters, groups):
    columns = (np.array([float(value)]) for value in (rows, across, channels, filters, groups))
    i, o, passes = (number(values) for values in split_replicas(*columns))
    every = [
        math.ceil(channels / min(x, channels)) * math.ceil(groups * filters / min(y * across, filters))
        for x in range(1, rows + 1)
        for y in range(1, rows + 1)
        if x * y == rows
    ]
    assert passes == min(every)
    assert passes == math.ceil(channels / i) * math.ceil(groups * filters / o)
    assert i <= channels
    assert o <= filters
    assert i * o <= rows * across


def test_depthwise_uses_one_logical_set_unless_packed():
    layer = conv(channels=64, filters=64, groups=64, out=7)
    table, side = table_of(layer), np.array([64.0])
    where = place_logical_set(table, side, side)
    apart, packed = (processing_passes(table, where, packed) for packed in (False, True))
    assert number(apart.count) == 64
    assert number(packed.count) == math.ceil(64 / min(21 * 9, 64))


def test_pooling_is_packed_and_has_no_weights():
    layer = conv(channels=1024, filters=1024, groups=1024, kernel=7, out=1, kind="pool")
    mapping = mapped(layer, "rs", 64, 64)
    assert number(mapping.cycles) == 14
    assert number(mapping.filter_sram_reads) == 0
    assert number(traffic_of(mapping, 1e9).filter_reads) == 0


def test_a_classifier_is_a_convolution_of_one_pixel():
    assert number(mapped(conv(channels=1024, filters=1000, kernel=1, out=1, kind="linear"), "rs", 64, 64).cycles) == 256


@given(
    registers=st.integers(1, 600),
    width=st.integers(1, 11),
    channels=st.integers(1, 64),
    filters=st.integers(1, 64),
    rows=st.integers(1, 32),
)
def test_register_blocks_fit_into_the_register_file(registers, width, channels, filters, rows):
    table = table_of(conv(kernel=width, channels=channels, filters=filters))
    side = np.array([float(rows)])
    passes = processing_passes(table, place_logical_set(table, side, side), False)
    p, q = (number(v) for v in register_blocks(table, passes, np.array([float(registers)])))
    assert 1 <= p <= number(passes.filter_rounds)
    assert 1 <= q <= number(passes.channel_rounds)
    if registers >= 2 * width + 1:
        assert p * q * width + q * width + p <= registers


@pytest.mark.parametrize(("kernel", "words", "block"), [(1, 256, 15), (3, 256, 8), (7, 256, 5)])
def test_square_register_blocks_by_hand(kernel, words, block):
    table = table_of(conv(kernel=kernel, channels=500, filters=500, out=64))
    side = np.array([float(kernel)])
    passes = processing_passes(table, place_logical_set(table, side, np.array([64.0])), False)
    _, q = register_blocks(table, passes, np.array([float(words)]))
    assert number(q) == block


@given(
    channels=st.sampled_from([4, 8, 16]),
    filters=st.sampled_from([8, 24]),
    kernel=st.integers(1, 5),
    out=st.integers(1, 20),
    groups=st.sampled_from([1, 2, 4]),
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
)
@settings(max_examples=60)
def test_every_multiply_accumulate_has_an_element_and_a_cycle(channels, filters, kernel, out, groups, rows, columns):
    layer = conv(channels=channels, filters=filters, kernel=kernel, out=out, groups=groups)
    mapping = mapped(layer, "rs", rows, columns)
    assert layer.macs <= number(mapping.cycles) * rows * columns
    assert 0 < number(mapping.mapped_share) <= 1
    assert number(mapping.filter_sram_reads) >= layer.weight_words
    assert number(mapping.ofmap_sram_writes) >= layer.output_words
    assert number(mapping.ofmap_sram_writes) - number(mapping.ofmap_sram_reads) == layer.output_words
    assert number(mapping.array_words) >= layer.weight_words + layer.output_words
