"""Intervals cut out of a program: what they refer to is renumbered, and nothing points across an edge."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.branch_view import branch_view
from codesign.models.cpu.features.cache_walk import LONG_AGO
from codesign.models.cpu.features.excerpt import LEAD, excerpt, ranges
from codesign.models.cpu.features.machine import machine
from codesign.models.cpu.features.memory_view import SLOTS, memory_view
from codesign.models.cpu.features.recurrence import one_pass
from codesign.models.cpu.features.state import program_of, views_of

from .programs import chain, mixed, walk, whole

CORE = CoreSettings(l1d_sets=8, l1d_prefetcher="stride", prefetch_degree=2, l2_prefetcher="next_line")
WARMUP, COUNT = 300, 3000


@pytest.fixture(scope="module", params=[mixed(WARMUP + COUNT, 0, lines=200), walk(range(0, 64 * 300, 64), 11)])
def part(request):
    return whole(request.param, WARMUP)


@pytest.fixture(scope="module")
def views(part):
    return views_of(branch_view(part, CORE), memory_view(part, CORE))


def cut_at(part, begins, length):
    return excerpt(program_of(part), np.array(begins), length)


def commits(part, program, views, marks):
    return one_pass(program, machine(CORE, part.encoded.registers), views, np.array(marks))


def test_an_excerpt_of_the_whole_is_the_whole(part, views):
    cut = cut_at(part, [0], COUNT)
    seen = cut.views(views)
    for name in views._fields:
        assert getattr(seen, name).tolist() == getattr(views, name).tolist(), name
    marks = np.arange(0, COUNT + 1, 7)
    ours = commits(part, cut.program, seen, marks)
    assert ours.tobytes() == commits(part, program_of(part), views, marks).tobytes()


def test_leads_are_shorter_where_there_is_less_before(part):
    cut = cut_at(part, [0, 400, 500, 2000], 100)
    leads = [0, 300, 0, LEAD]
    expected = [range(begin - lead, begin + 100) for begin, lead in zip([0, 400, 500, 2000], leads, strict=True)]
    assert cut.instructions.tolist() == [place for one in expected for place in one]
    assert cut.marks.tolist() == [0, 100, 400, 500, 500, 600, 1100, 1200]
    assert len(cut.program.which) == 1200


def test_instructions_and_operands_are_those_of_the_places(part):
    program = program_of(part)
    cut = cut_at(part, [200, 1500], 100)
    assert cut.program.which.tolist() == program.which[cut.instructions + WARMUP].tolist()
    assert cut.program.taken.tolist() == program.taken[cut.instructions + WARMUP].tolist()
    assert cut.program.addresses.tolist() == program.addresses[cut.operands + program.start].tolist()
    ends = np.concatenate(([0], program.ends))
    owned = ends[cut.instructions + WARMUP + 1] - ends[cut.instructions + WARMUP]
    assert np.diff(cut.program.ends, prepend=0).tolist() == owned.tolist()
    assert (cut.program.warmup, cut.program.start, cut.program.stores) == (0, 0, 0)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 27), min_size=1, max_size=6, unique=True), st.integers(1, 100))
def test_references_name_the_same_operand_or_nothing_beyond_the_edge(blocks, length):
    part = whole(mixed(WARMUP + COUNT, 0, lines=200), WARMUP)
    views, program = views_of(branch_view(part, CORE), memory_view(part, CORE)), program_of(part)
    cut = cut_at(part, [100 * block for block in sorted(blocks)], length)
    seen = cut.views(views)
    segment = np.searchsorted(cut.marks[1::2], np.arange(len(cut.program.which)), side="right")
    of_operand = np.repeat(segment, np.diff(cut.program.ends, prepend=0))
    place_of = {}
    for place, operand in enumerate(cut.operands.tolist()):
        place_of[of_operand[place], operand] = place

    def renumbered(fetcher, place, slots):
        if fetcher < 0 or (of_operand[place], fetcher // slots) not in place_of:
            return LONG_AGO
        return place_of[of_operand[place], fetcher // slots] * slots + fetcher % slots

    for place, operand in enumerate(cut.operands.tolist()):
        assert seen.origins[place] == renumbered(int(views.origins[operand]), place, SLOTS)
        assert seen.page_origins[place] == renumbered(int(views.page_origins[operand]), place, 1)
        below = [renumbered(int(fetcher), place, SLOTS) for fetcher in views.below[operand]]
        assert seen.below[place].tolist() == below
    stores = np.flatnonzero(program.written)
    ours = np.flatnonzero(cut.program.written)
    for place, operand in enumerate(cut.operands.tolist()):
        wanted = int(program.forwarders[operand + program.start])
        source = (of_operand[place], int(stores[wanted]) - program.start) if wanted >= 0 else None
        found = int(cut.program.forwarders[place])
        assert (int(ours[found]) if found >= 0 else None) == place_of.get(source)


def test_an_excerpt_of_a_steady_program_takes_its_share_of_the_cycles(part, views):
    """Within a tenth: what was in flight before a lead is missing, and the pipeline fills once more."""
    cut = cut_at(part, [600, 1800], 600)
    ours = commits(part, cut.program, cut.views(views), cut.marks)
    theirs = commits(part, program_of(part), views, [600, 1200, 1800, 2400])
    assert (ours[1::2] - ours[::2]).tolist() == pytest.approx((theirs[1::2] - theirs[::2]).tolist(), rel=0.1)


def test_a_program_without_operands_is_cut_too():
    part = whole(chain(1600), 800)
    core = replace(CORE, alu_units=8)
    cut = cut_at(part, [0, 500], 200)
    views = cut.views(views_of(branch_view(part, core), memory_view(part, core)))
    found = one_pass(cut.program, machine(core, part.encoded.registers), views, cut.marks)
    assert (found[3] - found[2]).tolist() == 200


def test_ranges_stand_one_after_another():
    assert ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
