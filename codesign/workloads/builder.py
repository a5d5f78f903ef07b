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
from codesign.workloads.windows import Padding, Sizes, Window, window


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
        kernel: Sizes,
        *,
        stride: Sizes = 1,
        padding: Padding = "same",
        dilation: Sizes = 1,
        groups: int = 1,
        norm: bool = True,
        bias: bool = False,
        activation: str | None = None,
        name: str | None = None,
    ) -> str:
        """Add a convolution over an image or a video, and its activation as an operator of its own.

        Args:
            source: batch x channels x rows x columns, or batch x channels x frames x rows x columns.
            channels: of the output.
            kernel: taps: one number for all dimensions, or one for each.
            stride: in all dimensions, or in each.
            padding: ``"same"`` (see ``same_padding``), a number for all sides, one for each dimension, or all sides:
                before each dimension, then after each (for an image top, left, bottom, right).
            dilation: distance of neighbouring taps.
            groups: 1 is dense.
            norm: a batch norm follows; it is folded into weights and bias as inference does.
            bias: a bias without batch norm.
            activation: kind of the element-wise operator that follows.
            name: of the convolution.
        """
        name = self._name(name, "conv")
        batch, in_channels, *sizes = self.shape(source)
        if in_channels % groups or channels % groups:
            raise WorkloadError(
                f"network {self.name!r}: {name!r} has {in_channels} input and {channels} output channels, which"
                f" {groups} groups don't divide"
            )
        taps = window(sizes, kernel, stride, padding, dilation)
        inputs = [source, self.weight(f"{name}.weight", channels, in_channels // groups, *taps.kernel)]
        attributes: dict[str, Attribute] = {"strides": taps.strides, "padding": taps.padding, "groups": groups}
        if max(taps.dilations) > 1:
            attributes["dilations"] = taps.dilations
        if norm or bias:
            inputs.append(self.weight(f"{name}.bias", channels))
        if norm:
            attributes["folded_batch_norm"] = True
        shape = (batch, channels, *self._outputs(name, taps, sizes))
        result = self.operator("conv", inputs, shape, attributes, name)
        return result if activation is None else self.elementwise(activation, result, name=f"{name}.{activation}")

    def _outputs(self, name: str, taps: Window, sizes: Sequence[int]) -> tuple[int, ...]:
        outputs = taps.outputs(sizes)
        if min(outputs) < 1:
            raise WorkloadError(
                f"network {self.name!r}: nothing is left of the {' x '.join(map(str, sizes))} image after {name!r};"
                " raise the resolution"
            )
        return outputs

    def conv_transpose(
        self, source: str, channels: int, kernel: int, *, stride: int, crop: Padding = 0, name: str | None = None
    ) -> str:
        """Add a transposed square convolution with bias: (size - 1) * stride + kernel - crop rows and columns.

        Args:
            source: the image read.
            channels: of the output.
            kernel: rows = columns of the filter.
            stride: distance of the filters that neighbouring input pixels leave in the output.
            crop: rows and columns cut off the output, in the forms of ``padding`` of ``conv`` but ``"same"``.
            name: of the operator.
        """
        name = self._name(name, "conv_transpose")
        batch, in_channels, *sizes = self.shape(source)
        taps = window(sizes, kernel, stride, crop)
        outputs = [(size - 1) * stride + kernel - taps.padding[i] - taps.padding[i + 2] for i, size in enumerate(sizes)]
        weight = self.weight(f"{name}.weight", in_channels, channels, kernel, kernel)
        inputs = [source, weight, self.weight(f"{name}.bias", channels)]
        attributes: dict[str, Attribute] = {"strides": taps.strides, "padding": taps.padding, "groups": 1}
        return self.operator("conv_transpose", inputs, (batch, channels, *outputs), attributes, name)

    def pool(
        self,
        source: str,
        function: str,
        kernel: Sizes,
        *,
        stride: Sizes,
        padding: Padding = 0,
        name: str | None = None,
    ) -> str:
        """Add ``max`` or ``average`` pooling; the output size is rounded down. Over a video its kind is ``pool3d``."""
        name = self._name(name, f"{function}_pool")
        batch, channels, *sizes = self.shape(source)
        taps = window(sizes, kernel, stride, padding)
        attributes: dict[str, Attribute] = {
            "function": function,
            "kernel": taps.kernel,
            "strides": taps.strides,
            "padding": taps.padding,
        }
        shape = (batch, channels, *self._outputs(name, taps, sizes))
        return self.operator(_pool_kind(sizes), [source], shape, attributes, name)

    def global_pool(self, source: str, name: str | None = None) -> str:
        """Add the average over all dimensions behind the channels, which stay as dimensions of 1."""
        batch, channels, *sizes = self.shape(source)
        attributes: dict[str, Attribute] = {"function": "average", "kernel": tuple(sizes)}
        name = self._name(name, "global_pool")
        return self.operator(_pool_kind(sizes), [source], (batch, channels, *(1 for _ in sizes)), attributes, name)

    def pad(self, source: str, padding: Padding, name: str | None = None) -> str:
        """Add zeros around an image; ``padding`` as of ``conv`` but ``"same"``."""
        batch, channels, *sizes = self.shape(source)
        sides = window(sizes, 1, 1, padding).padding
        shape = [size + sides[i] + sides[i + len(sizes)] for i, size in enumerate(sizes)]
        return self.operator("pad", [source], (batch, channels, *shape), {"padding": sides}, name)

    def resize(self, source: str, size: Sequence[int], name: str | None = None) -> str:
        """Resample an image bilinearly to ``size`` (rows, columns).

        Row r of the output lies at (r + 0.5) * (input rows / output rows) - 0.5 of the input, columns alike (torch:
        ``align_corners=False``; ONNX: ``half_pixel``).
        """
        batch, channels, *sizes = self.shape(source)
        attributes: dict[str, Attribute] = {"mode": "bilinear", "source": tuple(sizes), "size": tuple(size)}
        return self.operator("resize", [source], (batch, channels, *size), attributes, name)

    def linear(
        self,
        source: str,
        features: int,
        *,
        bias: bool = True,
        table: str | None = None,
        name: str | None = None,
    ) -> str:
        """Add a product of the last dimension with stored weights.

        Args:
            source: ... x K.
            features: N of the output ... x N.
            bias: whether N numbers are added.
            table: a tensor N x K that is stored already, e.g. an embedding's; it is read transposed.
            name: of the operator.
        """
        name = self._name(name, "linear")
        *leading, inner = self.shape(source)
        if table is not None and self.shape(table) != (features, inner):
            raise WorkloadError(
                f"network {self.name!r}: {name!r} needs a table of {features} x {inner}, {table!r} is"
                f" {self.shape(table)}"
            )
        inputs = [source, self.weight(f"{name}.weight", inner, features) if table is None else table]
        if bias:
            inputs.append(self.weight(f"{name}.bias", features))
        attributes: dict[str, Attribute] = {} if table is None else {"transposed": True}
        return self.operator("linear", inputs, (*leading, features), attributes, name)

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

    def embedding(self, indices: str, rows: int, width: int, *, table: str = "", name: str | None = None) -> str:
        """Look up a row of a stored table for each index; ``table`` names one that is stored already."""
        name = self._name(name, "embedding")
        inputs = [indices, table or self.weight(f"{name}.weight", rows, width)]
        return self.operator("embedding", inputs, (*self.shape(indices), width), None, name)


def _pool_kind(sizes: Sequence[int]) -> str:
    return "pool" if len(sizes) < 3 else "pool3d"


def _aligned(shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The sizes of each dimension, aligned at the last one, missing leading ones as 1."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    columns = list(zip(*padded, strict=True))
    for sizes in columns:
        if len({size for size in sizes if size != 1}) > 1:
            raise WorkloadError(f"the shapes {', '.join(map(str, shapes))} don't broadcast")
    return columns
