"""ONNX models as operator graphs."""

import builtins
import importlib
from collections import Counter

import pytest

from codesign.errors import MissingExtraError, UnknownNameError, WorkloadError
from codesign.workloads.catalogue import load_network, network_names
from codesign.workloads.fusion import fuse_activations

onnx = pytest.importorskip("onnx")

from codesign.workloads.onnx_import import network_of_model, read_onnx  # noqa: E402
from tests.workloads import onnx_models as models  # noqa: E402
from tests.workloads.onnx_models import FLOAT, INT64, constant, model, node, weight  # noqa: E402


def kinds(network):
    return [(operator.name, operator.kind) for operator in network.operators]


def layers_by_name(network):
    return {layer.name: layer for layer in network.layers}


def test_a_residual_block_keeps_its_edges():
    network = network_of_model(models.residual_block())
    assert kinds(network) == [
        ("conv1", "conv"),
        ("relu1", "relu"),
        ("conv2", "conv"),
        ("shortcut", "conv"),
        ("add", "add"),
        ("relu2", "relu"),
    ]
    assert [operator.name for operator in network.consumers("x")] == ["conv1", "shortcut"]
    assert network.producer("sum").inputs == ("c2", "c3")
    ours = layers_by_name(load_network("resnet18"))
    theirs = layers_by_name(network)
    for here, there in (("conv1", "layer2.0.conv1"), ("conv2", "layer2.0.conv2"), ("shortcut", "layer2.0.downsample")):
        assert theirs[here].macs == ours[there].macs
        assert theirs[here].pad_height == ours[there].pad_height
    assert network.parameters == network.weight_words + 3 * 128


def test_the_batch_is_set():
    network = network_of_model(models.residual_block(), batch=4)
    assert network.tensor("x").shape == (4, 64, 56, 56)
    assert network.tensor("y").shape == (4, 128, 28, 28)
    assert network.macs == 4 * network_of_model(models.residual_block()).macs


def test_a_mobilenet_block():
    network = network_of_model(models.mobilenet_block())
    assert kinds(network) == [
        ("depthwise", "conv"),
        ("norm", "batch_norm"),
        ("clip", "relu6"),
        ("pointwise", "conv"),
        ("mean", "pool"),
        ("flat", "reshape"),
        ("classifier", "linear"),
    ]
    depthwise = network.layers[0]
    assert depthwise.depthwise
    assert (depthwise.out_height, depthwise.pad_height, depthwise.spanned_height) == (56, 1, 113)
    assert network.operators[0].attribute("padding") == (0, 0, 1, 1)
    assert network.tensor("fc.transposed").shape == (64, 10)
    assert network.producer("y").inputs[0] == "f", "the dropout vanishes"
    assert network.parameters == 32 * 9 + 2 * 32 + 64 * 32 + 64 * 10 + 10


def test_an_attention_block():
    network = network_of_model(models.attention_block(), dimensions={"tokens": 49}, batch=2)
    layers = layers_by_name(network)
    assert [layer.kind for layer in network.layers] == [*["linear"] * 3, "matmul", "matmul", "linear"]
    scores, values = layers["scores"], layers["values"]
    assert (scores.batch, scores.count, scores.out_height, scores.in_channels, scores.out_channels) == (
        2,
        4,
        49,
        64,
        49,
    )
    assert (values.in_channels, values.out_channels) == (49, 64)
    assert (layers["q"].batch, layers["q"].out_height) == (2, 49)
    assert network.macs == 2 * (4 * 49 * 256 * 256 + 2 * 4 * 49 * 49 * 64)
    assert network.parameters == 4 * 256 * 256 + 3 * 256 + 2 * 256
    assert not {"shape", "gather", "unsqueeze"} & {operator.kind for operator in network.operators}
    assert network.producer("scaled").inputs == ("scores",), "the scale is part of the operator"


