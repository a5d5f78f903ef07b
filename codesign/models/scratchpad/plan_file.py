"""Plans as files: JSON, without loss, and CSV, a table of what happens in which order, to be read by people."""

from __future__ import annotations

import csv
import io
import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar, get_args

from codesign.errors import UserError, nearest
from codesign.models.scratchpad.plan import Arrival, Placement, Plan, Residency, Transfer, TransferKind
from codesign.pareto.csv_file import write_atomically

FORMAT = "codesign-plan"
"""What the file says that it is."""

VERSION = 1
"""Of the format; moves when a file can't be read as before."""

SCHEDULE_COLUMNS = ("step", "operator", "event", "buffer", "tensors", "pool", "address_bytes", "size_bytes")
"""Of the CSV table."""

T = TypeVar("T")


class PlanFileError(UserError):
    """A plan can't be written to or read from a file."""


def plan_to_json(plan: Plan, **statement: str | float | bool | None) -> str:
    """Return a plan as JSON.

    Args:
        plan: to be written.
        statement: what else is to be said of it (a bound, a solver, the time that it took); kept as it is.

    Raises:
        PlanFileError: a value has no JSON (an infinite number, an object, a size that isn't whole).
    """
    try:
        document = {
            "format": FORMAT,
            "version": VERSION,
            "statement": statement,
            "network": plan.network,
            "order": list(plan.order),
            "views": list(plan.views),
            "pools_bytes": list(plan.pools_bytes),
            "alignment_bytes": plan.alignment_bytes,
            "placements": [asdict(placement) for placement in plan.placements],
            "residencies": [asdict(residency) for residency in plan.residencies],
            "transfers": [asdict(transfer) for transfer in plan.transfers],
        }
        return json.dumps(document, indent=1, allow_nan=False, default=operator.index) + "\n"
    except (TypeError, ValueError) as error:
        raise PlanFileError(f"the plan of {plan.network!r} can't be written as JSON: {error}") from error


def plan_from_json(text: str) -> Plan:
    """Return the plan behind ``plan_to_json``.

    Raises:
        PlanFileError: the text isn't JSON, isn't a plan, is of another version, or an entry is missing, unknown or of
            the wrong type.
    """
    document = _document(text)
    known = ("format", "version", "statement", "network", "order", "views", "pools_bytes", "alignment_bytes")
    _keys(document, (*known, "placements", "residencies", "transfers"), "", optional=("statement",))
    return Plan(
        network=_text(document["network"], "network"),
        order=_list(document["order"], "order", _text),
        views=_list(document["views"], "views", _text),
        pools_bytes=_list(document["pools_bytes"], "pools_bytes", _whole),
        alignment_bytes=_whole(document["alignment_bytes"], "alignment_bytes"),
        placements=_list(document["placements"], "placements", _placement),
        residencies=_list(document["residencies"], "residencies", _residency),
        transfers=_list(document["transfers"], "transfers", _transfer),
    )


def statement_from_json(text: str) -> dict[str, Any]:
    """Return what a file says of its plan besides the plan. Raises PlanFileError as ``plan_from_json`` does."""
    return dict(_object(_document(text).get("statement", {}), "statement"))


def read_plan(path: str | Path) -> Plan:
    """Return the plan of a JSON file. Raises PlanFileError where it can't be read or isn't a plan."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanFileError(f"{file} can't be read: {error}") from error
    try:
        return plan_from_json(text)
    except PlanFileError as error:
        raise PlanFileError(f"{file}: {error}") from error


def write_plan(plan: Plan, path: str | Path, **statement: str | float | bool | None) -> None:
    """Write a plan, whole or not at all: as JSON where the name ends on .json, as a table of events where on .csv.

    Raises:
        PlanFileError: another ending, a value that has no JSON, or a statement for a table, which has no place for it.
        StorageError: the file can't be written.
    """
    file = Path(path)
    if file.suffix == ".json":
        text = plan_to_json(plan, **statement)
    elif file.suffix == ".csv":
        if statement:
            raise PlanFileError(f"{file}: a table has no place for {', '.join(statement)}; write a .json file")
        text = schedule_csv(plan)
    else:
        raise PlanFileError(f"{file}: a plan is written to a file that ends on .json or .csv")
    write_atomically(file, text.encode("utf-8"))


def schedule_csv(plan: Plan) -> str:
    """Return ``schedule_rows`` as CSV: header, commas, ``\\n``."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, SCHEDULE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(schedule_rows(plan))
    return text.getvalue()


