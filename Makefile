# One command each: run, test, check, test-services. docs/operations.md tells the rest.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

# The embedded defaults are meant, whatever the caller's shell has set.
EMBEDDED := env -u DATABASE_URL -u REDIS_URL -u EMAIL_URL
PRODUCTION := $(EMBEDDED) ISECG_DEMO=0 DEBUG=0 HTTPS=1 ISECG_VAR=var/check \
	SECRET_KEY=a-key-for-the-checks-alone-0123456789-abcdefghijklmnop ALLOWED_HOSTS=tracker.invalid

# Not the letters: there white space is content.
TEMPLATES = $(shell find templates -name '*.html')

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check test-services format

help:
	@echo "make run            start the demo on http://localhost:$(PORT)"
	@echo "make test           run the whole suite on the embedded defaults"
	@echo "make check          formatting, linting, types, contracts, migrations, deployment, known vulnerabilities"
	@echo "make test-services  run the suite on DATABASE_URL and REDIS_URL"
	@echo "make format         lay out code and templates as make check wants them"

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "Python 3.11 or newer is needed, and there is no “$(PYTHON)” here." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1)." \
			"Name another: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's module venv is missing." \
			"On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@rm -f $(VENV)/installed $(VENV)/installed-dev

$(VENV)/installed: requirements.txt | $(BIN)/python
	@echo "Installing what the tracker needs ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt | $(BIN)/python
	@echo "Installing what the tests and checks need ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

run: $(VENV)/installed
	@ISECG_DEMO=1 PORT=$(PORT) exec $(BIN)/python manage.py up

test: $(VENV)/installed-dev
	$(EMBEDDED) $(BIN)/python -m pytest -n auto $(ARGS)

test-services: $(VENV)/installed-dev
	@$(BIN)/python scripts/check_services.py
	$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djade --target-version 5.2 --check $(TEMPLATES)
	$(BIN)/djlint --lint --quiet templates
	$(PRODUCTION) $(BIN)/lint-imports
	$(PRODUCTION) $(BIN)/python -m mypy
	$(PRODUCTION) $(BIN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	@$(BIN)/python scripts/audit.py

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version 5.2 $(TEMPLATES) || true
