"""The front door: pack buffers, find the smallest memory, say which buffers don't fit together."""

from codesign.models.scratchpad.packing.errors import NotProvenError, PackingError
from codesign.models.scratchpad.packing.instance import max_load
from codesign.models.scratchpad.packing.minimum import minimum_capacity
from codesign.models.scratchpad.packing.solve import Packing, pack
from codesign.models.scratchpad.packing.subset import infeasible_subset

__all__ = [
    "NotProvenError",
    "Packing",
    "PackingError",
    "infeasible_subset",
    "max_load",
    "minimum_capacity",
    "pack",
]
