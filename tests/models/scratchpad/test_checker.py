"""The plan checker: right plans have no fault, each damage has its own, and what passes computes the right numbers."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from codesign.models.scratchpad.checker import check_plan
from codesign.models.scratchpad.checker_faults import MOST_FAULTS
from codesign.models.scratchpad.checker_memory import Content, Memory
from codesign.models.scratchpad.checker_replay import WORD_BY_WORD
from codesign.models.scratchpad.plan import Placement, Plan, Residency, Transfer
from codesign.workloads.builder import NetworkBuilder
from tests.models.scratchpad.checker_machine import Machine, right_outputs
from tests.models.scratchpad.checker_plans import EXAMPLES, change, insert, make_plan, naive_plan, place, remove, stay


@pytest.mark.parametrize("name", EXAMPLES)
def test_right_plans_have_no_fault_and_their_bytes_are_counted(name):
    example = EXAMPLES[name]
    report = check_plan(example.network, example.plan, **example.options)
    assert report.faults == ()
    assert report.passed
    moved = (report.load_bytes, report.store_bytes, report.retrieve_bytes, report.spill_bytes)
    assert moved == example.moved
    assert report.peak_used_bytes == example.peak
    assert report.offchip_bytes == example.plan.offchip_bytes == sum(moved)
    assert report.noncompulsory_bytes == example.plan.noncompulsory_bytes


def unspilled(plan, residency, transfer):
    return remove(change(plan, "residencies", residency, written_back=False), "transfers", transfer)


def reordered(plan, *order):
    return replace(plan, order=order)


def moved_in_buffer(plan, buffer, **offsets):
    index = [placement.name for placement in plan.placements].index(buffer)
    tensors = tuple((name, offsets.get(name, offset)) for name, offset in plan.placements[index].tensors)
    return change(plan, "placements", index, tensors=tensors)


def crowded(plan):
    """The buffers a and y of the spill plan in one, y over a."""
    places = [entry for entry in plan.placements if entry.name not in ("a", "y")]
    stays = [entry for entry in plan.residencies if entry.buffer != "y"]
    transfers = [entry for entry in plan.transfers if entry.buffer != "y"]
    joined = replace(
        plan,
        placements=(*places, place("a", 8, (("a", 0), ("y", 4)))),
        residencies=tuple(stays),
        transfers=(*transfers, Transfer(4, "a", "store", 8)),
    )
    return joined


DAMAGE = [
    # places
    ("spill", lambda p: change(p, "residencies", 3, address_bytes=4), r"overlap in bytes 4 to 8 of pool 0"),
    ("two_pools", lambda p: change(p, "residencies", 0, pool=0), r"buffer 'a'\) and 1 \(buffer 'x'\) overlap"),
    ("spill", lambda p: change(p, "residencies", 5, address_bytes=20), r"beyond the capacity: bytes 20 to 24.*has 20"),
    ("spill", lambda p: replace(p, pools_bytes=(19,)), r"beyond the capacity: bytes 16 to 20 of pool 0"),
    ("spill", lambda p: change(p, "residencies", 1, address_bytes=2), r"misaligned: address 2 is no multiple of 4"),
    ("spill", lambda p: change(p, "residencies", 1, address_bytes=-4), r"negative address -4"),
    ("spill", lambda p: change(p, "residencies", 1, pool=1), r"lies in pool 1; the plan has 1"),
    ("spill", lambda p: change(p, "residencies", 1, pool=-1), r"lies in pool -1"),
    ("spill", lambda p: replace(p, alignment_bytes=0), r"alignment is 0 bytes; at least 1"),
    ("spill", lambda p: change(p, "placements", 0, space_bytes=12), r"overlap in bytes 8 to 12 of pool 0"),
    # buffers
    ("spill", lambda p: change(p, "placements", 1, size_bytes=7), r"buffer 'a' has 7 bytes to move.*take 8 bytes"),
    ("spill", lambda p: change(p, "placements", 1, size_bytes=9), r"buffer 'a' has 9 bytes to move.*take 8 bytes"),
    ("spill", lambda p: change(p, "placements", 1, space_bytes=7), r"buffer 'a' occupies 7 bytes; .*take 8 bytes"),
    ("spill", lambda p: change(p, "placements", 1, name="b"), r"buffer 'b' is described twice"),
    ("spill", lambda p: change(p, "placements", 1, tensors=()), r"buffer 'a' holds no tensor"),
    ("spill", lambda p: change(p, "placements", 1, tensors=(("q", 0),)), r"holds 'q', which isn't in the network"),
    ("spill", lambda p: change(p, "placements", 1, tensors=(("a", -1),)), r"holds 'a' at the negative offset -1"),
    ("spill", lambda p: insert(p, "placements", place("d", 8, (("a", 0),))), r"'a' is placed in buffer 'a' and again"),
    ("spill", lambda p: remove(p, "placements", 1), r"operator 'a' writes 'a', which no buffer holds"),
    ("spill", lambda p: remove(p, "placements", 1), r"operator 'b' reads 'a', which no buffer holds"),
    (
        "spill",
        lambda p: change(p, "residencies", 0, buffer="z"),
        r"residency 0 \(buffer 'z'\): there is no such buffer",
    ),
    # stays
    ("spill", lambda p: remove(p, "residencies", 2), r"step 1: .*'b' writes 'b'.*residency is missing"),
    ("spill", lambda p: remove(p, "residencies", 4), r"step 3: .*'y' reads 'a'.*residency is missing"),
    ("spill", lambda p: change(p, "residencies", 1, last_step=-1), r"lasts from step 0 to -1: not a single step"),
    ("spill", lambda p: change(p, "residencies", 2, first_step=3), r"lasts from step 3 to 2: not a single step"),
    ("spill", lambda p: change(p, "residencies", 5, last_step=4), r"from step 3 to 4; the plan has the steps 0 to 3"),
    ("spill", lambda p: change(p, "residencies", 1, first_step=-1), r"from step -1 to 0; the plan has"),
    ("spill", lambda p: change(p, "residencies", 3, first_step=1), r"'c' is created, but operator 'b' writes nothing"),
    ("two_pools", lambda p: insert(p, "residencies", stay("c", 3, 3, 20)), r"'c' arrives while it is .* already"),
    # the order
    ("spill", lambda p: reordered(p, "a", "b", "y"), r"operator 'c' never runs"),
    ("spill", lambda p: reordered(p, "a", "b", "b", "y"), r"step 2: operator 'b' runs twice, first in step 1"),
    ("recomputed", lambda p: reordered(p, "a", "b", "c", "d", "y"), r"step 3: 'd' is no operator of network 'chain'"),
    ("spill", lambda p: reordered(p, "load x", "b", "c", "y"), r"step 0: 'load x' is no operator"),
    ("spill", lambda p: reordered(p, "b", "a", "c", "y"), r"step 0: operator 'b' reads 'a' before 'a' is written"),
    ("paper", lambda p: reordered(p, "a", "a", "b", "c", "y"), r"step 0: operator 'a' reads 'x' before 'x' is written"),
    ("paper", lambda p: reordered(p, "load x", "load x", "a", "b", "y"), r"'load x' comes again after step 0"),
    # contents
    ("spill", lambda p: unspilled(p, 0, 1), r"step 3: buffer 'a' is retrieved, but DRAM has no copy of it"),
    ("spill", lambda p: unspilled(p, 0, 1), r"reads 'a' in buffer 'a': its contents are lost, 0 of 8 bytes are found"),
    ("spill", lambda p: unspilled(p, 0, 1), r"buffer left after step 1 without an up-to-date copy in DRAM"),
    (
        "in_place",
        lambda p: unspilled(p, 2, 3),
        r"'s' reads 'r' in buffer 'a': .* 0 of 8 .* overwritten by 'a'; .* step 1",
    ),
    (
        "spill",
        lambda p: change(p, "residencies", 4, arrival="created"),
        r"'a' is created, but operator 'y' writes noth",
    ),
    ("recomputed", lambda p: remove(p, "residencies", 5), r"step 3: operator 'a' reads 'x'.*residency is missing"),
    ("spill", crowded, r"'y' over 'a', in-place on an operator that can't: 'mix' isn't element-wise"),
    # transfers
    ("spill", lambda p: remove(p, "transfers", 0), r"residency 1 \(buffer 'x'\): no load is recorded in step 0"),
    ("spill", lambda p: remove(p, "transfers", 1), r"residency 0 \(buffer 'a'\): no spill is recorded in step 2"),
    ("spill", lambda p: remove(p, "transfers", 2), r"residency 4 \(buffer 'a'\): no retrieve is recorded in step 3"),
    ("spill", lambda p: remove(p, "transfers", 3), r"output 'y': no store of buffer 'y' is recorded"),
    ("spill", lambda p: remove(p, "transfers", 3), r"output 'y' isn't in DRAM at the end: 0 of 4 bytes"),
    (
        "spill",
        lambda p: change(p, "residencies", 0, written_back=False),
        r"transfer 1 \(spill .*\) belongs to no resid",
    ),
    ("spill", lambda p: change(p, "transfers", 1, size_bytes=4), r"spill in step 2 has the wrong size: 4 .* has 8"),
    ("spill", lambda p: change(p, "transfers", 2, size_bytes=0), r"retrieve in step 3 has the wrong size: 0 bytes"),
    ("spill", lambda p: change(p, "transfers", 0, size_bytes=5), r"load in step 0 has the wrong size: 5 bytes"),
    ("spill", lambda p: change(p, "transfers", 3, size_bytes=5), r"store in step 4 has the wrong size: 5 bytes"),
    ("spill", lambda p: change(p, "transfers", 2, step=2), r"transfer 2 \(retrieve of buffer 'a' in step 2.* no resid"),
    ("spill", lambda p: insert(p, "transfers", Transfer(4, "y", "store", 4)), r"transfer 4 \(store .*\) belongs to no"),
    ("spill", lambda p: insert(p, "transfers", Transfer(1, "q", "load", 4)), r"transfer 4 \(load of buffer 'q'.* no"),
    ("spill", lambda p: insert(p, "transfers", Transfer(2, "a", "store", 8)), r"'a' is stored, but holds no finished"),
    ("spill", lambda p: insert(p, "transfers", Transfer(2, "a", "store", 8)), r"spilled and stored in step 2"),
    ("paper", lambda p: insert(p, "transfers", Transfer(2, "x", "load", 4)), r"transfer 2 \(load.*is compulsory; such"),
    ("paper", lambda p: insert(p, "transfers", Transfer(5, "y", "store", 4)), r"transfer 2 \(store.*is compulsory"),
    # compulsory or not
    (
        "spill",
        lambda p: change(change(p, "residencies", 4, arrival="loaded"), "transfers", 2, kind="load"),
        r"step 3: buffer 'a' is loaded, but holds no input or weight",
    ),
    (
        "spill",
        lambda p: change(change(p, "residencies", 1, arrival="retrieved"), "transfers", 0, kind="retrieve"),
        r"step 0: buffer 'x' is retrieved before its first, compulsory load",
    ),
    (
        "weights",
        lambda p: change(change(p, "residencies", 5, arrival="loaded"), "transfers", 2, kind="load"),
        r"step 3: buffer 'w' is loaded a second time",
    ),
    (
        "spill",
        lambda p: change(change(p, "residencies", 5, written_back=True), "transfers", 3, kind="spill"),
        r"output 'y': no store of buffer 'y' is recorded",
    ),
    # views
    ("views", lambda p: replace(p, views=("whole", "flat")), r"operator 'halves' never runs"),
    ("views", lambda p: replace(p, views=(*p.views, "q")), r"operator 'q' is a view, but runs in step 1"),
    ("views", lambda p: replace(p, views=(*p.views, "z")), r"view 'z' is no operator"),
    ("views", lambda p: replace(reordered(p, "p", "q", "u"), views=(*p.views, "y")), r"'add' can't be views"),
    ("views", lambda p: moved_in_buffer(p, "whole", p=2, q=0), r"'whole' is placed .* at byte 0; 'p' .* at byte 2"),
    ("views", lambda p: moved_in_buffer(p, "whole", q=3), r"view 'whole'.*'q' lies in buffer 'whole' at byte 3"),
    ("views", lambda p: moved_in_buffer(p, "whole", q=3), r"'u' reads 'flat' .* lost, 3 of 6 bytes"),
    ("views", lambda p: moved_in_buffer(p, "whole", flat=1), r"view 'flat': its result 'flat' is placed .* at byte 1"),
    ("views", lambda p: change(p, "placements", 2, tensors=(("u", 0), ("halves.0", 0))), r"no buffer holds 'halves.1'"),
    ("views", lambda p: unspilled(p, 0, 1), r"'u' reads 'flat' in buffer 'whole': its contents are lost, 2 of 6"),
    # accounting
    ("weights", lambda p: remove(p, "residencies", 1), r"operator 'a' reads 'w', whose buffer 'w' isn't in the scr"),
]


@pytest.mark.parametrize(("name", "damage", "fault"), DAMAGE, ids=[f"{i}-{entry[0]}" for i, entry in enumerate(DAMAGE)])
def test_each_damage_has_its_fault(name, damage, fault):
    example = EXAMPLES[name]
    report = check_plan(example.network, damage(example.plan), **example.options)
    assert not report.passed
    assert any(re.search(fault, sentence) for sentence in report.faults), report.faults


def faults_of(name, **options):
    example = EXAMPLES[name]
    return "\n".join(check_plan(example.network, example.plan, **{**example.options, **options}).faults)


def test_a_plan_is_held_against_the_accounting_that_it_is_checked_with():
    assert "buffer 'w' holds 'w', which isn't kept in the scratchpad" in faults_of("weights", weights=False)
    assert "operator 'a' reads 'w', which no buffer holds" in faults_of("streamed", weights=True)
    assert "operator 'a' runs twice" in faults_of("recomputed", recompute=False)
    assert "DRAM has no copy" in faults_of("recomputed", sources_stored=False)
    assert "'load x' is no operator" in faults_of("paper", sources_stored=True)


def test_a_source_is_not_recomputed_even_where_operators_are():
    example = EXAMPLES["paper"]
    plan = reordered(example.plan, "load x", "a", "b", "load x", "c")
    report = check_plan(example.network, plan, weights=False, sources_stored=False, recompute=True)
    assert any("'load x' comes again after step 0; it can't be recomputed" in fault for fault in report.faults)


def test_a_weight_that_streams_past_is_not_brought_in():
    example = EXAMPLES["streamed"]
    plan = reordered(example.plan, "load x", "load w", "a", "b", "c", "y")
    faults = check_plan(example.network, plan, weights=False, sources_stored=False).faults
    assert "step 1: 'load w' brings in 'w', which isn't kept in the scratchpad" in faults


@pytest.mark.parametrize(("first", "last"), [(-5, -3), (-1, 0), (-1, -1), (0, 0), (2, 3)])
def test_a_plan_without_steps_has_no_place_for_a_residency(first, last):
    example = EXAMPLES["spill"]
    plan = replace(example.plan, order=(), residencies=(stay("a", first, last, 0),), transfers=())
    faults = check_plan(example.network, plan, weights=False).faults
    assert f"residency 0 (buffer 'a') lasts from step {first} to {last}; the plan has the steps 0 to -1" in faults


def test_a_buffer_is_stored_once():
    network = EXAMPLES["spill"].network
    base = EXAMPLES["two_pools"].plan
    plan = replace(
        base,
        residencies=(*base.residencies, stay("y", 4, 4, 0, "retrieved")),
        order=(*base.order, "c"),
        transfers=(*base.transfers, Transfer(4, "y", "retrieve", 4), Transfer(5, "y", "store", 4)),
    )
    faults = check_plan(network, plan, weights=False, recompute=True).faults
    assert "step 5: buffer 'y' is stored a second time; more than once is a spill" in faults


def in_place_network(kind, size=8):
    net = NetworkBuilder("over")
    net.input("x", 1, 8)
    net.operator(kind, ["x"], (1, size), name="y")
    return net.build("y")


def over_its_input(network, offset=0):
    size = max(8, offset + network.tensor("y").size_bytes)
    places = [place("x", size, (("x", 0), ("y", offset)))]
    transfers = [(0, "x", "load", size), (1, "x", "store", size)]
    return make_plan(network, "y", places, [stay("x", 0, 0, 0, "loaded")], transfers)


@pytest.mark.parametrize("kind", ["relu", "relu6", "gelu", "hard_swish", "sigmoid", "batch_norm", "add", "multiply"])
def test_element_wise_operators_may_write_over_their_input(kind):
    network = in_place_network(kind)
    assert kind in WORD_BY_WORD
    assert check_plan(network, over_its_input(network), weights=False).faults == ()


@pytest.mark.parametrize("kind", ["conv", "linear", "matmul", "softmax", "layer_norm", "pool", "transpose", "concat"])
def test_other_operators_may_not(kind):
    network = in_place_network(kind)
    (fault,) = check_plan(network, over_its_input(network), weights=False).faults
    assert fault == (
        f"step 0: operator 'y' writes 'y' over 'x', in-place on an operator that can't: {kind!r} isn't element-wise"
    )


@pytest.mark.parametrize(("size", "offset"), [(8, 4), (4, 0), (4, 4)])
def test_an_output_lies_exactly_on_its_input_or_not_on_it_at_all(size, offset):
    network = in_place_network("relu", size)
    (fault,) = check_plan(network, over_its_input(network, offset), weights=False).faults
    assert f"can't: {size} bytes from byte {offset} on over 8 bytes from byte 0 on" in fault


def test_an_input_that_is_needed_later_may_not_be_overwritten():
    net = NetworkBuilder("later")
    net.input("x", 1, 8)
    net.elementwise("relu", "x", name="r")
    net.operator("mix", ["x"], (1, 8), name="y")
    network = net.build("r", "y")
    places = [place("x", 8, (("x", 0), ("r", 0))), place("y", 8)]
    transfers = [(0, "x", "load", 8), (2, "x", "store", 8), (2, "y", "store", 8)]
    stays = [stay("x", 0, 1, 0, "loaded"), stay("y", 1, 1, 8)]
    plan = make_plan(network, "r,y", places, stays, transfers)
    (fault,) = check_plan(network, plan, weights=False).faults
    assert fault == (
        "step 1: operator 'y' reads 'x' in buffer 'x': its contents are lost, 0 of 8 bytes are found,"
        " overwritten by 'r'"
    )


def test_an_operator_may_not_write_one_output_over_another():
    net = NetworkBuilder("twins")
    net.input("x", 1, 8)
    net.split("x", 2, name="s")
    network = net.build("s.0", "s.1")
    places = [place("x", 8), place("s", 6, (("s.0", 0), ("s.1", 2)))]
    stays = [stay("s", 0, 0, 8), stay("x", 0, 0, 0, "loaded")]
    plan = make_plan(network, "s", places, stays, [(0, "x", "load", 8), (1, "s", "store", 6)])
    faults = check_plan(network, plan, weights=False).faults
    assert "step 0: operator 's' writes another output over 's.0'" in faults


VIEWS = [
    (lambda net: net.concat(["p", "q"], axis=0, name="v"), None),
    (lambda net: net.concat(["p", "q"], axis=1, name="v"), r"parts aren't contiguous: dimensions before axis 1"),
    (
        lambda net: net.operator("concat", ["p", "q"], (4, 4), name="v"),
        r"its axis None is no dimension of 'v' \(4, 4\)",
    ),
    (lambda net: net.operator("concat", ["p", "q"], (4, 4), {"axis": 2}, "v"), r"its axis 2 is no dimension"),
    (lambda net: net.operator("concat", ["p", "q"], (5, 4), {"axis": 0}, "v"), r"parts don't add up to 'v' \(5, 4\)"),
    (lambda net: net.operator("concat", ["p", "q"], (4, 5), {"axis": 0}, "v"), r"parts don't have the shape of 'v'"),
    (
        lambda net: net.operator("concat", ["p", "p"], (4, 4), {"axis": 0}, "v"),
        r"'v' is placed .* 'p' lies .* at byte 0",
    ),
    (lambda net: net.transpose("p", 1, 0, name="v"), r"operators of the kind 'transpose' can't be views"),
    (lambda net: net.operator("reshape", ["p"], (3, 3), name="v"), r"source and result must be one tensor each"),
]


@pytest.mark.parametrize(("add", "fault"), VIEWS)
def test_what_can_be_a_view(add, fault):
    net = NetworkBuilder("views")
    net.input("x", 1, 8)
    net.operator("mix", ["x"], (2, 4), name="p")
    net.operator("mix", ["x"], (2, 4), name="q")
    add(net)
    network = net.build("v")
    size = max(16, network.tensor("v").size_bytes)
    places = [place("x", 8), place("v", size, (("v", 0), ("p", 0), ("q", 8)))]
    stays = [stay("v", 0, 1, 8), stay("x", 0, 1, 0, "loaded")]
    transfers = [(0, "x", "load", 8), (2, "v", "store", size)]
    plan = make_plan(network, "p,q", places, stays, transfers, views="v")
    faults = check_plan(network, plan, weights=False).faults
    if fault is None:
        assert faults == ()
    else:
        assert any(re.search(fault, sentence) for sentence in faults), faults


def test_parts_of_a_view_end_at_whole_bytes():
    net = NetworkBuilder("nibbles", bits=4)
    net.input("x", 1, 2)
    net.operator("mix", ["x"], (1, 1), name="p")
    net.operator("mix", ["x"], (1, 3), name="q")
    net.concat(["p", "q"], name="v")
    network = net.build("v")
    places = [place("x", 1), place("v", 3, (("v", 0), ("p", 0), ("q", 1)))]
    stays = [stay("v", 0, 1, 1), stay("x", 0, 1, 0, "loaded")]
    plan = make_plan(network, "p,q", places, stays, [(0, "x", "load", 1), (2, "v", "store", 3)], views="v")
    faults = check_plan(network, plan, weights=False).faults
    assert "operator 'v' is no view: a part of it ends within a byte" in faults


def test_a_view_keeps_the_width_of_words():
    net = NetworkBuilder("widths")
    net.input("x", 1, 2, bits=16)
    net.reshape("x", 2, name="v")
    network = net.build("v")
    plan = Plan("widths", (), ("v",), (8,), 1, (place("x", 4, (("x", 0), ("v", 0))),), (), ())
    faults = check_plan(network, plan, weights=False).faults
    assert "operator 'v' is no view: words of its source and of its result differ in width" in faults


def test_a_view_of_a_weight_that_streams_past_has_nothing_to_look_at():
    net = NetworkBuilder("table")
    net.weight("w", 2, 4)
    net.reshape("w", 8, name="v")
    network = net.build("v")
    plan = Plan("table", (), ("v",), (8,), 1, (place("v", 8),), (), ())
    faults = check_plan(network, plan, weights=False).faults
    assert "view 'v' looks at 'w', which isn't kept in the scratchpad" in faults


def test_an_output_that_views_an_input_is_in_dram_all_along():
    net = NetworkBuilder("seen")
    net.input("x", 2, 4)
    net.reshape("x", 8, name="v")
    network = net.build("v")
    plan = Plan("seen", (), ("v",), (8,), 1, (place("x", 8, (("x", 0), ("v", 0))),), (), ())
    assert check_plan(network, plan, weights=False).faults == ()


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda p: replace(p, order=None), "order is None; a list is wanted"),
        (lambda p: replace(p, views=(1,)), "views[0] is 1; a text is wanted"),
        (lambda p: replace(p, pools_bytes=("20",)), "pools_bytes[0] is '20'; a whole number is wanted"),
        (lambda p: replace(p, alignment_bytes=1.0), "alignment_bytes is 1.0; a whole number is wanted"),
        (lambda p: replace(p, transfers=7), "transfers is 7; a list is wanted"),
        (lambda p: replace(p, transfers=("t",)), "transfers[0] is 't'; a Transfer is wanted"),
        (lambda p: change(p, "residencies", 2, pool=True), "residencies[2].pool is True; a whole number is wanted"),
        (
            lambda p: change(p, "residencies", 2, written_back=1),
            "residencies[2].written_back is 1; true or false is wanted",
        ),
        (
            lambda p: change(p, "residencies", 2, arrival="born"),
            "residencies[2].arrival is 'born'; one of created, loaded, retrieved is wanted",
        ),
        (
            lambda p: change(p, "placements", 0, tensors=("x",)),
            "placements[0].tensors is ('x',); pairs of a tensor's name and an offset in bytes are wanted",
        ),
    ],
)
def test_values_of_the_wrong_kind_are_faults_too(damage, fault):
    example = EXAMPLES["spill"]
    report = check_plan(example.network, damage(example.plan), weights=False)
    assert report.faults == (fault,)
    assert report.offchip_bytes == 0


def test_whole_numbers_of_numpy_are_whole_numbers():
    example = EXAMPLES["spill"]
    plan = change(example.plan, "residencies", 0, address_bytes=np.int64(8), first_step=np.int32(0))
    assert check_plan(example.network, plan, weights=False).passed


def test_the_list_of_faults_has_an_end():
    example = EXAMPLES["spill"]
    plan = replace(example.plan, views=tuple(f"v{i}" for i in range(MOST_FAULTS + 1)))
    faults = check_plan(example.network, plan, weights=False).faults
    assert len(faults) == MOST_FAULTS + 1
    assert faults[-1] == f"there are more faults than the first {MOST_FAULTS} listed here"


def chain(length):
    net = NetworkBuilder("long")
    last = net.input("x", 1, 8)
    for index in range(length):
        last = net.operator("mix", [last], (1, 8), name=f"t{index}")
    return net.build(last)


def test_a_plan_of_thousands_of_steps_is_checked():
    network = chain(3000)
    plan = naive_plan(network)
    report = check_plan(network, plan, weights=False)
    assert report.faults == ()
    assert report.noncompulsory_bytes == 2 * 2999 * 8
    assert check_plan(network, unspilled_somewhere(plan), weights=False).faults


def unspilled_somewhere(plan):
    index = next(i for i, residency in enumerate(plan.residencies) if residency.written_back)
    gone = next(i for i, transfer in enumerate(plan.transfers) if transfer.kind == "spill")
    return unspilled(plan, index, gone)


@st.composite
def networks(draw):
    """Random graphs of operators with one or two inputs; whatever nobody reads is an output."""
    net = NetworkBuilder("random")
    names = [net.input(f"x{i}", 1, draw(st.integers(1, 5))) for i in range(draw(st.integers(1, 2)))]
    for index in range(draw(st.integers(1, 7))):
        read = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
        kind = draw(st.sampled_from(["mix", "join"]))
        names.append(net.operator(kind, read, (1, draw(st.integers(1, 5))), name=f"t{index}"))
    read = {name for operator in net._operators for name in operator.inputs}
    return net.build(*(name for name in names if name not in read and name.startswith("t")))


@given(networks())
def test_plans_that_keep_nothing_are_right_and_cost_every_use(network):
    plan = naive_plan(network)
    report = check_plan(network, plan, weights=False)
    assert report.faults == ()
    uses = sum(network.tensor(name).size_bytes for o in network.operators for name in {*o.inputs, *o.outputs})
    assert report.offchip_bytes == plan.offchip_bytes == uses
    touched = ({*operator.inputs, *operator.outputs} for operator in network.operators)
    assert report.peak_used_bytes == max(sum(network.tensor(name).size_bytes for name in names) for names in touched)
    assert Machine(network, plan).run() == right_outputs(network)


@given(networks(), st.data())
def test_without_a_residency_or_a_transfer_they_are_wrong(network, data):
    plan = naive_plan(network)
    table = data.draw(st.sampled_from(["residencies", "transfers"]))
    index = data.draw(st.integers(0, len(getattr(plan, table)) - 1))
    assert not check_plan(network, remove(plan, table, index), weights=False).passed


@st.composite
def damaged(draw):
    """A right plan of a network with one to three fields changed at random or records lost, doubled or swapped."""
    example = EXAMPLES[draw(st.sampled_from(sorted(EXAMPLES)))]
    plan = example.plan
    for _ in range(draw(st.integers(1, 3))):
        table = draw(st.sampled_from(["residencies", "residencies", "transfers", "placements", "order"]))
        records = getattr(plan, table)
        assume(records)
        index = draw(st.integers(0, len(records) - 1))
        what = draw(st.sampled_from(["field", "field", "field", "lost", "doubled", "swapped"]))
        if what == "lost":
            plan = remove(plan, table, index)
        elif what == "doubled":
            plan = insert(plan, table, records[index])
        elif what == "swapped" or table == "order":
            other, shuffled = draw(st.integers(0, len(records) - 1)), list(records)
            shuffled[index], shuffled[other] = shuffled[other], shuffled[index]
            plan = replace(plan, **{table: tuple(shuffled)})
        else:
            plan = change(plan, table, index, **draw(changed_field(plan, records[index])))
    return example, plan


def changed_field(plan, record):
    kind = type(record)
    name = st.sampled_from([field.name for field in fields(kind)])

    def values(field):
        old = getattr(record, field)
        if isinstance(old, bool):
            return st.just(not old)
        if isinstance(old, int):
            return st.one_of(st.integers(-4, 4).map(lambda change: old + change), st.integers(-50, 50))
        if field in ("arrival", "kind"):
            options = (
                ("created", "loaded", "retrieved") if kind is Residency else ("load", "retrieve", "spill", "store")
            )
            return st.sampled_from(options)
        if isinstance(old, str):
            return st.sampled_from([placement.name for placement in plan.placements])
        shift = st.lists(st.integers(-2, 2), min_size=len(old), max_size=len(old))
        return shift.map(lambda by: tuple((tensor, at + d) for (tensor, at), d in zip(old, by, strict=True)))

    return name.flatmap(lambda field: values(field).map(lambda value: {field: value}))


@given(damaged())
def test_what_passes_computes_the_right_numbers(case):
    example, plan = case
    report = check_plan(example.network, plan, **example.options)
    if report.passed and example.sources_stored:
        assert Machine(example.network, plan).run() == right_outputs(example.network)
        assert report.offchip_bytes == plan.offchip_bytes
        assert report.noncompulsory_bytes == plan.noncompulsory_bytes


NAMES = st.sampled_from(["x", "a", "b", "c", "y", "q", "load x"])
NUMBERS = st.integers(-3, 25)
ANY_PLAN = st.builds(
    Plan,
    network=st.just("chain"),
    order=st.lists(NAMES, max_size=6).map(tuple),
    views=st.lists(NAMES, max_size=2).map(tuple),
    pools_bytes=st.lists(NUMBERS, max_size=2).map(tuple),
    alignment_bytes=NUMBERS,
    placements=st.lists(
        st.builds(Placement, NAMES, st.lists(st.tuples(NAMES, NUMBERS), max_size=2).map(tuple), NUMBERS, NUMBERS),
        max_size=5,
    ).map(tuple),
    residencies=st.lists(
        st.builds(
            Residency,
            *(NAMES, NUMBERS, NUMBERS, NUMBERS, st.integers(-1, 2)),
            *(st.sampled_from(["created", "loaded", "retrieved"]), st.booleans()),
        ),
        max_size=6,
    ).map(tuple),
    transfers=st.lists(
        st.builds(Transfer, NUMBERS, NAMES, st.sampled_from(["load", "retrieve", "spill", "store"]), NUMBERS),
        max_size=5,
    ).map(tuple),
)


@given(ANY_PLAN, st.booleans(), st.booleans(), st.booleans())
def test_no_plan_is_too_wrong_to_be_checked(plan, weights, stored, recompute):
    network = EXAMPLES["spill"].network
    report = check_plan(network, plan, weights=weights, sources_stored=stored, recompute=recompute)
    again = check_plan(network, plan, weights=weights, sources_stored=stored, recompute=recompute)
    assert report == again
    assert len(report.faults) <= MOST_FAULTS + 1
    if stored:
        assert report.faults, "a random plan doesn't store the output by chance"


SPANS = st.tuples(st.integers(0, 12), st.integers(0, 6))


@given(st.lists(st.tuples(st.sampled_from(["write", "clear", "move"]), SPANS, st.integers(0, 12))))
def test_memory_is_a_list_of_bytes(steps):
    memory, cells = Memory(), [None] * 40
    for number, (what, (start, size), other) in enumerate(steps):
        end = start + size
        if what == "write":
            memory.write(start, end, Content(f"t{number}", start))
            cells[start:end] = [(f"t{number}", i) for i in range(size)]
        elif what == "clear":
            memory.clear(start, end)
            cells[start:end] = [None] * size
        else:
            memory.copy_in(other, size, memory.copy_out(start, size))
            cells[other : other + size] = cells[start:end]
    found = [None] * 40
    for start, end, content in memory.segments(0, 40):
        found[start:end] = [(content.owner, address - content.base) for address in range(start, end)]
    assert found == cells
