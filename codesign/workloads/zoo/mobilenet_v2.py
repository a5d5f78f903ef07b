"""MobileNetV2: inverted residuals with linear bottlenecks."""

from __future__ import annotations

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

STAGES = (
    # expansion, channels, repeats, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
STEM_CHANNELS = 32
LAST_CHANNELS = 1280
CLASSES = 1000


def make_divisible(channels: float, divisor: int = 8) -> int:
    """Round to the nearest multiple of ``divisor``, at least ``divisor``, and never down by more than a tenth.

    Source: the authors' code, tensorflow/models conv_blocks.py; torchvision ``_make_divisible`` is the same.
    """
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def mobilenet_v2(width: float, resolution: int, batch: int) -> Network:
    """Table 2 of the paper with the paddings of torchvision; a width below 1 leaves the last convolution as it is."""
    net = NetworkBuilder(f"mobilenetv2(width={width:g}, resolution={resolution}, batch={batch})")
    image = net.input("image", batch, 3, resolution, resolution)
    stem = make_divisible(STEM_CHANNELS * width)
    flow = net.conv(image, stem, 3, stride=2, padding=1, activation="relu6", name="conv1")
    block = 0
    for expansion, channels, repeats, first_stride in STAGES:
        for repeat in range(repeats):
            block += 1
            stride = first_stride if repeat == 0 else 1
            flow = _inverted_residual(net, flow, expansion, make_divisible(channels * width), stride, f"block{block}")
    last = make_divisible(LAST_CHANNELS * max(1.0, width))
    flow = net.conv(flow, last, 1, activation="relu6", name="conv2")
    flow = net.flatten(net.global_pool(flow))
    return net.build(net.linear(flow, CLASSES, name="fc"))


def _inverted_residual(net: NetworkBuilder, source: str, expansion: int, channels: int, stride: int, name: str) -> str:
    """1x1 up, 3x3 depthwise, 1x1 down without activation; the shortcut joins the narrow ends."""
    narrow = net.shape(source)[1]
    wide = narrow * expansion
    flow = source
    if expansion != 1:
        flow = net.conv(flow, wide, 1, activation="relu6", name=f"{name}.expand")
    flow = net.conv(flow, wide, 3, stride=stride, padding=1, groups=wide, activation="relu6", name=f"{name}.dw")
    flow = net.conv(flow, channels, 1, name=f"{name}.project")
    if stride == 1 and narrow == channels:
        flow = net.add(flow, source, name=f"{name}.add")
    return flow


NETWORKS = (
    ZooNetwork(
        "mobilenetv2",
        ("width", "resolution", "batch"),
        mobilenet_v2,
        "Sandler et al., MobileNetV2, arXiv:1801.04381, Table 2; torchvision.models.mobilenet_v2",
    ),
)
