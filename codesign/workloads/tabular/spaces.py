"""The tabulated network spaces by name: keys, design columns, graphs, and counts of whole tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import UnknownNameError, nearest
from codesign.space.domain import Value
from codesign.workloads.graph import Network
from codesign.workloads.tabular import accel_nasbench, nas_bench_macro
from codesign.workloads.tabular.entry import TabularSpace

Measure = Callable[[Network], tuple[int, ...]]

SPACES: Mapping[str, TabularSpace] = MappingProxyType(
    {space.name: space for space in (nas_bench_macro.SPACE, accel_nasbench.SPACE)}
)


def tabular_space(name: str) -> TabularSpace:
    """Return the tabulated space of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in SPACES:
        raise UnknownNameError(f"unknown tabulated space {name!r}{nearest(name, SPACES)}; known: {', '.join(SPACES)}")
    return SPACES[name]


def tabular_network(name: str, key: str) -> Network:
    """Return one network of a tabulated space as a graph; the same object for the same key.

    Raises:
        UnknownNameError: there is no such space.
        WorkloadError: the key names none of its networks.
    """
    return _network(tabular_space(name).name, key)


@lru_cache(maxsize=1024)
def _network(name: str, key: str) -> Network:
    space = SPACES[name]
    return space.build(f"{name}/{key}", space.genes_of(key))


def keys_to_columns(name: str, keys: Iterable[str]) -> pd.DataFrame:
    """Return the design columns of networks, one row for each key, under the key.

    Raises:
        WorkloadError: a key names no network.
    """
    space = tabular_space(name)
    found = list(keys)
    columns: dict[str, list[Value]] = {column: [] for column in space.columns}
    for key in found:
        for column, value in space.genes_of(key).items():
            columns[column].append(value)
    return pd.DataFrame(columns, index=pd.Index(found, name="key", dtype="str"))


def columns_to_keys(name: str, designs: pd.DataFrame) -> list[str]:
    """Return the key of each row of a table that has the space's design columns (others are left alone).

    Raises:
        WorkloadError: a column is missing or holds a value that isn't allowed.
    """
    space = tabular_space(name)
    table = space.checked(designs)
    columns = [table[column].tolist() for column in space.columns]
    return [space.key(dict(zip(space.columns, row, strict=True))) for row in zip(*columns, strict=True)]


def counts(name: str, designs: pd.DataFrame) -> pd.DataFrame:
    """Return ``macs`` and ``parameters`` (of ``Network``) of each row, under the same index.

    Raises:
        WorkloadError: a column is missing or holds a value that isn't allowed.
    """
    found = sum_over_blocks(name, designs, _macs_and_parameters)
    return pd.DataFrame(found, columns=["macs", "parameters"], index=designs.index)


def _macs_and_parameters(network: Network) -> tuple[int, int]:
    return network.macs, network.parameters


def sum_over_blocks(name: str, designs: pd.DataFrame, measure: Measure) -> npt.NDArray[np.int64]:
    """Return rows x what ``measure`` gives for a network, for measures that are sums over operators.

    A block's input and output have one shape whatever the other blocks are, so that such a measure m of a design is
    m(base) + sum over blocks b of [m(base with block b of the design) - m(base)],
    where each term is measured on a graph once.

    Raises:
        WorkloadError: a column is missing or holds a value that isn't allowed.
    """
    space = tabular_space(name)
    table = space.checked(designs)
    base = tuple(space.choices(column)[0] for column in space.columns)
    start = np.array(_measured(name, base, measure), dtype=np.int64)
    total = np.tile(start, (len(table), 1))
    for block in space.blocks:
        group, options = _distinct(table, block)
        for number, option in enumerate(options):
            chosen = dict(zip(space.columns, base, strict=True)) | dict(zip(block, option, strict=True))
            total[group == number] += np.array(_measured(name, tuple(chosen.values()), measure)) - start
    return total


def _distinct(table: pd.DataFrame, block: Sequence[str]) -> tuple[npt.NDArray[np.intp], list[tuple[Value, ...]]]:
    """Return for each row which of the distinct combinations of a block's parameters it has, and these."""
    group, options = pd.MultiIndex.from_frame(table[list(block)]).factorize()
    return group, [tuple(option) for option in options]


@lru_cache(maxsize=4096)
def _measured(name: str, genes: tuple[Value, ...], measure: Measure) -> tuple[int, ...]:
    space = SPACES[name]
    return measure(space.build(name, dict(zip(space.columns, genes, strict=True))))
