"""Where a study's numbers come from: code commit, package versions, machine, and the files that it read."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from codesign.space.domain import Choices
from codesign.space.space import Space

PACKAGES = ("codesign", "numpy", "scipy", "pandas", "pyarrow", "optuna", "pymoo", "moocore", "pulp", "highspy")


def environment() -> dict[str, Any]:
    """Return Python, platform, processor count, package versions and the commit of the code, where known."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "commit": code_commit(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def code_commit() -> str | None:
    """Return the git commit of the checkout that this package runs from (with ``-dirty``); None when installed."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}-dirty" if changed else commit


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()


def input_files(space: Space) -> dict[str, str]:
    """Return path -> sha256 of every existing file that a fixed setting or a value of the space names."""
    values: list[object] = list(space.fixed.values())
    for parameter in space.parameters:
        if isinstance(parameter.domain, Choices):
            values.extend(parameter.domain.values)
    return {path: file_hash(path) for path in _files(values)}


def _files(values: Iterable[object]) -> list[str]:
    found = {value for value in values if isinstance(value, str) and Path(value).suffix and os.path.isfile(value)}
    return sorted(found)


def file_hash(path: str | Path) -> str:
    """Return the sha256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def text_hash(text: str) -> str:
    """Return the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
