"""Frontiers for people: LaTeX, figures, one HTML page, tables, and the report of all comparisons."""

from codesign.report.render import render
from codesign.report.results import Results, read_results
from codesign.report.tables import format_table

__all__ = ["Results", "format_table", "read_results", "render"]
