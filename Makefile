# Everything runs in .venv, made from the locked, hashed dependencies.
PYTHON ?= python3
BIN := .venv/bin
DEMO ?= demo

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

.venv/.dev: locks/dev.txt .venv/.standalone
	$(BIN)/pip install --quiet --require-hashes -r locks/dev.txt
	@touch $@

.PHONY: install demo test lint format bench locks starter-head clean
install: .venv/.standalone ## Install the laptop's pipeline into .venv

demo: .venv/.standalone ## Draw 2,000 pictures, run the whole pipeline on them, show what it learnt
	$(BIN)/pairmill demo --out $(DEMO)

test: .venv/.dev ## Run every test that needs no server
	$(BIN)/python -m pytest

lint: .venv/.dev ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev ## Put the code into its one form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev ## Measure one claim: make bench NAME=quality-emoji
	$(BIN)/python -m benchmarks $(NAME)

locks: .venv/.dev ## Resolve every extra anew into locks/
	for extra in $$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml","rb"))["project"]["optional-dependencies"])'); do \
	  $(BIN)/uv pip compile pyproject.toml --extra $$extra --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --quiet -o locks/$$extra.txt || exit 1; done

starter-head: .venv/.standalone ## Fit the shipped head anew on drawn pictures, into starter-head/
	$(BIN)/pairmill sample starter-head/drawn --images 4000 --seed 20261121
	$(BIN)/pairmill run --corpus starter-head/drawn/corpus --captions starter-head/drawn/captions.jsonl \
	  --out starter-head/mill --until embed
	$(BIN)/python -m services.trainer.fit_head starter-head/mill starter-head/starter_head.safetensors

clean: ## Remove .venv, caches and the demo
	rm -rf .venv $(DEMO) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
