"""Which tensors share memory, and the scheduling problem of a network."""

from itertools import combinations
from random import Random

import pytest

from codesign.models.scratchpad.preparation import PAPER, Accounting, problem_of
from codesign.models.scratchpad.problem import ProblemError
from codesign.models.scratchpad.storage import Storage
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.graph import Network
from tests.models.scratchpad.graphs import random_network


def storage(network, *, views=False, in_place=False):
    return Storage(network, network.tensors, views=views, in_place=in_place)


def network_of(build, *outputs):
    net = NetworkBuilder("small")
    net.input("x", 1, 4)
    build(net)
    return net.build(*outputs)


def mixed(net, source, name, width=4):
    return net.operator("mix", [source], (1, width), name=name)


def test_without_options_each_tensor_has_a_buffer():
    network = network_of(lambda net: net.reshape(mixed(net, "x", "a"), 4, 1, name="y"), "y")
    assert storage(network).buffers() == {name: (((name, 0),), 4) for name in ("x", "a", "y")}


# --- in place --------------------------------------------------------------------------------------------------------


def shares(network, first, second, **options):
    found = storage(network, **options)
    return found.buffer_of(first) == found.buffer_of(second)


def test_an_element_wise_operator_writes_over_what_nothing_else_reads():
    network = network_of(lambda net: net.elementwise("relu", mixed(net, "x", "a"), name="y"), "y")
    assert shares(network, "a", "y", in_place=True)
    assert not shares(network, "a", "y")


def test_not_over_an_input_of_the_network():
    network = network_of(lambda net: net.elementwise("relu", "x", name="y"), "y")
    assert not shares(network, "x", "y", in_place=True)


def test_not_over_an_output_of_the_network():
    network = network_of(lambda net: net.elementwise("relu", mixed(net, "x", "a"), name="y"), "a", "y")
    assert not shares(network, "a", "y", in_place=True)


def test_not_over_what_something_else_reads():
    def build(net):
        net.elementwise("relu", mixed(net, "x", "a"), name="y")
        mixed(net, "a", "z")

    assert not shares(network_of(build, "y", "z"), "a", "y", in_place=True)


def test_not_where_words_depend_on_all_words():
    network = network_of(lambda net: net.elementwise("softmax", mixed(net, "x", "a"), name="y"), "y")
    assert not shares(network, "a", "y", in_place=True)


def test_an_addition_takes_the_first_that_it_may():
    """a is read again, so b is written over."""

    def build(net):
        mixed(net, "x", "a")
        mixed(net, "x", "b")
        net.add("a", "b", name="y")
        mixed(net, "a", "z")

    network = network_of(build, "y", "z")
    assert shares(network, "b", "y", in_place=True)
    assert not shares(network, "a", "y", in_place=True)


def test_not_over_a_smaller_one_that_is_broadcast():
    def build(net):
        net.input("row", 1, 1)
        net.elementwise("multiply", mixed(net, "row", "a", 1), "x", name="y")

    assert not shares(network_of(build, "y"), "a", "y", in_place=True)


def test_not_over_what_is_seen_under_another_name():
    """The relu reads a reshaped; z reads a itself."""

    def build(net):
        net.elementwise("relu", net.reshape(mixed(net, "x", "a"), 4, 1, name="turned"), name="y")
        mixed(net, "a", "z")

    network = network_of(build, "y", "z")
    assert shares(network, "a", "turned", views=True, in_place=True)
    assert not shares(network, "turned", "y", views=True, in_place=True)


# --- views -----------------------------------------------------------------------------------------------------------


def test_a_reshape_is_a_view():
    found = storage(network_of(lambda net: net.reshape(mixed(net, "x", "a"), 4, 1, name="y"), "y"), views=True)
    assert found.views == ["y"]
    assert found.buffers()["a"] == ((("a", 0), ("y", 0)), 4)


def concatenation(net, name="y"):
    mixed(net, "x", "a", 2)
    mixed(net, "x", "b", 4)
    net.concat(["a", "b"], name=name)


def test_parts_of_a_concatenation_lie_side_by_side():
    found = storage(network_of(concatenation, "y"), views=True)
    assert found.views == ["y"]
    assert found.buffers()["y"] == ((("y", 0), ("a", 0), ("b", 2)), 6)


def test_a_concatenation_in_a_concatenation():
    def build(net):
        concatenation(net, "c")
        net.concat([mixed(net, "x", "d"), "c"], name="y")

    found = storage(network_of(build, "y"), views=True)
    assert found.views == ["c", "y"]
    assert dict(found.buffers()["y"][0]) == {"y": 0, "d": 0, "c": 4, "a": 4, "b": 6}


def test_a_part_of_two_concatenations_lies_in_the_last():
    def build(net):
        concatenation(net, "c")
        net.concat(["a", mixed(net, "c", "d")], name="y")

    found = storage(network_of(build, "c", "y"), views=True)
    assert found.views == ["y"]


@pytest.mark.parametrize(
    "build",
    [
        lambda net: net.concat([mixed(net, "x", "a"), "x"], name="y"),
        lambda net: net.concat([mixed(net, "x", "a"), "a"], name="y"),
        lambda net: net.concat([net.operator("mix", ["x"], (2, 2), name=n) for n in "ab"], axis=1, name="y"),
    ],
    ids=["a part is an input", "a part comes twice", "parts aren't contiguous"],
)
def test_a_concatenation_that_is_a_copy(build):
    assert storage(network_of(build, "y"), views=True).views == []


def test_parts_that_end_inside_a_byte_are_copied():
    network = network_of(concatenation, "y").with_bits(3, 8)
    assert storage(network, views=True).views == []


