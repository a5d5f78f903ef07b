"""Residual networks for ImageNet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

STAGE_CHANNELS = (64, 128, 256, 512)
CLASSES = 1000

Block = Callable[[NetworkBuilder, str, int, int, str], str]


def _basic_block(net: NetworkBuilder, source: str, channels: int, stride: int, name: str) -> str:
    """3x3, 3x3, and the shortcut; ``channels`` out."""
    flow = net.conv(source, channels, 3, stride=stride, padding=1, activation="relu", name=f"{name}.conv1")
    flow = net.conv(flow, channels, 3, padding=1, name=f"{name}.conv2")
    return _close(net, source, flow, stride, name)


def _bottleneck(net: NetworkBuilder, source: str, channels: int, stride: int, name: str) -> str:
    """1x1, 3x3 (which has the stride: version 1.5), 1x1, and the shortcut; ``4 * channels`` out."""
    flow = net.conv(source, channels, 1, activation="relu", name=f"{name}.conv1")
    flow = net.conv(flow, channels, 3, stride=stride, padding=1, activation="relu", name=f"{name}.conv2")
    flow = net.conv(flow, 4 * channels, 1, name=f"{name}.conv3")
    return _close(net, source, flow, stride, name)


def _close(net: NetworkBuilder, source: str, flow: str, stride: int, name: str) -> str:
    """Add the shortcut, projected by a 1x1 convolution where the shape changes."""
    if net.shape(source) != net.shape(flow):
        out_channels = net.shape(flow)[1]
        source = net.conv(source, out_channels, 1, stride=stride, padding=0, name=f"{name}.downsample")
    return net.elementwise("relu", net.add(flow, source, name=f"{name}.add"), name=f"{name}.relu")


def resnet(name: str, block: Block, repeats: tuple[int, ...], *, resolution: int, batch: int) -> Network:
    """Table 1 of the paper with the paddings of torchvision (kernel // 2 on every side)."""
    net = NetworkBuilder(f"{name}(resolution={resolution}, batch={batch})")
    image = net.input("image", batch, 3, resolution, resolution)
    flow = net.conv(image, 64, 7, stride=2, padding=3, activation="relu", name="conv1")
    flow = net.pool(flow, "max", 3, stride=2, padding=1, name="maxpool")
    for stage, (channels, count) in enumerate(zip(STAGE_CHANNELS, repeats, strict=True), start=1):
        for number in range(count):
            stride = 2 if stage > 1 and number == 0 else 1
            flow = block(net, flow, channels, stride, f"layer{stage}.{number}")
    flow = net.flatten(net.global_pool(flow, name="avgpool"))
    return net.build(net.linear(flow, CLASSES, name="fc"))


_SOURCE = "He et al., Deep Residual Learning, arXiv:1512.03385, Table 1; torchvision.models.resnet"

NETWORKS = (
    ZooNetwork("resnet18", ("resolution", "batch"), partial(resnet, "resnet18", _basic_block, (2, 2, 2, 2)), _SOURCE),
    ZooNetwork(
        "resnet50",
        ("resolution", "batch"),
        partial(resnet, "resnet50", _bottleneck, (3, 4, 6, 3)),
        _SOURCE + ', version 1.5 (stride in the 3x3 layer, after "ResNet v1.5", NVIDIA)',
    ),
)
