# Everything a fresh machine needs: `make run` and `make test` make the virtual environment themselves.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

export GX_ANALYTICS_ENABLED = false
export DAGSTER_DISABLE_TELEMETRY = yes

.PHONY: run example example-ad-spend test lint types contracts dev check bench clean

run: $(VENV)/installed
	$(BIN)/kpi run

# The second project, a bicycle maker: examples/adventureworks/README.md says what it shows.
example: $(VENV)/installed
	cd examples/adventureworks && $(abspath $(BIN))/kpi run

# The third one, simulated weeks of an advertiser, to see which claims of a leader hold: examples/ad_spend/README.md.
example-ad-spend: $(VENV)/installed
	cd examples/ad_spend && $(abspath $(BIN))/kpi run

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

contracts: $(VENV)/installed-dev
	$(BIN)/lint-imports

check: lint types contracts test

dev: $(VENV)/installed-dev
	$(BIN)/kpi dev

# Speed, beside hand-written SQL and Polars; beside other semantic layers too after `python -m benchmarks peers`.
ROWS ?= 1000000

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks run --rows $(ROWS)
	$(BIN)/python -m benchmarks scale --rows $(ROWS)
	$(BIN)/python -m benchmarks startup
	$(BIN)/python -m benchmarks report

$(VENV)/installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || { $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make run PYTHON=python3.12"; exit 1; }; $(PYTHON) -m venv $(VENV); }
	@echo "Installing kpi_pipeline into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "Installing what tests and Dagster need ..."
	@$(PIP) --editable ".[dagster,dev,dlt,excel,fast,openlineage,pictures,postgres,sqlite]"
	@touch $@

clean:
	rm -rf $(VENV) data/warehouse.duckdb* data/published examples/*/data/warehouse.duckdb* examples/*/data/published .dagster_home dist build
