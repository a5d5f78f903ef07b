"""What is known of one tabulated network space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from codesign.errors import WorkloadError, nearest
from codesign.space.domain import Choices, Value
from codesign.space.parameter import Parameter
from codesign.workloads.graph import Network

Genes = Mapping[str, Value]
"""One network: a value for each parameter of its space."""


@dataclass(frozen=True)
class TabularSpace:
    """A space of networks with a published table of accuracies.

    Attributes:
        name: of the space and of its public set.
        parameters: what tells its networks apart, each a list of choices; a design space can use them as they are.
        blocks: the parameters of each block. What a block computes doesn't depend on the other blocks.
        key: writes a network's genes as the one text that names it.
        genes: reads that text; raises ValueError where it isn't one.
        key_form: what such a text looks like.
        build: makes the graph, from the network's name and genes.
        read: makes the published table from the set's file, one row for each network, under ``key``.
        source: paper and the implementation whose conventions are followed.
    """

    name: str
    parameters: Mapping[str, Parameter]
    blocks: tuple[tuple[str, ...], ...]
    key: Callable[[Genes], str]
    genes: Callable[[str], Genes]
    key_form: str
    build: Callable[[str, Genes], Network]
    read: Callable[[Path], pd.DataFrame]
    source: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the design columns, in order."""
        return tuple(self.parameters)

    def choices(self, name: str) -> tuple[Value, ...]:
        """Return the values that a parameter may take."""
        domain = self.parameters[name].domain
        assert isinstance(domain, Choices)
        return domain.values

    def genes_of(self, key: str) -> Genes:
        """Return the genes of a key.

        Raises:
            WorkloadError: the text isn't a key of this space.
        """
        try:
            genes = self.genes(key)
        except ValueError as error:
            raise WorkloadError(f"{self.name}: {key!r} names no network ({error}); a key is {self.key_form}") from error
        for name, value in genes.items():
            if not self.parameters[name].domain.contains(value):
                raise WorkloadError(
                    f"{self.name}: {key!r} names no network: {name} = {value!r}; allowed:"
                    f" {self.parameters[name].domain.describe()}"
                )
        return genes

    def checked(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Return the design columns of a table, in order.

        Raises:
            WorkloadError: a column is missing or holds a value that isn't allowed.
        """
        for name, parameter in self.parameters.items():
            if name not in designs.columns:
                raise WorkloadError(
                    f"{self.name}: the table has no column {name!r}{nearest(name, map(str, designs.columns))}; needed:"
                    f" {', '.join(self.parameters)}"
                )
            for value in designs[name].drop_duplicates().tolist():
                if not parameter.domain.contains(value):
                    raise WorkloadError(f"{self.name}: {name} = {value!r}; allowed: {parameter.domain.describe()}")
        return designs[list(self.parameters)]
