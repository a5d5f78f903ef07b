"""Networks cut into calls: chains, shortcuts, splits, what is left to the processor, what is refused."""

import pytest

from codesign.errors import UnknownNameError, WorkloadError
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.templates import template_named
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.catalogue import load_network

INVERTED = template_named("inverted_residual")
DENSE = template_named("dense")


def block(stride=1, outputs=8, bits=8):
    """An inverted residual behind an input of 8 channels of 6 x 6."""
    net = NetworkBuilder("block", bits)
    image = net.input("image", 1, 8, 6, 6)
    flow = net.conv(image, 16, 1, activation="relu6", name="expand")
    flow = net.conv(flow, 16, 3, stride=stride, padding=1, groups=16, activation="relu6", name="dw")
    flow = net.conv(flow, outputs, 1, name="project")
    if stride == 1 and outputs == 8:
        flow = net.add(flow, image)
    return net.build(flow)


def only_call(network, template, **options):
    (call,) = calls_of(network, template, **options).counts
    return call


def test_an_inverted_residual_is_one_call_that_reads_its_shortcut():
    call = only_call(block(), INVERTED)
    stem, expand, depthwise, project = call.steps
    assert stem is None
    assert (expand.in_channels, expand.out_channels, expand.kernel_height) == (8, 16, 1)
    assert (depthwise.in_channels, depthwise.out_channels, depthwise.kernel_height) == (16, 16, 3)
    assert (project.in_channels, project.out_channels) == (16, 8)
    assert call.read_bits == 2 * 8 * 36 * 8
    assert call.write_bits == 8 * 36 * 8
    assert call.load_bits == 8 * (8 * 16 + 9 * 16 + 16 * 8) + 32 * (16 + 16 + 8)
    assert call.macs == 36 * (8 * 16 + 9 * 16 + 16 * 8)


def test_without_a_shortcut_only_the_input_is_read():
    call = only_call(block(stride=2), INVERTED)
    assert call.read_bits == 8 * 36 * 8
    assert call.write_bits == 8 * 9 * 8


def test_bits_are_those_of_the_tensors():
    call = only_call(block(stride=2).with_bits(4, 2), INVERTED)
    assert {(s.weight_bits, s.activation_bits) for s in call.steps if s} == {(2, 4)}
    assert call.read_bits == 8 * 36 * 4


def test_a_tensor_that_others_read_ends_a_chain():
    net = NetworkBuilder("branch")
    image = net.input("image", 1, 8, 6, 6)
    first = net.conv(image, 8, 3, groups=8, name="dw")
    left = net.conv(first, 8, 1, name="left")
    found = calls_of(net.build(first, left), INVERTED)
    assert sum(sum(s is not None for s in call.steps) == 1 for call in found.counts) == 2


def test_layers_in_the_wrong_order_for_the_pipeline_are_two_calls():
    net = NetworkBuilder("two")
    flow = net.conv(net.input("image", 1, 8, 6, 6), 8, 3, groups=8)
    flow = net.conv(flow, 8, 3, groups=8)
    assert calls_of(net.build(flow), INVERTED).counts == {only_call(_one_depthwise(), INVERTED): 2}


def _one_depthwise():
    net = NetworkBuilder("one")
    return net.build(net.conv(net.input("image", 1, 8, 6, 6), 8, 3, groups=8))


def test_a_layer_with_many_weights_is_split_by_output_channels():
    net = NetworkBuilder("wide")
    network = net.build(net.conv(net.input("image", 1, 8, 2, 2), 21, 1))
    found = calls_of(network, INVERTED, weight_words_per_call=64)
    shares = sorted((call.steps[1].out_channels, n) for call, n in found.counts.items())
    assert shares == [(7, 3)]
    assert found.macs == network.macs
    assert {call.read_bits for call in found.counts} == {8 * 4 * 8}


def test_an_output_channel_that_no_call_can_hold_is_refused():
    net = NetworkBuilder("deep")
    network = net.build(net.conv(net.input("image", 1, 8, 2, 2), 2, 3, name="conv"))
    with pytest.raises(WorkloadError, match="one output channel of 'conv' has 72 weights, a call may have 71; raise"):
        calls_of(network, DENSE, weight_words_per_call=71)


def test_a_batch_repeats_every_call():
    one, four = (calls_of(load_network("mobilenetv2", batch=batch), INVERTED) for batch in (1, 4))
    assert {call: 4 * n for call, n in one.counts.items()} == four.counts


@pytest.mark.parametrize(
    ("name", "template", "calls"),
    [
        ("mobilenetv1", "inverted_residual", 23),
        ("mobilenetv2", "inverted_residual", 26),
        ("mobilenetv3-large", "inverted_residual", 43),
        ("resnet18", "dense", 60),
        ("resnet50", "single", 124),
    ],
)
def test_networks_of_the_zoo_keep_all_their_multiplications(name, template, calls):
    network = load_network(name)
    found = calls_of(network, template_named(template))
    assert found.macs == network.macs
    assert found.call_count == calls


def test_mobilenetv2_leaves_only_its_global_pool_to_the_processor():
    found = calls_of(load_network("mobilenetv2"), INVERTED)
    assert [(work.kind, work.words) for work in found.processor] == [("pool", 7 * 7 * 1280)]


def test_squeeze_and_excitation_is_left_to_the_processor_but_for_its_products():
    found = calls_of(load_network("mobilenetv3-large"), INVERTED)
    kinds = [work.kind for work in found.processor]
    assert kinds.count("multiply") == 8
    assert kinds.count("pool") == 8 + 1


def test_a_shortcut_that_the_processor_makes_after_the_call_is_added_by_the_processor():
    net = NetworkBuilder("late")
    image = net.input("image", 1, 8, 4, 4)
    flow = net.conv(image, 8, 1, name="conv")
    late = net.pool(image, "max", 3, stride=1, padding=1)
    found = calls_of(net.build(net.add(flow, late, name="sum")), INVERTED)
    assert [work.kind for work in found.processor] == ["pool", "add"]


def test_grouped_windows_are_refused_with_the_reason():
    with pytest.raises(WorkloadError, match=r"'dense' has no kernel for 16 operators: 'layer1.0.conv2' \(32 groups"):
        calls_of(load_network("resnext50"), DENSE)


def test_dilated_windows_are_refused():
    net = NetworkBuilder("dilated")
    network = net.build(net.conv(net.input("image", 1, 8, 9, 9), 8, 3, dilation=2, padding=2, name="conv"))
    with pytest.raises(WorkloadError, match=r"1 operators: 'conv' \(dilated window\)"):
        calls_of(network, DENSE)


def test_products_of_activations_are_refused():
    net = NetworkBuilder("attention")
    network = net.build(net.matmul(net.input("a", 1, 4, 4), net.input("b", 1, 4, 4), name="scores"))
    with pytest.raises(WorkloadError, match=r"'scores' \(matmul\)"):
        calls_of(network, DENSE)


def test_an_unknown_template_is_refused():
    with pytest.raises(UnknownNameError, match="unknown template 'dens'.*did you mean 'dense'"):
        template_named("dens")
