"""Built-in networks that give a class for every pixel, classify videos, or translate."""

from collections import Counter

import pytest

from codesign.errors import WorkloadError
from codesign.workloads.catalogue import load_network


def test_fc_densenet_has_its_103_layers():
    network = load_network("fc-densenet")
    kinds = Counter(operator.kind for operator in network.operators)
    assert kinds["conv"] + kinds["conv_transpose"] == 103
    assert kinds["conv_transpose"] == 5
    assert network.tensor("softmax").shape == (1, 11, 224, 224)


def test_fc_densenet_has_the_channels_of_its_table():
    """Table 2 of the paper: m after each block down, and what the blocks up read and make."""
    network = load_network("fc-densenet")
    down = [network.tensor(f"down{i}.layer{n}.concat").shape[1] for i, n in enumerate((4, 5, 7, 10, 12), start=1)]
    assert down == [112, 192, 304, 464, 656]
    assert network.tensor("up5.skip").shape[1:] == (15 * 16 + 656, 14, 14)
    assert network.tensor("up1.layer4.concat").shape[1:] == (256, 224, 224)


def test_a_transposed_convolution_is_a_layer():
    """Every input pixel meets every tap of every filter once."""
    network = load_network("fc-densenet")
    layers = {layer.name: layer for layer in network.layers}
    layer = layers["up5.transition"]
    assert network.tensor("up5.transition").shape == (1, 240, 14, 14)
    assert layer.macs == 7 * 7 * 240 * 240 * 9
    assert layer.weight_words == 240 * 240 * 9


def test_fc_densenet_halves_five_times():
    with pytest.raises(WorkloadError, match="multiple of 32, found 225"):
        load_network("fc-densenet", resolution=225)


@pytest.mark.parametrize("name", ["fcn-resnet50", "deeplabv3-resnet50"])
def test_the_last_stages_are_dilated(name):
    network = load_network(name)
    assert network.tensor("layer4.2.relu").shape == (1, 2048, 28, 28)
    dilations = {
        operator.name: operator.attribute("dilations", (1, 1))[0]
        for operator in network.operators
        if operator.name.startswith("layer") and operator.name.endswith("conv2")
    }
    assert [dilations[f"layer3.{i}.conv2"] for i in range(6)] == [1, 2, 2, 2, 2, 2]
    assert [dilations[f"layer4.{i}.conv2"] for i in range(3)] == [2, 4, 4]
    assert network.tensor("out").shape == (1, 21, 224, 224)


def test_atrous_pyramid():
    network = load_network("deeplabv3-resnet50", resolution=513)
    assert network.producer("aspp").inputs == (
        *(f"aspp.conv{i}.relu" for i in range(4)),
        "aspp.spread",
    )
    assert network.tensor("aspp").shape == (1, 1280, 65, 65)
    assert network.producer("aspp.conv3").attribute("padding") == (36, 36, 36, 36)
    assert network.producer("out").attribute("size") == (513, 513)


def test_lraspp_reads_two_levels():
    network = load_network("lraspp-mobilenetv3")
    assert network.producer("head.low").inputs[0] == "block4.project"
    assert network.tensor("block4.project").shape == (1, 40, 28, 28)
    assert network.tensor("conv2").shape == (1, 960, 14, 14)
    assert network.tensor("out").shape == (1, 21, 224, 224)


def test_mobilenet_v3_squeezes():
    network = load_network("mobilenetv3-large")
    assert network.tensor("block4.se.fc1").shape == (1, 24, 1, 1)
    assert len([name for name in (o.name for o in network.operators) if name.endswith(".se.scale")]) == 8
    assert network.tensor("conv2").shape == (1, 960, 7, 7)


def test_r2plus1d_has_as_many_weights_as_full_kernels():
    network = load_network("r2plus1d-18")
    space, time = (network.tensor(f"layer1.0.conv1.{part}.weight") for part in ("space", "time"))
    assert space.shape == (144, 64, 1, 3, 3)
    assert time.shape == (64, 144, 3, 1, 1)
    assert space.words + time.words == 27 * 64 * 64
    assert network.tensor("layer4.1.relu").shape == (1, 512, 2, 14, 14)


def test_kernels_over_time_become_layers_over_two_dimensions():
    layers = {layer.name: layer for layer in load_network("r2plus1d-18", frames=8, batch=3).layers}
    space, time = layers["layer2.0.conv1.space"], layers["layer2.0.conv1.time"]
    assert (space.batch, space.in_height, space.out_height, space.stride_height) == (3 * 8, 112, 56, 2)
    assert (time.batch, time.in_height, time.in_width, time.out_height, time.out_width) == (3, 8, 56 * 56, 4, 56 * 56)
    assert (time.kernel_height, time.kernel_width, time.stride_height, time.stride_width) == (3, 1, 2, 1)
    assert (time.pad_height, time.pad_width) == (2, 0)
    shortcut = layers["layer2.0.downsample"]
    assert (shortcut.batch, shortcut.in_height, shortcut.out_height) == (3 * 4, 112, 56), "every second frame is read"


def test_s3d_blocks():
    network = load_network("s3d")
    shapes = [network.tensor(f"block{i}.concat").shape[1:] for i in range(1, 10)]
    assert [shape[0] for shape in shapes] == [256, 480, 512, 512, 512, 528, 832, 832, 1024]
    assert shapes[1][1:] == (8, 28, 28)
    assert shapes[8][1:] == (2, 7, 7)
    assert network.producer("block1.maxpool").kind == "pool3d"
    assert "block1.maxpool" not in {layer.name for layer in network.layers}
    with pytest.raises(WorkloadError, match="nothing is left of the 1 x 7 x 7 image after 'avgpool'"):
        load_network("s3d", frames=8)


def test_the_transformer_shares_its_table():
    network = load_network("transformer", sequence=32)
    assert [operator.name for operator in network.consumers("words.weight")] == ["source.words", "target.words", "head"]
    layers = {layer.name: layer for layer in network.layers}
    assert (layers["head"].in_channels, layers["head"].out_channels) == (512, 37000)
    attention = 4 * 32 * 512 * 512 + 2 * 8 * 32 * 32 * 64
    feed_forward = 2 * 32 * 512 * 2048
    assert network.macs == 6 * (attention + feed_forward) + 6 * (2 * attention + feed_forward) + 32 * 512 * 37000


def test_the_decoder_attends_to_the_encoder():
    network = load_network("transformer")
    memory = "encoder5.norm"
    readers = {operator.name for operator in network.consumers(memory)}
    assert readers == {f"decoder{block}.cross.{part}" for block in range(6) for part in ("key", "value")}
    assert network.producer("decoder0.cross.query").inputs[0] == "decoder0.attention.norm"
