"""Optuna's samplers, driven by ask and tell in batches over an in-memory study.

A trial suggests the active parameters in dependence order. What it suggests is repaired to the nearest feasible design
before evaluation, and the trial is told that design's metrics: the sampler learns the function "metrics of the repaired
design", which is defined everywhere, and no evaluation is spent on a design that breaks a hard constraint.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import optuna

from codesign.errors import MissingExtraError, SearchError
from codesign.search.protocol import Outcome, take_options
from codesign.space.coding import INACTIVE, CodeArray, activity_order, columns_of, is_discrete
from codesign.space.domain import Choices, Float, Integer, Value
from codesign.space.parameter import Parameter
from codesign.space.space import Space


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's notices and warnings away while it works for us; its settings are left as they were."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)


@dataclass(frozen=True)
class _Kind:
    """How one sampler is made and what it can't do."""

    make: Callable[[int, Mapping[str, Value]], optuna.samplers.BaseSampler]
    defaults: Mapping[str, Value]
    numeric_only: bool = False
    single_objective: bool = False
    heeds_limits: bool = True
    package: str = ""
    extra: str = ""


def _tpe(seed: int, options: Mapping[str, Value]) -> optuna.samplers.BaseSampler:
    return optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=int(options["startup"]), multivariate=True, group=True, constant_liar=True
    )


def _nsga2(seed: int, options: Mapping[str, Value]) -> optuna.samplers.BaseSampler:
    return optuna.samplers.NSGAIISampler(seed=seed, population_size=int(options["population"]))


def _nsga3(seed: int, options: Mapping[str, Value]) -> optuna.samplers.BaseSampler:
    return optuna.samplers.NSGAIIISampler(seed=seed, population_size=int(options["population"]))


def _gp(seed: int, options: Mapping[str, Value]) -> optuna.samplers.BaseSampler:
    return optuna.samplers.GPSampler(seed=seed, n_startup_trials=int(options["startup"]), deterministic_objective=True)


def _cma(seed: int, options: Mapping[str, Value]) -> optuna.samplers.BaseSampler:
    return optuna.samplers.CmaEsSampler(seed=seed, n_startup_trials=int(options["startup"]), with_margin=True)


KINDS: Mapping[str, _Kind] = {
    "tpe": _Kind(_tpe, {"batch": 16, "startup": 32}),
    "optuna-nsga2": _Kind(_nsga2, {"batch": 50, "population": 50}),
    "nsga3": _Kind(_nsga3, {"batch": 50, "population": 50}),
    "gp": _Kind(_gp, {"batch": 8, "startup": 16}, package="torch", extra="gp"),
    "cma-es": _Kind(
        _cma,
        {"batch": 16, "startup": 16},
        numeric_only=True,
        single_objective=True,
        heeds_limits=False,
        package="cmaes",
        extra="cma",
    ),
}


class OptunaSearch:
    """One of Optuna's samplers over a space. ``method`` is a key of ``KINDS``."""

    never_repeats = False
    complete = False

    def __init__(self, method: str, space: Space, seed: int, options: Mapping[str, Value]) -> None:
        kind = KINDS[method]
        taken = take_options(method, options, kind.defaults)
        _check_fit(method, kind, space)
        self._space = space
        self._batch = int(taken["batch"])
        self._heeds_limits = kind.heeds_limits
        self._order = activity_order(space.parameters, space.conditions)
        self._positions = {parameter.name: index for index, parameter in enumerate(space.parameters)}
        directions = [optuna.study.StudyDirection.MINIMIZE] * max(1, len(space.objectives))
        with _quiet():
            self._study = optuna.create_study(sampler=kind.make(seed, taken), directions=directions)
        self._trials: list[optuna.Trial] = []

    def ask(self) -> CodeArray:
        self._trials = []
        raw = np.empty((self._batch, len(self._space.parameters)))
        with _quiet():
            for row in range(self._batch):
                trial = self._study.ask()
                raw[row] = self._suggest(trial)
                self._trials.append(trial)
        codes, good = self._space.sampler.repair(raw)
        if not good.all():
            spare = np.random.default_rng(len(self._study.trials))
            codes[~good] = self._space.sampler.uniform(int((~good).sum()), spare)
        return codes

    def _suggest(self, trial: optuna.Trial) -> CodeArray:
        codes = np.full((1, len(self._order)), np.nan)
        for parameter in self._order:
            if is_discrete(parameter):
                codes[0, self._positions[parameter.name]] = INACTIVE
        for parameter in self._order:
            condition = self._space.conditions.get(parameter.name)
            if condition is not None:
                columns = columns_of(self._space.parameters, codes, condition.names)
                if not condition.holds(columns, 1)[0]:
                    continue
            codes[0, self._positions[parameter.name]] = _suggest_code(trial, parameter)
        chosen: CodeArray = codes[0]
        return chosen

    def tell(self, codes: CodeArray, outcome: Outcome) -> None:
        with _quiet():
            for trial, costs, violation in zip(self._trials, outcome.costs, outcome.violation, strict=True):
                self._tell(trial, costs, float(violation))

    def _tell(self, trial: optuna.Trial, costs: CodeArray, violation: float) -> None:
        if not np.isfinite(costs).all() or (violation > 0 and not self._heeds_limits):
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            return
        if self._space.limits and self._heeds_limits:
            trial.set_constraint("limits", violation)
        self._study.tell(trial, [float(cost) for cost in costs])


def _suggest_code(trial: optuna.Trial, parameter: Parameter) -> float:
    """Let the trial choose a value under its natural distribution; return the code."""
    domain = parameter.domain
    if isinstance(domain, Choices) and domain.kind != "ordinal":
        return float(domain.values.index(trial.suggest_categorical(parameter.name, domain.values)))
    if isinstance(domain, Choices | Integer) or domain.size is not None:
        size = domain.size
        assert size is not None
        return float(trial.suggest_int(parameter.name, 0, size - 1))
    assert isinstance(domain, Float)
    return trial.suggest_float(parameter.name, domain.low, domain.high, log=domain.log)


def _check_fit(method: str, kind: _Kind, space: Space) -> None:
    """Refuse a space that the sampler has no notion of."""
    if kind.package and importlib.util.find_spec(kind.package) is None:
        raise MissingExtraError(f"the search {method!r}", kind.package, kind.extra)
    if kind.single_objective and len(space.objectives) > 1:
        names = ", ".join(objective.metric for objective in space.objectives)
        raise SearchError(f"the search {method!r} takes one objective, found {names}; use nsga2 or tpe")
    if kind.numeric_only:
        _require_plain_numbers(method, space.parameters)


def _require_plain_numbers(method: str, parameters: Sequence[Parameter]) -> None:
    for parameter in parameters:
        if parameter.when is not None or parameter.domain.kind in ("categorical", "boolean"):
            why = "is conditional" if parameter.when is not None else f"is {parameter.domain.kind}"
            raise SearchError(
                f"the search {method!r} takes numbers that are always active, but {parameter.name!r} {why}; "
                "use nsga2 or tpe, or fix it"
            )
