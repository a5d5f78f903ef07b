"""A machine that really moves bytes: it runs a plan on numbers and compares the results with the network's own.

It believes every word of a plan, so that a wrong plan gives wrong numbers. A byte that was never written is junk that
equals nothing. An element-wise operator makes byte i of its result from byte i of its inputs, any other operator from
all of their bytes, read anew for each byte that it writes.
"""

import hashlib
from itertools import count

ELEMENTWISE = ("relu", "add")


def made_byte(operator, output, index, values):
    text = repr((operator.name, operator.outputs.index(output), index, values))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def right_outputs(network):
    """The bytes of every output, computed without any scratchpad."""
    sizes = {tensor.name: tensor.size_bytes for tensor in network.tensors}
    values = {t.name: source_bytes(t.name, t.size_bytes) for t in network.tensors if t.role in ("input", "weight")}
    for operator in network.operators:
        inputs = [values[name] for name in operator.inputs if network.tensor(name).role != "weight"]
        if operator.kind in ("reshape", "concat"):
            values[operator.outputs[0]] = [byte for part in inputs for byte in part]
        elif operator.kind == "split":
            rest = iter(inputs[0])
            values.update({name: [next(rest) for _ in range(sizes[name])] for name in operator.outputs})
        else:
            for name in operator.outputs:
                read = inputs_at(operator, inputs)
                values[name] = [made_byte(operator, name, i, read(i)) for i in range(sizes[name])]
    return {tensor.name: values[tensor.name] for tensor in network.outputs}


def source_bytes(name, size):
    return [f"{name}[{index}]" for index in range(size)]


def inputs_at(operator, inputs):
    if operator.kind in ELEMENTWISE:
        return lambda i: [values[i] for values in inputs]
    return lambda i: [list(values) for values in inputs]


class Machine:
    """DRAM and pools of numbered bytes. Only for plans whose sources are stored; weights are left out of the values."""

    def __init__(self, network, plan):
        self.network, self.plan = network, plan
        self.operators = {operator.name: operator for operator in network.operators}
        self.sizes = {tensor.name: tensor.size_bytes for tensor in network.tensors}
        self.places = {p.name: p for p in plan.placements}
        self.place_of = {tensor: (p.name, offset) for p in plan.placements for tensor, offset in p.tensors}
        self.junk = (f"junk {number}" for number in count())
        self.memory, self.dram, self.at = {}, {}, {}
        for tensor in network.tensors:
            if tensor.role in ("input", "weight") and tensor.name in self.place_of:
                buffer, offset = self.place_of[tensor.name]
                held = self.dram.setdefault(buffer, self.fresh(self.places[buffer].size_bytes))
                held[offset : offset + tensor.size_bytes] = source_bytes(tensor.name, tensor.size_bytes)

    def fresh(self, size):
        return [next(self.junk) for _ in range(size)]

    def addresses(self, residency):
        size = self.places[residency.buffer].size_bytes
        return [(residency.pool, residency.address_bytes + i) for i in range(size)]

    def run(self):
        """The bytes of every output in DRAM at the end."""
        writes = {(t.step, t.buffer) for t in self.plan.transfers if t.kind in ("spill", "store")}
        for step in range(len(self.plan.order) + 1):
            for residency in self.plan.residencies:
                if residency.last_step + 1 == step:
                    if (step, residency.buffer) in writes:
                        self.dram[residency.buffer] = [self.memory[a] for a in self.addresses(residency)]
                    for address in self.addresses(residency):
                        self.memory[address] = next(self.junk)
                    self.at.pop(residency.buffer)
            for residency in self.plan.residencies:
                if residency.first_step == step:
                    size = self.places[residency.buffer].size_bytes
                    created = residency.arrival == "created"
                    arriving = self.fresh(size) if created else self.dram[residency.buffer]
                    self.memory.update(zip(self.addresses(residency), arriving, strict=True))
                    self.at[residency.buffer] = residency
            if step < len(self.plan.order):
                self.execute(self.operators[self.plan.order[step]])
        return {tensor.name: self.in_dram(tensor) for tensor in self.network.outputs}

    def in_dram(self, tensor):
        buffer, offset = self.place_of[tensor.name]
        return self.dram[buffer][offset : offset + tensor.size_bytes]

    def execute(self, operator):
        counted = [name for name in operator.inputs if self.network.tensor(name).role != "weight"]
        for output in operator.outputs:
            for index, address in enumerate(self.bytes_of(output)):
                places = [self.bytes_of(name) for name in counted]
                read = inputs_at(operator, [[self.memory[a] for a in place] for place in places])
                self.memory[address] = made_byte(operator, output, index, read(index))

    def bytes_of(self, tensor):
        buffer, offset = self.place_of[tensor]
        residency = self.at[buffer]
        return [(residency.pool, residency.address_bytes + offset + i) for i in range(self.sizes[tensor])]
