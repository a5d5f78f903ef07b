"""tile_rows: stripes compute what the whole tensors hold, read no more than they need, and repeat no work."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.catalogue import load_network, network_names
from codesign.workloads.fusion import ACTIVATION_KINDS
from codesign.workloads.graph import Network, Operator, Tensor
from codesign.workloads.operands import ROW_AXES
from codesign.workloads.tiling import tile_rows
from tests.workloads.numeric import computed, joined, random_values


def assert_same(network, stripes):
    """The tiled network computes every tensor of the network, with as many multiply-accumulates and parameters."""
    tiled = tile_rows(network, stripes)
    values = random_values(network)
    whole, parts = computed(network, values), computed(tiled, values, network)
    for tensor in network.tensors:
        np.testing.assert_allclose(joined(tiled, tensor.name, parts), whole[tensor.name], atol=1e-9)
    assert tiled.macs == network.macs
    assert tiled.parameters == network.parameters
    assert tiled.weight_words == network.weight_words
    return tiled


def image_network():
    """Convolutions of all sorts, pools, norms, a shortcut, a concatenation, and a classifier."""
    net = NetworkBuilder("image")
    image = net.input("image", 2, 3, 13, 9)
    flow = net.conv(net.pad(image, (2, 1, 1, 0), name="pad"), 4, 3, stride=2, activation="relu", name="first")
    left = net.conv(flow, 4, 3, padding=2, dilation=2, groups=2, name="dilated")
    right = net.pool(flow, "max", 3, stride=1, padding=1, name="max")
    flow = net.concat([net.add(left, right, name="sum"), flow], name="both")
    flow = net.norm("batch_norm", flow, axis=1, name="norm")
    gate = net.elementwise("sigmoid", net.global_pool(flow, name="mean"), name="gate")
    flow = net.elementwise("multiply", flow, gate, name="gated")
    pooled = net.pool(flow, "average", 2, stride=2, name="average")
    up = net.resize(net.conv(pooled, 8, 1, name="point"), net.shape(flow)[2:], name="up")
    flow = net.add(up, flow, name="skip")
    flow = net.operator("slice", [flow], (2, 8, 7, 4), {"starts": (0, 0, 1, 1)}, "cropped")
    flow = net.conv_transpose(flow, 3, 3, stride=2, crop=(0, 0, 1, 1), name="transposed")
    pixels = net.operator("softmax", [flow], net.shape(flow), {"axis": 1}, "pixels")
    return net.build(pixels, net.linear(net.flatten(net.global_pool(pixels), name="flat"), 5, name="fc"))


def tokens_network():
    """One block of a transformer with two heads, and the tokens weighed over all of them."""
    net = NetworkBuilder("tokens")
    indices = net.input("tokens", 2, 6, bits=32)
    flow = net.add(
        net.embedding(indices, 10, 8, name="words"), net.weight("positions.weight", 1, 6, 8), name="positions"
    )
    normed = net.norm("layer_norm", flow, name="norm")
    query, key, value = net.split(net.linear(normed, 24, name="qkv"), 3, name="parts")
    heads = [
        net.transpose(net.reshape(part, 2, 6, 2, 4, name=f"{role}.apart"), 0, 2, 1, 3, name=role)
        for role, part in (("query", query), ("key", key), ("value", value))
    ]
    scores = net.matmul(heads[0], net.transpose(heads[1], 0, 1, 3, 2, name="turned"), name="scores")
    weights = net.operator("softmax", [scores], net.shape(scores), {"axis": -1}, "weights")
    together = net.transpose(net.matmul(weights, heads[2], name="mixed"), 0, 2, 1, 3, name="together")
    flow = net.add(net.linear(net.reshape(together, 2, 6, 8, name="joined"), 8, name="out"), flow, name="sum")
    over_tokens = net.operator("softmax", [flow], net.shape(flow), {"axis": 1}, "over_tokens")
    longer = net.concat([flow, over_tokens], axis=1, name="longer")
    return net.build(net.elementwise("tanh", longer, name="last"))


NOT_BY_ROWS = {"conv_transpose", "mean"}


def stripes_of(network):
    """Any number of stripes for any tensor that can be cut, the parts of a split alike."""
    counts = {}
    for tensor in network.tensors:
        producer = network.producer(tensor.name)
        rows = tensor.shape[ROW_AXES[len(tensor.shape)]] if len(tensor.shape) in ROW_AXES else 1
        by_rows = producer is None or (producer.kind not in NOT_BY_ROWS and len(producer.outputs) == 1)
        if tensor.role != "weight" and rows > 1 and by_rows:
            counts[tensor.name] = st.integers(1, rows)
    return st.fixed_dictionaries({}, optional=counts)


@given(stripes_of(image_network()))
def test_an_image_in_stripes(stripes):
    assert_same(image_network(), stripes)


@given(stripes_of(tokens_network()), st.integers(1, 6))
def test_tokens_in_stripes(stripes, parts):
    assert_same(tokens_network(), {**stripes, **{f"parts.{i}": parts for i in range(3)}})


@given(
    size=st.integers(2, 12),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    padding=st.tuples(*[st.integers(0, 3)] * 4),
    stripes=st.tuples(st.integers(1, 12), st.integers(1, 12)),
)
def test_windows_in_stripes(size, kernel, stride, dilation, padding, stripes):
    span = dilation * (kernel - 1) + 1
    assume(max(padding) < span and size + padding[0] + padding[2] >= span and size + padding[1] + padding[3] >= span)
    net = NetworkBuilder("window")
    source = net.elementwise("relu", net.input("image", 1, 2, size, size), name="source")
    flow = net.conv(source, 3, kernel, stride=stride, padding=padding, dilation=dilation, name="conv")
    network = net.build(flow)
    tiled = assert_same(network, {"source": min(stripes[0], size), "conv": min(stripes[1], net.shape(flow)[2])})
    for layer in tiled.layers:
        assert (layer.in_height + layer.pad_height - span) // stride + 1 == layer.out_height


def chain():
    """Two 3x3 convolutions over 12 rows, a relu between them."""
    net = NetworkBuilder("chain")
    flow = net.conv(net.input("image", 1, 2, 12, 5), 3, 3, activation="relu", name="first")
    return net.build(net.conv(flow, 3, 3, stride=2, padding=1, name="second"))


def test_names_shapes_and_what_is_read():
    tiled = tile_rows(chain(), {"first.relu": 3, "second": 2})
    assert [operator.name for operator in tiled.operators] == [
        "first",
        *[f"first.relu.stripe{i}" for i in range(3)],
        *[f"second.stripe{i}" for i in range(2)],
    ]
    assert tiled.tensor("first.relu.stripe1").shape == (1, 3, 4, 5)
    assert [tensor.name for tensor in tiled.outputs] == ["second.stripe0", "second.stripe1"]
    assert tiled.tensor("second.stripe0").shape == (1, 3, 3, 3)
    relu = tiled.producer("first.relu.stripe2")
    assert relu.inputs == ("first",), "an input that isn't cut is read whole"
    assert (relu.attribute("needed_first_row"), relu.attribute("needed_rows")) == ((8,), (4,))
    upper, lower = (tiled.producer(f"second.stripe{i}") for i in range(2))
    assert upper.inputs == ("first.relu.stripe0", "first.relu.stripe1", "second.weight", "second.bias")
    assert upper.attribute("padding") == (1, 1, 0, 1)
    assert (upper.attribute("needed_first_row")[0], upper.attribute("needed_rows")[0]) == (0, 6)
    assert lower.inputs == ("first.relu.stripe1", "first.relu.stripe2", "second.weight", "second.bias")
    assert (lower.attribute("first_row"), lower.attribute("parts")) == (3, (2, 1, 1))
    assert lower.attribute("parts_first_row") == (4, 0, 0)
    assert (lower.attribute("needed_first_row"), lower.attribute("needed_rows")) == ((5, 0, 0), (7, 0, 0))
    assert lower.attribute("padding") == (0, 1, 0, 1)
    assert [operator.name for operator in tiled.consumers("second.weight")] == ["second.stripe0", "second.stripe1"]


def test_an_output_that_is_whole_reads_every_stripe():
    tiled = tile_rows(chain(), {"first.relu": 3})
    second = tiled.producer("second")
    assert second.inputs[:3] == tuple(f"first.relu.stripe{i}" for i in range(3))
    assert second.attribute("parts") == (3, 1, 1)
    assert tiled.layers == chain().layers


def test_stripes_differ_by_at_most_one_row():
    tiled = tile_rows(chain(), {"image": 5})
    rows = [tensor.shape[2] for tensor in tiled.inputs]
    assert sum(rows) == 12
    assert max(rows) - min(rows) == 1


def test_one_stripe_is_the_tensor_itself():
    assert tile_rows(chain(), {"first": 1}) == chain()


def test_biases_and_indices_keep_their_widths():
    tiled = tile_rows(chain(), {"second": 2}).with_bits(8, 8, 32)
    assert (tiled.tensor("second.bias").bits, tiled.tensor("second.weight").bits) == (32, 8)
    cut = tile_rows(tokens_network(), {"tokens": 2, "words": 3}).with_bits(8, 8)
    assert {tensor.bits for tensor in cut.inputs} == {32}


def with_kind(kind, **attributes):
    """A network of one operator of any kind on an image."""
    tensors = (chain().tensor("image"), chain().tensor("first"))
    return Network("one", tensors, (Operator("op", kind, ("image",), ("first",), attributes),))


@pytest.mark.parametrize(
    ("network", "stripes", "error", "message"),
    [
        (chain(), {"frist": 2}, UnknownNameError, r"no tensor 'frist' \(did you mean 'first'\?\)"),
        (chain(), {"first.weight": 2}, WorkloadError, "'first.weight' is stored and can't be cut"),
        (chain(), {"first": 13}, WorkloadError, "'first' has 12 rows and can be cut into 1 to 12 stripes, found 13"),
        (chain(), {"first": 0}, WorkloadError, "1 to 12 stripes, found 0"),
        (chain(), {"first": 2.0}, WorkloadError, r"1 to 12 stripes, found 2\.0"),
        (chain(), {"first": True}, WorkloadError, "1 to 12 stripes, found True"),
        (tile_rows(chain(), {"first": 2}), {"second": 2}, WorkloadError, "has stripes already: 'first.stripe0'"),
        (tokens_network(), {"parts.0": 2}, WorkloadError, "'parts' writes .* must be cut into the same stripes"),
        (image_network(), {"transposed": 2}, WorkloadError, "'transposed' of kind 'conv_transpose' can't be computed"),
        (with_kind("instance_norm"), {"first": 2}, WorkloadError, "'op' of kind 'instance_norm' can't be computed by"),
        (with_kind("pad"), {"first": 2}, WorkloadError, "kind 'pad' .*: its attribute 'padding' isn't known"),
        (with_kind("slice"), {"first": 2}, WorkloadError, "kind 'slice' .*: which rows it keeps isn't known"),
        (load_network("s3d"), {"conv2": 2}, WorkloadError, "has no rows; tensors of 2, 3 or 4 dimensions can be cut"),
    ],
)
def test_what_can_not_be_cut(network, stripes, error, message):
    with pytest.raises(error, match=message):
        tile_rows(network, stripes)


def test_a_sequence_of_channels_has_no_rows_for_a_window():
    tensors = [Tensor("x", (1, 4, 9), "input"), Tensor("w", (4, 4, 3), "weight"), Tensor("y", (1, 4, 7), "output")]
    network = Network("sequence", tensors, (Operator("c", "conv", ("x", "w"), ("y",)),))
    with pytest.raises(
        WorkloadError, match=r"'c' of kind 'conv' .*: it reads 'x' of shape \(1, 4, 9\), which is no im"
    ):
        tile_rows(network, {"y": 2})


def test_rows_of_nothing_but_padding_are_refused():
    net = NetworkBuilder("far")
    network = net.build(net.conv(net.input("image", 1, 1, 4, 4), 1, 1, padding=2, name="c"))
    with pytest.raises(WorkloadError, match="rows 0 to 0 of its output depend on padding only"):
        tile_rows(network, {"c": 8})


@pytest.mark.parametrize("kind", sorted(ACTIVATION_KINDS))
def test_every_activation_can_be_cut(kind):
    assert len(tile_rows(with_kind(kind), {"first": 3}).operators) == 3


def test_a_vector_is_read_whole_even_where_it_is_as_long_as_there_are_rows():
    net = NetworkBuilder("square")
    flow = net.add(net.input("x", 2, 4, 4), net.weight("shift", 4), name="shifted")
    tiled = assert_same(net.build(net.elementwise("multiply", flow, net.weight("factor"), name="y")), {"y": 2})
    assert tiled.producer("y.stripe1").attribute("needed_rows") == (2, 0)
    tiled = assert_same(net.build("y"), {"shifted": 2})
    assert tiled.producer("shifted.stripe1").attribute("needed_rows") == (2, 0)


@pytest.mark.parametrize("name", network_names())
def test_every_built_in_network_in_stripes(name):
    """Every tensor with rows that is written by rows, in three stripes: counts stay, sizes fit."""
    network = load_network(name)
    refused = {"conv_transpose", "expand", "mean"}
    stripes = {}
    for tensor in network.tensors:
        producer = network.producer(tensor.name)
        rows = tensor.shape[-2] if len(tensor.shape) in ROW_AXES else 1
        unknown = producer is None or producer.kind in refused or (producer.kind == "slice" and not producer.attributes)
        if rows >= 3 and not unknown:
            stripes[tensor.name] = 3
    tiled = tile_rows(network, stripes)
    assert (tiled.macs, tiled.parameters, tiled.weight_words) == (
        network.macs,
        network.parameters,
        network.weight_words,
    )
    assert len(tiled.tensors) == len(network.tensors) + 2 * len(stripes)


def test_a_real_network_in_stripes():
    """The first stages of ResNet-50, whose activations are largest, in stripes of 14 rows."""
    network = load_network("resnet50")
    large = [t.name for t in network.with_role("activation") if len(t.shape) == 4 and t.shape[2] >= 56]
    tiled = tile_rows(network, {name: network.tensor(name).shape[2] // 14 for name in large})
    assert tiled.macs == network.macs
    assert tiled.parameters == network.parameters
    assert all(t.shape[2] <= 14 for t in tiled.with_role("activation") if ".stripe" in t.name)
