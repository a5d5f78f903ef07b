"""Block transfers, networks and language models as memory requests."""

from fractions import Fraction
from itertools import islice, pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import WorkloadError
from codesign.workloads.builder import NetworkBuilder
from codesign.workloads.catalogue import load_network
from codesign.workloads.dataflow import Operator, Tensor
from codesign.workloads.graph import Network
from codesign.workloads.language.models import language_model
from codesign.workloads.language.products import phase_products
from codesign.workloads.memory import traffic
from codesign.workloads.memory.decode_traffic import decode_traffic
from codesign.workloads.memory.network_traffic import VIEW_KINDS, network_traffic
from codesign.workloads.memory.traffic import Transfer, traffic_parts, traffic_trace

blocks = st.builds(
    Transfer,
    start_cycle=st.integers(0, 300),
    size_bytes=st.integers(1, 700),
    address=st.integers(0, 5000),
    write=st.booleans(),
)


def test_a_transfer_is_the_blocks_that_it_touches():
    trace = traffic_trace("t", [Transfer(7, 130, 100, True)])
    assert trace.address.tolist() == [100, 128, 192]
    assert trace.cycle.tolist() == [7, 8, 9]
    assert trace.write.all()


def test_a_transfer_waits_for_the_one_before():
    transfers = [Transfer(0, 192, 0, False), Transfer(1, 64, 4096, True), Transfer(20, 64, 0, False)]
    trace = traffic_trace("t", transfers, requests_per_cycle=0.5, clock_mhz=250.0, burst_bytes=64)
    assert trace.cycle.tolist() == [0, 2, 4, 6, 20]
    assert trace.clock_mhz == 250.0
    assert traffic_trace("t", transfers, requests_per_cycle=2).cycle.tolist() == [0, 0, 1, 1, 20]


