# The few commands. Each calls the real tool; nothing here is magic.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
PORT ?= 8000
DATA_DIR ?= .data
BIN := .venv/bin
UV := $(BIN)/uv
LOCK := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet
export PORT DATA_DIR
# Without compiled modules on disk every process starts with seconds of compiling; tests and demo start dozens.
unexport VIRTUAL_ENV PYTHONHOME PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help venv demo stores test crash machine lint format lock lock-check bench bench-full messages

help:  ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 14

demo: .venv/demo.stamp  ## Start the whole portal with demo data (PORT=8000 DATA_DIR=.data)
	@prm/stack/system_libraries.sh
	@exec $(BIN)/python -m prm.stack demo

stores: .venv/demo.stamp  ## PostgreSQL and Valkey only; then: set -a; . .data/env; set +a
	@exec $(BIN)/python -m prm.stack stores

test: .venv/dev.stamp  ## Every test, on servers of its own (TESTS="tests/prm -k money" for some)
	@prm/stack/system_libraries.sh
	@exec $(BIN)/python -m prm.stack run --in-memory $(BIN)/pytest -n 4 --dist worksteal $(TESTS)

lint: .venv/dev.stamp  ## Format, lint, imports, types, templates, migrations
	.ci/lint

format: .venv/dev.stamp  ## Put code and templates in shape
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	@git ls-files -co --exclude-standard '*.html' | xargs -r $(BIN)/djade --target-version 5.2

crash: .venv/dev.stamp  ## A payout run whose worker dies, or loses its stores, 200 times (CRASHES=200; CRASH=--celery: Celery's own, 10)
	@exec $(BIN)/python -m tests.crash $(CRASH)

machine: .venv/dev.stamp  ## Hundreds of stories of money, every invariant after every step (MACHINE_FIRST=0: their first seed)
	@MACHINE=deep exec $(BIN)/python -m prm.stack run $(BIN)/pytest -p no:randomly -x -q tests/commissions/test_money_machine.py

bench: .venv/dev.stamp  ## Workloads at 1k to 100k, with their floors and goals
	@exec $(BIN)/python -m prm.stack run $(BIN)/python -m tests.bench

bench-full: .venv/dev.stamp  ## The same at a million
	@exec $(BIN)/python -m prm.stack run $(BIN)/python -m tests.bench --full

messages: .venv/dev.stamp  ## Collect texts for translation
	DEBUG=1 $(BIN)/python manage.py makemessages -l it --no-obsolete --no-wrap --ignore .venv

lock: $(UV)  ## Write the locks anew from pyproject.toml (UPGRADE=--upgrade for newer versions)
	$(LOCK) $(UPGRADE) -o requirements.lock
	$(LOCK) $(UPGRADE) --group stores -c requirements.lock -o requirements-demo.lock
	$(LOCK) $(UPGRADE) --group dev -c requirements-demo.lock -o requirements-dev.lock

venv: .venv/dev.stamp  ## The environment with every tool

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 is needed. Debian and Ubuntu: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11 to 3.13 is needed; $(PYTHON) is another. Name one: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "The module venv is missing. Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'

.venv/demo.stamp: requirements-demo.lock | $(UV)
	@echo "Installing what the portal needs (once, about 20 s)"
	@$(UV) pip install --python $(BIN)/python --quiet --require-hashes -r requirements-demo.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock | $(UV)
	@echo "Installing tools and libraries (once, about 40 s)"
	@$(UV) pip install --python $(BIN)/python --quiet --require-hashes -r requirements-dev.lock
	@touch $@ .venv/demo.stamp
