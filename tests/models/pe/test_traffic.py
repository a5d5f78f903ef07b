"""What a design moves to and from DRAM: the model's bytes, in the model's order, at the model's times."""

import math
from collections import Counter
from itertools import islice, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import InfeasibleError, ModelInputError, WorkloadError
from codesign.models.dram.settings import ControllerSettings
from codesign.models.dram.simulator import simulate
from codesign.models.pe.model import PeMpgemm
from codesign.models.pe.traffic import design_traffic
from codesign.models.pe.traffic_order import Piece, Run, layers_of, pieces, runs_of
from codesign.technology.dram_devices import dram_device
from codesign.workloads.memory.interleaving import channel_share

GRAIN = 512
DECODE = {"network": "llama3.2-1b", "phase": "decode", "context": 300, "pe": "mixpe-w4a8", "kv_bits": 8}
DESIGNS = [
    DECODE,
    {**DECODE, "batch": 3, "group": 64, "dram_gbs": 400.0},
    {**DECODE, "kv_bits": 4, "pe": "bitmod"},
    {**DECODE, "phase": "prefill", "sequence": 16, "activation_kib": 32},
    {"network": "mixtral-8x7b", "phase": "decode", "context": 16, "batch": 5, "pe": "int8", "weight_kib": 8192},
    {"network": "resnet18", "pe": "int8", "activation_kib": 8, "weight_kib": 8},
    {"network": "mobilenetv2", "pe": "fp16", "batch": 2},
    {"network": "vit-b16", "pe": "int8", "activation_kib": 256, "weight_kib": 256},
]


def answered(design):
    return PeMpgemm().evaluate(pd.DataFrame([design])).iloc[0]


@pytest.mark.parametrize("design", DESIGNS)
def test_the_bytes_are_the_models(design):
    traffic, metrics = design_traffic(design), answered(design)
    dram_bytes = metrics["dram_gib"] * 2**30
    transfers = list(traffic.transfers())
    moved = sum(transfer.size_bytes for transfer in transfers)
    assert traffic.dram_bytes == pytest.approx(dram_bytes, rel=1e-12)
    assert dram_bytes - 1 <= moved <= dram_bytes * (1 + 1e-12)
    assert max(t.address + t.size_bytes for t in transfers) <= traffic.footprint_bytes


