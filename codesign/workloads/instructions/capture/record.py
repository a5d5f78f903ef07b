"""Recording a program's instruction trace."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from codesign.errors import MissingExtraError, UnknownNameError, WorkloadError, nearest
from codesign.workloads.instructions.capture.assemble import assemble
from codesign.workloads.instructions.capture.lackey import LackeyTracer
from codesign.workloads.instructions.capture.qemu import QemuTracer
from codesign.workloads.instructions.capture.runs import Run, Tracer, Watcher, Windows
from codesign.workloads.instructions.capture.tools import program
from codesign.workloads.instructions.trace import InstructionTrace

DEFAULT_WINDOWS = 4
DEFAULT_WINDOW = 100_000
MOST_RECORDED = 1 << 28
"""Most instructions of one trace."""
TRACERS: Mapping[str, Callable[[], Tracer]] = MappingProxyType({"qemu": QemuTracer, "valgrind": LackeyTracer})
"""Tools that record, the default one first."""


@dataclass(frozen=True)
class Recording:
    """A trace and the run that it was taken from.

    Attributes:
        trace: what was recorded.
        instructions: of the whole run; None where the program was ended after its window.
        exit_code: of the program, negative for the signal that ended it; None where we ended it.
    """

    trace: InstructionTrace
    instructions: int | None
    exit_code: int | None


def record(
    command: Sequence[str],
    *,
    name: str | None = None,
    windows: int = DEFAULT_WINDOWS,
    window: int = DEFAULT_WINDOW,
    skip: int | None = None,
    standard_input: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    tool: str = "qemu",
    watch: Watcher | None = None,
) -> Recording:
    """Run a program and return the trace of its first thread.

    Without ``skip`` the program runs twice: the first run counts its instructions, the second records ``windows``
    windows at equal distances, each in the middle of an equal part of the run. A program with no more instructions than
    the windows hold is recorded whole. With ``skip`` it runs once, one window is recorded after so many instructions,
    and then the program is ended. What the program prints is not kept; children that it starts are not recorded.

    Args:
        command: the program (a path or a name on the PATH; scripts run in their interpreter) and its arguments.
        name: of the trace; None is that of the program.
        windows: how many.
        window: instructions of each.
        skip: instructions before the only window.
        standard_input: a file that the program reads; None gives it no input.
        environment: variables of the program; None is that of this process.
        folder: in which the program runs; None is the current one.
        tool: one of ``TRACERS``; ``valgrind`` is far slower and ends the program after the last window.
        watch: is called again and again while the program runs.

    Raises:
        UnknownNameError: there is no such program or tool.
        MissingExtraError: the package ``capstone`` isn't installed.
        WorkloadError: QEMU, a C compiler or valgrind is missing, the numbers can't be, or the program didn't run.
    """
    _check(command, windows, window, skip)
    if tool not in TRACERS:
        raise UnknownNameError(f"unknown tool {tool!r}{nearest(tool, TRACERS)}; known: {', '.join(TRACERS)}")
    if find_spec("capstone") is None:
        raise MissingExtraError("recording a trace", "capstone", "trace")
    tracer = TRACERS[tool]()
    words = [*program(command[0]), *command[1:]]
    called = name or os.path.basename(command[0])
    with tempfile.TemporaryDirectory(prefix="codesign-trace-") as written:
        run = Run(words, Path(written), standard_input, environment, folder, watch)
        if skip is None:
            places = _even(tracer.count(run), windows, window)
        else:
            places = Windows(skip, 1, window, window + 1, stop=True)
        ended = tracer.trace(run, places)
        executed = places.total if ended.exit_code is None else ended.executed
        return Recording(assemble(run.written, called, places.length), executed, ended.exit_code)


def _even(total: int, windows: int, window: int) -> Windows:
    """Return windows in the middle of equal parts of a run; the whole run where it isn't longer than they are."""
    if total <= windows * (window + 1):
        windows, window = 1, total
    period = total // windows
    return Windows((period - window) // 2, windows, window, max(period, window + 1), total)


def _check(command: Sequence[str], windows: int, window: int, skip: int | None) -> None:
    if not command:
        raise WorkloadError("a program to record must be named")
    for what, found in (("windows", windows), ("window", window)):
        if found < 1:
            raise WorkloadError(f"{what} must be at least 1, found {found}")
    if windows * window > MOST_RECORDED:
        raise WorkloadError(
            f"{windows} windows of {window} instructions are more than the {MOST_RECORDED} that a trace holds"
        )
    if skip is not None and skip < 0:
        raise WorkloadError(f"skip must be at least 0, found {skip}")
