"""Searches: they propose designs and learn from their outcomes."""

from codesign.search.protocol import Outcome, Search
from codesign.search.registry import make_search, search_methods

__all__ = ["Outcome", "Search", "make_search", "search_methods"]
