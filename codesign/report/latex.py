"""A frontier as a LaTeX table for a two-column paper."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from codesign.models.protocol import IN_VALIDATED_RANGE
from codesign.report.labels import Label, label, typeset_unit
from codesign.report.results import Results

MOST_ROWS = 24
_DIGITS = 4
# Width of both columns together in the article class (IEEEtran has 516 pt); size, mean width of a sign, half the gap
# between columns, all in points.
_TEXT_WIDTH_POINTS = 469.0
_SIZES = (("\\small", 4.6, 6.0), ("\\footnotesize", 4.25, 5.0), ("\\scriptsize", 4.0, 4.0))
_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}", "−": "$-$", "²": "$^2$", "³": "$^3$",
    "µ": r"$\mu$", "×": r"$\times$", "·": r"$\cdot$", "≤": r"$\le$", "≥": r"$\ge$", "–": "--", "—": "---",
    "…": r"\dots{}", "“": "``", "”": "''", "‘": "`", "’": "'", "°": r"$^\circ$", "±": r"$\pm$",
    "→": r"$\to$", "∞": r"$\infty$",
}  # fmt: skip


@dataclass(frozen=True)
class _Column:
    words: str
    unit: str
    cells: list[str]
    right: bool
    characters: int


def latex_table(results: Results) -> str:
    """Return the frontier of a study as a ``table*`` that needs ``booktabs`` only.

    The columns are the parameters that vary on the frontier, then the objectives, with 4 significant digits and a
    common power of ten in the head of a column; the rows at most 24, evenly spaced along the first objective. What is
    constant, how many rows were left out, method, seed, evaluations, certificate and hypervolume are in a note below
    the table: IEEEtran sets captions of tables in capitals, which would turn mJ into MJ.
    """
    table = results.frontier.table
    shown = table.iloc[spaced(len(table), MOST_ROWS)].reset_index(drop=True)
    varying = [name for name in results.frontier.parameters if table[name].nunique(dropna=False) > 1]
    objectives = [objective.metric for objective in results.frontier.objectives]
    columns = [_parameter(shown[name], _label(results, name)) for name in varying]
    columns += [_objective(shown[name], results, name) for name in objectives]
    if _partly_outside(table):
        columns[-1].cells[:] = _with_daggers(columns[-1].cells, shown[IN_VALIDATED_RANGE])
    size, gap, scale = _fit(columns)
    body = _tabular(columns)
    if scale:
        body = ["\\resizebox{\\textwidth}{!}{%", *body[:-1], body[-1] + "}"]
    packages = "booktabs and graphicx" if scale else "booktabs"
    lines = [
        f"% needs the package{'s' if scale else ''} {packages}",
        "\\begin{table*}[t]",
        "\\centering",
        "\\setlength{\\belowcaptionskip}{4pt}",
        f"\\caption{{{caption(results)}}}",
        f"\\label{{tab:{_key(str(results.study.get('name', 'frontier')))}}}",
        size,
        f"\\setlength{{\\tabcolsep}}{{{gap:g}pt}}",
        *body,
        "",
        "\\vspace{3pt}",
        f"\\parbox{{\\textwidth}}{{\\footnotesize {note(results, len(shown))}}}",
        "\\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def spaced(count: int, most: int) -> list[int]:
    """Return at most ``most`` of the positions 0 ... count - 1, evenly spaced, with both ends."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def escape(text: str) -> str:
    """Return ``text`` so that LaTeX sets it as it is; line breaks become blanks, signs that pdfLaTeX lacks a "?"."""
    signs = (_SPECIAL.get(sign, sign) for sign in " ".join(str(text).split()))
    return "".join(sign if sign.isascii() or "À" <= sign <= "ž" or len(sign) > 1 else "?" for sign in signs)


def caption(results: Results) -> str:
    """Return the table's title as LaTeX."""
    title = str(results.study.get("title") or results.study.get("name") or "").rstrip(".")
    return f"Pareto frontier{': ' + escape(title) if title else ''}"


