"""From network to checked plan, with every option: on random networks, and what can't be combined."""

import math
from random import Random

import pytest

from codesign.models.scratchpad.banks import place_in_pools
from codesign.models.scratchpad.overlap import Machine
from codesign.models.scratchpad.placing import PlacementError
from codesign.models.scratchpad.planning import Options, plan_network, prepare
from codesign.models.scratchpad.preparation import PAPER, Accounting
from codesign.models.scratchpad.problem import ProblemError
from codesign.models.scratchpad.schedule import CapacityError
from codesign.workloads.builder import NetworkBuilder
from tests.models.scratchpad import checker_machine
from tests.models.scratchpad.graphs import random_network

SLOW_DRAM = Machine(4.0, 1.0)


def net_of(*kinds, width=4):
    """A chain of element-wise operators and mixtures."""
    net, source = NetworkBuilder("chain"), "x"
    net.input("x", 1, width)
    for number, kind in enumerate(kinds):
        source = net.operator(kind, [source], (1, width), name=f"t{number}")
    return net.build(source)


def planned(network, capacity, **options):
    """The plan, which the checker has passed; its bytes are those that were promised."""
    made = plan_network(network, capacity, Options(**options))
    assert made.report.passed
    assert made.report.noncompulsory_bytes == made.plan.noncompulsory_bytes == made.schedule.noncompulsory_bytes
    assert made.report.offchip_bytes == made.plan.offchip_bytes == made.schedule.offchip_bytes
    assert made.report.peak_used_bytes <= capacity
    assert made.schedule.bound_bytes <= made.schedule.offchip_bytes
    return made


def drawn_accounting(chance, *, views=True, paper=True):
    return Accounting(
        weights=chance.random() < 0.5,
        sources_stored=not paper or chance.random() < 0.7,
        in_place=chance.random() < 0.5,
        views=views and chance.random() < 0.5,
        alignment_bytes=chance.choice((1, 1, 2, 4)),
    )


