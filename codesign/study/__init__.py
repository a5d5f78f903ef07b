"""Studies: a search run on a space; recorded, resumable, repeatable."""

from codesign.study.executors import make_executor
from codesign.study.study import Study, StudyResult

__all__ = ["Study", "StudyResult", "make_executor"]
