"""Writes an operator graph line by line, so that a network's definition reads like its paper's table.

Every method adds one operator (``conv`` up to two) and returns the name of the tensor that it writes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from codesign.errors import WorkloadError
from codesign.workloads.dataflow import Attribute, Operator, Role, Tensor
from codesign.workloads.graph import Network

Padding = int | str | tuple[int, int, int, int]


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after that makes the output ceil(size / stride), the odd one after.

    Source: TensorFlow, "SAME": total = max((ceil(size/stride) - 1) * stride + kernel - size, 0).
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def window_outputs(size: int, kernel: int, stride: int, before: int, after: int) -> int:
    """floor((size + before + after - kernel) / stride) + 1."""
    return (size + before + after - kernel) // stride + 1


class NetworkBuilder:
    """Collects tensors and operators; ``build`` gives the network.

    Args:
        name: of the network.
        bits: of every tensor; ``Network.with_bits`` changes them afterwards.
    """

    def __init__(self, name: str, bits: int = 8) -> None:
        self.name = name
        self.bits = bits
        self._tensors: dict[str, Tensor] = {}
        self._operators: list[Operator] = []
        self._used: dict[str, int] = {}

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor written so far."""
        return self._tensors[name].shape

    def build(self, *outputs: str) -> Network:
        """Return the network whose outputs are the named tensors."""
        for name in outputs:
            self._tensors[name] = replace(self._tensors[name], role="output")
        return Network(self.name, tuple(self._tensors.values()), tuple(self._operators))

    def _add_tensor(self, name: str, shape: Sequence[int], role: Role) -> str:
        if name in self._tensors:
            raise WorkloadError(f"network {self.name!r}: two tensors are called {name!r}")
        self._tensors[name] = Tensor(name, tuple(shape), role, self.bits)
        return name

    def _name(self, name: str | None, kind: str) -> str:
        if name is not None:
            return name
        self._used[kind] = self._used.get(kind, 0) + 1
        return f"{kind}{self._used[kind]}"

    def operator(
        self,
        kind: str,
        inputs: Sequence[str],
        shape: Sequence[int],
        attributes: Mapping[str, Attribute] | None = None,
        name: str | None = None,
    ) -> str:
        """Add any operator with one output of the given shape."""
        name = self._name(name, kind)
        self._add_tensor(name, shape, "activation")
        self._operators.append(Operator(name, kind, tuple(inputs), (name,), attributes or {}))
        return name

    def input(self, name: str, *shape: int, bits: int | None = None) -> str:
        """Add a tensor given from outside; ``bits`` where it isn't as wide as the others (indices of a table)."""
        self._add_tensor(name, shape, "input")
        if bits is not None:
            self._tensors[name] = replace(self._tensors[name], bits=bits)
        return name

    def weight(self, name: str, *shape: int) -> str:
        """Add a stored tensor."""
        return self._add_tensor(name, shape, "weight")

    def conv(
        self,
        source: str,
        channels: int,
        kernel: int,
        *,
        stride: int = 1,
        padding: Padding = "same",
        groups: int = 1,
        norm: bool = True,
        bias: bool = False,
        activation: str | None = None,
        name: str | None = None,
    ) -> str:
        """Add a square convolution, and its activation as an operator of its own.

        Args:
            source: the image read.
            channels: of the output.
            kernel: rows = columns of the filter.
            stride: in rows and columns.
            padding: ``"same"`` (see ``same_padding``), a number for all four sides, or (top, left, bottom, right).
            groups: 1 is dense.
            norm: a batch norm follows; it is folded into weights and bias as inference does.
            bias: a bias without batch norm.
            activation: kind of the element-wise operator that follows.
            name: of the convolution.
        """
        name = self._name(name, "conv")
        batch, in_channels, rows, columns = self.shape(source)
        if in_channels % groups or channels % groups:
            raise WorkloadError(
                f"network {self.name!r}: {name!r} has {in_channels} input and {channels} output channels, which"
                f" {groups} groups don't divide"
            )
        sides = self._sides(padding, (rows, columns), kernel, stride)
        inputs = [source, self.weight(f"{name}.weight", channels, in_channels // groups, kernel, kernel)]
        attributes: dict[str, Attribute] = {"strides": (stride, stride), "padding": sides, "groups": groups}
        if norm or bias:
            inputs.append(self.weight(f"{name}.bias", channels))
        if norm:
            attributes["folded_batch_norm"] = True
        height = window_outputs(rows, kernel, stride, sides[0], sides[2])
        width = window_outputs(columns, kernel, stride, sides[1], sides[3])
        self._require_pixels(name, height, width, (rows, columns))
        result = self.operator("conv", inputs, (batch, channels, height, width), attributes, name)
        return result if activation is None else self.elementwise(activation, result, name=f"{name}.{activation}")

    def _sides(self, padding: Padding, size: tuple[int, int], kernel: int, stride: int) -> tuple[int, int, int, int]:
        if isinstance(padding, int):
            return padding, padding, padding, padding
        if isinstance(padding, tuple):
            return padding
        if padding != "same":
            raise WorkloadError(f"padding must be 'same', a number or four numbers, found {padding!r}")
        top, bottom = same_padding(size[0], kernel, stride)
        left, right = same_padding(size[1], kernel, stride)
        return top, left, bottom, right

    def _require_pixels(self, name: str, height: int, width: int, source: tuple[int, int]) -> None:
        if height < 1 or width < 1:
            raise WorkloadError(
                f"network {self.name!r}: nothing is left of the {source[0]} x {source[1]} image after {name!r};"
                " raise the resolution"
            )

    def pool(
        self,
        source: str,
        function: str,
        kernel: int,
        *,
        stride: int,
        padding: Padding = 0,
        name: str | None = None,
    ) -> str:
        """Add ``max`` or ``average`` pooling with a square window; the output size is rounded down."""
        name = self._name(name, f"{function}_pool")
        batch, channels, rows, columns = self.shape(source)
        sides = self._sides(padding, (rows, columns), kernel, stride)
        height = window_outputs(rows, kernel, stride, sides[0], sides[2])
        width = window_outputs(columns, kernel, stride, sides[1], sides[3])
        self._require_pixels(name, height, width, (rows, columns))
        attributes: dict[str, Attribute] = {
            "function": function,
            "kernel": (kernel, kernel),
            "strides": (stride, stride),
            "padding": sides,
        }
        return self.operator("pool", [source], (batch, channels, height, width), attributes, name)

    def global_pool(self, source: str, name: str | None = None) -> str:
        """Add the average over all rows and columns, which stay as dimensions of 1."""
        batch, channels, rows, columns = self.shape(source)
        attributes: dict[str, Attribute] = {"function": "average", "kernel": (rows, columns)}
        name = self._name(name, "global_pool")
        return self.operator("pool", [source], (batch, channels, 1, 1), attributes, name)

    def linear(self, source: str, features: int, *, bias: bool = True, name: str | None = None) -> str:
        """Add a product of the last dimension with stored weights."""
        name = self._name(name, "linear")
        *leading, inner = self.shape(source)
        inputs = [source, self.weight(f"{name}.weight", inner, features)]
        if bias:
            inputs.append(self.weight(f"{name}.bias", features))
        return self.operator("linear", inputs, (*leading, features), None, name)

    def matmul(self, left: str, right: str, name: str | None = None) -> str:
        """Add the product of two activations, ... x M x K by ... x K x N with equal leading dimensions."""
        *leading, rows, inner = self.shape(left)
        *others, depth, columns = self.shape(right)
        if inner != depth or leading != others:
            raise WorkloadError(
                f"network {self.name!r}: {left!r} {self.shape(left)} can't be multiplied by"
                f" {right!r} {self.shape(right)}"
            )
        return self.operator("matmul", [left, right], (*leading, rows, columns), None, name)

    def elementwise(self, kind: str, *sources: str, name: str | None = None) -> str:
        """Add an operator on tensors of one shape (relu, gelu, add, multiply, softmax, ...), or that broadcast."""
        shape = [max(sizes) for sizes in _aligned([self.shape(source) for source in sources])]
        return self.operator(kind, sources, shape, None, name)

    def add(self, left: str, right: str, name: str | None = None) -> str:
        """Add a sum, e.g. of a residual branch."""
        return self.elementwise("add", left, right, name=name)

    def norm(self, kind: str, source: str, *, axis: int = -1, name: str | None = None) -> str:
        """Add ``batch_norm`` (axis 1), ``layer_norm`` or ``rms_norm`` (without shift) as an operator of its own."""
        name = self._name(name, kind)
        size = self.shape(source)[axis]
        inputs = [source, self.weight(f"{name}.scale", size)]
        if kind != "rms_norm":
            inputs.append(self.weight(f"{name}.shift", size))
        return self.operator(kind, inputs, self.shape(source), None, name)

    def concat(self, sources: Sequence[str], axis: int = 1, name: str | None = None) -> str:
        """Join tensors along one dimension."""
        shape = list(self.shape(sources[0]))
        shape[axis] = sum(self.shape(source)[axis] for source in sources)
        return self.operator("concat", sources, shape, {"axis": axis}, name)

    def split(self, source: str, parts: int, axis: int = -1, name: str | None = None) -> tuple[str, ...]:
        """Cut a tensor into equal parts along one dimension."""
        name = self._name(name, "split")
        shape = list(self.shape(source))
        if shape[axis] % parts:
            raise WorkloadError(
                f"network {self.name!r}: {source!r} {self.shape(source)} can't be cut into {parts} parts"
            )
        shape[axis] //= parts
        outputs = tuple(self._add_tensor(f"{name}.{part}", shape, "activation") for part in range(parts))
        self._operators.append(Operator(name, "split", (source,), outputs, {"axis": axis}))
        return outputs

    def reshape(self, source: str, *shape: int, name: str | None = None) -> str:
        """View the same words under another shape."""
        if math.prod(shape) != self._tensors[source].words:
            raise WorkloadError(f"network {self.name!r}: {source!r} {self.shape(source)} can't take the shape {shape}")
        return self.operator("reshape", [source], shape, None, name)

    def flatten(self, source: str, name: str | None = None) -> str:
        """View as batch x everything else."""
        batch, *rest = self.shape(source)
        return self.reshape(source, batch, math.prod(rest), name=name)

    def transpose(self, source: str, *order: int, name: str | None = None) -> str:
        """Reorder the dimensions: dimension i of the result is dimension ``order[i]`` of the source."""
        shape = [self.shape(source)[axis] for axis in order]
        return self.operator("transpose", [source], shape, {"order": tuple(order)}, name)

    def embedding(self, indices: str, rows: int, width: int, name: str | None = None) -> str:
        """Look up a row of a stored table for each index."""
        name = self._name(name, "embedding")
        inputs = [indices, self.weight(f"{name}.weight", rows, width)]
        return self.operator("embedding", inputs, (*self.shape(indices), width), None, name)


def _aligned(shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The sizes of each dimension, aligned at the last one, missing leading ones as 1."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    columns = list(zip(*padded, strict=True))
    for sizes in columns:
        if len({size for size in sizes if size != 1}) > 1:
            raise WorkloadError(f"the shapes {', '.join(map(str, shapes))} don't broadcast")
    return columns
