"""From an ONNX graph whose shapes are known to a ``Network``."""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType
from typing import Any

from codesign.errors import WorkloadError
from codesign.workloads.dataflow import Operator, Role, Tensor
from codesign.workloads.graph import Network
from codesign.workloads.onnx_operators import (
    KINDS,
    TRANSPARENT,
    OnnxNode,
    data_inputs,
    kind_and_attributes,
)

_BITS = {
    **dict.fromkeys(("DOUBLE", "INT64", "UINT64", "COMPLEX64"), 64),
    **dict.fromkeys(("FLOAT", "INT32", "UINT32"), 32),
    **dict.fromkeys(("FLOAT16", "BFLOAT16", "INT16", "UINT16"), 16),
    **dict.fromkeys(("INT4", "UINT4", "FLOAT4E2M1"), 4),
    **dict.fromkeys(("INT2", "UINT2"), 2),
    "COMPLEX128": 128,
}
_OTHER_BITS = 8
"""Of the 8-bit types and of booleans, which are stored in a byte."""

_STRUCTURAL = frozenset(
    (
        "conv",
        "conv3d",
        "conv_transpose",
        "linear",
        "batch_norm",
        "layer_norm",
        "rms_norm",
        "instance_norm",
        "group_norm",
    )
)
"""Kinds whose stored inputs stay inputs even when they have one element."""


