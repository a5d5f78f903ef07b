"""Fits the prices of units to synthesis: ``python -m benchmarks.fit_units``.

Writes ``unit_coefficients.csv``, and from these prices and whole elements ``chain_factors.csv``.

Deterministic: the same data give the same bytes.
"""

import csv
from pathlib import Path

from codesign.models.pe.chain import FILE as CHAIN_FILE
from codesign.models.pe.element_synthesis import fitted_chain_factors, synthesised_elements
from codesign.technology.energy import data_rows
from codesign.technology.unit_costs import write_range
from codesign.technology.unit_fit import (
    FITTED_TARGET_PS,
    SYNTHESIS_FILES,
    Fit,
    fit_all,
    fit_energy,
    read_energy_points,
    read_points,
)

PACKAGE = Path(__file__).resolve().parents[1] / "codesign"
FILE = PACKAGE / "technology" / "data" / "unit_coefficients.csv"
CHAINS = PACKAGE / "models" / "pe" / "data" / CHAIN_FILE
CHAIN_COLUMNS = ("library", "on_path", "off_path", "unit", "elements", "year", "source")
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
SOURCES = dict.fromkeys(("area", "delay"), " and ".join(SYNTHESIS_FILES))


def fits() -> list[Fit]:
    """Return every fit to the stored measurements."""
    points = read_points(row for file in SYNTHESIS_FILES for row in data_rows(file))
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


def chains() -> list[dict[str, str]]:
    """Return the rows of the chain factors, from the stored coefficients."""
    rows = []
    for library, target in FITTED_TARGET_PS.items():
        own = [one for one in synthesised_elements() if (one.library, one.target_ps) == (library, target)]
        factors = fitted_chain_factors(own)
        if factors is not None:
            rows.append(
                {
                    "library": library,
                    "on_path": f"{factors.on_path:.4f}",
                    "off_path": f"{factors.off_path:.4f}",
                    "unit": "1",
                    "elements": str(sum(len(one.structure.path) > 1 for one in own)),
                    "year": "2026",
                    "source": "fitted to element_synthesis.csv (codesign synthesis runs, 2026)",
                }
            )
    return rows


def main() -> None:
    """Write both files; the factors follow from the coefficients, which are read when they are written."""
    _write(FILE, COLUMNS, table(fits()))
    _write(CHAINS, CHAIN_COLUMNS, chains())


def _write(file: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
