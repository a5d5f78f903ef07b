"""Bytes that the operators of the built-in networks touch, beside what others found for the same networks."""

from collections import Counter

import pytest

from codesign.workloads.catalogue import load_network
from codesign.workloads.operands import weight_of

KIB = 1024


def sizes(network):
    return {tensor.name: tensor.size_bytes for tensor in network.tensors}


def stored(network):
    return {tensor.name for tensor in network.with_role("weight")}


def footprints(network, weights=False):
    """Bytes of inputs and outputs by operator, with its weights if asked for."""
    left_out = set() if weights else stored(network)
    size = sizes(network)
    return {
        operator.name: sum(size[name] for name in {*operator.inputs, *operator.outputs} - left_out)
        for operator in network.operators
    }


def live_peak(network, weights=False):
    """Largest sum of live bytes in the network's order; an input is dead after its last reader, and weights are there
    only while their operator runs."""
    size, kept, last = sizes(network), {t.name for t in network.outputs}, {}
    for step, operator in enumerate(network.operators):
        last |= dict.fromkeys(operator.inputs, step)
    live, peak = {tensor.name for tensor in network.inputs}, 0
    for step, operator in enumerate(network.operators):
        live |= set(operator.outputs)
        own = stored(network) & set(operator.inputs) if weights else set()
        peak = max(peak, sum(size[name] for name in live | own))
        live = {name for name in live if name in kept or last.get(name, -1) > step}
    return peak


def test_densenet_of_keras():
    """As a TensorFlow Lite file has it; the figures are those of an interpreter's report, second-hand."""
    network = load_network("densenet121-keras")
    assert len(network.operators) == 311
    bytes_by_operator = footprints(network)
    assert max(bytes_by_operator.values()) == bytes_by_operator["pool0.pad"] == 1_634_560
    assert live_peak(network) == 2_107_392
    kinds = Counter(operator.kind for operator in network.operators)
    assert kinds == {
        **{"pad": 2, "conv": 120, "multiply": 62, "add": 62, "concat": 58, "pool": 4},
        **{"mean": 1, "linear": 1, "softmax": 1},
    }
    assert all(operator.attribute("fused") == "relu" for operator in network.operators if operator.kind == "add")
    assert network.tensor("conv0.pad").shape == (1, 3, 230, 230)
    assert network.tensor("pool0.pad").shape == (1, 64, 114, 114)
    plain = load_network("densenet121")
    assert (network.parameters, network.macs) == (plain.parameters, plain.macs)


def test_resnet_of_keras():
    """8-bit words and 32-bit biases; second-hand: 2,352, 2,355 and 2,453 KiB."""
    network = load_network("resnet50-keras").with_bits(8, 8, 32)
    assert len(network.operators) == 75
    assert max(footprints(network).values()) == 2352 * KIB
    with_weights = footprints(network, weights=True)
    assert max(with_weights.values()) == with_weights["layer4.1.conv2"] == 2355 * KIB
    assert live_peak(network, weights=True) == 2453 * KIB
    assert {layer.name for layer in network.layers if layer.stride_height == 2 and layer.kind == "conv"} == {
        "conv0",
        *(f"layer{stage}.0.{part}" for stage in (2, 3, 4) for part in ("conv1", "shortcut")),
    }


def test_narrow_biases_are_the_default():
    network = load_network("resnet50-keras").with_bits(8, 4)
    assert {tensor.bits for tensor in network.with_role("weight")} == {4}


@pytest.mark.parametrize(
    ("name", "largest_kib", "peak_kib"),
    [
        ("resnext50", 9_408, None),
        ("r2plus1d-18", 225_792, 275_968),
        ("fcn-resnet50", 18_816, None),
    ],
)
def test_networks_of_torchvision(name, largest_kib, peak_kib):
    """32-bit words, relu an operator of its own, batch norms folded; second-hand figures of ONNX files."""
    network = load_network(name).with_bits(32, 32)
    assert max(footprints(network).values()) == largest_kib * KIB
    assert peak_kib is None or live_peak(network) == peak_kib * KIB


def test_resnext_has_groups():
    layers = {layer.name: layer for layer in load_network("resnext50").layers}
    layer = layers["layer1.0.conv2"]
    assert (layer.in_channels, layer.out_channels, layer.groups) == (128, 128, 32)
    assert layers["layer4.0.conv2"].in_channels == 1024


@pytest.mark.parametrize(("name", "pairs"), [("nasnet-a", 5), ("pnasnet-5", 5), ("amoebanet-d", 5), ("darts", 4)])
def test_cells(name, pairs):
    network = load_network(name)
    kinds = Counter(operator.kind for operator in network.operators)
    cells = {"nasnet-a": 16, "pnasnet-5": 11, "amoebanet-d": 16, "darts": 16}[name]
    assert kinds["add"] == cells * pairs
    assert kinds["pad"] == kinds["slice"] == kinds["batch_norm"] == 4, "one for each cell behind a reduction"
    assert kinds["concat"] == cells + 4
    assert network.tensor(f"cell{cells}.concat").shape[2:] == (7, 7)


def test_channels_of_the_cells():
    """Filters times the states that are joined."""
    channels = {
        name: load_network(name).tensor(f"cell{cells}.concat").shape[1]
        for name, cells in (("nasnet-a", 16), ("pnasnet-5", 11), ("amoebanet-d", 16), ("darts", 16))
    }
    assert channels == {"nasnet-a": 1056, "pnasnet-5": 5 * 216, "amoebanet-d": 4 * 200, "darts": 4 * 192}


def test_operations_of_the_cells():
    operators = {operator.name: operator for operator in load_network("amoebanet-d").operators}
    narrow, wide = (operators[f"cell4.pair2.right.{part}"] for part in ("narrow", "wide"))
    network = load_network("amoebanet-d")
    assert network.tensor(narrow.outputs[0]).shape[1] == 12
    assert network.tensor(wide.outputs[0]).shape[1] == 50
    assert network.tensor(weight_of(operators["cell4.pair2.right.1"])).shape == (12, 12, 1, 7)
    assert network.tensor(weight_of(operators["cell4.pair2.right.2"])).shape == (12, 12, 7, 1)
    dilated = [operator for operator in load_network("darts").operators if operator.attribute("dilations")]
    assert {operator.attribute("dilations") for operator in dilated} == {(2, 2)}
    assert len(dilated) == 12, "one in each normal cell"


@pytest.mark.parametrize("name", ["nasnet-a", "pnasnet-5", "amoebanet-d", "darts"])
@pytest.mark.parametrize("resolution", [33, 97])
def test_cells_fit_at_odd_sizes(name, resolution):
    assert load_network(name, resolution=resolution).macs > 0
