"""Print pip constraints that pin every dependency of a pyproject.toml to the oldest version it allows."""

import re
import sys
import tomllib
from pathlib import Path


def floors(project):
    """Return ``name==floor`` for every requirement of the form ``name>=floor``."""
    groups = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in ("onnx", "cma"))]
    found = [re.match(r"([A-Za-z0-9_.-]+)>=([0-9.a-z]+)", requirement) for group in groups for requirement in group]
    return [f"{match[1]}=={match[2]}" for match in found if match]


if __name__ == "__main__":
    print("\n".join(floors(tomllib.loads(Path(sys.argv[1]).read_text())["project"])))
