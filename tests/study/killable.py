"""Run one study of the toy model in this process, and be killed after a while.

Arguments: folder, search method, budget ("none" for all), seconds until SIGKILL (0 = never), most rows of a part.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from codesign.space import parse_space
from codesign.study import Study
from codesign.study.executors import InProcess
from codesign.testing.toys import TOY_SPACE, ToyAccelerator

ONE_OBJECTIVE = """\
model: toy.accelerator
fixed: {work: 2e6}
parameters:
  rows: {powers_of_two: [8, 128]}
  columns: {powers_of_two: [8, 128]}
  clock_mhz: {range: [400, 1000], step: 100}
constraints: [rows >= columns / 4]
objectives: {energy_mj: minimize}
"""


class SlowToy(ToyAccelerator):
    """The toy model, with a pause in each call, so that a kill has something to hit."""

    def evaluate(self, designs):
        time.sleep(0.004)
        return super().evaluate(designs)


def main():
    folder, method, budget, seconds, most_rows = sys.argv[1:]
    space = parse_space(ONE_OBJECTIVE if method == "cma-es" else TOY_SPACE, "toy")
    study = Study(space, model=SlowToy(), method=method, budget=None if budget == "none" else int(budget), seed=4)
    if float(seconds):
        threading.Timer(float(seconds), os.kill, (os.getpid(), signal.SIGKILL)).start()
    study.run(Path(folder), executor=InProcess(int(most_rows)))


if __name__ == "__main__":
    main()
