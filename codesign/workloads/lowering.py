"""From an operator of the graph to the loop bounds that array models read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from codesign.errors import WorkloadError
from codesign.workloads.dataflow import Operator, Tensor
from codesign.workloads.layer import Layer

Tensors = Mapping[str, Tensor]


def _image(operator: Operator, tensor: Tensor) -> tuple[int, int, int, int]:
    """Return batch, channels, rows, columns; a sequence (batch x channels x length) has one column."""
    if len(tensor.shape) == 4:
        batch, channels, rows, columns = tensor.shape
        return batch, channels, rows, columns
    if len(tensor.shape) == 3:
        batch, channels, length = tensor.shape
        return batch, channels, length, 1
    raise WorkloadError(
        f"operator {operator.name!r} ({operator.kind}) works on {tensor.name!r} of shape {tensor.shape}; a layer has"
        " batch x channels x rows x columns, or batch x channels x length"
    )


def _pair(sizes: tuple[int, ...], missing: int) -> tuple[int, int]:
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (sizes[0], missing)


def _window_layer(operator: Operator, tensors: Tensors, kernel: tuple[int, ...], groups: int, pool: bool) -> Layer:
    source, result = tensors[operator.inputs[0]], tensors[operator.outputs[0]]
    batch, in_channels, in_height, in_width = _image(operator, source)
    _, out_channels, out_height, out_width = _image(operator, result)
    rank = len(source.shape) - 2
    kernel_height, kernel_width = _pair(kernel, 1)
    stride_height, stride_width = _pair(operator.sizes("strides", (1,) * rank), 1)
    padding = operator.sizes("padding", (0,) * (2 * rank))
    pad_height, pad_width = _pair(tuple(padding[i] + padding[i + rank] for i in range(rank)), 0)
    return Layer(
        name=operator.name,
        kind="pool" if pool else "conv",
        batch=batch,
        in_channels=in_channels,
        out_channels=out_channels,
        kernel_height=kernel_height,
        kernel_width=kernel_width,
        out_height=out_height,
        out_width=out_width,
        stride_height=stride_height,
        stride_width=stride_width,
        groups=groups,
        in_height=in_height,
        in_width=in_width,
        pad_height=pad_height,
        pad_width=pad_width,
        count=operator.whole("count", 1),
    )


def _conv(operator: Operator, tensors: Tensors) -> Layer:
    kernel = tensors[operator.inputs[1]].shape[2:]
    return _window_layer(operator, tensors, kernel, operator.whole("groups", 1), pool=False)


def _pool(operator: Operator, tensors: Tensors) -> Layer:
    source = tensors[operator.inputs[0]]
    kernel = operator.sizes("kernel", source.shape[2:])
    return _window_layer(operator, tensors, kernel, source.shape[1], pool=True)


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
    """(batch, rows..., K) x (K, N); a weight of more dimensions is one product for each of its leading entries."""
    source, result = tensors[operator.inputs[0]], tensors[operator.outputs[0]]
    weight = tensors[operator.inputs[1]].shape
    copies, columns = math.prod(weight[:-2]), weight[-1] if len(weight) > 1 else 1
    batch = source.shape[0] if len(source.shape) > 1 and source.shape[0] * copies * columns <= result.words else 1
    rows = result.words // (batch * columns * copies)
    return _product(operator, "linear", batch, rows, source.shape[-1], columns, copies)


def _matmul(operator: Operator, tensors: Tensors) -> Layer:
    """(batch, heads..., M, K) x (batch, heads..., K, N): ``heads`` products of M x K by K x N for each of the batch."""
    left, right = tensors[operator.inputs[0]].shape, tensors[operator.inputs[1]].shape
    result = tensors[operator.outputs[0]]
    rows = left[-2] if len(left) > 1 else 1
    columns = right[-1] if len(right) > 1 else 1
    products = result.words // (rows * columns)
    batch = result.shape[0] if len(result.shape) > 2 else products
    return _product(operator, "matmul", batch, rows, left[-1], columns, products // batch)


_LOWERINGS: Mapping[str, Callable[[Operator, Tensors], Layer]] = {
    "conv": _conv,
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
        WorkloadError: the operator has no layer (a convolution over three dimensions, an attribute of the wrong form).
    """
    layer = _LOWERINGS[operator.kind](operator, tensors)
    if layer.kind == "conv" and (layer.in_channels % layer.groups or layer.out_channels % layer.groups):
        raise WorkloadError(
            f"operator {operator.name!r}: {layer.groups} groups don't divide {layer.in_channels} input and"
            f" {layer.out_channels} output channels"
        )
    return layer
