"""The files that the recorded programs of the committed set read, made by rule: the same bytes every time."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
from importlib.resources import files
from pathlib import Path

_SEED = 20240218
_SYLLABLES = ("ka", "ro", "ten", "mi", "sul", "par", "ve", "ond", "is", "ula", "gre", "bo", "tha", "lin", "er", "quo")
_VOCABULARY = 4000
_WORDS = 160_000
_ROWS = 24_000
_FUNCTIONS = 150
_FILES = 1_500
_RULES = 900

SCRIPTS = (
    "edit.sed",
    "pi.bc",
    "queens.python",
    "records.python",
    "rows.sql",
    "select.jq",
    "tables.tcl",
    "words.awk",
    "words.pl",
)
"""Scripts and queries of the interpreters: files of the folder ``scripts``."""


def make_inputs(folder: Path) -> None:
    """Write all inputs into a folder, which must exist."""
    numbers = random.Random(_SEED)
    vocabulary = _vocabulary(numbers)
    text = _text(numbers, vocabulary)
    records = _records(numbers, vocabulary)
    for name in SCRIPTS:
        (folder / name).write_bytes(files("codesign.workloads.instructions").joinpath("scripts", name).read_bytes())
    (folder / "text.txt").write_text(text)
    (folder / "short.txt").write_text(text[: len(text) // 5])
    (folder / "changed.txt").write_text(_changed(numbers, text))
    (folder / "big.txt").write_text(text * 5)
    (folder / "text.txt.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    (folder / "text.txt.bz2").write_bytes(bz2.compress(text.encode()))
    (folder / "text.txt.xz").write_bytes(lzma.compress(text.encode()))
    (folder / "records.json").write_text(json.dumps(records))
    (folder / "rows.csv").write_text("".join(f"{r['id']},{r['name']},{r['part']},{r['value']}\n" for r in records))
    (folder / "source.c").write_text(_source(numbers))
    (folder / "numbers.txt").write_text("".join(f"{numbers.getrandbits(62)}\n" for _ in range(60)))
    (folder / "rules.mk").write_text(_rules(numbers))
    _tree(folder / "tree", numbers, vocabulary)


def _vocabulary(numbers: random.Random) -> list[str]:
    return ["".join(numbers.choices(_SYLLABLES, k=numbers.randint(1, 4))) for _ in range(_VOCABULARY)]


def _text(numbers: random.Random, vocabulary: list[str]) -> str:
    """Return lines of words, the k-th word of the vocabulary about 1/k as often as the first."""
    weights = [1 / rank for rank in range(1, len(vocabulary) + 1)]
    words = numbers.choices(vocabulary, weights, k=_WORDS)
    lines, at = [], 0
    while at < len(words):
        length = numbers.randint(4, 14)
        lines.append(" ".join(words[at : at + length]))
        at += length
    return "\n".join(lines) + "\n"


def _changed(numbers: random.Random, text: str) -> str:
    """Return a text of which one line in 12 is changed, left out or put in."""
    lines = []
    for line in text.splitlines():
        change = numbers.random()
        if change < 0.03:
            continue
        lines.append(line.upper() if change < 0.06 else line)
        if change > 0.975:
            lines.append(line[::-1])
    return "\n".join(lines) + "\n"


def _records(numbers: random.Random, vocabulary: list[str]) -> list[dict[str, str | int | float]]:
    return [
        {
            "id": number,
            "name": f"{numbers.choice(vocabulary)} {numbers.choice(vocabulary)}",
            "part": numbers.randrange(600),
            "value": round(numbers.uniform(0, 1000), 2),
        }
        for number in range(_ROWS)
    ]


def _source(numbers: random.Random) -> str:
    """Return a C program of many small functions that call each other."""
    parts = ["typedef unsigned long word;\nstruct state { word a[32]; double x[8]; };\n"]
    for number in range(_FUNCTIONS):
        called = f"f{numbers.randrange(number)}(s, n - 1)" if number else "n"
        first, second, third = (numbers.randrange(32) for _ in range(3))
        operator = numbers.choice(["+", "^", "*", "-", "|"])
        parts.append(
            f"word f{number}(struct state *s, word n)\n{{\n  word r = {numbers.getrandbits(20)};\n"
            "  if (n == 0) return r;\n"
            f"  for (word i = 0; i < n % {numbers.randint(3, 40)}; i++) {{\n"
            f"    s->a[{first}] = s->a[{second}] {operator} (i << {numbers.randint(1, 9)});\n"
            f"    s->x[{first % 8}] += s->x[{second % 8}] * {numbers.randint(2, 99)}.5;\n"
            f"    switch (s->a[{third}] % 5) {{\n    case 0: r += i; break;\n    case 1: r ^= s->a[i % 32]; break;\n"
            f"    case 2: r *= {numbers.randint(3, 77)}; break;\n    default: r -= {called};\n"
            "    }\n  }\n  return r;\n}\n"
        )
    return "".join(parts)


def _rules(numbers: random.Random) -> str:
    """Return a makefile of targets that each need a few earlier ones."""
    lines = [f"flags := $(foreach n,1 2 3 4,-D$(n)=$(words a b c))\nall: t{_RULES - 1}\n"]
    for number in range(_RULES):
        needed = sorted({numbers.randrange(number) for _ in range(4)}) if number else []
        after = " ".join(f"t{one}" for one in needed)
        lines.append(f"t{number}: {after}\n\t@: $(patsubst t%,o%.x,$^) $(subst D,E,$(flags))\n")
    return "".join(lines)


def _tree(folder: Path, numbers: random.Random, vocabulary: list[str]) -> None:
    """Make folders of small files."""
    for number in range(_FILES):
        place = folder / f"d{number % 31}" / f"e{number % 7}"
        place.mkdir(parents=True, exist_ok=True)
        ending = numbers.choice(["txt", "c", "h", "log"])
        (place / f"{numbers.choice(vocabulary)}{number}.{ending}").write_text(
            " ".join(numbers.choices(vocabulary, k=60))
        )
