"""What the processing elements compute, bit by bit, in numpy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from codesign.models.pe.elements import FAMILIES
from codesign.models.pe.emulation.operands import Emulation


@cache
def emulations() -> Mapping[str, Emulation]:
    """Return the emulation of every element that has one, by the element's name."""
    found = (
        emulation
        for family in FAMILIES
        for emulation in import_module(f"codesign.models.pe.emulation.{family}").EMULATIONS
    )
    return MappingProxyType({emulation.element: emulation for emulation in found})
