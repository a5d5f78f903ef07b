"""Every design of the published space of memory controllers on one trace, simulated: searches are scored by that."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codesign.models.dram.parameters import CONTROLLER
from codesign.models.dram.settings import ControllerSettings
from codesign.models.dram.simulator import simulate_many
from codesign.space.coding import CodeArray
from codesign.space.reader import read_space
from codesign.space.space import Space
from codesign.technology.dram_devices import dram_device
from codesign.workloads.memory.trace import MemoryTrace

SPACE = Path(__file__).parent / "spaces" / "dram-published.yaml"
DEVICE = "ddr3-1600-1gb-x8"
SAME_ON_READS = {"FrFcfsGrp": "FrFcfs", "Shared": "ReadWrite"}
"""Values that differ only where there are writes."""
PER_CALL = 4096


def published_space() -> Space:
    """Return the published space (its trace is a stream, which nobody asks for here)."""
    return read_space(SPACE)


@dataclass(frozen=True)
class Truth:
    """Figures of every design of the space on one trace of reads.

    Attributes:
        codes: designs x parameters, as the space enumerates them.
        time_us, energy_uj: of each.
        simulated: designs that are different machines on reads.
        wall_s, cpu_s: what simulating them took, on two threads.
    """

    codes: CodeArray
    time_us: npt.NDArray[np.float64]
    energy_uj: npt.NDArray[np.float64]
    simulated: int
    wall_s: float
    cpu_s: float

    def index(self) -> Index:
        """Return where the designs are."""
        return Index(self.codes)


class Index:
    """Finds the row of a design by its codes, by a table of all combinations."""

    def __init__(self, codes: CodeArray) -> None:
        sizes = codes.max(axis=0).astype(np.int64) + 2
        self._steps = np.concatenate([np.cumprod(sizes[::-1])[::-1][1:], [1]])
        self._rows = np.full(int(sizes.prod()), -1, dtype=np.int32)
        self._rows[self._place(codes)] = np.arange(len(codes))

    def _place(self, codes: CodeArray) -> npt.NDArray[np.int64]:
        return np.asarray((codes.astype(np.int64) + 1) @ self._steps)

    def rows(self, codes: CodeArray) -> npt.NDArray[np.int64]:
        """Return the row of each design."""
        return self._rows[self._place(codes)].astype(np.int64)


def truth(trace: MemoryTrace, kept: Path | None) -> Truth:
    """Simulate every design, or read what was kept of that; a trace with writes is refused by an assertion."""
    if kept is not None and kept.exists():
        with np.load(kept) as file:
            return Truth(
                file["codes"],
                file["time_us"],
                file["energy_uj"],
                *(file[name].item() for name in ("simulated", "wall_s", "cpu_s")),
            )
    assert not trace.write.any(), "designs are taken to be equal that differ on writes"
    space = published_space()
    codes = np.concatenate(list(space.chunks()))
    machines, which = _machines(space, codes)
    started, cpu = time.perf_counter(), time.process_time()
    device = dram_device(DEVICE)
    figures = []
    for first in range(0, len(machines), PER_CALL):
        found = simulate_many(trace, device, machines[first : first + PER_CALL], threads=2)
        figures.append(found[["time_us", "energy_pj"]].to_numpy())
        print(f"\r{trace.name}: {first + len(figures[-1]):,} of {len(machines):,}", end="", file=sys.stderr)
    print(file=sys.stderr)
    table = np.concatenate(figures)[which]
    answer = Truth(
        codes,
        table[:, 0],
        table[:, 1] * 1e-6,
        len(machines),
        time.perf_counter() - started,
        time.process_time() - cpu,
    )
    if kept is not None:
        np.savez_compressed(kept, **vars(answer))
    return answer


def _machines(space: Space, codes: CodeArray) -> tuple[list[ControllerSettings], npt.NDArray[np.int64]]:
    """Return the machines that differ on reads, and the one of each design."""
    known: dict[ControllerSettings, int] = {}
    which = np.empty(len(codes), dtype=np.int64)
    values = [[SAME_ON_READS.get(str(value), value) for value in p.domain.values] for p in space.parameters]  # type: ignore[union-attr]
    names = [CONTROLLER[parameter.name] for parameter in space.parameters]
    for row, design in enumerate(codes.astype(int).tolist()):
        settings = {name: own[code] for name, own, code in zip(names, values, design, strict=True) if code >= 0}
        which[row] = known.setdefault(ControllerSettings(**settings), len(known))  # type: ignore[arg-type]
    return list(known), which