@pytest.mark.parametrize("design", [{**DECODE, "context": 3}, DESIGNS[5]])
def test_each_burst_is_a_request(design):
    traffic = design_traffic(design)
    transfers = list(traffic.transfers())
    requests = sum(len(part) for part in traffic.trace())
    assert requests == sum(-(-transfer.size_bytes // 64) for transfer in transfers)
    assert traffic.dram_bytes <= 64 * requests < traffic.dram_bytes + 64 * len(transfers)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_times_are_the_models(design):
    traffic, metrics = design_traffic(design), answered(design)
    end_s = traffic.stages[-1].start_s + traffic.stages[-1].duration_s
    end_s += traffic.cache_bits / (traffic.dram_gbs * 8e9)
    assert end_s == pytest.approx(metrics["latency_ms"] * 1e-3, rel=1e-9)
    starts = [transfer.start_cycle for transfer in traffic.transfers()]
    assert starts == sorted(starts)
    assert starts[-1] <= metrics["latency_ms"] * 1e-3 * traffic.clock_mhz * 1e6 + 1
    half = [transfer.start_cycle for transfer in traffic.transfers(clock_mhz=traffic.clock_mhz / 2)]
    assert max(abs(2 * h - s) for h, s in zip(half, starts, strict=True)) <= 2
    assert not any(transfer.start_cycle for transfer in traffic.transfers(paced=False))


def test_decoding_reads_every_weight_and_the_cache_once_and_writes_the_new_token():
    traffic, metrics = design_traffic(DECODE), answered(DECODE)
    read = sorted((t.address, t.size_bytes) for t in traffic.transfers() if not t.write)
    assert all(address + size <= following for (address, size), (following, _) in pairwise(read))
    written = [t for t in traffic.transfers() if t.write]
    layers, kv_width = 16, 512
    token_bytes = kv_width + kv_width // 64 * 4
    assert [t.size_bytes for t in written] == [token_bytes] * 2 * layers
    cached = 2 * layers * 300 * token_bytes
    weights = metrics["weight_gib"] * 2**30
    assert sum(size for _, size in read) == weights + cached
    assert traffic.footprint_bytes == pytest.approx(weights + cached, rel=1e-4)
    assert all(t.address >= weights for t in written)


def test_layers_come_in_the_order_of_the_blocks():
    names = [*("query", "key", "value", "out", "gate", "up", "down", "head"), "scores", "values"]
    layers = layers_of("llama3.2-1b", "decode", (1.0, 1.0, 300.0), names)
    block = ["query", "key", "value", "scores", "values", "out", "gate", "up", "down"]
    assert [names[layer.row] for layer in layers] == [*block * 16, "head"]
    assert {(layer.part, layer.whole) for layer in layers[:-1]} == {(1, 16)}
    assert (layers[-1].part, layers[-1].whole) == (1, 1)


def test_layers_of_equal_shape_share_the_runs_of_their_product():
    traffic = design_traffic({"network": "resnet18", "pe": "int8"})
    assert len(traffic.stages) == 21
    assert sum(stage.runs for stage in traffic.stages) == 21


RUN = Run(left=4 * GRAIN, right=6 * GRAIN, output=2 * GRAIN, left_fetches=1, right_fetches=1, right_outside=True)
ROOM = 100 * GRAIN


def short(found):
    return [(operand[0], first / GRAIN, end / GRAIN) for operand, first, end in found]


def test_what_is_kept_comes_first():
    assert short(pieces(RUN, ROOM, ROOM, GRAIN)) == [("l", 0, 4), ("r", 0, 6), ("o", 0, 2)]


def test_no_piece_is_larger_than_half_a_buffer_and_outputs_follow_the_reads():
    found = short(pieces(RUN, ROOM, 2.5 * GRAIN, GRAIN))
    assert found == [("l", 0, 4), ("r", 0, 2), ("o", 0, 1), ("r", 2, 4), ("r", 4, 6), ("o", 1, 2)]


def test_the_left_operand_is_read_for_each_block_of_the_right():
    run = Run(4 * GRAIN, 6 * GRAIN, 0.0, left_fetches=2, right_fetches=1, right_outside=True)
    assert short(pieces(run, ROOM, ROOM, GRAIN)) == [("r", 0, 3), ("l", 0, 4), ("r", 3, 6), ("l", 0, 4)]
    other = Run(6 * GRAIN, 4 * GRAIN, 0.0, left_fetches=1, right_fetches=2, right_outside=False)
    assert short(pieces(other, ROOM, ROOM, GRAIN)) == [("l", 0, 3), ("r", 0, 4), ("l", 3, 6), ("r", 0, 4)]


def test_a_streamed_block_is_read_for_each_tile_of_the_other_operand():
    run = Run(4 * GRAIN, 6 * GRAIN, 0.0, left_fetches=1, right_fetches=2, right_outside=True)
    assert short(pieces(run, ROOM, ROOM, GRAIN)) == [("l", 0, 2), ("r", 0, 6), ("l", 2, 4), ("r", 0, 6)]


runs = st.builds(
    Run,
    left=st.one_of(st.just(0.0), st.floats(1, 1e5)),
    right=st.floats(1, 1e5),
    output=st.one_of(st.just(0.0), st.floats(1, 1e5)),
    left_fetches=st.integers(1, 5),
    right_fetches=st.integers(1, 5),
    right_outside=st.booleans(),
)


@settings(max_examples=200)
@given(runs, st.floats(1, 1e5), st.floats(1, 1e5))
def test_every_bit_is_moved_as_often_as_the_model_says(run, left_room, right_room):
    found = list(pieces(run, left_room, right_room, GRAIN))
    times = {"left": run.left_fetches, "right": run.right_fetches, "output": 1}
    for operand, size in (("left", run.left), ("right", run.right), ("output", run.output)):
        mine = [(piece.first, piece.end) for piece in found if piece.operand == operand]
        assert math.isclose(sum(end - first for first, end in mine), size * times[operand], rel_tol=1e-9)
        edges = Counter()
        for first, end in mine:
            assert first % GRAIN == 0
            assert end % GRAIN == 0 or end == size
            edges[first] += 1
            edges[end] -= 1
        depth = np.cumsum([edges[edge] for edge in sorted(edges)])
        assert set(depth[:-1].tolist()) <= {times[operand]}
    room = {"left": max(GRAIN, left_room), "right": max(GRAIN, right_room), "output": math.inf}
    assert all(0 < piece.end - piece.first <= room[piece.operand] for piece in found)


def test_an_expected_number_of_runs_ends_with_a_part():
    three = list(runs_of(RUN, 2.25))
    assert three[:2] == [RUN, RUN]
    assert three[2] == Run(GRAIN, 1.5 * GRAIN, 0.5 * GRAIN, 1, 1, True)
    assert list(runs_of(RUN, 2.0)) == [RUN, RUN]


def test_pieces_name_their_operand():
    assert next(pieces(RUN, ROOM, ROOM, GRAIN)) == Piece("left", 0.0, 4 * GRAIN)


def test_the_rate_is_the_designs_bandwidth_or_everything_is_there_at_once():
    traffic = design_traffic({**DECODE, "dram_gbs": 32.0, "rows": 1, "columns": 1024})
    first = next(traffic.trace(requests=2000))
    assert np.diff(first.cycle).mean() == pytest.approx(2.0, rel=0.02)
    assert first.clock_mhz == 1000.0
    assert next(traffic.trace(requests=2000, paced=False)).cycle[-1] == 1
    shorter = next(traffic.trace(requests=2000, burst_bytes=32, requests_per_cycle=0.25))
    assert np.diff(shorter.address).min() == 32
    assert np.diff(shorter.cycle).min() == 4


@pytest.mark.slow
def test_decoding_gets_what_refresh_leaves_of_the_peak_unless_pages_are_closed():
    device = dram_device("lpddr4-3200-8gb-x16")
    traffic = design_traffic(DECODE)

    def share(**changed):
        parts = islice(traffic.trace(burst_bytes=device.burst_bytes, paced=False), 2)
        found = simulate(channel_share(parts, 0, 4, 64), device, ControllerSettings(**changed), channels=1)
        return found.bandwidth_gbs / device.peak_gbs

    refreshing = device.clocks["rfc"] / device.clocks["refi"]
    assert 1 - refreshing - 0.02 < share() < 1
    assert share(page_policy="Closed") < 0.15


def test_designs_that_are_refused():
    with pytest.raises(InfeasibleError, match="can't multiply"):
        design_traffic({**DECODE, "weight_bits": 7})
    with pytest.raises(ModelInputError, match="colums"):
        design_traffic({**DECODE, "colums": 4})
    with pytest.raises(WorkloadError, match="multiples of at least 1 byte, found 0"):
        design_traffic(DECODE, alignment_bytes=0)
    with pytest.raises(WorkloadError, match="a burst of 48 bytes doesn't divide the alignment of 64 bytes"):
        next(design_traffic(DECODE).trace(burst_bytes=48))
