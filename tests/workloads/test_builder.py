"""NetworkBuilder: shapes of what is written line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import WorkloadError
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.windows import same_padding, window_outputs


def image(*shape):
    net = NetworkBuilder("net")
    return net, net.input("image", *shape)


@given(st.integers(1, 300), st.integers(1, 11), st.integers(1, 4))
def test_same_padding_gives_the_size_over_the_stride_rounded_up(size, kernel, stride):
    before, after = same_padding(size, kernel, stride)
    assert window_outputs(size, kernel, stride, before, after) == -(-size // stride)
    assert 0 <= after - before <= 1


def test_same_padding_puts_the_odd_one_after():
    assert same_padding(224, 3, 2) == (0, 1)
    assert same_padding(225, 3, 2) == (1, 1)


@pytest.mark.parametrize(
    ("padding", "size"), [("same", (4, 3)), (0, (3, 2)), (1, (4, 3)), ((0, 1, 2, 0), (4, 3)), ((2, 1, 2, 1), (5, 3))]
)
def test_convolution_output(padding, size):
    net, source = image(2, 3, 8, 6)
    flow = net.conv(source, 5, 3, stride=2, padding=padding)
    assert net.shape(flow) == (2, 5, *size)
    (layer,) = net.build(flow).layers
    sides = {"same": 1, 0: 0, 1: 2, (0, 1, 2, 0): 2, (2, 1, 2, 1): 4}
    assert layer.pad_height == sides[padding]
    assert (layer.in_height, layer.in_width) == (8, 6)


def test_an_activation_is_an_operator_of_its_own():
    net, source = image(1, 3, 8, 8)
    network = net.build(net.conv(source, 5, 3, activation="relu", name="c"))
    assert [(operator.name, operator.kind) for operator in network.operators] == [("c", "conv"), ("c.relu", "relu")]


@pytest.mark.parametrize(("norm", "bias", "parameters"), [(True, False, 10), (False, True, 5), (False, False, 0)])
def test_parameters_beside_the_weights(norm, bias, parameters):
    net, source = image(1, 3, 8, 8)
    network = net.build(net.conv(source, 5, 3, norm=norm, bias=bias))
    assert network.parameters - network.weight_words == parameters


def test_norms_of_their_own():
    net, source = image(1, 4, 6)
    net.norm("layer_norm", source, name="layer")
    net.norm("batch_norm", source, axis=1, name="batch")
    network = net.build(net.norm("rms_norm", source, name="rms"), "layer", "batch")
    words = {
        operator.name: sum(network.tensor(name).words for name in operator.inputs[1:]) for operator in network.operators
    }
    assert words == {"layer": 12, "batch": 8, "rms": 6}


def test_pooling():
    net, source = image(1, 3, 8, 8)
    flow = net.pool(source, "max", 3, stride=2, padding=1, name="max")
    assert net.shape(flow) == (1, 3, 4, 4)
    flow = net.global_pool(flow, name="mean")
    assert net.shape(flow) == (1, 3, 1, 1)
    pools = net.build(flow).layers
    assert [(pool.kind, pool.kernel_height, pool.groups, pool.macs) for pool in pools] == [
        ("pool", 3, 3, 3 * 9 * 16),
        ("pool", 4, 3, 3 * 16),
    ]


def test_linear_keeps_the_leading_dimensions():
    net, source = image(2, 7, 4)
    flow = net.linear(source, 9)
    assert net.shape(flow) == (2, 7, 9)
    (layer,) = net.build(flow).layers
    assert (layer.kind, layer.batch, layer.out_height, layer.in_channels, layer.out_channels) == ("linear", 2, 7, 4, 9)
    assert layer.macs == 2 * 7 * 4 * 9
    assert layer.weight_words == 36


def test_matmul_counts_its_heads():
    net, query = image(2, 12, 7, 4)
    key = net.input("key", 2, 12, 4, 5)
    (layer,) = net.build(net.matmul(query, key)).layers
    assert (layer.kind, layer.batch, layer.count) == ("matmul", 2, 12)
    assert (layer.out_height, layer.in_channels, layer.out_channels) == (7, 4, 5)
    assert layer.macs == 2 * 12 * 7 * 4 * 5


def test_views_and_parts():
    net, source = image(2, 6, 4)
    assert net.shape(net.reshape(source, 2, 3, 8)) == (2, 3, 8)
    assert net.shape(net.transpose(source, 0, 2, 1)) == (2, 4, 6)
    assert net.shape(net.flatten(source)) == (2, 24)
    assert net.shape(net.concat([source, source], axis=-1)) == (2, 6, 8)
    assert [net.shape(part) for part in net.split(source, 3, axis=1)] == [(2, 2, 4)] * 3


def test_elementwise_broadcasts():
    net, source = image(2, 6, 4)
    assert net.shape(net.add(source, net.weight("bias", 4))) == (2, 6, 4)
    assert net.shape(net.add(net.weight("position", 1, 6, 1), source)) == (2, 6, 4)


def test_dilation_spreads_the_taps():
    net, source = image(1, 3, 9, 9)
    flow = net.conv(source, 5, 3, dilation=2, padding=0)
    assert net.shape(flow) == (1, 5, 5, 5)
    assert net.shape(net.conv(source, 5, 3, dilation=(2, 1))) == (1, 5, 9, 9), "same padding counts the spread"
    assert [operator.attribute("dilations") for operator in net.build(flow).operators] == [(2, 2), (2, 1)]


def test_oblong_kernels():
    net, source = image(1, 3, 9, 9)
    flow = net.conv(source, 5, (1, 7), stride=(1, 2))
    assert net.shape(flow) == (1, 5, 9, 5)
    (layer,) = net.build(flow).layers
    assert (layer.kernel_height, layer.kernel_width, layer.stride_width, layer.pad_height) == (1, 7, 2, 0)


def test_videos():
    net, source = image(2, 3, 8, 9, 9)
    flow = net.conv(source, 5, (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), name="space")
    assert net.shape(flow) == (2, 5, 8, 5, 5)
    flow = net.pool(flow, "max", 3, stride=2, padding=1, name="pool")
    assert net.shape(flow) == (2, 5, 4, 3, 3)
    assert net.shape(net.global_pool(flow, name="mean")) == (2, 5, 1, 1, 1)
    network = net.build("mean")
    assert [operator.kind for operator in network.operators] == ["conv", "pool3d", "pool3d"]
    assert [layer.batch for layer in network.layers] == [16]


@pytest.mark.parametrize("kernel", [3, (3, 3, 1), (1, 3, 3)])
def test_full_kernels_over_videos_have_no_layer(kernel):
    net, source = image(1, 3, 8, 9, 9)
    network = net.build(net.conv(source, 5, kernel, padding=1, name="full"))
    with pytest.raises(WorkloadError, match=r"operator 'full': .* taps over frames, rows and columns is no layer"):
        network.layers  # noqa: B018


def test_padding_and_resizing():
    net, source = image(1, 3, 8, 6)
    assert net.shape(net.pad(source, (0, 1, 2, 3))) == (1, 3, 10, 10)
    assert net.shape(net.pad(source, 1)) == (1, 3, 10, 8)
    assert net.shape(net.resize(source, (16, 5))) == (1, 3, 16, 5)


def test_transposed_convolution():
    net, source = image(1, 6, 4, 5)
    flow = net.conv_transpose(source, 3, 3, stride=2, name="up")
    assert net.shape(flow) == (1, 3, 9, 11)
    assert net.shape(net.conv_transpose(source, 3, 3, stride=2, crop=(0, 0, 1, 1))) == (1, 3, 8, 10)
    layer = net.build(flow).layers[0]
    assert (layer.macs, layer.weight_words) == (20 * 6 * 3 * 9, 6 * 3 * 9)


def test_one_table_for_lookups_and_products():
    net = NetworkBuilder("tied")
    words = net.embedding(net.input("tokens", 1, 4, bits=32), 100, 8, name="words")
    again = net.embedding("tokens", 100, 8, table="words.weight", name="again")
    flow = net.linear(net.add(words, again), 100, bias=False, table="words.weight", name="head")
    network = net.build(flow)
    (layer,) = network.layers
    assert (layer.in_channels, layer.out_channels, layer.out_height) == (8, 100, 4)
    assert network.parameters == network.weight_words == 800


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda net, x: net.conv(x, 8, (3, 3, 3)), r"kernel must be a number or 2 numbers, .* found \(3, 3, 3\)"),
        (lambda net, x: net.conv(x, 8, 3, padding=(1, 1, 1)), r"or 4 numbers .*, found \(1, 1, 1\)"),
        (lambda net, x: net.linear(x, 9, table=net.weight("t", 8, 9)), r"needs a table of 9 x 8, 't' is \(8, 9\)"),
        (lambda net, x: net.conv(x, 8, 3, groups=4), "6 input and 8 output channels, which 4 groups don't divide"),
        (lambda net, x: net.conv(x, 8, 9, padding=0), "nothing is left of the 8 x 8 image after 'conv1'"),
        (
            lambda net, x: net.conv(x, 8, 3, padding="valid"),
            "padding must be 'same', a number, 2 numbers .* found 'valid'",
        ),
        (lambda net, x: net.pool(x, "max", 9, stride=1), "nothing is left of the 8 x 8 image"),
        (lambda net, x: net.matmul(x, net.input("y", 2, 6, 7, 8)), r"\(2, 6, 8, 8\) can't be multiplied by"),
        (lambda net, x: net.reshape(x, 5), r"can't take the shape \(5,\)"),
        (lambda net, x: net.add(x, net.input("y", 3)), r"\(2, 6, 8, 8\), \(3,\) don't broadcast"),
        (lambda net, x: net.split(x, 5, axis=1), "can't be cut into 5 parts"),
        (lambda net, x: net.input("image", 1), "two tensors are called 'image'"),
    ],
)
def test_what_can_not_be_built(build, message):
    net, source = image(2, 6, 8, 8)
    with pytest.raises(WorkloadError, match=message):
        build(net, source)
