"""What happened in a core: counts of events."""

from __future__ import annotations

from dataclasses import dataclass, fields

from codesign.errors import ModelInputError


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreEvents:
    """Counts of events over some time; fractions of events are allowed.

    Attributes:
        cycles: of that time.
        fetches: look-ups of the uop cache and the branch target buffer.
        decoded, renamed, issued, committed: instructions that did so.
        integer_operations, multiplications, divisions: by the integer units.
        float_additions, float_multiplications, float_divisions: by the float units, one word of a vector each.
        branches, loads, stores: executed.
        integer_reads, integer_writes, float_reads, float_writes: accesses of register files, one register each.
        <structure>_accesses: of caches: l1i reads ``fetch_width`` instructions, l2 and llc a line.
        <structure>_misses: of caches and TLBs: what they write, a line or an entry each.

    Raises:
        ModelInputError: a count is negative or no number, nothing was committed, or no time passed.
    """

    cycles: float
    committed: float
    fetches: float = 0.0
    decoded: float = 0.0
    renamed: float = 0.0
    issued: float = 0.0
    integer_operations: float = 0.0
    multiplications: float = 0.0
    divisions: float = 0.0
    float_additions: float = 0.0
    float_multiplications: float = 0.0
    float_divisions: float = 0.0
    branches: float = 0.0
    loads: float = 0.0
    stores: float = 0.0
    integer_reads: float = 0.0
    integer_writes: float = 0.0
    float_reads: float = 0.0
    float_writes: float = 0.0
    l1i_accesses: float = 0.0
    l1i_misses: float = 0.0
    l1d_misses: float = 0.0
    l2_accesses: float = 0.0
    l2_misses: float = 0.0
    llc_accesses: float = 0.0
    llc_misses: float = 0.0
    itlb_misses: float = 0.0
    dtlb_misses: float = 0.0
    stlb_misses: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0.0 <= value < float("inf"):
                raise ModelInputError(f"{field.name} = {value}; a count is a finite number of at least 0")
        for name in ("cycles", "committed"):
            if not getattr(self, name):
                raise ModelInputError(f"{name} = 0; energy per instruction and power need some")


EVENT_NAMES = tuple(field.name for field in fields(CoreEvents))
