"""The packer on instances that others made: MiniMalloc's challenging set."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file, files

from codesign.models.checks import Check
from codesign.models.scratchpad.packing.check import check_packing
from codesign.models.scratchpad.packing.files import Buffers, read_buffers
from codesign.models.scratchpad.packing.packer import pack

NAMES = ("A", "B", "C", "D", "E", "F")
CAPACITY_BYTES = 1048576
SOURCE = (
    "google/minimalloc, commit 9f5cf81, benchmarks/challenging (Moffitt, MiniMalloc, ASPLOS 2023 vol. 4): feasible at"
    " this capacity"
)
TIME_LIMIT_S = 60.0


def instances() -> Iterator[tuple[str, Buffers, int]]:
    """Give name, buffers and capacity in bytes of each instance."""
    folder = files("codesign.models.scratchpad.packing").joinpath("minimalloc")
    for name in NAMES:
        with as_file(folder.joinpath(f"{name}.{CAPACITY_BYTES}.csv")) as file:
            yield name, read_buffers(file), CAPACITY_BYTES


def minimalloc() -> list[Check]:
    """Return for each instance whether it was packed at its capacity and the packing has no fault."""
    return [_check(name, buffers, capacity) for name, buffers, capacity in instances()]


def _check(name: str, buffers: Buffers, capacity: int) -> Check:
    packing = pack(buffers.lower, buffers.upper, buffers.size, capacity, time_limit_s=TIME_LIMIT_S)
    packed = packing.offsets is not None and not check_packing(
        buffers.lower, buffers.upper, buffers.size, packing.offsets, capacity
    )
    return Check(
        item=f"instance {name}, {len(buffers.ids)} buffers, packed into {capacity:,} B and checked (1 = yes)",
        reference=1.0,
        ours=float(packed),
        unit="1",
        tolerance=0.0,
        source=SOURCE,
    )
