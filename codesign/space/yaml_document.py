"""YAML text to plain Python data that remembers where everything stands, refusing what a space file never needs.

Scalars follow the YAML 1.2 core schema: ``1e6`` is a number, ``yes``, ``no``, ``on`` and ``off`` are texts. Refused:
tags (``!!python/object`` and all others), duplicate keys, keys that aren't texts, several documents, nesting deeper
than ``MAX_DEPTH``, texts larger than ``MAX_BYTES``, documents that aliases blow up beyond ``MAX_NODES`` nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from codesign.errors import SpaceError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 100_000

Path_ = tuple[str | int, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan"),
}  # fmt: skip


@dataclass
class Document:
    """Plain data of a YAML text, with the position of every key and item.

    Attributes:
        data: dicts, lists and scalars.
        file: as named by the caller, or None.
        lines: path -> (line, column), counted from 1; for a mapping's entry the place of its key.
    """

    data: Any
    file: str | None
    lines: dict[Path_, tuple[int, int]] = field(default_factory=dict)

    def error(self, path: Path_, message: str) -> SpaceError:
        """Return (not raise) a SpaceError that points at ``path``, or at its nearest parent with a known place."""
        place: tuple[int, int] | None = None
        for length in range(len(path), -1, -1):
            place = self.lines.get(path[:length])
            if place is not None:
                break
        line, column = place if place is not None else (None, None)
        return SpaceError(message, path=dotted(path), file=self.file, line=line, column=column)


def dotted(path: Path_) -> str:
    """Return ``parameters.rows.values[2]`` for a path."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def read_document(file: str | Path) -> tuple[Document, str]:
    """Read a YAML file; return the document and its text. SpaceError for whatever is wrong with file or text."""
    name = str(file)
    try:
        raw = Path(file).read_bytes()
    except FileNotFoundError:
        raise SpaceError("no such file", file=name) from None
    except IsADirectoryError:
        raise SpaceError("is a folder; name a YAML file", file=name) from None
    except OSError as error:
        raise SpaceError(f"can't be read: {error.strerror}", file=name) from None
    if len(raw) > MAX_BYTES:
        raise SpaceError(f"has {len(raw):,} bytes; a space file has at most {MAX_BYTES:,}", file=name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SpaceError(f"is not UTF-8 text (byte {error.start})", file=name, line=line) from None
    return parse_document(text, name), text


def parse_document(text: str, file: str | None = None) -> Document:
    """Parse YAML text into located plain data."""
    try:
        _check_depth(text, file)
        nodes = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise SpaceError(f"is not valid YAML: {error.problem or error}", file=file, line=line, column=column) from None
    except yaml.YAMLError as error:
        raise SpaceError(f"is not valid YAML: {str(error).splitlines()[0]}", file=file) from None
    if len(nodes) > 1:
        line = nodes[1].start_mark.line + 1
        raise SpaceError("holds several YAML documents (---); a space is one", file=file, line=line)
    document = Document(None, file)
    if not nodes or nodes[0] is None:
        raise SpaceError("is empty", file=file)
    document.data = _Builder(document).build(nodes[0], ())
    return document


def _check_depth(text: str, file: str | None) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                mark: Any = event.start_mark
                raise SpaceError(
                    f"is nested more than {MAX_DEPTH} deep",
                    file=file,
                    line=mark.line + 1,
                    column=mark.column + 1,
                )
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1


class _Builder:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0

    def build(self, node: Any, path: Path_) -> Any:
        self.nodes += 1
        here = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.document.lines.setdefault(path, here)
        if self.nodes > MAX_NODES:
            raise self.document.error(path, f"the document has more than {MAX_NODES:,} values")
        if len(path) > MAX_DEPTH:
            raise self.document.error(path, f"is nested more than {MAX_DEPTH} deep (an alias that contains itself?)")
        if node.tag and not node.tag.startswith("tag:yaml.org,2002:"):
            raise self.document.error(path, f"the tag {node.tag!r} is not allowed; write plain values")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.SequenceNode):
            self._plain_tag(node, "seq", path)
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        self._plain_tag(node, "map", path)
        return self._mapping(node, path)

    def _plain_tag(self, node: Any, kind: str, path: Path_) -> None:
        if node.tag != f"tag:yaml.org,2002:{kind}":
            raise self.document.error(path, f"the tag {_short_tag(node.tag)!r} is not allowed; write plain values")

    def _mapping(self, node: Any, path: Path_) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, yaml.ScalarNode):
                self.document.lines[(*path, "?")] = place
                raise self.document.error((*path, "?"), "a key must be a plain text")
            key = key_node.value
            here = (*path, key)
            if key in result:
                first = self.document.lines[here][0]
                self.document.lines[here] = place
                raise self.document.error(here, f"the key {key!r} stands twice (first on line {first})")
            if key == "<<":
                self.document.lines[here] = place
                raise self.document.error(here, "merge keys (<<) are not allowed; write the entries out")
            self.document.lines[here] = place
            result[key] = self.build(value_node, here)
        return result

    def _scalar(self, node: Any, path: Path_) -> Any:
        text: str = node.value
        if node.style:
            if node.tag not in ("tag:yaml.org,2002:str", ""):
                raise self.document.error(path, f"the tag {_short_tag(node.tag)!r} is not allowed; write plain values")
            return text
        if node.tag.rsplit(":", 1)[-1] not in (
            "str",
            "int",
            "float",
            "bool",
            "null",
            "timestamp",
            "merge",
            "value",
        ):
            raise self.document.error(path, f"the tag {_short_tag(node.tag)!r} is not allowed; write plain values")
        if text in _SPECIAL:
            return _SPECIAL[text]
        if _INTEGER.match(text):
            if len(text) > 30:
                raise self.document.error(path, f"the number {text[:20]}... is too large")
            return int(text)
        if _FLOAT.match(text):
            return float(text)
        return text


def _short_tag(tag: str) -> str:
    return "!!" + tag.removeprefix("tag:yaml.org,2002:")
