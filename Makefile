# Handraiser: `make` alone lists what there is.

PYTHON  ?= python3
WORKERS ?= 2
ARGS    ?=

VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed
SOURCES  = $(wildcard app benchmarks migrations tests tools)

.DEFAULT_GOAL := help
.PHONY: help install run demo test check bench bench-quick lock format clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv with everything the locks name (only when they changed)

$(STAMP): pyproject.toml requirements-dev.lock requirements-installer.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-installer.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

run: install ## Serve on 127.0.0.1:8000 with an embedded SQLite in ./data
	$(BIN)/handraiser serve $(ARGS)

demo: install ## Play a fortnight of events and show who raised a hand (ARGS=--once: then stop)
	$(BIN)/handraiser demo $(ARGS)

test: install ## Run the whole suite, on SQLite and on a PostgreSQL of its own
	$(BIN)/python -m pytest --numprocesses $(WORKERS) $(ARGS)

check: install ## Format, lint, types, import direction, documents, locks
	$(BIN)/ruff format --check --output-format concise .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python -m tools.check_docs
	$(BIN)/python -m tools.reference --check
	$(BIN)/python -m tools.locks --check

bench: install ## Measure everything on this machine, beside yardsticks (ARGS='NAME --scale 0.1 --json FILE')
	$(BIN)/python -m benchmarks $(ARGS)

bench-quick: install ## Measure what says most, in under two minutes
	$(BIN)/python -m benchmarks --quick $(ARGS)

lock: install ## Compile the locks from pyproject.toml (ARGS=--upgrade: to the newest versions)
	$(BIN)/python -m tools.locks $(ARGS)

format: install ## Format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove the environment and every cache; ./data stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
