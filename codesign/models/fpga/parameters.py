"""What ``fpga.subgraph`` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from codesign.models.fpga.templates import TEMPLATES
from codesign.space.domain import Choices, Float, Integer, Name
from codesign.space.parameter import Parameter
from codesign.technology.fpga_devices import PLANNED, fpga_devices
from codesign.workloads.catalogue import FILE_SETTINGS, network_names
from codesign.workloads.settings import SETTINGS
from codesign.workloads.tabular.spaces import SPACES

NAME = "fpga.subgraph"
NETWORK_SETTINGS = ("width", "resolution", "batch")
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "any": "",
        "hawq": "HAWQ",
        "torchvision": "pytorch/vision",
        "lq-nets": "LQ-Nets",
        "tensorflow": "tensorflow/models",
    }
)
"""Name in designs -> what the source of a published accuracy says."""
SHARES = ("lut", "dsp", "bram18", "uram", "dram")


def _genes() -> dict[str, Parameter]:
    """The parameters of the tabulated spaces; each is read by its own space only."""
    return {
        name: replace(parameter, optional=True, description=f"{space.name} only: {parameter.description}")
        for space in SPACES.values()
        for name, parameter in space.parameters.items()
    }


GENES: Mapping[str, Parameter] = MappingProxyType(_genes())
_OWN = (
    Parameter("device", Choices(tuple(fpga_devices())), default="zu3eg", description="part and board"),
    Parameter(
        "template",
        Choices(tuple(TEMPLATES)),
        default="inverted_residual",
        description="pipeline of kernels that the accelerator is made of",
    ),
    Parameter("weight_bits", Integer(2, 8), "bits", default=8, description="width of every weight"),
    Parameter("activation_bits", Integer(2, 8), "bits", default=8, description="width of every activation"),
    Parameter(
        "accuracy_source",
        Choices(tuple(SOURCES)),
        default="any",
        description="whose published accuracy is meant; any: unknown where sources differ",
    ),
    Parameter(
        "clock_mhz", Float(10.0, 1000.0), "MHz", optional=True, description="of the accelerator; absent: the device's"
    ),
    *(
        Parameter(f"{name}_share", Float(0.0, 1.0), "1", default=getattr(PLANNED, name), description=text)
        for name, text in zip(
            SHARES,
            (
                "look-up tables that may be taken",
                "DSP slices that may be taken",
                "block memories that may be taken",
                "UltraRAM that may be taken",
                "memory bandwidth that may be taken",
            ),
            strict=True,
        )
    ),
)
PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "network": Parameter(
            "network",
            Name(tuple(sorted({*network_names(), *SPACES})), tuple(FILE_SETTINGS)),
            description="a network, a file, or a tabulated space whose network its own parameters name",
        ),
        **{name: SETTINGS[name] for name in NETWORK_SETTINGS},
        **GENES,
        **{parameter.name: parameter for parameter in _OWN},
    }
)
"""Every parameter by name."""
