"""The integer program of COSMA (arXiv 2311.18246), equation by equation: what quicker ways are held to."""

from codesign.models.scratchpad.program.solving import ProgramResult, build_program, solve_program

__all__ = ["ProgramResult", "build_program", "solve_program"]
