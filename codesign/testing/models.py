"""The contract of a model, as a pytest class."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from codesign.errors import ModelInputError
from codesign.models.protocol import STATUS_COLUMNS, Model


class ModelContract:
    """Subclass, set ``model`` and ``designs`` (at least eight valid, feasible and different designs)."""

    model: ClassVar[Model]
    designs: ClassVar[pd.DataFrame]

    def test_is_a_model(self) -> None:
        assert isinstance(self.model, Model)
        assert self.model.name
        assert self.model.version
        assert self.model.description
        assert self.model.sources, "a model states where its equations and constants come from"

    def test_parameters_and_metrics_carry_their_names(self) -> None:
        assert all(name == parameter.name for name, parameter in self.model.parameters.items())
        assert all(name == metric.name for name, metric in self.model.metrics.items())
        assert not set(self.model.parameters) & set(self.model.metrics)
        assert all(metric.unit and metric.description for metric in self.model.metrics.values())

    def test_one_row_in_one_row_out_under_the_same_index(self) -> None:
        shuffled = self.designs.sample(frac=1, random_state=1)
        shuffled.index = pd.Index(range(100, 100 + len(shuffled)))
        answer = self.model.evaluate(shuffled)
        assert answer.index.equals(shuffled.index)
        assert set(answer.columns) >= {*self.model.metrics, *STATUS_COLUMNS}

    def test_column_types(self) -> None:
        answer = self.model.evaluate(self.designs)
        for name in self.model.metrics:
            assert answer[name].dtype == np.float64, name
        assert answer["feasible"].dtype == bool
        assert answer["in_validated_range"].dtype == bool
        assert answer["feasible"].all(), answer["reason"].tolist()
        assert (answer["reason"] == "").all()

    def test_does_not_change_its_input(self) -> None:
        before = self.designs.copy(deep=True)
        self.model.evaluate(self.designs)
        pd.testing.assert_frame_equal(self.designs, before)

    def test_same_bits_for_every_batch_size_and_order(self) -> None:
        whole = self.model.evaluate(self.designs)
        for rows in (1, 3):
            parts = [self.designs.iloc[i : i + rows] for i in range(0, len(self.designs), rows)]
            pd.testing.assert_frame_equal(
                whole, pd.concat([self.model.evaluate(part) for part in parts]), check_exact=True
            )
        backwards = self.model.evaluate(self.designs.iloc[::-1]).iloc[::-1]
        pd.testing.assert_frame_equal(whole, backwards, check_exact=True)

    def test_no_rows(self) -> None:
        answer = self.model.evaluate(self.designs.iloc[:0])
        assert len(answer) == 0
        assert set(answer.columns) >= {*self.model.metrics, *STATUS_COLUMNS}

    def test_defaults_are_what_is_left_out(self) -> None:
        given = self.designs.copy()
        for name, parameter in self.model.parameters.items():
            if name not in given.columns and parameter.default is not None:
                given[name] = parameter.default
        pd.testing.assert_frame_equal(self.model.evaluate(self.designs), self.model.evaluate(given), check_exact=True)

    def test_an_impossible_value_is_a_row_with_a_reason(self) -> None:
        for name, parameter in self.model.parameters.items():
            if name not in self.designs.columns or not parameter.domain.numeric:
                continue
            bad = self.designs.iloc[:3].copy()
            bad[name] = bad[name].astype(np.float64)
            bad.iloc[1, bad.columns.get_loc(name)] = -1e9  # type: ignore[index]
            answer = self.model.evaluate(bad)
            assert answer["feasible"].tolist() == [True, False, True], name
            assert answer["reason"].iloc[1], name
            assert answer[list(self.model.metrics)].iloc[1].isna().all(), name

    def test_an_unknown_column_is_refused_with_its_name(self) -> None:
        with pytest.raises(ModelInputError, match="no_such_parameter"):
            self.model.evaluate(self.designs.assign(no_such_parameter=1))

    def test_a_missing_column_is_refused_with_its_name(self) -> None:
        needed = [n for n, p in self.model.parameters.items() if p.default is None and not p.optional]
        for name in needed:
            with pytest.raises(ModelInputError, match=name):
                self.model.evaluate(self.designs.drop(columns=name))

    def test_pickles(self) -> None:
        again = pickle.loads(pickle.dumps(self.model))
        pd.testing.assert_frame_equal(again.evaluate(self.designs), self.model.evaluate(self.designs), check_exact=True)

    def test_same_bits_in_another_process_with_another_hash_seed(self) -> None:
        code = (
            "import pickle, sys; model, designs = pickle.load(sys.stdin.buffer); "
            "pickle.dump(model.evaluate(designs), sys.stdout.buffer)"
        )
        environment = {**os.environ, "PYTHONHASHSEED": "4242", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps((self.model, self.designs)),
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        pd.testing.assert_frame_equal(pickle.loads(done.stdout), self.model.evaluate(self.designs), check_exact=True)
