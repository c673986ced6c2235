# Two commands on a fresh machine: make demo, make test. Bare make tells what there is.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
# Two cores are the house's size: numeric libraries must not start a thread per core and per process.
export OMP_NUM_THREADS ?= 2
export PYTHONUNBUFFERED = 1

.PHONY: help setup demo test test-slow check format serve openapi benchmarks train clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/ready ## system libraries, .venv with uv, locked packages, motcua

.venv/ready: uv.lock pyproject.toml requirements-debian.txt scripts/setup.sh
	@scripts/setup.sh

demo: setup ## the main job, end to end, on a server of its own (LANG_DEMO=vi|en)
	@$(BIN)/motcua demo $(if $(LANG_DEMO),--lang $(LANG_DEMO))

test: setup ## the whole suite but the slow part, two files at a time
	@$(BIN)/pytest -n 2 --dist loadfile -m "not slow"

test-slow: setup ## peers, browsers, faults, accuracy sets
	@$(BIN)/pytest -m slow

check: setup ## format, lint, types, imports, house tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q tests/house

format: setup ## mend what ruff can mend
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format .

serve: setup ## API, worker and sandbox data on embedded engines; prints its URLs
	@$(BIN)/motcua sandbox

openapi: setup ## write openapi/openapi.json from the app
	@$(BIN)/motcua openapi --write openapi/openapi.json

benchmarks: setup ## every published figure, quickly
	@for script in benchmarks/[a-z]*.py; do $(BIN)/python $$script --quick || exit 1; done

train: setup ## the Vietnamese recogniser, in an environment of its own (MINUTES=240 SEED=1 SIDES=2000 START=model FINDER_MINUTES=0)
	@scripts/train.sh

clean: ## stop embedded engines and remove what the program made here (.motcua, caches); keeps .venv
	@test ! -x $(BIN)/motcua || $(BIN)/motcua stop
	@rm -rf .motcua .venv/ready .pytest_cache .ruff_cache .hypothesis .import_linter_cache
