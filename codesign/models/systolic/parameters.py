"""What the array model reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.systolic.stationary import LARGEST_SIDE
from codesign.space.domain import Choices, Float, Integer
from codesign.space.parameter import Parameter
from codesign.technology import energy_tables
from codesign.workloads.catalogue import network_domain
from codesign.workloads.settings import SETTINGS

NAME = "systolic.array"
DATAFLOWS = ("ws", "os", "is", "rs")
DEPTHWISE = ("per_channel", "one_filter", "packed")
LAYERS = ("conv", "conv_fc", "all")
NO_TABLE = "none"
UNLIMITED = 1e12
"""Bytes per cycle that stand for no limit: no stalls at all."""
SETTING_NAMES = tuple(SETTINGS)
"""Parameters that belong to the network; each network reads some of them."""

_SRAM = Float(0.0625, 1048576.0)
_OWN = (
    Parameter(
        "layers",
        Choices(LAYERS),
        default="conv_fc",
        description="conv: convolutions; conv_fc: also linear layers and matrix products; all: also pooling (rs only)",
    ),
    Parameter("array_rows", Integer(1, LARGEST_SIDE), "elements", default=32, description="height of the array"),
    Parameter("array_columns", Integer(1, LARGEST_SIDE), "elements", default=32, description="width of the array"),
    Parameter(
        "dataflow",
        Choices(DATAFLOWS),
        default="ws",
        description="weight, output, input or row stationary",
    ),
    Parameter(
        "depthwise",
        Choices(DEPTHWISE),
        default="per_channel",
        description="depthwise layers as one product per channel, as one filter over all channels (a convention of"
        " SCALE-Sim's stock files; not for rs or groups), or with channels packed side by side (rs only)",
    ),
    Parameter("ifmap_sram_kib", _SRAM, "KiB", default=256.0, description="memory for inputs, double-buffered"),
    Parameter("filter_sram_kib", _SRAM, "KiB", default=256.0, description="memory for weights, double-buffered"),
    Parameter(
        "ofmap_sram_kib",
        _SRAM,
        "KiB",
        default=256.0,
        description="memory for outputs and partial sums, double-buffered; rs: the three together are one buffer",
    ),
    Parameter(
        "register_bytes",
        Integer(2, 65536),
        "bytes",
        default=512,
        description="register file of one processing element; read by rs only",
    ),
    Parameter(
        "dram_bytes_per_cycle",
        Float(2.0**-20, UNLIMITED),
        "bytes per array cycle",
        default=UNLIMITED,
        description="bandwidth, reads and writes together; the largest value, which is the default, means unlimited",
    ),
    Parameter("word_bits", Choices((8, 16)), "bits", default=16, description="width of every word"),
    Parameter("clock_mhz", Float(1e-3, 1e5), "MHz", default=200.0, description="clock of the array"),
    Parameter(
        "energy_table",
        Choices((NO_TABLE, *energy_tables())),
        default="eyeriss_isca16",
        description="energy of an operation and of a word moved; see docs/models/systolic.md",
    ),
    Parameter(
        "di_weight",
        Float(0.0, 1.0),
        "1",
        optional=True,
        description="alpha of the data-type-aware intensity: weight of stored weights against activations; the user's"
        " choice, without it data_intensity is NaN",
    ),
)

PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "network": Parameter("network", network_domain(), description="name of a network, or a file"),
        **SETTINGS,
        **{parameter.name: parameter for parameter in _OWN},
    }
)
"""Every parameter by name. Settings of the network come under the network's own rules."""
