"""What is known about how good a frontier is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from codesign.errors import nearest
from codesign.pareto.errors import FrontierError

CertificateKind = Literal["enumerated", "proven", "bounded", "heuristic"]
CERTIFICATE_KINDS: tuple[str, ...] = get_args(CertificateKind)


@dataclass(frozen=True)
class Certificate:
    """A claim about a frontier.

    Attributes:
        kind: ``enumerated``: every feasible design was evaluated, so the frontier is the true one of the model.
            ``proven``: an exact solver closed the gap for every point.
            ``bounded``: a solver left a gap, which is given.
            ``heuristic``: nothing is proven.
        statement: one sentence for people: what was done, and to what extent.
        gap: relative, (value - bound) / |value|, the largest over the points. Must be given when ``bounded``; may be
            given when ``proven``, as the solver's tolerance; otherwise None.
    """

    kind: CertificateKind
    statement: str
    gap: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in CERTIFICATE_KINDS:
            allowed = ", ".join(CERTIFICATE_KINDS)
            raise FrontierError(
                f"unknown kind of certificate {self.kind!r}; allowed: {allowed}{nearest(self.kind, CERTIFICATE_KINDS)}"
            )
        if not isinstance(self.statement, str) or not self.statement.strip():
            raise FrontierError(f"a certificate needs a statement in words; found {self.statement!r}")
        if self.kind == "bounded" and self.gap is None:
            raise FrontierError("a bounded certificate needs its gap as a number; found None")
        if self.gap is None:
            return
        if self.kind in ("enumerated", "heuristic"):
            raise FrontierError(f"a certificate of the kind {self.kind} has no gap; found {self.gap!r}")
        number = isinstance(self.gap, int | float) and not isinstance(self.gap, bool)
        if not number or not math.isfinite(self.gap) or self.gap < 0:
            raise FrontierError(f"the gap of a certificate must be a finite number of at least 0; found {self.gap!r}")

    def __str__(self) -> str:
        gap = "" if self.gap is None else f" (gap {self.gap:.4g})"
        return f"{self.kind}{gap}: {self.statement}"

    def to_json(self) -> dict[str, Any]:
        """Return kind, statement and gap as JSON types."""
        return {"kind": self.kind, "statement": self.statement, "gap": self.gap}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Certificate:
        """Rebuild what ``to_json`` gave; raises FrontierError naming the key that is missing or unknown."""
        keys = ("kind", "statement", "gap")
        for key in keys[:2]:
            if key not in data:
                raise FrontierError(f"the certificate lacks {key!r}; found: {', '.join(map(str, data)) or 'nothing'}")
        for key in data:
            if key not in keys:
                raise FrontierError(
                    f"unknown key {key!r} in a certificate; allowed: {', '.join(keys)}{nearest(key, keys)}"
                )
        return cls(data["kind"], data["statement"], data.get("gap"))
