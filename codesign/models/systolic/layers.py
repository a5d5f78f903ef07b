"""Loop bounds of a network's layers as arrays: what every term of the array model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from codesign.workloads.layer import Layer

FloatArray = npt.NDArray[np.float64]


def ceil_div(dividend: FloatArray, divisor: FloatArray) -> FloatArray:
    """Return ceil(dividend / divisor); exact for whole numbers below 2**53."""
    return np.ceil(dividend / divisor)


def _touched(out: int, kernel: int, stride: int, available: int) -> int:
    """Return how many of the ``available`` input rows (or columns) at least one window reads, padding left out."""
    return min(available, (out - 1) * stride + kernel if kernel >= stride else out * kernel)


@dataclass(frozen=True)
class LayerTable:
    """Layers as float64 arrays of shape ``layers x 1`` (one network) or ``layers x networks``; all whole numbers.

    An *instance* is what runs on the array by itself: one group of one repetition of a layer. A layer run has
    ``copies * groups`` of them, and the network runs the layer ``runs`` times.

    Attributes:
        runs: how often the network has a layer of this shape.
        copies: repetitions within one run (``Layer.count``; for ``matmul`` times the batch: each has its own operands).
        groups: of channels that don't mix.
        batch: images whose pixels share the weights.
        channels, filters: input and output channels of one group.
        output_channels: of one instance; equal to ``filters`` but for ``with_one_filter``.
        kernel_height, kernel_width, out_height, out_width, stride_height, stride_width: as in ``Layer``.
        touched_height, touched_width: input rows and columns that some window reads, without padding.
        depthwise, pool: 1 where the layer is.
        macs: multiply-accumulates of one run (for pooling: window operations).
        stored_weight_words, activation_words: words of one run; activations are inputs plus outputs.
    """

    runs: FloatArray
    copies: FloatArray
    groups: FloatArray
    batch: FloatArray
    channels: FloatArray
    filters: FloatArray
    output_channels: FloatArray
    kernel_height: FloatArray
    kernel_width: FloatArray
    out_height: FloatArray
    out_width: FloatArray
    stride_height: FloatArray
    stride_width: FloatArray
    touched_height: FloatArray
    touched_width: FloatArray
    depthwise: FloatArray
    pool: FloatArray
    macs: FloatArray
    stored_weight_words: FloatArray
    activation_words: FloatArray

    @classmethod
    def of(cls, layers: Sequence[Layer], runs: Sequence[int]) -> Self:
        """Return the table of a network's distinct layers, each with the number of times that the network has it."""
        rows = [_row(layer, run) for layer, run in zip(layers, runs, strict=True)]
        columns = np.array(rows, dtype=np.float64).reshape(len(rows), len(fields(cls)))
        return cls(*(column[:, np.newaxis].copy() for column in columns.T))

    @classmethod
    def stack(cls, tables: Sequence[LayerTable]) -> Self:
        """Return networks of equally many layers side by side: ``layers x networks``."""
        return cls(*(np.hstack([getattr(table, f.name) for table in tables]) for f in fields(cls)))

    def networks(self, numbers: npt.NDArray[np.int64]) -> LayerTable:
        """Return the columns of these networks, one for each entry, or a single column where all are equal."""
        if (numbers == numbers[0]).all():
            numbers = numbers[:1]
        return LayerTable(*(getattr(self, f.name)[:, numbers] for f in fields(self)))

    @property
    def layers(self) -> int:
        """Number of distinct layers."""
        return int(self.runs.shape[0])

    @property
    def instances(self) -> FloatArray:
        """Instances in one run."""
        return self.copies * self.groups

    @property
    def taps(self) -> FloatArray:
        """Positions of the filter: kernel_height * kernel_width."""
        return self.kernel_height * self.kernel_width

    @property
    def pixels(self) -> FloatArray:
        """Output positions of one instance: batch * out_height * out_width."""
        return self.batch * self.out_height * self.out_width

    @property
    def ifmap_words(self) -> FloatArray:
        """Distinct input words of one instance, padding left out."""
        return self.batch * self.channels * self.touched_height * self.touched_width

    @property
    def filter_words(self) -> FloatArray:
        """Words of the second operand of one instance: weights, for ``matmul`` activations, for pooling none."""
        return self.taps * self.channels * self.filters * (1.0 - self.pool)

    @property
    def ofmap_words(self) -> FloatArray:
        """Output words of one instance."""
        return self.output_channels * self.pixels

    def with_one_filter(self) -> LayerTable:
        """Return the table with depthwise layers as one filter over all channels (see ``stationary``).

        Inputs, weights and outputs keep their number of words.
        """
        depthwise = self.depthwise == 1.0
        return replace(
            self,
            channels=np.where(depthwise, self.groups * self.channels, self.channels),
            filters=np.where(depthwise, 1.0, self.filters),
            output_channels=np.where(depthwise, self.groups * self.output_channels, self.output_channels),
            groups=np.where(depthwise, 1.0, self.groups),
        )


def _row(layer: Layer, runs: int) -> tuple[int, ...]:
    per_batch = layer.kind == "matmul"
    return (
        runs,
        layer.count * (layer.batch if per_batch else 1),
        layer.groups,
        1 if per_batch else layer.batch,
        layer.in_channels // layer.groups,
        layer.out_channels // layer.groups,
        layer.out_channels // layer.groups,
        layer.kernel_height,
        layer.kernel_width,
        layer.out_height,
        layer.out_width,
        layer.stride_height,
        layer.stride_width,
        _touched(layer.out_height, layer.kernel_height, layer.stride_height, layer.in_height),
        _touched(layer.out_width, layer.kernel_width, layer.stride_width, layer.in_width),
        int(layer.depthwise and layer.kind != "pool"),
        int(layer.kind == "pool"),
        layer.macs,
        layer.weight_words * layer.count,
        (layer.input_words + layer.output_words) * layer.count,
    )