class OnnxGraph:
    """Collects tensors and operators; ``network`` gives the result.

    Args:
        onnx: the package.
        model: with inferred shapes.
        where: named in errors.
        bits: of every tensor; None takes the element types.
    """

    def __init__(self, onnx: ModuleType, model: Any, where: str, bits: int | None) -> None:
        self._onnx = onnx
        self._graph = model.graph
        self._where = where
        self._bits = bits
        self._types: dict[str, tuple[int, tuple[int, ...] | None]] = {}
        self._constants: dict[str, tuple[int, tuple[int, ...]]] = {}
        self._values: dict[str, Any] = {}
        self._alias: dict[str, str] = {}
        self._tensors: dict[str, Tensor] = {}
        self._operators: list[Operator] = []
        self._used: set[str] = set()
        self._inputs = {value.name for value in self._graph.input}
        self._outputs = {value.name for value in self._graph.output}

    def network(self) -> Network:
        """Return the network: operators that an output depends on, in the file's order (ONNX asks for topological).

        Raises:
            WorkloadError: a shape isn't known, or no output depends on an operator.
        """
        self._read_types()
        for constant in self._graph.initializer:
            self._add_constant(constant.name, constant)
        for constant in self._graph.sparse_initializer:
            self._constants[constant.values.name] = (constant.values.data_type, tuple(constant.dims))
        for index, node in self._needed():
            self._add(node, index)
        if not self._operators:
            raise WorkloadError(f"{self._where}: no output depends on an operator")
        names = {name for operator in self._operators for name in (*operator.inputs, *operator.outputs)}
        tensors = (tensor for name, tensor in self._tensors.items() if name in names)
        return Network(self._where, tuple(tensors), tuple(self._operators))

    def _read_types(self) -> None:
        for value in (*self._graph.input, *self._graph.value_info, *self._graph.output):
            tensor = value.type.tensor_type
            shape: tuple[int, ...] | None = None
            if tensor.HasField("shape") and all(dimension.dim_value > 0 for dimension in tensor.shape.dim):
                shape = tuple(int(dimension.dim_value) for dimension in tensor.shape.dim)
            if shape is not None or value.name not in self._types:
                self._types[value.name] = (tensor.elem_type, shape)

    def _needed(self) -> list[tuple[int, Any]]:
        """Nodes that an output depends on through data, so that what only computes shapes is left out."""
        wanted = set(self._outputs)
        kept: list[tuple[int, Any]] = []
        for index, node in reversed(list(enumerate(self._graph.node))):
            if wanted.intersection(node.output):
                kept.append((index, node))
                wanted.update(data_inputs(node.op_type, node.input), self._captured(node))
        return kept[::-1]

    def _captured(self, node: Any) -> tuple[str, ...]:
        """Tensors of this graph that the bodies of a loop or a branch read."""
        names: list[str] = []
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                for inner in graph.node:
                    names += [name for name in inner.input if name in self._types or name in self._constants]
                    names += self._captured(inner)
        return tuple(dict.fromkeys(names))

    def _add_constant(self, name: str, value: Any) -> None:
        shape = tuple(int(size) for size in value.dims)
        self._constants[name] = (value.data_type, shape)
        external = value.data_location == self._onnx.TensorProto.EXTERNAL
        if math.prod(shape) == 1 and not external:
            self._values[name] = self._onnx.numpy_helper.to_array(value).item()

    def _tensor(self, name: str) -> str:
        """Add a tensor once, with the shape that ONNX inferred or the constant has."""
        if name in self._tensors:
            return name
        role: Role = "output" if name in self._outputs else "activation"
        element, shape = self._types.get(name, (0, None))
        if name in self._constants:
            role, (element, shape) = "weight", self._constants[name]
        elif name in self._inputs:
            role = "input"
        if shape is None:
            raise WorkloadError(
                f"{self._where}: the shape of tensor {name!r} can't be inferred; declare it in the model's value_info"
            )
        self._tensors[name] = Tensor(name, shape, role, self._bits or self._width(element))
        return name

    def _width(self, element: int) -> int:
        return _BITS.get(self._onnx.TensorProto.DataType.Name(element), _OTHER_BITS)

    def _add(self, node: Any, index: int) -> None:
        if node.op_type == "Constant":
            self._add_constant_node(node)
            return
        names = [self._alias.get(name, name) for name in node.input]
        data = data_inputs(node.op_type, names)
        if node.op_type in TRANSPARENT and node.output[0] not in self._outputs and data:
            self._alias[node.output[0]] = data[0]
        elif self._is_constant(node, data):
            self._fold(node, data)
        else:
            captured = (self._alias.get(name, name) for name in self._captured(node))
            self._add_operator(node, names, (*data, *captured), index)

    def _add_constant_node(self, node: Any) -> None:
        """A constant tensor; the forms that hold plain numbers or texts are taken as one element."""
        self._constants[node.output[0]] = (self._onnx.TensorProto.FLOAT, ())
        for attribute in node.attribute:
            if attribute.name == "value":
                self._add_constant(node.output[0], attribute.t)
            elif attribute.name in ("value_float", "value_int"):
                self._values[node.output[0]] = self._onnx.helper.get_attribute_value(attribute)

    def _is_constant(self, node: Any, data: tuple[str, ...]) -> bool:
        """Whether a node only gives stored words another form. One that selects from them, or repeats them, is none:
        what is stored isn't what comes out. Indices and sizes are folded in any case."""
        if node.op_type == "ConstantOfShape":
            return True
        if not data or any(name not in self._constants for name in data):
            return False
        element, shape = self._types.get(node.output[0], (0, None))
        whole = self._onnx.TensorProto.DataType.Name(element).removeprefix("U").startswith("INT")
        stored = max(math.prod(self._constants[name][1]) for name in data)
        return whole or shape is None or math.prod(shape) == stored

    def _fold(self, node: Any, data: tuple[str, ...]) -> None:
        """An operator on constants gives constants of the inferred shape; unpacked ones keep the packed width."""
        for name in filter(None, node.output):
            element, shape = self._types.get(name, (0, None))
            if data and node.op_type == "DequantizeLinear":
                element = self._constants[data[0]][0]
            self._constants[name] = (element, shape or ())

    def _add_operator(self, node: Any, names: list[str], data: tuple[str, ...], index: int) -> None:
        outputs = tuple(
            self._tensor(output)
            for position, output in enumerate(node.output)
            if output and (position == 0 or self._types.get(output, (0, None))[1] is not None)
        )
        values = {position: self._values[name] for position, name in enumerate(names) if name in self._values}
        attributes = {each.name: self._onnx.helper.get_attribute_value(each) for each in node.attribute}
        structural = KINDS.get(node.op_type, "") in _STRUCTURAL
        inputs = tuple(self._tensor(name) for name in data if self._is_data(name, structural))
        shapes = [self._tensors[name].shape for name in (*inputs, outputs[0])]
        kind, kept = kind_and_attributes(OnnxNode(node.op_type, attributes, shapes, values))
        operator = Operator(self._name(node, index), kind, inputs, outputs, kept)
        if kind == "linear":
            self._add_product(operator, attributes)
        else:
            self._operators.append(self._looked_up(operator))

    def _name(self, node: Any, index: int) -> str:
        name = node.name or f"{node.op_type}_{index}"
        while name in self._used:
            name += "_"
        self._used.add(name)
        return name

    def _is_data(self, name: str, structural: bool) -> bool:
        """Whether an input is a tensor of the graph: a constant of one element is only where the kind needs it."""
        return name not in self._constants or math.prod(self._constants[name][1]) > (0 if structural else 1)

    def _looked_up(self, operator: Operator) -> Operator:
        """A gather from stored rows is an embedding (indices first); one with stored indices only selects."""
        if operator.kind != "gather" or len(operator.inputs) < 2:
            return operator
        table, indices = operator.inputs
        if self._tensors[table].role == "weight" and len(self._tensors[table].shape) == 2:
            return replace(operator, kind="embedding", inputs=(indices, table), attributes=())
        return replace(operator, inputs=(table,)) if self._tensors[indices].role == "weight" else operator

    def _add_product(self, operator: Operator, attributes: dict[str, Any]) -> None:
        """A product with a stored right side is ``linear`` (its weight as K x N), another one a ``matmul``.

        Operands of a Gemm that are to be transposed are: stored ones on the spot, others by an operator of their own.
        """
        inputs = list(operator.inputs)
        for position, flag in ((0, "transA"), (1, "transB")):
            if attributes.get(flag, 0):
                inputs[position] = self._transposed(inputs[position])
        stored = self._tensors[inputs[1]].role == "weight"
        self._operators.append(replace(operator, kind="linear" if stored else "matmul", inputs=tuple(inputs)))

    def _transposed(self, name: str) -> str:
        tensor = self._tensors[name]
        result = f"{name}.transposed"
        if result not in self._tensors:
            role: Role = "weight" if tensor.role == "weight" else "activation"
            self._tensors[result] = replace(tensor, name=result, shape=tensor.shape[::-1], role=role)
            if role == "activation":
                self._operators.append(Operator(result, "transpose", (name,), (result,), {"order": (1, 0)}))
        return result
