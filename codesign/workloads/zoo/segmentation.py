"""Segmentation: a class for every pixel, from the features of a dilated classifier."""

from __future__ import annotations

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork
from codesign.workloads.zoo.mobilenet_v3 import mobilenet_v3_features
from codesign.workloads.zoo.resnet import dilated_resnet50

CLASSES = 21
"""Those of Pascal VOC, background included."""
ASPP_CHANNELS = 256
ASPP_DILATIONS = (12, 24, 36)
LRASPP_CHANNELS = 128


def fcn_resnet50(resolution: int, batch: int) -> Network:
    """3x3 convolution to a quarter of the channels, classes by a 1x1 convolution, resized to the image."""
    net = NetworkBuilder(f"fcn-resnet50(resolution={resolution}, batch={batch})")
    flow = dilated_resnet50(net, net.input("image", batch, 3, resolution, resolution))
    flow = net.conv(flow, net.shape(flow)[1] // 4, 3, padding=1, activation="relu", name="head.conv")
    return _resized(net, flow, resolution)


def deeplabv3_resnet50(resolution: int, batch: int) -> Network:
    """Atrous spatial pyramid pooling: windows of different dilation and the mean of the image, side by side."""
    net = NetworkBuilder(f"deeplabv3-resnet50(resolution={resolution}, batch={batch})")
    features = dilated_resnet50(net, net.input("image", batch, 3, resolution, resolution))
    branches = [net.conv(features, ASPP_CHANNELS, 1, activation="relu", name="aspp.conv0")]
    for number, dilation in enumerate(ASPP_DILATIONS, start=1):
        branches.append(
            net.conv(
                features,
                ASPP_CHANNELS,
                3,
                padding=dilation,
                dilation=dilation,
                activation="relu",
                name=f"aspp.conv{number}",
            )
        )
    mean = net.global_pool(features, name="aspp.mean")
    mean = net.conv(mean, ASPP_CHANNELS, 1, activation="relu", name="aspp.pooled")
    branches.append(net.resize(mean, net.shape(features)[2:], name="aspp.spread"))
    flow = net.conv(net.concat(branches, name="aspp"), ASPP_CHANNELS, 1, activation="relu", name="aspp.project")
    flow = net.conv(flow, ASPP_CHANNELS, 3, padding=1, activation="relu", name="head.conv")
    return _resized(net, flow, resolution)


def _resized(net: NetworkBuilder, source: str, resolution: int) -> Network:
    flow = net.conv(source, CLASSES, 1, norm=False, bias=True, name="head.classes")
    return net.build(net.resize(flow, (resolution, resolution), name="out"))


def lraspp_mobilenetv3(resolution: int, batch: int) -> Network:
    """Lite R-ASPP: channels weighed by the mean of the image, classes from two levels added up."""
    net = NetworkBuilder(f"lraspp-mobilenetv3(resolution={resolution}, batch={batch})")
    low, high = mobilenet_v3_features(net, net.input("image", batch, 3, resolution, resolution), 2)
    flow = net.conv(high, LRASPP_CHANNELS, 1, activation="relu", name="head.conv")
    factor = net.conv(
        net.global_pool(high, name="head.mean"), LRASPP_CHANNELS, 1, norm=False, activation="sigmoid", name="head.scale"
    )
    flow = net.elementwise("multiply", flow, factor, name="head.scaled")
    flow = net.resize(flow, net.shape(low)[2:], name="head.resized")
    from_low = net.conv(low, CLASSES, 1, norm=False, bias=True, name="head.low")
    from_high = net.conv(flow, CLASSES, 1, norm=False, bias=True, name="head.high")
    return net.build(net.resize(net.add(from_low, from_high, name="head.sum"), (resolution, resolution), name="out"))


NETWORKS = (
    ZooNetwork(
        "fcn-resnet50",
        ("resolution", "batch"),
        fcn_resnet50,
        "Long et al., Fully Convolutional Networks, arXiv:1411.4038;"
        " torchvision.models.segmentation.fcn_resnet50 without the auxiliary classifier",
    ),
    ZooNetwork(
        "deeplabv3-resnet50",
        ("resolution", "batch"),
        deeplabv3_resnet50,
        "Chen et al., Rethinking Atrous Convolution, arXiv:1706.05587;"
        " torchvision.models.segmentation.deeplabv3_resnet50 without the auxiliary classifier",
    ),
    ZooNetwork(
        "lraspp-mobilenetv3",
        ("resolution", "batch"),
        lraspp_mobilenetv3,
        "Howard et al., Searching for MobileNetV3, arXiv:1905.02244, section 6.4;"
        " torchvision.models.segmentation.lraspp_mobilenet_v3_large",
    ),
)
