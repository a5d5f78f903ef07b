"""The independent witness: replays a plan on the network that it is for and says everything that is wrong with it.

It reads the network and the plan, and shares nothing with what made the plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from codesign.models.scratchpad.checker_faults import Faults, find_malformed_fields
from codesign.models.scratchpad.checker_replay import Replay
from codesign.models.scratchpad.checker_statement import actions_of, find_unplaced, layout_of, stays_of
from codesign.models.scratchpad.checker_views import contents_of
from codesign.models.scratchpad.plan import Plan
from codesign.workloads.graph import Network


@dataclass(frozen=True)
class CheckReport:
    """What a replay found.

    Attributes:
        faults: plain sentences; none where the plan is right. ``step``, residency and transfer numbers count from 0.
        load_bytes: compulsory reads of inputs and weights, counted from the residencies and the network's tensors.
        store_bytes: compulsory writes of outputs.
        retrieve_bytes: other reads.
        spill_bytes: other writes.
        peak_used_bytes: most bytes occupied in one step, all pools together.
    """

    faults: tuple[str, ...]
    load_bytes: int
    store_bytes: int
    retrieve_bytes: int
    spill_bytes: int
    peak_used_bytes: int

    @property
    def passed(self) -> bool:
        """Whether the plan is right."""
        return not self.faults

    @property
    def noncompulsory_bytes(self) -> int:
        """Retrievals and spills."""
        return self.retrieve_bytes + self.spill_bytes

    @property
    def offchip_bytes(self) -> int:
        """Everything over the DRAM bus."""
        return self.load_bytes + self.store_bytes + self.noncompulsory_bytes


def check_plan(
    network: Network, plan: Plan, *, weights: bool, sources_stored: bool = True, recompute: bool = False
) -> CheckReport:
    """Replay a plan and report its faults. Never raises, however wrong the plan is.

    In each step residencies that have ended leave (a spill or store copies them to DRAM), others arrive (loaded or
    retrieved from DRAM, or created with undefined contents), then the operator runs: it must find every byte of every
    input, and writes its outputs.

    Args:
        network: that the plan is for.
        plan: to be checked.
        weights: weights have to be in the scratchpad too; else no buffer may hold one.
        sources_stored: DRAM holds inputs (and weights) at the start, their first arrival is a compulsory load, and
            outputs must be stored. Where False (the paper's accounting), a step ``load NAME`` creates each source, once
            (it can't be recomputed), DRAM starts empty, loads and stores aren't recorded, outputs need no copy.
        recompute: an operator may run more than once.
    """
    faults = Faults()
    if find_malformed_fields(plan, faults):
        return CheckReport(faults.sentences, 0, 0, 0, 0, 0)
    counted = frozenset(tensor.name for tensor in network.tensors if weights or tensor.role != "weight")
    layout = layout_of(network, plan, counted, faults)
    contents = contents_of(network, frozenset(plan.views), counted, layout.place_of, faults)
    actions = actions_of(network, plan, counted, sources_stored=sources_stored, recompute=recompute, faults=faults)
    find_unplaced(actions, layout, faults)
    stays = stays_of(plan, layout, sources_stored=sources_stored, faults=faults)
    replay = Replay(network, layout, contents, len(plan.pools_bytes), sources_stored=sources_stored, faults=faults)
    replay.run(actions, stays)
    moved = replay.moved_bytes
    return CheckReport(
        faults=faults.sentences,
        load_bytes=moved["load"],
        store_bytes=moved["store"],
        retrieve_bytes=moved["retrieve"],
        spill_bytes=moved["spill"],
        peak_used_bytes=replay.peak_used_bytes,
    )