@pytest.mark.parametrize("name", network_names())
def test_a_network_written_to_onnx_and_read_back_has_the_same_layers(name, tmp_path):
    network = load_network(name)
    path = str(tmp_path / "net.onnx")
    onnx.save(models.exported(network), path)
    again = load_network(path)
    assert again.name == "net"
    assert again.layers == network.layers
    assert again.macs == network.macs
    stored = sum(tensor.words for tensor in network.with_role("weight"))
    tables = (operator.inputs[1] for operator in network.operators if operator.attribute("transposed"))
    assert again.parameters == stored + sum(network.tensor(table).words for table in tables)
    for operator in network.operators:
        for read in operator.inputs:
            if network.tensor(read).role != "weight":
                assert operator.name in {reader.name for reader in again.consumers(read)}


def test_group_convolutions_come_back(tmp_path):
    network = load_network("mobilenetv1", group_channels=8, width=0.5, resolution=160, batch=2)
    path = str(tmp_path / "net.onnx")
    onnx.save(models.exported(network), path)
    assert read_onnx(path).layers == network.layers


SHIPPED = {
    # name: multiply-accumulates and parameters where another source gives them; None where we know none
    "resnet50": (4_089_184_256, 25_557_032),
    "vgg19": (None, 143_667_240),
    "squeezenet": (None, 1_235_496),
    "densenet121": (2_834_161_664, None),
}


@pytest.mark.parametrize("name", sorted(models.shipped_models()))
def test_models_that_the_package_onnx_ships(name):
    network = read_onnx(models.shipped_models()[name])
    assert network.uncounted == ()
    assert network.inputs[0].shape == (1, 3, 224, 224)
    assert network.inputs[0].bits == 32
    macs, parameters = SHIPPED.get(name, (None, None))
    assert macs is None or network.macs == macs
    assert parameters is None or network.parameters == parameters
    for layer in network.layers:
        if layer.kind == "conv":
            assert (
                layer.in_height + layer.pad_height - layer.kernel_height
            ) // layer.stride_height + 1 == layer.out_height


def test_the_shipped_resnet50_has_the_layers_of_ours():
    theirs = Counter(
        (layer.kind, layer.in_channels, layer.out_channels, layer.kernel_height, layer.out_height, layer.macs)
        for layer in read_onnx(models.shipped_models()["resnet50"]).layers
        if layer.kind != "pool"
    )
    ours = Counter(
        (layer.kind, layer.in_channels, layer.out_channels, layer.kernel_height, layer.out_height, layer.macs)
        for layer in load_network("resnet50").layers
        if layer.kind != "pool"
    )
    assert theirs == ours


def single(operator, x, stored, y, **attributes):
    """A model of one node from x and the stored tensors to y."""
    inputs = ["x", *(tensor.name for tensor in stored)]
    nodes = [node(operator, inputs, ["y"], name="n", **attributes)]
    return model(nodes, {"x": x}, {"y": y}, stored)


@pytest.mark.parametrize(
    ("attributes", "outputs", "padding"),
    [
        ({"pads": [0, 1, 2, 3]}, [1, 8, 9, 11], (0, 1, 2, 3)),
        ({"auto_pad": "SAME_UPPER"}, [1, 8, 9, 9], (1, 1, 1, 1)),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, [1, 8, 5, 5], (1, 1, 1, 1)),
        ({"auto_pad": "SAME_LOWER", "strides": [4, 4]}, [1, 8, 3, 3], (1, 1, 1, 1)),
        ({"auto_pad": "VALID"}, [1, 8, 7, 7], (0, 0, 0, 0)),
        ({"dilations": [2, 2]}, [1, 8, 5, 5], (0, 0, 0, 0)),
        ({"dilations": [2, 2], "auto_pad": "SAME_UPPER"}, [1, 8, 9, 9], (2, 2, 2, 2)),
        ({"strides": [2, 1]}, [1, 8, 4, 7], (0, 0, 0, 0)),
    ],
)
def test_convolutions(attributes, outputs, padding):
    network = network_of_model(single("Conv", [1, 4, 9, 9], [weight("w", 8, 4, 3, 3)], None, **attributes))
    assert list(network.tensor("y").shape) == outputs
    (operator,) = network.operators
    assert operator.attribute("padding") == padding
    assert network.macs == outputs[2] * outputs[3] * 8 * 4 * 9
    assert (operator.attribute("dilations") is not None) == ("dilations" in attributes)