def drawn(seed, **options):
    """A network, an accounting, whether to fuse, and a capacity between M_R and the peak of the default order."""
    chance = Random(seed)
    network, accounting = random_network(chance), drawn_accounting(chance, **options)
    fuse = chance.random() < 0.3
    problem = prepare(network, 10**6, Options(accounting=accounting, fuse=fuse))[1]
    least, most = problem.minimum_bytes, problem.peak_bytes(problem.default_order)
    return chance, network, {"accounting": accounting, "fuse": fuse}, chance.choice((least, most, (least + most) // 2))


class Follower(checker_machine.Machine):
    """Follows a plan word for word; what only moves words is copied where it is no view."""

    def execute(self, operator):
        if operator.kind not in ("concat", "reshape", "split"):
            super().execute(operator)
            return
        words = [self.memory[address] for name in operator.inputs for address in self.bytes_of(name)]
        places = [address for name in operator.outputs for address in self.bytes_of(name)]
        self.memory.update(zip(places, words, strict=True))


# --- random networks -------------------------------------------------------------------------------------------------

SEEDS = range(150)
MANY = range(1000, 3000)


def plans_are_right(seeds):
    """Every plan passes the checker, and where sources are stored a machine that follows it gets the right words."""
    executed = costly = 0
    for seed in seeds:
        chance, network, options, capacity = drawn(seed)
        made = planned(network, capacity, order=chance.choice(("default", "search")), **options)
        costly += made.schedule.noncompulsory_bytes > 0
        accounting = options["accounting"]
        if accounting.sources_stored and not accounting.weights and not options["fuse"]:
            assert Follower(network, made.plan).run() == checker_machine.right_outputs(network)
            executed += 1
    return executed, costly


def banks_are_right(seeds):
    divided = 0
    for seed in seeds:
        chance, network, options, capacity = drawn(seed)
        banks = chance.choice((2, 3))
        whole = planned(network, 2 * capacity, order="default", **options)
        made = planned_or_refused(network, 2 * capacity, order="default", banks=banks, **options)
        if made is None:
            continue
        assert made.plan.pools_bytes == (2 * capacity // banks,) * banks
        assert made.schedule.offchip_bytes >= whole.schedule.bound_bytes
        divided += 1
    return divided


def planned_or_refused(network, capacity, **options):
    """The plan, or None where a buffer is larger than a bank or no assignment to the banks exists."""
    try:
        return planned(network, capacity, **options)
    except (ProblemError, PlacementError) as error:
        if "a bank has" in str(error) or "no assignment exists" in str(error):
            return None
        raise


def recomputation_is_right(seeds):
    repeated = 0
    for seed in seeds:
        chance, network, options, capacity = drawn(seed)
        price = chance.choice((0.0, 0.1, 1.0))
        without = planned(network, capacity, order="default", **options)
        made = planned(network, capacity, order="default", recompute_bytes_per_mac=price, **options)
        cost = made.schedule.noncompulsory_bytes + price * made.repeated_macs
        assert cost <= without.schedule.noncompulsory_bytes + 1e-9
        repeated += len(made.plan.order) > len(without.plan.order)
    return repeated


def latency_is_right(seeds):
    faster = 0
    for seed in seeds:
        _, network, options, capacity = drawn(seed)
        least = planned(network, capacity, order="default", machine=SLOW_DRAM, **options)
        made = planned(network, capacity, order="default", machine=SLOW_DRAM, goal="latency", **options)
        assert made.latency_cycles <= least.latency_cycles * (1 + 1e-5)
        assert made.schedule.noncompulsory_bytes >= least.schedule.noncompulsory_bytes
        faster += made.latency_cycles < least.latency_cycles
    return faster


def test_plans_of_random_networks_are_right():
    executed, costly = plans_are_right(SEEDS)
    assert executed > 20
    assert costly > 10


def test_plans_with_banks_are_right():
    assert banks_are_right(SEEDS) > 40


def test_plans_with_recomputation_are_right():
    assert recomputation_is_right(SEEDS) > 3


def test_plans_for_latency_are_right():
    assert latency_is_right(SEEDS) > 30


@pytest.mark.slow
@pytest.mark.parametrize("check", [plans_are_right, banks_are_right, recomputation_is_right, latency_is_right])
def test_many_plans_are_right(check):
    assert check(MANY)


# --- options ---------------------------------------------------------------------------------------------------------


def test_in_place_needs_less_memory():
    """Every operator of mix, relu, relu needs 8 bytes; the relus 4 in place."""
    network = net_of("mix", "relu", "relu")
    assert prepare(network, 100, Options())[1].needs_bytes == (8, 8, 8)
    assert prepare(network, 100, Options(accounting=Accounting(in_place=True)))[1].needs_bytes == (8, 4, 4)
    assert planned(network, 8, accounting=Accounting(in_place=True)).schedule.compulsory_bytes == 8


def test_fused_activations_need_no_step():
    made = planned(net_of("mix", "relu", "mix"), 8, fuse=True)
    assert made.plan.order == ("t0", "t2")


def test_one_bank_is_no_bank():
    network = random_network(Random(7))
    problem = prepare(network, 10**6, Options())[1]
    one = planned(network, problem.minimum_bytes, banks=1, order="default")
    assert one.plan == planned(network, problem.minimum_bytes, order="default").plan
    pooled = place_in_pools(one.schedule.placed.timeline, [problem.minimum_bytes], time_limit_s=10)
    assert pooled.placed.noncompulsory_bytes == one.schedule.noncompulsory_bytes


def test_seeds_are_handed_on():
    with pytest.raises(ProblemError, match="chain: the order runs 't1' before 't0', which it waits for"):
        plan_network(net_of("mix", "mix"), 100, Options(), seeds=[(1, 0)])


def test_sources_are_not_made_again_in_the_papers_accounting():
    """x (4) waits while wide things are made; its step has no MACs, but it can't be done again."""
    net = NetworkBuilder("waiting")
    net.input("x", 1, 4)
    net.operator("mix", ["x"], (1, 4), name="a")
    net.operator("mix", ["a"], (1, 8), name="b")
    net.operator("mix", ["b"], (1, 8), name="c")
    net.operator("mix", ["c", "x"], (1, 4), name="y")
    made = planned(net.build("y"), 16, order="default", accounting=PAPER, recompute_bytes_per_mac=0.0)
    assert made.plan.order == ("load x", "a", "b", "c", "y")
    assert made.schedule.noncompulsory_bytes == 8


def untouched():
    """x (16) is an input that nothing but a reshape reads: an output under another shape. y (2) is made from z (2)."""
    net = NetworkBuilder("untouched")
    net.input("x", 1, 16)
    net.input("z", 1, 2)
    net.reshape("x", 16, 1, name="seen")
    net.operator("mix", ["z"], (1, 2), name="y")
    return net.build("seen", "y")


def test_what_is_never_touched_needs_no_room():
    made = planned(untouched(), 4, accounting=Accounting(views=True))
    assert made.schedule.offchip_bytes == 4


def test_what_is_never_touched_has_a_place():
    assert planned(untouched(), 16, accounting=Accounting(views=True)).plan.views == ("seen",)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"banks": 2, "goal": "latency"}, "banks = 2 and goal = latency can't be combined"),
        ({"banks": 2, "recompute_bytes_per_mac": 0.0}, "banks = 2 and recompute_bytes_per_mac can't be combined"),
        ({"goal": "latency", "recompute_bytes_per_mac": 1.0}, "recompute_bytes_per_mac and goal = latency can't be"),
        ({"banks": 0}, "banks must be at least 1, found 0"),
        ({"most_stripes": 0}, "most_stripes must be at least 1, found 0"),
        ({"width": 0}, "width must be at least 1, found 0"),
        ({"time_limit_s": 0.0}, "time_limit_s must be above 0, found 0.0"),
        ({"time_limit_s": math.nan}, "time_limit_s must be above 0, found nan"),
    ],
)
def test_options_that_are_wrong(options, message):
    with pytest.raises(ProblemError, match=message):
        Options(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "best"}, "order .*'best'"),
        ({"goal": "speed"}, "goal .*'speed'"),
        ({"recompute_bytes_per_mac": math.nan}, "nan"),
        ({"recompute_bytes_per_mac": -1.0}, "negative"),
        ({"banks": 1.5}, "banks .*1.5"),
    ],
)
def test_options_that_have_no_meaning(options, message):
    with pytest.raises(ProblemError, match=message):
        Options(**options)


