"""A module of units.v on many inputs, by Icarus Verilog."""

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

UNITS = Path(str(files("codesign.models.pe").joinpath("rtl", "units.v")))


def simulate(folder, module, sizes, inputs, output, first=0):
    """Return the output of a module after each row of inputs, from row ``first`` on, as unsigned integers.

    ``inputs``: port -> (bits, values); ``output``: (port, bits). Values may be negative (two's complement).
    """
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed")
    width = sum(bits for bits, _ in inputs.values())
    rows = max(len(values) for _, values in inputs.values())
    packed = [0] * rows
    for bits, values in inputs.values():
        packed = [(row << bits) | (int(value) & ((1 << bits) - 1)) for row, value in zip(packed, values, strict=True)]
    (folder / "rows.hex").write_text("\n".join(f"{row:x}" for row in packed))
    parameters = ", ".join(f".{name}({value})" for name, value in sizes.items())
    ports = ", ".join(f".{name}({name})" for name in [*inputs, output[0]])
    declared = "".join(f"  reg [{bits - 1}:0] {name};\n" for name, (bits, _) in inputs.items())
    (folder / "bench.v").write_text(
        f"module bench;\n{declared}"
        f"  wire [{output[1] - 1}:0] {output[0]};\n"
        f"  reg [{width - 1}:0] rows [0:{rows - 1}];\n  integer row;\n"
        f"  {module} #({parameters}) dut ({ports});\n"
        f'  initial begin\n    $readmemh("rows.hex", rows);\n'
        f"    for (row = 0; row < {rows}; row = row + 1) begin\n"
        f"      {{{', '.join(inputs)}}} = rows[row]; #1;\n"
        f'      $display("%h", {output[0]});\n    end\n  end\nendmodule\n'
    )
    command = ["iverilog", "-g2012", "-o", "bench", "-s", "bench", "bench.v", str(UNITS)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    shown = subprocess.run(["vvp", "-n", "bench"], cwd=folder, check=True, capture_output=True, text=True)
    return np.array([int(line, 16) for line in shown.stdout.split()[first:]], dtype=np.int64)


def words(bits):
    """Every word of that many bits."""
    return np.arange(1 << bits)


def pairs(a_bits, b_bits):
    """Every pair of words."""
    a, b = np.meshgrid(words(a_bits), words(b_bits), indexing="ij")
    return a.ravel(), b.ravel()


def signed(value, bits):
    """The two's complement reading of a word."""
    return np.where(value >> (bits - 1) & 1, value - (1 << bits), value)
