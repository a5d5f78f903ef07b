"""Which programs a core runs: one of the committed set or a file, several joined with ``+``, or a suite by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from codesign.errors import UnknownNameError, nearest
from codesign.space.domain import Name
from codesign.workloads.instructions.catalogue import instruction_traces, recorded_programs
from codesign.workloads.instructions.npz import SUFFIX

JOINED_BY = "+"
KERNELS_FOLDER = "kernels/"


@cache
def suites() -> Mapping[str, tuple[str, ...]]:
    """Return suites of committed programs by name: ``kernels`` (of our own), ``applications`` (the others), ``all``."""
    everything = instruction_traces()
    kernels = tuple(name for name in everything if recorded_programs()[name].command.startswith(KERNELS_FOLDER))
    applications = tuple(name for name in everything if name not in kernels)
    return MappingProxyType({"kernels": kernels, "applications": applications, "all": everything})


@dataclass(frozen=True)
class Programs(Name):
    """Names and files that may be joined with ``+``, each program once."""

    def contains(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        names = _parts(value)
        return all(Name.contains(self, name) for name in value.split(JOINED_BY)) and len({*names}) == len(names)

    def describe(self) -> str:
        return f"{super().describe()}, or several joined with {JOINED_BY}, each once"


def programs_domain() -> Programs:
    """Return what a parameter that names programs may be."""
    return Programs((*instruction_traces(), *suites()), (SUFFIX,))


def program_names(text: str) -> tuple[str, ...]:
    """Return the programs that a text names, those of the committed set in its order, then files by name.

    Raises:
        UnknownNameError: a part is no program, suite or file, or a program is named twice.
    """
    domain = programs_domain()
    if not domain.contains(text):
        raise UnknownNameError(f"no programs {text!r}{nearest(text, domain.known)}; allowed: {domain.describe()}")
    order = {name: place for place, name in enumerate(instruction_traces())}
    return tuple(sorted(_parts(text), key=lambda name: (order.get(name, len(order)), name)))


def _parts(text: str) -> list[str]:
    return [name for part in text.split(JOINED_BY) for name in suites().get(part, (part,))]
