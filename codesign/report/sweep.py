"""A study and its report in one call: what ``codesign sweep`` and a notebook do."""

from __future__ import annotations

from pathlib import Path

from codesign.report.render import render
from codesign.space.reader import read_space
from codesign.space.space import Space
from codesign.study.executors import make_executor
from codesign.study.progress import Watcher
from codesign.study.study import Beginning, Study, StudyResult


def sweep(
    space: Space | str | Path,
    out: str | Path | None = "results",
    *,
    search: str | None = None,
    budget: int | None = None,
    seed: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    beginning: Beginning = "continue",
    watch: Watcher | None = None,
) -> StudyResult:
    """Run the study of a space and write its results folder with table, figures and page.

    Args:
        space: a space, or the YAML file of one.
        out: results go to ``out/<space>/``; None = a temporary folder that lives as long as the result, no report.
        search, budget, seed: instead of the space's ``search`` section.
        workers, scheduler: local processes (1 = this one), or the address of a Dask scheduler.
        beginning: see ``Study.run``.
        watch: called now and then with the progress.
    """
    chosen = space if isinstance(space, Space) else read_space(space)
    study = Study(chosen, method=search, budget=budget, seed=seed)
    folder = None if out is None else Path(out) / chosen.name
    executor = make_executor(workers, scheduler)
    result = study.run(folder, executor=executor, watch=watch, beginning=beginning)
    if folder is not None:
        render(folder)
    return result