def note(results: Results, shown: int) -> str:
    """Return what a reader must know of the table, as LaTeX."""
    study, frontier = results.study, results.frontier
    count = len(frontier)
    parts = []
    if not count:
        parts.append("No feasible design was found.")
    if shown < count:
        parts.append(f"{shown} of {count:,} designs; all in \\texttt{{frontier.csv}}.")
    constant = [name for name in frontier.parameters if count and frontier.table[name].nunique(dropna=False) == 1]
    if constant:
        texts = [_stated(_label(results, name), _plain(frontier.table[name].iloc[0])) for name in constant]
        parts.append(f"On all of them: {escape(', '.join(texts))}.")
    parts.append(f"Search: {escape(_search(study))}.")
    certificate = frontier.certificate
    gap = "" if certificate.gap is None else f" (gap {certificate.gap:.3g})"
    parts.append(f"Certificate: {certificate.kind}{gap}, {escape(certificate.statement.rstrip('.'))}.")
    if count:
        parts.append(_volume(results))
    if IN_VALIDATED_RANGE in frontier.table.columns and count:
        outside = int((~frontier.table[IN_VALIDATED_RANGE].astype(bool)).sum())
        if 0 < outside < count:
            parts.append("$\\dagger$: outside the range in which the model was validated.")
        elif outside:
            parts.append("All lie outside the range in which the model was validated.")
    return " ".join(parts)


def _search(study: Mapping[str, Any]) -> str:
    search, counts = study["search"], study["counts"]
    seed = "" if search.get("seed") is None else f", seed {search['seed']}"
    return f"{search['method']}{seed}, {counts['evaluated']:,} evaluations"


def _volume(results: Results) -> str:
    volume = results.study["hypervolume"]
    point = []
    for name, value in (volume.get("reference") or {}).items():
        if value is not None:
            point.append(_stated(_label(results, name), _number(float(value))))
    share = volume.get("normalised")
    value = f"{share:.4f} (normalised)" if share is not None else _number(float(volume["value"]))
    text = escape(f"Hypervolume: {value}")
    return f"{text}{', reference ' + _mathematics(escape(', '.join(point))) if point else ''}."


def _label(results: Results, name: str) -> Label:
    return results.labels.get(name, label(name))


def _stated(of: Label, value: str) -> str:
    words = of.words if of.words[:2].isupper() else of.words[:1].lower() + of.words[1:]
    return f"{words} {value}" + (f" {typeset_unit(of.unit)}" if of.unit and value != "none" else "")


def _key(name: str) -> str:
    return "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name)


def _plain(value: Any) -> str:
    if value is None or pd.isna(value):
        return "none"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return _number(float(value))
    if isinstance(value, int | np.integer) and abs(int(value)) >= 10_000:
        return f"{int(value):,}"
    return str(value)


