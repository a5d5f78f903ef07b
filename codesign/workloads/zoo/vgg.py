"""VGG: plain stacks of 3x3 convolutions."""

from __future__ import annotations

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

VGG16_STAGES = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
CLASSIFIER_SIDE = 7
CLASSES = 1000


def vgg16(resolution: int, batch: int) -> Network:
    """Configuration D of Table 1. At resolutions other than 224 the classifier's input is pooled to 7 x 7 as in
    torchvision (kind ``adaptive_pool``, whose windows differ in size and which is no layer)."""
    net = NetworkBuilder(f"vgg16(resolution={resolution}, batch={batch})")
    flow = net.input("image", batch, 3, resolution, resolution)
    for stage, (channels, convolutions) in enumerate(VGG16_STAGES, start=1):
        for number in range(1, convolutions + 1):
            flow = net.conv(flow, channels, 3, norm=False, bias=True, activation="relu", name=f"conv{stage}_{number}")
        flow = net.pool(flow, "max", 2, stride=2, name=f"pool{stage}")
    if net.shape(flow)[2] != CLASSIFIER_SIDE:
        shape = (*net.shape(flow)[:2], CLASSIFIER_SIDE, CLASSIFIER_SIDE)
        flow = net.operator("adaptive_pool", [flow], shape, {"function": "average"})
    flow = net.flatten(flow)
    flow = net.elementwise("relu", net.linear(flow, 4096, name="fc1"))
    flow = net.elementwise("relu", net.linear(flow, 4096, name="fc2"))
    return net.build(net.linear(flow, CLASSES, name="fc3"))


NETWORKS = (
    ZooNetwork(
        "vgg16",
        ("resolution", "batch"),
        vgg16,
        "Simonyan and Zisserman, Very Deep Convolutional Networks, arXiv:1409.1556, Table 1 D;"
        " torchvision.models.vgg16",
    ),
)
