"""Make everything that is trained: features, labels, surfaces, corrections, errors (``make train``).

    python -m codesign.models.cpu.predictor.train [--cores N] [--cache FOLDER] [--threads N] [--out FOLDER]

Labels and features are kept in the cache folder, so that a broken run goes on where it was. The trained predictor, the
features and the errors on held-out programs and cores are written to the package's data, or to ``--out``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from codesign.models.cpu.design import drawn_cores
from codesign.models.cpu.features.excerpt import LEAD
from codesign.models.cpu.features.intervals import GROUPS, LENGTH
from codesign.models.cpu.features.program import ProgramFeatures
from codesign.models.cpu.parameters import WARMUP
from codesign.models.cpu.predictor.anchors import ANCHORS, CACHE_SETS, SIGNATURE, anchors, kept_features
from codesign.models.cpu.predictor.artefact import IpcPredictor, SimulatedProgram, save_predictor
from codesign.models.cpu.predictor.encoding import seen_rates
from codesign.models.cpu.predictor.evaluation import (
    LEARNED,
    ONE_PASS,
    held_out_predictions,
    seen_factors,
    training_table,
    unseen_factors,
)
from codesign.models.cpu.predictor.labels import labels
from codesign.models.cpu.predictor.learned import Learned, rows_of
from codesign.models.cpu.predictor.rates import LEARNED as LEARNED_RATES
from codesign.models.cpu.predictor.rates import OwnRates, counterparts, fitted_common, fitted_own, rate_inputs
from codesign.models.cpu.predictor.rows import Surface, surface_of
from codesign.models.cpu.splits_protocol import BOTH_UNSEEN, UNSEEN_CORE, errors_by
from codesign.workloads.instructions.catalogue import instruction_trace, recorded_programs

LOG = logging.getLogger(__name__)
CORES = 1024
CACHE_VARIABLE = "CODESIGN_CACHE"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the training with the given arguments, those of the command line if None."""
    options = _options().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    programs = options.programs or list(recorded_programs())
    features = _features(programs, options.cache / "features")
    truth = _labels(programs, options.cores, options.cache / "labels", options.threads)
    with threadpool_limits(1):
        surfaces = {name: surface_of(one, anchors()) for name, one in features.items()}
        _train(truth, surfaces, options.cores, options.out)
    (options.out / "features").mkdir(parents=True, exist_ok=True)
    for name in programs:
        shutil.copyfile(options.cache / "features" / f"{name}.npz", options.out / "features" / f"{name}.npz")


def _options() -> argparse.ArgumentParser:
    cache = Path(os.environ.get(CACHE_VARIABLE, Path.home() / ".cache" / "codesign")) / "ipc"
    parser = argparse.ArgumentParser(prog="python -m codesign.models.cpu.predictor.train", description=__doc__)
    parser.add_argument("--cores", type=int, default=CORES, help="how many cores are drawn")
    parser.add_argument("--cache", type=Path, default=cache, help="folder of labels and features")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--programs", nargs="*", help="of the committed set; all of them if none is named")
    return parser


def _features(programs: Sequence[str], folder: Path) -> dict[str, ProgramFeatures]:
    found: dict[str, ProgramFeatures] = {}
    begin = time.monotonic()
    for name in programs:
        found[name] = kept_features(instruction_trace(name), folder)
        LOG.info("features of %s (%d of %d, %.0f s)", name, len(found), len(programs), time.monotonic() - begin)
    return found


def _labels(programs: Sequence[str], cores: int, folder: Path, threads: int) -> pd.DataFrame:
    begin = time.monotonic()
    parts: list[pd.DataFrame] = []
    total = len(programs) * cores

    def progress(name: str, done: int, _: int) -> None:
        made = len(parts) * cores + done
        spent = time.monotonic() - begin
        LOG.info("labels %d of %d (%s), %.0f s to go", made, total, name, spent / made * (total - made))

    for name in programs:
        parts.append(labels(instruction_trace(name), cores, folder, threads, progress))
    return pd.concat(parts, ignore_index=True)


