"""Caches and TLBs."""

from __future__ import annotations

import math

from codesign.models.cpu.silicon.constants import bits
from codesign.models.cpu.silicon.part import Part
from codesign.models.cpu.silicon.process import Process
from codesign.models.cpu.silicon.settings import CacheSilicon, CoreSilicon
from codesign.models.cpu.silicon.structures import Block, comparator, index_bits, memory, tags

BITS_PER_BYTE = 8


def tag_bits(cache: CacheSilicon) -> int:
    """Return the bits of one line's tag: address bits that neither set nor place in the line gives, and its state."""
    index = math.ceil(math.log2(cache.sets)) + index_bits(cache.line_bytes)
    return max(1, bits("address_bits") - index) + bits("line_state_bits")


def cache_block(cache: CacheSilicon, word_bits: int, read_ports: int, write_ports: int, process: Process) -> Block:
    """Return a cache.

    area = data + tags, each with the ports, and a comparator for each way and port.
    read = one word of ``word_bits`` from the data, all tags of a set, a comparison for each way. The tables' figures
    are of a whole access of one word; what reading all ways at once costs more isn't known and isn't in.
    write = one line of data and its tag.
    """
    line_bits = cache.line_bytes * BITS_PER_BYTE
    data = memory(cache.lines * line_bits / word_bits, word_bits, read_ports, write_ports, process)
    line = memory(cache.lines, line_bits, read_ports, write_ports, process)
    tag = memory(cache.sets, cache.ways * tag_bits(cache), read_ports, write_ports, process)
    compared = comparator(tag_bits(cache), cache.ways * max(1, read_ports), process)
    return Block(
        area_mm2=data.area_mm2 + tag.area_mm2 + compared.area_mm2,
        leakage_mw=data.leakage_mw + tag.leakage_mw + compared.leakage_mw,
        read_pj=data.read_pj + tag.read_pj + cache.ways * compared.search_pj,
        write_pj=line.write_pj + tag.write_pj / cache.ways,
    )


def l1i_part(core: CoreSilicon, process: Process) -> Part:
    """Return the first-level instruction cache: it reads ``fetch_width`` instructions, a miss writes a line."""
    found = cache_block(core.l1i, core.fetch_width * bits("instruction_bits"), 0, 1, process)
    return Part("l1i", found.area_mm2, found.leakage_mw, {"l1i_accesses": found.read_pj, "l1i_misses": found.write_pj})


def l1d_part(core: CoreSilicon, process: Process) -> Part:
    """Return the first-level data cache with ``load_ports`` read and ``store_ports`` write ports.

    A load reads a word, a store compares tags and writes a word, which costs as much; a miss writes a line.
    """
    found = cache_block(core.l1d, core.word_bits, core.load_ports, core.store_ports, process)
    events = {"loads": found.read_pj, "stores": found.read_pj, "l1d_misses": found.write_pj}
    return Part("l1d", found.area_mm2, found.leakage_mw, events)


def outer_cache_part(name: str, cache: CacheSilicon | None, process: Process) -> Part:
    """Return the second or last level: an access reads a line, a miss writes one. Nothing where there is none."""
    if cache is None:
        return Part(name, 0.0, 0.0, {})
    found = cache_block(cache, cache.line_bytes * BITS_PER_BYTE, 0, 1, process)
    events = {f"{name}_accesses": found.read_pj, f"{name}_misses": found.write_pj}
    return Part(name, found.area_mm2, found.leakage_mw, events)


def tlb_part(name: str, entries: int, ports: int, lookup: tuple[str, ...], process: Process) -> Part:
    """Return a fully associative TLB: tags of page numbers, and a memory of page numbers and flags.

    ``lookup``: events that look something up, each a search and a read; a miss (``<name>_misses``) writes an entry.
    """
    page = bits("address_bits") - bits("page_offset_bits")
    compared = tags(entries, page, ports, process)
    stored = memory(entries, page + bits("page_flag_bits"), ports, 1, process)
    found = compared + stored
    events = dict.fromkeys(lookup, found.search_pj + found.read_pj) | {f"{name}_misses": found.write_pj}
    return Part(name, found.area_mm2, found.leakage_mw, events)


def stlb_part(core: CoreSilicon, process: Process) -> Part:
    """Return the second level of the TLBs, a memory of page numbers: looked up at each miss of the first level."""
    page = bits("address_bits") - bits("page_offset_bits")
    found = memory(core.stlb_entries, 2 * page + bits("page_flag_bits"), 0, 1, process)
    events = {"itlb_misses": found.read_pj, "dtlb_misses": found.read_pj, "stlb_misses": found.write_pj}
    return Part("stlb", found.area_mm2, found.leakage_mw, events)
