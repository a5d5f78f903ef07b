"""Codes in, judged metrics out: calls the model, keeps its failures from ending a study, applies the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import CodesignError, ModelFailureError
from codesign.models.protocol import FEASIBLE, IN_VALIDATED_RANGE, REASON, Model
from codesign.pareto.objective import Objective
from codesign.search.protocol import Outcome
from codesign.space import coding
from codesign.space.coding import CodeArray
from codesign.space.domain import Value
from codesign.space.parameter import Parameter
from codesign.space.space import Limit, Space

MAX_FAILURES = 1_000
"""A model that raises on this many designs of one batch is taken to be broken."""


@dataclass(frozen=True)
class Results:
    """What a batch of designs gave.

    Attributes:
        metrics: ``rows x metrics``, in the model's order.
        feasible: built, and within all limits.
        reason: per row why not, empty where feasible.
        in_validated_range: as the model says.
        violation: see ``codesign.search.protocol.Outcome``.
    """

    metrics: npt.NDArray[np.float64]
    feasible: npt.NDArray[np.bool_]
    reason: npt.NDArray[np.object_]
    in_validated_range: npt.NDArray[np.bool_]
    violation: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.feasible)

    def take(self, rows: Any) -> Results:
        """Return the rows of a mask, slice or index array."""
        return Results(
            self.metrics[rows],
            self.feasible[rows],
            self.reason[rows],
            self.in_validated_range[rows],
            self.violation[rows],
        )


def join_results(pieces: list[Results]) -> Results:
    """Put batches behind each other."""
    if len(pieces) == 1:
        return pieces[0]
    return Results(
        *(
            np.concatenate([getattr(piece, name) for piece in pieces])
            for name in ("metrics", "feasible", "reason", "in_validated_range", "violation")
        )
    )


class Evaluator:
    """Evaluates codes of one space with one model. Picklable, so that other processes can do it."""

    def __init__(self, space: Space, model: Model) -> None:
        self.parameters: tuple[Parameter, ...] = space.parameters
        self.conditional = space.conditional
        self.fixed: Mapping[str, Value] = dict(space.fixed)
        self.limits: tuple[Limit, ...] = space.limits
        self.objectives: tuple[Objective, ...] = space.objectives
        self.model = model
        self.metric_names = tuple(model.metrics)

    def designs(self, codes: CodeArray) -> pd.DataFrame:
        """Return the table that the model gets: parameters, then fixed settings; inactive values are the defaults."""
        table = coding.decode(self.parameters, self.conditional, codes)
        for name in self.conditional:
            default = self.model.parameters[name].default
            if default is not None and table[name].isna().any():
                table[name] = with_default(table[name], default)
        for name, value in self.fixed.items():
            if isinstance(value, str):
                zeros = np.zeros(len(table), dtype=np.int8)
                table[name] = pd.Categorical.from_codes(zeros, categories=pd.Index([value]))
            else:
                table[name] = np.full(len(table), value)
        return table

    def evaluate(self, codes: CodeArray) -> Results:
        """Evaluate a batch. A design that the model can't take is an infeasible row with the reason.

        Raises ModelFailureError when the model breaks its contract or raises on more than ``MAX_FAILURES`` designs.
        """
        return self.judged(self.designs(codes))

    def judged(self, designs: pd.DataFrame) -> Results:
        """Evaluate a table that the model reads as it is; see ``evaluate``."""
        answer = self._call(designs, [0])
        metrics = answer[list(self.metric_names)].to_numpy(dtype=np.float64)
        feasible = answer[FEASIBLE].to_numpy(dtype=bool).copy()
        reason = answer[REASON].astype(object).fillna("").to_numpy(dtype=object).copy()
        in_range = answer[IN_VALIDATED_RANGE].to_numpy(dtype=bool)
        violation = np.where(feasible, 0.0, np.inf)
        self._refuse_not_finite(answer, feasible, reason, violation)
        self._apply_limits(answer, feasible, reason, violation)
        return Results(metrics, feasible, reason, in_range, violation)

    def costs(self, results: Results) -> npt.NDArray[np.float64]:
        """Return the ``rows x objectives`` values, all to be minimised."""
        at = [self.metric_names.index(objective.metric) for objective in self.objectives]
        signs = np.array([objective.sign for objective in self.objectives])
        values: npt.NDArray[np.float64] = results.metrics[:, at] * signs
        return values

    def outcome(self, results: Results) -> Outcome:
        """Return what a search is told."""
        values = self.costs(results)
        values[~np.isfinite(results.violation)] = np.nan
        return Outcome(values, results.violation)

    def table(self, codes: CodeArray, results: Results) -> pd.DataFrame:
        """Return parameters, objectives, other metrics and status of a batch as one table."""
        designs = coding.decode(self.parameters, self.conditional, codes)
        metrics = pd.DataFrame(results.metrics, columns=list(self.metric_names))
        first = [objective.metric for objective in self.objectives]
        order = [*first, *(name for name in self.metric_names if name not in first)]
        status = pd.DataFrame(
            {
                FEASIBLE: results.feasible,
                REASON: pd.array(results.reason, dtype="str"),
                IN_VALIDATED_RANGE: results.in_validated_range,
            }
        )
        return pd.concat([designs, metrics[order], status], axis=1)

    def _call(self, designs: pd.DataFrame, failures: list[int]) -> pd.DataFrame:
        """Call the model; on an exception split the batch until the guilty designs stand alone."""
        try:
            answer = self.model.evaluate(designs)
        except CodesignError:
            raise
        except Exception as error:
            if len(designs) > 1:
                middle = len(designs) // 2
                halves = [self._call(designs.iloc[:middle], failures), self._call(designs.iloc[middle:], failures)]
                return pd.concat(halves)
            failures[0] += 1
            if failures[0] > MAX_FAILURES:
                raise ModelFailureError(
                    f"the model {self.model.name} raised on more than {MAX_FAILURES} designs of one batch; "
                    f"the last: {type(error).__name__}: {error}"
                ) from error
            return self._failed_row(designs, error)
        return self._checked(designs, answer)

    def _failed_row(self, designs: pd.DataFrame, error: Exception) -> pd.DataFrame:
        row: dict[str, Any] = dict.fromkeys(self.metric_names, np.nan)
        text = " ".join(f"the model raised {type(error).__name__}: {error}".split())
        row |= {FEASIBLE: False, REASON: text[:300], IN_VALIDATED_RANGE: False}
        return pd.DataFrame(row, index=designs.index)

    def _checked(self, designs: pd.DataFrame, answer: object) -> pd.DataFrame:
        """Refuse an answer that isn't a table of all metrics and status columns under the designs' index."""
        name = self.model.name
        if not isinstance(answer, pd.DataFrame):
            raise ModelFailureError(f"the model {name} returned a {type(answer).__name__}, not a DataFrame")
        missing = [c for c in (*self.metric_names, FEASIBLE, REASON, IN_VALIDATED_RANGE) if c not in answer.columns]
        if missing:
            raise ModelFailureError(f"the model {name} returned no column {', '.join(missing)}")
        if not answer.index.equals(designs.index):
            raise ModelFailureError(f"the model {name} returned {len(answer)} rows under another index")
        wrong = [c for c in self.metric_names if not pd.api.types.is_numeric_dtype(answer[c])]
        if wrong:
            raise ModelFailureError(f"the model {name} returned no numbers in {', '.join(wrong)}")
        return answer

    def _refuse_not_finite(
        self,
        answer: pd.DataFrame,
        feasible: npt.NDArray[np.bool_],
        reason: npt.NDArray[np.object_],
        violation: npt.NDArray[np.float64],
    ) -> None:
        judged = [*(o.metric for o in self.objectives), *(limit.metric for limit in self.limits)]
        for metric in dict.fromkeys(judged):
            values = answer[metric].to_numpy(dtype=np.float64)
            bad = feasible & ~np.isfinite(values)
            if bad.any():
                shown = np.where(np.isnan(values[bad]), "NaN", "infinite")
                reason[bad] = [f"{metric} is {word}" for word in shown]
                feasible[bad] = False
                violation[bad] = np.inf

    def _apply_limits(
        self,
        answer: pd.DataFrame,
        feasible: npt.NDArray[np.bool_],
        reason: npt.NDArray[np.object_],
        violation: npt.NDArray[np.float64],
    ) -> None:
        """Mark designs beyond a limit and add up by how much, relative to the bound (absolute for a bound of 0)."""
        for limit in self.limits:
            values = answer[limit.metric].to_numpy(dtype=np.float64)
            for bound, sign, word in ((limit.at_most, 1.0, "above"), (limit.at_least, -1.0, "below")):
                if bound is None:
                    continue
                with np.errstate(invalid="ignore"):
                    excess = np.where(np.isfinite(violation), sign * (values - bound), 0.0)
                beyond = excess > 0
                violation[beyond] += excess[beyond] / (abs(bound) or 1.0)
                text = f"{limit.metric} is {word} {bound:g}"
                reason[beyond] = [f"{old}; {text}" if old else text for old in reason[beyond]]
                feasible[beyond] = False


def with_default(column: pd.Series[Any], default: Value) -> pd.Series[Any]:
    """Return a column with its missing values filled."""
    if isinstance(column.dtype, pd.CategoricalDtype) and default not in column.cat.categories:
        column = column.cat.add_categories([default])
    return column.fillna(default)
