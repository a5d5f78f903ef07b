"""A plan: what runs when, what lies where, what moves. Plain data, so that others can write, read and check it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Arrival = Literal["created", "loaded", "retrieved"]
TransferKind = Literal["load", "retrieve", "spill", "store"]


@dataclass(frozen=True, slots=True)
class Placement:
    """A buffer of the plan: which tensors lie in it, at which offset.

    Attributes:
        name: of the buffer.
        tensors: names of the network's tensors and their offset in the buffer in bytes.
        size_bytes: moved by a transfer.
        space_bytes: occupied while resident.
    """

    name: str
    tensors: tuple[tuple[str, int], ...]
    size_bytes: int
    space_bytes: int


@dataclass(frozen=True, slots=True)
class Residency:
    """A stay of a buffer in the scratchpad, at one address.

    Attributes:
        buffer: its name.
        first_step: in which it occupies its place; a retrieved or loaded buffer has arrived before this step runs.
        last_step: in which it occupies its place; the place is free from ``last_step + 1`` on.
        address_bytes: of its first byte, within its pool.
        pool: index of the memory pool.
        arrival: ``created`` by an operation in ``first_step``, ``loaded`` for the first time (compulsory), or
            ``retrieved``.
        written_back: whether its contents are written to DRAM when it leaves and not for the first or compulsory time
            (a spill); a store that is compulsory is a transfer of the kind ``store``.
    """

    buffer: str
    first_step: int
    last_step: int
    address_bytes: int
    pool: int
    arrival: Arrival
    written_back: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """Bytes over the DRAM bus.

    ``load`` (first read of an input or weight) and ``store`` (write of an output) are compulsory, ``retrieve`` and
    ``spill`` aren't. ``step``: a load or retrieve is done before that step runs; a spill or store leaves after the
    last step of a residency and is written with the step in which the place is free again (``last_step + 1``; the
    number of steps when it leaves at the end).
    """

    step: int
    buffer: str
    kind: TransferKind
    size_bytes: int


@dataclass(frozen=True)
class Plan:
    """Everything that a machine needs to run a network from a scratchpad.

    Attributes:
        network: name.
        order: names of operators, one a step. A name may come twice where recomputation is allowed.
        views: operators without a step: their result lies in memory already.
        pools_bytes: capacity of each memory pool.
        alignment_bytes: addresses are multiples of it.
        placements: the buffers.
        residencies: sorted by first step, then buffer.
        transfers: sorted by step, then buffer.
    """

    network: str
    order: tuple[str, ...]
    views: tuple[str, ...]
    pools_bytes: tuple[int, ...]
    alignment_bytes: int
    placements: tuple[Placement, ...]
    residencies: tuple[Residency, ...]
    transfers: tuple[Transfer, ...]

    def moved_bytes(self, *kinds: TransferKind) -> int:
        """Bytes of all transfers of the given kinds; of all without."""
        return sum(t.size_bytes for t in self.transfers if not kinds or t.kind in kinds)

    @property
    def offchip_bytes(self) -> int:
        """Everything over the DRAM bus."""
        return self.moved_bytes()

    @property
    def noncompulsory_bytes(self) -> int:
        """Spills and retrievals: what a larger scratchpad or a better plan could save."""
        return self.moved_bytes("spill", "retrieve")
