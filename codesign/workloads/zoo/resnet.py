"""Residual networks for ImageNet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

STAGE_CHANNELS = (64, 128, 256, 512)
RESNET50_REPEATS = (3, 4, 6, 3)
CLASSES = 1000


@dataclass(frozen=True)
class Step:
    """How a block moves on: ``stride`` and ``dilation`` of its window."""

    stride: int = 1
    dilation: int = 1


Block = Callable[[NetworkBuilder, str, int, Step, str], str]


def _basic_block(net: NetworkBuilder, source: str, channels: int, step: Step, name: str) -> str:
    """3x3, 3x3, and the shortcut; ``channels`` out."""
    flow = net.conv(source, channels, 3, stride=step.stride, padding=1, activation="relu", name=f"{name}.conv1")
    flow = net.conv(flow, channels, 3, padding=1, name=f"{name}.conv2")
    return _close(net, source, flow, step.stride, name)


def _bottleneck(
    net: NetworkBuilder, source: str, channels: int, step: Step, name: str, *, group_width: int = 64, groups: int = 1
) -> str:
    """1x1, 3x3 (which has the stride: version 1.5), 1x1, and the shortcut; ``4 * channels`` out.

    The inner width is channels * group_width / 64 * groups.
    """
    inner = channels * group_width // 64 * groups
    flow = net.conv(source, inner, 1, activation="relu", name=f"{name}.conv1")
    flow = net.conv(
        flow,
        inner,
        3,
        stride=step.stride,
        padding=step.dilation,
        dilation=step.dilation,
        groups=groups,
        activation="relu",
        name=f"{name}.conv2",
    )
    flow = net.conv(flow, 4 * channels, 1, name=f"{name}.conv3")
    return _close(net, source, flow, step.stride, name)


def _close(net: NetworkBuilder, source: str, flow: str, stride: int, name: str) -> str:
    """Add the shortcut, projected by a 1x1 convolution where the shape changes."""
    if net.shape(source) != net.shape(flow):
        out_channels = net.shape(flow)[1]
        source = net.conv(source, out_channels, 1, stride=stride, padding=0, name=f"{name}.downsample")
    return net.elementwise("relu", net.add(flow, source, name=f"{name}.add"), name=f"{name}.relu")


def _features(
    net: NetworkBuilder, image: str, block: Block, repeats: tuple[int, ...], dilations: tuple[int, ...]
) -> str:
    """Everything in front of the classifier; ``dilations`` are those of the second and further blocks of each stage.

    A stage that is dilated more than the one before keeps the size of the image; its first block still has the
    dilation of the stage before (torchvision's ``replace_stride_with_dilation``).
    """
    flow = net.conv(image, 64, 7, stride=2, padding=3, activation="relu", name="conv1")
    flow = net.pool(flow, "max", 3, stride=2, padding=1, name="maxpool")
    before = 1
    for stage, (channels, count) in enumerate(zip(STAGE_CHANNELS, repeats, strict=True), start=1):
        dilation = dilations[stage - 1]
        for number in range(count):
            first = number == 0
            stride = 2 if first and stage > 1 and dilation == before else 1
            step = Step(stride, before if first else dilation)
            flow = block(net, flow, channels, step, f"layer{stage}.{number}")
        before = dilation
    return flow


def resnet(name: str, block: Block, repeats: tuple[int, ...], *, resolution: int, batch: int) -> Network:
    """Table 1 of the paper with the paddings of torchvision (kernel // 2 on every side)."""
    net = NetworkBuilder(f"{name}(resolution={resolution}, batch={batch})")
    image = net.input("image", batch, 3, resolution, resolution)
    flow = _features(net, image, block, repeats, (1, 1, 1, 1))
    flow = net.flatten(net.global_pool(flow, name="avgpool"))
    return net.build(net.linear(flow, CLASSES, name="fc"))


def dilated_resnet50(net: NetworkBuilder, image: str) -> str:
    """Return the features of ResNet-50 at an eighth of the image's size: the last two stages are dilated by 2 and 4."""
    return _features(net, image, _bottleneck, RESNET50_REPEATS, (1, 1, 2, 4))


_SOURCE = "He et al., Deep Residual Learning, arXiv:1512.03385, Table 1; torchvision.models.resnet"
_RESNEXT_BLOCK = partial(_bottleneck, group_width=4, groups=32)

NETWORKS = (
    ZooNetwork("resnet18", ("resolution", "batch"), partial(resnet, "resnet18", _basic_block, (2, 2, 2, 2)), _SOURCE),
    ZooNetwork(
        "resnet50",
        ("resolution", "batch"),
        partial(resnet, "resnet50", _bottleneck, RESNET50_REPEATS),
        _SOURCE + ', version 1.5 (stride in the 3x3 layer, after "ResNet v1.5", NVIDIA)',
    ),
    ZooNetwork(
        "resnext50",
        ("resolution", "batch"),
        partial(resnet, "resnext50", _RESNEXT_BLOCK, RESNET50_REPEATS),
        "Xie et al., Aggregated Residual Transformations, arXiv:1611.05431, Table 1 (32x4d);"
        " torchvision.models.resnext50_32x4d",
    ),
)
