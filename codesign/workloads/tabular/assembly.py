"""Public sets that are assembled from many files of a repository, and where these files may be read from."""

from __future__ import annotations

import io
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from codesign.workloads.gem5 import ipc_runs
from codesign.workloads.gem5.ipc_runs import Read

ASSEMBLIES: Mapping[str, Callable[[Read], bytes]] = MappingProxyType({ipc_runs.NAME: ipc_runs.assemble})
"""Name of a public set -> makes its file from the files of its repository."""


def folder_reader(folder: Path) -> Read:
    """Read from a copy of the repository."""
    return lambda path: folder.joinpath(path).read_bytes()


def archive_reader(data: bytes) -> Read:
    """Read from a zip file of the repository; one folder around everything is looked through.

    Raises:
        ValueError: from the reader, when it isn't a zip file or lacks the path.
    """

    def read(path: str) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = archive.namelist()
                around = names[0].split("/")[0] + "/" if names else ""
                inside = around if all(name.startswith(around) for name in names) else ""
                return archive.read(inside + path)
        except (zipfile.BadZipFile, KeyError) as error:
            raise ValueError(f"no zip file with {path!r} in it ({error.args[0]})") from error

    return read


def web_reader(address: str, timeout_s: float) -> Read:
    """Read from the web, below an address that ends in a slash."""

    def read(path: str) -> bytes:
        with urllib.request.urlopen(address + urllib.parse.quote(path), timeout=timeout_s) as answer:
            data: bytes = answer.read()
        return data

    return read
