"""Recording with valgrind's tool lackey: some hundred times slower than QEMU, but without a compiler.

Lackey writes a line for each instruction (address and length) and for each memory access; the bytes of instructions are
read from the memory of the running program. Threads stand in the order in which valgrind runs them.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from typing import BinaryIO

from codesign.errors import WorkloadError
from codesign.workloads.instructions.capture.assemble import (
    CODE_FILE,
    INSTRUCTIONS_FILE,
    OPERANDS_FILE,
    code_row,
    operand_row,
)
from codesign.workloads.instructions.capture.runs import Ended, Run, Windows

VALGRIND = "valgrind"
_PIPE_BYTES = 4096
"""Of the pipe from lackey: what is in it when the program ends can't be looked up in its memory any more."""
_WIDEST_BYTES = 64
_COUNTED = re.compile(rb"guest instrs:\s+([\d,]+)")
_MARK = b"I  "


class LackeyTracer:
    """Valgrind with lackey.

    Raises:
        WorkloadError: valgrind is missing.
    """

    def __init__(self) -> None:
        found = shutil.which(VALGRIND)
        if found is None:
            raise WorkloadError(f"recording with {VALGRIND} needs it on the PATH: apt-get install valgrind")
        self._words = [found, "--tool=lackey", "--child-silent-after-fork=yes"]

    def count(self, run: Run) -> int:
        """Return how many instructions a program executes."""
        log = run.written / "counts"
        run.tell("counting instructions", 0, None)
        with run.started([*self._words, "--basic-counts=yes", f"--log-file={log}"]) as process:
            process.wait()
        found = _COUNTED.search(log.read_bytes()) if log.exists() else None
        if found is None:
            raise run.broke_off(process.returncode, 0)
        return int(found[1].replace(b",", b""))

    def trace(self, run: Run, windows: Windows) -> Ended:
        """Record windows of a program, and end it then."""
        reading, writing = os.pipe()
        fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        words = [*self._words, "--basic-counts=no", "--trace-mem=yes", f"--log-fd={writing}"]
        with os.fdopen(reading, "rb", buffering=0) as lines:
            try:
                with run.started(words, [writing]) as process:
                    os.close(writing)
                    writing = -1
                    executed, complete = _Reader(run, windows, process.pid).read(lines)
                    if not complete:
                        while lines.read(_PIPE_BYTES):
                            pass
                        process.wait()
            finally:
                if writing >= 0:
                    os.close(writing)
        if not executed:
            raise run.broke_off(process.returncode, executed)
        if complete:
            return Ended(None, executed)
        return Ended(process.returncode, executed if windows.total is None else windows.total)


class _Reader:
    """Turns lackey's lines into the files of a recording."""

    def __init__(self, run: Run, windows: Windows, process: int) -> None:
        self._run, self._windows = run, windows
        self._memory = f"/proc/{process}/mem"
        self._rows: dict[bytes, int] = {}
        self._position = self._recorded = self._done = 0
        self._start = windows.skip
        self._recording = False

    def read(self, lines: BinaryIO) -> tuple[int, bool]:
        """Read to the end, or until all is recorded; return the instructions read and whether all windows are whole."""
        written = self._run.written
        with (
            open(written / INSTRUCTIONS_FILE, "wb") as self._instructions,
            open(written / OPERANDS_FILE, "wb") as self._operands,
            open(written / CODE_FILE, "wb") as self._code,
        ):
            for block in _blocks(lines):
                self._run.tell("recording", self._position, self._windows.total)
                count = block.count(_MARK)
                if self._position + count <= self._start:
                    self._position += count
                elif not self._block(block):
                    break
        return self._position, self._done == self._windows.count

    def _block(self, block: bytes) -> bool:
        """Write down what a block of lines tells; return whether to go on."""
        for line in block.split(b"\n"):
            if line.startswith(_MARK):
                if not self._instruction(line[len(_MARK) :]):
                    return False
            elif self._recording and line[:2] in (b" L", b" S", b" M"):
                self._operand(line[1:2], line[3:])
        return True

    def _instruction(self, line: bytes) -> bool:
        position, self._position = self._position, self._position + 1
        self._recording = False
        if position < self._start:
            return True
        if line not in self._rows and not self._new_row(line):
            return False
        self._instructions.write(self._rows[line].to_bytes(4, "little"))
        self._recorded += 1
        if position < self._start + self._windows.length:
            self._recording = True
            return True
        self._start += self._windows.period
        self._done += 1
        return self._done < self._windows.count

    def _new_row(self, line: bytes) -> bool:
        """Look up the bytes of an instruction; return whether the program was still there."""
        place, length = line.split(b",")
        try:
            with open(self._memory, "rb", buffering=0) as memory:
                memory.seek(int(place, 16))
                text = memory.read(int(length))
        except OSError:
            return False
        if len(text) < int(length):
            return False
        self._code.write(code_row(int(place, 16), text))
        self._rows[line] = len(self._rows)
        return True

    def _operand(self, kind: bytes, line: bytes) -> None:
        """Write down an access; one that modifies is a load and a store, wide ones stand in parts."""
        place, size = line.split(b",")
        start, left = int(place, 16), int(size)
        for store in {b"L": (False,), b"S": (True,), b"M": (False, True)}[kind]:
            for offset in range(0, left, _WIDEST_BYTES):
                part = min(_WIDEST_BYTES, left - offset)
                self._operands.write(operand_row(start + offset, self._recorded - 1, part, store))


def _blocks(lines: BinaryIO) -> Iterator[bytes]:
    """Yield whole lines."""
    rest = b""
    while part := lines.read(_PIPE_BYTES):
        end = part.rfind(b"\n") + 1
        if not end:
            rest += part
            continue
        yield rest + part[:end]
        rest = part[end:]
