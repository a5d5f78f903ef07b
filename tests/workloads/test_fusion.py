"""fuse_activations: merged where an engine would, and nothing else changed."""

import numpy as np
import pytest

from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.catalogue import load_network, network_names
from codesign.workloads.fusion import ACTIVATION_KINDS, fuse_activations
from tests.workloads.numeric import computed, random_values


def summary(network):
    return [(operator.name, operator.kind, operator.attribute("fused")) for operator in network.operators]


@pytest.mark.parametrize("name", network_names())
def test_counts_stay(name):
    network = load_network(name)
    fused = fuse_activations(network)
    assert fused.layers == network.layers
    assert (fused.macs, fused.parameters, fused.weight_words) == (
        network.macs,
        network.parameters,
        network.weight_words,
    )
    assert fused.inputs == network.inputs
    assert fused.outputs == network.outputs
    merged = [operator for operator in fused.operators if operator.attribute("fused")]
    before = [operator for operator in network.operators if operator.attribute("fused")]
    assert len(network.operators) - len(fused.operators) == len(merged) - len(before)
    assert fuse_activations(fused) == fused


def test_only_activations_vanish():
    network = load_network("resnet50")
    fused = fuse_activations(network)
    assert {operator.kind for operator in network.operators} - {operator.kind for operator in fused.operators} == {
        "relu"
    }
    assert fused.producer("layer1.0.relu").name == "layer1.0.add"
    assert fused.producer("conv1.relu").inputs == network.producer("conv1").inputs


def fork():
    """A convolution that a relu and a sum read, a sum with a sigmoid behind a relu, and an output with a tanh."""
    net = NetworkBuilder("fork")
    flow = net.conv(net.input("image", 1, 2, 4, 4), 2, 3, name="conv")
    flow = net.add(net.elementwise("relu", flow, name="kept"), flow, name="sum")
    flow = net.elementwise("sigmoid", net.elementwise("relu", flow, name="inner"), name="outer")
    last = net.conv(flow, 2, 1, name="last")
    return net.build(last, net.elementwise("tanh", last, name="after"))


def test_what_is_merged_and_what_is_not():
    assert summary(fuse_activations(fork())) == [
        ("conv", "conv", None),
        ("kept", "relu", None),
        ("sum", "add", "relu"),
        ("outer", "sigmoid", None),
        ("last", "conv", None),
        ("after", "tanh", None),
    ]


def test_views_and_splits_have_no_activation():
    net = NetworkBuilder("views")
    first, second = net.split(net.input("x", 2, 4, 6), 2, name="parts")
    flow = net.add(net.elementwise("relu", first, name="a"), second, name="sum")
    flow = net.elementwise("gelu", net.reshape(flow, 2, 12, name="view"), name="b")
    assert summary(fuse_activations(net.build(flow))) == [
        ("parts", "split", None),
        ("a", "relu", None),
        ("sum", "add", None),
        ("view", "reshape", None),
        ("b", "gelu", None),
    ]


def test_a_fused_network_computes_the_same():
    """The merged activation applied to what its operator computes gives the tensor that it now writes."""
    network = fork()
    fused = fuse_activations(network)
    values = random_values(network)
    known = computed(network, values)
    operator = fused.producer("inner")
    left, right = (known[name] for name in operator.inputs)
    np.testing.assert_array_equal(np.maximum(left + right, 0), known["inner"])


def test_activations_read_one_tensor():
    assert "add" not in ACTIVATION_KINDS
    assert "softmax" not in ACTIVATION_KINDS
