"""The vendor's processor: layers by hand, its table, and the order of measured networks."""

import pytest

from codesign.errors import UnknownNameError, WorkloadError
from codesign.models.fpga.dpu import dpu_architecture, dpu_architectures, dpu_latency_ms, layer_cycles
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.catalogue import load_network
from codesign.workloads.tabular.spaces import tabular_network, tabular_space

B4096 = dpu_architecture("B4096")
ZCU102_MHZ = 281.0


def layer(**options):
    net = NetworkBuilder("one")
    net.conv(net.input("image", 1, 20, 10, 10), name="conv", **options)
    return net.build("conv").layers[0]


@pytest.mark.parametrize("name", dpu_architectures())
def test_peak_operations_are_two_for_each_multiplier(name):
    dpu = dpu_architecture(name)
    assert dpu.operations_per_cycle == 2 * dpu.pixels * dpu.inputs * dpu.outputs
    assert dpu.alu_pixels == dpu.pixels // 2


def test_layers_by_hand():
    assert layer_cycles(layer(channels=40, kernel=3), B4096) == 10 * 2 * 2 * 3 * 9
    assert layer_cycles(layer(channels=20, kernel=5, groups=20), B4096) == 10 * 3 * 2 * 25


def test_a_layer_takes_the_longer_of_engine_and_dram():
    net = NetworkBuilder("large")
    network = net.build(net.conv(net.input("image", 1, 16, 8, 8), 16, 1, norm=False))
    assert dpu_latency_ms(network, "B4096", 1.0) == pytest.approx((16 * 64 * 2 + 256) / 32 / 1000)


def test_a_larger_processor_is_not_slower():
    latencies = [dpu_latency_ms(load_network("mobilenetv2"), name, 300) for name in ("B512", "B1024", "B2304", "B4096")]
    assert latencies == sorted(latencies, reverse=True)


def test_what_it_has_not_got_is_refused():
    with pytest.raises(WorkloadError, match="runs no conv of 32 groups"):
        dpu_latency_ms(load_network("resnext50"), "B4096", 300)
    net = NetworkBuilder("odd")
    network = net.build(net.elementwise("softmax", net.input("image", 1, 4), name="soft"))
    with pytest.raises(WorkloadError, match=r"no engine for 1 operators: 'soft' \(softmax\)"):
        dpu_latency_ms(network, "B4096", 300)
    with pytest.raises(UnknownNameError, match="unknown DPU architecture 'B4069'"):
        dpu_architecture("B4069")


@pytest.mark.shared
def test_the_order_of_measured_zcu102_latencies(shared):
    """Every eighth network without squeeze-and-excitation: Spearman above that of plain multiplications, and 0.95."""
    from scipy.stats import spearmanr

    space = tabular_space("accel-nasbench")
    table = space.read(shared / "reference" / "nas" / "accel-nasbench" / "anb_dataset_jsons.tar.gz")
    squeezed = table[[name for name in table.columns if name.endswith("_se")]].any(axis=1)
    table = table[~squeezed & table["latency_zcu102_ms"].notna()].sort_index()[::8]
    networks = [tabular_network("accel-nasbench", key) for key in table.index]
    ours = [dpu_latency_ms(network, "B4096", ZCU102_MHZ) for network in networks]
    measured = table["latency_zcu102_ms"]
    by_macs = spearmanr([network.macs for network in networks], measured)[0]
    assert len(table) > 200
    assert spearmanr(ours, measured)[0] > max(0.95, by_macs + 0.05)
