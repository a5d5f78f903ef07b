"""``codesign plan``: what lies where in a scratchpad, and when, so that a network moves the fewest bytes."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codesign.cli.options import FIGURE_KINDS, Format, FormatOption, check_output_file, parse_setting, show
from codesign.errors import UserError

if TYPE_CHECKING:
    from codesign.models.scratchpad.planning import Options, Planned
    from codesign.report.plan_summary import Fact
    from codesign.workloads.graph import Network


class Budget(StrEnum):
    """A scratchpad by its meaning: M_R, half way from there to M_P, M_P."""

    minimum = "minimum"
    half = "half"
    peak = "peak"


class Order(StrEnum):
    """Which orders of the operators are allowed."""

    default = "default"
    search = "search"


class Goal(StrEnum):
    """What a plan should have least of."""

    traffic = "traffic"
    latency = "latency"


PLAN_KINDS = (".json", ".csv")
TRACE_KINDS = (".stl", ".gz")
WORD_BITS = (8, 16, 32)
KIB = 1024
LARGEST_BYTES = 2**53
"""Up to here floats count bytes one by one."""
PEAK_S = 5.0
"""Longest search for M_P where there is a time limit; without one, it ends after a number of states."""

INTERRUPTED = (
    "codesign: interrupted: nothing was written, and what was found so far isn't kept; with --time-limit S the best"
    " plan after S seconds is printed"
)


def plan(
    network: Annotated[str, typer.Argument(metavar="NETWORK|FILE.onnx", help="A built-in network, or an ONNX file.")],
    scratchpad_kib: Annotated[float | None, typer.Option(help="Size of the scratchpad in KiB.")] = None,
    budget: Annotated[
        Budget | None, typer.Option(help="Its size by meaning: M_R, half way to M_P, M_P (smallest peak of any order).")
    ] = None,
    parameters: Annotated[bool, typer.Option("--parameters", help="Weights have to be in the scratchpad too.")] = False,
    order: Annotated[Order, typer.Option(help="Keep the network's order, or search for the best.")] = Order.search,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="name=value, a setting of the network or a symbolic dimension of the ONNX file."),
    ] = None,
    fuse: Annotated[bool, typer.Option("--fuse", help="Activations become part of the operator before.")] = False,
    in_place: Annotated[bool, typer.Option("--in-place", help="Element-wise operators overwrite an input.")] = False,
    views: Annotated[bool, typer.Option("--views", help="Reshapes and concatenations need no copy.")] = False,
    paper_accounting: Annotated[
        bool, typer.Option("--paper-accounting", help="As COSMA counts: DRAM is empty, every drop costs a write.")
    ] = False,
    alignment: Annotated[int, typer.Option(help="Addresses are multiples of that many bytes.")] = 1,
    banks: Annotated[int, typer.Option(help="Equal banks; no buffer reaches across a border.")] = 1,
    tiles: Annotated[int, typer.Option(help="Cut operators that don't fit, into that many stripes at most.")] = 1,
    recompute_bytes_per_mac: Annotated[
        float | None, typer.Option(help="Allow doing operators again, at that many bytes a multiply-accumulate.")
    ] = None,
    goal: Annotated[Goal, typer.Option(help="Fewest bytes; or least latency with the order of fewest bytes.")] = (
        Goal.traffic
    ),
    macs_per_cycle: Annotated[float, typer.Option(help="Speed of computing, for the latency.")] = 1024.0,
    dram_bytes_per_cycle: Annotated[float, typer.Option(help="Speed of transfers, for the latency.")] = 16.0,
    word_bits: Annotated[int | None, typer.Option(help="8, 16 or 32 for every word; default: the network's.")] = None,
    width: Annotated[
        int | None, typer.Option(help="States kept in each step of the search; more prove more, and take longer.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(help="Seconds to search ever wider; default: equal work on every machine.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the plan to FILE.json, or its events to FILE.csv.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Draw it: FILE.png, .svg or .pdf.")] = None,
    dram_trace: Annotated[
        Path | None, typer.Option(help="Write its DRAM requests (64 bytes, in machine cycles) to FILE.stl or .stl.gz.")
    ] = None,
    how: FormatOption = Format.table,
) -> None:
    """Plan which tensors lie in a scratchpad, where, and which are spilled, with the fewest bytes off-chip.

    Every plan is replayed by an independent checker, and compared with a bound that no plan can beat. The exit code is
    3 when there is no plan, or when the time was over before the gap was closed; then the best plan is printed.
    """
    _check_files(out, figure, dram_trace)
    loaded = _network(network, settings or [], word_bits)
    options = _options(
        order=order.value,
        fuse=fuse,
        banks=banks,
        most_stripes=tiles,
        recompute_bytes_per_mac=recompute_bytes_per_mac,
        goal=goal.value,
        width=width,
        time_limit_s=time_limit,
        machine=(macs_per_cycle, dram_bytes_per_cycle),
        accounting={
            "weights": parameters,
            "sources_stored": not paper_accounting,
            "in_place": in_place,
            "views": views,
            "alignment_bytes": alignment,
        },
    )
    capacity = _capacity(scratchpad_kib, budget)
    try:
        with _spinner(f"planning {loaded.name}" + ("" if time_limit is None else f", at most {time_limit:g} s")):
            planned, summary = _planned(loaded, capacity, options)
    except KeyboardInterrupt:
        typer.echo(INTERRUPTED, err=True)
        raise typer.Exit(130) from None
    _show(summary, how)
    _write_files(planned, options, summary, out, figure, dram_trace)
    _judge(planned, options)


def _check_files(out: Path | None, figure: Path | None, dram_trace: Path | None) -> None:
    check_output_file(out, "--out", PLAN_KINDS)
    check_output_file(figure, "--figure", FIGURE_KINDS)
    check_output_file(dram_trace, "--dram-trace", TRACE_KINDS)


def _write_files(
    planned: Planned,
    options: Options,
    summary: dict[str, Fact],
    out: Path | None,
    figure: Path | None,
    dram_trace: Path | None,
) -> None:
    if out is not None:
        _write(out, planned, options, summary)
    if figure is not None:
        _draw(figure, planned)
    if dram_trace is not None:
        _write_dram_trace(dram_trace, planned, options)


def _judge(planned: Planned, options: Options) -> None:
    """Exit with 3 where the gap is open because the time was over."""
    from codesign.report.plan_summary import time_was_over

    if time_was_over(planned, options):
        typer.echo(
            "codesign: the time was over before the gap was closed; a larger --time-limit may find a better plan or"
            " bound",
            err=True,
        )
        raise typer.Exit(3)


def _show(summary: dict[str, Fact], how: Format) -> None:
    import pandas as pd

    from codesign.report.plan_summary import readable_summary

    if how is Format.table:
        texts = readable_summary(summary)
        show(pd.DataFrame({"quantity": list(texts), "value": list(texts.values())}), how)
    else:
        show(pd.DataFrame([summary]), how)


def _planned(network: Network, capacity: int | Budget, options: Options) -> tuple[Planned, dict[str, Fact]]:
    """Return the plan and its figures.

    The order with the smallest peak is where a search over orders begins, unless operators are cut.
    """
    from codesign.models.scratchpad.planning import plan_network, prepare
    from codesign.models.scratchpad.schedule import budgets_of
    from codesign.report.plan_summary import plan_summary

    if not isinstance(capacity, Budget):
        prepare(network, capacity, options)
    _, whole = prepare(network, LARGEST_BYTES, options)
    peak_s = math.inf if options.time_limit_s is None else min(options.time_limit_s, PEAK_S)
    budgets = budgets_of(whole, time_limit_s=peak_s)
    if isinstance(capacity, Budget):
        sizes = {
            Budget.minimum: budgets.minimum_bytes,
            Budget.half: budgets.half_bytes,
            Budget.peak: budgets.peak_bytes,
        }
        capacity = sizes[capacity]
    seeds = (budgets.peak_order,) if options.order == "search" and capacity >= whole.minimum_bytes else ()
    planned = plan_network(network, capacity, options, seeds)
    return planned, plan_summary(planned, options, whole, budgets)


def _capacity(scratchpad_kib: float | None, budget: Budget | None) -> int | Budget:
    """Return the size in bytes, or the budget by name; raise UserError unless exactly one is given."""
    choices = "--scratchpad-kib N or --budget minimum|half|peak"
    if scratchpad_kib is not None and budget is not None:
        raise UserError(f"both --scratchpad-kib and --budget were given; give one of {choices}")
    if budget is not None:
        return budget
    if scratchpad_kib is None:
        raise UserError(f"the size of the scratchpad is missing; give {choices}")
    if not 0 < scratchpad_kib * KIB <= LARGEST_BYTES:
        raise UserError(
            f"--scratchpad-kib must be above 0 and at most {LARGEST_BYTES // KIB:,}, found {scratchpad_kib:g}"
        )
    return int(scratchpad_kib * KIB)


def _options(*, machine: tuple[float, float], accounting: dict[str, Any], **given: Any) -> Options:
    """Return the options of the planner; raise UserError for a number that has no meaning."""
    from codesign.models.scratchpad.overlap import Machine
    from codesign.models.scratchpad.planning import Options
    from codesign.models.scratchpad.preparation import Accounting
    from codesign.models.scratchpad.schedule import WIDTH

    if given["time_limit_s"] is not None:
        _check_positive("--time-limit", given["time_limit_s"])
    if given["width"] is None:
        given["width"] = WIDTH
    _check_positive("--macs-per-cycle", machine[0])
    _check_positive("--dram-bytes-per-cycle", machine[1])
    price = given["recompute_bytes_per_mac"]
    if price is not None and not 0 <= price < math.inf:
        raise UserError(f"--recompute-bytes-per-mac must be a number of at least 0, found {price:g}")
    return Options(accounting=Accounting(**accounting), machine=Machine(*machine), **given)


def _check_positive(option: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise UserError(f"{option} must be a number above 0, found {value:g}")


def _network(name: str, settings: list[str], word_bits: int | None) -> Network:
    from codesign.workloads.catalogue import load_network
    from codesign.workloads.onnx_import import read_onnx

    if word_bits is not None and word_bits not in WORD_BITS:
        raise UserError(f"--word-bits must be 8, 16 or 32, found {word_bits}")
    given: dict[str, Any] = dict(map(parse_setting, settings))
    suffix = Path(name).suffix.lower()
    if suffix == ".csv":
        raise UserError(f"{name}: a topology file doesn't say which layer reads what; give an ONNX file or a network")
    if suffix == ".onnx":
        for dimension, size in given.items():
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise UserError(f"--set {dimension}: must be a whole number of at least 1, found {size!r}")
        batch = given.pop("batch", 1)
        loaded = read_onnx(name, batch=batch, dimensions=given)
    else:
        loaded = load_network(name, **given)
    return loaded if word_bits is None else loaded.with_bits(word_bits, word_bits)


def _write(path: Path, planned: Planned, options: Options, summary: dict[str, Fact]) -> None:
    """Write the plan; as JSON with what is known of it and how it was made, the time aside, so that equal plans are
    equal files."""
    from codesign.models.scratchpad.plan_file import write_plan

    if path.suffix.lower() == ".csv":
        write_plan(planned.plan, path)
        return
    accounting = options.accounting
    made_with: dict[str, Fact] = {
        "order": options.order,
        "goal": options.goal,
        "weights": accounting.weights,
        "sources_stored": accounting.sources_stored,
        "in_place": accounting.in_place,
        "views": accounting.views,
        "fuse": options.fuse,
        "most_stripes": options.most_stripes,
        "width": options.width,
        "recompute_bytes_per_mac": options.recompute_bytes_per_mac,
    }
    known = {name: value for name, value in summary.items() if name not in ("network", "solve_s")}
    write_plan(planned.plan, path, **known, **made_with)


def _write_dram_trace(path: Path, planned: Planned, options: Options) -> None:
    from codesign.models.scratchpad.traffic import planned_trace
    from codesign.workloads.memory.writer import write_trace

    write_trace(planned_trace(planned, options.machine), path)


def _draw(path: Path, planned: Planned) -> None:
    from codesign.pareto.csv_file import write_atomically
    from codesign.report.occupancy import occupancy_bytes
    from codesign.report.plan_figure import plan_figure

    drawn = plan_figure(planned.plan, planned.schedule.gap)
    write_atomically(path, occupancy_bytes(drawn, path.suffix.lower().removeprefix(".")))


@contextmanager
def _spinner(text: str) -> Iterator[None]:
    """Show that something is going on, and for how long; nothing where the output is a file or a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(text, total=None)
        yield
