"""The append-only journal of a study: every evaluated part, safe against a kill at any moment.

Two files: ``journal.rows`` holds the parts as Arrow stream messages one behind the other, ``journal.jsonl`` a line
per batch with its place, length and checksum, after a header line that says what study it is. A part counts once its
line is complete; what a crash leaves behind the last complete line is cut off when the journal is opened again.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from codesign.errors import StorageError, StudyError
from codesign.space.coding import CodeArray
from codesign.study.evaluation import Results
from codesign.study.part import Part

FORMAT = 1
LINES = "journal.jsonl"
ROWS = "journal.rows"


@dataclass(frozen=True)
class _Entry:
    """One line: where a part's rows are, and what the part stands for (the attributes of ``Part``)."""

    offset: int
    length: int
    checksum: int
    rows: int
    evaluated: int
    feasible: int
    ideal: list[float]
    nadir: list[float]


class Journal:
    """Opened for appending; use as a context manager.

    Args:
        folder: the study's results folder (must exist).
        header: what identifies the study; compared with an existing journal's.
        parameters, metrics: column names of codes and results.

    Raises StudyError when the folder holds the journal of another study, StorageError when a file can't be written.
    """

    def __init__(
        self, folder: Path, header: Mapping[str, Any], parameters: tuple[str, ...], metrics: tuple[str, ...]
    ) -> None:
        self._folder = folder
        self._parameters = parameters
        self._metrics = metrics
        self._entries: list[_Entry] = []
        found = read_header(folder)
        if found is not None and found != dict(header):
            changed = [key for key in header if found.get(key) != header[key]]
            raise StudyError(f"{folder} holds the journal of another study (differs in {', '.join(changed)})")
        try:
            self._rows: IO[bytes] = open(folder / ROWS, "ab")  # noqa: SIM115 - closed in close()
            self._lines: IO[bytes] = open(folder / LINES, "ab")  # noqa: SIM115
            if found is None:
                self._truncate(0, 0)
                self._write_line(dict(header))
            else:
                self._recover()
        except OSError as error:
            raise storage_error(folder, error) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close both files. What was appended is on disk already; the rest of a failed write is given up."""
        for file in (self._rows, self._lines):
            with contextlib.suppress(OSError):
                file.close()

    @property
    def evaluated(self) -> int:
        """Number of designs whose evaluation is safely recorded."""
        return sum(entry.evaluated for entry in self._entries)

    def append(self, part: Part) -> None:
        """Record a part; it is on disk when this returns. StorageError when the disk is full: nothing is lost."""
        payload = _pack(self._batch(part.codes, part.results)) if len(part.codes) else b""
        offset = self._entries[-1].offset + self._entries[-1].length if self._entries else 0
        ideal, nadir = part.ideal.tolist(), part.nadir.tolist()
        checksum, rows = zlib.crc32(payload), len(part.codes)
        entry = _Entry(offset, len(payload), checksum, rows, part.evaluated, part.feasible, ideal, nadir)
        try:
            self._rows.write(payload)
            self._flush(self._rows)
            self._write_line(entry.__dict__)
        except OSError as error:
            raise storage_error(self._folder, error, self.evaluated) from error
        self._entries.append(entry)

    def parts(self) -> Iterator[Part]:
        """Yield all recorded parts in order, one at a time."""
        with open(self._folder / ROWS, "rb") as file:
            for entry in list(self._entries):
                file.seek(entry.offset)
                payload = file.read(entry.length)
                codes, results = self._unpack(payload) if entry.rows else self._nothing()
                ideal, nadir = np.array(entry.ideal), np.array(entry.nadir)
                yield Part(codes, results, entry.evaluated, entry.feasible, ideal, nadir)

    def _nothing(self) -> tuple[CodeArray, Results]:
        none = np.empty(0)
        metrics = np.empty((0, len(self._metrics)))
        results = Results(metrics, none.astype(bool), none.astype(object), none.astype(bool), none)
        return np.empty((0, len(self._parameters))), results

    def _batch(self, codes: CodeArray, results: Results) -> pa.RecordBatch:
        columns = {f"code:{name}": codes[:, i] for i, name in enumerate(self._parameters)}
        columns |= {f"metric:{name}": results.metrics[:, i] for i, name in enumerate(self._metrics)}
        arrays = {name: pa.array(np.ascontiguousarray(values), from_pandas=False) for name, values in columns.items()}
        arrays["feasible"] = pa.array(results.feasible)
        arrays["reason"] = pa.array(results.reason.tolist(), type=pa.string()).dictionary_encode()
        arrays["in_validated_range"] = pa.array(results.in_validated_range)
        arrays["violation"] = pa.array(results.violation)
        return pa.RecordBatch.from_pydict(arrays)

    def _unpack(self, payload: bytes) -> tuple[CodeArray, Results]:
        table = pa.ipc.open_stream(payload).read_all()
        codes = np.column_stack([table[f"code:{name}"].to_numpy() for name in self._parameters])
        metrics = [table[f"metric:{name}"].to_numpy() for name in self._metrics]
        results = Results(
            np.column_stack(metrics) if metrics else np.empty((len(codes), 0)),
            table["feasible"].to_numpy().astype(bool),
            np.array(table["reason"].to_pylist(), dtype=object),
            table["in_validated_range"].to_numpy().astype(bool),
            table["violation"].to_numpy(),
        )
        return codes, results

    def _recover(self) -> None:
        """Keep the longest prefix of complete lines whose rows are whole; cut the rest off both files."""
        lines = (self._folder / LINES).read_bytes()
        good = lines.index(b"\n") + 1
        with open(self._folder / ROWS, "rb") as file:
            for line in lines[good:].splitlines(keepends=True):
                entry = _parse_entry(line)
                if entry is None:
                    break
                file.seek(entry.offset)
                payload = file.read(entry.length)
                if len(payload) != entry.length or zlib.crc32(payload) != entry.checksum:
                    break
                self._entries.append(entry)
                good += len(line)
        end = self._entries[-1].offset + self._entries[-1].length if self._entries else 0
        self._truncate(good, end)

    def _truncate(self, lines: int, rows: int) -> None:
        self._lines.truncate(lines)
        self._rows.truncate(rows)

    def _write_line(self, content: Mapping[str, Any]) -> None:
        self._lines.write(json.dumps(content, sort_keys=True).encode() + b"\n")
        self._flush(self._lines)

    @staticmethod
    def _flush(file: IO[bytes]) -> None:
        file.flush()
        os.fsync(file.fileno())


def _pack(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def _parse_entry(line: bytes) -> _Entry | None:
    """Return the entry of a complete line, None for a cut or damaged one."""
    if not line.endswith(b"\n"):
        return None
    try:
        data = json.loads(line)
        return _Entry(
            offset=int(data["offset"]),
            length=int(data["length"]),
            checksum=int(data["checksum"]),
            rows=int(data["rows"]),
            evaluated=int(data["evaluated"]),
            feasible=int(data["feasible"]),
            ideal=[float(value) for value in data["ideal"]],
            nadir=[float(value) for value in data["nadir"]],
        )
    except (ValueError, TypeError, KeyError):
        return None


def read_header(folder: Path) -> dict[str, Any] | None:
    """Return the header of the journal in ``folder``; None when there is no journal or its first line is incomplete."""
    try:
        with open(folder / LINES, "rb") as file:
            line = file.readline()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(folder, error) from error
    if not line.endswith(b"\n"):
        return None
    try:
        header = json.loads(line)
    except ValueError:
        return None
    return header if isinstance(header, dict) else None


def storage_error(folder: Path, error: OSError, safe_rows: int | None = None) -> StorageError:
    """Say what couldn't be written where, and what is safe."""
    safe = "" if safe_rows is None else f"; {safe_rows:,} evaluated designs are safe in the journal"
    return StorageError(
        f"can't write in {folder}: {error.strerror or error}{safe}; mend it and run again with --resume"
    )
