# make sweep   explore every space under spaces/ (SPACE=, BUDGET=, WORKERS=, SEED=, OUT=, FULL=1 narrow or widen it)
# make test    run the tests; make test-all runs the slow ones as well
# Both make their own environment in .venv; nothing has to be there but Python 3.11+ and make.

PYTHON  ?= python3
VENV    ?= .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed

SPACE   ?= spaces
BUDGET  ?=
SEED    ?=
WORKERS ?= 2
OUT     ?= results
FULL    ?=

SWEEP_OPTIONS := --workers $(WORKERS) --out $(OUT) \
	$(if $(BUDGET),--budget $(BUDGET)) $(if $(SEED),--seed $(SEED)) $(if $(FULL),--long)

.PHONY: help sweep test test-all test-floors lint validate traces train reproduce bench notebooks wheel wheel-check clean

help:
	@sed -n '1,3s/^# //p' Makefile
	@echo "also: lint, validate, traces, train, reproduce, bench, notebooks, wheel, wheel-check, test-floors, clean"

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "codesign needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade-strategy only-if-needed -e '.[dev]'
	touch $(STAMP)

sweep: $(STAMP)
	$(BIN)/codesign sweep $(SPACE) $(SWEEP_OPTIONS)

test: $(STAMP) lint
	$(BIN)/python -m tests.compile_ahead
	$(BIN)/python -m pytest -m 'not slow' -n auto --dist worksteal

test-all: $(STAMP) lint
	$(BIN)/python -m tests.compile_ahead
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p codesign

# The oldest versions that pyproject.toml allows, in an environment of their own.
test-floors:
	test -x .venv-floors/bin/python || $(PYTHON) -m venv .venv-floors
	$(PYTHON) tests/floors.py pyproject.toml > .venv-floors/floors.txt
	.venv-floors/bin/python -m pip install --quiet -c .venv-floors/floors.txt -e '.[onnx,cpsat,cma,trace]' pytest hypothesis
	.venv-floors/bin/python -m pytest -m 'not slow' -p no:cacheprovider

# Record the committed instruction traces again (needs qemu-user and a C compiler).
traces: $(STAMP)
	$(BIN)/python -m codesign.workloads.instructions.record_set codesign/workloads/instructions/data

train: $(STAMP)
	$(BIN)/python -m codesign.models.cpu.predictor.train

validate: $(STAMP)
	$(BIN)/codesign validate --write docs/validation.md

reproduce: $(STAMP)
	$(BIN)/codesign reproduce

bench: $(STAMP)
	$(BIN)/python -m benchmarks

notebooks: $(STAMP)
	$(BIN)/python -m pytest tests/test_notebooks.py

wheel: $(STAMP)
	$(BIN)/python -m build --wheel

# Build the wheel, install it into an empty environment, use it there.
wheel-check: $(STAMP)
	$(BIN)/python -m pytest tests/test_wheel.py

clean:
	rm -rf .venv .venv-floors build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
