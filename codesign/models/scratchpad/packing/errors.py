"""What can be wrong with a packing problem."""

from __future__ import annotations

from codesign.errors import CodesignError, UserError


class PackingError(UserError):
    """Buffers, a capacity or a file of them can't be used as they are."""


class NotProvenError(CodesignError):
    """A set of buffers was taken for infeasible, and it can be packed or time was over before this was decided."""

    exit_code = 3
