"""The paper's program against hand-made answers, its guards one by one, and a brute force over everything."""

import heapq
import random
from itertools import pairwise, product

import pulp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.ilp import solve
from codesign.models.scratchpad.problem import Buffer, Operation, Problem, ProblemError
from codesign.models.scratchpad.program import build_program, solve_program


def problem(sizes, operations, stored=(), wanted=(), name="hand-made"):
    """``sizes``: bytes by name of buffer. ``operations``: name -> "read read > write write"."""
    names = list(sizes)
    buffers = [Buffer(n, ((n, 0),), size, size, stored=n in stored, wanted=n in wanted) for n, size in sizes.items()]
    made = []
    for operation, text in operations.items():
        reads, writes = (tuple(sorted(names.index(n) for n in side.split())) for side in text.split(">"))
        made.append(Operation(operation, reads, writes, predecessors_in(made, reads, writes)))
    return Problem(name, tuple(buffers), tuple(made))


def predecessors_in(earlier, reads, writes):
    """Whoever wrote what is read or written, or read what is written."""
    touched = {*reads, *writes}
    return tuple(i for i, other in enumerate(earlier) if touched & set(other.writes) or set(writes) & set(other.reads))


# --- brute force -----------------------------------------------------------------------------------------------------


def cheapest(given_problem, capacity, order=None, addresses=True):
    """Least non-compulsory bytes over all orders, choices and addresses, or None where nothing works.

    Shortest path over the states (operations done, buffers in memory with their addresses, buffers whose contents DRAM
    holds). Before each step any buffer may leave, written to DRAM where DRAM hasn't got it; a buffer that is touched
    and isn't there arrives at any free address. Arriving earlier than that only takes up room.
    """
    buffers, operations = given_problem.buffers, given_problem.operations
    stored = frozenset(i for i, b in enumerate(buffers) if b.stored)
    queue = [(0, 0, frozenset(), (), stored)]
    settled, count = set(), 0
    while queue:
        cost, _, done, memory, copies = heapq.heappop(queue)
        if (done, memory, copies) in settled:
            continue
        settled.add((done, memory, copies))
        if len(done) == len(operations):
            return cost
        for o in [order[len(done)]] if order is not None else range(len(operations)):
            if o in done or not done.issuperset(operations[o].predecessors):
                continue
            for more, after, held in steps(given_problem, capacity, done, dict(memory), copies, o, addresses):
                count += 1
                heapq.heappush(queue, (cost + more, count, done | {o}, after, held))
    return None


def steps(p, capacity, done, memory, copies, o, addresses):
    """Every way to run operation o next: cost, memory and copies afterwards."""
    touched = p.touches[o]
    arrived = {b for other in done for b in p.touches[other]}
    for stays in product((True, False), repeat=len(memory)):
        staying = {b: at for (b, at), stay in zip(memory.items(), stays, strict=True) if stay}
        leaving = [b for b, stay in zip(memory, stays, strict=True) if not stay]
        if any(b in touched and b not in copies for b in leaving):
            continue  # one thing at a time: not spilled and retrieved in one step
        spilled = [b for b in leaving if b not in copies]
        cost = sum(p.buffers[b].size_bytes for b in spilled if not is_last_version(p, done, b))
        held = copies | set(spilled)
        coming = [b for b in touched if b not in staying]
        retrieved = [b for b in coming if b in arrived]
        if not held.issuperset(retrieved):
            continue
        cost += sum(p.buffers[b].size_bytes for b in retrieved)
        for placed in placements(p, capacity, staying, coming, addresses):
            alive = {b: at for b, at in placed.items() if any(c not in done | {o} for c in p.touched_by[b])}
            yield cost, tuple(sorted(alive.items())), frozenset(held - set(p.operations[o].writes))


def is_last_version(p, done, b):
    """Whether b has to be written out as it is, so that writing it now costs nothing more."""
    return p.buffers[b].wanted and all(o in done for o in p.touched_by[b] if b in p.operations[o].writes)