@given(st.lists(blocks, min_size=1, max_size=12), st.sampled_from([0.001, 0.3, 1 / 3, 1.0, 1.5, 8.0]))
def test_times_follow_the_recurrence(transfers, rate):
    """t_k = max(start, t_(k-1) + 1 / rate) in exact fractions, rounded down; all bytes are moved, in order."""
    trace = traffic_trace("t", transfers, rate)
    period, time, expected = 1 / Fraction(rate).limit_denominator(1000), None, []
    for start, size, address, write in transfers:
        for block in range(address // 64, (address + size - 1) // 64 + 1):
            time = Fraction(start) if time is None else max(Fraction(start), time + period)
            expected.append((int(time), max(address, 64 * block), write))
    assert list(zip(trace.cycle, trace.address, trace.write, strict=True)) == expected


@settings(max_examples=50)
@given(st.lists(blocks, min_size=1, max_size=12), st.integers(1, 30))
def test_parts_make_the_whole(transfers, size):
    whole, parts = traffic_trace("t", transfers, 0.3), list(traffic_parts("t", transfers, size, 0.3))
    assert [len(part) for part in parts[:-1]] == [size] * (len(parts) - 1)
    for attribute in ("cycle", "address", "write"):
        assert np.array_equal(np.concatenate([getattr(p, attribute) for p in parts]), getattr(whole, attribute))


@pytest.mark.parametrize(
    ("transfers", "message"),
    [
        ([], "there is no transfer; at least one is needed"),
        ([Transfer(0, 1, 0, False), Transfer(0, 0, 0, False)], r"transfer 1: Transfer\(start_cycle=0, size_bytes=0"),
        ([Transfer(-1, 1, 0, False)], "a start from 0 to"),
        ([Transfer(0, 1, -1, False)], "an address of at least 0"),
        ([Transfer(0, 2**62, 1, False)], r"ends beyond address 2\*\*62"),
        ([Transfer(0, 2**40, 0, False)], "would have 17179869184 requests; at most 100000000 fit in one piece"),
        ([Transfer(0, 2**61, 0, False)] * 2, r"have 72057594037927936 requests; at most 2\*\*50 can be numbered"),
    ],
)
def test_transfers_that_are_refused(transfers, message):
    with pytest.raises(WorkloadError, match=message):
        traffic_trace("t", transfers)


def test_options_that_are_refused():
    some = [Transfer(0, 64, 0, False)]
    with pytest.raises(WorkloadError, match="the rate must be from 0.001 to 1000"):
        traffic_trace("t", some, 0)
    with pytest.raises(WorkloadError, match="a burst must be of at least 1 byte"):
        traffic_trace("t", some, burst_bytes=0)
    with pytest.raises(WorkloadError, match="at least 1 request, found 0"):
        next(traffic_parts("t", some, 0))


def test_a_traffic_of_any_length_comes_in_parts():
    first = next(traffic_parts("t", [Transfer(0, 2**50, 0, False)], 1000))
    assert first.address.tolist() == [64 * i for i in range(1000)]


def test_transfers_are_taken_as_they_are_needed():
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield Transfer(0, 128, 128 * len(taken), False)

    first, second = islice(traffic_parts("t", endless(), 1000, burst_bytes=64), 2)
    assert second.address[0] - first.address[-1] == 64
    assert second.cycle[0] == 1000
    assert len(taken) < 100_000


@given(st.lists(blocks, min_size=5, max_size=12), st.integers(1, 4))
def test_however_many_are_numbered_at_a_time(transfers, some):
    whole = traffic_trace("t", transfers, 0.3)
    with patch.object(traffic, "_TRANSFERS", some):
        again = traffic_trace("t", iter(transfers), 0.3)
        parts = list(traffic_parts("t", iter(transfers), 7, 0.3))
    for attribute in ("cycle", "address", "write"):
        expected = getattr(whole, attribute)
        assert np.array_equal(getattr(again, attribute), expected)
        assert np.array_equal(np.concatenate([getattr(p, attribute) for p in parts]), expected)


def test_the_number_of_a_transfer_that_is_refused_counts_all():
    some = [Transfer(0, 64, 0, False)] * 3 + [Transfer(0, 0, 0, False)]
    with patch.object(traffic, "_TRANSFERS", 2), pytest.raises(WorkloadError, match="transfer 3: "):
        list(traffic_parts("t", some, 1))
    with patch.object(traffic, "_TRANSFERS", 1), pytest.raises(WorkloadError, match=f"have {3 * 2**49} requests"):
        traffic_trace("t", [Transfer(0, 2**55, 0, False)] * 3)


def small_network():
    """Return an image through a convolution, a view and a linear layer: words are bytes."""
    net = NetworkBuilder("small")
    image = net.input("image", 1, 3, 10, 10)
    flow = net.conv(image, 4, 3, padding=1, bias=False, name="conv")
    flow = net.reshape(flow, 1, 400, name="flat")
    return net.build(net.linear(flow, 10, bias=False, name="linear"))


def test_a_network_operator_by_operator():
    """Weights are at 0 (108 bytes), 128 (4 biases) and 192 (4000), the image is at 4224 (300), results are at 4544
    (400) and 4992 (10); the view moves nothing."""
    assert network_traffic(small_network()) == (
        Transfer(0, 300, 4224, False),
        Transfer(0, 108, 0, False),
        Transfer(0, 4, 128, False),
        Transfer(0, 400, 4544, True),
        Transfer(0, 400, 4544, False),
        Transfer(0, 4000, 192, False),
        Transfer(0, 10, 4992, True),
    )
    moved = network_traffic(small_network(), base_address=100, alignment_bytes=1000)
    assert moved[1].address == 1000, "the first multiple that isn't below the base address"


@pytest.mark.parametrize("name", ["mobilenetv2", "resnet18", "llama3.2-1b"])
def test_a_network_of_the_zoo_moves_its_tensors(name):
    """Reads and writes add up to the operators' inputs and outputs; places don't overlap and none is read unwritten."""
    network = load_network(name)
    transfers = network_traffic(network)
    computing = [o for o in network.operators if o.kind not in VIEW_KINDS]
    written = sum(network.tensor(t).size_bytes for o in computing for t in o.outputs)
    assert sum(t.size_bytes for t in transfers if t.write) == written
    read = sum(network.tensor(t).size_bytes for o in computing for t in set(o.inputs))
    ours = sum(t.size_bytes for t in transfers if not t.write)
    assert ours == read if name != "llama3.2-1b" else ours < read
    places = {}
    for transfer in transfers:
        places[transfer.address] = max(places.get(transfer.address, 0), transfer.size_bytes)
    ordered = sorted(places.items())
    assert all(address + size <= after for (address, size), (after, _) in pairwise(ordered))
    given = sum(-(-t.size_bytes // 64) * 64 for t in (*network.with_role("weight"), *network.inputs))
    seen = set()
    for transfer in transfers:
        if transfer.write:
            seen.add(transfer.address)
        else:
            assert transfer.address < given or transfer.address in seen


def test_a_lookup_reads_only_what_it_returns():
    tensors = (
        Tensor("ids", (1, 5), "input", 32),
        Tensor("table", (1000, 16), "weight", 4),
        Tensor("rows", (1, 5, 16), "output", 8),
    )
    network = Network("lookup", tensors, (Operator("e", "embedding", ("ids", "table"), ("rows",)),))
    assert [(t.size_bytes, t.write) for t in network_traffic(network)] == [(20, False), (40, False), (80, True)]


def test_networks_that_are_refused():
    tensors = (Tensor("a", (4,), "input"), Tensor("b", (2, 2), "output"))
    views = Network("views", tensors, (Operator("r", "reshape", ("a",), ("b",)),))
    with pytest.raises(WorkloadError, match="network 'views' moves nothing: it has no operator but views"):
        network_traffic(views)
    with pytest.raises(
        WorkloadError, match="multiples of at least 1 byte from an address of at least 0; found 0 and 0"
    ):
        network_traffic(small_network(), alignment_bytes=0)


def by_kind(transfers, model):
    """Return bytes of weights read, of cache read and of cache written at 8 bits a word."""
    weights = model.weight_words
    return (
        sum(t.size_bytes for t in transfers if t.address < weights and not t.write),
        sum(t.size_bytes for t in transfers if t.address >= weights and not t.write),
        sum(t.size_bytes for t in transfers if t.write),
    )


@pytest.mark.parametrize("name", ["llama2-7b", "llama3-8b", "opt-6.7b"])
@pytest.mark.parametrize("batch", [1, 3])
def test_decoding_moves_what_the_products_read(name, batch):
    """Weights once a step, keys and values of each sequence; the new token's are written and not read back."""
    model = language_model(name)
    transfers = decode_traffic(model, tokens=2, context=100, batch=batch, weight_bits=8, kv_bits=8)
    weights, read, written = by_kind(transfers, model)
    assert weights == 2 * model.weight_words
    assert read == batch * (99 + 100) * model.kv_words_per_token
    assert written == batch * 2 * model.kv_words_per_token
    products = phase_products(model, "decode", batch, 1, 100)
    cached = products.right_words[products.of_kind("keys") | products.of_kind("values")].sum()
    assert cached == batch * 100 * model.kv_words_per_token


def test_each_step_reads_what_the_one_before_wrote():
    model = language_model("llama3.2-1b")
    transfers = decode_traffic(model, tokens=3, context=1, weight_bits=4, kv_bits=16)
    cache = model.weight_words // 2
    seen = np.zeros(3 * model.kv_words_per_token * 2, dtype=bool)
    for transfer in transfers:
        place = slice(transfer.address - cache, transfer.address - cache + transfer.size_bytes)
        if transfer.write:
            assert not seen[place].any(), "nothing is written over"
            seen[place] = True
        elif transfer.address >= cache:
            assert seen[place].all()
    assert seen.all(), "the cache has room for just what is decoded"


def test_experts():
    """A token takes its active experts, all equally often; several tokens take the union."""
    model = language_model("mixtral-8x7b")
    size = model.expert_weight_words
    transfers = decode_traffic(model, tokens=40, context=1, weight_bits=8, kv_bits=8, seed=4)
    taken = [t for t in transfers if t.size_bytes == size]
    assert len(taken) == 40 * model.blocks * model.active_experts
    block_bytes = model.block_weight_words
    shared = block_bytes - model.experts * size
    numbers = [(t.address % block_bytes - shared) / size for t in taken]
    counts = np.bincount(np.array(numbers, dtype=np.int64), minlength=model.experts)
    assert set(numbers) <= set(range(model.experts))
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 29.9, "chi-squared, 7 degrees of freedom, 1e-4"
    many = decode_traffic(model, context=1, batch=64, weight_bits=8, kv_bits=8)
    assert sum(t.size_bytes == size for t in many) == model.blocks * model.experts
    again = decode_traffic(model, tokens=40, context=1, weight_bits=8, kv_bits=8, seed=4)
    assert again == transfers
    assert decode_traffic(model, tokens=40, context=1, weight_bits=8, kv_bits=8, seed=5) != transfers


@pytest.mark.parametrize("name", ["tokens", "context", "batch", "weight_bits", "kv_bits"])
def test_numbers_below_1(name):
    with pytest.raises(WorkloadError, match=f"decode traffic: {name} must be at least 1, found 0"):
        decode_traffic(language_model("llama3.2-1b"), **{name: 0})


def test_a_seed_below_0():
    with pytest.raises(WorkloadError, match="decode traffic: the seed must be at least 0, found -1"):
        decode_traffic(language_model("mixtral-8x7b"), seed=-1)


def test_a_step_as_a_trace():
    """1.2 billion weights at 4 bits are 617.9 MB: 9.7 million requests, in parts of a million."""
    model = language_model("llama3.2-1b")
    transfers = decode_traffic(model, context=1, weight_bits=4)
    parts = traffic_parts("llama3.2-1b", transfers, 1_000_000)
    assert sum(len(part) for part in parts) == model.weight_words // 2 // 64 + model.kv_words_per_token * 2 // 64
