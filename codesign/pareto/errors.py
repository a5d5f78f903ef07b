"""The error of this floor."""

from __future__ import annotations

from codesign.errors import UserError


class FrontierError(UserError):
    """A table, an objective or a reference point that was given can't make or compare frontiers."""
