"""Video classifiers whose kernels are split into one over rows and columns and one over frames."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

CLASSES = 400
"""Those of Kinetics-400."""
R2PLUS1D_STAGES = (64, 128, 256, 512)
R2PLUS1D_STEM = 45
INCEPTION = (
    # the 1x1 branch; the narrow and the wide end of the two separable branches; the pooled branch
    (64, 96, 128, 16, 32, 32),
    (128, 128, 192, 32, 96, 64),
    (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64),
    (128, 128, 256, 24, 64, 64),
    (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128),
    (256, 160, 320, 32, 128, 128),
    (384, 192, 384, 48, 128, 128),
)
INCEPTION_POOLS = {2: (3, 2, 1), 7: (2, 2, 0)}
"""Kernel, stride and padding of the pool in front of a block."""


def _separable(
    net: NetworkBuilder,
    source: str,
    inner: int,
    channels: int,
    kernel: int,
    name: str,
    *,
    strides: tuple[int, int] = (1, 1),
    activation: str | None = "relu",
) -> str:
    """1 x kernel x kernel, relu, kernel x 1 x 1; ``strides`` in rows and columns, and in frames."""
    space, time = strides
    side = kernel // 2
    flow = net.conv(
        source,
        inner,
        (1, kernel, kernel),
        stride=(1, space, space),
        padding=(0, side, side),
        activation="relu",
        name=f"{name}.space",
    )
    return net.conv(
        flow,
        channels,
        (kernel, 1, 1),
        stride=(time, 1, 1),
        padding=(side, 0, 0),
        activation=activation,
        name=f"{name}.time",
    )


def r2plus1d_18(frames: int, resolution: int, batch: int) -> Network:
    """R(2+1)D with 18 layers.

    The channels between the two parts of a split kernel are such that it has as many weights as a 3 x 3 x 3 kernel:
    27 * in * out // (9 * in + 3 * out), of the block's input and output.
    """
    net = NetworkBuilder(f"r2plus1d-18(frames={frames}, resolution={resolution}, batch={batch})")
    flow = net.input("video", batch, 3, frames, resolution, resolution)
    flow = net.conv(
        flow, R2PLUS1D_STEM, (1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), activation="relu", name="stem.space"
    )
    flow = net.conv(flow, R2PLUS1D_STAGES[0], (3, 1, 1), padding=(1, 0, 0), activation="relu", name="stem.time")
    for stage, channels in enumerate(R2PLUS1D_STAGES, start=1):
        for number in range(2):
            stride = 2 if stage > 1 and number == 0 else 1
            flow = _residual(net, flow, channels, stride, f"layer{stage}.{number}")
    flow = net.flatten(net.global_pool(flow, name="avgpool"))
    return net.build(net.linear(flow, CLASSES, name="fc"))


def _residual(net: NetworkBuilder, source: str, channels: int, stride: int, name: str) -> str:
    before = net.shape(source)[1]
    inner = 27 * before * channels // (9 * before + 3 * channels)
    flow = _separable(net, source, inner, channels, 3, f"{name}.conv1", strides=(stride, stride))
    flow = _separable(net, flow, inner, channels, 3, f"{name}.conv2", activation=None)
    if net.shape(source) != net.shape(flow):
        source = net.conv(source, channels, 1, stride=stride, padding=0, name=f"{name}.downsample")
    return net.elementwise("relu", net.add(flow, source, name=f"{name}.add"), name=f"{name}.relu")


def s3d(frames: int, resolution: int, batch: int) -> Network:
    """Separable 3D Inception: the mean over all remaining frames and pixels of a 1x1 convolution's classes."""
    net = NetworkBuilder(f"s3d(frames={frames}, resolution={resolution}, batch={batch})")
    flow = net.input("video", batch, 3, frames, resolution, resolution)
    flow = _separable(net, flow, 64, 64, 7, "conv1", strides=(2, 2))
    flow = net.pool(flow, "max", (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), name="pool1")
    flow = net.conv(flow, 64, 1, activation="relu", name="conv2")
    flow = _separable(net, flow, 192, 192, 3, "conv3")
    flow = net.pool(flow, "max", (1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1), name="pool2")
    for number, channels in enumerate(INCEPTION):
        if number in INCEPTION_POOLS:
            kernel, stride, padding = INCEPTION_POOLS[number]
            flow = net.pool(flow, "max", kernel, stride=stride, padding=padding, name=f"block{number + 1}.pool")
        flow = _inception(net, flow, channels, f"block{number + 1}")
    flow = net.pool(flow, "average", (2, 7, 7), stride=1, name="avgpool")
    flow = net.conv(flow, CLASSES, 1, norm=False, bias=True, name="classes")
    return net.build(net.operator("mean", [flow], net.shape(flow)[:2], name="mean"))


def _inception(net: NetworkBuilder, source: str, channels: Sequence[int], name: str) -> str:
    single, narrow1, wide1, narrow2, wide2, pooled = channels
    branches = [net.conv(source, single, 1, activation="relu", name=f"{name}.single")]
    for number, (narrow, wide) in enumerate(((narrow1, wide1), (narrow2, wide2)), start=1):
        branch = f"{name}.branch{number}"
        flow = net.conv(source, narrow, 1, activation="relu", name=f"{branch}.conv")
        branches.append(_separable(net, flow, wide, wide, 3, branch))
    flow = net.pool(source, "max", 3, stride=1, padding=1, name=f"{name}.maxpool")
    branches.append(net.conv(flow, pooled, 1, activation="relu", name=f"{name}.pooled"))
    return net.concat(branches, name=f"{name}.concat")


NETWORKS = (
    ZooNetwork(
        "r2plus1d-18",
        ("frames", "resolution", "batch"),
        r2plus1d_18,
        "Tran et al., A Closer Look at Spatiotemporal Convolutions, arXiv:1711.11248;"
        " torchvision.models.video.r2plus1d_18",
    ),
    ZooNetwork(
        "s3d",
        ("frames", "resolution", "batch"),
        s3d,
        "Xie et al., Rethinking Spatiotemporal Feature Learning, arXiv:1712.04851; torchvision.models.video.s3d",
    ),
)
