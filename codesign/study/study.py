"""A study: one search over one space with one seed and one budget; recorded, resumable, repeatable."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from codesign.errors import CodesignError, SearchError, StudyError, UnknownNameError
from codesign.models.protocol import Model
from codesign.pareto.certificate import Certificate
from codesign.pareto.frontier import Frontier
from codesign.search.registry import make_search
from codesign.space.domain import Value
from codesign.space.space import Space
from codesign.study import folder as files
from codesign.study.evaluation import Evaluator
from codesign.study.executors import Executor, InProcess, closing_executor
from codesign.study.journal import FORMAT, Journal, read_header
from codesign.study.loop import Desk, Diverged, Pace, learn, walk
from codesign.study.matching import located, match, model_of
from codesign.study.part import Part, frontier_part, whole_part
from codesign.study.progress import Progress, Throttle, Watcher
from codesign.study.provenance import environment, input_files
from codesign.study.recorder import Recorder
from codesign.study.summary import describe

DEFAULT_BUDGET = 2_000
MAX_RECORDED_DESIGNS = 5_000_000
"""Exhaustive studies of larger spaces record, of each part, only the designs that none in the part dominates."""

Beginning = Literal["continue", "resume", "fresh"]


class Interrupted(CodesignError):
    """The study was stopped by Ctrl-C; everything evaluated is in the journal."""

    exit_code = 130


@dataclass(frozen=True)
class StudyResult:
    """What a finished study leaves: the frontier, the folder and the summary (the content of ``study.json``)."""

    frontier: Frontier
    folder: Path
    summary: Mapping[str, Any]
    _temporary: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    @property
    def evaluations(self) -> pd.DataFrame:
        """Every design evaluated, with metrics, feasibility and reason."""
        return pd.read_parquet(self.folder / files.EVALUATIONS)


class Study:
    """One search over one space.

    Args:
        space: what to explore; names the model, unless ``model`` is given.
        model: instead of the one that the space names.
        method, budget, seed, options: instead of the space's ``search`` section, whose budget and options hold for its
            own method only. ``budget`` counts distinct designs; without one, exhaustive search takes all designs, the
            others ``DEFAULT_BUDGET``.

    Raises SpaceError when space and model don't fit, SearchError when the search can't work on the space.
    """

    def __init__(
        self,
        space: Space,
        *,
        model: Model | None = None,
        method: str | None = None,
        budget: int | None = None,
        seed: int | None = None,
        options: Mapping[str, Value] | None = None,
    ) -> None:
        self.space = space
        self.model = model if model is not None else model_of(space)
        match(space, self.model)
        if not space.objectives:
            raise StudyError("a study needs at least one objective")
        if space.feasible_set.table_size == 0:
            shares = ", ".join(f"{row.constraint} ({row.share:.4%})" for row in space.cuts().itertuples())
            raise located(space).error(("constraints",), f"no design meets the constraints; alone they cut: {shares}")
        self.method = method or space.search.method
        own = self.method == space.search.method
        self.options = dict(options if options is not None else (space.search.options if own else {}))
        self.seed = space.search.seed if seed is None else seed
        self.budget = self._budget(budget if budget is not None or not own else space.search.budget)
        self._check_search(given_here=method is not None or options is not None)

    def _check_search(self, given_here: bool) -> None:
        """Build the search once, so that what is wrong with it is said before anything runs, with the place."""
        try:
            make_search(self.method, self.space, self.seed, self.options)
        except (SearchError, UnknownNameError) as error:
            if given_here or not self.space.source.text:
                raise
            raise located(self.space).error(("search", "method"), str(error)) from None

    def _budget(self, budget: int | None) -> int | None:
        if budget is not None and budget < 1:
            raise StudyError(f"the budget must be at least 1, found {budget}")
        return DEFAULT_BUDGET if budget is None and self.method != "exhaustive" else budget

    def header(self) -> dict[str, Any]:
        """Return what the journal's rows depend on; a journal with another header is another study's."""
        return {
            "format": FORMAT,
            "space": self.space.identity(),
            "model": self.model.name,
            "model_version": self.model.version,
            "inputs": input_files(self.space),
            "method": self.method,
            "options": self.options,
            "seed": self.seed,
        }

    def run(
        self,
        folder: str | Path | None = None,
        *,
        executor: Executor | None = None,
        watch: Watcher | None = None,
        beginning: Beginning = "continue",
    ) -> StudyResult:
        """Run to the end of the budget and write the results folder.

        Args:
            folder: where results go; None = a temporary folder that lives as long as the result.
            executor: where evaluations run; default in this process.
            watch: called now and then with the progress.
            beginning: ``continue`` takes up a journal of this very study if there is one and sets another study's
                aside; ``resume`` does the same but refuses another study's; ``fresh`` forgets the journal.

        Raises Interrupted after Ctrl-C, StorageError when writing fails: in both cases nothing evaluated is lost.
        """
        temporary = tempfile.TemporaryDirectory(prefix="codesign-") if folder is None else None
        target = Path(temporary.name if temporary is not None else str(folder))
        executor = executor if executor is not None else InProcess()
        try:
            with files.locked(target):
                self._begin(target, beginning)
                result = self._run(target, executor, watch)
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted; everything evaluated is in {target}: run again with --resume to go on"
            ) from None
        return StudyResult(result.frontier, target, result.summary, temporary)

    def _begin(self, folder: Path, beginning: Beginning) -> None:
        """Decide what happens to a journal that is already there."""
        found = read_header(folder)
        if beginning == "fresh":
            files.delete_journal(folder)
            return
        if found is None or found == self.header():
            return
        if beginning == "resume":
            changed = [key for key, value in self.header().items() if found.get(key) != value]
            raise StudyError(
                f"{folder} holds another study (differs in {', '.join(changed)}); "
                "run without --resume to set it aside and start anew"
            )
        files.set_aside(folder)

    def _run(self, folder: Path, executor: Executor, watch: Watcher | None) -> StudyResult:
        started = time.monotonic()
        evaluator = Evaluator(self.space, self.model)
        header = self.header()
        with (
            Journal(folder, header, self.space.parameter_names, evaluator.metric_names) as journal,
            closing_executor(executor, evaluator) as running,
        ):
            try:
                recorder, ended, complete = self._drive(folder, evaluator, running, journal, watch, by_memo=False)
            except Diverged:
                recorder, ended, complete = self._drive(folder, evaluator, running, journal, watch, by_memo=True)
        summary, frontier = self._conclude(recorder, ended, complete)
        summary["wall_s"] = round(time.monotonic() - started, 3)
        files.put_in_place(folder / files.EVALUATIONS)
        with files.replacing(folder / files.FRONTIER) as path:
            frontier.to_csv(path)
        files.write_json(folder / files.STUDY, summary)
        return StudyResult(frontier, folder, summary)

    def _drive(
        self,
        folder: Path,
        evaluator: Evaluator,
        executor: Executor,
        journal: Journal,
        watch: Watcher | None,
        *,
        by_memo: bool,
    ) -> tuple[Recorder, str, bool]:
        """Run one search from its start, over what the journal holds and beyond."""
        search = make_search(self.method, self.space, self.seed, self.options)
        reachable = self.space.feasible_count
        recorder = Recorder(evaluator, files.part_of(folder / files.EVALUATIONS))
        reporter = _Reporter(recorder, watch, _total(self.budget, reachable))

        def record(part: Part, recalled: int) -> None:
            recorder.add(part)
            reporter.report(recalled)

        keep = frontier_part if self.frontier_only else whole_part
        desk = Desk(evaluator, executor, journal, Pace(executor.most_rows), keep, record)
        with recorder:
            if search.never_repeats and not by_memo:
                ended = walk(search, self.budget, desk)
            else:
                ended = learn(search, self.budget, reachable, desk)
            recorder.finish()
        reporter.report(0, last=True)
        complete = (ended == "finished" and search.complete) or recorder.evaluated == reachable
        return recorder, ended, complete

    @cached_property
    def frontier_only(self) -> bool:
        """Whether only candidates for the frontier are recorded: where all designs would fill a disk unasked."""
        total = _total(None, self.space.feasible_count)
        return self.method == "exhaustive" and (total is None or total > MAX_RECORDED_DESIGNS)

    def _conclude(self, recorder: Recorder, ended: str, complete: bool) -> tuple[dict[str, Any], Frontier]:
        reference, source = self._reference(recorder)
        certificate = self._certificate(recorder, ended, complete)
        frontier = Frontier(
            recorder.frontier_table(),
            self.space.objectives,
            certificate,
            parameters=list(self.space.parameter_names),
            title=self.space.title,
            reference=reference,
        )
        volume = frontier.hypervolume() if recorder.feasible else 0.0
        summary = describe(self.space, self.model)
        search = {
            "method": self.method,
            "options": self.options,
            "seed": self.seed,
            "budget": self.budget,
            "ended": ended,
        }
        summary |= {
            "search": search,
            "certificate": certificate.to_json(),
            "counts": self._counts(recorder),
            "environment": environment(),
        }
        normalised = recorder.normalised_hypervolume()
        summary["hypervolume"] = {
            "value": volume,
            "normalised": normalised if np.isfinite(normalised) else None,
            "reference": reference,
            "reference_source": source,
        }
        return summary, frontier

    def _counts(self, recorder: Recorder) -> dict[str, int | None]:
        return {
            "cardinality": self.space.cardinality,
            "feasible_designs": self.space.feasible_count,
            "evaluated": recorder.evaluated,
            "feasible": recorder.feasible,
            "infeasible": recorder.evaluated - recorder.feasible,
            "recorded": recorder.recorded,
        }

    def _reference(self, recorder: Recorder) -> tuple[dict[str, float], str]:
        """Return the hypervolume's reference point and a sentence on how it was chosen."""
        reference: dict[str, float] = {}
        derived: list[str] = []
        for objective, worst in zip(self.space.objectives, recorder.nadir, strict=True):
            if objective.reference is not None:
                reference[objective.metric] = objective.reference
            else:
                reference[objective.metric] = float(worst * objective.sign) if np.isfinite(worst) else 0.0
                derived.append(objective.metric)
        if not derived:
            return reference, "given in the space"
        return reference, f"worst feasible value evaluated, for {', '.join(derived)}"

    def _certificate(self, recorder: Recorder, ended: str, complete: bool) -> Certificate:
        count = self.space.feasible_count
        if complete:
            text = f"all {recorder.evaluated:,} designs that meet the constraints were evaluated"
            return Certificate("enumerated", text)
        of = f" of {count:,}" if count is not None else ""
        text = f"{recorder.evaluated:,}{of} designs evaluated by {self.method} ({ended}); nothing is proven"
        return Certificate("heuristic", text)


class _Reporter:
    """Calls the watcher now and then."""

    def __init__(self, recorder: Recorder, watch: Watcher | None, total: int | None) -> None:
        self._recorder = recorder
        self._watch = watch
        self._total = total
        self._recalled = 0
        self._throttle = Throttle()

    def report(self, recalled: int, last: bool = False) -> None:
        self._recalled += recalled
        if self._watch is None or not (self._throttle.due() or last):
            return
        recorder = self._recorder
        self._watch(
            Progress(
                evaluated=recorder.evaluated,
                total=self._total,
                feasible=recorder.feasible,
                frontier_size=len(recorder.running),
                hypervolume=recorder.normalised_hypervolume(),
                elapsed_s=self._throttle.elapsed_s,
                recalled=self._recalled,
            )
        )


def _total(budget: int | None, reachable: int | None) -> int | None:
    known = [number for number in (budget, reachable) if number is not None]
    return min(known) if known else None
