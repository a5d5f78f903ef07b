"""A tabulated set: what was published of every network, by key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from codesign.errors import UnknownNameError, nearest
from codesign.workloads.tabular.spaces import SPACES, tabular_space
from codesign.workloads.tabular.store import needed_path


@dataclass(frozen=True)
class TabularSet:
    """The published table of one tabulated space.

    Attributes:
        name: of the space.
        table: one row for each network under its key: the design columns, ``top1_percent`` and what else was published
            (see ``SPACES[name].read``).
        path: of the file that was read.
        source: paper and repository.
    """

    name: str
    table: pd.DataFrame
    path: Path
    source: str

    @property
    def designs(self) -> pd.DataFrame:
        """The design columns alone."""
        return self.table[list(SPACES[self.name].columns)]

    def published(self, key: str) -> dict[str, Any]:
        """Return all columns of one network.

        Raises:
            UnknownNameError: the set has no network of that key.
        """
        if key not in self.table.index:
            raise UnknownNameError(
                f"{self.name} has no published network {key!r}{nearest(key, self.table.index[:100])}; it has"
                f" {len(self.table):,}, keys are {SPACES[self.name].key_form}"
            )
        row = self.table.loc[key]
        return {str(name): value for name, value in row.items()}


def read_tabular_set(name: str, path: Path | str | None = None) -> TabularSet:
    """Read a tabulated set from a file, or from where ``codesign data get`` puts it.

    Args:
        name: of the space.
        path: of a copy (``.json`` or ``.json.gz``; ``.tar.gz``); None looks in ``data_folder()``.

    Raises:
        UnknownNameError: there is no such space or file.
        PublicSetError: no path, and the set is not on this machine or not the published one.
        WorkloadError: the file can't be read as that set.
    """
    space = tabular_space(name)
    found = needed_path(name) if path is None else Path(path)
    if not found.is_file():
        raise UnknownNameError(f"no such file: {found}")
    status = found.stat()
    table = _read(name, os.path.abspath(found), status.st_mtime_ns, status.st_size)
    return TabularSet(name, table.copy(), found, space.source)


@lru_cache(maxsize=4)
def _read(name: str, path: str, changed_ns: int, size_bytes: int) -> pd.DataFrame:
    """Read a file; when it was changed and its size are part of the key under which the table is kept."""
    return SPACES[name].read(Path(path))
