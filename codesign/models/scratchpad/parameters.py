"""What the scratchpad model reads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.scratchpad.schedule import WIDTH
from codesign.space.domain import Choices, Float, Integer, boolean
from codesign.space.parameter import Parameter
from codesign.technology import energy_tables
from codesign.technology.sram_area import bit_cells
from codesign.workloads.catalogue import network_domain
from codesign.workloads.settings import SETTINGS

BUDGETS = ("given", "minimum", "half", "peak")
ORDERS = ("default", "search")
GOALS = ("traffic", "latency")
NO_TABLE = "none"
SETTING_NAMES = tuple(SETTINGS)
"""Parameters that belong to the network; each network reads some of them."""

_SIZE = (
    Parameter(
        "scratchpad_kib",
        Float(2.0**-10, 2.0**24),
        "KiB",
        optional=True,
        description="capacity; must be given with budget = given, and left out with the others",
    ),
    Parameter(
        "budget",
        Choices(BUDGETS),
        default="given",
        description="given: scratchpad_kib; minimum: M_R, the largest operator; peak: M_P, the smallest peak over all"
        " orders; half: half way between",
    ),
)
_ACCOUNTING = (
    Parameter(
        "order",
        Choices(ORDERS),
        default="search",
        description="default: the network's own order; search: the best order that is found",
    ),
    Parameter(
        "search_width",
        Integer(1, 1_000_000),
        "states",
        default=WIDTH,
        description="kept after each step of the search over orders: more find and prove more, and take longer; only a"
        " network with very many orders ever fills it",
    ),
    Parameter(
        "weights",
        boolean(),
        default=False,
        description="weights and biases have to be in the scratchpad too; else they stream past it, uncounted",
    ),
    Parameter(
        "sources_stored",
        boolean(),
        default=True,
        description="DRAM holds inputs and weights from the start and outputs must be written; false: the paper's"
        " accounting, where a step creates each source and compulsory traffic isn't counted",
    ),
    Parameter("word_bits", Choices((8, 16, 32)), "bits", default=8, description="width of activations and weights"),
    Parameter("alignment_bytes", Integer(1, 65536), "bytes", default=1, description="of addresses and occupied space"),
)
_OPTIONS = (
    Parameter("in_place", boolean(), default=False, description="element-wise operators write over an input"),
    Parameter("views", boolean(), default=False, description="reshapes and concatenations need no copy where possible"),
    Parameter("fuse", boolean(), default=False, description="activations are part of the operator in front of them"),
    Parameter(
        "most_stripes",
        Integer(1, 4096),
        "stripes",
        default=1,
        description="operators that don't fit are cut into at most that many stripes of rows; 1: never",
    ),
    Parameter(
        "banks",
        Integer(1, 64),
        "banks",
        default=1,
        description="equal banks that no buffer reaches across; the order is the one found for a single bank",
    ),
    Parameter(
        "recompute_bytes_per_mac",
        Float(0.0, 1e6),
        "bytes/MAC",
        optional=True,
        description="price of doing an operator again instead of retrieving what it made; without it never",
    ),
    Parameter(
        "goal",
        Choices(GOALS),
        default="traffic",
        description="traffic: fewest bytes; latency: the fewest bytes decide the order, the least latency the rest",
    ),
)
_MACHINE = (
    Parameter("macs_per_cycle", Float(2.0**-10, 2.0**30), "MAC/cycle", default=1024.0, description="multipliers"),
    Parameter(
        "dram_bytes_per_cycle",
        Float(2.0**-20, 2.0**30),
        "bytes/cycle",
        default=16.0,
        description="bandwidth, reads and writes together",
    ),
    Parameter(
        "energy_table",
        Choices((NO_TABLE, *energy_tables())),
        default=NO_TABLE,
        description="energy of a word moved, see docs/models/scratchpad.md; none: energies are NaN",
    ),
    Parameter(
        "node_nm",
        Choices(tuple(bit_cells())),
        "nm",
        default=28,
        description="technology node of the bit cells",
    ),
)

PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "network": Parameter("network", network_domain(), description="name of a network, or a file"),
        **SETTINGS,
        **{parameter.name: parameter for parameter in (*_SIZE, *_ACCOUNTING, *_OPTIONS, *_MACHINE)},
    }
)
"""Every parameter by name. Settings of the network come under the network's own rules."""
