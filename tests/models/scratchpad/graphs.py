"""Random scheduling problems and random small networks, for comparisons with brute force."""

from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from codesign.models.scratchpad.problem import Buffer, Operation, Problem
from codesign.workloads.builder import NetworkBuilder


def make_problem(sizes, operations, *, stored=(), wanted=(), waits=None, name="hand-made"):
    """A problem from text.

    ``sizes``: bytes by name of buffer. ``operations``: name -> "reads > writes", names apart by spaces. ``waits``: name
    of operation -> names that it waits for; without, all that touched what it writes and all that wrote what it reads.
    """
    names = list(sizes)
    buffers = tuple(Buffer(n, ((n, 0),), s, s, stored=n in stored, wanted=n in wanted) for n, s in sizes.items())
    made, position = [], {}
    for operation, text in operations.items():
        reads, writes = (tuple(sorted(names.index(n) for n in side.split())) for side in text.split(">"))
        before = conflicting(made, reads, writes)
        if waits is not None:
            before = tuple(sorted(position[n] for n in waits.get(operation, "").split()))
        position[operation] = len(made)
        made.append(Operation(operation, reads, writes, before))
    return Problem(name, buffers, tuple(made))


def conflicting(earlier, reads, writes):
    """Whoever wrote what is read or written, or read what is written."""
    touched = {*reads, *writes}
    return tuple(i for i, other in enumerate(earlier) if touched & {*other.writes} or {*writes} & {*other.reads})


class _Maker:
    """Makes one random problem, operation by operation."""

    def __init__(self, chance, most, largest):
        self.chance, self.most, self.largest = chance, most, largest
        self.sizes, self.stored = [], set()
        self.operations = []
        self.present = []

    def buffer(self):
        self.sizes.append(self.chance.randint(1, self.largest))
        return len(self.sizes) - 1

    def add(self, reads, writes, before=None):
        before = conflicting(self.operations, reads, writes) if before is None else before
        macs = self.chance.randint(0, 5)
        name = f"o{len(self.operations)}"
        self.operations.append(Operation(name, tuple(sorted(reads)), tuple(sorted(writes)), tuple(before), macs))
        self.present += sorted(set(writes) - set(self.present))

    def step(self):
        kind = self.chance.random()
        if not self.present or kind < 0.15:
            self.add((), {self.buffer() for _ in range(self.chance.choice((1, 1, 2)))})
        elif kind < 0.25 and len(self.operations) + 3 <= self.most:
            self.parts()
        else:
            self.ordinary()

    def ordinary(self):
        """Reads one to three buffers, the younger the likelier; writes new ones, or one of them in place."""
        young = self.present[-3:] * 2 + self.present
        reads = {self.chance.choice(young) for _ in range(self.chance.choice((1, 1, 2, 2, 3)))}
        writes = set()
        if self.chance.random() < 0.2:
            writes.add(self.chance.choice(sorted(reads)))
        if not writes or self.chance.random() < 0.3:
            writes |= {self.buffer() for _ in range(self.chance.choice((1, 1, 1, 2)))}
        self.add(reads, writes)

    def parts(self):
        """Two operations write parts of one buffer, in any order; a third reads one part or the whole."""
        whole = self.buffer()
        for _ in range(2):
            reads = {self.chance.choice(self.present)} if self.present else set()
            self.add(reads, {whole}, conflicting(self.operations, reads, ()))
        first = len(self.operations) - 2
        before = (first, first + 1) if self.chance.random() < 0.6 else (first,)
        self.add({whole}, {self.buffer()}, before)

    def problem(self):
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            self.present.append(self.buffer())
            self.stored.add(self.present[-1])
        count = self.chance.randint(3, self.most)
        while len(self.operations) < count:
            self.step()
        written = sorted({b for o in self.operations for b in o.writes})
        wanted = {b for b in written if self.chance.random() < 0.2}
        buffers = (Buffer(f"b{i}", (), s, s, i in self.stored, i in wanted) for i, s in enumerate(self.sizes))
        return Problem("random", tuple(buffers), tuple(self.operations))


def random_problem(chance, *, most=8, largest=9):
    """3 to ``most`` operations on buffers of 1 to ``largest`` bytes.

    Several readers of a buffer, several outputs of an operation, operations that change a buffer in place or write a
    part of one, stored and wanted buffers, operations that wait for nothing.
    """
    return _Maker(chance, most, largest).problem()


def random_chain(chance, *, most=8, largest=9):
    """A problem with a single legal order: each operation waits for the one before it."""
    loose = random_problem(chance, most=most, largest=largest)
    operations = (
        Operation(o.name, o.reads, o.writes, tuple(sorted({*o.predecessors, *([i - 1] if i else [])})), o.macs)
        for i, o in enumerate(loose.operations)
    )
    return Problem("chain", loose.buffers, tuple(operations))


