"""Small networks with plans written by hand, ways to damage a plan, and a planner that can't go wrong."""

from dataclasses import dataclass, replace

from codesign.models.scratchpad.plan import Placement, Plan, Residency, Transfer
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network


def stay(buffer, first, last, address, arrival="created", *, spilled=False, pool=0):
    return Residency(buffer, first, last, address, pool, arrival, spilled)


def place(name, size, tensors=None, space=None):
    return Placement(name, tensors or ((name, 0),), size, space or size)


def make_plan(network, order, placements, residencies, transfers, *, views="", pools=(1000,), alignment=1):
    return Plan(
        network=network.name,
        order=tuple(order.split(",")),
        views=tuple(views.split()),
        pools_bytes=pools,
        alignment_bytes=alignment,
        placements=tuple(placements),
        residencies=tuple(residencies),
        transfers=tuple(Transfer(*transfer) for transfer in transfers),
    )


@dataclass(frozen=True)
class Example:
    """A plan that is right, with how it is to be checked and the bytes that it moves (load, store, retrieve, spill)."""

    network: Network
    plan: Plan
    moved: tuple[int, int, int, int]
    peak: int
    weights: bool = False
    sources_stored: bool = True
    recompute: bool = False

    @property
    def options(self):
        return {"weights": self.weights, "sources_stored": self.sources_stored, "recompute": self.recompute}


def chain_network():
    """x (4 bytes) -> a -> b -> c (8 each); y (4) reads c and, long after it was made, a."""
    net = NetworkBuilder("chain")
    net.input("x", 1, 4)
    net.operator("mix", ["x"], (1, 8), name="a")
    net.operator("mix", ["a"], (1, 8), name="b")
    net.operator("mix", ["b"], (1, 8), name="c")
    net.operator("mix", ["a", "c"], (1, 4), name="y")
    return net.build("y")


CHAIN_PLACES = [place("x", 4), place("a", 8), place("b", 8), place("c", 8), place("y", 4)]


def spill():
    """a is written back while b and c are made, in 20 bytes of which 12 to 20 are needed."""
    network = chain_network()
    residencies = [
        stay("a", 0, 1, 8, spilled=True),
        stay("x", 0, 0, 0, "loaded"),
        stay("b", 1, 2, 0),
        stay("c", 2, 3, 8),
        stay("a", 3, 3, 0, "retrieved"),
        stay("y", 3, 3, 16),
    ]
    transfers = [(0, "x", "load", 4), (2, "a", "spill", 8), (3, "a", "retrieve", 8), (4, "y", "store", 4)]
    plan = make_plan(network, "a,b,c,y", CHAIN_PLACES, residencies, transfers, pools=(20,), alignment=4)
    return Example(network, plan, (4, 4, 8, 8), 20)


def paper():
    """The same in the paper's accounting: a step brings x in, nothing compulsory is recorded."""
    network = chain_network()
    residencies = [
        stay("x", 0, 1, 0),
        stay("a", 1, 2, 8, spilled=True),
        stay("b", 2, 3, 0),
        stay("c", 3, 4, 8),
        stay("a", 4, 4, 0, "retrieved"),
        stay("y", 4, 4, 16),
    ]
    transfers = [(3, "a", "spill", 8), (4, "a", "retrieve", 8)]
    plan = make_plan(network, "load x,a,b,c,y", CHAIN_PLACES, residencies, transfers, pools=(20,))
    return Example(network, plan, (0, 0, 8, 8), 20, sources_stored=False)


def recomputed():
    """a is dropped and made again, from x, which DRAM has still: nothing is spilled."""
    network = chain_network()
    residencies = [
        stay("a", 0, 1, 8),
        stay("x", 0, 0, 0, "loaded"),
        stay("b", 1, 2, 0),
        stay("c", 2, 4, 8),
        stay("a", 3, 4, 0),
        stay("x", 3, 3, 16, "retrieved"),
        stay("y", 4, 4, 16),
    ]
    transfers = [(0, "x", "load", 4), (3, "x", "retrieve", 4), (5, "y", "store", 4)]
    plan = make_plan(network, "a,b,c,a,y", CHAIN_PLACES, residencies, transfers, pools=(20,))
    return Example(network, plan, (4, 4, 4, 0), 20, recompute=True)


