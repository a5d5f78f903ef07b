"""DenseNet: each layer reads the outputs of all earlier ones of its block."""

from __future__ import annotations

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

DENSENET121_BLOCKS = (6, 12, 24, 16)
STEM_CHANNELS = 64
GROWTH = 32
BOTTLENECK = 4
CLASSES = 1000


def densenet121(resolution: int, batch: int) -> Network:
    """Table 1 of the paper, growth 32, 1x1 bottlenecks of 4 * 32 channels, transitions that halve the channels.

    A batch norm in front of a convolution reads a concatenation and can't be folded, so it stays an operator of its
    own; the ones behind the first and the bottleneck convolutions are folded.
    """
    net = NetworkBuilder(f"densenet121(resolution={resolution}, batch={batch})")
    image = net.input("image", batch, 3, resolution, resolution)
    flow = net.conv(image, STEM_CHANNELS, 7, stride=2, padding=3, activation="relu", name="conv0")
    flow = net.pool(flow, "max", 3, stride=2, padding=1, name="pool0")
    for block, layers in enumerate(DENSENET121_BLOCKS, start=1):
        flow = _dense_block(net, flow, layers, f"block{block}")
        if block < len(DENSENET121_BLOCKS):
            flow = _normalised(net, flow, f"transition{block}")
            flow = net.conv(flow, net.shape(flow)[1] // 2, 1, norm=False, name=f"transition{block}.conv")
            flow = net.pool(flow, "average", 2, stride=2, name=f"transition{block}.pool")
    flow = _normalised(net, flow, "last")
    flow = net.flatten(net.global_pool(flow))
    return net.build(net.linear(flow, CLASSES, name="fc"))


def _normalised(net: NetworkBuilder, source: str, name: str) -> str:
    return net.elementwise("relu", net.norm("batch_norm", source, axis=1, name=f"{name}.norm"), name=f"{name}.relu")


def _dense_block(net: NetworkBuilder, source: str, layers: int, name: str) -> str:
    features = [source]
    for number in range(1, layers + 1):
        layer = f"{name}.layer{number}"
        joined = source if number == 1 else net.concat(features, name=f"{layer}.concat")
        flow = _normalised(net, joined, layer)
        flow = net.conv(flow, BOTTLENECK * GROWTH, 1, activation="relu", name=f"{layer}.conv1")
        features.append(net.conv(flow, GROWTH, 3, padding=1, norm=False, name=f"{layer}.conv2"))
    return net.concat(features, name=f"{name}.concat")


NETWORKS = (
    ZooNetwork(
        "densenet121",
        ("resolution", "batch"),
        densenet121,
        "Huang et al., Densely Connected Convolutional Networks, arXiv:1608.06993, Table 1;"
        " torchvision.models.densenet121",
    ),
)
