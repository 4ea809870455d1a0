# Everything runs in .venv, made from the locked, hashed dependencies.
PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo
SITE ?= site

.PHONY: help
help: ## Print these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.standalone: locks/standalone.txt pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(None if ok else "Python 3.11 to 3.13 is needed, got " + sys.version.split()[0] + ": make PYTHON=python3.12 …")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }
	@echo "Installing into .venv: about 3.1 GB to download once, 7 GB on disk (torch is most of it)."
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r locks/standalone.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.local: locks/local.txt .venv/.standalone
	$(BIN)/pip install --quiet --require-hashes -r locks/local.txt
	@touch $@

.venv/.dev: locks/dev.txt .venv/.standalone
	$(BIN)/pip install --quiet --require-hashes -r locks/dev.txt
	@touch $@

.venv/.bench: locks/bench.txt .venv/.dev
	$(BIN)/pip install --quiet --require-hashes -r locks/bench.txt
	@touch $@

.PHONY: install demo up down test test-servers test-cluster cluster lint format protos docs bench locks starter-head clean
install: .venv/.standalone ## Install the laptop's pipeline into .venv

demo: .venv/.standalone ## Draw 2,000 pictures, run the whole pipeline on them, show what it learnt
	$(BIN)/pairmill demo --out $(DEMO)

up: .venv/.local ## Start the whole cluster as processes on this machine, data under SITE=site
	@command -v minio >/dev/null || tests/tools/build.sh minio >/dev/null
	PATH="$$PATH:$$(tests/tools/build.sh --where)" $(BIN)/python -m services.local up $(SITE)

down: .venv/.local ## Stop what `make up` started
	PATH="$$PATH:$$(tests/tools/build.sh --where)" $(BIN)/python -m services.local down $(SITE)

test: .venv/.dev ## Run every test that needs no server
	$(BIN)/python -m pytest -m "not servers and not cluster"

test-servers: .venv/.dev ## Run the tests against real servers: Redis, MinIO, Qdrant, language models (needs redis-server and Go)
	tests/tools/build.sh minio
	$(BIN)/python -m pytest -m servers

test-cluster: .venv/.dev ## Run the tests on a real Kubernetes control plane (needs root, Go and a long build, once)
	tests/tools/build.sh
	$(BIN)/python -m pytest -m cluster

cluster: .venv/.dev ## Start a control plane on this machine with the chart installed, until Ctrl-C
	tests/tools/build.sh
	$(BIN)/python -m tests.cluster

lint: .venv/.dev ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev ## Put the code into its one form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

protos: .venv/.dev ## Generate shared/pairmill/pb/ from protos/ anew
	$(BIN)/python protos/generate.py

docs: .venv/.dev ## Write the tables of settings, chart values and benchmarks anew
	$(BIN)/python -m tests.project.settings_table
	$(BIN)/python -m tests.charts.table
	$(BIN)/python -m benchmarks.table

bench: .venv/.bench ## Measure one claim: make bench NAME=quality-emoji
	$(BIN)/python -m benchmarks $(NAME)

LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

locks: .venv/.dev ## Resolve every extra anew into locks/, all to the versions of locks/dev.txt
	$(LOCK) --extra dev --upgrade -o locks/dev.txt
	for extra in $$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml","rb"))["project"]["optional-dependencies"])'); do \
	  $(LOCK) --extra $$extra --constraint locks/dev.txt -o locks/$$extra.txt || exit 1; done

starter-head: .venv/.standalone ## Make the starter's weights anew from CORPORA, into starter-head/
	$(BIN)/python -m services.standalone.starter corpus starter-head/corpus $(CORPORA)/*
	$(BIN)/python -m services.standalone.starter layout starter-head/corpus \
	  starter-head/starter_layout.safetensors
	$(BIN)/pairmill run --corpus starter-head/corpus --out starter-head/mill --until split \
	  --config services/standalone/starter/mine.yaml
	$(BIN)/python -m services.standalone.starter head starter-head/mill \
	  starter-head/starter_head.safetensors

clean: ## Remove .venv, caches and the demo
	rm -rf .venv $(DEMO) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