def _number(value: float) -> str:
    """4 significant digits, thousands separated; m×10^e where that would be long."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}".replace("inf", "∞")
    text = f"{value:.{_DIGITS - 1}e}"
    mantissa, exponent = text.split("e")
    power = int(exponent)
    if power >= 6 or power < -3:
        return f"{mantissa}×10^{power}"
    shown = f"{float(text):,.{max(0, _DIGITS - 1 - power)}f}"
    return shown.rstrip("0").rstrip(".") if value == int(value) and "." in shown else shown


def _mathematics(escaped: str) -> str:
    """Set the powers that ``_number`` writes and ``escape`` then protected."""
    return re.sub(r"\$\\times\$10\\textasciicircum\{\}(-?[0-9]+)", r"$\\times10^{\1}$", escaped)


def _parameter(column: pd.Series[Any], of: Label) -> _Column:
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    texts = ["--" if pd.isna(value) else _plain(value) for value in column.astype(object)]
    cells = ["--" if text == "--" else _mathematics(escape(text)) for text in texts]
    unit = typeset_unit(of.unit)
    longest = max([*map(len, texts), len(of.words), len(unit) + 2 if unit else 0])
    return _Column(escape(of.words), f"({escape(unit)})" if unit else "", cells, bool(numeric), longest)


def _objective(column: pd.Series[Any], results: Results, name: str) -> _Column:
    values = column.to_numpy(dtype=np.float64)
    exponent = common_exponent(values)
    finite = values[np.isfinite(values)]
    whole = not exponent and bool((finite == np.floor(finite)).all())
    texts = [_scaled(value, exponent, whole) for value in values]
    after = [len(text.partition(".")[2]) for text in texts]
    point = any("." in text for text in texts)
    cells = []
    for text, digits in zip(texts, after, strict=True):
        missing = "0" * (max(after) - digits) + ("." if point and "." not in text else "")
        cells.append(text.replace("-", "$-$") + (f"\\phantom{{{missing[::-1]}}}" if missing else ""))
    of = _label(results, name)
    unit = escape(typeset_unit(of.unit))
    power = f"$10^{{{exponent}}}$" if exponent else ""
    inside = "~".join(part for part in (power, unit) if part)
    arrow = next(o.direction for o in results.frontier.objectives if o.metric == name)
    words = escape(of.words) + (r" $\downarrow$" if arrow == "minimize" else r" $\uparrow$")
    longest = max([*map(len, texts), len(of.words) + 2, len(of.unit) + (5 if power else 0) + 2 if inside else 0])
    return _Column(words, f"({inside})" if inside else "", cells, True, longest)


def common_exponent(values: np.ndarray[Any, np.dtype[np.float64]]) -> int:
    """Return the multiple of 3 that scales a column: 0 unless its largest value is from 10^5 up or below 0.01."""
    finite = np.abs(values[np.isfinite(values)])
    largest = finite.max(initial=0.0)
    if largest == 0 or 0.01 <= largest < 1e5:
        return 0
    return 3 * math.floor(math.log10(largest) / 3)


def _scaled(value: float, exponent: int, whole: bool) -> str:
    if not math.isfinite(value):
        return "--" if math.isnan(value) else f"{value:g}"
    scaled = value / 10.0**exponent
    if scaled == 0:
        return "0"
    if whole:
        return f"{int(scaled):,}"
    rounded = f"{scaled:.{_DIGITS - 1}e}"
    power = int(rounded.split("e")[1])
    return f"{float(rounded):,.{max(0, _DIGITS - 1 - power)}f}"


def _partly_outside(table: pd.DataFrame) -> bool:
    return IN_VALIDATED_RANGE in table.columns and table[IN_VALIDATED_RANGE].nunique() > 1


def _with_daggers(cells: Sequence[str], inside: pd.Series[Any]) -> list[str]:
    marks = ["" if each else "\\rlap{$^\\dagger$}" for each in inside.astype(bool)]
    return [cell + mark for cell, mark in zip(cells, marks, strict=True)]


def _fit(columns: Sequence[_Column]) -> tuple[str, float, bool]:
    """Return the font size and the space between columns with which the table fits, and whether it must be scaled."""
    characters = sum(column.characters for column in columns)
    for size, sign, gap in _SIZES:
        if characters * sign + 2 * gap * (len(columns) - 1) <= _TEXT_WIDTH_POINTS:
            return size, gap, False
    return _SIZES[-1][0], _SIZES[-1][2], True


def _tabular(columns: Sequence[_Column]) -> list[str]:
    shape = "".join("r" if column.right else "l" for column in columns)
    lines = [f"\\begin{{tabular}}{{@{{}}{shape}@{{}}}}", "\\toprule"]
    lines.append(" & ".join(column.words for column in columns) + " \\\\")
    if any(column.unit for column in columns):
        lines.append(" & ".join(column.unit for column in columns) + " \\\\")
    lines.append("\\midrule")
    for row in zip(*(column.cells for column in columns), strict=True):
        lines.append(" & ".join(row) + " \\\\")
    return [*lines, "\\bottomrule", "\\end{tabular}"]
