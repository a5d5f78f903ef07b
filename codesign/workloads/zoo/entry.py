"""What the catalogue knows of a built-in network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from codesign.workloads.graph import Network


@dataclass(frozen=True)
class ZooNetwork:
    """A named network that can be built.

    Attributes:
        name: by which it is loaded.
        settings: names of the settings that it reads; ``build`` takes exactly these as keyword arguments.
        build: makes the graph.
        source: paper and the implementation whose conventions are followed.
        only_in_phase: settings that matter in one ``phase`` only; in the other they may be given but change nothing.
    """

    name: str
    settings: tuple[str, ...]
    build: Callable[..., Network]
    source: str
    only_in_phase: Mapping[str, str] = field(default_factory=dict)
