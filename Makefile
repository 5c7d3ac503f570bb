# The commands of the project. Everything happens inside .venv; nothing on the machine is changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SOURCES := pyproject.toml CMakeLists.txt $(shell find proto harness accel_models workloads -name '*.proto' -o -name 'CMakeLists.txt' -o -name '*.cc' -o -name '*.hh' 2>/dev/null)

.PHONY: run test check bench format clean install
run: install
	$(BIN)/harness run lenet5

test: $(VENV)/.test-tools
	.ci/test $(BIN)

check: $(VENV)/.check-tools
	.ci/check $(BIN)

bench: install
	$(BIN)/python -m tests.bench

format: $(VENV)/.check-tools
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	$(BIN)/clang-format -i $$(git ls-files '*.cc' '*.hh')

install: $(STAMP)

$(VENV)/bin/python:
	.ci/preflight $(PYTHON)
	$(PYTHON) -m venv $(VENV)

$(STAMP): $(VENV)/bin/python $(SOURCES)
	$(PIP) 'scikit-build-core>=0.11' 'nanobind>=2.4' 'grpcio-tools>=1.71,<1.81' cmake ninja
	$(PIP) --no-build-isolation --editable .
	touch $@

$(VENV)/.test-tools: $(STAMP)
	$(PIP) --no-build-isolation --editable '.[test]'
	touch $@

$(VENV)/.check-tools: $(STAMP)
	$(PIP) --no-build-isolation --editable '.[test,check]'
	touch $@

clean:
	rm -rf build $(VENV)
