"""From an operator of the graph to the loop bounds that array models read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codesign.errors import WorkloadError
from codesign.workloads.dataflow import Operator, Tensor
from codesign.workloads.layer import Layer
from codesign.workloads.operands import operand_shape, weight_of

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class _Side:
    """One dimension of a window: what goes in and out, and the window's part in it."""

    size: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0


def _sides(operator: Operator, tensors: Tensors, kernel: tuple[int, ...]) -> tuple[_Side, ...]:
    """Return the dimensions behind batch and channels: a sequence (batch x channels x length) has one."""
    source, result = operand_shape(operator, 0, tensors), tensors[operator.outputs[0]].shape
    rank = len(source) - 2
    if rank not in (1, 2, 3) or len(kernel) != rank or len(result) != len(source):
        raise WorkloadError(
            f"operator {operator.name!r} ({operator.kind}) works on {operator.inputs[0]!r} of shape {source}; a layer"
            " has batch x channels x rows x columns, batch x channels x frames x rows x columns, or batch x channels x"
            " length"
        )
    strides = operator.sizes("strides", (1,) * rank)
    padding = operator.sizes("padding", (0,) * (2 * rank))
    return tuple(
        _Side(source[i + 2], result[i + 2], kernel[i], strides[i], padding[i] + padding[i + rank]) for i in range(rank)
    )


def _folded(operator: Operator, sides: tuple[_Side, ...]) -> tuple[int, _Side, _Side]:
    """Return how many times a layer over two dimensions runs, and these two.

    Over three dimensions a kernel of one frame runs on each frame that it reads; one of a single pixel runs along the
    frames, all pixels that it reads side by side. What such a kernel steps over isn't part of the layer.
    """
    if len(sides) < 3:
        return 1, sides[0], sides[1] if len(sides) == 2 else _Side(1, 1)
    frames, rows, columns = sides
    if frames.kernel == 1 and frames.padding == 0:
        return frames.outputs, rows, columns
    if rows.kernel == columns.kernel == 1 and rows.padding == columns.padding == 0:
        pixels = rows.outputs * columns.outputs
        return 1, frames, _Side(pixels, pixels)
    raise WorkloadError(
        f"operator {operator.name!r}: a convolution with {frames.kernel} x {rows.kernel} x {columns.kernel} taps over"
        " frames, rows and columns is no layer; one of 1 x rows x columns or frames x 1 x 1 taps is"
    )


def _window_layer(operator: Operator, tensors: Tensors, kernel: tuple[int, ...], groups: int, pool: bool) -> Layer:
    source, result = tensors[operator.inputs[0]], tensors[operator.outputs[0]]
    copies, rows, columns = _folded(operator, _sides(operator, tensors, kernel))
    return Layer(
        name=operator.name,
        kind="pool" if pool else "conv",
        batch=source.shape[0] * copies,
        in_channels=source.shape[1],
        out_channels=result.shape[1],
        kernel_height=rows.kernel,
        kernel_width=columns.kernel,
        out_height=rows.outputs,
        out_width=columns.outputs,
        stride_height=rows.stride,
        stride_width=columns.stride,
        groups=groups,
        in_height=rows.size,
        in_width=columns.size,
        pad_height=rows.padding,
        pad_width=columns.padding,
        count=operator.whole("count", 1),
    )


def _conv(operator: Operator, tensors: Tensors) -> Layer:
    kernel = tensors[weight_of(operator)].shape[2:]
    return _window_layer(operator, tensors, kernel, operator.whole("groups", 1), pool=False)


def _pool(operator: Operator, tensors: Tensors) -> Layer:
    source = operand_shape(operator, 0, tensors)
    kernel = operator.sizes("kernel", source[2:])
    return _window_layer(operator, tensors, kernel, source[1], pool=True)


