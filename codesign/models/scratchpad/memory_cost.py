"""What a plan costs in energy, and what its scratchpad takes in area.

Every operator reads its inputs from the scratchpad once and writes its outputs there once, and every byte over the DRAM
bus passes the scratchpad once::

    access_bytes = sum over the steps of (distinct tensors read + tensors written) + offchip_bytes
    energy       = (offchip_bytes * e_dram + access_bytes * e_sram(capacity of a bank)) * 8 / word_bits

with the table's energies of one word. How often an operator reads a word again from the scratchpad depends on the
array behind it, which isn't modelled here; nor are computing and leakage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from codesign.models.scratchpad.plan import Plan
from codesign.technology import EnergyTable
from codesign.workloads.graph import Network


def step_access_bytes(network: Network, plan: Plan) -> int:
    """Return the bytes that all steps of a plan read from and write to the scratchpad.

    Counted are the tensors that have a place in the plan, each once a step, at their own size (a part of a
    concatenation counts as that part). A step ``load NAME`` of the paper's accounting writes that source.
    """
    placed = {tensor for placement in plan.placements for tensor, _ in placement.tensors}
    size = {tensor.name: tensor.size_bytes for tensor in network.tensors if tensor.name in placed}
    operators = {operator.name: operator for operator in network.operators}
    total = 0
    for name in plan.order:
        operator = operators.get(name)
        touched = [name.removeprefix("load ")]
        if operator is not None:
            touched = [*dict.fromkeys(operator.inputs), *operator.outputs]
        total += sum(size.get(tensor, 0) for tensor in touched)
    return total


@dataclass(frozen=True, slots=True)
class TransferEnergy:
    """Energy of a plan's transfers and accesses; NaN where the table has no such constant.

    Attributes:
        dram: of the words over the DRAM bus, in the table's unit.
        sram: of the words read from and written to the scratchpad, in the table's unit.
        mac: of one multiply-accumulate, in the table's unit.
        picojoules: 1 where the table's unit is pJ, else NaN.
        in_range: whether the table has an SRAM of that capacity between its entries.
    """

    dram: float
    sram: float
    mac: float
    picojoules: float
    in_range: bool

    @property
    def dram_pj(self) -> float:
        """Of the DRAM bus in pJ."""
        return self.dram * self.picojoules

    @property
    def sram_pj(self) -> float:
        """Of the scratchpad in pJ."""
        return self.sram * self.picojoules

    @property
    def mac_equivalents(self) -> float:
        """The sum relative to one multiply-accumulate of the table."""
        return (self.dram + self.sram) / self.mac


NO_ENERGY = TransferEnergy(math.nan, math.nan, math.nan, math.nan, True)
"""Without a table."""


def transfer_energy(
    table: EnergyTable, offchip_bytes: int, access_bytes: int, bank_bytes: float, word_bits: int
) -> TransferEnergy:
    """Return the energy of a plan.

    Args:
        table: constants.
        offchip_bytes: over the DRAM bus.
        access_bytes: read from and written to the scratchpad.
        bank_bytes: capacity of the memory that one access goes to.
        word_bits: width of the words that the table's constants are taken for.
    """
    words = 8.0 / word_bits
    return TransferEnergy(
        dram=offchip_bytes * words * table.word_energy("dram", word_bits),
        sram=access_bytes * words * table.sram_word_energy(bank_bytes / 1024.0, word_bits),
        mac=table.word_energy("mac", word_bits),
        picojoules=1.0 if table.unit == "pJ" else math.nan,
        in_range=table.sram_in_range(bank_bytes / 1024.0),
    )
