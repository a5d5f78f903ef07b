"""The built-in networks against what their papers and their published implementations say."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from codesign.errors import WorkloadError
from codesign.workloads.catalogue import ZOO, load_network, network_names
from codesign.workloads.topology import parse_topology
from codesign.workloads.topology_export import format_topology, topology_rows
from codesign.workloads.windows import spread, window_outputs
from codesign.workloads.zoo.mobilenet_v2 import make_divisible

REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference"
SHARED = REFERENCE / "scalesim"
HAWQ = REFERENCE / "hawq"


def assert_windows_fit(layer, operator):
    """Output sizes follow from input, padding, window and stride, over two dimensions."""
    rank = len(operator.attribute("strides", (1, 1)))
    dilations = operator.attribute("dilations", (1,) * rank)
    for size, padding, kernel, stride, dilation, outputs in (
        (layer.in_height, layer.pad_height, layer.kernel_height, layer.stride_height, dilations[0], layer.out_height),
        (layer.in_width, layer.pad_width, layer.kernel_width, layer.stride_width, dilations[-1], layer.out_width),
    ):
        assert outputs == window_outputs(size + padding, spread(kernel, dilation), stride, 0, 0)


def frames_read(network, operator):
    """Words of a video in the frames that a kernel of one frame reads, of an image all."""
    source, result = network.tensor(operator.inputs[0]), network.tensor(operator.outputs[0])
    if len(source.shape) < 5 or network.tensor(operator.inputs[1]).shape[2] > 1:
        return source.words
    return source.words // source.shape[2] * result.shape[2]


@pytest.mark.parametrize("name", network_names())
def test_every_layer_fits_its_tensors(name):
    """Sizes agree with each other, and words with the graph's tensors."""
    network = load_network(name)
    operators = {operator.name: operator for operator in network.operators}
    for layer in network.layers:
        assert layer.count >= 1
        operator = operators[layer.name]
        assert_windows_fit(layer, operator)
        read = [network.tensor(tensor) for tensor in operator.inputs]
        if operator.kind != "conv_transpose":
            assert layer.output_words * layer.count == network.tensor(operator.outputs[0]).words
        if layer.kind == "matmul":
            assert layer.input_words * layer.count == read[0].words + read[1].words
        else:
            assert layer.input_words * layer.count == frames_read(network, operator)
        if layer.kind in ("conv", "linear"):
            assert layer.weight_words * layer.count == read[1].words


@pytest.mark.parametrize("name", network_names())
def test_every_network_is_one_piece_with_one_order(name):
    """Names are unique and operators topological by construction; every input and every weight is read, too."""
    network = load_network(name)
    assert all(network.consumers(tensor.name) for tensor in (*network.inputs, *network.with_role("weight")))
    assert {output for operator in network.operators for output in operator.outputs} == {
        tensor.name for tensor in network.tensors if tensor.role in ("activation", "output")
    }
    assert ZOO[name].source


@pytest.mark.parametrize("name", network_names())
def test_every_activation_is_used(name):
    network = load_network(name)
    assert [tensor.name for tensor in network.with_role("activation") if not network.consumers(tensor.name)] == []
    assert network.uncounted == ()


@pytest.mark.parametrize("name", network_names())
def test_a_batch_multiplies_work_and_leaves_the_weights(name):
    one, three = load_network(name), load_network(name, batch=3)
    assert three.macs == 3 * one.macs
    assert three.parameters == one.parameters
    assert three.weight_words == one.weight_words


def test_mobilenet_v1_by_hand():
    layers = {layer.name: layer for layer in load_network("mobilenetv1").layers}
    assert [name for name in layers if layers[name].kind != "pool"] == [
        "conv1",
        *[f"{kind}{block}" for block in range(1, 14) for kind in ("dw", "pw")],
        "fc",
    ]
    assert layers["conv1"].macs == 10_838_016
    assert layers["dw12"].depthwise
    assert (layers["dw12"].out_height, layers["dw12"].in_channels, layers["dw12"].stride_height) == (7, 512, 2)
    assert (layers["pw13"].in_channels, layers["pw13"].out_channels) == (1024, 1024)
    assert (layers["fc"].kind, layers["fc"].in_channels, layers["fc"].out_channels) == ("linear", 1024, 1000)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the reference data of ../shared is absent")
