"""The errors of this floor."""

from __future__ import annotations

from codesign.errors import CodesignError, UserError


class IlpError(UserError):
    """A program, a start or an option that can't be handed to a solver as it is."""


class UnsupportedOptionError(IlpError):
    """An option that the chosen solver has no counterpart for; it is refused rather than ignored."""

    def __init__(self, solver: str, option: str, reason: str) -> None:
        super().__init__(f"{option} can't be used with {solver}: {reason}")


class MissingSolverError(UserError):
    """A solver was named that this machine hasn't got."""

    def __init__(self, solver: str, remedy: str, found: str) -> None:
        super().__init__(f"the solver {solver!r} isn't available here: {remedy}; available: {found}")


class SolverError(CodesignError):
    """A solver broke down, or what it returned isn't a solution."""
