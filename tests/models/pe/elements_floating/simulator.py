"""Runs a Verilog module on vectors in Icarus Verilog."""

import shutil
import subprocess
from importlib.resources import as_file, files

import numpy as np
import pytest


def simulate(rtl, inputs, outputs, folder, edges=1):
    """Apply vectors one after the other and return what stands at the outputs.

    Args:
        rtl: an ``Rtl``: files, top module, parameters.
        inputs: port -> (width, array of unsigned integers); Python integers where wider than 63 bits.
        outputs: port -> width, at most 63.
        folder: scratch.
        edges: rising clock edges for which each vector is held; 0 for a module without a clock.
    """
    if shutil.which("iverilog") is None:
        pytest.skip("no Verilog simulator (iverilog)")
    count = len(next(iter(inputs.values()))[1])
    total = sum(width for width, _ in inputs.values())
    with (folder / "vectors.hex").open("w") as stream:
        for index in range(count):
            word = 0
            for width, values in inputs.values():
                word = (word << width) | int(values[index])
            stream.write(f"{word:x}\n")
    (folder / "bench.v").write_text(_bench(rtl, inputs, outputs, total, count, edges))
    with as_file(files("codesign.models.pe") / "rtl") as sources:
        command = ["iverilog", "-g2012", "-o", "bench", "bench.v", *(str(sources / name) for name in rtl.files)]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    printed = subprocess.run(["vvp", "bench"], cwd=folder, check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in printed.splitlines() if line.startswith("=")]
    table = np.array([[int(cell, 16) for cell in row[1:]] for row in rows], dtype=np.int64).reshape(count, -1)
    return {port: table[:, column] for column, port in enumerate(outputs)}


def _bench(rtl, inputs, outputs, total, count, edges):
    parameters = ", ".join(f".{name}({value})" for name, value in rtl.parameters.items())
    ports = ", ".join(f".{port}({port})" for port in (*inputs, *outputs, *(("clock",) if edges else ())))
    wires = "\n".join(f"  wire [{width - 1}:0] {port};" for port, width in outputs.items())
    regs = "\n".join(f"  reg [{width - 1}:0] {port};" for port, (width, _) in inputs.items())
    pulse = "#1 clock = 1; #1 clock = 0; " * edges or "#1; "
    return f"""`timescale 1ns/1ps
module bench;
  reg clock = 0;
{regs}
{wires}
  reg [{total - 1}:0] vectors [0:{count - 1}];
  integer row;
  {rtl.top} #({parameters}) tested ({ports});
  initial begin
    $readmemh("vectors.hex", vectors);
    for (row = 0; row < {count}; row = row + 1) begin
      {{{", ".join(inputs)}}} = vectors[row];
      {pulse}
      $display("= {" ".join(["%h"] * len(outputs))}", {", ".join(outputs)});
    end
    $finish;
  end
endmodule
"""
