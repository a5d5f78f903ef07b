"""Which programs the committed set is recorded from: real tools on inputs made by rule, and small kernels in C."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

WINDOWS = 4
WINDOW = 250_000

_KERNELS = {
    "bfs": "breadth-first search over a random graph",
    "chase": "walk along random addresses in 8 MiB",
    "editdistance": "dynamic programming over two texts",
    "fft": "fast Fourier transform, 2^16 points",
    "hashjoin": "hash table of one table, looked up for another",
    "interpreter": "interpreter of a stack machine, indirect jumps",
    "kmeans": "clusters in single precision",
    "life": "game of life, division by constants, branches",
    "lu": "triangular factors of a dense matrix",
    "mandelbrot": "escape times, chains of floating-point operations",
    "matmul": "blocked matrix product",
    "montecarlo": "option price: logarithm, cosine, exponential",
    "nbody": "gravitation: divisions and square roots",
    "queens": "backtracking over bit sets",
    "quicksort": "sorting of random numbers",
    "sieve": "prime numbers by crossing out",
    "spmv": "sparse matrix times vector",
    "stencil": "mean of four neighbours over a plane",
    "strsearch": "Horspool's string search",
    "tree": "treap: insertions, look-ups, removals",
    "triad": "vector triad in memory",
}


@dataclass(frozen=True)
class Recipe:
    """One program of the set.

    Attributes:
        name: of the trace.
        family: of programs that are the same binary or code: what must not be split between training and test.
        command: words; ``{cc1}`` is the compiler proper, a word that begins with ``kernels/`` a compiled kernel.
        description: one line.
        standard_input: file that the program reads, "" for none.
    """

    name: str
    family: str
    command: tuple[str, ...]
    description: str
    standard_input: str = ""


_KEY = "00112233445566778899aabbccddeeff"


def _tool(name: str, command: str, description: str, standard_input: str = "", family: str = "") -> Recipe:
    words = tuple(word.replace("~", " ") for word in command.split())
    return Recipe(name, family or name, words, description, standard_input)


_TOOLS = (
    _tool("as", "as -o out.o source.s", "GNU assembler on a generated program"),
    _tool("awk", "mawk -f words.awk text.txt", "word counts in an associative array"),
    _tool("b2sum", "b2sum text.txt text.txt.xz", "BLAKE2b digest: 64-bit rotations and additions"),
    _tool("base64", "base64 text.txt", "encoding of a text"),
    _tool("bc", "bc -l pi.bc", "arithmetic of 260 digits, recursion"),
    _tool("bunzip2", "bzip2 -dc text.txt.bz2", "decompression, block sorting", family="bzip2"),
    _tool("bzip2", "bzip2 -c short.txt", "compression by block sorting"),
    _tool("cc1", "{cc1} -quiet -O1 -o out.s source.c", "C compiler proper on a generated program"),
    _tool("diff", "diff text.txt changed.txt", "longest common subsequence of lines"),
    _tool("factor", "factor", "prime factors of 62-bit numbers", "numbers.txt"),
    _tool("find", "find tree -name *er*[13579].c -newer text.txt -o -size +2k", "a tree of files, patterns"),
    _tool("git", "git diff --no-index --patience --word-diff=porcelain short.txt text.txt", "word differences"),
    _tool("grep", "grep -Ec (ka|ro)+[a-m]*(er|is)~.*([a-z])\\3 text.txt", "regular expression, back reference"),
    _tool("gunzip", "gzip -dc text.txt.gz", "decompression", family="gzip"),
    _tool("gzip", "gzip -c text.txt", "compression with hash chains"),
    _tool("jq", "jq -c -f select.jq records.json", "JSON: parse, filter, group"),
    _tool("ld", "ld -r -o joined.o source.o source.o -z muldefs", "linking of two objects"),
    _tool("make", "make -f rules.mk -n", "a graph of 900 targets"),
    _tool("md5sum", "md5sum text.txt text.txt.xz", "MD5 digest: a serial chain of 32-bit operations"),
    _tool("objdump", "objdump -d source.o", "disassembly"),
    _tool("openssl-aes", f"openssl enc -aes-128-cbc -K {_KEY} -iv {_KEY} -in big.txt", "AES in a chain", "", "openssl"),
    _tool("openssl-sha3", "openssl dgst -sha3-256 text.txt", "SHA-3 digest: 64-bit logic", family="openssl"),
    _tool("perl", "perl words.pl text.txt", "regular expressions, nested hashes"),
    _tool(
        "python-json", "python3.11 -I -S records.python records.json", "JSON, sorting, dictionaries", family="python"
    ),
    _tool("python-queens", "python3.11 -I -S queens.python", "interpreter: recursion, sets, objects", family="python"),
    _tool("sed", "sed -f edit.sed text.txt", "regular substitutions"),
    _tool("sha256sum", "sha256sum text.txt text.txt.xz", "SHA-256 digest"),
    _tool("sort", "sort -k2,2 -k1,1r text.txt", "merge sort of lines by keys"),
    _tool("sqlite3", "sqlite3 :memory:", "import, index, grouping, join", "rows.sql"),
    _tool("tar", "tar -cf out.tar tree", "archive of 1,500 files"),
    _tool("tclsh", "tclsh tables.tcl", "interpreter of byte code: lists, dictionaries", "rows.csv"),
    _tool("unxz", "xz -dc text.txt.xz", "decompression, range decoder", family="xz"),
    _tool("wc", "wc text.txt", "lines, words, characters"),
    _tool("xz", "xz -c short.txt", "compression with binary trees"),
    _tool("zstd", "zstd -9 --single-thread -c text.txt", "compression with long matches"),
)


def recipes() -> tuple[Recipe, ...]:
    """Return all programs of the set, the kernels first."""
    kernels = tuple(Recipe(name, name, (f"kernels/{name}",), text) for name, text in _KERNELS.items())
    return (*kernels, *_TOOLS)


def kernel_source(name: str) -> str:
    """Return the text of a kernel's file, or of the header ``kernel.h``."""
    return files("codesign.workloads.instructions.kernels").joinpath(name).read_text(encoding="utf-8")
