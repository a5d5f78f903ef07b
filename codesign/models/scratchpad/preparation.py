"""From a network to a scheduling problem: which tensors count, which share a place, what has to come before what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codesign.models.scratchpad.problem import Buffer, Operation, Problem, ProblemError
from codesign.models.scratchpad.storage import Storage
from codesign.workloads.dataflow import Operator, Tensor
from codesign.workloads.graph import Network


@dataclass(frozen=True)
class Accounting:
    """What occupies the scratchpad and what a byte over the DRAM bus is charged for.

    Attributes:
        weights: weights and biases have to be in the scratchpad too; else they stream past it and aren't counted.
        sources_stored: DRAM holds inputs and weights from the start, and an output has to be written once anyway. In
            the paper's accounting (False) a step of its own creates every input and weight, dropping one costs a
            write, and outputs are tensors like others.
        in_place: element-wise operators write over an input that nothing else reads.
        views: reshapes cost nothing, and the parts of a concatenation are written side by side where it is read.
        alignment_bytes: addresses and occupied space are multiples of it.
    """

    weights: bool = False
    sources_stored: bool = True
    in_place: bool = False
    views: bool = False
    alignment_bytes: int = 1

    def __post_init__(self) -> None:
        if self.alignment_bytes < 1:
            raise ProblemError(f"alignment_bytes must be at least 1, found {self.alignment_bytes}")


PAPER = Accounting(sources_stored=False)
"""The paper's accounting, activations only."""


def problem_of(network: Network, accounting: Accounting) -> Problem:
    """Return the scheduling problem of a network.

    Operators stay in the network's order, which becomes the default order.

    Raises:
        ProblemError: nothing in the network occupies the scratchpad.
    """
    counted = [t for t in network.tensors if accounting.weights or t.role != "weight"]
    read = {name for operator in network.operators for name in operator.inputs}
    counted = [t for t in counted if t.role not in ("input", "weight") or t.name in read]
    if not network.operators or not counted:
        raise ProblemError(f"network {network.name!r} has no operators to schedule")
    storage = Storage(network, counted, views=accounting.views, in_place=accounting.in_place)
    buffers = _buffers(network, storage, accounting)
    index = {buffer.name: i for i, buffer in enumerate(buffers)}
    operations = _operations(network, storage, index, accounting)
    if not operations:
        raise ProblemError(f"network {network.name!r} has no operators to schedule")
    return Problem(network.name, tuple(buffers), tuple(operations), tuple(storage.views))


def _buffers(network: Network, storage: Storage, accounting: Accounting) -> list[Buffer]:
    made = []
    for name, (tensors, size) in storage.buffers().items():
        roles = {network.tensor(tensor).role for tensor, _ in tensors}
        aligned = -(-size // accounting.alignment_bytes) * accounting.alignment_bytes
        made.append(
            Buffer(
                name=name,
                tensors=tensors,
                size_bytes=size,
                space_bytes=aligned,
                stored=accounting.sources_stored and bool(roles & {"input", "weight"}),
                wanted=accounting.sources_stored and "output" in roles,
            )
        )
    return made


def _operations(
    network: Network, storage: Storage, index: Mapping[str, int], accounting: Accounting
) -> list[Operation]:
    macs = {layer.name: layer.macs for layer in network.layers if layer.kind != "pool"}
    views = set(storage.views)
    made: list[Operation] = []
    writers: dict[str, frozenset[int]] = {}
    for operator in network.operators:
        if not accounting.sources_stored:
            made.extend(_loads(network, operator, storage, index, writers, len(made)))
        if operator.name in views:
            merged = frozenset[int]().union(*(writers.get(name, frozenset()) for name in operator.inputs))
            writers.update(dict.fromkeys(operator.outputs, merged))
            continue
        before = frozenset[int]().union(*(writers.get(name, frozenset()) for name in operator.inputs))
        made.append(
            Operation(
                name=operator.name,
                reads=_indices(operator.inputs, storage, index),
                writes=_indices(operator.outputs, storage, index),
                predecessors=tuple(sorted(before)),
                macs=macs.get(operator.name, 0),
            )
        )
        writers.update(dict.fromkeys(operator.outputs, frozenset({len(made) - 1})))
    return made


def _indices(names: tuple[str, ...], storage: Storage, index: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted({index[storage.buffer_of(name)] for name in names if storage.holds(name)}))


def _loads(
    network: Network,
    operator: Operator,
    storage: Storage,
    index: Mapping[str, int],
    writers: dict[str, frozenset[int]],
    position: int,
) -> list[Operation]:
    """Return a step for each source that an operator is the first to read."""
    sources: list[Tensor] = [network.tensor(name) for name in dict.fromkeys(operator.inputs)]
    made = []
    for tensor in sources:
        if tensor.role in ("input", "weight") and storage.holds(tensor.name) and tensor.name not in writers:
            buffer = index[storage.buffer_of(tensor.name)]
            made.append(Operation(f"load {tensor.name}", (), (buffer,), ()))
            writers[tensor.name] = frozenset({position + len(made) - 1})
    return made
