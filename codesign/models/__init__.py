"""Models: tables of designs in, tables of metrics out. One package per kind of hardware."""

from codesign.models.checks import Check, check_table
from codesign.models.protocol import Metric, Model
from codesign.models.registry import get_model

__all__ = ["Check", "Metric", "Model", "check_table", "get_model"]
