# The commands of Handcode. Set-up steps are files, so a step that is done costs nothing and one whose inputs changed is done again.

SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin

# An extra package index for torch, for example PyTorch's CPU one; empty takes the build that pip finds by itself.
TORCH_INDEX ?=
# Further arguments for the command behind a target: make test ARGS='-k layers'.
ARGS ?=

# One set-up at a time: a second `make` waits here for the first and then finds its work done.
locked := flock Makefile
judge_sources := $(shell find judge -name '*.py' -o -name 'problem.toml')
page_sources := package.json package-lock.json $(shell find app/static -path app/static/dist -prune -o -type f -print)

# As many processes as cores share the files of tests; each has databases, cells and a browser of its own (tests/conftest.py).
side_by_side := --numprocesses logical --maxprocesses 4 --dist loadscope --no-loadscope-reorder

# Should `make` be killed, the kernel ends what it runs.
with_make := setpriv --pdeathsig TERM

.NOTPARALLEL:
.PHONY: help setup setup-dev serve test check audit lint format verify doctor bench chaos pin clean python sandbox browser
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: sandbox .venv/installed app/static/dist/built .cache/learnt ## Install everything that serving needs, and nothing twice

serve: setup ## Serve Handcode on this machine: web and worker, SQLite, http://127.0.0.1:8000
	@HANDCODE_PRACTICE=$${HANDCODE_PRACTICE:-1} exec $(with_make) $(BIN)/python -m app.cli serve $(ARGS)

test: setup-dev ## Run every test: real jail, real databases, a real browser, ruff and mypy
	@exec $(with_make) $(BIN)/python -m pytest $(side_by_side) $(ARGS)

check: setup .venv/installed-dev ## The fast check: ruff, mypy and the quick tests that need no jail, browser or PostgreSQL
	@exec $(with_make) $(BIN)/python -m pytest $(side_by_side) -m 'not jail and not browser and not postgres and not slow' $(ARGS)

lint: setup-dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup-dev ## Sort imports, lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

verify: setup ## Judge every sample submission of every problem and compare with its folder's verdict
	@$(BIN)/python -m judge verify $(ARGS)

doctor: setup ## Probe every wall of the sandbox from inside a cell
	@$(BIN)/python -m judge doctor $(ARGS)

bench: setup ## Measure this machine through HTTP: latency, throughput, memory
	@$(BIN)/python -m app.bench $(ARGS)
	@$(BIN)/python -m app.rush

audit: ## Look the pinned packages up in the vulnerability databases of pip and npm
	@scripts/audit

chaos: setup-dev ## Kill, stop and starve a running Handcode at random under 2,000 submissions; ARGS='--seed N'
	@$(BIN)/python -m tests.chaos $(ARGS)

pin: setup-dev ## Write the installed versions into constraints.txt, after a range in pyproject.toml changed
	@$(locked) scripts/install-packages .venv/installed-node node
	@sed -n '/^#/p' constraints.txt > .venv/constraints.txt
	@$(BIN)/python -m pip freeze | grep -vE '^(nvidia|cuda|triton)' | sed -E 's/\+[a-z0-9.]+$$//' >> .venv/constraints.txt
	@cp .venv/constraints.txt constraints.txt

clean: ## Remove what the commands above made; the data folder stays
	rm -rf .venv .cache node_modules app/static/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- steps -----------------------------------------------------------------------------------------------------------

setup-dev: setup browser .venv/installed-dev

python:
	@scripts/ensure '$(PYTHON) -c "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"' \
		'Python 3.11 or newer with its venv module' python3 python3-venv

sandbox:
	@scripts/ensure 'command -v bwrap' 'bubblewrap, which is the outer wall of the sandbox' bubblewrap

browser:
	@scripts/ensure 'command -v chromium' 'Chromium, in which the tests use the pages' chromium

# ensurepip is the last thing that venv does: a venv without pip is half made.
.venv/bin/pip:
	@$(MAKE) --no-print-directory python
	@$(locked) sh -c 'test -x .venv/bin/pip || $(PYTHON) -m venv --clear .venv'

.venv/installed: pyproject.toml constraints.txt scripts/install-packages | .venv/bin/pip
	@$(locked) env TORCH_INDEX='$(TORCH_INDEX)' scripts/install-packages $@

.venv/installed-dev: pyproject.toml constraints.txt scripts/install-packages | .venv/installed
	@$(locked) env TORCH_INDEX='$(TORCH_INDEX)' scripts/install-packages $@ dev

app/static/dist/built: $(page_sources) | .venv/bin/pip
	@$(locked) scripts/build-pages $@

# Each problem's known wrong layers are run once; a problem that did not change is recalled, not run again.
.cache/learnt: .venv/installed $(judge_sources)
	@$(locked) $(BIN)/python -m judge learn
	@mkdir -p .cache && touch $@