def two_pools():
    """a and y in a pool of their own: nothing has to be spilled."""
    network = chain_network()
    residencies = [
        stay("a", 0, 3, 0, pool=1),
        stay("x", 0, 0, 0, "loaded"),
        stay("b", 1, 2, 0),
        stay("c", 2, 3, 8),
        stay("y", 3, 3, 8, pool=1),
    ]
    transfers = [(0, "x", "load", 4), (4, "y", "store", 4)]
    plan = make_plan(network, "a,b,c,y", CHAIN_PLACES, residencies, transfers, pools=(16, 12))
    return Example(network, plan, (4, 4, 0, 0), 24)


def in_place():
    """relu and add write over their first input; what relu leaves in a's buffer is written back once more."""
    net = NetworkBuilder("in place")
    net.input("x", 1, 8)
    net.operator("mix", ["x"], (1, 8), name="a")
    net.elementwise("relu", "a", name="r")
    net.operator("mix", ["x"], (1, 8), name="b")
    net.add("r", "b", name="s")
    net.operator("mix", ["s"], (1, 8), name="y")
    network = net.build("y")
    places = [place("x", 8), place("a", 8, (("a", 0), ("r", 0), ("s", 0))), place("b", 8), place("y", 8)]
    residencies = [
        stay("a", 0, 0, 8, spilled=True),
        stay("x", 0, 2, 0, "loaded"),
        stay("a", 1, 1, 16, "retrieved", spilled=True),
        stay("b", 2, 3, 8),
        stay("a", 3, 4, 16, "retrieved"),
        stay("y", 4, 4, 0),
    ]
    transfers = [
        *((0, "x", "load", 8), (1, "a", "spill", 8), (1, "a", "retrieve", 8), (2, "a", "spill", 8)),
        *((3, "a", "retrieve", 8), (5, "y", "store", 8)),
    ]
    plan = make_plan(network, "a,r,b,s,y", places, residencies, transfers, pools=(24,))
    return Example(network, plan, (8, 8, 16, 16), 16)


def views():
    """Parts of a concatenation and of a split lie in the whole; the half-filled whole moves through DRAM."""
    net = NetworkBuilder("views")
    net.input("x", 1, 4)
    net.operator("mix", ["x"], (1, 4), name="p")
    net.operator("mix", ["x"], (1, 2), name="q")
    net.concat(["p", "q"], name="whole")
    net.reshape("whole", 6, name="flat")
    net.operator("mix", ["flat"], (1, 4), name="u")
    net.split("u", 2, name="halves")
    net.add("halves.0", "halves.1", name="y")
    network = net.build("y")
    places = [
        place("x", 4),
        place("whole", 6, (("whole", 0), ("p", 0), ("q", 4), ("flat", 0))),
        place("u", 4, (("u", 0), ("halves.0", 0), ("halves.1", 2))),
        place("y", 2),
    ]
    residencies = [
        stay("whole", 0, 0, 4, spilled=True),
        stay("x", 0, 1, 0, "loaded"),
        stay("whole", 1, 2, 6, "retrieved"),
        stay("u", 2, 3, 0),
        stay("y", 3, 3, 4),
    ]
    transfers = [(0, "x", "load", 4), (1, "whole", "spill", 6), (1, "whole", "retrieve", 6), (4, "y", "store", 2)]
    plan = make_plan(network, "p,q,u,y", places, residencies, transfers, views="whole flat halves", pools=(12,))
    return Example(network, plan, (4, 2, 6, 6), 10)