def test_mobilenet_v1_equals_the_reference_topology():
    text = (SHARED / "mobilenetv1-topology.csv").read_text()
    _, reference = parse_topology(text)
    network = load_network("mobilenetv1")
    ours = parse_topology(format_topology(topology_rows(network.layers)))[1]
    assert len(reference) == 28
    assert ours == reference
    assert network.macs == sum(row.macs for row in reference) == 568_740_352
    with (SHARED / "mobilenetv1-32x32-ws.csv").open() as file:
        simulated = {row["layer"]: int(row["macs"]) for row in csv.DictReader(file)}
    assert {row.name: row.macs for row in ours} == simulated


@pytest.mark.parametrize("group_channels", [1, 2, 4, 8, 16, 32])
def test_mobilenet_v1_groups(group_channels):
    plain = load_network("mobilenetv1")
    grouped = load_network("mobilenetv1", group_channels=group_channels)
    for before, after in zip(plain.layers, grouped.layers, strict=True):
        factor = group_channels if before.depthwise else 1
        assert after.macs == factor * before.macs
        assert after.groups * factor == before.groups
        assert (after.in_channels, after.out_channels) == (before.in_channels, before.out_channels)


def test_mobilenet_v1_groups_must_divide():
    with pytest.raises(WorkloadError, match=r"group_channels = 3 doesn't divide the 32 channels of dw1 at width 1"):
        load_network("mobilenetv1", group_channels=3)
    with pytest.raises(WorkloadError, match=r"group_channels = 16 doesn't divide the 24 channels of dw1 at width 0.75"):
        load_network("mobilenetv1", width=0.75, group_channels=16)


def test_mobilenet_v1_keeps_eight_channels():
    assert load_network("mobilenetv1", width=0.1).layers[0].out_channels == 8


@pytest.mark.parametrize(
    ("channels", "rounded"), [(16 * 0.35, 8), (24 * 0.75, 24), (32 * 1.4, 48), (1, 8), (12, 16), (11.9, 16), (20, 24)]
)
def test_make_divisible(channels, rounded):
    assert make_divisible(channels) == rounded


def test_mobilenet_v2_shortcuts():
    kinds = Counter(operator.kind for operator in load_network("mobilenetv2").operators)
    assert kinds["add"] == 10, "17 blocks, 7 of which change stride or channels"
    assert kinds["conv"] == 1 + 16 * 3 + 2 + 1, "the first block doesn't expand"


def test_resnets():
    assert load_network("resnet18").macs == 1_814_073_344
    kinds = Counter(operator.kind for operator in load_network("resnet50").operators)
    assert (kinds["conv"], kinds["add"]) == (53, 16)
    strided = [layer.name for layer in load_network("resnet50").layers if layer.stride_height == 2]
    assert "layer2.0.conv2" in strided, "version 1.5: the 3x3 layer has the stride"
    assert "layer2.0.conv1" not in strided


def quantised_layers(name):
    """(weights, MACs) of each convolution but the first, and those of the HAWQ-V3 notebook."""
    ours = [(layer.weight_words, layer.macs) for layer in load_network(name).layers if layer.kind == "conv"][1:]
    with (HAWQ / f"{name}.csv").open() as file:
        theirs = [(int(row["parameters"]), int(row["macs"])) for row in csv.DictReader(file)]
    return Counter(ours), Counter(theirs)


@pytest.mark.shared
@pytest.mark.skipif(not HAWQ.is_dir(), reason="the reference data of ../shared is absent")
def test_resnet18_has_the_layers_of_hawq():
    ours, theirs = quantised_layers("resnet18")
    assert ours == theirs
    assert ours.total() == 19


@pytest.mark.shared
@pytest.mark.skipif(not HAWQ.is_dir(), reason="the reference data of ../shared is absent")
def test_resnet50_has_the_layers_of_hawq_but_for_the_strided_blocks():
    """HAWQ's network has the stride of a block in its first 1x1 convolution; version 1.5 has it in the 3x3 one."""
    ours, theirs = quantised_layers("resnet50")
    assert Counter(weights for weights, _ in ours.elements()) == Counter(weights for weights, _ in theirs.elements())
    more = ours - theirs
    assert more.total() == 3, "the first convolutions of three stages"
    assert [4 * macs for _, macs in sorted((theirs - ours).elements())] == [macs for _, macs in sorted(more.elements())]