def _train(truth: pd.DataFrame, surfaces: Mapping[str, Surface], count: int, out: Path) -> None:
    """Evaluate on held-out programs and cores, train on all, write both."""
    families = {name: program.family for name, program in recorded_programs().items()}
    table = training_table(truth, surfaces, families, drawn_cores(count))
    LOG.info("table of %d rows; evaluating", len(table))
    predicted = held_out_predictions(table, surfaces)
    predicted["name"] = table["program"].to_numpy()[predicted["row"]]
    unseen = unseen_factors(predicted)
    own, held = seen_factors(predicted)
    LOG.info("training on all rows")
    predictor = _trained(table, truth, surfaces, count, {level: one["factor"] for level, one in unseen.items()}, own)
    out.mkdir(parents=True, exist_ok=True)
    save_predictor(predictor, out / "predictor.npz")
    record = {
        "programs": len(surfaces),
        "families": len({families[name] for name in surfaces}),
        "cores": count,
        "instructions": {"warmup": WARMUP, "intervals": GROUPS, "of_interval": LENGTH, "lead": LEAD},
        "looked_at": {"anchors": ANCHORS, "cache_sets": CACHE_SETS, "signature": SIGNATURE},
        "intervals_unseen": {f"{level:g}": found for level, found in unseen.items()},
        "intervals_seen": {f"{level:g}": {"held": share} for level, share in held.items()},
        "errors": errors_by(predicted, ("split", "predictor")).round(4).to_dict("records"),
        "errors_by_program": _by_program(predicted),
    }
    (out / "errors.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    LOG.info("written to %s", out)


def _trained(
    table: pd.DataFrame,
    truth: pd.DataFrame,
    surfaces: Mapping[str, Surface],
    count: int,
    factors: Mapping[float, float],
    own: Mapping[str, Mapping[float, float]],
) -> IpcPredictor:
    """Return the predictor that has learned from all rows."""
    learned = Learned({name: surface.scales for name, surface in surfaces.items()})
    learned.fit(table, table["ipc"].to_numpy())
    cores = drawn_cores(count)
    inputs, lines, rates = [], [], []
    programs: dict[str, SimulatedProgram] = {}
    for name, surface in surfaces.items():
        rows = rows_of(table[table["program"] == name])
        seen = seen_rates(surface.program, cores)
        labelled = truth[truth["program"] == name]
        inputs.append(rate_inputs(rows, seen))
        lines.append(counterparts(seen))
        rates.append(labelled[list(LEARNED_RATES)].to_numpy())
        own_rates: OwnRates = fitted_own(inputs[-1], rates[-1])
        ipc = labelled["ipc"].to_numpy().astype(np.float32)
        programs[name] = SimulatedProgram(surface.scales, ipc, learned.noise(name), own_rates, own[name])
    common = fitted_common(np.concatenate(inputs), np.concatenate(lines), np.concatenate(rates))
    return IpcPredictor(learned.trees, common, factors, programs)


def _by_program(predicted: pd.DataFrame) -> list[dict[str, object]]:
    """Errors of the learned predictor and of the one-pass surface by program, without and with its simulations."""
    shown = predicted[predicted["split"].isin([BOTH_UNSEEN, UNSEEN_CORE])]
    shown = shown[shown["predictor"].isin([LEARNED, ONE_PASS])]
    rows = []
    for (name, split, predictor), group in shown.groupby(["name", "split", "predictor"], sort=True):
        ratio = group["truth"] / group["predicted"]
        square = float(((group["predicted"] - group["truth"]) ** 2).mean())
        rows.append(
            {
                "program": name,
                "split": split,
                "predictor": predictor,
                "mean_ipc": round(float(group["truth"].mean()), 4),
                "mape_cpi_percent": round(100 * float((ratio - 1).abs().mean()), 3),
                "rmse_ipc": round(square**0.5, 4),
            }
        )
    return rows


if __name__ == "__main__":
    main()
