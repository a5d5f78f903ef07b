"""What a design moves to and from DRAM in one pass, as block transfers with the times at which they may begin.

The products of a pass are made in the order of its layers. What each moves, how often and in which order is what the
model counts (``array/traffic.py``); the times are those that its latency is made of (``array/evaluation.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from codesign.errors import InfeasibleError, WorkloadError
from codesign.models.columns import Columns, read_columns
from codesign.models.pe.answers import answer, block_of, kinds_of, lookups_of
from codesign.models.pe.array.evaluation import ProductWork, cache_write_bits, product_work
from codesign.models.pe.parameters import NAME, PARAMETERS
from codesign.models.pe.traffic_order import Layer, Operand, Run, layers_of, pieces, runs_of
from codesign.workloads.memory.reader import DEFAULT_BURST_BYTES
from codesign.workloads.memory.timing import MOST_PARTS
from codesign.workloads.memory.trace import MemoryTrace
from codesign.workloads.memory.traffic import Transfer, traffic_parts

BITS_PER_BYTE = 8
KIB_BITS = 8192.0
ROUNDING = 1e-6
"""Of a bit or a cycle: sums of quotients aren't exact."""
_PART = 1 << 18


@dataclass(frozen=True)
class Stage:
    """One layer of the pass.

    Attributes:
        run: what each of its runs moves.
        runs: how many.
        start_s, duration_s: when it begins and how long it takes.
        address: of each operand's place in DRAM; runs have right operands of their own, one behind the other.
        right_bytes: from one run's right operand to the next one's.
    """

    run: Run
    runs: float
    start_s: float
    duration_s: float
    address: Mapping[Operand, int]
    right_bytes: int