def placements(p, capacity, memory, coming, addresses):
    """Every way to put ``coming`` beside what is in memory."""
    space = [b.space_bytes for b in p.buffers]
    if not addresses:
        everything = {**memory, **dict.fromkeys(coming, 0)}
        if sum(space[b] for b in everything) <= capacity:
            yield everything
        return
    if not coming:
        yield memory
        return
    first, *rest = coming
    for at in range(capacity - space[first] + 1):
        if all(at + space[first] <= other or other + space[b] <= at for b, other in memory.items()):
            yield from placements(p, capacity, {**memory, first: at}, rest, addresses)


def orders(p):
    """Every legal order."""

    def extended(order):
        if len(order) == len(p.operations):
            yield order
        for o, operation in enumerate(p.operations):
            if o not in order and set(operation.predecessors) <= set(order):
                yield from extended((*order, o))

    return extended(())


# --- a plain check of plans ------------------------------------------------------------------------------------------


def check(p, plan, capacity):
    """Assert that every touch finds its buffer, nothing overlaps, and DRAM has what is retrieved."""
    index = {b.name: i for i, b in enumerate(p.buffers)}
    operation = {o.name: o for o in p.operations}
    sequence = [operation[name] for name in plan.order]
    assert sorted(plan.order) == sorted(operation)
    p.check_order([p.operations.index(o) for o in sequence])
    stays = {i: [r for r in plan.residencies if index[r.buffer] == i] for i in index.values()}
    for t, o in enumerate(sequence):
        present = [r for r in plan.residencies if r.first_step <= t <= r.last_step]
        assert {index[r.buffer] for r in present} >= set(o.touches)
        spans = sorted((r.address_bytes, r.address_bytes + p.buffers[index[r.buffer]].space_bytes) for r in present)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        assert all(start >= 0 and end <= capacity for start, end in spans)
        assert all(r.address_bytes % plan.alignment_bytes == 0 for r in present)
    for i, buffer in enumerate(p.buffers):
        moved = [(t.step, t.kind) for t in plan.transfers if t.buffer == buffer.name]
        assert moved == replayed(sequence, i, buffer, stays[i])
    return plan.noncompulsory_bytes


def replayed(sequence, i, buffer, stays):
    """The transfers that these stays call for, from the definitions."""
    moved, held = [], buffer.stored
    for number, stay in enumerate(stays):
        assert stay.arrival == ("retrieved" if number else "loaded" if buffer.stored else "created")
        if number:
            assert stay.first_step > stays[number - 1].last_step
        if stay.arrival != "created":
            assert held
            moved.append((stay.first_step, "load" if stay.arrival == "loaded" else "retrieve"))
        written = [t for t, o in enumerate(sequence) if i in o.writes]
        if any(stay.first_step <= t <= stay.last_step for t in written):
            held = False
        leaves = None
        if not held and (number + 1 < len(stays) or buffer.wanted):
            leaves = "store" if buffer.wanted and max(written) <= stay.last_step else "spill"
            moved.append((stay.last_step + 1, leaves))
            held = True
        assert stay.written_back == (leaves == "spill")
    return moved


def traffic(p, capacity, **options):
    """Solve, check the plan, return the bytes."""
    result = solve_program(p, capacity, **options)
    assert result.status == "optimal"
    assert result.bound_bytes == result.noncompulsory_bytes
    assert result.gap == 0
    if options.get("addresses", True):
        assert check(p, result.plan, capacity) == result.noncompulsory_bytes
    return result.noncompulsory_bytes


# --- answers worked out by hand --------------------------------------------------------------------------------------

BRANCHES = problem(
    {"x": 1, "a": 4, "a2": 1, "b": 4, "b2": 1, "y": 1},
    {"x": "> x", "a": "x > a", "b": "x > b", "a2": "a > a2", "b2": "b > b2", "y": "a2 b2 > y"},
    name="branches",
)
"""Two wide branches of which each shrinks. Best is one after the other: x a a2 b b2 y, loads 1 5 6 6 6 3. In the order
as it stands b needs 5 while a (4) waits, then a2 needs 5 while b waits."""

