"""Made-up networks with accuracies of a known form."""

import numpy as np
import pandas as pd

from codesign.models.fpga.accuracy.predictor import fit

NOISE = 0.5


def networks(rows, seed):
    """Made-up networks whose accuracy is a known function of depth, bits, kind and size, with Gaussian noise."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "depth": random.integers(1, 5, rows),
            "bits": random.choice([4, 8], rows),
            "kind": random.choice(["plain", "residual"], rows),
            "log10_macs": random.uniform(6, 9, rows),
        }
    )
    clean = 40 + 3 * table["depth"] + 4 * (table["bits"] == 8) + 2 * (table["kind"] == "residual") * table["depth"]
    clean += 5 * np.sqrt(table["log10_macs"] - 6)
    return table, (clean + random.normal(0, NOISE, rows)).to_numpy()


def small():
    """The sum of a small predictor's predictions, to the last bit."""
    return fit(*networks(60, seed=1), seed=0).predict(networks(50, seed=2)[0]).mean.sum().hex()