@pytest.mark.parametrize(("rule", "padding"), [("SAME_UPPER", (0, 0, 1, 1)), ("SAME_LOWER", (1, 1, 0, 0))])
def test_the_odd_row_of_padding(rule, padding):
    network = network_of_model(
        single("Conv", [1, 4, 8, 8], [weight("w", 8, 4, 3, 3)], None, auto_pad=rule, strides=[2, 2])
    )
    assert network.operators[0].attribute("padding") == padding


def test_a_convolution_to_one_channel_keeps_its_bias_and_its_weight():
    network = network_of_model(single("Conv", [1, 1, 8, 8], [weight("w", 1, 1, 1, 1), weight("b", 1)], None))
    assert network.operators[0].inputs == ("x", "w", "b")
    assert network.macs == 64


def test_kernels_over_three_dimensions_are_named_as_uncounted():
    network = network_of_model(single("Conv", [1, 4, 8, 9, 9], [weight("w", 8, 4, 3, 3, 3)], None))
    assert [operator.kind for operator in network.uncounted] == ["conv3d"]
    assert network.layers == ()


@pytest.mark.parametrize(
    ("kernel", "strides", "pads", "expected"),
    [
        # batch, in and out height, in and out width, macs
        ([1, 3, 3], [1, 2, 2], [0, 1, 1, 0, 1, 1], (2 * 8, 9, 5, 9, 5, 2 * 8 * 25 * 9 * 4 * 8)),
        ([3, 1, 1], [2, 1, 1], [1, 0, 0, 1, 0, 0], (2, 8, 4, 81, 81, 2 * 4 * 81 * 3 * 4 * 8)),
        ([1, 1, 1], [2, 2, 2], [0] * 6, (2 * 4, 9, 5, 9, 5, 2 * 4 * 25 * 4 * 8)),
        ([3, 1, 1], [1, 2, 2], [0] * 6, (2, 8, 6, 25, 25, 2 * 6 * 25 * 3 * 4 * 8)),
    ],
)
def test_split_kernels_over_three_dimensions_are_layers(kernel, strides, pads, expected):
    made = single("Conv", [2, 4, 8, 9, 9], [weight("w", 8, 4, *kernel)], None, strides=strides, pads=pads)
    network = network_of_model(made)
    (layer,) = network.layers
    assert network.uncounted == ()
    assert (
        *(layer.batch, layer.in_height, layer.out_height, layer.in_width, layer.out_width),
        layer.macs,
    ) == expected
    assert layer.weight_words == network.parameters


def test_pools_over_three_dimensions_have_no_layer():
    network = network_of_model(single("MaxPool", [1, 4, 8, 9, 9], [], None, kernel_shape=[3, 3, 3]))
    assert [operator.kind for operator in network.operators] == ["pool3d"]
    assert network.layers == ()


def test_a_convolution_over_a_sequence():
    network = network_of_model(single("Conv", [1, 4, 90], [weight("w", 8, 4, 3)], None, strides=[2], pads=[1, 1]))
    assert (network.layers[0].out_height, network.layers[0].out_width) == (45, 1)
    assert network.macs == 45 * 8 * 4 * 3


