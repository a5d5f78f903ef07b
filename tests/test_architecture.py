"""The plan of the house holds: imports only point down, the library neither prints nor exits, nothing is too large."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "codesign"
FLOORS = [
    {"errors"},
    {"space", "pareto", "ilp"},
    {"workloads", "technology"},
    {"models"},
    {"search"},
    {"study"},
    {"report"},
]
FLOOR_OF = {name: number for number, names in enumerate(FLOORS) for name in names} | {
    "cli": 7,
    "testing": 8,
    "__main__": 8,
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_only_point_down(file):
    part = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    for module in imported(ast.parse(file.read_text())):
        words = module.split(".")
        if words[0] == "codesign" and len(words) > 1:
            assert FLOOR_OF[words[1]] <= FLOOR_OF[part], f"{part} imports {module}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_library_neither_prints_nor_exits_nor_evaluates_text(file):
    if file.relative_to(PACKAGE).parts[0] in ("cli", "__main__.py"):
        return
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "exit", "eval", "exec"), f"line {node.lineno}"
        assert not (isinstance(node, ast.ExceptHandler) and node.type is None), f"line {node.lineno}: bare except"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_files_and_functions_stay_readable(file):
    text = file.read_text()
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno <= 80, node.name


def test_importing_the_package_is_light():
    code = (
        "import sys, codesign, codesign.cli.main; "
        "heavy = {'numpy', 'pandas', 'optuna', 'pymoo', 'matplotlib', 'plotly', 'torch', 'scipy'} & set(sys.modules); "
        "sys.exit(str(sorted(heavy)) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_public_names_exist():
    import codesign

    for name in codesign.__all__:
        assert getattr(codesign, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        codesign.nothing  # noqa: B018