def _conv_transpose(operator: Operator, tensors: Tensors) -> Layer:
    """Every input pixel times all taps of all filters: a 1x1 convolution to out_channels * taps channels.

    Its results are then added up where the filters overlap; the layer's outputs are the products before that, the ones
    that are cropped included.
    """
    source = operand_shape(operator, 0, tensors)
    _, filters, *kernel = tensors[weight_of(operator)].shape
    batch, in_channels, *sizes = source
    rows, columns = math.prod(sizes[:-1]), sizes[-1]
    groups = operator.whole("groups", 1)
    return Layer(
        name=operator.name,
        kind="conv",
        batch=batch,
        in_channels=in_channels,
        out_channels=filters * groups * math.prod(kernel),
        kernel_height=1,
        kernel_width=1,
        out_height=rows,
        out_width=columns,
        stride_height=1,
        stride_width=1,
        groups=groups,
        in_height=rows,
        in_width=columns,
        count=operator.whole("count", 1),
    )


def _product(operator: Operator, kind: str, batch: int, rows: int, inner: int, columns: int, count: int) -> Layer:
    return Layer(
        name=operator.name,
        kind="linear" if kind == "linear" else "matmul",
        batch=batch,
        in_channels=inner,
        out_channels=columns,
        kernel_height=1,
        kernel_width=1,
        out_height=rows,
        out_width=1,
        stride_height=1,
        stride_width=1,
        groups=1,
        in_height=rows,
        in_width=1,
        count=count * operator.whole("count", 1),
    )


def _linear(operator: Operator, tensors: Tensors) -> Layer:
    """(batch, rows..., K) x (K, N); a weight of more dimensions is one product for each of its leading entries.

    With the attribute ``transposed`` the weight is stored as N x K.
    """
    source, result = operand_shape(operator, 0, tensors), tensors[operator.outputs[0]]
    weight = tensors[weight_of(operator)].shape
    if operator.attribute("transposed", False):
        weight = weight[::-1]
    copies, columns = math.prod(weight[:-2]), weight[-1] if len(weight) > 1 else 1
    batch = source[0] if len(source) > 1 and source[0] * copies * columns <= result.words else 1
    rows = result.words // (batch * columns * copies)
    return _product(operator, "linear", batch, rows, source[-1], columns, copies)


def _matmul(operator: Operator, tensors: Tensors) -> Layer:
    """(batch, heads..., M, K) x (batch, heads..., K, N): ``heads`` products of M x K by K x N for each of the batch."""
    left, right = operand_shape(operator, 0, tensors), operand_shape(operator, 1, tensors)
    result = tensors[operator.outputs[0]]
    rows = left[-2] if len(left) > 1 else 1
    columns = right[-1] if len(right) > 1 else 1
    products = result.words // (rows * columns)
    batch = result.shape[0] if len(result.shape) > 2 else products
    return _product(operator, "matmul", batch, rows, left[-1], columns, products // batch)


_LOWERINGS: Mapping[str, Callable[[Operator, Tensors], Layer]] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "pool": _pool,
    "linear": _linear,
    "matmul": _matmul,
}
COMPUTE_KINDS = tuple(_LOWERINGS)
"""Kinds of operator that become layers."""


def lower(operator: Operator, tensors: Tensors) -> Layer:
    """Return the layer of an operator whose kind is one of ``COMPUTE_KINDS``.

    A dilated window keeps its true number of taps, so MACs and weights are right; ``Layer.spanned_height`` then counts
    the taps, not the wider stretch that they are spread over.

    Raises:
        WorkloadError: the operator has no layer (a kernel over frames as well as rows or columns, an attribute of the
            wrong form).
    """
    layer = _LOWERINGS[operator.kind](operator, tensors)
    if layer.kind == "conv" and (layer.in_channels % layer.groups or layer.out_channels % layer.groups):
        raise WorkloadError(
            f"operator {operator.name!r}: {layer.groups} groups don't divide {layer.in_channels} input and"
            f" {layer.out_channels} output channels"
        )
    return layer
