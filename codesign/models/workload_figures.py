"""The networks' published sizes beside ours: what every model's counts rest on."""

from __future__ import annotations

from typing import Any

from codesign.models.checks import Check
from codesign.workloads.published import published_checks


def published() -> list[Check]:
    """Return published operation and parameter counts beside ours; the tolerance is one unit of the last digit."""
    return [_check(row) for row in published_checks().to_dict("records")]


def _check(row: dict[Any, Any]) -> Check:
    return Check(
        item=" ".join(f"{row['network']} {row['settings']} {row['quantity']}".split()),
        reference=float(row["published"]),
        ours=float(row["ours"]),
        unit=row["unit"],
        tolerance=float(row["last_digit"]) / float(row["published"]),
        source=f"{row['source']}, {row['year']}",
        note=row["note"],
    )
