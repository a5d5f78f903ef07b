"""Networks by name or by file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from codesign.errors import UnknownNameError, nearest
from codesign.space.domain import Name, Value
from codesign.space.parameter import Parameter
from codesign.workloads.graph import Network
from codesign.workloads.onnx_import import read_onnx
from codesign.workloads.settings import SETTINGS, checked
from codesign.workloads.topology import read_topology
from codesign.workloads.zoo import (
    densenet,
    fc_densenet,
    keras,
    llama,
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3,
    nas,
    resnet,
    segmentation,
    seq2seq,
    transformer,
    vgg,
    video,
)
from codesign.workloads.zoo.entry import ZooNetwork

_FAMILIES = (
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3,
    resnet,
    vgg,
    densenet,
    keras,
    nas,
    segmentation,
    fc_densenet,
    video,
    transformer,
    seq2seq,
    llama,
)
ZOO: Mapping[str, ZooNetwork] = MappingProxyType(
    {network.name: network for family in _FAMILIES for network in family.NETWORKS}
)
"""The built-in networks by name."""

FILE_SETTINGS: Mapping[str, tuple[str, ...]] = MappingProxyType({".csv": (), ".onnx": ("batch",)})
"""Which settings a network file reads, by its suffix."""


def network_names() -> tuple[str, ...]:
    """Return the names of the built-in networks, sorted."""
    return tuple(sorted(ZOO))


def network_domain() -> Name:
    """Return what ``load_network`` takes as its first argument, as the domain of a model's parameter."""
    return Name(network_names(), tuple(FILE_SETTINGS))


def network_settings(name: str) -> Mapping[str, Parameter]:
    """Return the settings that a network (name or file) reads, by name, each with its allowed values and default.

    Raises:
        UnknownNameError: no built-in network has that name and no file that can be read has that path.
    """
    return MappingProxyType({setting: SETTINGS[setting] for setting in _settings_read(name)})


def _settings_read(name: str) -> tuple[str, ...]:
    if name in ZOO:
        return ZOO[name].settings
    suffix = os.path.splitext(name)[1].lower()
    if suffix not in FILE_SETTINGS:
        raise UnknownNameError(
            f"unknown network {name!r}{nearest(name, ZOO)}; known: {', '.join(network_names())}, or a file"
            f" {' or '.join(FILE_SETTINGS)}"
        )
    if not os.path.isfile(name):
        raise UnknownNameError(f"the network file {name!r} does not exist")
    return FILE_SETTINGS[suffix]


def load_network(name: str, **settings: object) -> Network:
    """Return a built-in network, or the network in a file ``*.onnx`` or ``*.csv`` (SCALE-Sim topology).

    The same network is returned for the same settings (a file is read again when it has changed), so holding on to it
    costs nothing.

    Args:
        name: one of ``network_names()``, or a path.
        **settings: of ``network_settings(name)``; others may be given only with their default.

    Raises:
        UnknownNameError: there is no such network or file.
        WorkloadError: an unknown setting, a value that isn't allowed, a setting that this network doesn't read, a
            network that can't be built with these settings, or a file that can't be read.
        MissingExtraError: an ONNX file without the optional package ``onnx``.
    """
    chosen = checked(settings, _settings_read(name), name)
    if name in ZOO:
        for setting, phase in ZOO[name].only_in_phase.items():
            if chosen["phase"] != phase:
                chosen[setting] = _default(setting)
        return _built(name, tuple(chosen.items()))
    values = tuple(chosen.items())
    status = os.stat(name)
    return _read(os.path.abspath(name), status.st_mtime_ns, status.st_size, values)


def _default(setting: str) -> Value:
    value = SETTINGS[setting].default
    assert value is not None
    return value


@lru_cache(maxsize=256)
def _built(name: str, values: tuple[tuple[str, Value], ...]) -> Network:
    return ZOO[name].build(**dict(values))


@lru_cache(maxsize=32)
def _read(path: str, changed_ns: int, size_bytes: int, values: tuple[tuple[str, Value], ...]) -> Network:
    """Read a file; when it was changed and its size are part of the key under which the network is kept."""
    if path.lower().endswith(".csv"):
        return read_topology(path)
    return read_onnx(path, batch=int(dict(values)["batch"]))
