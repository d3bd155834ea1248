# Everything a newcomer needs: `make run`, then `make test`. `make help` lists the rest.
PYTHON ?= python3
IN = .venv/bin
# The settings of a deployment, for the checks that only matter there.
PRODUCTION = SITE_URL=https://oncall.example.com SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_hex(40))') \
	DATABASE_URL=postgres://tandem@db.example.com/tandem REDIS_URL=redis://broker.example.com EMAIL_URL=smtp://mail.example.com

.PHONY: help run install test test-slow check bench screenshots lock
.DEFAULT_GOAL := help

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /: /' | column -t -s : 2>/dev/null || grep -E '^[a-z-]+:.*## ' Makefile

run: .python ## Run Tandem here. PORT=8001, HOST=0.0.0.0, DATA_DIR=/folder and DEMO=0 are honoured
	@exec $(PYTHON) oncall_site/bootstrap.py run

install: .python ## Make .venv with everything for tests and checks
	@$(PYTHON) oncall_site/bootstrap.py install

test: install ## Run the tests: on SQLite, then on PostgreSQL where there is one
	@$(IN)/python tests/passes.py quick

test-slow: install ## Run what takes longer: real processes, real faults, a real browser
	@$(IN)/python tests/passes.py slow

check: install ## Lint, types, import contracts, missing migrations, production settings
	$(IN)/ruff check .
	$(IN)/ruff format --check .
	$(IN)/mypy
	$(IN)/lint-imports
	$(IN)/python manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(IN)/python manage.py check --deploy --fail-level WARNING

bench: install ## Measure, each row beside its budget; `make bench ROWS="sweep planner"` for some
	@$(IN)/python -m benchmarks $(ROWS)

screenshots: install ## Make the pictures of README and docs anew (needs Chromium)
	@$(IN)/python -m pytest tests/e2e/screenshots.py -q -n 0

# Hashes and no registry address: what pip installs is what was tried, wherever it comes from. Needs uv.
LOCK = uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet
lock: ## Resolve pyproject.toml anew into requirements/*.txt
	$(LOCK) -o requirements/production.txt
	$(LOCK) --extra embedded -o requirements/embedded.txt
	$(LOCK) --extra embedded --extra dev -o requirements/development.txt

.PHONY: .python
.python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. On Debian or Ubuntu: apt install python3 python3-venv" >&2; exit 1; }
