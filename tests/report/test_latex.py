"""The LaTeX table, by its text and by compiling it."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from codesign.report.latex import common_exponent, escape, latex_table, spaced
from codesign.report.results import read_results
from tests.report.folders import designs, make_results

NASTY = 'Arrays: 50 % of $x_1$ & {a}^~#\\ <b> "µ" é → 日'


def table_of(folder, **changes):
    return latex_table(read_results(make_results(folder, **changes)))


def body(text):
    inside = text.split("\\midrule\n")[1].split("\\bottomrule")[0]
    return [row.removesuffix(" \\\\").split(" & ") for row in inside.strip().splitlines()]


def test_head_rows_and_note(folder):
    text = latex_table(read_results(folder))
    assert text.startswith("% needs the package booktabs\n\\begin{table*}[t]\n")
    assert (
        "Dataflow & Array rows & Array columns & Clock & Cache & Latency $\\downarrow$ & Energy $\\downarrow$ \\\\"
        in text
    )
    assert " &  &  & (MHz) & (KiB) & (ms) & (mJ) \\\\" in text
    assert "24 of 30 designs; all in \\texttt{frontier.csv}." in text
    assert "On all of them: weight bits 2, network mobilenet\\_v1." in text
    assert "Search: exhaustive, seed 0, 3,000 evaluations." in text
    assert "Certificate: enumerated, all 3,000 designs that meet the constraints were evaluated." in text
    assert "Hypervolume: 0.8123 (normalised), reference latency 29.64 ms, energy 0.4287 mJ." in text
    assert "All lie outside the range in which the model was validated." in text
    rows = body(text)
    assert len(rows) == 24
    assert rows[0][-2:] == ["0.1061", "0.3983\\phantom{0}"]
    assert rows[0][4] == "--"


def test_the_first_and_the_last_design_are_shown(folder):
    results = read_results(folder)
    rows = body(latex_table(results))
    shown = [float(re.sub(r"\\phantom{[^}]*}", "", row[-2])) for row in (rows[0], rows[-1])]
    ends = results.frontier.table["latency_ms"].iloc[[0, -1]]
    assert shown == pytest.approx(ends.tolist(), rel=1e-3)


def test_designs_outside_the_validated_range_are_marked_where_only_some_are(tmp_path):
    text = table_of(tmp_path, objectives=("latency_ms", "energy_mj", "accuracy"))
    assert "$\\dagger$: outside the range" in text
    marked = [row[-1].endswith("\\rlap{$^\\dagger$}") for row in body(text)]
    assert marked == [row[3] == "2" for row in body(text)]


def test_large_and_small_columns_have_a_common_power_of_ten(tmp_path):
    table = designs()
    table["energy_mj"] *= 1e7
    table["latency_ms"] /= 1e6
    text = table_of(tmp_path, table=table)
    assert "($10^{-6}$~ms) & ($10^{6}$~mJ)" in text
    assert body(text)[0][-2:] == ["0.1061", "3.983\\phantom{0}"]


@pytest.mark.parametrize(
    ("values", "exponent"),
    [
        ([99_999.0], 0),
        ([100_000.0], 3),
        ([1.5, 2e6], 6),
        ([0.01], 0),
        ([0.0099], -3),
        ([-3e9], 9),
        ([0.0, np.nan, np.inf], 0),
        ([], 0),
    ],
)
def test_common_exponents(values, exponent):
    assert common_exponent(np.array(values)) == exponent


def test_rows_are_evenly_spaced_with_both_ends():
    assert spaced(3, 24) == [0, 1, 2]
    assert spaced(0, 24) == []
    assert spaced(101, 5) == [0, 25, 50, 75, 100]
    for count in range(25, 400):
        positions = spaced(count, 24)
        assert (len(positions), positions[0], positions[-1]) == (24, 0, count - 1)


def test_texts_are_escaped():
    assert escape("a_b & 50% {x} $y$ #1 ^~\\") == (
        "a\\_b \\& 50\\% \\{x\\} \\$y\\$ \\#1 \\textasciicircum{}\\textasciitilde{}\\textbackslash{}"
    )
    assert escape("<µm²>\n x") == "\\textless{}$\\mu$m$^2$\\textgreater{} x"
    assert escape("é日") == "é?"


@pytest.fixture(scope="module")
def pdflatex():
    found = shutil.which("pdflatex")
    if found is None:
        pytest.skip("pdflatex is not installed")
    return found


@pytest.mark.parametrize("style", ["[conference]{IEEEtran}", "[twocolumn]{article}"])
def test_all_kinds_of_table_compile_and_fit_in_two_columns(tmp_path, pdflatex, style):
    name = re.search(r"{(.*)}", style)[1]
    if shutil.which("kpsewhich") and not subprocess.run(["kpsewhich", f"{name}.cls"], capture_output=True).stdout:
        pytest.skip(f"the LaTeX class {name} is not installed")
    wide = designs().assign(**{"energy_mj": lambda t: t["energy_mj"] * 1e9})
    texts = [
        table_of(tmp_path / "a"),
        table_of(tmp_path / "b", objectives=("latency_ms", "energy_mj", "area_mm2", "accuracy"), title=NASTY),
        table_of(tmp_path / "c", table=designs(1)),
        table_of(tmp_path / "d", table=designs(9).assign(feasible=False)),
        table_of(tmp_path / "e", table=wide, objectives=("energy_mj", "accuracy")),
    ]
    long = [f"a rather long name of dataflow number {i}" for i in range(4)]
    texts.append(
        table_of(tmp_path / "f", table=designs(dataflows=long), objectives=("latency_ms", "energy_mj", "accuracy"))
    )
    assert "\\resizebox" in texts[-1]
    lines = [
        f"\\documentclass{style}",
        "\\usepackage{booktabs,graphicx}",
        "\\begin{document}",
        "\n\\clearpage\n".join(texts),
    ]
    (tmp_path / "paper.tex").write_text("\n".join([*lines, "\\end{document}"]))
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert answer.returncode == 0, answer.stdout[-2000:]
    assert "Overfull" not in answer.stdout
    assert "Missing character" not in answer.stdout


def test_whole_numbers_are_whole_only_where_all_of_a_column_are(tmp_path):
    table = designs()
    table["latency_ms"] = np.ceil(table["latency_ms"] * 1000)
    table["energy_mj"] = np.where(table["energy_mj"] < 0.2, 0.0, np.ceil(table["energy_mj"]))
    table.loc[0, ["latency_ms", "energy_mj", "feasible"]] = [1e4, -1.5, True]
    rows = body(table_of(tmp_path, table=table))
    assert all(re.fullmatch(r"[0-9,]+", row[-2]) for row in rows)
    assert rows[-1][-1] == "$-$1.500"
    assert rows[0][-1] == "1.000"
