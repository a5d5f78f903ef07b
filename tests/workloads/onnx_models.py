"""Makes ONNX models for the tests: small blocks as exporters write them, and whole networks of the zoo."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
CUSTOM = "tests"


def weight(name, *shape, element=FLOAT):
    """A stored tensor without values: they are said to lie in another file, which isn't there."""
    tensor = TensorProto(name=name, data_type=element, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="absent.bin")
    return tensor


def constant(name, values, element=INT64, shape=None):
    return helper.make_tensor(name, element, [len(values)] if shape is None else shape, values)


def value(name, shape, element=FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def model(nodes, inputs, outputs, stored=(), known=(), opset=23):
    """A model; ``inputs``, ``outputs`` and ``known`` map names to shapes (or to (shape, element type))."""
    inputs, outputs, known = (
        [value(name, *(given if isinstance(given, tuple) else (given,))) for name, given in dict(group).items()]
        for group in (inputs, outputs, known)
    )
    graph = helper.make_graph(nodes, "graph", inputs, outputs, list(stored), value_info=known)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(CUSTOM, 1), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets)


node = helper.make_node


def residual_block():
    """As torch.onnx writes a basic block of ResNet in inference: batch norms folded into the biases, symbolic batch."""
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], name="conv1", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", ["c1"], ["r1"], name="relu1"),
        node("Conv", ["r1", "w2", "b2"], ["c2"], name="conv2", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Conv", ["x", "w3", "b3"], ["c3"], name="shortcut", kernel_shape=[1, 1], strides=[2, 2]),
        node("Add", ["c2", "c3"], ["sum"], name="add"),
        node("Relu", ["sum"], ["y"], name="relu2"),
    ]
    stored = [weight("w1", 128, 64, 3, 3), weight("w2", 128, 128, 3, 3), weight("w3", 128, 64, 1, 1)]
    stored += [weight(f"b{i}", 128) for i in (1, 2, 3)]
    return model(nodes, {"x": ["batch", 64, 56, 56]}, {"y": ["batch", 128, 28, 28]}, stored)


def mobilenet_block():
    """As tf2onnx writes it: auto_pad, batch norm of its own, clip with constant limits, a depthwise convolution."""
    nodes = [
        node("Conv", ["x", "dw"], ["c1"], name="depthwise", group=32, strides=[2, 2], auto_pad="SAME_UPPER"),
        node("BatchNormalization", ["c1", "s", "b", "m", "v"], ["n1"], name="norm"),
        node("Clip", ["n1", "zero", "six"], ["r1"], name="clip"),
        node("Conv", ["r1", "pw"], ["c2"], name="pointwise"),
        node("GlobalAveragePool", ["c2"], ["p"], name="mean"),
        node("Flatten", ["p"], ["f"], name="flat"),
        node("Dropout", ["f"], ["d"], name="drop"),
        node("Gemm", ["d", "fc", "fcb"], ["y"], name="classifier", transB=1),
    ]
    stored = [weight("dw", 32, 1, 3, 3), weight("pw", 64, 32, 1, 1), weight("fc", 10, 64), weight("fcb", 10)]
    stored += [weight(name, 32) for name in ("s", "b", "m", "v")]
    stored += [constant("zero", [0.0], FLOAT, []), constant("six", [6.0], FLOAT, [])]
    return model(nodes, {"x": [1, 32, 112, 112]}, {"y": [1, 10]}, stored)


ORDER = {"q": [0, 2, 1, 3], "k": [0, 2, 3, 1], "v": [0, 2, 1, 3]}


def attention_block():
    """As torch.onnx writes self-attention: shapes computed at run time, a scale by a scalar, heads of 64."""
    nodes = [
        node("Shape", ["x"], ["xs"], name="shape"),
        node("Gather", ["xs", "one"], ["length"], name="length", axis=0),
        node("Unsqueeze", ["length", "zero"], ["length1"], name="length1"),
        node("Concat", ["keep", "length1", "rest"], ["split"], name="split", axis=0),
    ]
    for part in "qkv":
        nodes += [
            node("MatMul", ["x", f"w{part}"], [f"{part}0"], name=part),
            node("Add", [f"{part}0", f"b{part}"], [f"{part}1"], name=f"{part}_bias"),
            node("Reshape", [f"{part}1", "split"], [f"{part}2"], name=f"{part}_split"),
            node("Transpose", [f"{part}2"], [f"{part}3"], name=f"{part}_heads", perm=ORDER[part]),
        ]
    nodes += [
        node("MatMul", ["q3", "k3"], ["scores"], name="scores"),
        node("Div", ["scores", "scale"], ["scaled"], name="scaled"),
        node("Softmax", ["scaled"], ["weights"], name="softmax", axis=-1),
        node("MatMul", ["weights", "v3"], ["mixed"], name="values"),
        node("Transpose", ["mixed"], ["together"], name="together", perm=[0, 2, 1, 3]),
        node("Reshape", ["together", "joined"], ["flat"], name="join"),
        node("MatMul", ["flat", "wo"], ["o"], name="out"),
        node("LayerNormalization", ["o", "ls", "lb"], ["y"], name="norm"),
    ]
    stored = [weight(f"w{part}", 256, 256) for part in "qkvo"]
    stored += [weight(f"b{part}", 256) for part in "qkv"] + [weight("ls", 256), weight("lb", 256)]
    stored += [constant("one", [1], shape=[]), constant("zero", [0]), constant("keep", [0]), constant("rest", [4, 64])]
    stored += [constant("joined", [0, 0, 256]), constant("scale", [8.0], FLOAT, [])]
    return model(nodes, {"x": ["batch", "tokens", 256]}, {"y": ["batch", "tokens", 256]}, stored)


