"""Small tables of designs: short runs, so that a test takes no time."""

import pandas as pd

from codesign.models.cpu.model import CpuSimulated
from codesign.models.cpu.parameters import SIMULATED_PARAMETERS

MODEL = CpuSimulated()
BASE = {"program": "gzip", "warmup": 1500, "instructions": 4000}


def table(*changes):
    """Designs; what one of them doesn't give has its default."""
    designs = pd.DataFrame([BASE | change for change in changes])
    for name in designs:
        default = SIMULATED_PARAMETERS[name].default
        if default is not None:
            designs[name] = designs[name].fillna(default)
    return designs


def evaluated(**changes):
    """One design's answer."""
    return MODEL.evaluate(table(changes)).iloc[0].to_dict()
