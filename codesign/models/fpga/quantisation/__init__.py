"""Bits for each layer of a network, by integer programming: least loss under a cap on size, operations or latency."""

from codesign.models.fpga.quantisation.frontier import exact_frontier, sweep_caps
from codesign.models.fpga.quantisation.hawq import hawq_problem, published_bits
from codesign.models.fpga.quantisation.problem import QuantisationError, QuantisationProblem
from codesign.models.fpga.quantisation.program import Assignment, assign_bits, build_program
from codesign.models.fpga.quantisation.sensitivity import (
    bit_operations,
    hessian_sensitivity,
    rescaled_squared_error,
    weight_bytes,
)
from codesign.models.fpga.quantisation.ties import shared_input_ties

__all__ = [
    "Assignment",
    "QuantisationError",
    "QuantisationProblem",
    "assign_bits",
    "bit_operations",
    "build_program",
    "exact_frontier",
    "hawq_problem",
    "hessian_sensitivity",
    "published_bits",
    "rescaled_squared_error",
    "shared_input_ties",
    "sweep_caps",
    "weight_bytes",
]
