"""Network: a graph that is checked when it is made."""

import pickle

import pandas as pd
import pytest

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network, Operator, Tensor, layer_table


def residual_network():
    """image -> conv -> relu -> conv -> add with the image -> relu."""
    net = NetworkBuilder("residual")
    image = net.input("image", 1, 4, 6, 6)
    flow = net.conv(image, 4, 3, activation="relu", name="first")
    flow = net.conv(flow, 4, 3, name="second")
    return net.build(net.elementwise("relu", net.add(flow, image, name="sum"), name="last"))


def chain(operators, **roles):
    """Four tensors of one word, named a to d, with the given roles (activation unless said)."""
    return Network("n", [Tensor(name, (1,), roles.get(name, "activation")) for name in "abcd"], operators)


def test_the_shortcut_is_an_edge():
    network = residual_network()
    assert [operator.name for operator in network.consumers("image")] == ["first", "sum"]
    assert network.producer("second").inputs == ("first.relu", "second.weight", "second.bias")
    assert network.producer("image") is None
    assert network.consumers("last") == ()
    assert [tensor.name for tensor in network.inputs] == ["image"]
    assert [tensor.name for tensor in network.outputs] == ["last"]


def test_a_tensor_read_twice_by_one_operator_has_one_consumer():
    net = NetworkBuilder("square")
    x = net.input("x", 2, 3)
    network = net.build(net.elementwise("multiply", x, x, name="square"))
    assert [operator.name for operator in network.consumers("x")] == ["square"]


def test_counts_of_a_small_network():
    network = residual_network()
    assert network.macs == 2 * 4 * 4 * 9 * 36
    assert network.weight_words == 2 * 4 * 4 * 9
    assert network.parameters == 2 * (4 * 4 * 9 + 2 * 4), "two numbers for each channel of the folded batch norms"


def test_equal_layers_are_merged_in_order_of_first_appearance():
    net = NetworkBuilder("n")
    flow = net.input("image", 1, 4, 6, 6)
    for name, kernel in (("a", 3), ("b", 1), ("c", 3), ("d", 3)):
        flow = net.conv(flow, 4, kernel, name=name)
    network = net.build(net.global_pool(flow, name="pool"))
    assert [(layer.name, layer.count) for layer in network.unique_layers()] == [("a", 3), ("b", 1)]
    assert [layer.name for layer in network.unique_layers(include_pool=True)] == ["a", "b", "pool"]
    assert sum(layer.macs for layer in network.unique_layers()) == network.macs


def test_merging_keeps_layers_apart_that_differ_in_kind_only():
    net = NetworkBuilder("n")
    x = net.input("x", 1, 5, 5)
    network = net.build(net.matmul(net.linear(x, 5, name="stored"), x, name="both"))
    assert [layer.name for layer in network.unique_layers()] == ["stored", "both"]


def test_layer_table_has_one_row_for_each_layer():
    table = layer_table(residual_network())
    assert list(table["name"]) == ["first", "second"]
    assert list(table.columns[:3]) == ["name", "kind", "batch"]
    assert list(table.columns[-4:]) == ["macs", "weight_words", "input_words", "output_words"]
    assert table["macs"].sum() == residual_network().macs
    assert isinstance(table, pd.DataFrame)


def test_word_widths_can_be_changed():
    narrow = residual_network().with_bits(activations=4, weights=2)
    assert narrow.tensor("image").bits == 4
    assert narrow.tensor("first.weight").bits == 2
    assert narrow.tensor("first.weight").size_bytes == 4 * 4 * 9 * 2 // 8
    assert narrow.layers == residual_network().layers


def test_indices_keep_their_width():
    net = NetworkBuilder("lookup")
    network = net.build(net.embedding(net.input("tokens", 1, 7, bits=32), 100, 8, name="words"))
    changed = network.with_bits(activations=4, weights=4)
    assert [changed.tensor(name).bits for name in ("tokens", "words.weight", "words")] == [32, 4, 4]


def test_sizes_are_rounded_up_to_bytes():
    assert Tensor("t", (3,), "input", bits=3).size_bytes == 2
    assert Tensor("t", (), "input").words == 1


def test_equality_hash_and_pickle():
    network = residual_network()
    assert network.layers
    assert pickle.loads(pickle.dumps(network)) == network == residual_network()
    assert hash(network) == hash(residual_network())


def test_attributes_are_kept_sorted_whatever_their_order():
    one = Operator("o", "conv", ("a",), ("b",), {"strides": (1, 1), "groups": 2})
    other = Operator("o", "conv", ("a",), ("b",), (("groups", 2), ("strides", (1, 1))))
    assert one == other
    assert one.attribute("groups") == 2
    assert one.attribute("axis", 7) == 7


@pytest.mark.parametrize(
    ("shape", "role", "bits", "message"),
    [
        ((0,), "input", 8, r"'t' has shape \(0,\); every dimension must be a whole number of at least 1"),
        ((2.0,), "input", 8, "every dimension must be a whole number"),
        ((True,), "input", 8, "every dimension must be a whole number"),
        ((1,), "wieght", 8, "unknown role 'wieght'; allowed: input, weight, activation, output"),
        ((1,), "input", 0, "0 bits per word"),
    ],
)
def test_tensors_are_checked(shape, role, bits, message):
    with pytest.raises(WorkloadError, match=message):
        Tensor("t", shape, role, bits)


