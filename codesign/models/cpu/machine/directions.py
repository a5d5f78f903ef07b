"""Predictors of the direction of conditional branches: bimodal, gshare, tournament, TAGE.

* bimodal: one two-bit counter per address (Smith, ISCA 1981);
* gshare: the same, indexed by address xor global history (McFarling, WRL TN-36, 1993);
* tournament: local histories and gshare, with a table that chooses (McFarling; Kessler, IEEE Micro 1999);
* TAGE: a bimodal base and tagged tables on geometrically growing histories (Seznec and Michaud, JILP 8, 2006).
"""

from __future__ import annotations

from codesign.models.compiled import Number, Record, called, inlined, merged
from codesign.models.cpu.machine.layout import BIMODAL, GSHARE, TAGE, TAGE_TABLES, TOURNAMENT

HISTORIES = (4, 8, 14, 24, 40, 60)
"""Global history that each tagged table of TAGE sees, in branches."""
TAG_MASK = 1023
LOCAL_BITS = 10
MOST = 3
TAGE_MOST = 7
USEFUL_MOST = 3


@inlined
def _bimodal_place(cfg: Record, address: int) -> Number:
    return cfg.counters + address % cfg.direction_entries


@inlined
def _gshare_place(cfg: Record, st: Record, address: int) -> Number:
    kept = st.history & ((1 << cfg.history_bits) - 1)
    return cfg.counters + (address ^ kept) % cfg.direction_entries


@inlined
def _local_place(cfg: Record, m: Record, address: int) -> Number:
    """Counter of the local history of a branch; behind the histories stand their counters."""
    mask = (1 << LOCAL_BITS) - 1
    return cfg.locals + (1 << LOCAL_BITS) + m[cfg.locals + (address & mask)]


@inlined
def _choice_place(cfg: Record, st: Record) -> Number:
    return cfg.choices + (st.history & ((1 << cfg.history_bits) - 1)) % cfg.direction_entries


@inlined
def _count(m: Record, place: int, up: int, most: int) -> None:
    if up:
        if m[place] < most:
            m[place] += 1
    elif m[place] > 0:
        m[place] -= 1


@inlined
def _folded(history: int, length: int, bits: int) -> Number:
    """Xor of the pieces of ``bits`` of the last ``length`` outcomes."""
    rest = history & ((1 << length) - 1)
    folded = 0
    while rest:
        folded ^= rest & ((1 << bits) - 1)
        rest >>= bits
    return folded


@inlined
def _look_up(cfg: Record, m: Record, st: Record, address: int) -> None:
    """Compute where a branch stands in each tagged table, and its tag there.

    The tables have a quarter of the base's entries each.
    """
    size = cfg.direction_entries >> 2
    for table in range(TAGE_TABLES):
        length = HISTORIES[table]
        index = address ^ (address >> 7) ^ (address >> (table + 3)) ^ _folded(st.history, length, 11)
        tag = address ^ (address >> 5) ^ _folded(st.history, length, 10) ^ (_folded(st.history, length, 9) << 1)
        m[cfg.tage_places + table] = table * size + (index & (size - 1))
        m[cfg.tage_wanted + table] = (tag & TAG_MASK) + 1


@inlined
def _provider(cfg: Record, m: Record, below: int) -> Number:
    """Table with the longest history, shorter than that of table ``below``, that knows the branch; -1: none."""
    table = below - 1
    while table >= 0 and m[cfg.tage_tags + m[cfg.tage_places + table]] != m[cfg.tage_wanted + table]:
        table -= 1
    return table


@inlined
def _tage_direction(cfg: Record, m: Record, address: int, table: int) -> Number:
    if table < 0:
        return 1 if m[_bimodal_place(cfg, address)] > 1 else 0
    return 1 if m[cfg.tage_counts + m[cfg.tage_places + table]] > TAGE_MOST // 2 else 0


@inlined
def _tage_allocate(cfg: Record, m: Record, above: int, taken: int) -> None:
    """Enter a branch into the next table whose entry isn't useful; where all are, make them less so."""
    for table in range(above, TAGE_TABLES):
        entry = m[cfg.tage_places + table]
        if m[cfg.tage_useful + entry] == 0:
            m[cfg.tage_tags + entry] = m[cfg.tage_wanted + table]
            m[cfg.tage_counts + entry] = TAGE_MOST // 2 + taken
            return
    for table in range(above, TAGE_TABLES):
        m[cfg.tage_useful + m[cfg.tage_places + table]] -= 1


@called
def _tage(cfg: Record, m: Record, st: Record, address: int, taken: int) -> Number:
    """Predict with TAGE, then train it; return the prediction."""
    _look_up(cfg, m, st, address)
    provider = _provider(cfg, m, TAGE_TABLES)
    predicted = _tage_direction(cfg, m, address, provider)
    if provider < 0:
        _count(m, _bimodal_place(cfg, address), taken, MOST)
    else:
        entry = m[cfg.tage_places + provider]
        if predicted != _tage_direction(cfg, m, address, _provider(cfg, m, provider)):
            _count(m, cfg.tage_useful + entry, 1 if predicted == taken else 0, USEFUL_MOST)
        _count(m, cfg.tage_counts + entry, taken, TAGE_MOST)
    if predicted != taken and provider < TAGE_TABLES - 1:
        _tage_allocate(cfg, m, provider + 1, taken)
    return predicted


@merged
def _tournament(cfg: Record, m: Record, st: Record, address: int, taken: int) -> Number:
    """Predict with local and global histories and choose; train all three; return the prediction."""
    local_place = _local_place(cfg, m, address)
    global_place = _gshare_place(cfg, st, address)
    choice = _choice_place(cfg, st)
    local = 1 if m[local_place] > TAGE_MOST // 2 else 0
    shared = 1 if m[global_place] > 1 else 0
    predicted = shared if m[choice] > 1 else local
    if local != shared:
        _count(m, choice, 1 if shared == taken else 0, MOST)
    _count(m, local_place, taken, TAGE_MOST)
    _count(m, global_place, taken, MOST)
    mask = (1 << LOCAL_BITS) - 1
    place = cfg.locals + (address & mask)
    m[place] = ((m[place] << 1) | taken) & mask
    return predicted


@merged
def direction(cfg: Record, m: Record, st: Record, address: int, taken: int) -> Number:
    """Return whether a branch is predicted taken, and train the predictor with what it did."""
    kind = cfg.predictor
    if kind == TAGE:
        return _tage(cfg, m, st, address, taken)
    if kind == TOURNAMENT:
        return _tournament(cfg, m, st, address, taken)
    place = _bimodal_place(cfg, address)
    if kind == GSHARE:
        place = _gshare_place(cfg, st, address)
    predicted = 1 if m[place] > 1 else 0
    if kind in (BIMODAL, GSHARE):
        _count(m, place, taken, MOST)
    return predicted
