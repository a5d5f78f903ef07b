"""Networks found by architecture search, for ImageNet: NASNet-A, PNASNet-5, AmoebaNet-D and DARTS.

Each is a stack of cells. A cell reads the outputs of the two cells before it, brings both to its own number of
channels and size, adds pairs of operations on them and on each other's sums, and joins the sums that no pair reads. A
convolution is a relu, the convolution, and a batch norm folded into it; a separable one is relu, depthwise and
pointwise, twice.

The skeleton and the granularity of operators are those of script/nas.py of HMCOS (Wang et al., DAC 2022, github
wzh99/HMCOS), which generates graphs for operator scheduling: a stem of 32 channels, two reduction cells, and three
stacks of normal cells with a reduction cell between them. Its settings for ImageNet are 4 stacked cells and 11
(NASNet), 12.5 (AmoebaNet) or 12 (DARTS) channels, doubled by each reduction cell. It gives none for PNASNet, which is
the mobile model of its paper here: 3 cells in a stack, the first one with the stride, and 54 channels.

The cells are those of the papers and their authors' code. HMCOS differs in two: its NASNet has one 5x5 in place of a
7x7 in the reduction cell, and its AmoebaNet has the operations of AmoebaNet-A.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

STEM_CHANNELS = 32
CLASSES = 1000

Choice = tuple[str, int]
"""An operation and the state that it reads: 0 is the output of the cell before the last, 1 of the last, 2 the first
sum of the cell, and so on."""


@dataclass(frozen=True)
class Cell:
    """Pairs of operations whose results are added, and the states that are joined."""

    pairs: tuple[tuple[Choice, Choice], ...]
    joined: tuple[int, ...]


@dataclass(frozen=True)
class Stack:
    """A reduction cell (or none) of so many channels, and normal cells behind it."""

    channels: int
    normal: int
    reduction: bool = True


def _hmcos_stacks(channels: float, normal: int = 4) -> tuple[Stack, ...]:
    doubled = [int(channels * factor) for factor in (2, 4, 8, 16)]
    return (Stack(doubled[0], 0), *(Stack(each, normal) for each in doubled[1:]))


NASNET_A = (
    Cell(
        (
            (("sep5x5", 1), ("sep3x3", 0)),
            (("sep5x5", 0), ("sep3x3", 0)),
            (("avg3x3", 1), ("none", 0)),
            (("avg3x3", 0), ("avg3x3", 0)),
            (("sep3x3", 1), ("none", 1)),
        ),
        (0, 2, 3, 4, 5, 6),
    ),
    Cell(
        (
            (("sep5x5", 1), ("sep7x7", 0)),
            (("max3x3", 1), ("sep7x7", 0)),
            (("avg3x3", 1), ("sep5x5", 0)),
            (("none", 3), ("avg3x3", 2)),
            (("sep3x3", 2), ("max3x3", 1)),
        ),
        (3, 4, 5, 6),
    ),
)
PNASNET_5 = Cell(
    (
        (("sep5x5", 0), ("max3x3", 0)),
        (("sep7x7", 1), ("max3x3", 1)),
        (("sep5x5", 1), ("sep3x3", 1)),
        (("sep3x3", 4), ("max3x3", 1)),
        (("sep3x3", 0), ("none", 1)),
    ),
    (2, 3, 4, 5, 6),
)
PNASNET_5_STACKS = (Stack(13, 0), Stack(27, 0), Stack(54, 3, reduction=False), Stack(108, 2), Stack(216, 2))
AMOEBANET_D = (
    Cell(
        (
            (("1x1", 0), ("max3x3", 0)),
            (("none", 0), ("1x7_7x1", 1)),
            (("1x1", 1), ("1x7_7x1", 1)),
            (("max3x3", 2), ("none", 2)),
            (("avg3x3", 0), ("1x1", 5)),
        ),
        (1, 3, 4, 6),
    ),
    Cell(
        (
            (("max2x2", 1), ("max3x3", 1)),
            (("none", 2), ("3x3", 0)),
            (("1x7_7x1", 2), ("max3x3", 2)),
            (("none", 3), ("max2x2", 0)),
            (("avg3x3", 2), ("1x1", 3)),
        ),
        (4, 5, 6),
    ),
)
DARTS_V2 = (
    Cell(
        (
            (("sep3x3", 0), ("sep3x3", 1)),
            (("sep3x3", 0), ("sep3x3", 1)),
            (("sep3x3", 1), ("none", 0)),
            (("none", 0), ("dil3x3", 2)),
        ),
        (2, 3, 4, 5),
    ),
    Cell(
        (
            (("max3x3", 0), ("max3x3", 1)),
            (("none", 2), ("max3x3", 1)),
            (("max3x3", 0), ("none", 2)),
            (("none", 2), ("max3x3", 1)),
        ),
        (2, 3, 4, 5),
    ),
)


def nas_network(
    name: str,
    normal: Cell,
    reduction: Cell,
    stacks: tuple[Stack, ...],
    *,
    resolution: int,
    batch: int,
    reads_stem: bool = False,
) -> Network:
    """The skeleton of the module's docstring with the given cells.

    The first cell has only one cell's output before it, the stem, and takes it for both of its inputs: brought to its
    number of channels, or, for the one before the last, as it is (``reads_stem``, as in tensorflow/models).
    """
    net = NetworkBuilder(f"{name}(resolution={resolution}, batch={batch})")
    image = net.input("image", batch, 3, resolution, resolution)
    before, last = "", net.conv(image, STEM_CHANNELS, 3, stride=2, name="stem")
    number = 0
    for stack in stacks:
        for position in range(stack.normal + stack.reduction):
            reduce = stack.reduction and position == 0
            number += 1
            cell = reduction if reduce else normal
            output = _cell(net, cell, (before, last), stack.channels, 2 if reduce else 1, f"cell{number}", reads_stem)
            before, last = last, output
    flow = net.elementwise("relu", last, name="last.relu")
    flow = net.flatten(net.global_pool(flow, name="mean"))
    return net.build(net.linear(flow, CLASSES, name="fc"))


def _cell(
    net: NetworkBuilder,
    cell: Cell,
    sources: tuple[str, str],
    channels: int,
    stride: int,
    name: str,
    reads_stem: bool,
) -> str:
    before, last = sources
    current = _pointwise(net, last, channels, 1, f"{name}.last")
    first = last if reads_stem else current
    states = [_fitted(net, before, current, channels, f"{name}.before") if before else first, current]
    for number, pair in enumerate(cell.pairs, start=1):
        results = []
        for side, (operation, state) in zip(("left", "right"), pair, strict=True):
            step = stride if state < 2 else 1
            results.append(_operation(net, operation, states[state], channels, step, f"{name}.pair{number}.{side}"))
        states.append(net.add(results[0], results[1], name=f"{name}.pair{number}.add"))
    return net.concat([states[state] for state in cell.joined], name=f"{name}.concat")


def _fitted(net: NetworkBuilder, before: str, current: str, channels: int, name: str) -> str:
    """The output of the cell before the last, with the channels and the size of the last one's."""
    if net.shape(before)[2:] == net.shape(current)[2:]:
        return _pointwise(net, before, channels, 1, name)
    return _factorised_reduction(net, before, channels, name)


