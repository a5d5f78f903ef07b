"""Issue queue, reorder buffer, load and store queues."""

from __future__ import annotations

from codesign.models.cpu.silicon.constants import bits
from codesign.models.cpu.silicon.front_end_part import SOURCES, register_tag_bits
from codesign.models.cpu.silicon.part import Part
from codesign.models.cpu.silicon.process import Process
from codesign.models.cpu.silicon.settings import CoreSilicon
from codesign.models.cpu.silicon.structures import Block, index_bits, logic, memory, tags
from codesign.technology.units import leading_zeros


def issue_queue_part(core: CoreSilicon, process: Process) -> Part:
    """Return the issue queue.

    wake-up: two source tags for each entry, compared with ``issue_width`` results a cycle; every instruction issued is
    one search by its result. select: a priority encoder over the entries for each instruction a cycle. payload: a
    memory of control signals, an immediate and three tags, written at rename and read at issue.
    """
    entries, tag = core.issue_queue_entries, register_tag_bits(core)
    wake = tags(SOURCES * entries, tag, core.issue_width, process)
    select = logic(leading_zeros(max(2, entries)), core.issue_width, process)
    width = bits("control_bits") + bits("immediate_bits") + (SOURCES + 1) * tag
    payload = memory(entries, width, core.issue_width, core.rename_width, process)
    return Part(
        "issue_queue",
        wake.area_mm2 + select.area_mm2 + payload.area_mm2,
        wake.leakage_mw + select.leakage_mw + payload.leakage_mw,
        {
            "renamed": SOURCES * wake.write_pj + payload.write_pj,
            "issued": wake.search_pj + select.read_pj + payload.read_pj,
        },
    )


def rob_part(core: CoreSilicon, process: Process) -> Part:
    """Return the reorder buffer: addresses, names and status.

    payload: program counter, architectural and two physical names; written at rename, read at commit.
    status: written at rename and by every instruction issued, read at commit.
    """
    entries = core.rob_entries
    width = bits("address_bits") + bits("architectural_tag_bits") + 2 * register_tag_bits(core)
    payload = memory(entries, width, core.commit_width, core.rename_width, process)
    status = memory(entries, bits("status_bits"), core.commit_width, core.rename_width + core.issue_width, process)
    return Part(
        "rob",
        payload.area_mm2 + status.area_mm2,
        payload.leakage_mw + status.leakage_mw,
        {
            "renamed": payload.write_pj + status.write_pj,
            "issued": status.write_pj,
            "committed": payload.read_pj + status.read_pj,
        },
    )


def load_queue_part(core: CoreSilicon, process: Process) -> Part:
    """Return the load queue: addresses, searched by every store; a load writes its address and its place in the ROB."""
    entry = _queue_tags(core.load_queue_entries, core.store_ports, process)
    payload = memory(core.load_queue_entries, index_bits(core.rob_entries), core.load_ports, core.load_ports, process)
    events = {"loads": entry.write_pj + payload.write_pj + payload.read_pj, "stores": entry.search_pj}
    return Part("load_queue", entry.area_mm2 + payload.area_mm2, entry.leakage_mw + payload.leakage_mw, events)


def store_queue_part(core: CoreSilicon, process: Process) -> Part:
    """Return the store queue: addresses, searched by every load, and words of data, written by a store and read by it
    once at commit. A forwarded word is not read.
    """
    entry = _queue_tags(core.store_queue_entries, core.load_ports, process)
    data = memory(core.store_queue_entries, core.word_bits, core.load_ports + 1, core.store_ports, process)
    events = {"loads": entry.search_pj, "stores": entry.write_pj + data.write_pj + data.read_pj}
    return Part("store_queue", entry.area_mm2 + data.area_mm2, entry.leakage_mw + data.leakage_mw, events)


def _queue_tags(entries: int, search_ports: int, process: Process) -> Block:
    return tags(entries, bits("address_bits"), search_ports, process)
