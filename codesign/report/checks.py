"""Comparisons with outside references, as text and as docs/validation.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from codesign.models.checks import Check, check_table
from codesign.pareto.csv_file import write_atomically
from codesign.report.labels import significant
from codesign.report.tables import format_table

FOLD_ABOVE = 20
_VERDICTS = ("match", "differs", "not available")
_HEAD = """# Validation

Written by `make validate`; don't edit. Each row sets a number of ours beside one that we did not make: published,
measured, or simulated elsewhere. The error is (ours − theirs) / |theirs|. A row matches when the error is within its
tolerance; a tolerance of 0 means equal to the last digit. Rows that differ, and rows whose reference could not be had,
stay, with the reason.
"""


def format_checks(checks: Sequence[Check], how: str = "table") -> str:
    """Return the checks as ``format_table`` does: item, reference, ours, unit, difference, tolerance, verdict, ..."""
    return format_table(check_table(checks), how)


def check_summary(groups: Mapping[str, Sequence[Check]]) -> pd.DataFrame:
    """Return one row per group: group, rows, match, differs, not_available, average_error, worst_error, worst_item.

    Errors are |ours - reference| / |reference| over the rows that have both numbers; NaN where no row has. A row whose
    reference is 0 and ours isn't has no relative error: it counts as differing and is left out of the average.
    """
    rows = []
    for group, checks in groups.items():
        table = check_table(checks)
        error = table["difference"].abs().to_numpy(dtype=float)
        finite = np.isfinite(error)
        worst = int(np.argmax(np.where(finite, error, -1.0))) if finite.any() else -1
        counts = [int((table["verdict"] == verdict).sum()) for verdict in _VERDICTS]
        average = float(error[finite].mean()) if finite.any() else np.nan
        rows.append(
            (
                group,
                len(table),
                *counts,
                average,
                float(error[worst]) if worst >= 0 else np.nan,
                str(table["item"].iloc[worst]) if worst >= 0 else "",
            )
        )
    names = ["group", "rows", "match", "differs", "not_available", "average_error", "worst_error", "worst_item"]
    return pd.DataFrame(rows, columns=names)


def validation_text(groups: Mapping[str, Sequence[Check]]) -> str:
    """Return docs/validation.md: a summary, then one table per group; more than 20 rows are folded."""
    summary = check_summary(groups)
    lines = [_HEAD]
    header = ["group", "rows", "match", "differs", "not available", "average error", "worst error", "worst row"]
    body = []
    for _, row in summary.iterrows():
        link = f"[{_escaped(row['group'])}](#{_anchor(row['group'])})"
        counts = [str(row[name]) for name in ("rows", "match", "differs", "not_available")]
        errors = [_percent(row["average_error"]), _percent(row["worst_error"])]
        body.append([link, *counts, *errors, _escaped(row["worst_item"])])
    lines.append(_markdown(header, body, right=range(1, 7)))
    for group, checks in groups.items():
        lines.append(f"## {_escaped(group)}\n")
        lines.append(_group(checks))
    return "\n".join(lines).rstrip("\n") + "\n"


def write_validation(checks_by_name: Mapping[str, Sequence[Check]], path: str | Path) -> Path:
    """Write ``validation_text`` to ``path``, whole or not at all. Raises StorageError when it can't be written."""
    write_atomically(Path(path), validation_text(checks_by_name).encode())
    return Path(path)


def _group(checks: Sequence[Check]) -> str:
    if not checks:
        return "No rows.\n"
    sources = sorted({check.source for check in checks})
    several = len(sources) > 1
    lines = [] if several else [f"Source: {_escaped(sources[0])}\n"]
    header = ["item", "reference", "ours", "unit", "error", "tolerance", "verdict", "note"]
    rows = [_row(check, several) for check in checks]
    table = _markdown([*header, "source"] if several else header, rows, right=(1, 2, 4, 5))
    if len(checks) <= FOLD_ABOVE:
        return "\n".join([*lines, table])
    others = [check for check in checks if check.verdict != "match"]
    if others:
        shown = [_row(check, several) for check in others[:FOLD_ABOVE]]
        more = "" if len(others) <= FOLD_ABOVE else f", the first {FOLD_ABOVE}"
        lines.append(f"{len(others)} of {len(checks)} rows don't match{more}:\n")
        lines.append(_markdown([*header, "source"] if several else header, shown, right=(1, 2, 4, 5)))
    return "\n".join([*lines, f"<details><summary>all {len(checks)} rows</summary>\n", table, "</details>\n"])


def _row(check: Check, with_source: bool) -> list[str]:
    row = [
        _escaped(check.item),
        _number(check.reference),
        _number(check.ours),
        _escaped(check.unit),
        _percent(check.difference),
        _percent(check.tolerance),
        check.verdict if check.verdict == "match" else f"**{check.verdict}**",
        _escaped(check.note),
    ]
    return [*row, _escaped(check.source)] if with_source else row


def _number(value: float | None) -> str:
    return "—" if value is None or np.isnan(value) else significant(float(value), 6)


def _percent(share: float) -> str:
    if np.isnan(share):
        return "—"
    if np.isinf(share):
        return "∞"
    if share == 0:
        return "0"
    return f"{share * 100:.2g} %" if abs(share) < 0.1 else f"{share * 100:,.1f} %"


def _escaped(text: str) -> str:
    escaped = " ".join(str(text).split())
    for sign in ("\\", "`", "*", "_", "[", "]", "|"):
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def _anchor(text: str) -> str:
    kept = "".join(c for c in text.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    rule = ["---:" if position in right else "---" for position in range(len(header))]
    lines = [f"| {' | '.join(row)} |" for row in (header, rule, *rows)]
    return "\n".join(lines) + "\n"