def test_operators_are_checked():
    with pytest.raises(WorkloadError, match="'o' writes no tensor"):
        Operator("o", "relu", ("a",), ())
    with pytest.raises(WorkloadError, match="empty kind"):
        Operator("o", "", ("a",), ("b",))
    with pytest.raises(WorkloadError, match="empty name"):
        Operator("", "relu", ("a",), ("b",))
    with pytest.raises(WorkloadError, match="strides must be 2 whole numbers, found 1"):
        Operator("o", "conv", ("a",), ("b",), {"strides": 1}).sizes("strides", (1, 1))
    with pytest.raises(WorkloadError, match=r"groups must be a whole number, found 'x'"):
        Operator("o", "conv", ("a",), ("b",), {"groups": "x"}).whole("groups", 1)


A_TO_B = Operator("one", "relu", ("a",), ("b",))
B_TO_C = Operator("two", "relu", ("b",), ("c",))
C_TO_D = Operator("three", "relu", ("c",), ("d",))
ENDS = {"a": "input", "d": "output"}


@pytest.mark.parametrize(
    ("operators", "roles", "message"),
    [
        ((B_TO_C, A_TO_B, C_TO_D), ENDS, "'two' reads 'b' before it is written by 'one'; .* topological order"),
        ((A_TO_B, A_TO_B, B_TO_C, C_TO_D), ENDS, "two operators are called 'one'"),
        (
            (A_TO_B, Operator("x", "relu", ("a",), ("b",)), B_TO_C, C_TO_D),
            ENDS,
            "'x' writes 'b', which is written already",
        ),
        ((A_TO_B, B_TO_C), ENDS, "'d' is an output that no operator writes"),
        ((B_TO_C, C_TO_D), ENDS, "'two' reads 'b' which no operator writes"),
        (
            (A_TO_B, B_TO_C, Operator("three", "relu", ("e",), ("d",))),
            ENDS,
            "'three' names the unknown tensor 'e'",
        ),
        ((A_TO_B, B_TO_C, C_TO_D), {"a": "input", "b": "weight"}, "'one' writes 'b', which has the role weight"),
        ((Operator("loop", "relu", ("b",), ("b",)),), ENDS, "'loop' reads 'b' before it is written"),
    ],
)
def test_graphs_are_checked(operators, roles, message):
    with pytest.raises(WorkloadError, match=message):
        chain(operators, **roles)


def test_a_name_is_used_for_one_tensor():
    with pytest.raises(WorkloadError, match="two tensors are called 'a'"):
        Network("n", [Tensor("a", (1,), "input"), Tensor("a", (2,), "input")], [])


def test_the_nearest_tensor_is_offered():
    with pytest.raises(UnknownNameError, match=r"no tensor 'imgae' \(did you mean 'image'\?\)"):
        residual_network().tensor("imgae")


def test_operators_that_no_layer_counts_are_named():
    tensors = [Tensor("a", (1, 4, 8, 8), "input"), Tensor("b", (1, 4, 16, 16), "output")]
    network = Network("n", tensors, [Operator("up", "deformconv", ("a",), ("b",))])
    assert [operator.name for operator in network.uncounted] == ["up"]
    assert network.macs == 0
    assert residual_network().uncounted == ()


def test_a_convolution_over_time_has_no_layer():
    tensors = [
        Tensor("a", (1, 4, 8, 8, 8), "input"),
        Tensor("w", (4, 4, 3, 3, 3), "weight"),
        Tensor("b", (1, 4, 6, 6, 6), "output"),
    ]
    network = Network("n", tensors, [Operator("c", "conv", ("a", "w"), ("b",))])
    with pytest.raises(WorkloadError, match="'c': a convolution with 3 x 3 x 3 taps .* is no layer"):
        _ = network.layers


def test_groups_that_do_not_divide_are_found():
    tensors = [
        Tensor("a", (1, 4, 8, 8), "input"),
        Tensor("w", (4, 1, 1, 1), "weight"),
        Tensor("b", (1, 4, 8, 8), "output"),
    ]
    network = Network("n", tensors, [Operator("c", "conv", ("a", "w"), ("b",), {"groups": 3})])
    with pytest.raises(WorkloadError, match="'c': 3 groups don't divide 4 input and 4 output channels"):
        _ = network.layers


def test_a_sequence_is_an_image_of_one_column():
    tensors = [Tensor("a", (2, 4, 10), "input"), Tensor("w", (6, 4, 3), "weight"), Tensor("b", (2, 6, 4), "output")]
    attributes = {"strides": (2,), "padding": (0, 1)}
    (layer,) = Network("n", tensors, [Operator("c", "conv", ("a", "w"), ("b",), attributes)]).layers
    assert (layer.in_height, layer.in_width, layer.out_height, layer.out_width) == (10, 1, 4, 1)
    assert (layer.kernel_height, layer.kernel_width, layer.stride_height, layer.stride_width) == (3, 1, 2, 1)
    assert (layer.pad_height, layer.pad_width) == (1, 0)
    assert layer.macs == 2 * 6 * 4 * 4 * 3
