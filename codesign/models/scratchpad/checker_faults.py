"""Faults of a plan as plain sentences, and the first question: is every field of the kind that it should be?"""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any, get_args

from codesign.models.scratchpad.plan import Arrival, Placement, Plan, Residency, Transfer, TransferKind

MOST_FAULTS = 100
"""How many faults a report lists; a plan with more is hopeless, and one cause often shows in many places."""

_WHOLE, _TEXT, _TRUTH = "a whole number", "a text", "true or false"
_FIELDS: dict[type, dict[str, str | tuple[str, ...]]] = {
    Placement: {"name": _TEXT, "size_bytes": _WHOLE, "space_bytes": _WHOLE},
    Residency: {
        "buffer": _TEXT,
        "first_step": _WHOLE,
        "last_step": _WHOLE,
        "address_bytes": _WHOLE,
        "pool": _WHOLE,
        "arrival": get_args(Arrival),
        "written_back": _TRUTH,
    },
    Transfer: {"step": _WHOLE, "buffer": _TEXT, "kind": get_args(TransferKind), "size_bytes": _WHOLE},
}


class Faults:
    """Collects sentences, the first ``MOST_FAULTS`` of them, each once."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}
        self._left_out = False

    def add(self, sentence: str) -> None:
        """Take one more sentence."""
        if len(self._sentences) < MOST_FAULTS:
            self._sentences.setdefault(sentence)
        elif sentence not in self._sentences:
            self._left_out = True

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was collected, and a last sentence where something was left out."""
        rest = (f"there are more faults than the first {MOST_FAULTS} listed here",) if self._left_out else ()
        return (*self._sentences, *rest)


def find_malformed_fields(plan: Plan, faults: Faults) -> bool:
    """Report each field that has the wrong kind of value, and return whether there is one."""
    found = False
    for sentence in _malformed_fields(plan):
        faults.add(sentence)
        found = True
    return found


def _malformed_fields(plan: Plan) -> Iterator[str]:
    yield from _malformed_list(plan, "order", _TEXT)
    yield from _malformed_list(plan, "views", _TEXT)
    yield from _malformed_list(plan, "pools_bytes", _WHOLE)
    if not _is(plan.alignment_bytes, _WHOLE):
        yield f"alignment_bytes is {plan.alignment_bytes!r}; {_WHOLE} is wanted"
    for name, kind in (("placements", Placement), ("residencies", Residency), ("transfers", Transfer)):
        records = getattr(plan, name)
        if not isinstance(records, tuple | list):
            yield f"{name} is {records!r}; a list is wanted"
            continue
        for index, record in enumerate(records):
            yield from _malformed_record(f"{name}[{index}]", record, kind)


def _malformed_list(plan: Plan, name: str, wanted: str) -> Iterator[str]:
    values = getattr(plan, name)
    if not isinstance(values, tuple | list):
        yield f"{name} is {values!r}; a list is wanted"
        return
    for index, value in enumerate(values):
        if not _is(value, wanted):
            yield f"{name}[{index}] is {value!r}; {wanted} is wanted"


def _malformed_record(place: str, record: Any, kind: type) -> Iterator[str]:
    if not isinstance(record, kind):
        yield f"{place} is {record!r}; a {kind.__name__} is wanted"
        return
    for name, wanted in _FIELDS[kind].items():
        value = getattr(record, name)
        if not _is(value, wanted):
            choice = wanted if isinstance(wanted, str) else f"one of {', '.join(wanted)}"
            yield f"{place}.{name} is {value!r}; {choice} is wanted"
    if isinstance(record, Placement) and not _are_offsets(record.tensors):
        yield f"{place}.tensors is {record.tensors!r}; pairs of a tensor's name and an offset in bytes are wanted"


def _is(value: Any, wanted: str | tuple[str, ...]) -> bool:
    if wanted == _WHOLE:
        return isinstance(value, Integral) and not isinstance(value, bool)
    if wanted == _TRUTH:
        return isinstance(value, bool)
    return isinstance(value, str) and (wanted == _TEXT or value in wanted)


def _are_offsets(tensors: Any) -> bool:
    return isinstance(tensors, tuple | list) and all(
        isinstance(pair, tuple | list) and len(pair) == 2 and _is(pair[0], _TEXT) and _is(pair[1], _WHOLE)
        for pair in tensors
    )