@pytest.mark.parametrize(
    ("operator", "attributes", "outputs", "function"),
    [
        ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2]}, (1, 4, 4, 4), "max"),
        ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}, (1, 4, 5, 5), "max"),
        ("AveragePool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}, (1, 4, 9, 9), "average"),
        ("GlobalAveragePool", {}, (1, 4, 1, 1), "average"),
        ("GlobalMaxPool", {}, (1, 4, 1, 1), "max"),
    ],
)
def test_pools(operator, attributes, outputs, function):
    network = network_of_model(single(operator, [1, 4, 9, 9], [], None, **attributes))
    assert network.tensor("y").shape == outputs
    assert network.operators[0].attribute("function") == function
    kernel = attributes.get("kernel_shape", [9, 9])
    assert network.layers[0].macs == outputs[2] * outputs[3] * 4 * kernel[0] * kernel[1]
    assert network.macs == 0


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        # batch, rows, inner, columns, count
        ([5, 6], [6, 7], (5, 1, 6, 7, 1)),
        ([2, 5, 6], [6, 7], (2, 5, 6, 7, 1)),
        ([2, 3, 5, 6], [6, 7], (2, 15, 6, 7, 1)),
        ([6], [6, 7], (1, 1, 6, 7, 1)),
        ([2, 6], [6], (2, 1, 6, 1, 1)),
        ([1, 5, 6], [8, 6, 7], (1, 5, 6, 7, 8)),
    ],
)
def test_products_with_stored_weights(left, right, expected):
    network = network_of_model(single("MatMul", left, [weight("w", *right)], None))
    (layer,) = network.layers
    assert layer.kind == "linear"
    assert (layer.batch, layer.out_height, layer.in_channels, layer.out_channels, layer.count) == expected
    assert network.weight_words == network.parameters


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([5, 6], [6, 7], (1, 5, 6, 7, 1)),
        ([2, 5, 6], [2, 6, 7], (2, 5, 6, 7, 1)),
        ([2, 3, 5, 6], [2, 3, 6, 7], (2, 5, 6, 7, 3)),
        ([2, 3, 5, 6], [1, 1, 6, 7], (2, 5, 6, 7, 3)),
        ([1, 1, 5, 6], [2, 3, 6, 7], (2, 5, 6, 7, 3)),
    ],
)
def test_products_of_activations(left, right, expected):
    nodes = [node("MatMul", ["x", "z"], ["y"], name="n")]
    network = network_of_model(model(nodes, {"x": left, "z": right}, {"y": None}))
    (layer,) = network.layers
    assert layer.kind == "matmul"
    assert (layer.batch, layer.out_height, layer.in_channels, layer.out_channels, layer.count) == expected
    assert network.weight_words == 0


def test_gemm_transposes_what_it_is_told_to():
    nodes = [node("Gemm", ["x", "z"], ["y"], name="n", transA=1, transB=1)]
    network = network_of_model(model(nodes, {"x": [6, 5], "z": [7, 6]}, {"y": [5, 7]}))
    assert [operator.kind for operator in network.operators] == ["transpose", "transpose", "matmul"]
    assert network.macs == 5 * 6 * 7


def test_quantised_operators():
    nodes = [
        node("QLinearConv", ["x", "s", "z", "w", "s", "z", "s", "z", "b"], ["c"], name="conv"),
        node("DequantizeLinear", ["c", "s", "z"], ["d"], name="real"),
    ]
    stored = [weight("w", 8, 4, 3, 3, element=onnx.TensorProto.UINT8), weight("b", 8, element=onnx.TensorProto.INT32)]
    stored += [constant("s", [0.5], FLOAT, []), constant("z", [0], onnx.TensorProto.UINT8, [])]
    network = network_of_model(model(nodes, {"x": ([1, 4, 9, 9], onnx.TensorProto.UINT8)}, {"d": [1, 8, 7, 7]}, stored))
    assert kinds(network) == [("conv", "conv"), ("real", "dequantizelinear")]
    assert {t.name: t.bits for t in network.tensors} == {"x": 8, "w": 8, "b": 32, "c": 8, "d": 32}
    assert network.macs == 49 * 8 * 36


def test_weights_that_are_unpacked_keep_their_width():
    nodes = [
        node("DequantizeLinear", ["w", "s"], ["real"], name="unpack"),
        node("Conv", ["x", "real"], ["y"], name="conv"),
    ]
    stored = [weight("w", 8, 4, 3, 3, element=onnx.TensorProto.INT8), constant("s", [0.5], FLOAT, [])]
    network = network_of_model(model(nodes, {"x": [1, 4, 9, 9]}, {"y": [1, 8, 7, 7]}, stored))
    assert kinds(network) == [("conv", "conv")]
    assert (network.tensor("real").role, network.tensor("real").bits) == ("weight", 8)


def test_one_width_for_all():
    network = network_of_model(models.residual_block(), bits=8)
    assert {tensor.bits for tensor in network.tensors} == {8}


