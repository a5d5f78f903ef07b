"""What ``pe.mpgemm`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.pe.elements import elements
from codesign.models.pe.quality.perplexity import ANY, BEST, datasets, methods
from codesign.models.pe.workload import NETWORK_DOMAIN
from codesign.space.domain import Choices, Float, Integer
from codesign.space.parameter import Parameter
from codesign.technology.dram_interfaces import dram_interfaces
from codesign.technology.nodes import LARGEST_NODE_NM, SMALLEST_NODE_NM
from codesign.technology.unit_costs import libraries
from codesign.workloads.settings import SETTINGS

NAME = "pe.mpgemm"
LARGEST_SIDE = 4096
LARGEST_SUM_BITS = 63
"""Sums are emulated in 64-bit integers."""
_BUFFER = Float(0.0625, 1048576.0)
_ELEMENT = "absent: the element's own"

_OWN = (
    Parameter("pe", Choices(tuple(elements())), description="processing element; see docs/models/pe.md"),
    Parameter("weight_bits", Integer(1, 32), "bits", optional=True, description=f"width of a weight; {_ELEMENT}"),
    Parameter(
        "activation_bits", Integer(1, 32), "bits", optional=True, description=f"width of an activation; {_ELEMENT}"
    ),
    Parameter(
        "accumulator_bits",
        Integer(4, LARGEST_SUM_BITS),
        "bits",
        optional=True,
        description=f"width of the partial sum; {_ELEMENT}",
    ),
    Parameter(
        "group",
        Integer(0, 65536),
        "weights",
        optional=True,
        description=f"weights along the reduction that share a scale, 0: one scale per output channel; {_ELEMENT}",
    ),
    Parameter(
        "lut_group",
        Integer(1, 8),
        "activations",
        optional=True,
        description="activations per table; read by lut-k4 only; absent: 4",
    ),
    Parameter(
        "table_bits",
        Integer(1, 32),
        "bits",
        optional=True,
        description=f"width of a table entry; read by lut-k4 only; {_ELEMENT}",
    ),
    Parameter(
        "kv_bits",
        Choices((4, 8, 16)),
        "bits",
        default=16,
        description="width of the cached keys and values; a width that the element can't take as its weight runs on the"
        " vector unit",
    ),
    Parameter(
        "rows",
        Integer(1, LARGEST_SIDE),
        "elements",
        default=32,
        description="array rows: tokens; of axcore, tiles of 4 x 4",
    ),
    Parameter(
        "columns",
        Integer(1, LARGEST_SIDE),
        "elements",
        default=32,
        description="array columns: outputs; of axcore, tiles of 4 x 4",
    ),
    Parameter("clock_mhz", Float(1.0, 5000.0), "MHz", default=1000.0, description="clock of the array"),
    Parameter("activation_kib", _BUFFER, "KiB", default=512.0, description="buffer of activations, double-buffered"),
    Parameter("weight_kib", _BUFFER, "KiB", default=512.0, description="buffer of weights and cache, double-buffered"),
    Parameter(
        "vector_lanes", Integer(1, 65536), "lanes", default=128, description="FP16 multiply-adds with FP32 sums a cycle"
    ),
    Parameter("dram", Choices(tuple(dram_interfaces())), default="ddr4", description="kind of memory: energy per bit"),
    Parameter("dram_gbs", Float(1e-3, 1e5), "GB/s", default=25.6, description="memory bandwidth, 10^9 bytes a second"),
    Parameter("library", Choices(tuple(libraries())), default="nangate45", description="cell library of the prices"),
    Parameter(
        "node_nm",
        Float(SMALLEST_NODE_NM, LARGEST_NODE_NM),
        "nm",
        default=28.0,
        description="technology node that the library's prices are scaled to",
    ),
    Parameter(
        "supply_v", Float(0.5, 1.3), "V", default=0.9, description="supply of the logic; sets its energy and its speed"
    ),
    Parameter(
        "layout_factor",
        Float(1.0, 4.0),
        "1",
        default=1.5,
        description="logic after placing, routing and clock tree over synthesised logic, area and energy alike",
    ),
    Parameter("dataset", Choices(datasets()), default="wikitext2", description="text whose perplexity is looked up"),
    Parameter(
        "method",
        Choices((ANY, BEST, *methods())),
        default=ANY,
        description="quantisation method of the perplexity; any: plain rounding to the element's format where that is"
        " published; best: the one with the smallest published increase",
    ),
)
WORKLOAD_SETTINGS = ("phase", "batch", "sequence", "context")
PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "network": Parameter("network", NETWORK_DOMAIN, description="a language model, another network, or a file"),
        **{name: SETTINGS[name] for name in WORKLOAD_SETTINGS},
        **{parameter.name: parameter for parameter in _OWN},
    }
)
"""Every parameter by name."""
