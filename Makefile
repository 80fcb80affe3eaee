# Hotline. `make run` prepares everything and serves the demo; `make test` runs every check.
# As root on Debian 12 missing packages are installed; otherwise one line names them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Compiled files are kept: the tests start the server some hundred times.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
STATIC := ivr/web/static
CONFIG ?= examples/demo/hotline.yaml
PIP := $(BIN)/pip install -qq --disable-pip-version-check --no-input --require-hashes
UV_PIN := uv==0.13.9
COMPILE := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

PAGE_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)

.PHONY: help run setup setup-test test lint types pages-check flows unit e2e interop fuzz flood pages prompts prompts-check lock clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: setup ## prepare everything and serve the demo
	@exec $(BIN)/ivr serve $(CONFIG)

setup: $(VENV)/.installed $(STATIC)/.built ## prepare everything; leaves .venv/bin/ivr
	@:

# --- Python

$(VENV)/.created:
	@scripts/packages.sh python3-venv='p=$$(scripts/python.sh) && $$p -c "import venv, ensurepip"'
	@python=$$(scripts/python.sh); echo "making $(VENV) with $$($$python -V)"; $$python -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || scripts/packages.sh build-essential='command -v gcc'
	@touch $@

# setuptools comes first: the few sources without a wheel are built with the locked one, not with whatever is newest.
$(VENV)/.installed: $(VENV)/.created requirements.txt requirements-build.txt pyproject.toml
	@echo "installing Python packages"
	@$(PIP) --only-binary :all: -r requirements-build.txt
	@$(PIP) --no-build-isolation -r requirements.txt
	@$(BIN)/pip install -qq --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed requirements-test.txt
	@echo "installing the test tools"
	@$(PIP) --no-build-isolation -r requirements-test.txt
	@touch $@

# --- pages

web/node_modules/.installed: web/package.json web/package-lock.json $(VENV)/.created
	@echo "installing the packages of the pages"
	@export PATH="$$(scripts/node.sh $(VENV)):$$PATH"; cd web && npm ci --silent --no-audit --no-fund </dev/null
	@touch $@

$(STATIC)/.built: web/node_modules/.installed $(PAGE_SOURCES)
	@echo "building the pages"
	@export PATH="$$(scripts/node.sh $(VENV)):$$PATH"; cd web && npm run --silent build </dev/null >node_modules/.build.log 2>&1 || { cat node_modules/.build.log >&2; exit 1; }
	@touch $@

pages: $(STATIC)/.built ## build the browser pages

# --- checks

setup-test: setup $(VENV)/.tested ## prepare the tests too: phones, browser, speech, their packages
	@scripts/packages.sh baresip-core='command -v baresip' sip-tester='command -v sipp' chromium='command -v chromium' \
		redis-server='command -v redis-server' espeak-ng='command -v espeak-ng' ffmpeg='command -v ffmpeg' \
		openssl='command -v openssl' kamailio='command -v kamailio' rtpengine-daemon='command -v rtpengine'

test: setup-test ## run every check
	@$(MAKE) -j2 -Otarget lint types pages-check flows
	@$(MAKE) unit
	@$(MAKE) e2e

lint: $(VENV)/.tested ## style and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@echo "lint: clean"

types: $(VENV)/.tested ## mypy, strict
	@$(BIN)/mypy

pages-check: $(STATIC)/.built ## types and tests of the pages
	@export PATH="$$(scripts/node.sh $(VENV)):$$PATH"; cd web && npm run --silent typecheck </dev/null && npm test --silent </dev/null

flows: $(VENV)/.installed ## check the sample flows and play their conversations over every edge
	@$(BIN)/ivr check --config $(CONFIG)
	@$(BIN)/ivr test --config $(CONFIG) --fail-under 100

unit: $(VENV)/.tested ## tests without a network of their own
	@scripts/pytest.sh $(BIN)/python "not e2e and not load"

e2e: setup-test tests/interop/jssip/node_modules/.installed ## real phones, real browser, real speech
	@scripts/pytest.sh $(BIN)/python "e2e and not load"

tests/interop/jssip/node_modules/.installed: tests/interop/jssip/package.json tests/interop/jssip/package-lock.json $(VENV)/.created
	@echo "installing JsSIP, for the tests"
	@export PATH="$$(scripts/node.sh $(VENV)):$$PATH"; cd tests/interop/jssip && npm ci --silent --no-audit --no-fund </dev/null
	@touch $@

interop: setup-test tests/interop/jssip/node_modules/.installed ## foreign phones, proxies and media relays on loopback
	@$(BIN)/pytest -q -n 2 --dist loadfile -m "not load" tests/interop </dev/null

fuzz: $(VENV)/.tested ## fuzz every parser for SECONDS (30) each; finds go to .fuzz
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),30) $(TARGETS)

flood: $(VENV)/.tested ## 100 calls while garbage, a brute force and a scanner come in (20 s)
	@$(BIN)/python -m tests.load.flood

# --- what is checked in, made anew

prompts: $(VENV)/.installed ## render the prompts that are missing
	@scripts/packages.sh espeak-ng='command -v espeak-ng'
	@$(PIP) --no-build-isolation -r requirements-voices.txt
	@export PATH="$$(scripts/node.sh $(VENV)):$$PATH"; nice $(BIN)/ivr prompts render

prompts-check: $(VENV)/.installed ## every prompt there, level and length sound
	@$(BIN)/ivr prompts check

lock: $(VENV)/.created ## write the lock files anew after pyproject.toml changed; UPGRADE=--upgrade takes newer ones
	@$(BIN)/pip install -qq --disable-pip-version-check --no-input $(UV_PIN)
	@$(COMPILE) $(UPGRADE) scripts/build.in -o requirements-build.txt
	@$(COMPILE) $(UPGRADE) scripts/node.in -o requirements-node.txt
	@$(COMPILE) $(UPGRADE) pyproject.toml -c requirements-build.txt -o requirements.txt
	@$(COMPILE) $(UPGRADE) pyproject.toml --extra test -c requirements.txt -c requirements-build.txt -o requirements-test.txt
	@$(COMPILE) $(UPGRADE) pyproject.toml --extra voices -c requirements.txt -c requirements-build.txt -o requirements-voices.txt
	@wc -l requirements*.txt

clean: ## remove what was installed and built, but no data
	rm -rf $(VENV) web/node_modules $(STATIC) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