def test_densenet_joins_all_earlier_layers():
    network = load_network("densenet121")
    last = network.producer("block3.concat")
    assert len(last.inputs) == 25, "the block's input and its 24 layers"
    assert network.tensor("block3.concat").shape == (1, 256 + 24 * 32, 14, 14)
    assert len(network.consumers("block1.layer1.conv2")) == 6
    assert sum(layer.kind == "conv" for layer in network.layers) == 120


def test_bert_attention():
    layers = {layer.name: layer for layer in load_network("bert-base", sequence=384).layers}
    scores, values = layers["block0.attention.scores"], layers["block0.attention.values"]
    assert (scores.count, scores.out_height, scores.in_channels, scores.out_channels) == (12, 384, 64, 384)
    assert (values.count, values.out_height, values.in_channels, values.out_channels) == (12, 384, 384, 64)
    assert layers["block0.up"].out_height == 384
    with pytest.raises(WorkloadError, match="512 learnt positions; sequence = 513 is too long"):
        load_network("bert-base", sequence=513)


def test_vit_patches():
    network = load_network("vit-b16", resolution=384)
    assert network.tensor("tokens").shape == (1, 577, 768)
    with pytest.raises(WorkloadError, match="multiple of 16, found 225"):
        load_network("vit-b16", resolution=225)


def test_vgg_at_other_resolutions_keeps_its_classifier():
    assert load_network("vgg16", resolution=320).parameters == load_network("vgg16").parameters
    assert "adaptive_pool" not in {operator.kind for operator in load_network("vgg16").operators}
    assert "adaptive_pool" in {operator.kind for operator in load_network("vgg16", resolution=320).operators}


@pytest.mark.parametrize(("name", "least"), [("vgg16", 32), ("densenet121", 29), ("resnet18", 1), ("mobilenetv1", 1)])
def test_the_smallest_image(name, least):
    """torchvision gives 32 for VGG-16, 29 for DenseNet-121 and 1 for ResNet-18 as the smallest that work."""
    assert load_network(name, resolution=least).tensor("image").shape == (1, 3, least, least)
    if least > 1:
        with pytest.raises(WorkloadError, match="raise the resolution"):
            load_network(name, resolution=least - 1)


BLOCK_WORDS = 4 * 4096**2 + 3 * 4096 * 11008


def test_llama_prefill():
    network = load_network("llama2-7b", sequence=256)
    attention = 32 * 32 * 2 * 256 * 256 * 128
    assert network.macs == 256 * 32 * BLOCK_WORDS + attention + 4096 * 32000
    assert len(network.outputs) == 2 * 32 + 1
    assert [tensor.name for tensor in network.inputs] == ["tokens"]


def test_llama_decode_reads_a_cache():
    network = load_network("llama2-7b", phase="decode", context=1000)
    attention = 32 * 32 * 2 * 1000 * 128
    assert network.macs == 32 * BLOCK_WORDS + attention + 4096 * 32000
    caches = [tensor for tensor in network.inputs if tensor.name.endswith("cache")]
    assert len(caches) == 64
    assert caches[0].shape == (1, 32, 999, 128)
    scores = next(layer for layer in network.layers if layer.name == "block0.attention.scores")
    assert (scores.out_height, scores.in_channels, scores.out_channels, scores.count) == (1, 128, 1000, 32)


def test_llama_decode_of_the_first_token_has_no_cache():
    first = load_network("llama2-7b", phase="decode", context=1)
    assert [tensor.name for tensor in first.inputs] == ["tokens"]
    assert first.macs == load_network("llama2-7b", phase="prefill", sequence=1).macs


def test_llama_decode_equals_prefill_token_by_token():
    """Without causal saving, a prompt of n tokens costs n (n - 1) / 2 products of query and key more than n decodes."""
    tokens = 5
    prefill = load_network("llama2-7b", sequence=tokens).macs
    decodes = [load_network("llama2-7b", phase="decode", context=context + 1).macs for context in range(tokens)]
    upper_triangle = tokens * (tokens - 1) // 2 * 2 * 128 * 32 * 32
    heads = (tokens - 1) * 4096 * 32000
    assert prefill - upper_triangle + heads == sum(decodes)
