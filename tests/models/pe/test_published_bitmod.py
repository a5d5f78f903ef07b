"""Specification of the BitMoD reproduction."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.models.pe.published.bitmod import bitmod
from codesign.models.pe.published.bitmod_simulator import run


def test_every_cycle_count_equals_the_simulators() -> None:
    cycles = [check for check in bitmod() if " cycles " in check.item]
    assert len(cycles) == 60
    assert all(check.ours == check.reference for check in cycles)


def test_every_dram_energy_matches() -> None:
    energies = [check for check in bitmod() if "DRAM energy" in check.item]
    assert len(energies) == 60
    assert all(check.verdict == "match" for check in energies)


def test_speed_ups_and_energy_gains_match() -> None:
    gains = [check for check in bitmod() if " over " in check.item]
    assert len(gains) == 11
    assert [check.item for check in gains if check.verdict != "match"] == []


def test_what_differs_says_why() -> None:
    assert all(check.note for check in bitmod() if check.verdict != "match")


def test_a_run_by_hand() -> None:
    """OPT-1.3B, one token of the FP16 design (64 channels by 12 tokens), 32 bytes a cycle from DRAM.

    Linear layers wait for 24 blocks of 12 * 2048^2 weights, the head of 2048 * 50272, and short vectors. The scores of
    32 heads take three rounds of 2048 steps, the values one of 256.
    """
    blocks, hidden, heads, vocabulary, context = 24, 2048, 32, 50272, 256
    weights = blocks * 12 * hidden**2 + hidden * vocabulary
    vectors = blocks * (4 * (hidden + hidden) + 2 * (hidden + 4 * hidden)) + hidden + vocabulary
    scores = max(3 * hidden, 2 * (hidden + hidden * heads + heads) // 32)
    values = max(context, 2 * (context * heads + hidden + heads) // 32)
    expected = 2 * (weights + vectors) // 32 + blocks * (scores + values)
    assert run("FP16", "generation", "OPT-1.3B", 16.0).cycles == expected == 82153718


@pytest.mark.parametrize("task", ["generation", "discriminative"])
def test_fewer_bits_are_never_slower(task: str) -> None:
    cycles = [run("BitMoD lossy", task, "Llama-2-7B", bits).cycles for bits in (3.0625, 4.0625, 6.0625, 8.0625)]
    assert np.all(np.diff(cycles) >= 0)
