"""From the values of a solved program to an order and a plan."""

from __future__ import annotations

from dataclasses import dataclass

from codesign.ilp import ProgramSolution
from codesign.models.scratchpad.plan import Arrival, Placement, Plan, Residency, Transfer, TransferKind
from codesign.models.scratchpad.program.variables import Family, Program, Term


@dataclass(frozen=True, slots=True)
class Stay:
    """A buffer in the scratchpad without interruption.

    Attributes:
        first, last: steps, both included; something touches it in both.
        address: in units; 0 without addresses.
    """

    first: int
    last: int
    address: int


def order_of(p: Program, solution: ProgramSolution) -> tuple[int, ...]:
    """Return the operation that runs at each step."""
    operations = range(len(p.problem.operations))
    return tuple(next(o for o in operations if _value(solution, p.run(o, t))) for t in p.steps)


def stays_of(p: Program, solution: ProgramSolution, order: tuple[int, ...]) -> dict[int, list[Stay]]:
    """Return the stays of each buffer. What a buffer is kept beyond its last touch in a stay is cut off."""

    def on(family: Family, a: int, t: int) -> bool:
        return bool(_value(solution, family.get((a, t), 0)))

    found: dict[int, list[Stay]] = {}
    for a in p.buffers:
        stays: list[Stay] = []
        for t in p.windows.of_buffer(a):
            touched = a in p.problem.touches[order[t]]
            if on(p.C, a, t) or on(p.R, a, t):
                stays.append(Stay(t, t, int(_value(solution, p.L.get((a, t), 0)))))
            elif on(p.P, a, t) and touched:
                stays[-1] = Stay(stays[-1].first, t, stays[-1].address)
        found[a] = stays
    return found


def _value(solution: ProgramSolution, term: Term) -> float:
    """Return a term's value; an address that no row mentions (nothing else is there) isn't in the solution and is 0."""
    return term if isinstance(term, int) else solution.values.get(term.name, 0)


def traffic_bytes(p: Program, order: tuple[int, ...], stays: dict[int, list[Stay]]) -> int:
    """Return the non-compulsory bytes of these stays."""
    moved = [transfer for a in p.buffers for transfer in _transfers(p, order, a, stays[a])]
    return sum(transfer.size_bytes for transfer in moved if transfer.kind in ("retrieve", "spill"))


def plan_of(
    p: Program, order: tuple[int, ...], stays: dict[int, list[Stay]], capacity_bytes: int, alignment_bytes: int
) -> Plan:
    """Return the plan."""
    residencies, transfers = [], []
    for a in p.buffers:
        about = p.problem.buffers[a]
        moved = _transfers(p, order, a, stays[a])
        spilled_at = {transfer.step for transfer in moved if transfer.kind == "spill"}
        transfers += moved
        for number, stay in enumerate(stays[a]):
            arrival: Arrival = "retrieved" if number else ("loaded" if about.stored else "created")
            address = stay.address * p.units.space_bytes
            written_back = stay.last + 1 in spilled_at
            residencies.append(Residency(about.name, stay.first, stay.last, address, 0, arrival, written_back))
    buffers = [p.problem.buffers[a] for a in p.buffers]
    return Plan(
        network=p.problem.name,
        order=tuple(p.problem.operations[o].name for o in order),
        views=p.problem.views,
        pools_bytes=(capacity_bytes,),
        alignment_bytes=alignment_bytes,
        placements=tuple(Placement(b.name, b.tensors, b.size_bytes, b.space_bytes) for b in buffers),
        residencies=tuple(sorted(residencies, key=lambda r: (r.first_step, r.buffer))),
        transfers=tuple(sorted(transfers, key=lambda t: (t.step, t.buffer, t.kind))),
    )


def _transfers(p: Program, order: tuple[int, ...], a: int, stays: list[Stay]) -> list[Transfer]:
    """Replay one buffer: what its stays move over the DRAM bus."""
    about = p.problem.buffers[a]
    writes = [t for t in p.steps if order[t] in p.writers[a]]
    moved: list[Transfer] = []
    copy = about.stored
    for number, stay in enumerate(stays):
        if number or about.stored:
            arrival: TransferKind = "retrieve" if number else "load"
            moved.append(Transfer(stay.first, about.name, arrival, about.size_bytes))
        copy = copy and not any(stay.first <= t <= stay.last for t in writes)
        is_final = not any(t > stay.last for t in writes)
        is_needed = number + 1 < len(stays) or about.wanted
        if is_needed and not copy:
            leaving: TransferKind = "store" if about.wanted and is_final else "spill"
            moved.append(Transfer(stay.last + 1, about.name, leaving, about.size_bytes))
            copy = True
    return moved
