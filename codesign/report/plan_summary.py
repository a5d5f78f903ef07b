"""What is said of a plan: its figures, what is proven of it, and how far it may be from the best."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codesign.models.scratchpad.planning import Options, Planned
    from codesign.models.scratchpad.problem import Problem
    from codesign.models.scratchpad.schedule import Budgets

Fact = str | float | bool | None

_KIB = 1024
_SIZES = ("minimum_bytes", "default_peak_bytes", "peak_bytes", "peak_bound_bytes")
"""Sizes of scratchpads; the other columns in bytes are traffic."""


def plan_summary(planned: Planned, options: Options, whole: Problem, budgets: Budgets) -> dict[str, Fact]:
    """Return the figures of a plan by name.

    ``minimum_bytes`` is M_R, of whole tensors, and ``minimum_operator`` what sets it. ``peak_bytes`` is M_P as far as
    it is known: the smallest peak of any order lies between ``peak_bound_bytes`` and it. ``offchip_bytes`` =
    ``compulsory_bytes`` + ``noncompulsory_bytes``. No plan that the options allow moves less than ``bound_bytes``;
    ``gap`` = (offchip - bound) / offchip and ``noncompulsory_gap`` = (offchip - bound) / noncompulsory.
    ``latency_cycles`` counts computing, and the transfers that don't run beside it. ``checked``: the checker replayed
    the plan and found no fault.

    Args:
        planned: the plan.
        options: that it was made with.
        whole: the problem before anything was cut into stripes.
        budgets: of that problem.
    """
    made, plan = planned.schedule, planned.plan
    kinds = [transfer.kind for transfer in plan.transfers]
    return {
        "network": planned.network.name,
        "operators": len(planned.network.operators),
        "buffers": len(plan.placements),
        "scratchpad_kib": sum(plan.pools_bytes) / _KIB,
        "minimum_bytes": budgets.minimum_bytes,
        "minimum_operator": whole.largest_operation,
        "default_peak_bytes": budgets.default_peak_bytes,
        "peak_bytes": budgets.peak_bytes,
        "peak_bound_bytes": budgets.peak_bound_bytes,
        "compulsory_bytes": made.compulsory_bytes,
        "noncompulsory_bytes": made.noncompulsory_bytes,
        "offchip_bytes": made.offchip_bytes,
        "bound_bytes": made.bound_bytes,
        "gap": made.gap,
        "noncompulsory_gap": made.noncompulsory_gap,
        "status": status_words(planned, options),
        "spills": kinds.count("spill"),
        "retrievals": kinds.count("retrieve"),
        "repeated_macs": planned.repeated_macs,
        "latency_cycles": planned.latency_cycles,
        "solve_s": planned.solve_s,
        "checked": planned.report.passed,
    }


def status_words(planned: Planned, options: Options) -> str:
    """Return what is proven of a plan's traffic, and what that holds for."""
    made = planned.schedule
    all_orders = options.order == "search" or made.noncompulsory_bytes == 0
    scope = "over all orders" if all_orders else "for the default order"
    notes = []
    if made.offchip_bytes == made.bound_bytes:
        words = f"proven optimal {scope}"
    else:
        words = f"{_distance(made.offchip_bytes, made.bound_bytes)} {scope}"
        if options.recompute_bytes_per_mac is not None:
            notes.append("with recomputation the bound is the compulsory bytes")
        elif options.banks > 1 and options.order == "search":
            notes.append("the bound is that of a scratchpad without banks")
    if any(operator.attribute("parts") is not None for operator in planned.network.operators):
        notes.append("for the network cut into these stripes")
    if options.goal == "latency":
        notes.append("this is said of the traffic, nothing of the latency")
    if time_was_over(planned, options):
        notes.append("the time was over")
    return "; ".join([words, *notes])


def time_was_over(planned: Planned, options: Options) -> bool:
    """Return whether the gap is open because the time limit was met.

    Without a limit the search ends by itself. For the network's own order, one bank, no recomputation and the fewest
    bytes, the method is exact: only time can leave a gap.
    """
    made, limit_s = planned.schedule, options.time_limit_s
    if made.gap == 0:
        return False
    one_bank = options.banks == 1 and options.recompute_bytes_per_mac is None
    if one_bank and options.order == "default" and options.goal == "traffic":
        return True
    return limit_s is not None and max(made.solve_s, planned.solve_s - made.solve_s) >= limit_s


def readable_summary(summary: dict[str, Fact]) -> dict[str, str]:
    """Return the same names with texts for people: 1,634,560 (1,596.25 KiB)."""
    texts = {name: _text(name, value) for name, value in summary.items() if name != "minimum_operator"}
    texts["minimum_bytes"] += f", which {summary['minimum_operator']} needs"
    if summary["peak_bytes"] == summary["peak_bound_bytes"]:
        del texts["peak_bound_bytes"]
    else:
        texts["peak_bytes"] += ", not proven"
    if not summary["repeated_macs"]:
        del texts["repeated_macs"]
    return texts


def _distance(found_bytes: int, bound_bytes: int) -> str:
    """Return how far a plan is above its bound, in per cent of the bound, rounded up."""
    if not bound_bytes:
        return "nothing is proven: the bound is 0,"
    excess = 100 * (found_bytes - bound_bytes)
    digits = max(0, 2 - math.floor(math.log10(excess / bound_bytes)))
    rounded_up = -(-excess * 10**digits // bound_bytes)
    return f"within {rounded_up / 10**digits:,.{digits}f} % of the bound"


def _text(name: str, value: Fact) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "scratchpad_kib":
        return f"{value:,.10g}"
    if isinstance(value, float):
        return f"{value:,.0f}" if name == "latency_cycles" else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,} ({value / _KIB:,.2f} KiB)" if name in _SIZES else f"{value:,}"
    return str(value)
