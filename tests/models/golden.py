"""Golden results: a metric that moves without the model's version moving is a defect."""

import json
import platform

import pandas as pd
import pytest


def results(model, designs):
    """The metrics of designs by name, None where a metric is NaN."""
    found = {}
    for name, design in designs.items():
        row = model.evaluate(pd.DataFrame([design])).iloc[0]
        assert row["feasible"], row["reason"]
        found[name] = {metric: None if pd.isna(row[metric]) else float(row[metric]) for metric in model.metrics}
    return found


def check(model, designs, file, bless, rel=1e-12):
    """Compare with the golden file, or write it anew."""
    found = results(model, designs)
    if bless:
        text = {"model": model.name, "version": model.version, "platform": platform.machine(), "results": found}
        file.write_text(json.dumps(text, indent=1) + "\n")
    golden = json.loads(file.read_text())
    assert golden["version"] == model.version, "bless the golden results of the new version"
    assert golden["results"].keys() == found.keys()
    moved = []
    for name, expected in golden["results"].items():
        for metric, value in expected.items():
            ours = found[name][metric]
            if (ours is None) != (value is None) or (value is not None and ours != pytest.approx(value, rel=rel)):
                moved.append(f"{name}: {metric} was {value}, is {ours}")
    assert not moved, "\n".join(moved)
