"""Runs Verilog modules of the package in Icarus Verilog, one vector of inputs per clock cycle."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import pytest

needs_iverilog = pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed")


def pack(words: Sequence[int], bits: int) -> int:
    """Return words side by side, word 0 in the lowest bits."""
    return sum((int(word) & ((1 << bits) - 1)) << (bits * place) for place, word in enumerate(words))


def signed(word: int, bits: int) -> int:
    """Return a two's complement word as a number."""
    return word - (1 << bits) if word >> (bits - 1) else word


def simulate(
    folder: Path,
    sources: Sequence[str],
    top: str,
    parameters: Mapping[str, int],
    inputs: Mapping[str, tuple[int, Sequence[int]]],
    outputs: Mapping[str, int],
    *,
    clocked: bool = True,
) -> dict[str, list[int]]:
    """Return each output at the end of each cycle, before its clock edge; -1 where it isn't defined.

    Args:
        folder: for the files of the run.
        sources: file names within the package's ``rtl``.
        top: module; its clock is ``clock``.
        parameters: of the module.
        inputs: name -> (bits, value in each cycle).
        outputs: name -> bits.
        clocked: whether it has a clock.
    """
    cycles = len(next(iter(inputs.values()))[1])
    folder.joinpath("testbench.v").write_text(_testbench(top, parameters, inputs, outputs, cycles, clocked))
    width = sum(bits for bits, _ in inputs.values())
    lines = []
    for cycle in range(cycles):
        word = 0
        for bits, values in inputs.values():
            word = word << bits | int(values[cycle]) & ((1 << bits) - 1)
        lines.append(f"{word:0{-(-width // 4)}x}")
    folder.joinpath("inputs.hex").write_text("\n".join(lines) + "\n")
    rtl = files("codesign.models.pe").joinpath("rtl")
    paths = [str(rtl.joinpath(name)) for name in sources]
    build = ["iverilog", "-g2005", "-o", "run.vvp", "-s", "testbench", *paths, "testbench.v"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True, text=True)
    printed = subprocess.run(["vvp", "run.vvp"], cwd=folder, check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in printed.splitlines()]
    return {
        name: [-1 if set(row[place]) & set("xzXZ") else int(row[place], 16) for row in rows]
        for place, name in enumerate(outputs)
    }


def _testbench(
    top: str,
    parameters: Mapping[str, int],
    inputs: Mapping[str, tuple[int, Sequence[int]]],
    outputs: Mapping[str, int],
    cycles: int,
    clocked: bool,
) -> str:
    width = sum(bits for bits, _ in inputs.values())
    settings = ", ".join(f".{name}({value})" for name, value in parameters.items())
    ports = [f".{name}({name})" for name in (*inputs, *outputs)] + [".clock(clock)"] * clocked
    lines = [
        "`timescale 1ns/1ps",
        "module testbench;",
        "  reg clock = 0;",
        f"  reg [{width - 1}:0] vectors [0:{cycles - 1}];",
        *(f"  reg [{bits - 1}:0] {name};" for name, (bits, _) in inputs.items()),
        *(f"  wire [{bits - 1}:0] {name};" for name, bits in outputs.items()),
        f"  {top} #({settings}) dut ({', '.join(ports)});" if settings else f"  {top} dut ({', '.join(ports)});",
        "  integer vector_index;",
        "  initial begin",
        '    $readmemh("inputs.hex", vectors);',
        f"    for (vector_index = 0; vector_index < {cycles}; vector_index = vector_index + 1) begin",
        f"      {{{', '.join(inputs)}}} = vectors[vector_index];",
        f'      #4 $display("{" ".join("%h" for _ in outputs)}", {", ".join(outputs)});',
        "      #1 clock = 1;",
        "      #5 clock = 0;",
        "    end",
        "    $finish;",
        "  end",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"