@pytest.mark.parametrize("rates", [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (math.nan, 1.0)])
def test_a_machine_that_does_nothing(rates):
    with pytest.raises(ProblemError, match="above 0"):
        Machine(*rates)


def test_a_capacity_below_the_minimum():
    with pytest.raises(CapacityError, match=r"chain: .* 1.00 KiB is smaller than M_R = 2.00 KiB, which .* 't0' needs"):
        plan_network(net_of("mix", "mix", width=1024), 1024, Options())


def test_a_bank_that_is_too_small():
    with pytest.raises(ProblemError, match=r"chain: 'x' takes 1.00 KiB; a bank has 0.67 KiB, and no buffer may reach"):
        plan_network(net_of("mix", width=1024), 2048, Options(banks=3))


def test_banks_that_leave_no_assignment():
    """Three buffers of 4 in two banks of 6."""
    net = NetworkBuilder("three")
    net.input("x", 1, 4)
    net.input("z", 1, 4)
    net.add("x", "z", name="y")
    with pytest.raises(PlacementError, match=r"three: pools of \[6, 6\] bytes: no assignment exists"):
        plan_network(net.build("y"), 12, Options(banks=2))


def test_a_negative_price():
    with pytest.raises(ProblemError, match="must not be negative, found -1"):
        plan_network(net_of("mix", "mix"), 8, Options(recompute_bytes_per_mac=-1))
