"""Layer: loop bounds and what follows from them."""

from dataclasses import replace
from itertools import product

from hypothesis import given, settings

from codesign.workloads.layer import Layer
from tests.workloads.strategies import conv_layers

SMALL = Layer(
    name="l",
    kind="conv",
    batch=1,
    in_channels=8,
    out_channels=16,
    kernel_height=3,
    kernel_width=3,
    out_height=5,
    out_width=6,
    stride_height=1,
    stride_width=1,
    groups=1,
    in_height=5,
    in_width=6,
    pad_height=2,
    pad_width=2,
)


def layer(**changes):
    return replace(SMALL, **changes)


def test_words_and_macs_of_a_small_convolution():
    small = layer()
    assert small.weight_words == 8 * 16 * 9
    assert small.input_words == 8 * 5 * 6
    assert small.output_words == 16 * 5 * 6
    assert small.macs == 8 * 16 * 9 * 5 * 6


def test_depthwise_is_one_channel_for_each_group():
    assert layer(groups=8, out_channels=8).depthwise
    assert not layer(groups=8).depthwise
    assert not layer(groups=4, out_channels=8).depthwise
    assert not layer(groups=1, in_channels=1, out_channels=1).depthwise


def test_matmul_stores_nothing_and_reads_two_operands():
    scores = layer(kind="matmul", kernel_height=1, kernel_width=1, in_height=5, out_width=1, in_width=1, count=12)
    assert scores.weight_words == 0
    assert scores.input_words == 8 * 5 + 8 * 16
    assert scores.macs == 12 * 5 * 8 * 16


def test_pool_stores_nothing_and_counts_its_window_operations():
    pool = layer(kind="pool", groups=8, out_channels=8)
    assert not pool.depthwise
    assert pool.weight_words == 0
    assert pool.macs == 8 * 9 * 5 * 6


def test_span_holds_all_windows():
    wide = layer(stride_height=2, stride_width=3)
    assert (wide.spanned_height, wide.spanned_width) == (4 * 2 + 3, 5 * 3 + 3)


@settings(max_examples=40, deadline=None)
@given(conv_layers())
def test_macs_equal_a_walk_through_the_loops(conv):
    into, out = conv.in_channels // conv.groups, conv.out_channels // conv.groups
    pixels = product(range(conv.out_height), range(conv.out_width))
    window = len(list(product(range(conv.kernel_height), range(conv.kernel_width), range(into))))
    walked = sum(window for _ in pixels for _ in range(out)) * conv.groups * conv.batch * conv.count
    assert conv.macs == walked
