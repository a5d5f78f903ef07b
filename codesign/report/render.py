"""Everything that is drawn from a results folder, written next to what the study wrote."""

from __future__ import annotations

from pathlib import Path

from codesign.pareto.csv_file import write_atomically
from codesign.report.results import read_results


def render(directory: str | Path) -> list[Path]:
    """Write frontier.tex, frontier.png, frontier.pdf and report.html into a results folder; return their paths.

    Each file is replaced whole. Equal folders give equal bytes.

    Raises StudyError when the folder isn't a finished study's, StorageError when a file can't be written.
    """
    from codesign.report.figure import figure, figure_bytes
    from codesign.report.html import html_page
    from codesign.report.latex import latex_table

    folder = Path(directory)
    results = read_results(folder)
    drawn = figure(
        results.frontier,
        results.cloud,
        results.figure_setting("x"),
        results.figure_setting("y"),
        results.figure_setting("colour"),
        results.labels,
    )
    contents = {
        "frontier.tex": latex_table(results).encode(),
        "frontier.png": figure_bytes(drawn, "png"),
        "frontier.pdf": figure_bytes(drawn, "pdf"),
        "report.html": html_page(results).encode(),
    }
    paths = []
    for name, content in contents.items():
        write_atomically(folder / name, content)
        paths.append(folder / name)
    return paths