@dataclass(frozen=True)
class DesignTraffic:
    """The traffic of one pass of a design.

    Attributes:
        name: network and element.
        clock_mhz: of the design.
        dram_gbs: bandwidth that the design's times are made with.
        buffers_bits: capacity of the activation buffer and of the weight buffer.
        stages: the layers in order.
        cache_writes: (address, bytes) of the new keys and values, written behind the last layer.
        cache_bits: what they are together.
        latency_s: of the pass.
        dram_bytes: moved in the pass; a fraction where groups share their scales so.
        footprint_bytes: the highest address used, plus 1.
        alignment_bytes: of places and pieces.
    """

    name: str
    clock_mhz: float
    dram_gbs: float
    buffers_bits: tuple[float, float]
    stages: tuple[Stage, ...]
    cache_writes: tuple[tuple[int, int], ...]
    cache_bits: float
    latency_s: float
    dram_bytes: float
    footprint_bytes: int
    alignment_bytes: int

    def transfers(self, clock_mhz: float | None = None, paced: bool = True) -> Iterator[Transfer]:
        """Yield the transfers in order, in all ``dram_bytes`` but for the last byte's fraction.

        The pieces of a layer may begin evenly over its time, in proportion to the bits before them.

        Args:
            clock_mhz: whose cycles the starts are; None: the design's.
            paced: whether they have the model's times; without, all may begin at cycle 0.
        """
        cycles_per_s = (clock_mhz or self.clock_mhz) * 1e6 * paced
        moved = 0.0
        sent = 0
        left_room, right_room = (0.5 * bits for bits in self.buffers_bits)
        grain = self.alignment_bytes * BITS_PER_BYTE
        for stage in self.stages:
            before = moved
            bits = stage.runs * (stage.run.read + stage.run.output)
            for number, run in enumerate(runs_of(stage.run, stage.runs)):
                for operand, first, end in pieces(run, left_room, right_room, grain):
                    time_s = stage.start_s + stage.duration_s * (moved - before) / bits
                    moved += end - first
                    size = math.floor(moved / BITS_PER_BYTE + ROUNDING) - sent
                    if size:
                        place = stage.address[operand] + (number * stage.right_bytes if operand == "right" else 0)
                        start = math.ceil(time_s * cycles_per_s - ROUNDING)
                        yield Transfer(start, size, place + int(first) // BITS_PER_BYTE, operand == "output")
                        sent += size
        end_s = self.latency_s - self.cache_bits / (self.dram_gbs * 8e9)
        for address, size in self.cache_writes:
            yield Transfer(math.ceil(end_s * cycles_per_s - ROUNDING), size, address, True)

    def trace(
        self,
        requests_per_cycle: float | None = None,
        clock_mhz: float | None = None,
        burst_bytes: int = DEFAULT_BURST_BYTES,
        requests: int = _PART,
        paced: bool = True,
    ) -> Iterator[MemoryTrace]:
        """Yield the requests of the pass, one for each burst, in traces of so many ``requests``.

        A request is sent no earlier than its transfer may begin and no faster than ``requests_per_cycle`` after the one
        before. The array doesn't wait for a memory that is slower than ``dram_gbs``: later requests keep their times,
        and queue.

        Args:
            requests_per_cycle: at most, over any time; None: ``dram_gbs``, or where the trace isn't paced 1000.
            clock_mhz: of the cycles; None: the design's.
            burst_bytes: that one request moves; ``alignment_bytes`` is a multiple of it.
            requests: of each trace but the last.
            paced: whether the times are the model's; without, all requests are there from the start, as fast as they
                are taken.

        Raises:
            WorkloadError: a number is out of range.
        """
        clock = clock_mhz or self.clock_mhz
        if burst_bytes < 1 or self.alignment_bytes % burst_bytes:
            raise WorkloadError(
                f"a burst of {burst_bytes} bytes doesn't divide the alignment of {self.alignment_bytes} bytes"
            )
        rate = requests_per_cycle
        if rate is None:
            rate = self.dram_gbs * 1e3 / (clock * burst_bytes) if paced else float(MOST_PARTS)
        yield from traffic_parts(self.name, self.transfers(clock, paced), requests, rate, clock, burst_bytes)


def design_traffic(design: Mapping[str, object], alignment_bytes: int = DEFAULT_BURST_BYTES) -> DesignTraffic:
    """Return the traffic of one pass of a design of ``pe.mpgemm``.

    In DRAM lie the weights of the layers in their order, then caches, then the inputs and outputs of the products that
    don't stay on the chip: one place for each product, used again by each layer that makes it. A cache holds token
    after token; the new tokens' keys and values are its last. Where an expected number of experts isn't whole, the last
    one is a part of an expert.

    Args:
        design: a value for each parameter; those with a default may be left out.
        alignment_bytes: of places and pieces; a burst or a multiple of it.

    Raises:
        InfeasibleError: the design can't be built.
        ModelInputError: a parameter that isn't one, or no network or element.
        WorkloadError: the alignment isn't at least 1 byte.
    """
    if alignment_bytes < 1:
        raise WorkloadError(f"places are multiples of at least 1 byte, found {alignment_bytes}")
    table = pd.DataFrame([dict(design)])
    answered = answer(table).iloc[0]
    if not answered["feasible"]:
        raise InfeasibleError(str(answered["reason"]))
    columns = read_columns(table, PARAMETERS, NAME)
    kinds = kinds_of(columns)
    block = block_of(columns, kinds, lookups_of(columns, kinds), slice(0, 1))
    works = [product_work(block, kinds.workloads, index) for index in range(kinds.workloads.products)]
    number = {name: _one(columns.numbers[name]) for name in ("clock_mhz", "dram_gbs", "activation_kib", "weight_kib")}
    settings = (_one(columns.numbers["batch"]), _one(columns.numbers["sequence"]), _one(columns.numbers["context"]))
    network = _text(columns, "network")
    layers = layers_of(network, _text(columns, "phase"), settings, kinds.workloads.names)
    written_bits = _one(cache_write_bits(block, kinds.workloads))
    layout = _Layout(works, kinds.workloads.cached.tolist(), layers, alignment_bytes)
    stages = _stages(works, layers, layout)
    product_bits = sum(_one(work.dram_bits) for work in works)
    return DesignTraffic(
        name=f"{network} on {_text(columns, 'pe')}",
        clock_mhz=number["clock_mhz"],
        dram_gbs=number["dram_gbs"],
        buffers_bits=(number["activation_kib"] * KIB_BITS, number["weight_kib"] * KIB_BITS),
        stages=stages,
        cache_writes=layout.cache_writes(written_bits, product_bits),
        cache_bits=written_bits,
        latency_s=float(answered["latency_ms"]) * 1e-3,
        dram_bytes=(product_bits + written_bits) / BITS_PER_BYTE,
        footprint_bytes=layout.end,
        alignment_bytes=alignment_bytes,
    )


def _one(values: object) -> float:
    return float(np.ravel(np.asarray(values))[0])


def _text(columns: Columns, name: str) -> str:
    return columns.labels[name][int(columns.codes[name][0])]


def _run(work: ProductWork) -> Run:
    """Return what one run moves; activations that stay on the chip aren't moved."""
    fetches, traffic = work.traffic.fetches, work.traffic
    moved = _one(traffic.left_dram) > 0
    return Run(
        left=_one(work.operands.left) if moved else 0.0,
        right=_one(work.operands.right),
        output=_one(traffic.output_dram),
        left_fetches=int(_one(fetches.left)),
        right_fetches=int(_one(fetches.right)),
        right_outside=bool(_one(fetches.right_outside)),
    )


class _Layout:
    """Places in DRAM: weights, caches, activations.

    Attributes:
        right: of each layer: its right operands' address, and the bytes from one run's to the next one's.
        activations: of each product: the addresses of its left operand and its output.
        end: behind the last place.
    """

    def __init__(
        self, works: list[ProductWork], cached: list[bool], layers: tuple[Layer, ...], alignment_bytes: int
    ) -> None:
        self._alignment = alignment_bytes
        self._caches: list[tuple[int, int]] = []
        self.end = 0
        self.right: dict[int, tuple[int, int]] = {}
        for kept in (False, True):
            for number, layer in enumerate(layers):
                if cached[layer.row] == kept:
                    work = works[layer.row]
                    bytes_of_run = self._rounded(_one(work.operands.right))
                    runs = math.ceil(_one(work.runs) * layer.part / layer.whole - ROUNDING)
                    self.right[number] = self.end, bytes_of_run
                    self.end += bytes_of_run * runs
                    if kept:
                        self._caches.append((self.end, number))
        self.activations: list[tuple[int, int]] = []
        for work in works:
            run = _run(work)
            self.activations.append((self.end, self.end + self._rounded(run.left)))
            self.end = self.activations[-1][1] + self._rounded(run.output)

    def _rounded(self, bits: float) -> int:
        """Return the bytes of a place: a multiple of the alignment, with room for the byte that rounding may add."""
        whole = math.ceil(bits / BITS_PER_BYTE) + (bits % BITS_PER_BYTE != 0)
        return -(-whole // self._alignment) * self._alignment

    def cache_writes(self, bits: float, before_bits: float) -> tuple[tuple[int, int], ...]:
        """Return the new keys and values: the same for each cache, at its end."""
        if not bits:
            return ()
        writes = []
        done = math.floor(before_bits / BITS_PER_BYTE + ROUNDING)
        for number, (end, _) in enumerate(self._caches, start=1):
            through = (before_bits + bits * number / len(self._caches)) / BITS_PER_BYTE
            size = math.floor(through + ROUNDING) - done
            done += size
            writes.append(((end - size) // self._alignment * self._alignment, size))
        return tuple(writes)


def _stages(works: list[ProductWork], layers: tuple[Layer, ...], layout: _Layout) -> tuple[Stage, ...]:
    stages = []
    start_s = 0.0
    for number, layer in enumerate(layers):
        work = works[layer.row]
        left, output = layout.activations[layer.row]
        right, bytes_of_run = layout.right[number]
        duration_s = max(_one(work.busy_s), _one(work.dram_s)) * layer.part / layer.whole
        address: dict[Operand, int] = {"left": left, "right": right, "output": output}
        runs = _one(work.runs) * layer.part / layer.whole
        stages.append(Stage(_run(work), runs, start_s, duration_s, address, bytes_of_run))
        start_s += duration_s
    return tuple(stages)
