"""Replays a plan step by step with symbolic memories: one for each pool, and DRAM as a copy of each buffer.

Tensors are only found through residencies, and an arriving buffer replaces all that lies in its place, so that what has
left needn't be wiped out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codesign.models.scratchpad.checker_faults import Faults
from codesign.models.scratchpad.checker_memory import Content, Memory
from codesign.models.scratchpad.checker_statement import Action, Layout, Stay
from codesign.models.scratchpad.checker_views import Piece
from codesign.workloads.graph import Network

WORD_BY_WORD = frozenset(
    (
        *("abs", "ceil", "celu", "clip", "elu", "erf", "exp", "floor", "gelu", "hard_sigmoid", "hard_swish"),
        *("hardsigmoid", "hardswish", "leaky_relu", "leakyrelu", "log", "mish", "neg", "prelu", "reciprocal", "relu"),
        *("relu6", "round", "selu", "sigmoid", "sign", "silu", "softplus", "softsign", "sqrt", "swish", "tanh"),
        *("add", "batch_norm", "div", "divide", "max", "maximum", "min", "minimum", "mul", "multiply", "pow", "sub"),
        *("subtract", "thresholdedrelu"),
    )
)
"""Kinds of operator that need of a tensor only the word that they are about to write: they may work in place."""


class Replay:
    """The state of the machine while a plan runs.

    Args:
        network: that is run.
        layout: where tensors lie in buffers.
        contents: what the bytes of each tensor are.
        pools: number of memory pools.
        sources_stored: DRAM holds inputs and weights at the start.
        faults: receives what goes wrong.

    Attributes:
        moved_bytes: over the DRAM bus so far, by kind of transfer.
        peak_used_bytes: largest number of bytes occupied in one step, all pools together.
    """

    def __init__(
        self,
        network: Network,
        layout: Layout,
        contents: Mapping[str, tuple[Piece, ...]],
        pools: int,
        *,
        sources_stored: bool,
        faults: Faults,
    ) -> None:
        self._layout = layout
        self._contents = contents
        self._faults = faults
        self._size = {tensor.name: tensor.size_bytes for tensor in network.tensors}
        self._outputs = [tensor.name for tensor in network.outputs]
        self._pools = [Memory() for _ in range(pools)]
        self._occupied = [Memory() for _ in range(pools)]  # a content's base is here the number of the residency
        self._here: dict[str, Stay] = {}
        self._dram: dict[str, Memory] = {}
        self._sources = self._fill_dram(network) if sources_stored else frozenset()
        self._from_outside = sources_stored
        self._loaded: set[str] = set()
        self._stored: set[str] = set()
        self._written: set[str] = set(self._sources)
        self._dropped_after: dict[str, int] = {}
        self._used_bytes = 0
        self.moved_bytes = dict.fromkeys(("load", "retrieve", "spill", "store"), 0)
        self.peak_used_bytes = 0

    def _fill_dram(self, network: Network) -> frozenset[str]:
        """Put every source into DRAM, and return their names."""
        sources = [t for t in network.tensors if t.role in ("input", "weight") and t.name in self._layout.place_of]
        for tensor in sources:
            buffer, offset = self._layout.place_of[tensor.name]
            memory = self._dram.setdefault(buffer, Memory())
            memory.write(offset, offset + tensor.size_bytes, Content(tensor.name, offset))
        return frozenset(tensor.name for tensor in sources)

    def run(self, actions: Sequence[Action | None], stays: Sequence[Stay]) -> None:
        """Replay all steps, then look for the network's outputs in DRAM if they are wanted there."""
        leaving: list[list[Stay]] = [[] for _ in range(len(actions) + 1)]
        arriving: list[list[Stay]] = [[] for _ in actions]
        for stay in stays:
            arriving[stay.first_step].append(stay)
            leaving[stay.last_step + 1].append(stay)
        for step, action in enumerate(actions):
            for stay in leaving[step]:
                self._leave(stay, step)
            for stay in arriving[step]:
                self._arrive(stay, step, action)
            self.peak_used_bytes = max(self.peak_used_bytes, self._used_bytes)
            if action is not None:
                self._act(action, step)
        for stay in leaving[-1]:
            self._leave(stay, len(actions))
        if self._from_outside:
            self._find_missing_outputs()

    def _leave(self, stay: Stay, step: int) -> None:
        residency, buffer = stay.residency, stay.residency.buffer
        address = int(residency.address_bytes)
        size, space = self._layout.size_of[buffer], self._layout.space_of[buffer]
        copy = self._pools[residency.pool].copy_out(address, size)
        if residency.written_back or stay.stored:
            self._dram[buffer] = copy
            self._dropped_after.pop(buffer, None)
        elif copy != self._dram.get(buffer):
            self._dropped_after[buffer] = step - 1
        if residency.written_back:
            self.moved_bytes["spill"] += size
        if stay.stored:
            self.moved_bytes["store"] += size
            self._find_idle_store(buffer, copy, step)
        occupied = self._occupied[residency.pool]
        mine = [part for part in occupied.segments(address, address + space) if part[2].base == stay.index]
        for first, last, _ in mine:
            occupied.clear(first, last)
        self._used_bytes -= space
        if self._here.get(buffer) is stay:
            del self._here[buffer]

    def _find_idle_store(self, buffer: str, copy: Memory, step: int) -> None:
        """A store is compulsory: once for a buffer, and only with an output of the network in it."""
        outputs = [name for name in self._outputs if self._layout.place_of.get(name, ("",))[0] == buffer]
        if buffer in self._stored:
            self._faults.add(f"step {step}: buffer {buffer!r} is stored a second time; more than once is a spill")
        elif not any(self._holds(copy, name, self._layout.place_of[name][1]) for name in outputs):
            self._faults.add(f"step {step}: buffer {buffer!r} is stored, but holds no finished output of the network")
        self._stored.add(buffer)

    def _arrive(self, stay: Stay, step: int, action: Action | None) -> None:
        residency, buffer = stay.residency, stay.residency.buffer
        address = int(residency.address_bytes)
        size, space = self._layout.size_of[buffer], self._layout.space_of[buffer]
        if buffer in self._here:
            self._faults.add(f"step {step}: buffer {buffer!r} arrives while it is in the scratchpad already")
        self._find_overlaps(stay, step, address, space)
        self._occupied[residency.pool].write(address, address + space, Content(buffer, stay.index))
        self._used_bytes += space
        self._here[buffer] = stay
        memory = self._pools[residency.pool]
        if residency.arrival == "created":
            memory.clear(address, address + size)
            self._find_idle_creation(buffer, step, action)
            return
        kind = "load" if residency.arrival == "loaded" else "retrieve"
        self.moved_bytes[kind] += size
        self._find_wrong_arrival(buffer, kind, step)
        memory.copy_in(address, size, self._dram.get(buffer, Memory()))
        self._loaded.add(buffer)

    def _find_overlaps(self, stay: Stay, step: int, address: int, space: int) -> None:
        for first, last, owner in self._occupied[stay.residency.pool].segments(address, address + space):
            self._faults.add(
                f"step {step}: residencies {owner.base} (buffer {owner.owner!r}) and {stay.index} (buffer"
                f" {stay.residency.buffer!r}) overlap in bytes {first} to {last} of pool {stay.residency.pool}"
            )

    def _find_idle_creation(self, buffer: str, step: int, action: Action | None) -> None:
        if action is None:
            return
        if not any(self._layout.place_of.get(name, ("",))[0] == buffer for name in action.writes):
            self._faults.add(
                f"step {step}: buffer {buffer!r} is created, but operator {action.name!r} writes nothing into it"
            )

    def _find_wrong_arrival(self, buffer: str, kind: str, step: int) -> None:
        source = any(name in self._sources for name in self._layout.tensors_of[buffer])
        if kind == "load" and not source:
            self._faults.add(f"step {step}: buffer {buffer!r} is loaded, but holds no input or weight stored in DRAM")
        elif kind == "load" and buffer in self._loaded:
            self._faults.add(f"step {step}: buffer {buffer!r} is loaded a second time; from then on it is retrieved")
        elif kind == "retrieve" and buffer not in self._dram:
            self._faults.add(f"step {step}: buffer {buffer!r} is retrieved, but DRAM has no copy of it")
        elif kind == "retrieve" and source and buffer not in self._loaded:
            self._faults.add(f"step {step}: buffer {buffer!r} is retrieved before its first, compulsory load")

    def _act(self, action: Action, step: int) -> None:
        for tensor in action.reads:
            self._read(action, tensor, step)
        self._find_clobbered_inputs(action, step)
        written = []
        for tensor in action.writes:
            if tensor not in self._layout.place_of:
                continue
            buffer, offset = self._layout.place_of[tensor]
            stay = self._here.get(buffer)
            if stay is None:
                self._faults.add(
                    f"step {step}: operator {action.name!r} writes {tensor!r} into buffer {buffer!r},"
                    " which isn't in the scratchpad: its residency is missing"
                )
                continue
            address = int(stay.residency.address_bytes) + offset
            memory = self._pools[stay.residency.pool]
            memory.write(address, address + self._size[tensor], Content(tensor, address))
            written.append((tensor, memory, address))
        self._written.update(action.writes)
        for tensor, memory, address in written:
            if not self._holds(memory, tensor, address):
                self._faults.add(f"step {step}: operator {action.name!r} writes another output over {tensor!r}")

    def _find_clobbered_inputs(self, action: Action, step: int) -> None:
        """An output may lie on an input of the same buffer where it is written word by word over it."""
        for result in action.writes:
            buffer, start = self._layout.place_of.get(result, ("", 0))
            for source in action.reads:
                other, begin = self._layout.place_of.get(source, ("", 0))
                if not buffer or other != buffer:
                    continue
                sizes = self._size[result], self._size[source]
                if start >= begin + sizes[1] or begin >= start + sizes[0]:
                    continue
                if action.kind not in WORD_BY_WORD:
                    why = f"in-place on an operator that can't: {action.kind!r} isn't element-wise"
                elif start != begin or sizes[0] != sizes[1]:
                    why = (
                        f"in-place on an operator that can't: {sizes[0]} bytes from byte {start} on over"
                        f" {sizes[1]} bytes from byte {begin} on"
                    )
                else:
                    continue
                self._faults.add(f"step {step}: operator {action.name!r} writes {result!r} over {source!r}, {why}")

    def _read(self, action: Action, tensor: str, step: int) -> None:
        if tensor not in self._layout.place_of:
            return
        buffer, offset = self._layout.place_of[tensor]
        stay = self._here.get(buffer)
        where = f"step {step}: operator {action.name!r} reads {tensor!r}"
        early = sorted({piece.origin for piece in self._contents[tensor]} - self._written)
        if early:
            self._faults.add(f"{where} before {early[0]!r} is written")
        elif stay is None:
            self._faults.add(f"{where}, whose buffer {buffer!r} isn't in the scratchpad: its residency is missing")
        else:
            memory, address = self._pools[stay.residency.pool], int(stay.residency.address_bytes) + offset
            if not self._holds(memory, tensor, address):
                self._faults.add(f"{where} in buffer {buffer!r}: {self._loss(memory, tensor, address, buffer)}")

    def _present(self, memory: Memory, tensor: str, address: int) -> int:
        """Return how many bytes of a tensor lie where they should."""
        found = 0
        for start, end, origin, origin_start in self._contents[tensor]:
            wanted = Content(origin, address + start - origin_start)
            parts = memory.segments(address + start, address + end)
            found += sum(last - first for first, last, content in parts if content == wanted)
        return found

    def _holds(self, memory: Memory, tensor: str, address: int) -> bool:
        return self._present(memory, tensor, address) == self._size[tensor]

    def _loss(self, memory: Memory, tensor: str, address: int, buffer: str) -> str:
        """Say how much of a tensor is lost and what lies in its place."""
        size, own = self._size[tensor], {piece.origin for piece in self._contents[tensor]}
        others = {content.owner for _, _, content in memory.segments(address, address + size)} - own
        said = f"its contents are lost, {self._present(memory, tensor, address)} of {size} bytes are found"
        if others:
            said += f", overwritten by {', '.join(map(repr, sorted(others)))}"
        if buffer in self._dropped_after:
            said += f"; the buffer left after step {self._dropped_after[buffer]} without an up-to-date copy in DRAM"
        return said

    def _find_missing_outputs(self) -> None:
        for tensor in self._outputs:
            if tensor not in self._layout.place_of:
                continue
            buffer, offset = self._layout.place_of[tensor]
            found = self._present(self._dram.get(buffer, Memory()), tensor, offset)
            if found < self._size[tensor]:
                self._faults.add(
                    f"output {tensor!r} isn't in DRAM at the end: {found} of {self._size[tensor]} bytes are found"
                )
            given = all(piece.origin in self._sources for piece in self._contents[tensor])
            if buffer not in self._stored and not given:
                self._faults.add(f"output {tensor!r}: no store of buffer {buffer!r} is recorded")
