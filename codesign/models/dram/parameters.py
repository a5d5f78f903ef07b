"""What ``dram.controller`` reads: a trace, a device, and the controller under the names of the published space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from codesign.models.dram.settings import (
    ARBITERS,
    BATCHING_SCHEDULERS,
    COMMAND_ORDERS,
    MOST_REFRESHES_MOVED,
    PAGE_POLICIES,
    POWER_DOWN_POLICIES,
    REFRESH_POLICIES,
    RESPONSE_QUEUES,
    SCHEDULER_BUFFERS,
    SCHEDULERS,
    TIMED_SCHEDULERS,
    WRITE_DRAINS,
)
from codesign.space.domain import Choices, Float, Integer, boolean
from codesign.space.parameter import Parameter
from codesign.technology.dram_devices import MAPPINGS, dram_devices
from codesign.workloads.memory.catalogue import trace_domain
from codesign.workloads.memory.generators import TRACE_PARAMETERS

NAME = "dram.controller"
DEFAULT_MAPPING = "default"
MOST_PLACES = 4096
MOST_BANK_PLACES = 64
CONTROLLER: Mapping[str, str] = MappingProxyType(
    {
        "PagePolicy": "page_policy",
        "Scheduler": "scheduler",
        "SchedulerBuffer": "scheduler_buffer",
        "RequestBufferSize": "request_buffer_size",
        "RespQueue": "response_queue",
        "RefreshPolicy": "refresh_policy",
        "RefreshMaxPostponed": "refresh_max_postponed",
        "RefreshMaxPulledin": "refresh_max_pulledin",
        "Arbiter": "arbiter",
        "MaxActiveTransactions": "max_active_transactions",
        "PowerDownPolicy": "power_down",
        "AddressMapping": "address_mapping",
        "CmdMux": "command_order",
        "RefreshStaggered": "refresh_staggered",
        "WriteBufferSize": "write_buffer_size",
        "PostedWrites": "posted_writes",
        "BankQueueSize": "bank_queue_size",
        "ActiveBuffer": "active_buffer",
        "RowHitCap": "row_hit_cap",
        "WriteDrainPolicy": "write_drain",
        "WriteLowWatermark": "write_low_watermark",
        "WriteHighWatermark": "write_high_watermark",
    }
)
"""Published name of a parameter, or ours where none is published -> attribute of ``ControllerSettings``."""
_TRACE = {
    name: replace(parameter, default=None, optional=True, description=f"of traces by rule: {parameter.description}")
    for name, parameter in TRACE_PARAMETERS.items()
}
TRACE_SETTINGS: Mapping[str, Parameter] = MappingProxyType(_TRACE)
_ALL = (
    Parameter("trace", trace_domain(), description="a trace by rule, or a file of DRAMSys, DRAMsim3 or Ramulator"),
    *TRACE_SETTINGS.values(),
    Parameter("device", Choices(tuple(dram_devices())), default="ddr3-1600-1gb-x8", description="DRAM device"),
    Parameter("ranks", Integer(1, 4), "ranks", default=1, description="of each channel"),
    Parameter("channels", Integer(1, 8), "channels", optional=True, description="absent: the device's own number"),
    Parameter("PagePolicy", Choices(PAGE_POLICIES), default="Open", description="when rows are closed"),
    Parameter(
        "Scheduler",
        Choices((*SCHEDULERS, *BATCHING_SCHEDULERS, *TIMED_SCHEDULERS)),
        default="FrFcfs",
        description="which request of a bank goes first",
    ),
    Parameter("SchedulerBuffer", Choices(SCHEDULER_BUFFERS), default="Bankwise", description="who shares its places"),
    Parameter("RequestBufferSize", Integer(1, MOST_PLACES), "requests", default=8, description="places of a buffer"),
    Parameter("RespQueue", Choices(RESPONSE_QUEUES), default="Fifo", description="order of answers"),
    Parameter("RefreshPolicy", Choices(REFRESH_POLICIES), default="AllBank", description="how rows are refreshed"),
    Parameter(
        "RefreshMaxPostponed",
        Integer(0, MOST_REFRESHES_MOVED),
        "refreshes",
        default=1,
        description="that may be late; not read without refresh",
    ),
    Parameter(
        "RefreshMaxPulledin",
        Integer(0, MOST_REFRESHES_MOVED),
        "refreshes",
        default=1,
        description="that may be early; not read without refresh",
    ),
    Parameter("Arbiter", Choices(ARBITERS), default="Fifo", description="between initiator and channels"),
    Parameter(
        "MaxActiveTransactions",
        Integer(1, MOST_PLACES),
        "requests",
        default=128,
        description="outstanding at a time; not read by the arbiter Simple",
    ),
    Parameter(
        "PowerDownPolicy", Choices(POWER_DOWN_POLICIES), default="NoPowerDown", description="of ranks without work"
    ),
    Parameter(
        "AddressMapping",
        Choices((DEFAULT_MAPPING, *MAPPINGS)),
        default=DEFAULT_MAPPING,
        description="order of the fields of an address; default: the device's",
    ),
    Parameter("CmdMux", Choices(COMMAND_ORDERS), default="Oldest", description="of commands that may go together"),
    Parameter(
        "RefreshStaggered",
        boolean(),
        default=True,
        description="ranks are refreshed in turn, not all at once; not read without refresh",
    ),
    Parameter(
        "WriteBufferSize",
        Integer(0, MOST_PLACES),
        "requests",
        default=0,
        description="places for writes alone, of SchedulerBuffer ReadWrite; 0: none",
    ),
    Parameter(
        "PostedWrites",
        boolean(),
        default=False,
        description="writes are answered when buffered, and reads of buffered lines from there",
    ),
    Parameter(
        "BankQueueSize",
        Integer(0, MOST_BANK_PLACES),
        "requests",
        default=0,
        description="places of each bank's queue behind the buffers; 0: none",
    ),
    Parameter(
        "ActiveBuffer",
        boolean(),
        default=False,
        description="requests leave the buffers when their row opens, of the scheduler FirstReady",
    ),
    Parameter(
        "RowHitCap",
        Integer(0, MOST_PLACES),
        "accesses",
        default=0,
        description="to a row before an older request may close it; not read but by the scheduler FirstReady",
    ),
    Parameter(
        "WriteDrainPolicy",
        Choices(WRITE_DRAINS),
        default="NoDrain",
        description="when writes are served, of the scheduler FirstReady or with BankQueueSize",
    ),
    *(
        Parameter(
            f"Write{which}Watermark",
            Integer(0, MOST_PLACES),
            "requests",
            default=0,
            description=f"writes {when}; not read but by WriteDrainPolicy and the scheduler GrpFrFcfsWm",
        )
        for which, when in (("Low", "at which draining ends"), ("High", "above which draining begins"))
    ),
    Parameter("power_target_w", Float(0.0, 1000.0), "W", default=1.0, description="of power_reward"),
    Parameter("time_target_ms", Float(0.0, 1e9), "ms", default=0.1, description="of time_reward"),
)
PARAMETERS: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in _ALL})
"""Every parameter by name."""
