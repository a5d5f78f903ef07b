"""What a predictor may know of a network of a tabulated space before it is trained."""

from __future__ import annotations

import numpy as np
import pandas as pd

from codesign.workloads.tabular.spaces import counts, tabular_space


def feature_table(name: str, designs: pd.DataFrame) -> pd.DataFrame:
    """Return the design columns and ``log10_macs`` and ``log10_parameters`` of each row, under the same index.

    Raises:
        UnknownNameError: there is no such space.
        WorkloadError: a column is missing or holds a value that isn't allowed.
    """
    counted = counts(name, designs)
    table = designs[list(tabular_space(name).columns)].copy()
    for column in ("macs", "parameters"):
        table[f"log10_{column}"] = np.log10(counted[column].to_numpy(dtype=np.float64))
    return table
