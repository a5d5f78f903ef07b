"""What may be set of a network: one parameter for each setting, with the default that every network shares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from codesign.errors import WorkloadError, nearest
from codesign.space.domain import Choices, Float, Integer, Value
from codesign.space.parameter import Parameter

_ALL = (
    Parameter("width", Float(0.05, 4.0), "1", default=1.0, description="multiplier of the channel counts"),
    Parameter("resolution", Integer(1, 8192), "pixels", default=224, description="rows = columns of the input image"),
    Parameter(
        "group_channels",
        Integer(1, 4096),
        "channels",
        default=1,
        description="channels of a group where the network has depthwise layers; 1 is depthwise",
    ),
    Parameter("batch", Integer(1, 65536), "images or sequences", default=1, description="inputs run together"),
    Parameter("frames", Integer(1, 4096), "frames", default=16, description="frames of the input video"),
    Parameter("sequence", Integer(1, 1048576), "tokens", default=128, description="tokens of the input"),
    Parameter(
        "context",
        Integer(1, 1048576),
        "tokens",
        default=2048,
        description="tokens that the decoded one attends to, itself included",
    ),
    Parameter(
        "phase",
        Choices(("prefill", "decode")),
        default="prefill",
        description="prefill: all tokens of the prompt at once; decode: one token after another",
    ),
)
SETTINGS: Mapping[str, Parameter] = MappingProxyType({parameter.name: parameter for parameter in _ALL})
"""Every setting that some network reads. A model can take these parameters as its own."""


def plain(value: object) -> object:
    """Return a number of numpy as one of Python, and a whole float as an integer, so that equal settings are equal."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def checked(given: Mapping[str, object], read: tuple[str, ...], network: str) -> dict[str, Value]:
    """Return the value of every setting in ``read``, given or default.

    Raises:
        WorkloadError: an unknown setting, a value outside its domain, or a setting that the network doesn't read with
            a value other than the default.
    """
    values: dict[str, Value] = {}
    for name, found in given.items():
        if name not in SETTINGS:
            raise WorkloadError(
                f"network {network!r}: unknown setting {name!r}{nearest(name, SETTINGS)}; it reads {_listed(read)}"
            )
        parameter, value = SETTINGS[name], plain(found)
        if not parameter.domain.contains(value):
            raise WorkloadError(
                f"network {network!r}: {name} = {found!r} is not allowed; allowed: {parameter.domain.describe()}"
            )
        if name not in read and value != parameter.default:
            raise WorkloadError(f"network {network!r} doesn't read {name} (found {found!r}); it reads {_listed(read)}")
        values[name] = value  # type: ignore[assignment]
    defaults = {name: SETTINGS[name].default for name in read}
    return {name: values.get(name, default) for name, default in defaults.items()}  # type: ignore[misc]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if names else "no settings"
