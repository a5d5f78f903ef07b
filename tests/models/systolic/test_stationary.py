"""ws, os, is: the closed form against an array run cycle by cycle, and against counts made by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.systolic.layers import LayerTable
from tests.models.systolic.small_layers import conv, mapped, number, table_of, traffic_of
from tests.models.systolic.wavefront import folded_product

DATAFLOWS = ("ws", "os", "is")
small_layers = st.builds(
    conv,
    channels=st.integers(1, 4),
    filters=st.integers(1, 7),
    kernel=st.integers(1, 2),
    out=st.integers(1, 3),
    stride=st.integers(1, 2),
    batch=st.integers(1, 2),
)


def matrices(layer):
    """Any matrices of the layer's shape: pixels x window, window x filters."""
    window = layer.kernel_height * layer.kernel_width * layer.in_channels
    pixels = layer.batch * layer.out_height * layer.out_width
    source = np.random.default_rng(0)
    return source.integers(-4, 5, (pixels, window)) * 1.0, source.integers(-4, 5, (window, layer.out_channels)) * 1.0


@pytest.mark.parametrize("dataflow", DATAFLOWS)
@given(layer=small_layers, rows=st.integers(1, 5), columns=st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_agrees_with_an_array_run_cycle_by_cycle(dataflow, layer, rows, columns):
    left, right = matrices(layer)
    product, counted = folded_product(left, right, rows, columns, dataflow)
    assert np.array_equal(product, left @ right), "the simulated array multiplies"
    mapping = mapped(layer, dataflow, rows, columns)
    assert number(mapping.cycles) == counted["cycles"] - 1, "the model gives the index of the last cycle"
    assert number(mapping.ifmap_sram_reads) == counted["left"]
    assert number(mapping.filter_sram_reads) == counted["right"]
    assert number(mapping.ofmap_sram_writes) == counted["written"]
    assert number(mapping.ofmap_sram_reads) == counted["written"] - product.size


def test_cycles_by_hand():
    layer = conv(channels=4, filters=6, kernel=3, out=5)  # window 36, 6 filters, 25 pixels
    assert number(mapped(layer, "ws", 8, 4).cycles) == 5 * 2 * (2 * 8 + 4 + 25 - 2) - 1
    assert number(mapped(layer, "is", 8, 4).cycles) == 5 * 7 * (2 * 8 + 4 + 6 - 2) - 1
    assert number(mapped(layer, "os", 8, 4).cycles) == 4 * 2 * (8 + 4 + 36 - 2) - 1


def test_mapped_share_by_hand():
    layer = conv(channels=4, filters=6, kernel=3, out=5)
    assert number(mapped(layer, "ws", 8, 4).mapped_share) == 36 * 6 / (8 * 4 * 10)
    assert number(mapped(layer, "os", 8, 4).mapped_share) == 25 * 6 / (8 * 4 * 8)


def test_moves_of_stationary_tiles_by_hand():
    layer = conv(channels=5, filters=3, kernel=1, out=2)  # window 5 on 3 rows: tiles of 3 and 2 rows, 3 columns
    shifts = 3 * ((1 + 2 + 3) + (1 + 2))
    assert number(mapped(layer, "ws", 3, 3).array_words) == 2 * 60 + shifts


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_groups_and_repetitions_are_products_of_their_own(dataflow):
    one, many = conv(channels=2, filters=3), conv(channels=8, filters=12, groups=4, count=5)
    alone, together = (mapped(layer, dataflow, 4, 4) for layer in (one, many))
    for name in ("cycles", "ifmap_sram_reads", "filter_sram_reads", "ofmap_sram_writes", "ofmap_sram_reads"):
        assert number(getattr(together, name)) == 20 * number(getattr(alone, name)), name
    assert number(together.array_words) == 20 * number(alone.array_words)
    for memory in (1e9, 40, 1):
        alone_moved, together_moved = (traffic_of(m, memory, memory, memory).words for m in (alone, together))
        assert number(together_moved) == 20 * number(alone_moved)


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_a_batch_of_convolutions_shares_weights_a_batch_of_products_does_not(dataflow):
    shared = mapped(conv(kernel=1, out=4, batch=3), dataflow, 4, 4)
    apart = mapped(conv(kernel=1, out=4, batch=3, kind="matmul"), dataflow, 4, 4)
    single = mapped(conv(kernel=1, out=4, kind="matmul"), dataflow, 4, 4)
    assert number(apart.cycles) == 3 * number(single.cycles)
    assert number(traffic_of(shared, 1e9).filter_reads) == 24
    assert number(traffic_of(apart, 1e9).filter_reads) == 3 * 24


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_one_filter_is_one_product_over_all_channels(dataflow):
    depthwise = conv(channels=8, filters=8, groups=8)
    as_one = mapped(depthwise, dataflow, 4, 4, depthwise="one_filter")
    dense = mapped(conv(channels=8, filters=1), dataflow, 4, 4)
    assert number(as_one.cycles) == number(dense.cycles)
    assert number(as_one.ifmap_sram_reads) == number(dense.ifmap_sram_reads)
    assert number(as_one.ofmap_sram_writes) == 8 * 25, "every channel's output is written once"
    table = table_of(depthwise)
    words = table.instances * (table.ifmap_words + table.filter_words + table.ofmap_words)
    assert number(traffic_of(as_one, 1e9).words) == number(words)


def test_one_filter_leaves_other_layers_alone():
    grouped = conv(channels=8, filters=12, groups=4)
    table = table_of(grouped)
    changed = table.with_one_filter()
    for name in LayerTable.__dataclass_fields__:
        assert np.array_equal(getattr(table, name), getattr(changed, name)), name