def test_lookups():
    nodes = [
        node("Gather", ["table", "ids"], ["rows"], name="words"),
        node("Gather", ["rows", "first"], ["y"], name="first_token", axis=1),
    ]
    stored = [weight("table", 1000, 16), constant("first", [0], shape=[])]
    network = network_of_model(model(nodes, {"ids": (["batch", 12], INT64)}, {"y": ["batch", 16]}, stored), batch=3)
    assert kinds(network) == [("words", "embedding"), ("first_token", "gather")]
    assert network.operators[0].inputs == ("ids", "table")
    assert network.tensor("y").shape == (3, 16)
    assert network.parameters == 16000


def test_a_part_of_stored_words_is_an_operator_and_another_form_of_them_is_not():
    nodes = [
        node("Transpose", ["w"], ["wt"], name="turned"),
        node("MatMul", ["x", "wt"], ["z"], name="product"),
        node("Slice", ["positions", "start", "end"], ["used"], name="first_five"),
        node("Add", ["z", "used"], ["y"], name="add"),
    ]
    stored = [weight("w", 8, 4), weight("positions", 512, 8), constant("start", [0]), constant("end", [5])]
    network = network_of_model(model(nodes, {"x": [1, 5, 4]}, {"y": [1, 5, 8]}, stored))
    assert kinds(network) == [("product", "linear"), ("first_five", "slice"), ("add", "add")]
    assert network.parameters == 32 + 512 * 8


def test_operators_that_are_not_known_stay_in_the_graph():
    nodes = [
        node("Conv", ["x", "w"], ["c"], name="conv"),
        node("FancyActivation", ["c"], ["f"], name="fancy", domain="tests", slope=0.5, axes=[1, 2], mode="soft"),
        node("Conv", ["f", "w"], ["y"], name="again"),
    ]
    made = model(nodes, {"x": [1, 4, 9, 9]}, {"y": [1, 4, 5, 5]}, [weight("w", 4, 4, 3, 3)], {"f": [1, 4, 7, 7]})
    network = network_of_model(made)
    assert kinds(network)[1] == ("fancy", "fancyactivation")
    fancy = network.operators[1]
    assert (fancy.attribute("slope"), fancy.attribute("axes"), fancy.attribute("mode")) == (0.5, (1, 2), "soft")
    assert [operator.name for operator in network.consumers("f")] == ["again"]
    assert network.uncounted == ()


def test_a_transposed_convolution_counts_every_pixel_times_every_tap():
    made = single("ConvTranspose", [2, 4, 9, 7], [weight("w", 4, 3, 3, 3)], None, strides=[2, 2], group=2)
    network = network_of_model(made)
    assert network.tensor("y").shape == (2, 6, 19, 15)
    assert network.macs == 2 * 9 * 7 * 4 * 3 * 9
    assert network.weight_words == network.parameters == 4 * 3 * 9
    assert network.uncounted == ()


