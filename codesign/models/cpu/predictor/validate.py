"""Predicted beside simulated IPC, on cores that were drawn for this and are in no training."""

from __future__ import annotations

from collections.abc import Iterator

from codesign.models.checks import Check
from codesign.models.cpu.design import core_settings, drawn_cores
from codesign.models.cpu.parameters import WARMUP
from codesign.models.cpu.predictor.artefact import trained_features, trained_predictor, trained_program
from codesign.models.cpu.simulator import simulate_many
from codesign.workloads.instructions.catalogue import instruction_trace

FRESH, FRESH_SEED = 2, 11
TOLERANCE = 0.05
_SOURCE = "cpu.simulated, this version"
_KNOWS = "simulated for training on other cores"
_SURFACE = "features only, no simulation of the program"


def cpu_predictor() -> list[Check]:
    """Return the IPC of every committed program on two cores, as predicted and as simulated.

    Once the predictor knows the program's simulations on the training's cores; once it has its features alone. The
    trees of the second have seen the program's simulations too, among those of 55 others: what it says of a program
    never simulated is in ``reproduce ipc``.
    """
    return [check for program in trained_predictor().programs for check in _checks(program)]


def _checks(program: str) -> Iterator[Check]:
    cores = drawn_cores(FRESH, FRESH_SEED)
    truth = simulate_many(instruction_trace(program), core_settings(cores), warmup=WARMUP)["ipc"].tolist()
    ways = {
        _KNOWS: trained_program(program),
        _SURFACE: trained_predictor().of_features(trained_features(program)),
    }
    for known, predictor in ways.items():
        told = predictor.predict(cores)
        for core in range(FRESH):
            low, high = (float(told[end].iloc[core]) for end in ("ipc_low", "ipc_high"))
            inside = "within" if low <= truth[core] <= high else "outside of"
            yield Check(
                item=f"{program} on fresh core {core}: IPC, {known}",
                reference=truth[core],
                ours=float(told["ipc"].iloc[core]),
                unit="1/cycle",
                tolerance=TOLERANCE,
                source=_SOURCE,
                note=f"{inside} its interval of 90 %: {low:.3f} to {high:.3f}",
            )
