# make train    trains the default experiment, from a bare clone to a finished report
# make test     runs the default tests
# make help     lists the rest

VENV := .venv
BIN := $(VENV)/bin
# The first Python on the path that is new enough; PYTHON=... chooses another one.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$python && break; done)
# CONSTRAINTS= takes the newest versions that pyproject.toml admits.
CONSTRAINTS ?= --constraint constraints.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS)
# Files side by side, the longest first (tests/conftest.py); a process a core, four at most, a thread each.
TEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# What follows versions of pandas, NumPy, torch, Lightning, Plotly, ONNX and safetensors.
OLDEST := .venv-oldest
OLDEST_TESTS := $(addprefix tests/,tables/test_frames.py tables/test_time_axis.py tables/test_readers.py \
	tables/test_writers.py tables/test_files.py transforms/test_table_transform.py nn/test_networks.py nn/test_losses.py \
	training/test_checkpoint_files.py training/test_fit.py serialization/test_model_folder.py \
	serialization/test_programs.py report/test_tables.py report/figures metrics/test_formulas.py test_synthesizer.py)
NEEDS := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help train test test-all test-oldest docs coverage check format bench results install

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

train: $(VENV)/.ready ## train the default experiment; ARGS="model.hidden=12 seed=1" changes it
	$(BIN)/python train.py $(ARGS)

test: $(VENV)/.ready-dev ## run the default tests; ARGS="-k export" chooses
	$(TEST) $(ARGS)

test-all: $(VENV)/.ready-dev ## run all tests, the slow ones too
	$(TEST) -m "" $(ARGS)

test-oldest: $(OLDEST)/.ready ## a quick part of the tests, with the oldest versions that pyproject.toml admits
	OMP_NUM_THREADS=1 $(OLDEST)/bin/python -m pytest -o filterwarnings=default $(or $(ARGS),$(OLDEST_TESTS))

docs: $(VENV)/.ready-docs ## build the site, docs/_build/html/index.html; warnings are errors
	$(BIN)/python -m sphinx -q -W --keep-going -E docs docs/_build/html $(ARGS)

coverage: $(VENV)/.ready-dev ## the default tests, and the lines that they do not reach
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered --cov-fail-under=90 $(ARGS)

check: $(VENV)/.ready-dev ## lint, spelling, formatting, types
	$(BIN)/ruff check
	$(BIN)/codespell
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.ready-dev ## mend what lint and formatting can mend by themselves
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.ready-dev ## measure speed, some minutes; ARGS="--full" measures all sizes, ARGS="--only sampling" a part
	$(BIN)/python -m benchmarks.speed $(ARGS)

results: $(VENV)/.ready-dev ## the table of docs/explanation/results.md, many hours; ARGS="stock --seeds 0" for a part of it
	$(BIN)/python -m benchmarks.results $(ARGS)

install: $(VENV)/.ready-dev ## the set-up alone, with the development tools
	@:

$(VENV)/.ready-docs: $(NEEDS) | $(BIN)/pip
	$(PIP) --editable ".[docs]"
	@touch $(VENV)/.ready $@

# uv can resolve to lowest versions, pip cannot. UV_TORCH_BACKEND=cpu avoids CUDA; UV_OVERRIDE=FILE replaces a version.
$(OLDEST)/.ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "timegan needs Python 3.11, 3.12 or 3.13. Name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }
	$(PYTHON) -m venv --clear $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(OLDEST)/bin/uv pip install --quiet --python $(OLDEST) --resolution lowest-direct --editable ".[test]"
	@touch $@

# The stamps make a second call free: pip runs again only when a requirement has changed.
$(VENV)/.ready: $(NEEDS) | $(BIN)/pip
	@echo "Installing what constraints.txt pins: about a minute, once."
	$(PIP) --editable .
	@touch $@

$(VENV)/.ready-dev: $(NEEDS) | $(BIN)/pip
	@echo "Installing what constraints.txt pins, with the development tools: about a minute, once."
	$(PIP) --editable ".[dev]"
	@touch $(VENV)/.ready $@

$(BIN)/pip:
	@test -n "$(PYTHON)" || { echo "timegan needs Python 3.11, 3.12 or 3.13, and finds none on the path. Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
