"""Fits the prices of units to synthesis: ``python -m benchmarks.fit_units`` writes ``unit_coefficients.csv`` anew.

Deterministic: the same data give the same bytes.
"""

import csv
from pathlib import Path

from codesign.technology.energy import data_rows
from codesign.technology.unit_costs import write_range
from codesign.technology.unit_fit import Fit, fit_all, fit_energy, read_energy_points, read_points

FILE = Path(__file__).resolve().parents[1] / "codesign" / "technology" / "data" / "unit_coefficients.csv"
COLUMNS = (
    "library",
    "kind",
    "quantity",
    "feature",
    "value",
    "unit",
    "fitted_range",
    "points",
    "worst",
    "rms",
    "leave_one_out_worst",
    "leave_one_out_rms",
    "year",
    "source",
)
UNITS = {
    "area": "um2 a feature",
    "delay": "ps a feature",
    "energy": "fJ/um2",
    "leakage": "nW/um2",
    "clock": "fJ a cycle",
}
SOURCES = {"area": "unit_synthesis.csv", "delay": "unit_synthesis.csv"}


def fits() -> list[Fit]:
    """Return every fit to the stored measurements."""
    points = read_points(data_rows("unit_synthesis.csv"))
    return [*fit_all(points), *fit_energy("nangate45", read_energy_points(data_rows("unit_energy.csv")))]


def table(found: list[Fit]) -> list[dict[str, str]]:
    """Return the rows of the file, numbers to six significant digits."""
    return [
        {
            "library": fit.library,
            "kind": fit.kind,
            "quantity": fit.quantity,
            "feature": feature,
            "value": f"{value:.6g}",
            "unit": UNITS[fit.quantity],
            "fitted_range": write_range(fit.fitted_range),
            "points": str(fit.points),
            "worst": f"{fit.worst:.4f}",
            "rms": f"{fit.rms:.4f}",
            "leave_one_out_worst": f"{fit.leave_one_out_worst:.4f}",
            "leave_one_out_rms": f"{fit.leave_one_out_rms:.4f}",
            "year": "2026",
            "source": f"fitted to {SOURCES.get(fit.quantity, 'unit_energy.csv')} (codesign synthesis runs, 2026)",
        }
        for fit in found
        for feature, value in fit.coefficients.items()
    ]


def main() -> None:
    """Write the file."""
    with FILE.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table(fits()))


if __name__ == "__main__":
    main()