def test_a_reshape_of_a_part_that_lies_elsewhere():
    """b is part of the concatenation y and a itself, reshaped: a takes b's place there."""

    def build(net):
        net.reshape(mixed(net, "x", "a"), 1, 4, name="b")
        net.concat([mixed(net, "x", "c"), "b"], name="y")

    found = storage(network_of(build, "y"), views=True)
    assert found.views == ["b", "y"]
    assert dict(found.buffers()["y"][0]) == {"y": 0, "c": 0, "b": 4, "a": 4}


def test_an_input_stays_where_it_is():
    """The part b is x reshaped twice: it has to be copied into y, or DRAM would have to hold all of y."""

    def build(net):
        net.reshape(net.reshape("x", 4, 1, name="turned"), 1, 4, name="b")
        net.concat([mixed(net, "x", "c"), "b"], name="y")

    buffers = storage(network_of(build, "y"), views=True).buffers()
    assert {name for name, _ in buffers["x"][0]} == {"x", "turned"}
    assert buffers["x"][1] == 4


def test_tensors_of_random_networks_lie_inside_their_buffers():
    """Every tensor in one buffer; without in-place work two overlap only when they are the same words or nested."""
    shared = 0
    for seed in range(300):
        network = random_network(Random(seed))
        for views, in_place in ((True, False), (False, True), (True, True)):
            found = storage(network, views=views, in_place=in_place).buffers()
            names = [name for tensors, _ in found.values() for name, _ in tensors]
            assert sorted(names) == sorted(tensor.name for tensor in network.tensors)
            for tensors, size in found.values():
                ends = [(at, at + network.tensor(name).size_bytes) for name, at in tensors]
                assert min(at for at, _ in ends) == 0
                assert max(end for _, end in ends) == size
                shared += len(ends) > 1
                for (a, b), (c, d) in combinations(ends, 2):
                    assert b <= c or d <= a or (a <= c and d <= b) or (c <= a and b <= d)
    assert shared > 300


# --- the problem of a network ----------------------------------------------------------------------------------------


def weighted():
    """x (4) -> linear with weights (16) and bias (4) -> a (4) -> relu -> y (4)."""
    net = NetworkBuilder("weighted")
    net.input("x", 1, 4)
    net.elementwise("relu", net.linear("x", 4, name="a"), name="y")
    return net.build("y")


def test_activations_only():
    problem = problem_of(weighted(), Accounting())
    assert [(b.name, b.size_bytes, b.stored, b.wanted) for b in problem.buffers] == [
        ("x", 4, True, False),
        ("a", 4, False, False),
        ("y", 4, False, True),
    ]
    assert [(o.name, o.reads, o.writes, o.predecessors, o.macs) for o in problem.operations] == [
        ("a", (0,), (1,), (), 16),
        ("y", (1,), (2,), (0,), 0),
    ]
    assert problem.compulsory_bytes == 8


def test_with_weights():
    problem = problem_of(weighted(), Accounting(weights=True))
    assert {b.name for b in problem.buffers if b.stored} == {"x", "a.weight", "a.bias"}
    assert problem.minimum_bytes == 4 + 16 + 4 + 4


def test_the_papers_accounting_has_a_step_for_every_source():
    problem = problem_of(weighted(), Accounting(weights=True, sources_stored=False))
    names = [o.name for o in problem.operations]
    assert names == ["load x", "load a.weight", "load a.bias", "a", "y"]
    assert problem.operations[3].predecessors == (0, 1, 2)
    assert not any(b.stored or b.wanted for b in problem.buffers)
    assert problem.compulsory_bytes == 0


def test_a_source_is_loaded_once_for_all_that_read_it():
    def build(net):
        mixed(net, "x", "a")
        net.add("a", "x", name="y")

    problem = problem_of(network_of(build, "y"), PAPER)
    assert [(o.name, o.predecessors) for o in problem.operations] == [("load x", ()), ("a", (0,)), ("y", (0, 1))]


def test_a_source_that_is_read_under_another_name_is_loaded_too():
    network = network_of(lambda net: net.operator("mix", [net.flatten("x", name="f")], (1, 2), name="y"), "y")
    problem = problem_of(network, Accounting(sources_stored=False, views=True))
    assert [(o.name, o.reads, o.writes, o.predecessors) for o in problem.operations] == [
        ("load x", (), (0,), ()),
        ("y", (0,), (1,), (0,)),
    ]


def test_spaces_are_aligned():
    problem = problem_of(weighted(), Accounting(alignment_bytes=16))
    assert [(b.size_bytes, b.space_bytes) for b in problem.buffers] == [(4, 16)] * 3


def test_what_waits_for_a_view_waits_for_those_that_write_its_parts():
    problem = problem_of(
        network_of(lambda net: [concatenation(net), mixed(net, "y", "z")], "z"), Accounting(views=True)
    )
    assert problem.views == ("y",)
    assert [(o.name, o.predecessors) for o in problem.operations] == [("a", ()), ("b", ()), ("z", (0, 1))]


def test_nothing_to_schedule():
    with pytest.raises(ProblemError, match="network 'empty' has no operators to schedule"):
        problem_of(Network("empty", (), ()), Accounting())


def test_nothing_but_views():
    network = network_of(lambda net: net.reshape("x", 4, 1, name="y"), "y")
    with pytest.raises(ProblemError, match="network 'small' has no operators to schedule"):
        problem_of(network, Accounting(views=True))


def test_alignment_is_at_least_a_byte():
    with pytest.raises(ProblemError, match="alignment_bytes must be at least 1, found 0"):
        Accounting(alignment_bytes=0)