def schedule_rows(plan: Plan) -> list[dict[str, str | int]]:
    """Return what happens, in order, one row an event.

    Events of a step: ``spill``, ``drop`` (a buffer leaves and nothing is written), ``store``, ``load``, ``retrieve``,
    ``create`` (a place is taken for what the operator will write), ``run``. After the last operator buffers leave in a
    step without an operator. ``tensors`` are separated by semicolons; what doesn't apply is empty. ``size_bytes`` is
    what a transfer moves, the size of the buffer where nothing is moved.
    """
    placements = {placement.name: placement for placement in plan.placements}
    sizes = {(transfer.step, transfer.buffer, str(transfer.kind)): transfer.size_bytes for transfer in plan.transfers}
    events = [(step, _EVENTS.index("run"), 0) for step in range(len(plan.order))]
    for number, residency in enumerate(plan.residencies):
        events.append((residency.first_step, _EVENTS.index(_ARRIVALS[residency.arrival]), number))
        end = residency.last_step + 1
        left = ["spill"] if residency.written_back else []
        if (end, residency.buffer, "store") in sizes:
            left.append("store")
        events.extend((end, _EVENTS.index(event), number) for event in left or ["drop"])
    rows = []
    for step, rank, number in sorted(events):
        row: dict[str, str | int] = dict.fromkeys(SCHEDULE_COLUMNS, "")
        row |= {"step": step, "event": _EVENTS[rank]}
        if 0 <= step < len(plan.order):
            row["operator"] = plan.order[step]
        if _EVENTS[rank] != "run":
            residency = plan.residencies[number]
            row |= _place(residency, placements.get(residency.buffer))
            row["size_bytes"] = sizes.get((step, residency.buffer, _EVENTS[rank]), row["size_bytes"])
        rows.append(row)
    return rows


_EVENTS = ("spill", "drop", "store", "load", "retrieve", "create", "run")
_ARRIVALS: dict[Arrival, str] = {"created": "create", "loaded": "load", "retrieved": "retrieve"}


def _place(residency: Residency, placement: Placement | None) -> dict[str, str | int]:
    return {
        "buffer": residency.buffer,
        "tensors": ";".join(name for name, _ in placement.tensors) if placement else "",
        "pool": residency.pool,
        "address_bytes": residency.address_bytes,
        "size_bytes": placement.size_bytes if placement else "",
    }


def _document(text: str) -> dict[str, Any]:
    """Return the object in a text, once it is known to be a plan of this version."""
    try:
        document = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(f"not JSON: {error}") from error
    found = _object(document, "the file")
    if found.get("format") != FORMAT:
        raise PlanFileError(f"not a plan: format is {found.get('format')!r}; {FORMAT!r} is needed")
    if type(found.get("version")) is not int or found["version"] != VERSION:
        raise PlanFileError(f"a plan of version {found.get('version')!r}; version {VERSION} can be read")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} appears twice")
    return found


def _wrong(value: Any, place: str, wanted: str) -> PlanFileError:
    shown = repr(value)
    return PlanFileError(f"{place}: found {shown if len(shown) <= 60 else shown[:57] + '...'}; {wanted} is needed")


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(value, place, "an object")
    return value


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise _wrong(value, place, "a text")
    return value


def _whole(value: Any, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(value, place, "a whole number")
    return value


def _truth(value: Any, place: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, place, "true or false")
    return value


def _list(value: Any, place: str, read: Callable[[Any, str], T]) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise _wrong(value, place, "a list")
    return tuple(read(entry, f"{place}[{index}]") for index, entry in enumerate(value))


def _keys(found: Mapping[str, Any], allowed: Iterable[str], place: str, optional: Iterable[str] = ()) -> None:
    """Raise where a key is missing or unknown."""
    where, names = f"{place}: " if place else "", list(allowed)
    for name in found:
        if name not in names:
            raise PlanFileError(f"{where}unknown key {name!r}{nearest(name, names)}; allowed: {', '.join(names)}")
    for name in names:
        if name not in found and name not in optional:
            raise PlanFileError(f"{where}the key {name!r} is missing")


def _record(value: Any, kind: type, place: str) -> dict[str, Any]:
    found = _object(value, place)
    _keys(found, [field.name for field in fields(kind)], place)
    return found


def _choice(value: Any, place: str, allowed: tuple[str, ...]) -> Any:
    if value not in allowed:
        raise _wrong(value, place, f"one of {', '.join(allowed)}")
    return value


def _offset(value: Any, place: str) -> tuple[str, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise _wrong(value, place, "a pair of a tensor's name and its offset in bytes")
    return _text(value[0], f"{place}[0]"), _whole(value[1], f"{place}[1]")


def _placement(value: Any, place: str) -> Placement:
    found = _record(value, Placement, place)
    return Placement(
        name=_text(found["name"], f"{place}.name"),
        tensors=_list(found["tensors"], f"{place}.tensors", _offset),
        size_bytes=_whole(found["size_bytes"], f"{place}.size_bytes"),
        space_bytes=_whole(found["space_bytes"], f"{place}.space_bytes"),
    )


def _residency(value: Any, place: str) -> Residency:
    found = _record(value, Residency, place)
    return Residency(
        buffer=_text(found["buffer"], f"{place}.buffer"),
        first_step=_whole(found["first_step"], f"{place}.first_step"),
        last_step=_whole(found["last_step"], f"{place}.last_step"),
        address_bytes=_whole(found["address_bytes"], f"{place}.address_bytes"),
        pool=_whole(found["pool"], f"{place}.pool"),
        arrival=_choice(found["arrival"], f"{place}.arrival", get_args(Arrival)),
        written_back=_truth(found["written_back"], f"{place}.written_back"),
    )


def _transfer(value: Any, place: str) -> Transfer:
    found = _record(value, Transfer, place)
    return Transfer(
        step=_whole(found["step"], f"{place}.step"),
        buffer=_text(found["buffer"], f"{place}.buffer"),
        kind=_choice(found["kind"], f"{place}.kind", get_args(TransferKind)),
        size_bytes=_whole(found["size_bytes"], f"{place}.size_bytes"),
    )
