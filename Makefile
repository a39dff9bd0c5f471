# make serve, make test: each sets up everything it needs, in .venv/, from the lock file.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: serve test test-wheel build check bench lint reference lock clean
.DELETE_ON_ERROR:

serve: .venv/ready
	$(BIN)/kgraph build
	exec $(BIN)/kgraph serve

build: .venv/ready
	$(BIN)/kgraph build

check: .venv/ready
	$(BIN)/kgraph check

# The servers that it is measured beside come from PyPI, unpinned: nothing else needs them. BENCH holds more options.
bench: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[bench]'
	$(BIN)/kgraph build
	$(BIN)/kgraph bench $(BENCH)

# What measures times and loads the machine has it to itself; the rest is run two at a time.
BY_THEMSELVES := tests/hostile tests/stress tests/bench tests/store

test: .venv/ready-test lint
	$(BIN)/pytest -n 2 --dist loadfile $(BY_THEMSELVES:%=--ignore %)
	$(BIN)/pytest $(BY_THEMSELVES)
	$(MAKE) test-wheel

# What rests on the files and commands of the package, again, as it is installed from the wheel.
test-wheel: .venv/ready-test
	rm -rf dist/wheel
	$(BIN)/python -m hatchling build -t wheel -d dist/wheel
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target dist/wheel/site dist/wheel/*.whl
	PYTHONPATH=dist/wheel/site $(BIN)/python -c 'import kgraph; assert "dist/wheel/site" in kgraph.__file__, kgraph.__file__'
	PYTHONPATH="$(CURDIR)/dist/wheel/site" $(BIN)/pytest -q -n 2 --dist loadfile \
		tests/test_build.py tests/test_cli.py tests/test_ontology.py \
		tests/test_scaffold.py tests/test_shapes.py tests/saved tests/web

lint: .venv/ready-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The environment is made anew when a lock file changes.
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/ready-test: requirements-test.lock .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	touch $@

# FollowTheMoney reads what we export for it; apart from the rest, because one of its dependencies has to be compiled.
.venv/ready-ftm: requirements-ftm.lock .venv/ready-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-ftm.lock
	touch $@

# The parts of README and docs that are made from the code.
reference: .venv/ready
	$(BIN)/python -m kgraph.reference README.md
	$(BIN)/python -m kgraph.reference docs/reference.md

# Writes the lock files anew; needs uv.
lock:
	uv pip compile --quiet --universal --no-header --no-emit-index-url --generate-hashes --python-version 3.11 \
		--extra build pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --no-header --no-emit-index-url --generate-hashes --python-version 3.11 \
		--extra build --extra test --constraint requirements.lock pyproject.toml --output-file requirements-test.lock
	uv pip compile --quiet --universal --no-header --no-emit-index-url --generate-hashes --python-version 3.11 \
		--extra build --extra test --extra ftm --constraint requirements-test.lock pyproject.toml \
		--output-file requirements-ftm.lock

clean:
	rm -rf .venv dist releases
