"""Accelerator templates: which kernels a pipeline has, in which order, and what each of them runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from codesign.errors import UnknownNameError, nearest

Kernel = Literal["pointwise", "depthwise", "window"]
"""Engines: 1x1 matrix products; one filter a channel behind a line buffer; dense windows behind a line buffer."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of the pipeline.

    Attributes:
        name: unique in its template.
        kernel: the engine that is built there.
        runs: kinds of layers that it runs. A fully connected layer is a pointwise one.
    """

    name: str
    kernel: Kernel
    runs: tuple[Kernel, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A pipeline of kernels that pass pixels on without DRAM between them; any of them can be left out of a call.

    Attributes:
        name: as in designs.
        slots: from the pipeline's input to its output.
        source: whose accelerators have this form.
    """

    name: str
    slots: tuple[Slot, ...]
    source: str


_POINTWISE: tuple[Kernel, ...] = ("pointwise",)
_DEPTHWISE: tuple[Kernel, ...] = ("depthwise",)
_WINDOW: tuple[Kernel, ...] = ("window",)
_BOTH: tuple[Kernel, ...] = ("window", "pointwise")

TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        template.name: template
        for template in (
            Template(
                "inverted_residual",
                (
                    Slot("stem", "window", _WINDOW),
                    Slot("expand", "pointwise", _POINTWISE),
                    Slot("depthwise", "depthwise", _DEPTHWISE),
                    Slot("project", "pointwise", _POINTWISE),
                ),
                "1x1, depthwise k x k, 1x1 as one pipeline, called again and again by the processor: the form of"
                " CoDeNet's accelerator (hqjenny/CoDeNet 4c98b0c, 1x1 and depthwise) with the second 1x1 and an"
                " optional dense k x k",
            ),
            Template(
                "dense",
                (Slot("window", "window", _WINDOW), Slot("pointwise", "pointwise", _POINTWISE)),
                "dense k x k, then 1x1: residual networks",
            ),
            Template("single", (Slot("window", "window", _BOTH),), "one dense engine for windows of any size, 1x1 too"),
        )
    }
)


def template_named(name: str) -> Template:
    """Return the template of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in TEMPLATES:
        raise UnknownNameError(f"unknown template {name!r}{nearest(name, TEMPLATES)}; known: {', '.join(TEMPLATES)}")
    return TEMPLATES[name]
