"""MobileNetV1: depthwise separable convolutions."""

from __future__ import annotations

from codesign.errors import WorkloadError
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

BLOCKS = (
    # stride of the depthwise layer, channels of the pointwise layer
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    *[(1, 512)] * 5,
    (2, 1024),
    (1, 1024),
)
STEM_CHANNELS = 32
LEAST_CHANNELS = 8
CLASSES = 1000


def scaled(channels: int, width: float) -> int:
    """max(int(channels * width), 8), as in the authors' code."""
    return max(int(channels * width), LEAST_CHANNELS)


def mobilenet_v1(width: float, resolution: int, group_channels: int, batch: int) -> Network:
    """Table 1 of the paper, with "same" padding as the authors' code has it.

    ``group_channels`` = G makes each depthwise layer of C channels a convolution of C/G groups of G channels, the
    group form of DRACO; G = 1 is the published network.

    Raises:
        WorkloadError: the channels of a depthwise layer aren't a multiple of ``group_channels``.
    """
    name = f"mobilenetv1(width={width:g}, resolution={resolution}, group_channels={group_channels}, batch={batch})"
    net = NetworkBuilder(name)
    image = net.input("image", batch, 3, resolution, resolution)
    channels = scaled(STEM_CHANNELS, width)
    flow = net.conv(image, channels, 3, stride=2, activation="relu6", name="conv1")
    for number, (stride, pointwise) in enumerate(BLOCKS, start=1):
        groups = _groups(channels, group_channels, f"dw{number}", width)
        flow = net.conv(flow, channels, 3, stride=stride, groups=groups, activation="relu6", name=f"dw{number}")
        channels = scaled(pointwise, width)
        flow = net.conv(flow, channels, 1, activation="relu6", name=f"pw{number}")
    flow = net.flatten(net.global_pool(flow))
    return net.build(net.linear(flow, CLASSES, name="fc"))


def _groups(channels: int, group_channels: int, layer: str, width: float) -> int:
    if channels % group_channels:
        raise WorkloadError(
            f"mobilenetv1: group_channels = {group_channels} doesn't divide the {channels} channels of {layer} at"
            f" width {width:g}; choose a divisor of {channels}"
        )
    return channels // group_channels


NETWORKS = (
    ZooNetwork(
        "mobilenetv1",
        ("width", "resolution", "group_channels", "batch"),
        mobilenet_v1,
        "Howard et al., MobileNets, arXiv:1704.04861, Table 1; rounding as in tensorflow/models mobilenet_v1.py;"
        " groups as in DRACO",
    ),
)