def _pointwise(net: NetworkBuilder, source: str, channels: int, stride: int, name: str) -> str:
    flow = net.elementwise("relu", source, name=f"{name}.relu")
    return net.conv(flow, channels, 1, stride=stride, name=name)


def _factorised_reduction(net: NetworkBuilder, source: str, channels: int, name: str) -> str:
    """Every second pixel, and every second of the image moved by a row and a column, each with half of the channels.

    The batch norm behind the concatenation can't be folded.
    """
    flow = net.elementwise("relu", source, name=f"{name}.relu")
    moved = net.pad(flow, (0, 0, 1, 1), name=f"{name}.pad")
    moved = net.operator("slice", [moved], net.shape(flow), {"starts": (0, 0, 1, 1)}, f"{name}.crop")
    halves = []
    for half, (path, width) in enumerate(((flow, channels // 2), (moved, channels - channels // 2)), start=1):
        pixels = net.pool(path, "average", 1, stride=2, name=f"{name}.pixels{half}")
        halves.append(net.conv(pixels, width, 1, norm=False, name=f"{name}.half{half}"))
    return net.norm("batch_norm", net.concat(halves, name=f"{name}.halves"), axis=1, name=f"{name}.norm")


def _operation(net: NetworkBuilder, operation: str, source: str, channels: int, stride: int, name: str) -> str:
    if operation == "none" and stride == 1:
        return source
    return _OPERATIONS[operation](net, source, channels, stride, name)


def _separable(net: NetworkBuilder, source: str, channels: int, stride: int, name: str, *, kernel: int) -> str:
    flow = _depthwise_pointwise(net, source, channels, stride, f"{name}.1", kernel=kernel)
    return _depthwise_pointwise(net, flow, channels, 1, f"{name}.2", kernel=kernel)


def _depthwise_pointwise(
    net: NetworkBuilder, source: str, channels: int, stride: int, name: str, *, kernel: int, dilation: int = 1
) -> str:
    flow = net.elementwise("relu", source, name=f"{name}.relu")
    groups = net.shape(flow)[1]
    flow = net.conv(
        flow, groups, kernel, stride=stride, dilation=dilation, groups=groups, norm=False, name=f"{name}.depthwise"
    )
    return net.conv(flow, channels, 1, name=f"{name}.pointwise")


def _pool(
    net: NetworkBuilder, source: str, channels: int, stride: int, name: str, *, function: str, kernel: int
) -> str:
    """A pool, and a 1x1 convolution where its input hasn't got the cell's channels."""
    flow = net.pool(source, function, kernel, stride=stride, padding="same", name=name)
    return flow if net.shape(flow)[1] == channels else net.conv(flow, channels, 1, name=f"{name}.channels")


def _narrowed(
    net: NetworkBuilder,
    source: str,
    channels: int,
    stride: int,
    name: str,
    *,
    kernels: tuple[tuple[int, int], ...],
) -> str:
    """1x1 to a quarter of the channels, the convolutions, 1x1 back; each behind a relu.

    An oblong kernel has the stride in its long direction only.
    """
    flow = _pointwise(net, source, channels // 4, 1, f"{name}.narrow")
    for number, (rows, columns) in enumerate(kernels, start=1):
        flow = net.elementwise("relu", flow, name=f"{name}.{number}.relu")
        step = (stride if rows > 1 else 1, stride if columns > 1 else 1)
        flow = net.conv(flow, channels // 4, (rows, columns), stride=step, name=f"{name}.{number}")
    return _pointwise(net, flow, channels, 1, f"{name}.wide")


_OPERATIONS: Mapping[str, Callable[[NetworkBuilder, str, int, int, str], str]] = {
    "none": _pointwise,
    "1x1": _pointwise,
    "3x3": partial(_narrowed, kernels=((3, 3),)),
    "1x7_7x1": partial(_narrowed, kernels=((1, 7), (7, 1))),
    "sep3x3": partial(_separable, kernel=3),
    "sep5x5": partial(_separable, kernel=5),
    "sep7x7": partial(_separable, kernel=7),
    "dil3x3": partial(_depthwise_pointwise, kernel=3, dilation=2),
    "avg3x3": partial(_pool, function="average", kernel=3),
    "max2x2": partial(_pool, function="max", kernel=2),
    "max3x3": partial(_pool, function="max", kernel=3),
}
"""What an operation stands for. ``none`` is the state itself where the size stays."""

_SKELETON = "skeleton of HMCOS script/nas.py (github wzh99/HMCOS)"

NETWORKS = (
    ZooNetwork(
        "nasnet-a",
        ("resolution", "batch"),
        partial(nas_network, "nasnet-a", *NASNET_A, _hmcos_stacks(11)),
        f"Zoph et al., Learning Transferable Architectures, arXiv:1707.07012, Figure 4; {_SKELETON}: 4 stacked, 11",
    ),
    ZooNetwork(
        "pnasnet-5",
        ("resolution", "batch"),
        partial(nas_network, "pnasnet-5", PNASNET_5, PNASNET_5, PNASNET_5_STACKS, reads_stem=True),
        "Liu et al., Progressive Neural Architecture Search, arXiv:1712.00559, mobile model (N = 3, F = 54);"
        f" tensorflow/models research/slim/nets/nasnet/pnasnet.py; operators as in the {_SKELETON}",
    ),
    ZooNetwork(
        "amoebanet-d",
        ("resolution", "batch"),
        partial(nas_network, "amoebanet-d", *AMOEBANET_D, _hmcos_stacks(12.5)),
        "Real et al., Regularized Evolution, arXiv:1802.01548; genotype and convolutions of amoeba_net_d in"
        f" tensorflow/tpu models/official/amoeba_net; {_SKELETON}: 4 stacked, 12.5",
    ),
    ZooNetwork(
        "darts",
        ("resolution", "batch"),
        partial(nas_network, "darts", *DARTS_V2, _hmcos_stacks(12)),
        f"Liu et al., DARTS, arXiv:1806.09055, genotype DARTS_V2; {_SKELETON}: 4 stacked, 12",
    ),
)
