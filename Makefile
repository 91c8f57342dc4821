# Everything runs in .venv, which the first target that needs it sets up from constraints.txt (names, versions, hashes),
# but test-oldest, which has .venv-oldest from constraints-oldest.txt.
PYTHON ?= python3
# Compiled modules make every start of the command twice as fast.
unexport PYTHONDONTWRITEBYTECODE
ifeq ($(OS),Windows_NT)
SCRIPTS := Scripts
else
SCRIPTS := bin
endif
BIN := .venv/$(SCRIPTS)
READY := .venv/.ready
OLDEST := .venv-oldest/.ready

SEEDS ?= 20000
RUNS ?= 100
QUESTIONS ?=
FIRST ?= 0

.PHONY: demo web-demo test test-slow test-properties test-oldest check format messages simulate asked chaos bench pictures architecture screenshots samples \
	constraints constraints-oldest clean

demo: $(READY)  ## Run the sample sheet against the sandbox and write its report.
	$(BIN)/creditbatch demo

web-demo: $(READY)  ## Serve the site against the sandbox, with three people whose passwords are printed.
	$(BIN)/creditbatch serve --demo

test: $(READY)  ## Pass every test but the slow ones.
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not slow"

test-slow: $(READY)  ## Pass the slow tests: every page in a browser, LibreOffice, PostgreSQL, the bench, more seeds.
	$(BIN)/python -m pytest -n 4 --dist worksteal -m slow

test-properties: $(READY)  ## Try hundreds of examples of everything that is to hold for any input.
	CREDITBATCH_EXAMPLES=thorough $(BIN)/python -m pytest -n 4 --dist worksteal -m hypothesis

test-oldest: $(OLDEST)  ## Pass what `make test` does, and PostgreSQL's, with the oldest dependencies that pyproject.toml allows.
	.venv-oldest/$(SCRIPTS)/python -m pytest -n 4 --dist worksteal -m "not slow"
	.venv-oldest/$(SCRIPTS)/python -m pytest -n 4 tests/ledger/test_postgres.py

check: $(READY)  ## Formatting, lint, types, layers.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## Format, and mend what the linter can mend.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: $(READY)  ## Bring the catalogues of French messages up to date, and list what has no French yet.
	$(BIN)/python -m tests.catalogue

simulate: $(READY)  ## Play SEEDS seeds of each simulation.
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(FIRST)
	$(BIN)/python -m tests.simulation --months --seeds $(SEEDS) --first $(FIRST)

asked: $(READY)  ## Measure how often a person is asked, and write docs/asked.md.
	$(BIN)/python -m tests.simulation.asked

chaos: $(READY)  ## RUNS storms of real processes.
	$(BIN)/python -m tests.chaos $(RUNS) $(FIRST)

bench: $(READY)  ## Measure against what people use instead (QUESTIONS="calls report" only these), and write bench/RESULTS.md.
	$(BIN)/python -m bench $(QUESTIONS)

pictures: $(READY)  ## Make the pictures of the README and the example report again (needs LibreOffice and poppler).
	$(BIN)/python docs/make_pictures.py

architecture: $(READY)  ## Draw the picture of the imports again.
	$(BIN)/python docs/make_architecture.py

screenshots: $(READY)  ## Make the pictures of the site again (needs Chromium).
	$(BIN)/python docs/make_screenshots.py

samples: $(READY)  ## Make the sample sheets again.
	$(BIN)/python samples/make_samples.py

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--no-header --upgrade --all-extras --group dev pyproject.toml

constraints: constraints-oldest  ## Pin the newest and the oldest versions that pyproject.toml allows.
	$(COMPILE) --output-file constraints.txt

constraints-oldest: $(READY)  ## Pin the oldest versions that pyproject.toml allows.
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --resolution lowest-direct --output-file constraints-oldest.txt

clean:  ## Forget the environments and everything built.
	rm -rf .venv .venv-oldest dist build

# The dependencies are checked against their hashes; the project itself is installed without any.
$(READY): constraints.txt pyproject.toml
$(OLDEST): constraints-oldest.txt pyproject.toml
$(READY) $(OLDEST):
	$(PYTHON) -m venv $(@D)
	$(@D)/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	$(@D)/$(SCRIPTS)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(@D)/$(SCRIPTS)/python -c "open('$@', 'w').close()"
