"""Memory traces by name or by file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from codesign.errors import UnknownNameError, WorkloadError, nearest
from codesign.space.domain import Integer, Name
from codesign.space.parameter import Parameter
from codesign.workloads.memory.generators import GENERATORS, TRACE_PARAMETERS, TraceSettings
from codesign.workloads.memory.reader import DEFAULT_BURST_BYTES, SUFFIXES, read_trace
from codesign.workloads.memory.trace import MemoryTrace
from codesign.workloads.settings import plain
from codesign.workloads.tabular.store import needed_path

_FILE_PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "clock_mhz": TRACE_PARAMETERS["clock_mhz"],
        "burst_bytes": Parameter(
            "burst_bytes", Integer(1, 4096), "bytes", default=DEFAULT_BURST_BYTES, description="bytes of a request"
        ),
    }
)
PUBLISHED_TRACES = ("archgym-random", "archgym-cloud-1", "archgym-cloud-2")
"""Traces that others published: public sets, to be got once with ``codesign data get``."""


def trace_names() -> tuple[str, ...]:
    """Return the names of the traces that are made by rule."""
    return tuple(GENERATORS)


def trace_domain() -> Name:
    """Return what ``trace_named`` takes as its first argument, as the domain of a model's parameter."""
    return Name((*GENERATORS, *PUBLISHED_TRACES), SUFFIXES)


def trace_settings(name: str) -> Mapping[str, Parameter]:
    """Return the settings that a trace (name or file) reads, by name, each with its allowed values and default.

    Raises:
        UnknownNameError: no rule and no published trace has that name and no file has that path.
    """
    if name in GENERATORS:
        return MappingProxyType({setting: TRACE_PARAMETERS[setting] for setting in GENERATORS[name].settings})
    if name in PUBLISHED_TRACES or (name.endswith(SUFFIXES) and os.path.isfile(name)):
        return _FILE_PARAMETERS
    known = (*GENERATORS, *PUBLISHED_TRACES)
    raise UnknownNameError(
        f"unknown trace {name!r}{nearest(name, known)}; known: {', '.join(known)}, or a file"
        f" {', '.join('*' + suffix for suffix in SUFFIXES)}"
    )


def trace_named(name: str, **settings: object) -> MemoryTrace:
    """Return the trace of that name, or the one in a file of that path.

    Equal settings give equal traces, on every platform. The trace's name says what was set.

    Args:
        name: one of ``trace_names()``, or a path.
        **settings: of ``trace_settings(name)``.

    Raises:
        UnknownNameError: there is no such trace or file.
        PublicSetError: a published trace isn't on this machine.
        WorkloadError: a setting that this trace doesn't read, or a value that isn't allowed.
    """
    read = trace_settings(name)
    chosen = {setting: _allowed(name, read, setting, value) for setting, value in settings.items()}
    if name in PUBLISHED_TRACES:
        return read_trace(needed_path(name), **chosen)
    if name not in GENERATORS:
        return read_trace(name, **chosen)
    values = {setting: parameter.default for setting, parameter in TRACE_PARAMETERS.items()} | chosen
    told = ", ".join(f"{setting}={value}" for setting, value in sorted(chosen.items()))
    return GENERATORS[name].trace(f"{name}({told})" if told else name, TraceSettings(**values))


def _allowed(name: str, read: Mapping[str, Parameter], setting: str, value: object) -> Any:
    """Return a setting's value as a number or text of Python."""
    if setting not in read:
        raise WorkloadError(
            f"trace {name!r} doesn't read {setting!r}{nearest(setting, read)}; it reads {', '.join(read)}"
        )
    found = plain(value)
    if not read[setting].domain.contains(found):
        raise WorkloadError(
            f"trace {name!r}: {setting} = {value!r} is not allowed; allowed: {read[setting].domain.describe()}"
        )
    return found
