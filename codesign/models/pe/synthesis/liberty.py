"""Cell libraries as liberty text: read, put together and reduced to what synthesis needs."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from codesign.errors import SynthesisError

UNREAD_GROUPS = frozenset({"internal_power", "leakage_power", "output_current_rise", "output_current_fall"})
"""Groups that synthesis for area and delay doesn't read, most of the bytes of some libraries."""

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*|[{}]', re.DOTALL)
_HEADER_REACH = 400


@dataclass(frozen=True)
class Recipe:
    """How a known library is used.

    Attributes:
        library: its name here.
        name_starts_with: how the name in its liberty files starts.
        driving_cell: drives each input.
        load_ff: capacitance at each output, in fF.
        not_used: patterns of names of cells that synthesis must not pick.
    """

    library: str
    name_starts_with: str
    driving_cell: str
    load_ff: float
    not_used: tuple[str, ...]


@dataclass(frozen=True)
class Liberty:
    """A cell library.

    Attributes:
        name: of the recipe where the library is a known one, else its own.
        version: its own name, revision and date.
        text: one liberty file with the cells that may be used.
        recipe: None where the library isn't a known one: no driving cell, no load, every cell may be used.
        flip_flops: cell -> direction by pin, of every cell with a state.
    """

    name: str
    version: str
    text: str = field(repr=False)
    recipe: Recipe | None
    flip_flops: Mapping[str, Mapping[str, str]] = field(repr=False)


@dataclass(slots=True)
class _Group:
    """``kind (name) { ... }``: header at ``start``, the body from ``body`` to the closing brace at ``end``."""

    kind: str
    name: str
    start: int
    body: int
    depth: int
    end: int = 0


def recipes() -> tuple[Recipe, ...]:
    """Return the known libraries, from ``data/synthesis_libraries.csv``."""
    with files("codesign.models.pe").joinpath("data", "synthesis_libraries.csv").open(encoding="utf-8") as stream:
        return tuple(
            Recipe(
                row["library"],
                row["name_starts_with"],
                row["driving_cell"],
                float(row["load_ff"]),
                tuple(row["not_used"].split()),
            )
            for row in csv.DictReader(stream)
        )


def read_liberty(paths: Sequence[Path]) -> Liberty:
    """Return the library that one or several liberty files (``.lib``, ``.lib.gz``) make up.

    Raises:
        SynthesisError: a file is missing or isn't liberty, or no file has a flip-flop.
    """
    if not paths:
        raise SynthesisError("no liberty file given")
    texts = [_read_text(path) for path in paths]
    groups = [list(_groups(text)) for text in texts]
    for path, found in zip(paths, groups, strict=True):
        if not found or found[-1].kind != "library" or not any(group.kind == "cell" for group in found):
            raise SynthesisError(f"{path} is not a liberty file: it has no library group with cells")
    own_name = groups[0][-1].name
    recipe = next((known for known in recipes() if own_name.startswith(known.name_starts_with)), None)
    flip_flops: dict[str, Mapping[str, str]] = {}
    for text, found in zip(texts, groups, strict=True):
        flip_flops |= _states(text, found)
    if not flip_flops:
        raise SynthesisError(f"{', '.join(map(str, paths))}: no cell has a flip-flop (a group ff)")
    return Liberty(
        name=recipe.library if recipe else own_name,
        version=_version(texts[0], groups[0]),
        text=_merged(texts, groups, recipe.not_used if recipe else ()),
        recipe=recipe,
        flip_flops=MappingProxyType(flip_flops),
    )


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SynthesisError(f"the liberty file {path} can't be read: {reason}") from error
    return data.decode("utf-8", errors="replace")


def _groups(text: str) -> Iterator[_Group]:
    """Yield every group of a liberty text, an inner one before the one around it."""
    open_groups: list[_Group] = []
    for token in _TOKEN.finditer(text):
        if token.group() == "{":
            open_groups.append(_opened(text, token.start(), len(open_groups)))
        elif token.group() == "}":
            if not open_groups:
                return
            group = open_groups.pop()
            group.end = token.start()
            yield group


def _opened(text: str, brace: int, depth: int) -> _Group:
    first = max(0, brace - _HEADER_REACH)
    before = text[first:brace]
    kind, parenthesis, name = before.rpartition("(")
    word = re.search(r"\w+\s*\Z", kind) if parenthesis else None
    if word is None:
        return _Group("", "", brace, brace + 1, depth)
    return _Group(word.group().strip(), name.strip().strip(')" \n\t'), first + word.start(), brace + 1, depth)


def _states(text: str, groups: Sequence[_Group]) -> dict[str, Mapping[str, str]]:
    """Return the cells with a group ``ff``, and the direction of each of their pins."""
    found: dict[str, Mapping[str, str]] = {}
    inner: list[_Group] = []
    for group in groups:
        if group.depth > 1:
            inner.append(group)
            continue
        if group.kind == "cell" and any(part.kind in ("ff", "ff_bank") for part in inner):
            pins = {part.name: text[part.body : part.end] for part in inner if part.kind == "pin"}
            directions = {name: re.search(r'direction\s*:\s*"?(\w+)', body) for name, body in pins.items()}
            found[group.name] = {name: match.group(1) for name, match in directions.items() if match}
        inner = []
    return found


def _version(text: str, groups: Sequence[_Group]) -> str:
    library = groups[-1]
    head = text[library.body : min(group.start for group in groups[:-1])]
    said = [library.name]
    for attribute in ("revision", "date"):
        match = re.search(rf'\b{attribute}\s*:\s*"?(?:\$?{attribute}:?)?([^";$\n]*)', head, re.IGNORECASE)
        if match and match.group(1).strip():
            said.append(f"{attribute} {match.group(1).strip()}")
    return "; ".join(said)


def _merged(texts: Sequence[str], groups: Sequence[Sequence[_Group]], not_used: Sequence[str]) -> str:
    """Return one library: all of the first file, the groups of the others, without what synthesis doesn't read."""
    kept: list[str] = []
    names: set[tuple[str, str]] = set()
    for number, (text, found) in enumerate(zip(texts, groups, strict=True)):
        library = found[-1]
        outer = [group for group in found if group.depth == 1]
        inner = [group for group in found if group.depth > 1 and group.kind in UNREAD_GROUPS]
        left_out = [
            group
            for group in outer
            if (group.kind == "cell" and any(fnmatchcase(group.name, pattern) for pattern in not_used))
            or (number and (group.kind, group.name) in names)
        ]
        spans = sorted((group.start, group.end + 1) for group in [*left_out, *inner])
        if number == 0:
            kept.append(_without(text, library.start, library.end, spans))
        else:
            kept.extend(_without(text, group.start, group.end + 1, spans) for group in outer)
        names |= {(group.kind, group.name) for group in outer}
    return "\n".join([*kept, "}\n"])


def _without(text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> str:
    """Return text[start:end] without the spans, which are sorted and may lie within one another."""
    pieces: list[str] = []
    position = start
    for first, last in spans:
        if position <= first < end:
            pieces.append(text[position:first])
        if start <= first < end:
            position = max(position, last)
    pieces.append(text[position:end])
    return "".join(pieces)
