"""How simulators are compiled: machine arithmetic, no allocation, small functions merged into their callers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from numba import njit

Record = Any
"""A numpy record or array inside compiled code."""
Number = Any
"""A number read from one."""
OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
"""Division by zero isn't checked, and arrays aren't counted."""
_INSIDE: dict[str, Any] = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For functions that only compiled code calls."""
_Function = TypeVar("_Function", bound=Callable[..., Any])


def inlined(function: _Function) -> _Function:
    """Compile a function into its callers: arguments of a call would cost more than most functions do."""
    compiled: _Function = njit(forceinline=True, **_INSIDE)(function)
    return compiled


def merged(function: _Function) -> _Function:
    """Compile a function with its only caller, as if it were written there: large ones that nobody else calls."""
    compiled: _Function = njit(inline="always", **_INSIDE)(function)
    return compiled


def called(function: _Function) -> _Function:
    """Compile a function of its own: for large ones with several callers."""
    compiled: _Function = njit(**_INSIDE)(function)
    return compiled


def source_stamp(folder: Path) -> int:
    """Return a number that changes with any source in a folder, for programs that are kept on disk.

    A compiled entry that refers to it is not taken from the disk after one of the functions that it calls was edited.
    """
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.py"), Path(__file__)]):
        digest.update(file.read_bytes())
    return int(digest.hexdigest()[:12], 16)
