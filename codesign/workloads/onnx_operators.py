"""What ONNX operators mean in this project's graph: their kind, which inputs carry data, and the attributes kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from codesign.workloads.dataflow import Attribute
from codesign.workloads.windows import same_padding, spread

Shape = tuple[int, ...]

KINDS: Mapping[str, str] = {
    "Add": "add",
    "AveragePool": "pool",
    "BatchNormalization": "batch_norm",
    "Conv": "conv",
    "ConvInteger": "conv",
    "ConvTranspose": "conv_transpose",
    "Div": "divide",
    "Flatten": "reshape",
    "Gemm": "linear",
    "GlobalAveragePool": "pool",
    "GlobalMaxPool": "pool",
    "GroupNormalization": "group_norm",
    "HardSigmoid": "hard_sigmoid",
    "HardSwish": "hard_swish",
    "InstanceNormalization": "instance_norm",
    "LayerNormalization": "layer_norm",
    "MatMul": "linear",
    "MatMulInteger": "linear",
    "MaxPool": "pool",
    "Mul": "multiply",
    "QGemm": "linear",
    "QLinearAdd": "add",
    "QLinearAveragePool": "pool",
    "QLinearConcat": "concat",
    "QLinearConv": "conv",
    "QLinearGlobalAveragePool": "pool",
    "QLinearMatMul": "linear",
    "QLinearMul": "multiply",
    "RMSNormalization": "rms_norm",
    "SimplifiedLayerNormalization": "rms_norm",
    "Squeeze": "reshape",
    "Sub": "subtract",
    "Sum": "add",
    "Unsqueeze": "reshape",
}
"""Operators whose kind isn't simply their name in lower case."""

TRANSPARENT = frozenset(("Identity", "Dropout"))
"""Operators that pass their first input on unchanged in inference; they leave no trace in the graph."""

_FIRST_ONLY = frozenset(
    (
        *("Cast", "CastLike", "Clip", "Compress", "DequantizeLinear", "Expand", "GlobalAveragePool", "OneHot", "Pad"),
        *("QLinearAveragePool", "QLinearGlobalAveragePool", "QuantizeLinear", "ReduceL1", "ReduceL2", "ReduceMax"),
        *(
            "ReduceMean",
            "ReduceMin",
            "ReduceProd",
            "ReduceSum",
            "ReduceSumSquare",
            "Reshape",
            "Resize",
            "Slice",
            "Split",
        ),
        *("Squeeze", "Tile", "TopK", "Trilu", "Unsqueeze", "Upsample", "DynamicQuantizeLinear", "CumSum"),
    )
)
_DATA_INPUTS: Mapping[str, tuple[int, ...]] = {
    "BatchNormalization": (0, 1, 2),
    "ConvInteger": (0, 1),
    "MatMulInteger": (0, 1),
    "QGemm": (0, 3, 6),
    "QLinearAdd": (0, 3),
    "QLinearConv": (0, 3, 8),
    "QLinearMatMul": (0, 3),
    "QLinearMul": (0, 3),
}
"""Positions of the inputs that carry data, where some are shapes, axes, scales or zero points (or the running mean and
variance of a batch norm, which inference folds into scale and shift)."""


