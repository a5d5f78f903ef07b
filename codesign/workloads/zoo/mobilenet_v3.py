"""MobileNetV3: inverted residuals, some with squeeze-and-excitation, and hard-swish."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork
from codesign.workloads.zoo.mobilenet_v2 import make_divisible


@dataclass(frozen=True)
class _Bottleneck:
    """A row of Table 1: taps, expanded and output channels, squeeze-and-excitation, activation, stride."""

    kernel: int
    expanded: int
    channels: int
    squeeze: bool
    activation: str
    stride: int


LARGE = (
    _Bottleneck(3, 16, 16, False, "relu", 1),
    _Bottleneck(3, 64, 24, False, "relu", 2),
    _Bottleneck(3, 72, 24, False, "relu", 1),
    _Bottleneck(5, 72, 40, True, "relu", 2),
    _Bottleneck(5, 120, 40, True, "relu", 1),
    _Bottleneck(5, 120, 40, True, "relu", 1),
    _Bottleneck(3, 240, 80, False, "hard_swish", 2),
    _Bottleneck(3, 200, 80, False, "hard_swish", 1),
    _Bottleneck(3, 184, 80, False, "hard_swish", 1),
    _Bottleneck(3, 184, 80, False, "hard_swish", 1),
    _Bottleneck(3, 480, 112, True, "hard_swish", 1),
    _Bottleneck(3, 672, 112, True, "hard_swish", 1),
    _Bottleneck(5, 672, 160, True, "hard_swish", 2),
    _Bottleneck(5, 960, 160, True, "hard_swish", 1),
    _Bottleneck(5, 960, 160, True, "hard_swish", 1),
)
STEM_CHANNELS = 16
LAST_CHANNELS = 960
HIDDEN = 1280
CLASSES = 1000
LOW_LEVEL_BLOCK = 4
"""The block whose output, an eighth of the image's size, segmentation reads."""
DILATED_FROM = 13
"""The first of the blocks that are dilated for segmentation."""


def mobilenet_v3_features(net: NetworkBuilder, image: str, dilation: int) -> tuple[str, str]:
    """Return the outputs of block ``LOW_LEVEL_BLOCK`` and of the last convolution.

    With a dilation above 1 the last three blocks have it in place of the last stride.
    """
    flow = net.conv(image, STEM_CHANNELS, 3, stride=2, padding=1, activation="hard_swish", name="conv1")
    low = flow
    for number, row in enumerate(LARGE, start=1):
        flow = _block(net, flow, row, dilation if number >= DILATED_FROM else 1, f"block{number}")
        if number == LOW_LEVEL_BLOCK:
            low = flow
    return low, net.conv(flow, LAST_CHANNELS, 1, activation="hard_swish", name="conv2")


def _block(net: NetworkBuilder, source: str, row: _Bottleneck, dilation: int, name: str) -> str:
    narrow, flow = net.shape(source)[1], source
    if row.expanded != narrow:
        flow = net.conv(flow, row.expanded, 1, activation=row.activation, name=f"{name}.expand")
    flow = net.conv(
        flow,
        row.expanded,
        row.kernel,
        stride=1 if dilation > 1 else row.stride,
        padding=(row.kernel - 1) // 2 * dilation,
        dilation=dilation,
        groups=row.expanded,
        activation=row.activation,
        name=f"{name}.dw",
    )
    if row.squeeze:
        flow = _squeeze_and_excite(net, flow, f"{name}.se")
    flow = net.conv(flow, row.channels, 1, name=f"{name}.project")
    if row.stride == 1 and narrow == row.channels:
        flow = net.add(flow, source, name=f"{name}.add")
    return flow


def _squeeze_and_excite(net: NetworkBuilder, source: str, name: str) -> str:
    """Mean of each channel, 1x1 down, relu, 1x1 up, hard sigmoid: a factor for each channel."""
    channels = net.shape(source)[1]
    flow = net.global_pool(source, name=f"{name}.mean")
    flow = net.conv(
        flow, make_divisible(channels // 4), 1, norm=False, bias=True, activation="relu", name=f"{name}.fc1"
    )
    flow = net.conv(flow, channels, 1, norm=False, bias=True, activation="hard_sigmoid", name=f"{name}.fc2")
    return net.elementwise("multiply", source, flow, name=f"{name}.scale")


def mobilenet_v3_large(resolution: int, batch: int) -> Network:
    """Table 1 of the paper with the paddings of torchvision."""
    net = NetworkBuilder(f"mobilenetv3-large(resolution={resolution}, batch={batch})")
    image = net.input("image", batch, 3, resolution, resolution)
    _, flow = mobilenet_v3_features(net, image, 1)
    flow = net.linear(net.flatten(net.global_pool(flow)), HIDDEN, name="fc1")
    return net.build(net.linear(net.elementwise("hard_swish", flow), CLASSES, name="fc2"))


NETWORKS = (
    ZooNetwork(
        "mobilenetv3-large",
        ("resolution", "batch"),
        mobilenet_v3_large,
        "Howard et al., Searching for MobileNetV3, arXiv:1905.02244, Table 1; torchvision.models.mobilenet_v3_large",
    ),
)
