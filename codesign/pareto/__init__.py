"""Dominance, frontiers, their quality and what is known about them."""

from codesign.pareto.attainment import attained_share, attainment_surface
from codesign.pareto.certificate import CERTIFICATE_KINDS, Certificate
from codesign.pareto.comparison import compare, design_difference, moved_metrics
from codesign.pareto.csv_file import csv_text, read_csv
from codesign.pareto.dominance import dominated_by, non_dominated, pareto_rank, weakly_dominated_by
from codesign.pareto.errors import FrontierError
from codesign.pareto.frontier import Frontier
from codesign.pareto.frontier_file import read_frontier
from codesign.pareto.objective import Objective, costs
from codesign.pareto.quality import (
    additive_epsilon,
    coverage,
    hypervolume,
    inverted_generational_distance_plus,
    multiplicative_epsilon,
    normalised_hypervolume,
)
from codesign.pareto.reference import ReferencePoint, reference_point
from codesign.pareto.running import RunningFrontier

__all__ = [
    "CERTIFICATE_KINDS",
    "Certificate",
    "Frontier",
    "FrontierError",
    "Objective",
    "ReferencePoint",
    "RunningFrontier",
    "additive_epsilon",
    "attained_share",
    "attainment_surface",
    "compare",
    "costs",
    "coverage",
    "csv_text",
    "design_difference",
    "dominated_by",
    "hypervolume",
    "inverted_generational_distance_plus",
    "moved_metrics",
    "multiplicative_epsilon",
    "non_dominated",
    "normalised_hypervolume",
    "pareto_rank",
    "read_csv",
    "read_frontier",
    "reference_point",
    "weakly_dominated_by",
]
