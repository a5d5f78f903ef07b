"""FC-DenseNet ("Tiramisu"): dense blocks down to a 32nd of the image and up again, for segmentation."""

from __future__ import annotations

from codesign.errors import WorkloadError
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from codesign.workloads.zoo.entry import ZooNetwork

BLOCKS = (4, 5, 7, 10, 12)
BOTTLENECK_LAYERS = 15
STEM_CHANNELS = 48
GROWTH = 16
CLASSES = 11
REDUCTION = 2 ** len(BLOCKS)


def fc_densenet(resolution: int, batch: int) -> Network:
    """FC-DenseNet103, Table 2 of the paper.

    A layer is batch norm, relu and 3x3 convolution; its result is joined to what was there. Going up, only the results
    of a block's layers are carried on (by a 3x3 transposed convolution of stride 2 whose last row and column are cut
    off), not the block's input. A batch norm reads a concatenation and can't be folded.

    Raises:
        WorkloadError: the image can't be halved five times.
    """
    if resolution % REDUCTION:
        raise WorkloadError(f"fc-densenet needs a resolution that is a multiple of {REDUCTION}, found {resolution}")
    net = NetworkBuilder(f"fc-densenet(resolution={resolution}, batch={batch})")
    image = net.input("image", batch, 3, resolution, resolution)
    flow = net.conv(image, STEM_CHANNELS, 3, norm=False, bias=True, name="conv0")
    skips: list[str] = []
    for number, layers in enumerate(BLOCKS, start=1):
        flow, _ = _dense_block(net, flow, layers, f"down{number}", whole=True)
        skips.append(flow)
        flow = _layer(net, flow, net.shape(flow)[1], 1, f"down{number}.transition")
        flow = net.pool(flow, "max", 2, stride=2, name=f"down{number}.pool")
    flow, new = _dense_block(net, flow, BOTTLENECK_LAYERS, "bottleneck", whole=False)
    for number, layers in reversed(list(enumerate(BLOCKS, start=1))):
        flow = net.concat(new, name=f"up{number}.new")
        flow = net.conv_transpose(
            flow, net.shape(flow)[1], 3, stride=2, crop=(0, 0, 1, 1), name=f"up{number}.transition"
        )
        flow = net.concat([flow, skips[number - 1]], name=f"up{number}.skip")
        flow, new = _dense_block(net, flow, layers, f"up{number}", whole=number == 1)
    flow = net.conv(flow, CLASSES, 1, norm=False, bias=True, name="classes")
    return net.build(net.operator("softmax", [flow], net.shape(flow), {"axis": 1}, "softmax"))


def _layer(net: NetworkBuilder, source: str, channels: int, kernel: int, name: str) -> str:
    flow = net.norm("batch_norm", source, axis=1, name=f"{name}.norm")
    flow = net.elementwise("relu", flow, name=f"{name}.relu")
    return net.conv(flow, channels, kernel, norm=False, bias=True, name=f"{name}.conv")


def _dense_block(net: NetworkBuilder, source: str, layers: int, name: str, *, whole: bool) -> tuple[str, list[str]]:
    """Return everything joined (only up to the last layer's input unless ``whole``), and the layers' results."""
    new: list[str] = []
    for number in range(1, layers + 1):
        new.append(_layer(net, source, GROWTH, 3, f"{name}.layer{number}"))
        if whole or number < layers:
            source = net.concat([source, new[-1]], name=f"{name}.layer{number}.concat")
    return source, new


NETWORKS = (
    ZooNetwork(
        "fc-densenet",
        ("resolution", "batch"),
        fc_densenet,
        "Jegou et al., The One Hundred Layers Tiramisu, arXiv:1611.09326, Table 2 (FC-DenseNet103, 11 classes of"
        " CamVid); SimJeg/FC-DenseNet",
    ),
)
