"""Delay of a mapped netlist: the program ``berkeley-abc`` on the combinational logic between registers."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from codesign.models.pe.synthesis.yosys import LIBRARY_FILE

PROGRAM = "berkeley-abc"
CUT_FILE = "combinational.blif"

_DELAY = re.compile(r"Delay\s*=\s*([0-9.]+)\s*ps")


def critical_path_ps(
    folder: Path, netlist: str, flip_flops: Mapping[str, Mapping[str, str]]
) -> tuple[float | None, str]:
    """Return the delay of the longest path from input or register to register or output, and why there is none.

    Cell delays with the library's tables at the netlist's own pin loads, no wires, from register output to register
    input, without the register's own delay and set-up time.

    Args:
        folder: holds the library file.
        netlist: of cells, in BLIF.
        flip_flops: direction by pin of each cell with a state.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        return None, f"the program {PROGRAM} is not installed"
    cut = combinational(netlist, flip_flops)
    if ".gate" not in cut:
        return None, "no logic between registers"
    (folder / CUT_FILE).write_text(cut)
    commands = f"read_lib {LIBRARY_FILE}; read_blif {CUT_FILE}; topo; stime"
    ended = subprocess.run([program, "-c", commands], cwd=folder, capture_output=True, text=True, check=False)
    found = _DELAY.search(ended.stdout)
    if found is None:
        last = [line for line in ended.stdout.splitlines() if line.strip()][-1:]
        return None, f"{PROGRAM} gave no delay: {last[0] if last else 'it said nothing'}"
    return float(found.group(1)), ""


def combinational(netlist: str, flip_flops: Mapping[str, Mapping[str, str]]) -> str:
    """Return a BLIF netlist cut at its flip-flops: their outputs become inputs, their inputs outputs.

    Outputs that only repeat another net, or a constant, are left out, since the format of gates has no wires.
    """
    inputs: list[str] = []
    outputs: list[str] = []
    gates: list[str] = []
    wires: dict[str, str] = {}
    constants: set[str] = set()
    for words in (line.split() for line in netlist.replace("\\\n", " ").splitlines()):
        if not words:
            continue
        if words[0] == ".inputs":
            inputs += words[1:]
        elif words[0] == ".outputs":
            outputs += words[1:]
        elif words[0] == ".names" and len(words) == 3:
            wires[words[2]] = words[1]
        elif words[0] == ".names":
            constants.add(words[-1])
        elif words[0] == ".gate" and words[1] in flip_flops:
            for pin, net in (pair.split("=", 1) for pair in words[2:]):
                (inputs if flip_flops[words[1]].get(pin) == "output" else outputs).append(net)
        elif words[0] == ".gate":
            gates.append(" ".join(words))
    driven = {pair.split("=", 1)[1] for gate in gates for pair in gate.split()[2:]}
    sources = set(inputs)
    ends = [
        net for net in dict.fromkeys(wires.get(net, net) for net in outputs) if net in driven and net not in sources
    ]
    lines = [".model cut", f".inputs {' '.join(dict.fromkeys(inputs))}", f".outputs {' '.join(ends)}"]
    return "\n".join([*lines, *gates, ".end"]) + "\n"
