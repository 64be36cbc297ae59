# The repository's contract: `make run` and `make test` work on a bare Debian machine with Python 3.11,
# Node 20 and the package registries. Everything else here is for developers.
SHELL := /bin/bash
PORT ?= 8600
DATA ?= var
PYTEST_ARGS ?=
BENCH ?=
EVALS ?=
PY := .venv/bin/python

.PHONY: setup setup-test run demo test test-console test-python check format bench evals api clean

setup: ## set everything up, start nothing
	@scripts/setup.sh

setup-test: setup ## what the tests need besides: Chromium, WebKit, ffmpeg, an independent RTSP server
	@scripts/setup_test.sh

run: setup ## set up and start the system on its embedded defaults
	.venv/bin/vedette serve --data "$(DATA)" --port $(PORT)

demo: setup ## the same with four simulated cameras; CLIPS=dir plays your own files
	.venv/bin/vedette serve --data "$(DATA)" --port $(PORT) --simulate 4 $(if $(CLIPS),--clips "$(CLIPS)")

test: setup-test check test-console test-python ## every test

test-console:
	cd console && npm test --silent

test-python: # one file more at a time than two processors: a sixth of the time is waiting
	$(PY) -m pytest -n 3 --dist loadfile tests --ignore tests/system $(PYTEST_ARGS)
	$(PY) -m pytest -n 2 --dist loadfile tests/system $(PYTEST_ARGS)

check: setup ## format, lint, types, import rules
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	UV_PROJECT_ENVIRONMENT=.cache/lint .cache/uv/bin/uv sync --frozen --quiet --python .venv/bin/python --only-group lint
	PYTHONPATH=src .cache/lint/bin/lint-imports --no-cache
	cd console && npm run --silent check

format: setup
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: setup-test ## all benchmarks, into docs/measurements.md
	$(PY) scripts/measure.py benchmarks $(BENCH)

evals: setup ## all evaluations, into docs/measurements.md
	$(PY) scripts/measure.py evals $(EVALS)

api: ## regenerate the OpenAPI document and the console's types; also while the console does not compile against the old ones
	@test -x $(PY) -a -d console/node_modules || scripts/setup.sh
	$(PY) -m vedette.api.openapi > docs/reference/openapi.json
	cd console && npm run api

clean:
	rm -rf .venv .cache console/node_modules src/vedette/api/static src/vedette/native
