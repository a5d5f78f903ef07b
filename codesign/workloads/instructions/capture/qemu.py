"""Recording with QEMU's user-mode emulator and the plugin."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from codesign.workloads.instructions.capture.runs import Ended, Run, Windows
from codesign.workloads.instructions.capture.tools import plugin, qemu

_POLL_S = 0.1
_SEED = "1"
"""Of the random bytes that a program gets at its start, so that a run can be repeated."""


class QemuTracer:
    """QEMU with the plugin.

    Raises:
        WorkloadError: QEMU or a C compiler is missing.
        StorageError: the plugin can't be kept.
    """

    def __init__(self) -> None:
        self._emulator = qemu()
        self._plugin = plugin(self._emulator)

    def count(self, run: Run) -> int:
        """Return how many instructions a program executes."""
        return self._start(run, "counting instructions", None, {"windows": 0}, stop=False).executed

    def trace(self, run: Run, windows: Windows) -> Ended:
        """Record windows of a program."""
        options = {
            "skip": windows.skip,
            "windows": windows.count,
            "window": windows.length,
            "period": windows.period,
        }
        return self._start(run, "recording", windows.total, options, windows.stop)

    def _start(self, run: Run, doing: str, total: int | None, options: dict[str, int], stop: bool) -> Ended:
        told = ",".join(f"{key}={value}" for key, value in {"folder": run.written, **options}.items())
        with run.started([self._emulator, "-seed", _SEED, "-plugin", f"{self._plugin},{told}"]) as process:
            stopped = _wait(process, run, doing, total, stop)
        executed, complete = _progress(run.written)
        if not complete:
            raise run.broke_off(process.returncode, executed)
        return Ended(None if stopped else process.returncode, executed)


def _wait(process: subprocess.Popen[bytes], run: Run, doing: str, total: int | None, stop: bool) -> bool:
    """Wait for the end; return whether there was still something running when everything was recorded."""
    while True:
        try:
            process.wait(_POLL_S)
            return False
        except subprocess.TimeoutExpired:
            executed, complete = _progress(run.written)
        run.tell(doing, executed, total)
        if stop and complete:
            return True


def _progress(written: Path) -> tuple[int, bool]:
    """Return the instructions executed so far, and whether everything is written."""
    try:
        executed, complete = np.fromfile(written / "progress", dtype="<u8", count=2).tolist()
    except (FileNotFoundError, ValueError):
        return 0, False
    return executed, bool(complete)
