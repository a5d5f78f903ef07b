"""What a regressor is told of a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from codesign.errors import ModelInputError, UnknownNameError, nearest
from codesign.models.cpu.ipc_learning.tables import CONFIGURATION, COUNTS, MISPREDICTED

INSTRUCTIONS = "numInsts"


@dataclass(frozen=True)
class FeatureSet:
    """Columns made from a table.

    Attributes:
        name: of the set.
        description: what it holds.
        leaks: what it gives away that a short run of the program couldn't tell; empty where nothing.
        needs: columns that it is made from.
        make: gives the columns, under the same index.
    """

    name: str
    description: str
    leaks: str
    needs: tuple[str, ...]
    make: Callable[[pd.DataFrame], pd.DataFrame]

    def of(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the columns of a table.

        Raises:
            ModelInputError: a column that they are made from is missing.
        """
        for name in self.needs:
            if name not in table.columns:
                allowed = map(str, table.columns)
                raise ModelInputError(
                    f"features {self.name!r}: the table has no column {name!r}{nearest(name, allowed)}"
                )
        return self.make(table)


def _counts(table: pd.DataFrame) -> pd.DataFrame:
    return table[list(COUNTS)].astype(float)


def _raw(table: pd.DataFrame) -> pd.DataFrame:
    return table[[*COUNTS, *CONFIGURATION]].astype(float)


def _ratios(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    return table[list(names)].div(table[INSTRUCTIONS], axis=0)


def _normalised_as_published(table: pd.DataFrame) -> pd.DataFrame:
    return _ratios(table, (*_MIX, *CONFIGURATION))


def _normalised(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([_ratios(table, _MIX), table[list(CONFIGURATION)].astype(float)], axis=1)


def _extended(table: pd.DataFrame) -> pd.DataFrame:
    more = _ratios(table, (MISPREDICTED,)).assign(lpddr5=(table["memory"] == "lpddr5_6400").astype(float))
    return pd.concat([_normalised(table), more], axis=1)


_MIX = tuple(name for name in COUNTS if name != INSTRUCTIONS)
_LENGTH = "the length of the run"

_BOTH = (*COUNTS, *CONFIGURATION)

FEATURES: Mapping[str, FeatureSet] = MappingProxyType(
    {
        one.name: one
        for one in (
            FeatureSet("counts", "the paper's six counts", _LENGTH, COUNTS, _counts),
            FeatureSet("raw", "the paper's counts and configuration", _LENGTH, _BOTH, _raw),
            FeatureSet(
                "normalised as published",
                "counts and configuration, each divided by the instructions",
                f"{_LENGTH}: a cache size divided by the instructions tells their number",
                _BOTH,
                _normalised_as_published,
            ),
            FeatureSet(
                "normalised", "counts divided by the instructions, and the configuration", "", _BOTH, _normalised
            ),
            FeatureSet(
                "extended",
                "normalised, mispredicted branches per instruction, and the kind of memory",
                "",
                (*_BOTH, MISPREDICTED, "memory"),
                _extended,
            ),
        )
    }
)


def feature_set(name: str) -> FeatureSet:
    """Return the feature set of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in FEATURES:
        raise UnknownNameError(f"unknown features {name!r}{nearest(name, FEATURES)}; known: {', '.join(FEATURES)}")
    return FEATURES[name]
