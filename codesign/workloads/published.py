"""Published operation and parameter counts beside ours."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from codesign.workloads.catalogue import load_network

_TEXT_COLUMNS = ("network", "settings", "quantity", "unit", "counted", "source", "note")


def published_figures() -> pd.DataFrame:
    """Return what others published, one row for each figure.

    Columns: ``network`` and ``settings`` (``name=value`` separated by blanks; others at their default), ``quantity``
    (``macs``, ``parameters`` or ``weight_words`` of ``Network``), ``published``, ``last_digit`` (what one unit of the
    published figure's last digit is worth), ``unit``, ``counted`` (what the source counts), ``source``, ``year`` and
    ``note`` (why ours differs, where it does).
    """
    with files("codesign.workloads").joinpath("data/published.csv").open("r", encoding="utf-8") as file:
        return pd.read_csv(file, dtype=dict.fromkeys(_TEXT_COLUMNS, "str"), keep_default_na=False)


def published_checks() -> pd.DataFrame:
    """Return ``published_figures`` with our number in the column ``ours``, computed now."""
    table = published_figures()
    rows = zip(table["network"], table["settings"], table["quantity"], strict=True)
    ours = [getattr(load_network(name, **_settings(text)), quantity) for name, text, quantity in rows]
    table.insert(list(table.columns).index("published") + 1, "ours", ours)
    return table


def _settings(text: str) -> dict[str, object]:
    pairs = (pair.split("=", 1) for pair in text.split())
    return {name: float(value) for name, value in pairs}
