"""Small layers, and the model on single layers."""

import numpy as np

from codesign.models.systolic.evaluation import map_layers, move_words
from codesign.models.systolic.networks import selected_layers
from codesign.workloads.layer import Layer


def conv(channels=4, filters=6, kernel=3, out=5, stride=1, groups=1, batch=1, count=1, kind="conv"):
    """A convolution without padding whose windows span the whole input."""
    side = (out - 1) * stride + kernel
    return Layer(
        name="layer",
        kind=kind,
        batch=batch,
        in_channels=channels,
        out_channels=filters,
        kernel_height=kernel,
        kernel_width=kernel,
        out_height=out,
        out_width=out,
        stride_height=stride,
        stride_width=stride,
        groups=groups,
        in_height=side,
        in_width=side,
        count=count,
    )


def table_of(*layers):
    return selected_layers(layers).table


def mapped(layer, dataflow, rows, columns, depthwise="per_channel", register_words=256):
    """The mapping of one layer on one array, or on arrays of the same length."""
    rows, columns = (np.atleast_1d(np.asarray(side, dtype=np.float64)) for side in (rows, columns))
    return map_layers(table_of(layer), dataflow, depthwise, rows, columns, np.full(rows.shape, float(register_words)))


def traffic_of(mapping, ifmap, filters=1e12, ofmap=1e12):
    """The traffic with memories that hold that many words."""
    return move_words(
        mapping.needs, tuple(np.atleast_1d(np.asarray(w, dtype=np.float64)) for w in (ifmap, filters, ofmap))
    )


def number(values):
    """The only entry of an array."""
    (value,) = np.ravel(values)
    return float(value)
