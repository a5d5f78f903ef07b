"""Tiny traces made by hand."""

import numpy as np

from codesign.models.cpu.features.sample import sample
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS, InstructionTrace, StaticCode


def trace(steps, name="tiny"):
    """A trace from (operation, sources, destinations, loads, stores, branch, taken, place) per executed instruction.

    Steps are dicts with any of these keys; ``place`` is the static instruction's number (its address is 4 times that).
    """
    static, which = {}, []
    for number, step in enumerate(steps):
        place = step.get("place", number)
        static.setdefault(place, step)
        which.append(place)
    order = sorted(static)
    rows = [static[place] for place in order]
    padded = lambda key, most: np.array([(list(row.get(key, ())) + [0] * most)[:most] for row in rows], dtype=np.uint8)  # noqa: E731
    code = StaticCode(
        address=np.array([0x400000 + 4 * place for place in order], dtype=np.uint64),
        length=np.full(len(rows), 4, dtype=np.uint8),
        encoding=np.zeros((len(rows), 15), dtype=np.uint8),
        operation=np.array([OPERATIONS.index(row.get("operation", "int_alu")) for row in rows], dtype=np.uint8),
        branch=np.array([BRANCHES.index(row.get("branch", "none")) for row in rows], dtype=np.uint8),
        sources=padded("sources", 6),
        destinations=padded("destinations", 3),
    )
    loads = [list(step.get("loads", ())) for step in steps]
    stores = [list(step.get("stores", ())) for step in steps]
    operands = [address for one, two in zip(loads, stores, strict=True) for address in (*one, *two)]
    written = [flag for one, two in zip(loads, stores, strict=True) for flag in [False] * len(one) + [True] * len(two)]
    places = {place: position for position, place in enumerate(order)}
    return InstructionTrace(
        name=name,
        code=code,
        which=np.array([places[place] for place in which], dtype=np.int32),
        taken=np.array([step.get("taken", False) for step in steps]),
        loads=np.array([len(one) for one in loads], dtype=np.uint8),
        stores=np.array([len(one) for one in stores], dtype=np.uint8),
        operand_address=np.array(operands, dtype=np.uint64),
        operand_size=np.full(len(operands), 8, dtype=np.uint8),
        operand_store=np.array(written, dtype=bool),
        windows=np.zeros(1, dtype=np.int64),
    )


def whole(steps, warmup=0):
    """The sample of all steps, the first ``warmup`` of them to warm up."""
    made = trace(steps)
    return sample(made, warmup)


def loop(body, times):
    """A body of steps repeated, each step at its own place."""
    placed = [{"place": place} | step for place, step in enumerate(body)]
    return [step for _ in range(times) for step in placed]


def chain(count):
    """Additions, each of which needs the one before."""
    return loop([{"sources": (1,), "destinations": (1,)}] * 8, count // 8)


def independent(count):
    """Additions that need nothing."""
    return loop([{"destinations": (register,)} for register in range(7, 15)], count // 8)


def walk(addresses, times=1, serial=False):
    """Loads from a list of addresses, over and over; ``serial``: each address depends on the load before."""
    links = {"sources": (3,), "destinations": (3,)} if serial else {"destinations": (3,)}
    return [
        {"operation": "load", "place": 0, "loads": (address,), **links} for _ in range(times) for address in addresses
    ]


def mixed(count, seed, lines=4000):
    """Loads at random addresses, additions on them, stores and a branch that is taken at times, over and over."""
    draw = np.random.default_rng(seed)
    body = [
        {"operation": "load", "sources": (9,), "destinations": (7,)},
        {"sources": (7, 9), "destinations": (8, 25)},
        {"operation": "store", "sources": (8,)},
        {"destinations": (9,)},
        {"branch": "conditional", "operation": "branch", "sources": (25,), "destinations": (26,)},
    ]
    steps = loop(body, -(-count // len(body)))[:count]
    for place in range(0, count, len(body)):
        steps[place] = steps[place] | {"loads": (64 * int(draw.integers(0, lines)),)}
        if place + 2 < count:
            steps[place + 2] = steps[place + 2] | {"stores": (64 * int(draw.integers(0, lines)),)}
        if place + 4 < count:
            steps[place + 4] = steps[place + 4] | {"taken": bool(draw.integers(0, 4) == 0)}
    return steps
