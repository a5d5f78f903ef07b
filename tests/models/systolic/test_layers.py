"""Loop bounds as arrays: words that windows touch, merging of equal layers, choice of layers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import WorkloadError
from codesign.models.systolic.layers import LayerTable
from codesign.models.systolic.mapping import layer_sum
from codesign.models.systolic.networks import network_layers, selected_layers
from tests.models.systolic.small_layers import conv, number, table_of


@given(
    out=st.integers(1, 9),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 5),
    extra=st.integers(0, 4),
)
def test_touched_rows_are_those_under_some_window(out, kernel, stride, extra):
    available = (out - 1) * stride + kernel + min(extra, stride - 1)
    layer = replace(conv(out=out, kernel=kernel, stride=stride), in_height=available, in_width=available)
    under = {step * stride + tap for step in range(out) for tap in range(kernel)}
    assert number(table_of(layer).touched_height) == len(under)


def test_padding_is_not_read():
    padded = replace(conv(out=5), in_height=5, in_width=5, pad_height=2, pad_width=2)
    assert number(table_of(padded).ifmap_words) == 4 * 5 * 5


def test_words_of_an_instance():
    table = table_of(conv(channels=8, filters=12, groups=4, batch=2, count=3))
    assert number(table.instances) == 12
    assert number(table.ifmap_words) == 2 * 2 * 49
    assert number(table.filter_words) == 9 * 2 * 3
    assert number(table.ofmap_words) == 2 * 3 * 25
    assert number(table.macs) == 3 * 2 * 9 * 2 * 12 * 25


def test_equal_layers_are_merged_under_different_names():
    first, second = conv(), replace(conv(), name="again")
    found = selected_layers((first, conv(filters=7), second))
    assert found.position == (0, 1, 0)
    assert found.table.runs.ravel().tolist() == [2, 1]


def test_choice_of_layers():
    counts = [len(network_layers("mobilenetv1", {}, choice).layers) for choice in ("conv", "conv_fc", "all")]
    assert counts == [27, 28, 29]
    with pytest.raises(WorkloadError, match="no layers of the selection"):
        network_layers("bert-base", {}, "conv")


def test_a_network_is_built_once():
    assert network_layers("resnet18", {}, "conv") is network_layers("resnet18", {}, "conv")


def test_networks_side_by_side():
    tables = [table_of(conv(), conv(filters=9)), table_of(conv(channels=3), conv(kernel=1))]
    stack = LayerTable.stack(tables)
    assert stack.channels.tolist() == [[4, 3], [4, 4]]
    assert stack.networks(np.array([1, 1, 1])).channels.tolist() == [[3], [4]]
    assert stack.networks(np.array([1, 0, 1])).channels.tolist() == [[3, 4, 3], [4, 4, 4]]


@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 99))
def test_a_sum_over_layers_does_not_depend_on_the_designs_beside_it(layers, designs, seed):
    values = np.random.default_rng(seed).standard_normal((layers, designs))
    runs = np.arange(1.0, layers + 1)[:, np.newaxis]
    together = layer_sum(values, runs)
    for design in range(designs):
        assert layer_sum(values[:, design : design + 1], runs)[0] == together[design]
