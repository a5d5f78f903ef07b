"""The processing elements by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from codesign.errors import UnknownNameError, nearest
from codesign.models.pe.element import ProcessingElement

FAMILIES = (
    "floating",
    "approximate",
    "integer",
    "composable",
    "mixpe",
    "lut",
    "bitmod",
    "ant",
    "olive",
    "figna",
    "figlut",
    "axcore",
)
"""Modules of this package, each with a tuple ``ELEMENTS``."""


@cache
def elements() -> Mapping[str, ProcessingElement]:
    """Return every element by name, family by family."""
    found = (
        element for family in FAMILIES for element in import_module(f"codesign.models.pe.elements.{family}").ELEMENTS
    )
    return MappingProxyType({element.name: element for element in found})


def element(name: str) -> ProcessingElement:
    """Return the element of that name.

    Raises:
        UnknownNameError: there is none.
    """
    known = elements()
    if name not in known:
        raise UnknownNameError(f"unknown processing element {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return known[name]
