"""Compile what tests would else compile in every worker: ``python -m tests.compile_ahead``, on all processors.

Compiled code is kept beside its sources, so that this takes no time once it is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd

SPACES = Path(__file__).parents[1] / "spaces"


def cores() -> None:
    """The core simulator."""
    from codesign.models.cpu.core import CoreSettings
    from codesign.models.cpu.simulator import simulate
    from codesign.workloads.instructions.catalogue import instruction_trace

    simulate(instruction_trace("queens"), CoreSettings(), instructions=1000)


def features() -> None:
    """Walks of branches and caches, and the recurrence."""
    from codesign.models.cpu.core import CoreSettings
    from codesign.models.cpu.features.program import program_features
    from codesign.models.cpu.features.sample import sample
    from codesign.workloads.instructions.catalogue import instruction_trace

    program_features(sample(instruction_trace("queens"), 900_000), [CoreSettings()], [CoreSettings()])


def memory() -> None:
    """The memory controller."""
    from codesign.models.registry import get_model

    get_model("dram.controller").evaluate(pd.DataFrame({"trace": ["stream"]}))


def schedules() -> None:
    """Assignments of layers to units."""
    from codesign import Study, read_space

    file = next(path for path in sorted(SPACES.glob("asic/*.yaml")) if path.stem.endswith("digits"))
    Study(read_space(file), method="random", budget=4, options={}).run()


PARTS: tuple[Callable[[], None], ...] = (cores, memory, schedules, features)


def main() -> None:
    """Run all parts, the longest first."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for future in [pool.submit(part) for part in PARTS]:
            future.result()


if __name__ == "__main__":
    main()
