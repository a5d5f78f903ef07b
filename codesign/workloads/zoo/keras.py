"""Networks of keras.applications with exactly the operators of their TensorFlow Lite files.

Such a file has zero padding as operators of their own, activations inside the operators before them, and a batch norm
that can't be folded into a convolution as a multiplication and an addition. The image is written batch x channels x
rows x columns here; sizes don't depend on that.
"""

from __future__ import annotations

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.fusion import fuse_activations
from codesign.workloads.graph import Network
from codesign.workloads.zoo.densenet import BOTTLENECK, CLASSES, DENSENET121_BLOCKS, GROWTH, STEM_CHANNELS
from codesign.workloads.zoo.entry import ZooNetwork
from codesign.workloads.zoo.resnet import RESNET50_REPEATS, STAGE_CHANNELS


def densenet121_keras(resolution: int, batch: int) -> Network:
    """DenseNet-121: each layer of a block joins its result to what was there, two tensors at a time."""
    net = NetworkBuilder(f"densenet121-keras(resolution={resolution}, batch={batch})")
    flow = _stem(net, net.input("image", batch, 3, resolution, resolution))
    for block, layers in enumerate(DENSENET121_BLOCKS, start=1):
        for number in range(1, layers + 1):
            flow = _dense_layer(net, flow, f"block{block}.layer{number}")
        if block < len(DENSENET121_BLOCKS):
            flow = _normalised(net, flow, f"transition{block}")
            flow = net.conv(flow, net.shape(flow)[1] // 2, 1, norm=False, name=f"transition{block}.conv")
            flow = net.pool(flow, "average", 2, stride=2, name=f"transition{block}.pool")
    return _classified(net, _normalised(net, flow, "last"))


def _stem(net: NetworkBuilder, image: str) -> str:
    """Padding, 7x7, padding, pool: half the size twice."""
    flow = net.pad(image, 3, name="conv0.pad")
    flow = net.conv(flow, STEM_CHANNELS, 7, stride=2, padding=0, activation="relu", name="conv0")
    return net.pool(net.pad(flow, 1, name="pool0.pad"), "max", 3, stride=2, name="pool0")


def _normalised(net: NetworkBuilder, source: str, name: str) -> str:
    """A batch norm as two operators, the second with a relu."""
    channels = net.shape(source)[1]
    scaled = net.elementwise(
        "multiply", source, net.weight(f"{name}.scale", channels, 1, 1), name=f"{name}.norm.multiply"
    )
    shifted = net.add(scaled, net.weight(f"{name}.shift", channels, 1, 1), name=f"{name}.norm.add")
    return net.elementwise("relu", shifted, name=f"{name}.relu")


def _dense_layer(net: NetworkBuilder, source: str, name: str) -> str:
    flow = _normalised(net, source, name)
    flow = net.conv(flow, BOTTLENECK * GROWTH, 1, activation="relu", name=f"{name}.conv1")
    flow = net.conv(flow, GROWTH, 3, padding=1, norm=False, name=f"{name}.conv2")
    return net.concat([source, flow], name=f"{name}.concat")


def _classified(net: NetworkBuilder, source: str) -> Network:
    """Mean of each channel, classifier, probabilities; then the activations go into the operators before them."""
    flow = net.operator("mean", [source], net.shape(source)[:2], name="mean")
    flow = net.linear(flow, CLASSES, name="fc")
    return fuse_activations(net.build(net.operator("softmax", [flow], net.shape(flow), {"axis": -1}, "softmax")))


def resnet50_keras(resolution: int, batch: int) -> Network:
    """ResNet-50 of the first version: the stride of a block is in its first 1x1 convolution and in the shortcut."""
    net = NetworkBuilder(f"resnet50-keras(resolution={resolution}, batch={batch})")
    flow = _stem(net, net.input("image", batch, 3, resolution, resolution))
    for stage, (channels, repeats) in enumerate(zip(STAGE_CHANNELS, RESNET50_REPEATS, strict=True), start=1):
        for number in range(repeats):
            stride = 2 if stage > 1 and number == 0 else 1
            flow = _bottleneck(net, flow, channels, stride, f"layer{stage}.{number}", project=number == 0)
    return _classified(net, flow)


def _bottleneck(net: NetworkBuilder, source: str, channels: int, stride: int, name: str, *, project: bool) -> str:
    """The shortcut's projection runs first, as the file has it."""
    shortcut = source
    if project:
        shortcut = net.conv(source, 4 * channels, 1, stride=stride, padding=0, name=f"{name}.shortcut")
    flow = net.conv(source, channels, 1, stride=stride, padding=0, activation="relu", name=f"{name}.conv1")
    flow = net.conv(flow, channels, 3, padding=1, activation="relu", name=f"{name}.conv2")
    flow = net.conv(flow, 4 * channels, 1, name=f"{name}.conv3")
    return net.elementwise("relu", net.add(shortcut, flow, name=f"{name}.add"), name=f"{name}.relu")


NETWORKS = (
    ZooNetwork(
        "densenet121-keras",
        ("resolution", "batch"),
        densenet121_keras,
        "Huang et al., Densely Connected Convolutional Networks, arXiv:1608.06993, Table 1;"
        " keras.applications.DenseNet121 as TensorFlow Lite converts it",
    ),
    ZooNetwork(
        "resnet50-keras",
        ("resolution", "batch"),
        resnet50_keras,
        "He et al., Deep Residual Learning, arXiv:1512.03385, Table 1; keras.applications.ResNet50 as TensorFlow Lite"
        " converts it",
    ),
)
