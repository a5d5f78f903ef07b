"""Instruction traces by name or by file."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files
from types import MappingProxyType

from codesign.errors import UnknownNameError, nearest
from codesign.workloads.instructions.npz import SUFFIX, read_instruction_trace
from codesign.workloads.instructions.trace import InstructionTrace

_KEPT = 8


@dataclass(frozen=True)
class RecordedProgram:
    """A program of the committed set.

    Attributes:
        name: of its trace.
        family: what must not be split between training and test: traces of the same binary or code share it.
        command, standard_input: how it was run.
        description: one line.
        made_by: package and version, or compiler and options.
        run_instructions: that the whole run executed.
        instructions: of the trace.
        static_instructions: distinct ones.
        file_bytes: of the file.
    """

    name: str
    family: str
    command: str
    standard_input: str
    description: str
    made_by: str
    run_instructions: int
    instructions: int
    static_instructions: int
    file_bytes: int


@cache
def recorded_programs() -> Mapping[str, RecordedProgram]:
    """Return the programs of the committed set by name."""
    with files("codesign.workloads.instructions").joinpath("data/programs.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    counts = ("run_instructions", "instructions", "static_instructions", "file_bytes")
    found = [RecordedProgram(**(row | {count: int(row[count]) for count in counts})) for row in rows]  # type: ignore[arg-type]
    return MappingProxyType({one.name: one for one in found})


def instruction_traces() -> tuple[str, ...]:
    """Return the names of the committed traces."""
    return tuple(recorded_programs())


def instruction_trace(name: str) -> InstructionTrace:
    """Return the committed trace of that name, or the one in a file of that path.

    The last ones that were asked for are kept; their arrays must not be changed.

    Raises:
        UnknownNameError: there is no such trace or file.
        WorkloadError: the file can't be read.
    """
    if name in recorded_programs():
        return _committed(name)
    if name.endswith(SUFFIX) and os.path.isfile(name):
        return read_instruction_trace(name)
    raise UnknownNameError(
        f"unknown instruction trace {name!r}{nearest(name, recorded_programs())}; known:"
        f" {', '.join(recorded_programs())}, or a file *{SUFFIX}"
    )


@lru_cache(maxsize=_KEPT)
def _committed(name: str) -> InstructionTrace:
    with as_file(files("codesign.workloads.instructions").joinpath(f"data/{name}{SUFFIX}")) as path:
        return read_instruction_trace(path)
