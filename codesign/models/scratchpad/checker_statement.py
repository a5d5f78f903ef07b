"""What a plan states, before anything is replayed: places, actions, stays, transfers, each held against the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from codesign.models.scratchpad.checker_faults import Faults
from codesign.models.scratchpad.plan import Plan, Residency, Transfer, TransferKind
from codesign.workloads.graph import Network, Operator


@dataclass(frozen=True)
class Layout:
    """Where tensors lie in buffers.

    Attributes:
        place_of: buffer and offset in bytes of each counted tensor that has one.
        size_of: bytes of each buffer, counted from its tensors.
        space_of: bytes that it occupies, as the plan states.
        tensors_of: counted tensors of each buffer.
    """

    place_of: Mapping[str, tuple[str, int]]
    size_of: Mapping[str, int]
    space_of: Mapping[str, int]
    tensors_of: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Action:
    """What happens in a step.

    Attributes:
        name: of the step.
        kind: of the operator; ``load`` where the step brings a source in.
        reads: counted tensors, each once.
        writes: tensors.
    """

    name: str
    kind: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class Stay:
    """A residency that can be replayed, with what the transfers say of it.

    Attributes:
        index: in ``plan.residencies``, which names it in faults.
        residency: as the plan states it.
        first_step: of those that the plan has.
        last_step: of those that the plan has.
        stored: a store is recorded when it ends.
    """

    index: int
    residency: Residency
    first_step: int
    last_step: int
    stored: bool


def layout_of(network: Network, plan: Plan, counted: Collection[str], faults: Faults) -> Layout:
    """Return where the plan places the tensors.

    Faults: a buffer or tensor placed twice, an unknown or uncounted tensor, a buffer without tensors, a negative
    offset, a size that isn't that of the tensors, less space than size.
    """
    size = {tensor.name: tensor.size_bytes for tensor in network.tensors}
    place_of: dict[str, tuple[str, int]] = {}
    size_of: dict[str, int] = {}
    space_of: dict[str, int] = {}
    tensors_of: dict[str, tuple[str, ...]] = {}
    for placement in plan.placements:
        where = f"buffer {placement.name!r}"
        if placement.name in size_of:
            faults.add(f"{where} is described twice")
            continue
        held = []
        for tensor, offset in placement.tensors:
            if tensor not in counted:
                known = "isn't kept in the scratchpad" if tensor in size else "isn't in the network"
                faults.add(f"{where} holds {tensor!r}, which {known}")
            elif tensor in place_of:
                faults.add(f"tensor {tensor!r} is placed in buffer {place_of[tensor][0]!r} and again in {where}")
            else:
                place_of[tensor] = (placement.name, int(offset))
                held.append(tensor)
                if offset < 0:
                    faults.add(f"{where} holds {tensor!r} at the negative offset {offset}")
        wanted = max((place_of[tensor][1] + size[tensor] for tensor in held), default=0)
        if not held:
            faults.add(f"{where} holds no tensor")
        elif placement.size_bytes != wanted:
            faults.add(f"{where} has {placement.size_bytes} bytes to move; its tensors take {wanted} bytes")
        if placement.space_bytes < wanted:
            faults.add(f"{where} occupies {placement.space_bytes} bytes; its tensors take {wanted} bytes")
        size_of[placement.name] = wanted
        space_of[placement.name] = max(int(placement.space_bytes), wanted)
        tensors_of[placement.name] = tuple(held)
    return Layout(place_of, size_of, space_of, tensors_of)


def actions_of(
    network: Network, plan: Plan, counted: Collection[str], *, sources_stored: bool, recompute: bool, faults: Faults
) -> list[Action | None]:
    """Return what each step does, None for one that does nothing known.

    Faults: an unknown operator or view, an operator that never runs, runs twice without recomputation, or runs and is
    a view; a source brought in twice.
    """
    operators = {operator.name: operator for operator in network.operators}
    sources = set() if sources_stored else {t.name for t in network.tensors if t.role in ("input", "weight")}
    views, first_run = frozenset(plan.views), dict[str, int]()
    actions: list[Action | None] = []
    for step, name in enumerate(plan.order):
        action = None
        if name in operators:
            if name in views:
                faults.add(f"operator {name!r} is a view, but runs in step {step}")
            else:
                action = _run(operators[name], counted)
            if name in first_run and not recompute:
                faults.add(f"step {step}: operator {name!r} runs twice, first in step {first_run[name]}")
        elif name.startswith("load ") and name.removeprefix("load ") in sources:
            action = _load(name, step, counted, faults)
            if name in first_run:
                faults.add(f"step {step}: {name!r} comes again after step {first_run[name]}; it can't be recomputed")
        else:
            faults.add(f"step {step}: {name!r} is no operator of network {network.name!r}")
        first_run.setdefault(name, step)
        actions.append(action)
    for name in sorted(views - set(operators)):
        faults.add(f"view {name!r} is no operator of network {network.name!r}")
    for name in operators:
        if name not in first_run and name not in views:
            faults.add(f"operator {name!r} never runs")
    return actions


def _run(operator: Operator, counted: Collection[str]) -> Action:
    reads = tuple(name for name in dict.fromkeys(operator.inputs) if name in counted)
    return Action(operator.name, operator.kind, reads, operator.outputs)


def _load(name: str, step: int, counted: Collection[str], faults: Faults) -> Action | None:
    source = name.removeprefix("load ")
    if source in counted:
        return Action(name, "load", (), (source,))
    faults.add(f"step {step}: {name!r} brings in {source!r}, which isn't kept in the scratchpad")
    return None


def find_unplaced(actions: Sequence[Action | None], layout: Layout, faults: Faults) -> None:
    """Report every tensor that a step reads or writes and that no buffer holds."""
    for step, action in enumerate(actions):
        if action is None:
            continue
        for verb, tensors in (("reads", action.reads), ("writes", action.writes)):
            for tensor in tensors:
                if tensor not in layout.place_of:
                    faults.add(f"step {step}: operator {action.name!r} {verb} {tensor!r}, which no buffer holds")


def stays_of(plan: Plan, layout: Layout, *, sources_stored: bool, faults: Faults) -> list[Stay]:
    """Return the residencies that can be replayed, in the plan's order.

    Faults: an unknown buffer or pool, steps outside the plan, a negative or zero length, a misaligned address, a place
    beyond its pool; a transfer that is missing, doubled, has the wrong size, or belongs to no residency.
    """
    if plan.alignment_bytes < 1:
        faults.add(f"the alignment is {plan.alignment_bytes} bytes; at least 1 is wanted")
    steps = len(plan.order)
    ledger = _Ledger(plan.transfers, layout, faults)
    stays = []
    for index, residency in enumerate(plan.residencies):
        where = f"residency {index} (buffer {residency.buffer!r})"
        stored = _settle(residency, where, ledger)
        if residency.buffer not in layout.size_of:
            faults.add(f"{where}: there is no such buffer")
            continue
        if residency.last_step < residency.first_step:
            faults.add(f"{where} lasts from step {residency.first_step} to {residency.last_step}: not a single step")
            continue
        if residency.first_step < 0 or residency.last_step >= steps:
            faults.add(
                f"{where} lasts from step {residency.first_step} to {residency.last_step};"
                f" the plan has the steps 0 to {steps - 1}"
            )
        if not 0 <= residency.pool < len(plan.pools_bytes):
            faults.add(f"{where} lies in pool {residency.pool}; the plan has {len(plan.pools_bytes)}")
            continue
        _find_misplacement(plan, residency, where, layout.space_of[residency.buffer], faults)
        first, last = max(int(residency.first_step), 0), min(int(residency.last_step), steps - 1)
        if first <= last:
            stays.append(Stay(index, residency, first, last, stored))
    ledger.close(sources_stored=sources_stored)
    return stays


def _find_misplacement(plan: Plan, residency: Residency, where: str, space: int, faults: Faults) -> None:
    address, capacity = residency.address_bytes, plan.pools_bytes[residency.pool]
    if plan.alignment_bytes >= 1 and address % plan.alignment_bytes:
        faults.add(f"{where} is misaligned: address {address} is no multiple of {plan.alignment_bytes} bytes")
    if address < 0:
        faults.add(f"{where} has the negative address {address}")
    if address + space > capacity:
        faults.add(
            f"{where} lies beyond the capacity: bytes {address} to {address + space} of pool {residency.pool},"
            f" which has {capacity}"
        )


def _settle(residency: Residency, where: str, ledger: _Ledger) -> bool:
    """Take the transfers of a residency out of the ledger, and return whether it is stored at its end."""
    start, end = residency.first_step, residency.last_step + 1
    if residency.arrival == "loaded":
        ledger.require(start, residency.buffer, "load", where)
    elif residency.arrival == "retrieved":
        ledger.require(start, residency.buffer, "retrieve", where)
    if residency.written_back:
        ledger.require(end, residency.buffer, "spill", where)
    stored = ledger.take(end, residency.buffer, "store", where)
    if stored and residency.written_back:
        ledger.faults.add(f"{where} is spilled and stored in step {end}: its contents are written twice")
    return stored


class _Ledger:
    """The transfers of a plan, taken out one after the other by the residencies that they belong to."""

    def __init__(self, transfers: Sequence[Transfer], layout: Layout, faults: Faults) -> None:
        self.faults = faults
        self._transfers = transfers
        self._layout = layout
        self._open: dict[tuple[int, str, str], list[int]] = {}
        for index, transfer in enumerate(transfers):
            self._open.setdefault((int(transfer.step), transfer.buffer, transfer.kind), []).append(index)

    def take(self, step: int, buffer: str, kind: TransferKind, where: str) -> bool:
        """Take out a transfer if there is one; a fault where its size isn't that of the buffer."""
        waiting = self._open.get((int(step), buffer, kind))
        if not waiting:
            return False
        size = self._transfers[waiting.pop(0)].size_bytes
        if size != self._layout.size_of.get(buffer, size):
            self.faults.add(
                f"{where}: the {kind} in step {step} has the wrong size: {size} bytes are recorded,"
                f" the buffer has {self._layout.size_of[buffer]}"
            )
        return True

    def require(self, step: int, buffer: str, kind: TransferKind, where: str) -> None:
        """Take out a transfer; a fault where there is none."""
        if not self.take(step, buffer, kind, where):
            self.faults.add(f"{where}: no {kind} is recorded in step {step}")

    def close(self, *, sources_stored: bool) -> None:
        """Report what nobody took out, and compulsory transfers where they aren't counted."""
        left = sorted(index for waiting in self._open.values() for index in waiting)
        for index in left:
            transfer = self._transfers[index]
            self.faults.add(
                f"transfer {index} ({transfer.kind} of buffer {transfer.buffer!r} in step {transfer.step},"
                f" {transfer.size_bytes} bytes) belongs to no residency"
            )
        if not sources_stored:
            for index, transfer in enumerate(self._transfers):
                if transfer.kind in ("load", "store"):
                    self.faults.add(
                        f"transfer {index} ({transfer.kind} of buffer {transfer.buffer!r} in step {transfer.step}) is"
                        " compulsory; such transfers aren't recorded where a step brings each source in"
                    )
