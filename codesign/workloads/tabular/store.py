"""Public sets on this machine: where they are kept, how they get there, and that they are what was published."""

from __future__ import annotations

import csv
import gzip
import hashlib
import http.client
import io
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from codesign.errors import StorageError, UnknownNameError, UserError, nearest
from codesign.pareto.csv_file import write_atomically
from codesign.workloads.gem5.ipc_runs import Read
from codesign.workloads.tabular.assembly import ASSEMBLIES, archive_reader, folder_reader, web_reader

FOLDER_VARIABLE = "CODESIGN_DATA"
"""Environment variable with the folder of public sets."""
TIMEOUT_S = 60.0
_GZIP_MAGIC = b"\x1f\x8b"


class PublicSetError(UserError):
    """A public set could not be fetched, or a file is not the published one."""


@dataclass(frozen=True)
class PublicSet:
    """A file that others published and that this package reads but doesn't hold.

    Attributes:
        name: by which it is asked for.
        file: its name on disk.
        address: from which it is downloaded, of one fixed version; of a set that is assembled, where its parts lie.
        sha256: of that version.
        size_bytes: of that version.
        licence: SPDX identifier.
        holder: of the copyright.
        description: one line.
        source: paper, repository and commit.
        year: of publication.
    """

    name: str
    file: str
    address: str
    sha256: str
    size_bytes: int
    licence: str
    holder: str
    description: str
    source: str
    year: int


@cache
def public_sets() -> Mapping[str, PublicSet]:
    """Return the known public sets by name, in the order of the data file."""
    with files("codesign.workloads").joinpath("data/public_sets.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    sets = (PublicSet(**row | {"size_bytes": int(row["size_bytes"]), "year": int(row["year"])}) for row in rows)  # type: ignore[arg-type]
    return MappingProxyType({one.name: one for one in sets})


def public_set(name: str) -> PublicSet:
    """Return the public set of that name.

    Raises:
        UnknownNameError: there is none.
    """
    sets = public_sets()
    if name not in sets:
        raise UnknownNameError(f"unknown public set {name!r}{nearest(name, sets)}; known: {', '.join(sets)}")
    return sets[name]


def data_folder() -> Path:
    """Return where public sets are kept: $CODESIGN_DATA, else $XDG_CACHE_HOME/codesign, else ~/.cache/codesign."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given)
    cache_home = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache_home) if cache_home and os.path.isabs(cache_home) else Path.home() / ".cache") / "codesign"


def stored_path(name: str) -> Path | None:
    """Return where a public set lies on this machine; None where it doesn't.

    Raises:
        UnknownNameError: there is no such set.
        PublicSetError: a file of its name lies there, but isn't the published one.
    """
    wanted = public_set(name)
    path = data_folder() / wanted.file
    if not path.is_file():
        return None
    if not is_published(wanted, path.read_bytes()):
        raise PublicSetError(f"{path} is not the published {name}; remove it and run: codesign data get {name}")
    return path


def needed_path(name: str) -> Path:
    """Return where a public set lies on this machine.

    Raises:
        UnknownNameError: there is no such set.
        PublicSetError: it isn't there, or isn't the published one.
    """
    path = stored_path(name)
    if path is None:
        raise PublicSetError(
            f"the public set {name!r} is not on this machine ({data_folder() / public_set(name).file}); run: codesign"
            f" data get {name}, or give the path of a copy"
        )
    return path


def is_published(wanted: PublicSet, data: bytes) -> bool:
    """Whether these are the bytes that were published."""
    return len(data) == wanted.size_bytes and hashlib.sha256(data).hexdigest() == wanted.sha256


def import_set(name: str, source: Path, folder: Path) -> Path:
    """Copy a local file into ``folder``, after its checksum; a copy packed with gzip is unpacked first.

    A set that is assembled is made from a folder or zip file of its repository, or is a copy of what was assembled.

    Raises:
        UnknownNameError: there is no such set or file.
        PublicSetError: the file isn't the published one.
        StorageError: the folder can't be written to.
    """
    wanted = public_set(name)
    if name in ASSEMBLIES and source.is_dir():
        return _keep(wanted, _assembled(wanted, folder_reader(source), str(source)), str(source), folder)
    if not source.is_file():
        raise UnknownNameError(f"no such file: {source}")
    data = source.read_bytes()
    if name in ASSEMBLIES and not is_published(wanted, data):
        return _keep(wanted, _assembled(wanted, archive_reader(data), str(source)), str(source), folder)
    if not is_published(wanted, data) and data.startswith(_GZIP_MAGIC):
        unpacked = _unpacked(data, wanted.size_bytes)
        data = unpacked if is_published(wanted, unpacked) else data
    return _keep(wanted, data, str(source), folder)


def _assembled(wanted: PublicSet, read: Read, origin: str) -> bytes:
    try:
        return ASSEMBLIES[wanted.name](read)
    except (OSError, ValueError) as error:
        raise PublicSetError(
            f"{origin}: {wanted.name} can't be assembled from it: {error}; it is to be a copy of {wanted.source}"
        ) from error


def _unpacked(data: bytes, most_bytes: int) -> bytes:
    """Return what gzip packed, at most one byte more than is wanted; nothing where it can't be unpacked."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return packed.read(most_bytes + 1)
    except (OSError, EOFError):
        return b""


def download_set(name: str, folder: Path) -> Path:
    """Download a public set into ``folder``; nothing is left there unless it arrived whole.

    Raises:
        UnknownNameError: there is no such set.
        PublicSetError: it could not be fetched, or what came isn't the published file.
        StorageError: the folder can't be written to.
    """
    wanted = public_set(name)
    try:
        if name in ASSEMBLIES:
            data = ASSEMBLIES[name](web_reader(wanted.address, TIMEOUT_S))
        else:
            with urllib.request.urlopen(wanted.address, timeout=TIMEOUT_S) as answer:
                data = answer.read(wanted.size_bytes + 1)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise PublicSetError(
            f"{name} can't be downloaded from {wanted.address}: {getattr(error, 'reason', None) or error}; without a"
            f" network, bring {'its repository' if name in ASSEMBLIES else 'the file'} here by other means and run:"
            f" codesign data get {name} --from {'FOLDER' if name in ASSEMBLIES else 'FILE'}"
        ) from error
    return _keep(wanted, data, wanted.address, folder)


def _keep(wanted: PublicSet, data: bytes, origin: str, folder: Path) -> Path:
    if not is_published(wanted, data):
        raise PublicSetError(
            f"{origin} is not the published {wanted.name}: its SHA-256 is {hashlib.sha256(data).hexdigest()}"
            f" ({len(data):,} bytes read), not {wanted.sha256} ({wanted.size_bytes:,} bytes); nothing was kept"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} can't be made: {error.strerror or error}") from error
    path = folder / wanted.file
    write_atomically(path, data)
    return path
