"""CoDeNet's engine: calls, cycles by hand, and the five board latencies."""

import pytest

from codesign.models.fpga.codenet import EngineCall, board_latencies, network_calls, shuffled_words
from codesign.models.fpga.constants import engine_constants
from codesign.models.fpga.published import codenet


def test_a_pointwise_call_by_hand():
    """Side 4, 32 -> 48: weights 96, (2 + 12) x (1 + 3) x 16 in the 1x1, 16 x (3 + 12) + 32 in passing on."""
    call = EngineCall(4, 32, 48, depthwise=False)
    assert call.cycles == 96 + max(16 * 14 * 4, 16 * 15 + 32)


def test_a_depthwise_call_with_stride_by_hand():
    call = EngineCall(8, 32, 32, stride=2, pointwise=False)
    assert call.cycles == 64 + max(64 * 14, 64 * 14 + 16 * 14 + 64)
    assert call.operations == 2 * 16 * 9 * 32


def test_layers_of_more_than_512_outputs_are_several_calls():
    calls = network_calls(64, wide=True)
    assert max(call.outputs for call in calls) == 512
    assert {call.inputs % 16 for call in calls} == {0}
    assert len(calls) > len(network_calls(64, wide=False))


def test_the_operations_are_the_boards():
    for row in board_latencies():
        assert row.modelled_gops == pytest.approx(row.measured_gops, rel=1e-4)


def test_the_board_latencies_are_within_five_percent():
    differences = [row.modelled_ms / row.measured_ms - 1 for row in board_latencies()]
    assert len(differences) == 5
    assert max(map(abs, differences)) < 0.05


def test_the_processors_time_a_word_is_the_middle_of_what_was_measured():
    measured = {row.configuration: row.shuffle_ns_per_word for row in board_latencies()}
    assert sorted(measured[c] for c in "acd")[1] == pytest.approx(
        engine_constants()["processor_ns_per_word"], abs=0.005
    )
    assert shuffled_words(64, wide=False) == 4 * 32**2 * 128 + 8 * 16**2 * 256 + 4 * 8**2 * 512


def test_every_row_matches_and_says_that_it_is_calibrated():
    checks = codenet()
    assert [check.verdict for check in checks] == ["match"] * 10
    assert all("3 free parameters" in check.note for check in checks[:5])