_SIMPLE = {
    **{"add": "Add", "multiply": "Mul", "relu": "Relu", "tanh": "Tanh", "softmax": "Softmax", "gelu": "Gelu"},
    **{"layer_norm": "LayerNormalization", "rms_norm": "RMSNormalization"},
    **{"sigmoid": "Sigmoid", "hard_swish": "HardSwish", "hard_sigmoid": "HardSigmoid"},
    **{"sigmoid": "Sigmoid", "hard_swish": "HardSwish", "hard_sigmoid": "HardSigmoid"},
}


def _attributes(operator):
    kept = {
        "strides": list(operator.attribute("strides", (1, 1))),
        "pads": list(operator.attribute("padding", (0,) * 4)),
    }
    if operator.attribute("dilations"):
        kept["dilations"] = list(operator.attribute("dilations"))
    return kept


def _nodes(network, operator, stored):
    """ONNX nodes for one operator; what ONNX has no simple word for is an operator of the domain ``tests``."""
    name, kind = operator.name, operator.kind
    inputs, outputs = list(operator.inputs), list(operator.outputs)
    result = network.tensor(outputs[0])
    if kind == "conv":
        return [node("Conv", inputs, outputs, name=name, group=operator.attribute("groups"), **_attributes(operator))]
    if kind == "conv_transpose":
        return [node("ConvTranspose", inputs, outputs, name=name, **_attributes(operator))]
    if kind == "linear" and operator.attribute("transposed"):
        turned = f"{name}.turned"
        return [
            node("Transpose", inputs[1:2], [turned], name=turned, perm=[1, 0]),
            node("MatMul", [inputs[0], turned], outputs, name=name),
        ]
    if kind == "conv_transpose":
        return [node("ConvTranspose", inputs, outputs, name=name, **_attributes(operator))]
    if kind == "linear" and operator.attribute("transposed"):
        turned = f"{name}.turned"
        return [
            node("Transpose", inputs[1:2], [turned], name=turned, perm=[1, 0]),
            node("MatMul", [inputs[0], turned], outputs, name=name),
        ]
    if kind == "linear" and len(result.shape) == 2:
        return [node("Gemm", inputs, outputs, name=name)]
    if kind == "linear" and len(inputs) == 3:
        product = f"{name}.product"
        return [
            node("MatMul", inputs[:2], [product], name=name),
            node("Add", [product, inputs[2]], outputs, name=f"{name}.plus"),
        ]
    if kind in ("linear", "matmul"):
        return [node("MatMul", inputs, outputs, name=name)]
    if kind == "pool" and result.shape[2:] == (1, 1):
        return [node("GlobalAveragePool", inputs, outputs, name=name)]
    if kind == "pool":
        onnx_kind = {"max": "MaxPool", "average": "AveragePool"}[operator.attribute("function")]
        kernel = list(operator.attribute("kernel"))
        return [node(onnx_kind, inputs, outputs, name=name, kernel_shape=kernel, **_attributes(operator))]
    if kind == "relu6":
        return [node("Clip", [*inputs, "relu6.low", "relu6.high"], outputs, name=name)]
    if kind == "batch_norm":
        return [node("BatchNormalization", [*inputs, inputs[1], inputs[2]], outputs, name=name)]
    if kind == "concat":
        return [node("Concat", inputs, outputs, name=name, axis=operator.attribute("axis"))]
    if kind == "split":
        return [node("Split", inputs, outputs, name=name, axis=operator.attribute("axis"), num_outputs=len(outputs))]
    if kind == "transpose":
        return [node("Transpose", inputs, outputs, name=name, perm=list(operator.attribute("order")))]
    if kind == "reshape":
        stored.append(constant(f"{name}.shape", list(result.shape)))
        return [node("Reshape", [*inputs, f"{name}.shape"], outputs, name=name)]
    if kind == "embedding":
        return [node("Gather", inputs[::-1], outputs, name=name)]
    if kind in _SIMPLE:
        return [node(_SIMPLE[kind], inputs, outputs, name=name)]
    return [node(f"My_{kind}", inputs, outputs, name=name, domain=CUSTOM)]


def exported(network):
    """A network of the zoo as an ONNX model, its weights without values."""
    stored = [weight(tensor.name, *tensor.shape) for tensor in network.with_role("weight")]
    stored += [constant("relu6.low", [0.0], FLOAT, []), constant("relu6.high", [6.0], FLOAT, [])]
    nodes, known = [], {}
    for operator in network.operators:
        made = _nodes(network, operator, stored)
        nodes += made
        if made[0].domain == CUSTOM:
            known |= {name: list(network.tensor(name).shape) for name in operator.outputs}
    indices = {operator.inputs[0] for operator in network.operators if operator.kind == "embedding"}
    inputs = {t.name: (list(t.shape), INT64 if t.name in indices else FLOAT) for t in network.inputs}
    outputs = {tensor.name: list(tensor.shape) for tensor in network.outputs}
    known = {name: shape for name, shape in known.items() if name not in outputs}
    return model(nodes, inputs, outputs, stored, known)


def shipped_models():
    """The real networks among the test data of the package onnx, without weights' values."""
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    return {path.stem.removeprefix("light_"): str(path) for path in sorted(folder.glob("*.onnx"))}
