"""Run the benchmarks: ``python -m benchmarks [part ...]``, parts as in ``PARTS``; results go to ``benchmarks/out/``."""

import sys
from pathlib import Path

from benchmarks import asic, cpu, cpu_page, cpu_predictor, dram, fpga, pe, scratchpad, search_quality, speed

PARTS = {
    "speed": speed.run,
    "search": search_quality.run,
    "scratchpad": scratchpad.run,
    "pe": pe.run,
    "fpga": fpga.run,
    "asic": asic.run,
    "dram": dram.run,
    "cpu": cpu.run,
    "cpu_page": cpu_page.run,
    "predictor": cpu_predictor.run,
}


def main() -> None:
    """Run the parts named on the command line, all without."""
    chosen = sys.argv[1:] or list(PARTS)
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    out = Path(__file__).parent / "out"
    out.mkdir(exist_ok=True)
    for name in chosen:
        PARTS[name](out)


if __name__ == "__main__":
    main()