def crowded_problem(chance):
    """A chain, and a capacity that its contents fill to the last byte: often they fit, but can't be placed.

    Steps 0 and 4 each fill both halves of the memory, so that B and F lie in one half exactly. C and D share the other
    one, E has to go to B's half beside D, and F finds neither half free. What is added to this, and changed, is random.
    """
    unit = chance.choice((1, 1, 2))
    sizes = {name: size * unit for name, size in {"A": 3, "B": 3, "C": 2, "D": 1, "E": 1, "F": 3, "G": 3}.items()}
    capacity = 6 * unit
    steps = [["", "A B"], ["B", "C D"], ["C", "E"], ["D E", "F"], ["F", "G"]]
    for name in sizes:
        if chance.random() < 0.1:
            sizes[name] = max(1, sizes[name] + chance.choice((-1, 1)))
    for _ in range(chance.choice((0, 0, 1, 2))):
        step = chance.randint(1, 4)
        written = " ".join(side[1] for side in steps[:step]).split()
        steps[step][0] = " ".join({*steps[step][0].split(), chance.choice(written)})
    for name in "HI"[: chance.choice((0, 0, 1, 2))]:
        first = chance.randint(0, 3)
        sizes[name] = chance.choice((1, 1, 2))
        capacity += chance.choice((0, sizes[name]))
        steps[first][1] += f" {name}"
        steps[chance.randint(first + 1, 4)][0] += f" {name}"
    if chance.random() < 0.3:
        sizes["S"] = 1
        for step in chance.sample(range(5), 2):
            steps[step][0] += " S"
    wanted = [name for name in sizes if name != "S" and chance.random() < 0.15]
    texts = {str(i): f"{' '.join(sorted(reads.split()))} > {writes}" for i, (reads, writes) in enumerate(steps)}
    made = make_problem(sizes, texts, stored=("S",), wanted=wanted, name="crowded")
    operations = (
        replace(o, predecessors=tuple(sorted({*o.predecessors, *([i - 1] if i else [])})))
        for i, o in enumerate(made.operations)
    )
    made = replace(made, operations=tuple(operations))
    return made, max(capacity, made.minimum_bytes)


def legal_order(chance, problem):
    """A random order that keeps all precedences."""
    order, waiting = [], list(problem.default_order)
    while waiting:
        ready = [v for v in waiting if set(problem.operations[v].predecessors).isdisjoint(waiting)]
        order.append(chance.choice(ready))
        waiting.remove(order[-1])
    return tuple(order)


def capacity_between(chance, problem):
    """A capacity from M_R to what the default order needs without dropping anything."""
    lowest = problem.minimum_bytes
    return chance.randint(lowest, max(lowest, problem.peak_bytes(problem.default_order)))


CHANCES = st.integers(0, 2**32 - 1).map(Random)
"""Sources of chance. A seed shrinks badly, but reads well and is quick: the problems are small anyway."""


@st.composite
def problems(draw, most=7, largest=9):
    """Random problems, each with a capacity between M_R and the peak of its default order."""
    chance = draw(CHANCES)
    problem = random_problem(chance, most=most, largest=largest)
    return problem, capacity_between(chance, problem)


WIDTHS = (2, 4, 6)


def random_network(chance, *, most=9):
    """A small network of element-wise operators, mixtures, concatenations, reshapes, splits and linear layers.

    Tensors are 1 x width, a byte a word; reshapes make them width x 1 and back.
    """
    net = NetworkBuilder("random")
    flat = [net.input(f"x{i}", 1, chance.choice(WIDTHS)) for i in range(chance.choice((1, 1, 2)))]
    count = chance.randint(3, most)
    for number in range(count):
        flat += _random_operator(net, chance, flat, f"t{number}")
    network = net.build()
    unread = [t.name for t in network.tensors if t.role == "activation" and not network.consumers(t.name)]
    more = [t.name for t in network.tensors if t.role == "activation" and chance.random() < 0.1]
    return net.build(*dict.fromkeys((*unread, *more)))


def _random_operator(net, chance, flat, name):
    """Add one operator (a reshape is followed by its way back); the tensors that it makes, all 1 x width."""
    source = chance.choice(flat[-3:] * 2 + flat)
    width = net.shape(source)[1]
    kind = chance.choice(("relu", "add", "mix", "mix", "linear", "concat", "reshape", "split"))
    if kind == "add":
        same = [other for other in flat if net.shape(other)[1] == width]
        return [net.add(source, chance.choice(same), name=name)]
    if kind == "relu":
        return [net.elementwise("relu", source, name=name)]
    if kind == "linear":
        return [net.linear(source, chance.choice(WIDTHS), name=name)]
    if kind == "concat":
        parts = [source, *(chance.choice(flat) for _ in range(chance.choice((1, 1, 2))))]
        return [net.concat(parts, name=name)]
    if kind == "reshape":
        turned = net.reshape(source, width, 1, name=f"{name}.turned")
        return [net.reshape(turned, 1, width, name=name)]
    if kind == "split" and width % 2 == 0:
        return list(net.split(source, 2, name=name))
    others = [source, *(chance.choice(flat) for _ in range(chance.choice((0, 1, 1, 2))))]
    return [net.operator("mix", list(dict.fromkeys(others)), (1, chance.choice(WIDTHS)), name=name)]
