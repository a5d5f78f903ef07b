"""The report of comparisons with outside references."""

import math

from codesign.models.checks import Check
from codesign.report.checks import FOLD_ABOVE, check_summary, format_checks, validation_text, write_validation

EXACT = Check("cycles of ResNet-50", 100.0, 100.0, "cycles", 0.0, "SCALE-Sim")
NEAR = Check("energy | MobileNet", 200.0, 206.0, "mJ", 0.05, "paper_1, table 3")
FAR = Check("area", 10.0, 15.0, "mm2", 0.1, "paper_1, table 3", "their <pads> are in it")
NONE = Check("power", None, 3.0, "W", 0.1, "paper_1, table 3", "not published")
ZERO = Check("stalls", 0.0, 5.0, "cycles", 0.1, "RTL")


def test_summary_counts_verdicts_and_averages_errors():
    table = check_summary({"first": [EXACT, NEAR, FAR, NONE, ZERO], "none": [NONE], "empty": []}).set_index("group")
    first = table.loc["first"]
    assert (first["rows"], first["match"], first["differs"], first["not_available"]) == (5, 2, 2, 1)
    assert math.isclose(first["average_error"], (0.0 + 0.03 + 0.5) / 3)
    assert (first["worst_error"], first["worst_item"]) == (0.5, "area")
    assert math.isnan(table.loc["none", "average_error"])
    assert table.loc["none", "worst_item"] == ""
    assert table.loc["empty", "rows"] == 0


def test_text_has_summary_rows_reasons_and_escapes():
    text = validation_text({"first": [EXACT, NEAR, FAR, NONE]})
    assert text.startswith("# Validation\n")
    assert "| [first](#first) | 4 | 2 | 1 | 1 | 17.7 % | 50.0 % | area |" in text
    assert "| energy \\| MobileNet | 200 | 206 | mJ | 3 % | 5 % | match |  | paper\\_1, table 3 |" in text
    assert "| area | 10 | 15 | mm2 | 50.0 % | 10.0 % | **differs** | their &lt;pads&gt; are in it |" in text
    assert "| power | — | 3 | W | — | 10.0 % | **not available** | not published |" in text
    assert "| cycles of ResNet-50 | 100 | 100 | cycles | 0 | 0 | match |" in text


def test_one_source_is_named_once():
    text = validation_text({"one": [EXACT]})
    assert "Source: SCALE-Sim" in text
    assert "| source |" not in text


def test_groups_of_many_rows_are_folded_but_what_differs_is_not():
    text = validation_text({"long": [EXACT] * FOLD_ABOVE + [FAR]})
    before, after = text.split("<details>")
    assert "1 of 21 rows don't match" in before
    assert before.count("| area |") == 2  # the summary's worst row, and the row itself
    assert after.count("cycles of ResNet-50") == FOLD_ABOVE
    assert "<details>" not in validation_text({"short": [EXACT] * FOLD_ABOVE})


def test_writing_gives_the_same_bytes_again(tmp_path):
    groups = {"first": [EXACT, NEAR], "second": [FAR]}
    first = write_validation(groups, tmp_path / "a.md").read_bytes()
    assert write_validation(groups, tmp_path / "b.md").read_bytes() == first
    assert first.decode() == validation_text(groups)
    assert b"\n\n\n" not in first


def test_checks_as_a_table_or_json():
    assert "not available" in format_checks([NONE])
    assert '"reference": null' in format_checks([NONE], "json")
