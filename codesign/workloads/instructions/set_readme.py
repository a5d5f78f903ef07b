"""The text that stands beside the committed traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_TEXT = """# Instruction traces of {count} programs

Recorded with `python -m codesign.workloads.instructions.record_set FOLDER` on Debian 12 (x86-64), QEMU's user-mode
emulator 7.2, Capstone 5. This file and `programs.csv` are written by it.

- Each trace is {windows} windows of {window:,} consecutive instructions, at equal distances over the whole run and each
  in the middle of its part: start and end of a program are in it only as far as they fall into a window. What a cache
  or a predictor holds at the start of a window isn't known: warm up on the first instructions of each.
- Tools (gzip, cc1, ...) are those of Debian 12. They read inputs that `inputs.py` makes by rule, run the scripts in
  `scripts/`, and write to a pipe. Their environment is PATH, LC_ALL=C and HOME only.
- Kernels (`kernels/*.c`) are compiled with gcc -O2 -static.
- Programs of one family are the same binary: keep them together when programs are split into training and test.
- The processor that the emulator shows to programs (`-cpu max` of QEMU 7.2) has AVX2, AES and no AVX-512, so libraries
  choose their routines for that.
- User mode only: what the kernel executes in system calls is missing. First thread only.

The traces are data of this project, under its licence; no part of the programs but the bytes of executed instructions
is in them.

| trace | family | command | input | whole run, M instr. | distinct | KB | made by | what |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def readme(rows: Sequence[Mapping[str, str | int]], windows: int, window: int) -> str:
    """Return the text for rows of the table ``programs.csv``."""
    return _TEXT.format(count=len(rows), windows=windows, window=window) + "".join(map(_line, rows))


def _line(row: Mapping[str, str | int]) -> str:
    command = str(row["command"]).replace("|", "\\|")
    cells = (
        row["name"],
        row["family"],
        f"`{command}`",
        row["standard_input"],
        f"{int(row['run_instructions']) / 1e6:,.1f}",
        f"{int(row['static_instructions']):,}",
        f"{int(row['file_bytes']) / 1000:,.0f}",
        row["made_by"],
        row["description"],
    )
    return f"| {' | '.join(map(str, cells))} |\n"
