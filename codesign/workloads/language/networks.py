"""Networks as matrix products."""

from __future__ import annotations

import numpy as np

from codesign.errors import WorkloadError
from codesign.workloads.graph import Network
from codesign.workloads.language.products import Products
from codesign.workloads.layer import Layer


def network_products(network: Network) -> Products:
    """Return the products of a network's layers, of shape products x 1; layers of equal shape are one product.

    A convolution is, for each of its groups, batch * out_height * out_width rows of
    in_channels / groups * kernel_height * kernel_width words by out_channels / groups columns. Its ``left_words`` are
    those of the image, without padding. A ``matmul`` (kind ``activations``) is one product for each of the batch.
    Pooling is left out.

    Raises:
        WorkloadError: the network has no layer but pooling.
    """
    layers = network.unique_layers()
    if not layers:
        raise WorkloadError(f"network {network.name!r} has no convolution and no matrix product")
    rows, inner, columns, runs, left_words = np.array([_sizes(layer) for layer in layers], dtype=np.float64).T
    return Products(
        names=tuple(layer.name for layer in layers),
        kinds=tuple("activations" if layer.kind == "matmul" else "weights" for layer in layers),
        rows=rows[:, np.newaxis],
        inner=inner[:, np.newaxis],
        columns=columns[:, np.newaxis],
        runs=runs[:, np.newaxis],
        left_words=left_words[:, np.newaxis],
    )


def _sizes(layer: Layer) -> tuple[int, ...]:
    """Return rows, inner, columns, runs and left words."""
    batch, copies = (1, layer.batch) if layer.kind == "matmul" else (layer.batch, 1)
    channels = layer.in_channels // layer.groups
    return (
        batch * layer.out_height * layer.out_width,
        channels * layer.kernel_height * layer.kernel_width,
        layer.out_channels // layer.groups,
        layer.groups * layer.count * copies,
        batch * channels * layer.in_height * layer.in_width,
    )
