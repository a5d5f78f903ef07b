"""Computes small networks in numpy, operator by operator, whole or in stripes: what tests compare tiling with."""

import math

import numpy as np

from codesign.workloads.operands import ROW_AXES, operands


def random_values(network, seed=0):
    """Inputs and weights by name."""
    random = np.random.default_rng(seed)
    stored = (*network.inputs, *network.with_role("weight"))
    return {t.name: random.integers(0, 7, t.shape) if t.bits == 32 else random.standard_normal(t.shape) for t in stored}


def computed(network, values, whole=None):
    """All tensors by name. Stripes of an input are taken from the whole input in ``values``; ``whole`` is the network
    before it was cut into stripes, whose shapes a reshape needs."""
    known = dict(values)
    for tensor in network.inputs:
        if tensor.name not in known:
            known |= _stripes(network, tensor.name.rsplit(".stripe", 1)[0], values)
    for operator in network.operators:
        shape = network.tensor(operator.outputs[0]).shape
        inputs = [_operand(operator, i, known) for i in range(len(operands(operator)))]
        if operator.kind == "reshape":
            results = [inputs[0].reshape((whole or network).tensor(operator.outputs[0].rsplit(".stripe", 1)[0]).shape)]
        elif operator.kind == "resize":
            results = [_resize(operator, inputs[0], shape[2])]
        elif inputs[0] is None and operator.kind == "pad":
            results = [np.zeros(shape)]
        else:
            results = _KINDS[operator.kind](operator, inputs)
        for name, result in zip(operator.outputs, results if isinstance(results, list) else [results], strict=True):
            known[name] = _kept(operator, result, shape)
            assert known[name].shape == network.tensor(name).shape, (operator, known[name].shape)
    return known


def joined(network, name, known):
    """A tensor of the whole network, put together from its stripes where it was cut."""
    if name in known:
        return known[name]
    parts = [t.name for t in network.tensors if t.name.rsplit(".stripe", 1)[0] == name]
    return np.concatenate([known[part] for part in parts], axis=known[parts[0]].ndim - 2)


def _stripes(network, name, values):
    found, row = {}, 0
    for tensor in network.tensors:
        if tensor.name.rsplit(".stripe", 1)[0] == name:
            rows = tensor.shape[ROW_AXES[len(tensor.shape)]]
            found[tensor.name] = np.take(values[name], range(row, row + rows), axis=len(tensor.shape) - 2)
            row += rows
    return found


def _operand(operator, position, known):
    """The rows needed of an input: its parts put together, cut at the rows that the attributes name."""
    group = [known[name] for name in operands(operator)[position]]
    if operator.attribute("parts") is None or not group:
        return group[0] if group else None
    value = group[0] if len(group) == 1 else np.concatenate(group, axis=group[0].ndim - 2)
    needed = operator.attribute("needed_rows")[position]
    if needed == 0:
        return value
    start = operator.attribute("needed_first_row")[position] - operator.attribute("parts_first_row")[position]
    assert 0 <= start <= start + needed <= value.shape[-2], operator
    return np.take(value, range(start, start + needed), axis=value.ndim - 2)


def _kept(operator, result, shape):
    """The operator's rows of a result that was computed from all rows."""
    if operator.attribute("parts") is None or result.ndim < 2 or result.shape[-2] == shape[-2]:
        return result
    first = operator.attribute("first_row")
    return np.take(result, range(first, first + shape[-2]), axis=result.ndim - 2)


