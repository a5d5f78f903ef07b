"""Running a program under a tool that writes down what it executes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from codesign.errors import WorkloadError

_PART_BYTES = 1 << 16


@dataclass(frozen=True)
class RecordingProgress:
    """How far a run is: what is being done, instructions executed, and of how many where that is known."""

    doing: str
    executed: int
    total: int | None


Watcher = Callable[[RecordingProgress], None]


@dataclass(frozen=True)
class Windows:
    """What to record: ``count`` windows of ``length`` instructions, the first after ``skip``.

    ``period`` is from the start of one to that of the next, more than ``length``. With ``stop`` the program is ended
    when all is recorded. ``total`` is the number of instructions of the run, None where it isn't known.
    """

    skip: int
    count: int
    length: int
    period: int
    total: int | None = None
    stop: bool = False


@dataclass(frozen=True)
class Ended:
    """A run that is over: the program's exit code (None where it was ended by us), instructions executed."""

    exit_code: int | None
    executed: int


class Tracer(Protocol):
    """A tool under which a program runs."""

    def count(self, run: Run) -> int:
        """Return how many instructions a program executes."""

    def trace(self, run: Run, windows: Windows) -> Ended:
        """Record windows of a program into the files that ``assemble`` reads, in the run's folder for them."""


@dataclass(frozen=True)
class Run:
    """A program to be run, any number of times.

    Attributes:
        command: words.
        written: the folder for what is recorded.
        standard_input: a file; None for none.
        environment, folder: of the program; None for those of this process.
        watch: is told how far it is.
    """

    command: Sequence[str]
    written: Path
    standard_input: str | os.PathLike[str] | None
    environment: Mapping[str, str] | None
    folder: str | os.PathLike[str] | None
    watch: Watcher | None

    @contextmanager
    def started(self, tool: Sequence[str], pass_fds: Sequence[int] = ()) -> Iterator[subprocess.Popen[bytes]]:
        """Run the program under a tool, its output thrown away, its messages kept; end it at the latest on leaving."""
        with open(self._messages, "wb") as messages, open(self.standard_input or os.devnull, "rb") as given:
            process = subprocess.Popen(
                [*tool, *self.command],
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=messages,
                env=self.environment,
                cwd=self.folder,
                pass_fds=tuple(pass_fds),
            )
        threading.Thread(target=_discard, args=(process.stdout,), daemon=True).start()
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def tell(self, doing: str, executed: int, total: int | None) -> None:
        """Tell the watcher how far the run is."""
        if self.watch:
            self.watch(RecordingProgress(doing, executed, total))

    def broke_off(self, code: int, executed: int) -> WorkloadError:
        """Return the error of a run that ended before all was written."""
        said = self._messages.read_text(errors="replace").strip().splitlines()
        last = f": {said[-1]}" if said else ""
        program = self.command[0]
        if code == 0:
            return WorkloadError(
                f"the program {program} replaced itself by another one (exec), which isn't recorded: name the program"
                " that it starts"
            )
        if not executed:
            return WorkloadError(f"the program {program} did not start under the recorder (exit code {code}){last}")
        ended = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return WorkloadError(f"the program {program} broke off after {executed:,} instructions ({ended}){last}")

    @property
    def _messages(self) -> Path:
        return self.written / "messages"


def _discard(stream: IO[bytes]) -> None:
    """Read to the end. Some programs do less work where they see that their output goes to /dev/null."""
    with stream:
        while stream.read(_PART_BYTES):
            pass
