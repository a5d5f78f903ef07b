"""What recording needs from the machine: QEMU's user-mode emulator, a C compiler, and the plugin built with it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from codesign.errors import StorageError, UnknownNameError, WorkloadError

QEMU = "qemu-x86_64"
COMPILERS = ("cc", "gcc", "clang")
COMPILER_VARIABLE = "CC"
CACHE_VARIABLE = "XDG_CACHE_HOME"
_FLAGS = ("-O2", "-shared", "-fPIC", "-fvisibility=hidden")
_FIRST_WITH_VERSION_2 = 9
_ELF = b"\x7fELF"
_X86_64 = 62
_HEADER_BYTES = 256


def qemu() -> str:
    """Return the path of QEMU's user-mode emulator.

    Raises:
        WorkloadError: there is none.
    """
    found = shutil.which(QEMU)
    if found is None:
        raise WorkloadError(
            f"recording a trace needs QEMU's user-mode emulator {QEMU}, which is not on the PATH: apt-get install"
            " qemu-user (Debian, Ubuntu) or dnf install qemu-user (Fedora)"
        )
    return found


def compiler() -> str:
    """Return the path of a C compiler: what ``CC`` names, or the first of ``COMPILERS``.

    Raises:
        WorkloadError: there is none.
    """
    named = os.environ.get(COMPILER_VARIABLE)
    tried = (named,) if named else COMPILERS
    for name in tried:
        if found := shutil.which(name):
            return found
    raise WorkloadError(
        f"recording a trace needs a C compiler to build its QEMU plugin; none of {', '.join(tried)} is on the PATH:"
        f" apt-get install gcc, or set {COMPILER_VARIABLE}"
    )


def qemu_version(emulator: str) -> tuple[int, int]:
    """Return major and minor version of an emulator.

    Raises:
        WorkloadError: it doesn't tell.
    """
    told = _run([emulator, "--version"]).stdout
    match = re.search(r"version (\d+)\.(\d+)", told)
    if match is None:
        raise WorkloadError(f"{emulator} --version doesn't tell its version; found {told.strip()[:80]!r}")
    return int(match[1]), int(match[2])


def plugin(emulator: str) -> Path:
    """Return the path of the plugin for an emulator, built where that hasn't been done yet.

    It is kept in ``$XDG_CACHE_HOME/codesign`` (``~/.cache/codesign``) under a name that tells source and interface.

    Raises:
        WorkloadError: there is no compiler, or it fails.
        StorageError: the folder can't be written to.
    """
    interface = 2 if qemu_version(emulator)[0] >= _FIRST_WITH_VERSION_2 else 1
    source = files("codesign.workloads.instructions.capture").joinpath("plugin.c").read_bytes()
    mark = hashlib.sha256(source + repr((interface, _FLAGS)).encode()).hexdigest()[:16]
    base = os.environ.get(CACHE_VARIABLE) or os.path.join(os.path.expanduser("~"), ".cache")
    built = Path(base) / "codesign" / f"trace-plugin-{mark}.so"
    if not built.is_file():
        try:
            built.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=built.parent) as folder:
                _build(source, interface, Path(folder))
                os.replace(Path(folder) / "plugin.so", built)
        except OSError as error:
            raise StorageError(f"{built} can't be written: {error.strerror or error}") from error
    return built


def _build(source: bytes, interface: int, folder: Path) -> None:
    (folder / "plugin.c").write_bytes(source)
    done = _run([compiler(), *_FLAGS, f"-DPLUGIN_VERSION={interface}", "-o", "plugin.so", "plugin.c"], folder)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing said"]
        raise WorkloadError(f"the QEMU plugin can't be built: {said[0]}")


def _run(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, check=False
    )


def program(command: str) -> list[str]:
    """Return the words that start a program: its path; those of its interpreter too where it is a script.

    Raises:
        UnknownNameError: there is no such program.
        WorkloadError: it is none for x86-64 Linux.
    """
    path = shutil.which(command)
    if path is None:
        raise UnknownNameError(f"there is no program {command!r}; give a path, or a name on the PATH")
    try:
        with open(path, "rb") as file:
            start = file.read(_HEADER_BYTES)
    except OSError as error:
        raise WorkloadError(f"the program {path} can't be read: {error.strerror or error}") from error
    if start.startswith(b"#!"):
        words = start[2:].split(b"\n")[0].decode(errors="replace").split(maxsplit=1)
        if words and os.path.basename(words[0]) == "env":
            words = words[1].split() if len(words) > 1 else []
        if not words:
            raise WorkloadError(f"the program {path} is a script whose first line names no interpreter")
        return [*program(words[0]), *words[1:], path]
    machine = int.from_bytes(start[18:20], "little")
    if not start.startswith(_ELF) or start[4:5] != b"\2" or machine != _X86_64:
        raise WorkloadError(f"the program {path} is not one for x86-64 Linux (64-bit ELF, machine {_X86_64})")
    return [path]
