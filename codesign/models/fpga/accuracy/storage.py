"""A trained predictor on disk: arrays and JSON in one ``.npz`` file, read without unpickling anything."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from codesign.errors import ModelInputError, UnknownNameError
from codesign.models.fpga.accuracy.encoding import Column, Encoding
from codesign.models.fpga.accuracy.predictor import Predictor
from codesign.models.fpga.accuracy.regression import Machine, Settings
from codesign.pareto.csv_file import write_atomically

FORMAT = 1


def save(predictor: Predictor, path: Path) -> None:
    """Write a predictor to ``path``; equal predictors give equal arrays.

    Raises:
        StorageError: the folder can't be written to.
    """
    columns = [{**asdict(column), "choices": list(column.choices)} for column in predictor.encoding.columns]
    about = {
        "format": FORMAT,
        "columns": columns,
        "settings": asdict(predictor.settings),
        "kendall_tau": predictor.kendall_tau,
        "mae": predictor.mae,
        "source": predictor.source,
        "seed": predictor.seed,
    }
    arrays: dict[str, Any] = {
        "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        "mean": predictor.encoding.mean,
        "deviation": predictor.encoding.deviation,
        "inputs": predictor.inputs,
        "weights": np.stack([machine.weights for machine in predictor.machines]),
        "offsets": np.array([machine.offset for machine in predictor.machines]),
        "fold": predictor.fold,
        "residuals": predictor.residuals,
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_atomically(path, buffer.getvalue())


def load(path: Path) -> Predictor:
    """Read a predictor that ``save`` wrote; it predicts the same to the last digit.

    Raises:
        UnknownNameError: there is no such file.
        ModelInputError: the file holds no predictor, or one of another format.
    """
    if not path.is_file():
        raise UnknownNameError(f"no such file: {path}")
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(arrays["about"].tobytes())
        if about["format"] != FORMAT:
            raise ModelInputError(f"{path}: a predictor of format {about['format']}; this version reads {FORMAT}")
        return _predictor(about, arrays)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelInputError(f"{path}: holds no accuracy predictor: {type(error).__name__} {error}") from error


def _predictor(about: dict[str, Any], arrays: dict[str, Any]) -> Predictor:
    columns = tuple(Column(**each | {"choices": tuple(each["choices"])}) for each in about["columns"])
    machines = zip(arrays["weights"], arrays["offsets"], strict=True)
    return Predictor(
        encoding=Encoding(columns, arrays["mean"], arrays["deviation"]),
        inputs=arrays["inputs"],
        machines=tuple(Machine(weights, float(offset)) for weights, offset in machines),
        fold=arrays["fold"],
        residuals=arrays["residuals"],
        settings=Settings(**about["settings"]),
        kendall_tau=about["kendall_tau"],
        mae=about["mae"],
        source=about["source"],
        seed=about["seed"],
    )