def _padded(image, sides, value):
    top, left, bottom, right = sides
    return np.pad(image, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def _windows(image, kernel, strides, dilations):
    """batch x channels x rows x columns x kernel rows x kernel columns."""
    spans = [dilation * (size - 1) + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    views = np.lib.stride_tricks.sliding_window_view(image, spans, axis=(2, 3))
    return views[:, :, :: strides[0], :: strides[1], :: dilations[0], :: dilations[1]]


def _conv(operator, inputs):
    image, weight, *bias = inputs
    groups = operator.whole("groups", 1)
    image = _padded(image, operator.sizes("padding", (0,) * 4), 0)
    strides, dilations = operator.sizes("strides", (1, 1)), operator.sizes("dilations", (1, 1))
    views = _windows(image, weight.shape[2:], strides, dilations)
    parts = zip(np.split(views, groups, axis=1), np.split(weight, groups), strict=True)
    result = np.concatenate([np.einsum("bcrskl,ockl->bors", view, part) for view, part in parts], axis=1)
    return result + bias[0][:, None, None] if bias else result


def _conv_transpose(operator, inputs):
    image, weight, *bias = inputs
    (rows, columns), kernel = image.shape[2:], weight.shape[2:]
    stride, (top, left, bottom, right) = operator.sizes("strides", (1, 1)), operator.sizes("padding", (0,) * 4)
    size = [(n - 1) * s + k for n, s, k in zip((rows, columns), stride, kernel, strict=True)]
    result = np.zeros((image.shape[0], weight.shape[1], *size))
    for row in range(rows):
        for column in range(columns):
            patch = np.einsum("bc,cokl->bokl", image[:, :, row, column], weight)
            r, c = row * stride[0], column * stride[1]
            result[:, :, r : r + kernel[0], c : c + kernel[1]] += patch
    result = result[:, :, top : size[0] - bottom, left : size[1] - right]
    return result + bias[0][:, None, None] if bias else result


def _pool(operator, inputs):
    (image,) = inputs
    kernel = operator.sizes("kernel", image.shape[2:])
    largest = operator.attribute("function") == "max"
    image = _padded(image, operator.sizes("padding", (0,) * 4), -math.inf if largest else 0)
    views = _windows(image, kernel, operator.sizes("strides", (1, 1)), (1, 1))
    return views.max(axis=(4, 5)) if largest else views.mean(axis=(4, 5))


def _pad(operator, inputs):
    return _padded(inputs[0], operator.sizes("padding", (0,) * 4), 0)


def _resize(operator, image, rows):
    """Bilinear. The image may begin at a row other than the first, and ``rows`` rows from ``first_row`` on are made."""
    source, size = operator.sizes("source", (1, 1)), operator.sizes("size", (1, 1))
    first = operator.whole("first_row", 0)
    offset = operator.attribute("needed_first_row", (0,))[0]
    wanted = (np.arange(first, first + rows), np.arange(size[1]))
    result = image
    for axis, (before, after) in enumerate(zip(source, size, strict=True)):
        places = (wanted[axis] + 0.5) * before / after - 0.5
        low = np.floor(places).astype(int)
        share = (places - low).reshape([-1 if i == axis + 2 else 1 for i in range(4)])
        start = offset if axis == 0 else 0
        below, above = (np.clip(row, 0, before - 1) - start for row in (low, low + 1))
        assert min(below) >= 0
        result = np.take(result, below, axis + 2) * (1 - share) + np.take(result, above, axis + 2) * share
    return result


def _softmax(operator, inputs):
    axis = operator.whole("axis", -1)
    powers = np.exp(inputs[0] - inputs[0].max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _layer_norm(_, inputs):
    value, scale, shift = inputs
    middle, spread = value.mean(axis=-1, keepdims=True), value.std(axis=-1, keepdims=True)
    return (value - middle) / (spread + 1e-3) * scale + shift


def _linear(operator, inputs):
    source, weight, *bias = inputs
    return source @ (weight.T if operator.attribute("transposed", False) else weight) + (bias[0] if bias else 0)


def _concat(operator, inputs):
    return np.concatenate([value for value in inputs if value is not None], axis=operator.whole("axis", 1))


def _slice(operator, inputs):
    """From ``starts`` as far as the result needs; here everything up to the end, one less in rows and columns."""
    starts = operator.attribute("starts")
    return inputs[0][tuple(slice(start, None) for start in starts)]


_KINDS = {
    "add": lambda _, inputs: inputs[0] + inputs[1],
    "multiply": lambda _, inputs: inputs[0] * inputs[1],
    "relu": lambda _, inputs: np.maximum(inputs[0], 0),
    "sigmoid": lambda _, inputs: 1 / (1 + np.exp(-inputs[0])),
    "tanh": lambda _, inputs: np.tanh(inputs[0]),
    "batch_norm": lambda _, inputs: inputs[0] * inputs[1][:, None, None] + inputs[2][:, None, None],
    "concat": _concat,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "embedding": lambda _, inputs: inputs[1][inputs[0]],
    "layer_norm": _layer_norm,
    "linear": _linear,
    "matmul": lambda _, inputs: inputs[0] @ inputs[1],
    "mean": lambda _, inputs: inputs[0].mean(axis=(2, 3)),
    "pad": _pad,
    "pool": _pool,
    "slice": _slice,
    "softmax": _softmax,
    "split": lambda operator, inputs: np.split(inputs[0], len(operator.outputs), axis=operator.whole("axis", -1)),
    "transpose": lambda operator, inputs: inputs[0].transpose(operator.attribute("order")),
}