def weights():
    """A weight used twice is dropped in between, which costs only reading it again."""
    net = NetworkBuilder("weights")
    net.input("x", 1, 4)
    net.weight("w", 4, 4)
    net.operator("linear", ["x", "w"], (1, 4), name="a")
    net.operator("mix", ["a"], (1, 16), name="b")
    net.operator("mix", ["b"], (1, 4), name="c")
    net.operator("linear", ["c", "w"], (1, 4), name="y")
    network = net.build("y")
    places = [place(*pair) for pair in (("x", 4), ("w", 16), ("a", 4), ("b", 16), ("c", 4), ("y", 4))]
    residencies = [
        stay("a", 0, 1, 20),
        stay("w", 0, 0, 0, "loaded"),
        stay("x", 0, 0, 16, "loaded"),
        stay("b", 1, 2, 0),
        stay("c", 2, 3, 16),
        stay("w", 3, 3, 0, "retrieved"),
        stay("y", 3, 3, 20),
    ]
    transfers = [
        *((0, "w", "load", 16), (0, "x", "load", 4), (3, "w", "retrieve", 16), (4, "y", "store", 4)),
    ]
    plan = make_plan(network, "a,b,c,y", places, residencies, transfers, pools=(24,))
    return Example(network, plan, (20, 4, 16, 0), 24, weights=True)


def streamed():
    """The same network when weights stream past the scratchpad: no buffer holds them."""
    example = weights()
    plan = example.plan
    kept = {
        "placements": tuple(entry for entry in plan.placements if entry.name != "w"),
        "residencies": tuple(entry for entry in plan.residencies if entry.buffer != "w"),
        "transfers": tuple(entry for entry in plan.transfers if entry.buffer != "w"),
    }
    return Example(example.network, replace(plan, **kept), (4, 4, 0, 0), 20)


EXAMPLES = {
    example.__name__: example() for example in (spill, paper, recomputed, two_pools, in_place, views, weights, streamed)
}


def change(plan, table, index, **values):
    """The plan with fields of one record changed."""
    records = list(getattr(plan, table))
    records[index] = replace(records[index], **values)
    return replace(plan, **{table: tuple(records)})


def remove(plan, table, index):
    """The plan without one record."""
    records = list(getattr(plan, table))
    del records[index]
    return replace(plan, **{table: tuple(records)})


def insert(plan, table, record):
    """The plan with one more record."""
    return replace(plan, **{table: (*getattr(plan, table), record)})


def naive_plan(network):
    """Every buffer is in the scratchpad only in the steps that touch it, and goes through DRAM in between.

    Only for networks without weights whose operators are all steps.
    """
    sources = {tensor.name for tensor in network.inputs}
    wanted = {tensor.name for tensor in network.outputs}
    sizes = {tensor.name: tensor.size_bytes for tensor in network.tensors}
    residencies, transfers, seen = [], [], set()
    for step, operator in enumerate(network.operators):
        address = 0
        for name in sorted({*operator.inputs, *operator.outputs}):
            made, first = name in operator.outputs, name not in seen
            arrival = "created" if made else "loaded" if first and name in sources else "retrieved"
            spilled = made and name not in wanted and bool(network.consumers(name))
            residencies.append(stay(name, step, step, address, arrival, spilled=spilled))
            if not made:
                transfers.append((step, name, "load" if arrival == "loaded" else "retrieve", sizes[name]))
            elif spilled or name in wanted:
                transfers.append((step + 1, name, "spill" if spilled else "store", sizes[name]))
            seen.add(name)
            address += sizes[name]
    touched = {residency.buffer for residency in residencies}
    places = [place(name, size) for name, size in sizes.items() if name in touched]
    order = ",".join(operator.name for operator in network.operators)
    need = max(residency.address_bytes + sizes[residency.buffer] for residency in residencies)
    return make_plan(network, order, places, residencies, sorted(transfers), pools=(need,))
