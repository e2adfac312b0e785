# From a fresh clone: `make figure` draws, `make test` checks. Both set up .venv first and can be repeated.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# A bare `torch` may download gigabytes of another build than the one that was tested. Compiling all that is installed
# takes a minute, most of it for modules that are never imported; the others are compiled when they are, and kept.
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --no-compile -c constraints.txt
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help figure test types tests format clean
.DEFAULT_GOAL := help

help:
	@echo "make figure   set up, then train, sample and draw: wide.png and pair.png"
	@echo "make test     set up, then check format, lint, types, layers and run the tests"
	@echo "make format   format the code and mend what lint can mend"
	@echo "make clean    remove the environment and all caches; runs/ and pictures stay"
	@echo
	@echo "PYTHON=python3.12 chooses the interpreter (3.11 or newer) of a new environment."

figure: $(VENV)/.installed
	$(BIN)/landscape render --model wide
	$(BIN)/landscape render --model pair

test: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory -j2 types tests

types: $(VENV)/.installed-test
	$(BIN)/mypy

tests: $(VENV)/.installed-test
	$(BIN)/python -m pytest --cov -n logical --maxprocesses 8 --dist worksteal

format: $(VENV)/.installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, but $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made setup.cfg pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made setup.cfg pyproject.toml constraints.txt
	$(PIP) -e '.[test]'
	@touch $@ $(VENV)/.installed