def test_what_moves_and_resamples_words():
    """Pad, Slice, Split, Resize and Concat are nodes with their shapes; their sizes are no tensors of the graph."""
    nodes = [
        node("Pad", ["x", "pads"], ["p"], name="pad"),
        node("Slice", ["p", "starts", "ends", "axes"], ["s"], name="slice"),
        node("Split", ["s"], ["a", "b"], name="split", axis=1, num_outputs=2),
        node("Resize", ["a", "", "scales"], ["r"], name="resize", mode="linear"),
        node("Resize", ["b", "", "scales"], ["t"], name="other", mode="nearest"),
        node("Concat", ["r", "t"], ["c"], name="concat", axis=1),
        node("Softmax", ["c"], ["y"], name="softmax", axis=1),
    ]
    stored = [constant("pads", [0, 0, 1, 1, 0, 0, 1, 1]), constant("starts", [1, 1]), constant("ends", [99, 99])]
    stored += [constant("axes", [2, 3]), constant("scales", [1.0, 1.0, 2.0, 2.0], FLOAT)]
    network = network_of_model(model(nodes, {"x": [1, 4, 8, 8]}, {"y": [1, 4, 18, 18]}, stored))
    assert [kind for _, kind in kinds(network)] == ["pad", "slice", "split", "resize", "resize", "concat", "softmax"]
    assert [network.tensor(name).shape[1:] for name in "psarc"] == [
        *[(4, 10, 10), (4, 9, 9), (2, 9, 9), (2, 18, 18)],
        (4, 18, 18),
    ]
    assert network.with_role("weight") == ()
    assert network.producer("a").outputs == ("a", "b")


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        *[("Relu", "relu"), ("Sigmoid", "sigmoid"), ("Tanh", "tanh"), ("HardSwish", "hard_swish"), ("Erf", "erf")],
        *[("HardSigmoid", "hard_sigmoid"), ("Gelu", "gelu"), ("LeakyRelu", "leakyrelu"), ("Elu", "elu")],
    ],
)
def test_activations_can_be_fused(operator, kind):
    nodes = [node("Conv", ["x", "w"], ["c"], name="conv"), node(operator, ["c"], ["y"], name="act")]
    network = network_of_model(model(nodes, {"x": [1, 4, 9, 9]}, {"y": None}, [weight("w", 8, 4, 3, 3)]))
    assert kinds(network)[1] == ("act", kind)
    (fused,) = fuse_activations(network).operators
    assert (fused.name, fused.outputs, fused.attribute("fused")) == ("conv", ("y",), kind)


@pytest.mark.parametrize(
    ("operator", "kind"), [("Add", "add"), ("Sub", "subtract"), ("Mul", "multiply"), ("Div", "divide")]
)
def test_element_wise_operators_on_two_tensors(operator, kind):
    made = model([node(operator, ["x", "z"], ["y"], name="n")], {"x": [1, 4, 9], "z": [1, 4, 1]}, {"y": None})
    (found,) = network_of_model(made).operators
    assert (found.kind, found.inputs) == (kind, ("x", "z"))


def test_a_circle():
    nodes = [node("Add", ["x", "b"], ["a"], name="first"), node("Relu", ["a"], ["b"], name="second")]
    made = model(nodes, {"x": [1, 4]}, {"b": [1, 4]}, known={"a": [1, 4]})
    with pytest.raises(WorkloadError, match="net.onnx"):
        network_of_model(made, "net.onnx")


def test_a_branch_reads_the_tensors_that_its_bodies_use():
    body = onnx.helper.make_graph([node("Relu", ["c"], ["inner"])], "body", [], [models.value("inner", [1, 4, 7, 7])])
    nodes = [
        node("Conv", ["x", "w"], ["c"], name="conv"),
        node("If", ["yes"], ["y"], name="branch", then_branch=body, else_branch=body),
    ]
    inputs = {"x": [1, 4, 9, 9], "yes": ([], onnx.TensorProto.BOOL)}
    network = network_of_model(model(nodes, inputs, {"y": [1, 4, 7, 7]}, [weight("w", 4, 4, 3, 3)]))
    assert network.producer("y").inputs == ("yes", "c")
    assert [operator.kind for operator in network.uncounted] == ["if"]


def test_functions_of_the_model_are_opened():
    opset = [onnx.helper.make_opsetid("", 23)]
    inner = [node("Conv", ["a", "b"], ["c"]), node("Relu", ["c"], ["d"])]
    function = onnx.helper.make_function(models.CUSTOM, "ConvRelu", ["a", "b"], ["d"], inner, opset)
    nodes = [node("ConvRelu", ["x", "w"], ["y"], domain=models.CUSTOM)]
    made = model(nodes, {"x": [1, 4, 9, 9]}, {"y": [1, 4, 7, 7]}, [weight("w", 4, 4, 3, 3)])
    made.functions.append(function)
    assert [operator.kind for operator in network_of_model(made).operators] == ["conv", "relu"]


def test_nodes_without_names_and_with_equal_names():
    nodes = [node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["b"], name="r"), node("Relu", ["b"], ["y"], name="r")]
    assert [name for name, _ in kinds(network_of_model(model(nodes, {"x": [1, 4]}, {"y": [1, 4]})))] == [
        "Relu_0",
        "r",
        "r_",
    ]