SKIP = problem({"s": 2, "a": 3, "b": 3, "c": 1}, {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"}, name="skip")
"""s waits while b (3) is made from a (3)."""

HALVES = problem(
    {"A": 3, "B": 3, "C": 2, "D": 1, "E": 1, "F": 3, "G": 3},
    {"0": "> A B", "1": "B > C D", "2": "C > E", "3": "D E > F", "4": "F > G"},
    name="halves",
)
"""Capacity 6. Steps 0 and 4 each fill both halves, so that B and F lie in one half exactly. C and D fill the other one
in step 1, so that E has to go to B's half in step 2 as long as D stays. In step 3 D is in one half then and E in the
other, and F needs one alone. The bytes resident never exceed 6 (6 6 4 5 6). D is the only buffer that some step of its
life doesn't touch (2), so it goes out and comes back elsewhere, for 1 + 1 byte."""


def test_a_chain_that_fits_moves_nothing():
    """x (2), a (2), b (2): two at a time, 4 bytes."""
    chain = problem({"x": 2, "a": 2, "b": 2}, {"x": "> x", "a": "x > a", "b": "a > b"})
    assert traffic(chain, 4) == 0


def test_what_waits_beside_a_full_scratchpad_is_spilled_and_retrieved_once():
    """SKIP with 6 bytes: step 2 needs a and b, 6 bytes, so s (2) goes out and comes back: 4. With 8 bytes it stays."""
    assert traffic(SKIP, 6) == 4
    assert traffic(SKIP, 8) == 0


def test_the_plan_says_what_happens_when():
    """As above: s leaves after step 1, is written with step 2, and is there again for step 3."""
    plan = solve_program(SKIP, 6).plan
    stays = {(r.buffer, r.first_step, r.last_step, r.arrival, r.written_back) for r in plan.residencies}
    assert stays == {
        ("s", 0, 1, "created", True),
        ("a", 1, 2, "created", False),
        ("b", 2, 3, "created", False),
        ("c", 3, 3, "created", False),
        ("s", 3, 3, "retrieved", False),
    }
    assert [(t.step, t.buffer, t.kind, t.size_bytes) for t in plan.transfers] == [
        (2, "s", "spill", 2),
        (3, "s", "retrieve", 2),
    ]
    assert plan.order == ("s", "a", "b", "c")
    assert plan.pools_bytes == (6,)
    assert [placement.name for placement in plan.placements] == ["s", "a", "b", "c"]


def test_the_order_of_branches_matters():
    """BRANCHES with 6 bytes: nothing in the best order; as it stands a and b each go out and come back: 4 * 4 = 16."""
    assert traffic(BRANCHES, 6) == 0
    assert traffic(BRANCHES, 6, mode="fixed", order=BRANCHES.default_order) == 16


def test_a_fixed_order_is_kept():
    result = solve_program(BRANCHES, 6, mode="fixed", order=(0, 2, 4, 1, 3, 5))
    assert result.order == (0, 2, 4, 1, 3, 5)
    assert result.plan.order == ("x", "b", "b2", "a", "a2", "y")
    assert result.noncompulsory_bytes == 0


def test_minimum_peak_footprint():
    """BRANCHES: 6 in the best order (9 as it stands, where x, a and b meet: 1 + 4 + 4)."""
    result = solve_program(BRANCHES, None, mode="peak")
    assert (result.status, result.peak_bytes, result.bound_bytes) == ("optimal", 6, 6)
    assert BRANCHES.peak_bytes(result.order) == 6
    assert BRANCHES.peak_bytes(BRANCHES.default_order) == 9
    assert result.plan is None
    assert result.noncompulsory_bytes is None


def test_a_peak_beyond_the_capacity_is_infeasible():
    result = solve_program(BRANCHES, 5, mode="peak")
    assert (result.status, result.order, result.peak_bytes, result.bound_bytes) == ("infeasible", None, None, None)


def test_addresses_force_traffic_that_the_capacity_alone_does_not():
    """See HALVES."""
    assert traffic(HALVES, 6, addresses=False) == 0
    assert traffic(HALVES, 6) == 2
    assert traffic(HALVES, 7) == 0


def test_what_has_been_away_may_come_back_elsewhere():
    """See HALVES: D can't have the address that it had, which E took or which lies in the half that F needs."""
    stays = [r for r in solve_program(HALVES, 6).plan.residencies if r.buffer == "D"]
    assert [(r.first_step, r.last_step) for r in stays] == [(1, 1), (3, 3)]
    assert stays[0].address_bytes != stays[1].address_bytes


def test_what_stays_may_not_move():
    """HALVES, but step 2 reads D too: D can't leave, and nothing can be placed."""
    stuck = problem(
        {"A": 3, "B": 3, "C": 2, "D": 1, "E": 1, "F": 3, "G": 3},
        {"0": "> A B", "1": "B > C D", "2": "C D > E", "3": "D E > F", "4": "F > G"},
    )
    result = solve_program(stuck, 6)
    assert (result.status, result.plan, result.noncompulsory_bytes, result.bound_bytes) == ("infeasible", *[None] * 3)
    assert traffic(stuck, 6, addresses=False) == 0


def test_a_copy_in_dram_is_good_for_ever():
    """s (2) has to leave for step b (3 + 3 + 2) and again for step e (3 + 3 + 2): one spill, two retrievals."""
    twice = problem(
        {"s": 2, "a": 3, "b": 3, "g": 2, "c": 3, "e": 3, "h": 2, "f": 1},
        {"s": "> s", "a": "s > a", "b": "a > b g", "c": "s b > c", "e": "c > e h", "f": "s e > f"},
    )
    assert traffic(twice, 8) == 6


# --- the guards ------------------------------------------------------------------------------------------------------


def values(program, objective):
    """The program solved for another objective: what a guard forbids can't happen whatever is wanted."""
    program.lp.setObjective(pulp.lpSum(objective))
    solution = solve(program.lp)
    assert solution.status == "optimal"
    return solution


UNRELATED = problem({"a": 1, "b": 1, "c": 1, "y": 1}, {"a": "> a", "b": "> b", "c": "> c", "y": "a b c > y"})


@pytest.mark.parametrize("t", range(4))
def test_two_operations_never_share_a_step(t):
    program = build_program(UNRELATED, 4)
    solution = values(program, [-program.run(o, t) for o in range(4)])
    assert [sum(solution.value(program.C[a, k]) for a in range(4) if (a, k) in program.C) for k in range(4)] == [1] * 4


def test_equations_1_to_7_alone_would_let_operations_share_a_step(monkeypatch):
    """Otherwise the test above would show nothing."""
    from codesign.models.scratchpad.program import guards

    monkeypatch.setattr(guards, "guard_one_operation_a_step", lambda program: None)
    program = build_program(UNRELATED, 4)
    assert values(program, [-program.run(o, 0) for o in range(4)]).objective == -3


def test_nothing_is_there_before_it_is_created():
    """A phantom in the first step would let y run before what it reads exists."""
    program = build_program(BRANCHES, 10)
    assert not any(t == 0 for family in (program.P, program.S, program.R) for _, t in family)
    stays = [variable for family in (program.P, program.R) for variable in family.values()]
    solution = values(program, [-variable for variable in stays])
    for a, t in program.P:
        if solution.value(program.P[a, t]):
            assert sum(solution.value(program.C[a, k]) for k in range(t) if (a, k) in program.C) == 1


def test_the_dead_are_not_kept():
    """P, S and R are 0 after the last use, even where keeping were rewarded."""
    program = build_program(BRANCHES, 10)
    kept = [v for family in (program.P, program.S, program.R) for v in family.values()]
    solution = values(program, [-v for v in kept])
    for (a, t), variable in [*program.P.items(), *program.S.items(), *program.R.items()]:
        if solution.value(variable):
            assert (
                sum(
                    solution.value(program.run(o, k))
                    for o in BRANCHES.touched_by[a]
                    for k in range(t, 6)
                    if not isinstance(program.run(o, k), int)
                )
                >= 1
            )


def test_the_dead_could_be_kept_without_the_guard(monkeypatch):
    """Otherwise the test above would show nothing: x's window reaches to step 4, its life may end in step 2."""
    from codesign.models.scratchpad.program import guards

    kept = {}
    for name in ("with", "without"):
        program = build_program(BRANCHES, 20)
        stays = [-v for family in (program.P, program.S, program.R) for v in family.values()]
        kept[name] = -values(program, stays).objective
        monkeypatch.setattr(guards, "guard_dead_after_last_use", lambda program: None)
    assert kept["without"] > kept["with"]


def test_pairs_that_never_meet_have_no_place_rows_and_no_collision():
    """In HALVES A is dead before C is created, whatever the order; A and B meet."""
    program = build_program(HALVES, 6)
    assert not any((a, b) == (0, 2) for a, b, _ in program.u)
    assert any((a, b) == (0, 1) for a, b, _ in program.u)


def test_sizes_are_counted_in_their_common_unit():
    """HALVES in units of 1.8 MB: 6 units, 3,600,000 bytes of traffic, and no number in the program above 6."""
    unit = 1_800_000
    large = problem(
        {b.name: b.size_bytes * unit for b in HALVES.buffers},
        {"0": "> A B", "1": "B > C D", "2": "C > E", "3": "D E > F", "4": "F > G"},
    )
    assert traffic(large, 6 * unit + 5) == 2 * unit
    program = build_program(large, 6 * unit + 5)
    largest = max(abs(c) for row in program.lp.constraints() for c in [*row.values(), row.constant])
    assert largest == 6


def test_a_small_buffer_beside_a_large_scratchpad_does_not_overlap():
    """10.8 MB and 32 bytes have 32 in common: 337,500 units, where a binary of 1e-6 is worth less than one."""
    mixed = problem(
        {"x": 32, "a": 5_400_000, "b": 5_399_936, "c": 32},
        {"x": "> x", "a": "x > a", "b": "a x > b", "c": "x b > c"},
    )
    assert traffic(mixed, 10_800_000) == 0


def test_an_operation_may_read_a_stored_buffer_in_the_step_that_loads_it():
    """Weight w (1): loaded for its only use, compulsory."""
    weighted = problem({"w": 1, "x": 1, "a": 1}, {"x": "> x", "a": "x w > a"}, stored=("w",))
    assert traffic(weighted, 3) == 0
    assert [(t.step, t.kind) for t in solve_program(weighted, 3).plan.transfers] == [(1, "load")]


# --- stored, wanted, in place ----------------------------------------------------------------------------------------

WAIT = {"w": 2, "a": 3, "b": 3, "c": 1}


def test_a_stored_buffer_is_dropped_for_nothing_and_retrieved_at_a_cost():
    """SKIP with s from DRAM: only the retrieval, 2, is charged; created by a step of its own, as in the paper, 4."""
    stored = problem(WAIT, {"a": "w > a", "b": "a > b", "c": "w b > c"}, stored=("w",))
    assert traffic(stored, 6) == 2
    kinds = [(t.step, t.kind) for t in solve_program(stored, 6).plan.transfers]
    assert kinds == [(0, "load"), (2, "retrieve")]
    assert traffic(problem(WAIT, {"w": "> w", "a": "w > a", "b": "a > b", "c": "w b > c"}), 6) == 4


def test_writing_back_a_wanted_buffer_is_compulsory():
    """SKIP with s an output: it has to be written anyway, so only the retrieval, 2, is charged; written once."""
    wanted = problem(WAIT, {"w": "> w", "a": "w > a", "b": "a > b", "c": "w b > c"}, wanted=("w",))
    assert traffic(wanted, 6) == 2
    assert [(t.step, t.kind) for t in solve_program(wanted, 6).plan.transfers] == [(2, "store"), (3, "retrieve")]


def test_a_wanted_buffer_that_stays_is_written_at_the_end():
    wanted = problem({"x": 1, "y": 1}, {"x": "> x", "y": "x > y"}, wanted=("y",))
    plan = solve_program(wanted, 2).plan
    assert [(t.step, t.buffer, t.kind) for t in plan.transfers] == [(2, "y", "store")]
    assert plan.noncompulsory_bytes == 0


IN_PLACE = {"w": "> w", "a": "w > a", "b": "a > b g", "+": "w b > w d", "e": "d > e h", "f": "w e > f"}


@pytest.mark.parametrize(
    ("operations", "known", "expected"),
    [
        pytest.param(IN_PLACE, {}, 8, id="changed: two versions, each spilled and retrieved"),
        pytest.param(IN_PLACE, {"stored": ("w",)}, 6, id="changed: DRAM has the first version from the start"),
        pytest.param(IN_PLACE, {"wanted": ("w",)}, 6, id="changed: the last version has to be written anyway"),
        pytest.param(IN_PLACE, {"stored": ("w",), "wanted": ("w",)}, 4, id="changed: both"),
    ],
)
def test_a_change_in_place_makes_the_copy_in_dram_stale(operations, known, expected):
    """w (2) has to leave twice: steps b and e fill the 8 bytes alone. Between the two, step + changes it."""
    if "stored" in known:
        operations = {name: text for name, text in operations.items() if name != "w"}
    sizes = {"w": 2, "a": 3, "b": 3, "g": 2, "d": 3, "e": 3, "h": 2, "f": 1}
    assert traffic(problem(sizes, operations, **known), 8) == expected


def test_parts_written_side_by_side_may_come_in_any_order():
    """Steps 1 and 2 write parts of y (2) that z reads. The better order, 2 before p is made, keeps within 5 bytes."""
    sizes = {"p": 3, "q": 3, "y": 2, "z": 1}
    made = problem(sizes, {"p": "> p", "q": "> q", "1": "p > y", "2": "q > y", "z": "y > z"})
    waits_for = {"p": (), "q": (), "1": (0,), "2": (1,), "z": (2, 3)}
    operations = [Operation(o.name, o.reads, o.writes, waits_for[o.name]) for o in made.operations]
    parts = Problem("parts", made.buffers, tuple(operations))
    assert traffic(parts, 5) == 0
    assert traffic(parts, 5, mode="fixed", order=(1, 3, 0, 2, 4)) == 0
    assert traffic(parts, 5, mode="fixed", order=(0, 2, 1, 3, 4)) == 0


# --- equation by equation --------------------------------------------------------------------------------------------

SIZES = {"w": 2, "a": 3, "b": 3, "g": 2, "d": 3, "e": 3, "h": 2, "f": 1}
WITHOUT_LOAD = {name: text for name, text in IN_PLACE.items() if name != "w"}
SHARED = problem(
    {"w": 1, "x": 1, "p": 1, "q": 1},
    {"make": "w > x", "change": "w x > x", "left": "w > p", "right": "w > q"},
    stored=("w",),
    wanted=("x",),
    name="shared",
)
LONG = {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c", "d": "s c > d", "e": "d > e", "f": "s e > f"}
CASES = {
    "branches": (BRANCHES, 9),
    "skip": (SKIP, 8),
    "siblings": (
        problem({"x": 1, "a": 1, "b": 2, "y": 1}, {"x": "> x", "ab": "x > a b", "z": "> y", "y": "a b y > "}),
        6,
    ),
    "halves": (HALVES, 8),
    "in place": (problem(SIZES, IN_PLACE), 8),
    "stored": (problem(SIZES, WITHOUT_LOAD, stored=("w",)), 8),
    "wanted": (problem(SIZES, IN_PLACE, wanted=("w",)), 8),
    "shared": (SHARED, 4),
    "long": (problem(dict.fromkeys("sabcdef", 1), LONG), 4),
    "only order": (
        problem(
            {"w": 1, "p": 1, "q": 1, "y": 1, "z": 1},
            {"before": "w > p", "+": "w > w", "after": "w > q", "y": "> y", "z": "> z"},
            stored="w",
        ),
        3,
    ),
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", CASES)
def test_every_equation_holds_whatever_is_wanted(name, seed):
    """A random objective drives the variables to where only the equations stop them."""
    case, capacity = CASES[name]
    program = build_program(case, capacity)
    chance = random.Random(seed)
    families = [program.C, program.E, program.P, program.S, program.R, program.K]
    everything = [variable for family in families for variable in family.values()]
    solution = values(program, [chance.randint(-9, 6) * variable for variable in everything])
    hold_equations(case, capacity, Values(program, solution))


class Values:
    """What the variables of a solved program are, 0 where there is none."""

    def __init__(self, program, solution):
        self.program, self.solution, self.steps = program, solution, program.steps

    def __getattr__(self, family):
        return lambda *index: self.solution.values.get(getattr(getattr(self.program, family).get(index), "name", ""), 0)

    def resident(self, a, t):
        return self.C(a, t) + self.P(a, t) + self.R(a, t)

    def running(self, t):
        return [o for o in self.steps if self.solution.value(pulp.lpSum([self.program.run(o, t)]))]


def hold_equations(case, capacity, v):
    """Assert what Eq. 1 to 11 and the extension mean, on whole values."""
    assert all(len(v.running(t)) == 1 for t in v.steps)
    order = [v.running(t)[0] for t in v.steps]
    case.check_order(order)
    for a, buffer in enumerate(case.buffers):
        writes = [t for t in v.steps if a in case.operations[order[t]].writes]
        touched = [t for t in v.steps if a in case.touches[order[t]]]
        assert [t for t in v.steps if v.C(a, t)] == touched[:1]
        copy = buffer.stored
        for t in v.steps:
            assert v.resident(a, t) + v.S(a, t) <= 1
            assert v.resident(a, t) == 1 or t not in touched
            assert not (v.P(a, t) or v.S(a, t)) or v.resident(a, t - 1)
            assert not v.R(a, t) or (copy and t in touched)
            assert not v.S(a, t) or not (copy if v.program.is_plain(a) else v.K(a, t - 1))
            assert not v.P(a, t) or t <= touched[-1]
            copy = bool(copy or v.S(a, t)) and t not in writes
            assert not v.K(a, t) or copy
            if v.P(a, t):
                assert v.L(a, t) == v.L(a, t - 1)
    for t in v.steps:
        present = [a for a in range(len(case.buffers)) if v.resident(a, t)]
        unit = v.program.units.space_bytes
        spans = sorted((v.L(a, t) * unit, v.L(a, t) * unit + case.buffers[a].space_bytes) for a in present)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        assert not spans or spans[-1][1] <= capacity


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_capacity_below_the_largest_operation_is_refused():
    with pytest.raises(
        ProblemError, match=r"skip: operation 'b' alone needs 6 bytes of scratchpad \(M_R\), found .* 5"
    ):
        solve_program(SKIP, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "best"}, "mode must be 'free', 'fixed' or 'peak', found 'best'"),
        ({"mode": "fixed"}, "an order is needed in mode 'fixed'"),
        ({"order": (0, 1, 2, 3)}, "an order is needed in mode 'fixed', and only there; mode is 'free'"),
        ({"mode": "fixed", "order": (0, 2, 1, 3)}, "runs 'b' before 'a'"),
        ({"mode": "fixed", "order": (0, 1)}, "names each of the 4 operations once"),
        ({"alignment_bytes": 2}, "buffer 'a', 3 bytes, is no multiple of the alignment 2"),
        ({"alignment_bytes": 0}, "alignment_bytes must be at least 1"),
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(arguments, message):
    with pytest.raises(ProblemError, match=message):
        solve_program(SKIP, 8, **arguments)


def test_a_mode_with_traffic_needs_a_capacity():
    with pytest.raises(ProblemError, match="mode 'free' needs a capacity"):
        solve_program(SKIP, None)


def test_a_buffer_out_of_nowhere_is_refused():
    nowhere = problem({"x": 1, "y": 1}, {"y": "x > y"})
    with pytest.raises(ProblemError, match="operation 'y' reads the buffer 'x', which no operation writes first"):
        solve_program(nowhere, 2)


def test_nothing_to_schedule_is_refused():
    with pytest.raises(ProblemError, match="no operations to schedule"):
        solve_program(Problem("empty", (), ()), 1)


def test_without_time_there_is_no_answer_but_a_bound():
    result = solve_program(BRANCHES, 6, time_limit_s=0)
    assert (result.status, result.order, result.plan, result.bound_bytes) == ("timeout", None, None, 0)
    assert result.gap == float("inf")


def test_alignment_is_kept():
    """Multiples of 4: any address is one too."""
    aligned = problem({"x": 8, "a": 4, "b": 12}, {"x": "> x", "a": "x > a", "b": "a x > b"})
    plan = solve_program(aligned, 26, alignment_bytes=4).plan
    assert plan.alignment_bytes == 4
    assert all(r.address_bytes % 4 == 0 for r in plan.residencies)


def test_cbc_agrees():
    assert traffic(SKIP, 6, solver="cbc") == 4
    assert traffic(HALVES, 6, solver="cbc") == 2


def test_the_program_has_the_variables_of_the_paper():
    """SKIP, order fixed, 6 bytes. Windows: s 0-3, a 1-2, b 2-3, c 3. P, S and R: one for each step of a window but the
    first, 3 + 1 + 1 = 5. L: 4 + 2 + 2 + 1 = 9. V as P. Pairs that meet: s-a 2 steps, s-b 2, s-c 1, a-b 1, b-c 1."""
    program = build_program(SKIP, 6, mode="fixed", order=(0, 1, 2, 3))
    assert [len(family) for family in (program.P, program.S, program.R, program.V)] == [5, 5, 5, 5]
    assert len(program.L) == 9
    assert len(program.u) == len(program.d) == 7
    assert set(program.C.values()) == {1}
    assert not program.E
    assert not program.K
    assert not program.Q


# --- against brute force ---------------------------------------------------------------------------------------------


def random_problem(chance, most, largest, *, extended):
    """2 to ``most`` operations, buffers of 1 to ``largest`` bytes; ``extended``: also stored, wanted and in place."""
    sizes, stored, wanted, made = [], set(), set(), []
    count = chance.randint(2, most)

    def new_buffer(**about):
        sizes.append(chance.randint(1, largest))
        stored.update({len(sizes) - 1} if about.get("stored") else ())
        wanted.update({len(sizes) - 1} if extended and chance.random() < 0.25 else ())
        return len(sizes) - 1

    present = [new_buffer(stored=True) for _ in range(chance.randint(0, 2) if extended else 0)]
    for number in range(count):
        reads = chance.sample(present, min(len(present), chance.randint(1, 2)))
        writes = {chance.choice(reads)} if extended and reads and chance.random() < 0.3 else set()
        if not writes or chance.random() < 0.3:
            writes |= {new_buffer() for _ in range(chance.choice([1, 1, 1, 2]))}
        before = predecessors_in(made, reads, writes)
        made.append(Operation(f"o{number}", tuple(sorted(reads)), tuple(sorted(writes)), before))
        present += sorted(writes - set(present))
    buffers = [Buffer(f"b{i}", (), size, size, i in stored, i in wanted) for i, size in enumerate(sizes)]
    return Problem("random", tuple(buffers), tuple(made))


def agree_with_brute_force(chance, most, largest, *, extended):
    case = random_problem(chance, most, largest, extended=extended)
    capacity = case.minimum_bytes + chance.choice([0, 0, 1, 2])
    order = chance.choice(list(orders(case)))
    for options in ({}, {"addresses": False}, {"mode": "fixed", "order": order}):
        expected = cheapest(case, capacity, options.get("order"), options.get("addresses", True))
        if expected is None:
            assert solve_program(case, capacity, **options).status == "infeasible"
        else:
            assert traffic(case, capacity, **options) == expected
    peak = solve_program(case, None, mode="peak")
    assert peak.peak_bytes == case.peak_bytes(peak.order) == min(map(case.peak_bytes, orders(case)))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), extended=st.booleans())
def test_agrees_with_brute_force(seed, extended):
    agree_with_brute_force(random.Random(seed), 4, 2, extended=extended)


@pytest.mark.slow
@pytest.mark.parametrize("extended", [False, True])
def test_agrees_with_brute_force_at_length(extended):
    chance = random.Random(2311)
    for _ in range(200):
        agree_with_brute_force(chance, 5, 2, extended=extended)


@pytest.mark.parametrize("name", ["branches", "skip", "halves"])
def test_brute_force_knows_the_answers_worked_out_by_hand(name):
    case, capacity, expected = {"branches": (BRANCHES, 6, 0), "skip": (SKIP, 6, 4), "halves": (HALVES, 6, 2)}[name]
    assert cheapest(case, capacity) == expected
