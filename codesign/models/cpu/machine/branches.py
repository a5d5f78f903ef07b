"""Branches at fetch: direction, target (target buffer, return stack, indirect predictor), where an error shows."""

from __future__ import annotations

from codesign.models.compiled import Number, Record, inlined, merged
from codesign.models.cpu.machine.directions import direction
from codesign.models.cpu.machine.layout import (
    BTB,
    CALL,
    CALL_SIZES,
    CONDITIONAL,
    INDIRECT_CALL,
    INDIRECT_JUMP,
    JUMP,
    NOTES,
    RETURN,
    TIMES,
)
from codesign.models.cpu.machine.structures import find, put, renew, victim

LONGEST_CALL = 10


@inlined
def _indirect_place(cfg: Record, st: Record, address: int) -> Number:
    return cfg.indirect_targets + ((address >> 2) ^ st.indirect_history) % cfg.indirect_entries


@inlined
def _call_size_place(cfg: Record, address: int) -> Number:
    return cfg.call_sizes + (address & (CALL_SIZES - 1))


@inlined
def _push(cfg: Record, m: Record, st: Record, address: int) -> None:
    st.return_top = (st.return_top + 1) % cfg.return_places
    m[cfg.returns + st.return_top] = address
    st.return_count = min(st.return_count + 1, cfg.return_places)


@inlined
def _predicted_return(cfg: Record, m: Record, st: Record) -> Number:
    """Address behind the last call: its own address and a size that is learnt from earlier returns."""
    if st.return_count == 0:
        return 0
    address = m[cfg.returns + st.return_top]
    return address + m[_call_size_place(cfg, address)]


@inlined
def _pop(cfg: Record, m: Record, st: Record, target: int) -> None:
    if st.return_count == 0:
        return
    address = m[cfg.returns + st.return_top]
    st.return_top = (st.return_top + cfg.return_places - 1) % cfg.return_places
    st.return_count -= 1
    if abs(target - address) <= LONGEST_CALL:
        m[_call_size_place(cfg, address)] = abs(target - address)


@merged
def _train_target(
    cfg: Record, tab: Record, m: Record, st: Record, address: int, kind: int, taken: int, target: int, entry: int
) -> None:
    """Enter a taken branch into the buffer; keep return stack and indirect predictor up to date."""
    if kind in (CALL, INDIRECT_CALL):
        _push(cfg, m, st, address)
    if kind in (INDIRECT_JUMP, INDIRECT_CALL):
        m[_indirect_place(cfg, st, address)] = target
    if kind == CONDITIONAL:
        st.indirect_history = ((st.indirect_history << 1) | taken) & 0xFFF
    if kind == RETURN:
        _pop(cfg, m, st, target)
    if taken:
        key = address >> cfg.target_shift
        if entry < 0:
            entry = victim(tab, m, BTB, key)
        put(tab, m, st, BTB, entry, key, target, kind)


@merged
def predict(cfg: Record, tab: Record, m: Record, st: Record, address: int, kind: int, taken: int, target: int) -> None:
    """Predict a branch and train the predictors.

    Sets ``st.mispredicted``; ``st.at_decode`` where the decoder can already tell (direct branches whose direction was
    right); ``st.fetch_taken`` where fetch goes on at the target in the next cycle. ``target`` is 0 for a branch that is
    not taken, or whose target isn't known (end of a window).
    """
    key = address >> cfg.target_shift
    entry = find(tab, m, BTB, key, key)
    foreseen, always = 0, 0
    if entry >= 0:
        renew(tab, m, st, BTB, entry)
        known = m[tab[BTB, NOTES] + entry]
        always = 1 if known != CONDITIONAL else 0
        foreseen = m[tab[BTB, TIMES] + entry]
        if known == RETURN:
            foreseen = _predicted_return(cfg, m, st)
        elif known in (INDIRECT_JUMP, INDIRECT_CALL):
            foreseen = m[_indirect_place(cfg, st, address)]
    predicted = 1
    if kind == CONDITIONAL or cfg.reference:
        predicted = direction(cfg, m, st, address, taken)
    if always and cfg.reference:
        predicted = 1
    if not predicted:
        foreseen = 0
    conditional = kind == CONDITIONAL
    wrong = foreseen != (target if taken else 0) or (conditional and predicted != taken)
    st.mispredicted = 1 if wrong else 0
    st.at_decode = 1 if kind in (JUMP, CALL) or (conditional and predicted == taken) else 0
    st.fetch_taken = taken
    if cfg.perfect_branches or (taken and target == 0):
        st.mispredicted = 0
    st.branches += 1
    st.mispredicts += st.mispredicted
    st.history = ((st.history << 1) | taken) & 0xFFFFFFFFFFFFFFF if conditional else st.history
    if not (taken and target == 0):
        _train_target(cfg, tab, m, st, address, kind, taken, target, entry)
