"""One compute layer as seven loop bounds: what every array, FPGA and ASIC model of this project reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LayerKind = Literal["conv", "linear", "matmul", "pool"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution, a matrix multiplication or a pooling, as loop bounds.

    MACs = batch * groups * (in_channels/groups) * (out_channels/groups) * kernel_height * kernel_width
           * out_height * out_width * count.

    A matrix product of M x K by K x N is a 1x1 convolution with ``out_height = M, out_width = 1``,
    ``in_channels = K, out_channels = N``. ``linear``: the second operand is stored weights. ``matmul``: both operands
    are activations (attention scores and values). ``pool``: no weights; ``in_channels == out_channels == groups``.

    Attributes:
        name: the operator's name in the network.
        kind: see above.
        batch: images or sequences.
        in_channels: over all groups.
        out_channels: over all groups.
        kernel_height, kernel_width: rows and columns of the filter.
        out_height, out_width: rows and columns of the output.
        stride_height, stride_width: steps of the window in input rows and columns.
        groups: 1 is dense, ``in_channels`` is depthwise.
        in_height, in_width: rows and columns of the input *without* padding.
        pad_height, pad_width: rows and columns of padding, both sides added up.
        count: how often this very layer (same shape) is run, e.g. one matmul for each attention head.
    """

    name: str
    kind: LayerKind
    batch: int
    in_channels: int
    out_channels: int
    kernel_height: int
    kernel_width: int
    out_height: int
    out_width: int
    stride_height: int
    stride_width: int
    groups: int
    in_height: int
    in_width: int
    pad_height: int = 0
    pad_width: int = 0
    count: int = 1

    @property
    def depthwise(self) -> bool:
        """Whether it is a convolution in which each channel has a filter of its own; a pool has no filters."""
        return self.kind == "conv" and self.groups > 1 and self.groups == self.in_channels == self.out_channels

    @property
    def macs(self) -> int:
        """Multiply-accumulates over all ``count`` runs. Pooling counts its window operations, as simulators do."""
        window = self.kernel_height * self.kernel_width * (self.in_channels // self.groups)
        return self.batch * window * self.out_channels * self.out_height * self.out_width * self.count

    @property
    def weight_words(self) -> int:
        """Stored weights of one run, without bias: zero for ``matmul`` and ``pool``."""
        if self.kind in ("matmul", "pool"):
            return 0
        return self.kernel_height * self.kernel_width * (self.in_channels // self.groups) * self.out_channels

    @property
    def input_words(self) -> int:
        """Input activations of one run without padding: for ``matmul`` both operands."""
        words = self.batch * self.in_channels * self.in_height * self.in_width
        if self.kind == "matmul":
            words += self.batch * self.in_channels * self.out_channels // self.groups
        return words

    @property
    def output_words(self) -> int:
        """Output activations of one run."""
        return self.batch * self.out_channels * self.out_height * self.out_width

    @property
    def spanned_height(self) -> int:
        """Input rows that the windows span, padding included: (out_height - 1) * stride + kernel."""
        return (self.out_height - 1) * self.stride_height + self.kernel_height

    @property
    def spanned_width(self) -> int:
        """Input columns that the windows span, padding included: (out_width - 1) * stride + kernel."""
        return (self.out_width - 1) * self.stride_width + self.kernel_width
