"""Transfers during computation: the program against every choice there is, and the plan against the program."""

from itertools import product
from random import Random

import pytest

from codesign.models.scratchpad.assembly import Memory, assemble
from codesign.models.scratchpad.fastest import place_fastest
from codesign.models.scratchpad.overlap import Machine, fastest_drops, latency_cycles
from codesign.models.scratchpad.placing import place
from codesign.models.scratchpad.residency import Timeline
from tests.models.scratchpad import brute_force
from tests.models.scratchpad.graphs import capacity_between, make_problem, random_problem
from tests.models.scratchpad.test_placing import lies_well

WEIGHT = 1e-5
"""What the program may add to a latency to decide between plans of equal latency, relative to all transfers."""
SKIP = make_problem({"s": 2, "a": 3, "b": 3, "c": 1}, {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c"})


def fastest(problem, capacity, machine):
    """Return the latency of the traffic plan, of the fast plan, and what the program says."""
    timeline = Timeline(problem, problem.default_order)
    traffic = place(timeline, capacity, time_limit_s=60)
    fast = place_fastest(traffic, capacity, machine, time_limit_s=60)
    lies_well(fast, capacity)
    plans = [assemble(placed, Memory((capacity,))) for placed in (traffic, fast)]
    assert plans[1].noncompulsory_bytes == fast.noncompulsory_bytes
    latencies = [latency_cycles(problem, timeline.order, plan, machine) for plan in plans]
    return *latencies, fastest_drops(timeline, capacity, machine)


def test_an_operation_takes_its_macs_or_the_words_that_it_writes():
    problem = make_problem({"x": 6, "y": 4}, {"x": "> x", "y": "x > y"})
    assert list(Machine(2.0, 1.0).compute_cycles(problem, (0, 1))) == [3, 2]


def test_transfers_next_to_their_use_are_exposed():
    """SKIP in 6 bytes: compute 2 + 3 + 3 + 1, and s goes out and in, 2 + 2 bytes at 1 a cycle."""
    timeline = Timeline(SKIP, SKIP.default_order)
    plan = assemble(place(timeline, 6, time_limit_s=10), Memory((6,)))
    assert latency_cycles(SKIP, timeline.order, plan, Machine(1.0, 1.0)) == 9 + 4


def test_a_load_runs_during_the_step_before():
    """w (2) is loaded while x is made, if there is room for both: x 1, w 2, y 1."""
    problem = make_problem({"x": 1, "w": 2, "y": 1}, {"x": "> x", "y": "x w > y"}, stored=("w",))
    slow, fast, choice = fastest(problem, 4, Machine(1.0, 2.0))
    assert (slow, fast) == (1 + 1 + 1, 1 + 1)
    assert choice.early_loads == {1}


def test_a_store_runs_during_the_step_after():
    """y (2) is stored while z is made."""
    problem = make_problem({"x": 1, "y": 2, "z": 4}, {"y": "> y", "z": "> z"}, wanted=("y",))
    slow, fast, choice = fastest(problem, 6, Machine(1.0, 1.0))
    assert (slow, fast) == (2 + 4 + 2, 2 + 4)
    assert choice.late_stores == {1}


def test_without_room_nothing_overlaps():
    problem = make_problem({"y": 2, "z": 4}, {"y": "> y", "z": "> z"}, wanted=("y",))
    slow, fast, _ = fastest(problem, 4, Machine(1.0, 1.0))
    assert slow == fast == 8


def test_a_transfer_longer_than_the_computation_makes_it_wait():
    """y (6) goes out during z (4 cycles): 6 cycles."""
    problem = make_problem({"y": 6, "z": 4}, {"y": "> y", "z": "> z"}, wanted=("y",))
    slow, fast, _ = fastest(problem, 10, Machine(1.0, 1.0))
    assert (slow, fast) == (6 + 4 + 6, 6 + 6)


def test_an_output_dropped_in_between_is_stored_then():
    """s of SKIP is an output: written once, when it is dropped. Nothing is left to be stored during d.

    Compute 2 + 3 + 3 + 1 + 4, s out and in 2 + 2; s can neither go out late nor come in early beside a and b.
    """
    problem = make_problem(
        {"s": 2, "a": 3, "b": 3, "c": 1, "d": 4},
        {"s": "> s", "a": "s > a", "b": "a > b", "c": "s b > c", "d": "c > d"},
        wanted=("s",),
    )
    slow, fast, choice = fastest(problem, 7, Machine(1.0, 1.0))
    assert slow == fast == 13 + 4
    assert choice.latency_cycles == pytest.approx(fast, rel=WEIGHT)


def least_latency(problem, capacity, machine):
    """The least latency over all choices: each gap kept, or dropped with its ends early and late or not; ends alike.

    Written from the definitions, with a step's transfers counted as the plan would make them.
    """
    order = problem.default_order
    gaps = brute_force.gaps_of(problem, order)
    touches = brute_force.touches_of(problem, order)
    compute = machine.compute_cycles(problem, order)
    choices = [[None] if g.is_empty else [None, *product((0, 1), repeat=2)] for g in gaps]
    ends = [list(product((0, 1), repeat=2)) if t else [(0, 0)] for t in touches]
    best = None
    for picked in product(*choices):
        for stretched in product(*ends):
            found = _latency(problem, capacity, compute, machine, (gaps, touches), (picked, stretched))
            if found is not None and (best is None or found < best):
                best = found
    return best


def _latency(problem, capacity, compute, machine, given_problem, chosen):
    (gaps, touches), (picked, stretched) = given_problem, chosen
    steps = len(compute)
    load, during, exposed = [0] * steps, [0] * steps, 0
    for b, touching in enumerate(touches):
        if not touching:
            continue
        buffer = problem.buffers[b]
        mine = [(g, p) for g, p in zip(gaps, picked, strict=True) if g.buffer == b]
        early, late = stretched[b]
        versions = sum(written for _, written in touching)
        first, last = touching[0][0], touching[-1][0]
        in_dram = {0} if buffer.stored else set()
        if early and (first == 0 or not buffer.stored):
            return None
        start = first - early
        if buffer.stored:
            during[start] += buffer.size_bytes * early
            exposed += buffer.size_bytes * (1 - early)
        for gap, pick in mine:
            if pick is None:
                continue
            comes_early, goes_late = pick
            end, again = gap.first + goes_late, gap.last - comes_early
            if end >= again:
                return None
            if gap.version in in_dram:
                if goes_late:
                    return None
            elif goes_late:
                during[end] += buffer.size_bytes
            else:
                exposed += buffer.size_bytes
            in_dram.add(gap.version)
            for t in range(start, end + 1):
                load[t] += buffer.space_bytes
            start = again
            during[again] += buffer.size_bytes * comes_early
            exposed += buffer.size_bytes * (1 - comes_early)
        stores = buffer.wanted and versions not in in_dram and versions > 0
        if late and (not stores or last + 1 == steps):
            return None
        if stores:
            during[min(last + 1, steps - 1)] += buffer.size_bytes * late
            exposed += buffer.size_bytes * (1 - late)
        for t in range(start, last + late + 1):
            load[t] += buffer.space_bytes
    if max(load) > capacity:
        return None
    rate = machine.dram_bytes_per_cycle
    return sum(max(c, d / rate) for c, d in zip(compute, during, strict=True)) + exposed / rate


def drawn_machine(chance):
    return Machine(chance.choice((1.0, 4.0)), chance.choice((0.5, 1.0, 4.0)))


def agrees_with_program(chance, most=8):
    """The plan's latency is what the program says and never more than the traffic plan's; True where it is less."""
    problem = random_problem(chance, most=most)
    capacity = capacity_between(chance, problem)
    slow, fast, choice = fastest(problem, capacity, drawn_machine(chance))
    assert fast <= slow * (1 + WEIGHT)
    assert fast == pytest.approx(choice.latency_cycles, rel=WEIGHT)
    assert choice.bound_cycles <= choice.latency_cycles * (1 + WEIGHT)
    return fast < slow


def test_the_plan_takes_as_long_as_the_program_says():
    assert sum(agrees_with_program(Random(seed)) for seed in range(300)) > 100


@pytest.mark.slow
def test_the_plan_takes_as_long_as_the_program_says_at_length():
    assert sum(agrees_with_program(Random(seed)) for seed in range(4000)) > 1500


def compare_with_all_choices(seeds):
    compared = 0
    for seed in seeds:
        chance = Random(seed)
        problem = random_problem(chance, most=5, largest=4)
        timeline = Timeline(problem, problem.default_order)
        if sum(gap.steps > 0 for gap in timeline.gaps) > 3 or len(problem.buffers) > 5:
            continue
        capacity, machine = capacity_between(chance, problem), drawn_machine(chance)
        choice = fastest_drops(timeline, capacity, machine)
        assert choice.latency_cycles == pytest.approx(least_latency(problem, capacity, machine), rel=WEIGHT)
        compared += 1
    return compared


def test_no_choice_is_faster():
    assert compare_with_all_choices(range(150)) > 30


@pytest.mark.slow
def test_no_choice_is_faster_at_length():
    assert compare_with_all_choices(range(2000)) > 400