def data_inputs(kind_of_onnx: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the inputs that carry data, in order; optional ones that aren't given are empty names and left out."""
    if kind_of_onnx in _FIRST_ONLY:
        chosen = names[:1]
    elif kind_of_onnx in _DATA_INPUTS:
        chosen = [names[i] for i in _DATA_INPUTS[kind_of_onnx] if i < len(names)]
    elif kind_of_onnx == "QLinearConcat":
        chosen = names[2::3]
    else:
        chosen = names
    return tuple(name for name in chosen if name)


@dataclass(frozen=True)
class OnnxNode:
    """An ONNX operator with what is known of it.

    Attributes:
        operator: its ONNX name, e.g. ``Conv``.
        attributes: as Python values.
        shapes: of the data inputs and of the first output, in this order.
        constants: values of small constant inputs by position among all inputs.
    """

    operator: str
    attributes: Mapping[str, Any]
    shapes: Sequence[Shape]
    constants: Mapping[int, Any] = field(default_factory=dict)

    def sizes(self, name: str, default: Shape) -> Shape:
        """Return an attribute that is a list of whole numbers."""
        return tuple(int(size) for size in self.attributes.get(name, default))


def kind_and_attributes(node: OnnxNode) -> tuple[str, dict[str, Attribute]]:
    """Return the kind and the attributes of an operator. One that isn't known keeps its name in lower case and all of
    its attributes that are numbers, texts or lists of whole numbers."""
    kind = KINDS.get(node.operator, node.operator.lower())
    describe = _DESCRIPTIONS.get(node.operator)
    if describe is not None:
        return describe(node, kind)
    return kind, _plain_attributes(node)


def _plain_attributes(node: OnnxNode) -> dict[str, Attribute]:
    kept: dict[str, Attribute] = {}
    for name, value in node.attributes.items():
        if isinstance(value, bytes):
            kept[name] = value.decode("utf-8", "replace")
        elif isinstance(value, int | float | str):
            kept[name] = value
        elif isinstance(value, list) and all(isinstance(entry, int) for entry in value):
            kept[name] = tuple(value)
    return kept


def _padding(node: OnnxNode, kernel: Shape, strides: Shape, dilations: Shape) -> Shape:
    """Return the padding before, then after, each dimension; ``auto_pad`` SAME puts the odd one after or before."""
    rank = len(kernel)
    automatic = node.attributes.get("auto_pad", b"NOTSET")
    text = automatic.decode() if isinstance(automatic, bytes) else str(automatic)
    if text == "VALID":
        return (0,) * (2 * rank)
    if text.startswith("SAME"):
        spans = [spread(*taps) for taps in zip(kernel, dilations, strict=True)]
        sides = [same_padding(*sizes) for sizes in zip(node.shapes[0][2:], spans, strides, strict=True)]
        first, last = (0, 1) if text == "SAME_UPPER" else (1, 0)
        return tuple(side[first] for side in sides) + tuple(side[last] for side in sides)
    return node.sizes("pads", (0,) * (2 * rank))


def _conv(node: OnnxNode, kind: str) -> tuple[str, dict[str, Attribute]]:
    kernel = node.shapes[1][2:]
    rank = len(kernel)
    strides, dilations = node.sizes("strides", (1,) * rank), node.sizes("dilations", (1,) * rank)
    attributes: dict[str, Attribute] = {
        "strides": strides,
        "padding": _padding(node, kernel, strides, dilations),
        "groups": int(node.attributes.get("group", 1)),
    }
    if max(dilations) > 1:
        attributes["dilations"] = dilations
    return ("conv3d" if _is_full(kernel) else kind), attributes


def _is_full(kernel: Shape) -> bool:
    """Whether a kernel spans frames as well as rows or columns, or has more dimensions than a layer knows."""
    return len(kernel) > 3 or (len(kernel) == 3 and kernel[0] > 1 and max(kernel[1:]) > 1)


def _conv_transpose(node: OnnxNode, kind: str) -> tuple[str, dict[str, Attribute]]:
    rank = len(node.shapes[1]) - 2
    return kind, {
        "strides": node.sizes("strides", (1,) * rank),
        "padding": node.sizes("pads", (0,) * (2 * rank)),
        "groups": int(node.attributes.get("group", 1)),
    }


def _pool(node: OnnxNode, kind: str) -> tuple[str, dict[str, Attribute]]:
    kernel = node.sizes("kernel_shape", node.shapes[0][2:])
    rank = len(kernel)
    strides = node.sizes("strides", (1,) * rank)
    attributes: dict[str, Attribute] = {
        "function": "max" if "Max" in node.operator else "average",
        "kernel": kernel,
        "strides": strides,
        "padding": _padding(node, kernel, strides, node.sizes("dilations", (1,) * rank)),
    }
    return ("pool3d" if rank > 2 else kind), attributes


def _axis(node: OnnxNode, kind: str) -> tuple[str, dict[str, Attribute]]:
    return kind, {"axis": int(node.attributes.get("axis", -1))}


def _transpose(node: OnnxNode, kind: str) -> tuple[str, dict[str, Attribute]]:
    rank = len(node.shapes[0])
    return kind, {"order": node.sizes("perm", tuple(reversed(range(rank))))}


def _nothing(node: OnnxNode, kind: str) -> tuple[str, dict[str, Attribute]]:
    return kind, {}


def _clip(node: OnnxNode, kind: str) -> tuple[str, dict[str, Attribute]]:
    """A clip to 0 ... 6 is a relu6, one from 0 upwards a relu; the limits are inputs, before opset 11 attributes."""
    low = node.constants.get(1, node.attributes.get("min"))
    high = node.constants.get(2, node.attributes.get("max"))
    if low == 0 and high == 6:
        return "relu6", {}
    return ("relu" if low == 0 and high is None else kind), {}


_Description = Callable[[OnnxNode, str], tuple[str, dict[str, Attribute]]]
_DESCRIPTIONS: Mapping[str, _Description] = {
    **dict.fromkeys(("Conv", "ConvInteger", "QLinearConv"), _conv),
    "ConvTranspose": _conv_transpose,
    **dict.fromkeys(("AveragePool", "MaxPool", "QLinearAveragePool"), _pool),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool", "QLinearGlobalAveragePool"), _pool),
    **dict.fromkeys(("Concat", "Softmax", "LogSoftmax", "QLinearConcat", "Split"), _axis),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze", "BatchNormalization"), _nothing),
    **dict.fromkeys(("Gemm", "MatMul", "MatMulInteger", "QLinearMatMul", "QGemm"), _nothing),
    "Clip": _clip,
    "Transpose": _transpose,
}