def test_what_no_output_needs_is_left_out():
    nodes = [node("Relu", ["x"], ["y"], name="used"), node("Tanh", ["x"], ["unused"], name="unused")]
    assert kinds(network_of_model(model(nodes, {"x": [1, 4]}, {"y": [1, 4]}))) == [("used", "relu")]


def test_the_model_is_not_changed():
    made = models.attention_block()
    before = made.SerializeToString()
    network_of_model(made, dimensions={"tokens": 49})
    assert made.SerializeToString() == before


@pytest.mark.parametrize(
    ("made", "options", "message"),
    [
        (models.attention_block, {}, r"dimension 1 of input 'x' is the symbol 'tokens'; .* dimensions={'tokens': ...}"),
        (models.attention_block, {"dimensions": {"token": 4}}, "is the symbol 'tokens'"),
        (
            models.attention_block,
            {"dimensions": {"tokens": 4, "batsch": 3}},
            r"no input has the symbolic dimension 'batsch' \(did you mean 'batch'\?\); symbols: batch, tokens",
        ),
        (models.mobilenet_block, {"batch": 2}, "the batch is fixed in the file; batch = 2 can't be set"),
        (models.residual_block, {"batch": 0}, "batch and dimensions must be at least 1, found batch = 0"),
    ],
)
def test_dimensions_that_are_missing_or_wrong(made, options, message):
    with pytest.raises(WorkloadError, match=message):
        network_of_model(made(), "net.onnx", **options)


def test_a_dimension_without_a_name():
    made = model([node("Relu", ["x"], ["y"])], {"x": [None, 3, None]}, {"y": None})
    with pytest.raises(WorkloadError, match=r"dimension 2 of input 'x' is the symbol 'x\[2\]'"):
        network_of_model(made)
    assert network_of_model(made, batch=2, dimensions={"x[2]": 5}).tensor("y").shape == (2, 3, 5)


def test_a_shape_that_can_not_be_inferred():
    made = model([node("Fancy", ["x"], ["f"], domain="tests"), node("Relu", ["f"], ["y"])], {"x": [1, 4]}, {"y": None})
    with pytest.raises(WorkloadError, match="tensor 'f' can't be inferred; declare it in the model's value_info"):
        network_of_model(made)


def test_a_model_that_contradicts_itself():
    made = single("Conv", [1, 4, 9, 9], [weight("w", 8, 4, 3, 3)], [1, 8, 99, 99])
    with pytest.raises(WorkloadError, match="ONNX can't infer the shapes"):
        network_of_model(made)


def test_files_that_are_not_onnx(tmp_path):
    with pytest.raises(UnknownNameError, match=r"none.onnx' does not exist"):
        read_onnx(str(tmp_path / "none.onnx"))
    (tmp_path / "text.onnx").write_text("this is not a model")
    with pytest.raises(WorkloadError, match=r"text.onnx: can't be read as an ONNX model"):
        read_onnx(str(tmp_path / "text.onnx"))
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(WorkloadError, match=r"empty.onnx: holds no operators; is it an ONNX model\?"):
        read_onnx(str(tmp_path / "empty.onnx"))


def test_outputs_that_are_constants():
    made = model([node("Identity", ["w"], ["y"])], {}, {"y": [4]}, [weight("w", 4)])
    with pytest.raises(WorkloadError, match="no output depends on an operator"):
        network_of_model(made)


def test_without_the_package(monkeypatch, tmp_path):
    real = importlib.import_module

    def absent(name, *rest):
        if name == "onnx":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"reading ONNX files needs the package 'onnx'.*codesign\[onnx\]"):
        read_onnx(str(tmp_path / "net.onnx"))


def test_the_catalogue_does_not_need_the_package(monkeypatch):
    """Neither importing the catalogue nor loading a built-in network imports onnx."""
    real = builtins.__import__

    def absent(name, *rest, **options):
        assert name.split(".")[0] != "onnx"
        return real(name, *rest, **options)

    import codesign.workloads.catalogue as catalogue

    monkeypatch.setattr(builtins, "__import__", absent)
    assert importlib.reload(catalogue).load_network("resnet18").macs > 0
