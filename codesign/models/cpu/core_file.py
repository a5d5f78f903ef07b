"""Cores in YAML: the shipped ones, and those that users write."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from codesign.errors import UnknownNameError, nearest
from codesign.models.cpu.core import NAMES, NUMBERS, CoreSettings, setting_faults
from codesign.space.yaml_document import Document, Path_, read_document

SUFFIXES = (".yaml", ".yml")
BASE = "base"
ABOUT = ("source", "year")


def core_names() -> tuple[str, ...]:
    """Return the names of the shipped cores."""
    return tuple(_shipped())


def core_named(name_or_path: str) -> CoreSettings:
    """Return a shipped core by its name, or the one in a file (``path/to/mine.yaml``).

    Raises:
        UnknownNameError: neither the name of a shipped core nor a path that ends in .yaml or .yml.
        SpaceError: as ``read_core``.
    """
    if name_or_path.endswith(SUFFIXES):
        return read_core(name_or_path)
    shipped = _shipped()
    if name_or_path not in shipped:
        known = ", ".join(shipped)
        raise UnknownNameError(
            f"unknown core {name_or_path!r}{nearest(name_or_path, shipped)}; shipped: {known};"
            " or a path to a file that ends in .yaml"
        )
    return shipped[name_or_path]


def read_core(path: str | Path) -> CoreSettings:
    """Read a core from a YAML file: names of settings with their values.

    ``base`` names a shipped core whose settings hold where the file has none (otherwise the defaults of
    ``CoreSettings``); ``source`` and ``year`` are for the reader.

    Raises:
        SpaceError: the file can't be read, a key is unknown, or a value isn't allowed; with file and line.
    """
    document, _ = read_document(path)
    shipped = _shipped()
    return _core(document, (), document.data, shipped)


@cache
def _shipped() -> Mapping[str, CoreSettings]:
    with as_file(files("codesign.models.cpu").joinpath("data/cores.yaml")) as path:
        document, _ = read_document(path)
    found: dict[str, CoreSettings] = {}
    for name, data in document.data.items():
        found[name] = _core(document, (name,), data, found)
    return MappingProxyType(found)


def _core(document: Document, path: Path_, data: Any, bases: Mapping[str, CoreSettings]) -> CoreSettings:
    if not isinstance(data, dict):
        raise document.error(path, f"must be settings with values (rob: 224, ...), found {data!r}")
    allowed = (*NAMES, BASE, *ABOUT)
    for key in data:
        if key not in allowed:
            raise document.error((*path, key), f"unknown setting {key!r}{nearest(key, allowed)}")
    settings = {name: getattr(CoreSettings(), name) for name in NAMES}
    if BASE in data:
        base = data[BASE]
        if not isinstance(base, str) or base not in bases:
            known = ", ".join(bases)
            raise document.error((*path, BASE), f"unknown core {base!r}{nearest(str(base), bases)}; shipped: {known}")
        settings = {name: getattr(bases[base], name) for name in NAMES}
    for name in NAMES:
        value = data.get(name, settings[name])
        settings[name] = float(value) if name in NUMBERS and type(value) is int else value
    for name, fault in setting_faults(settings):
        raise document.error((*path, name), fault)
    return CoreSettings(**settings)
