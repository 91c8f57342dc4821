# Everything runs in .venv, which the first target that needs it sets up from constraints.txt (names, versions, hashes).
PYTHON ?= python3
# Compiled modules make every start of the command twice as fast.
unexport PYTHONDONTWRITEBYTECODE
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/.ready

SEEDS ?= 20000
RUNS ?= 100
QUESTIONS ?=
FIRST ?= 0

.PHONY: demo web-demo test test-slow check format messages simulate asked chaos bench pictures screenshots samples constraints clean

demo: $(READY)  ## Run the sample sheet against the sandbox and write its report.
	$(BIN)/creditbatch demo

web-demo: $(READY)  ## Serve the site against the sandbox, with three people whose passwords are printed.
	$(BIN)/creditbatch serve --demo

test: $(READY)  ## Pass every test but the slow ones.
	$(BIN)/python -m pytest -n 4 --dist worksteal -m "not slow"

test-slow: $(READY)  ## Pass the slow tests: every page in a browser, LibreOffice, PostgreSQL, the bench scripts.
	$(BIN)/python -m pytest -n 4 --dist worksteal -m slow

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

screenshots: $(READY)  ## Make the pictures of the site again (needs Chromium).
	$(BIN)/python docs/make_screenshots.py

samples: $(READY)  ## Make the sample sheets again.
	$(BIN)/python samples/make_samples.py

constraints: $(READY)  ## Pin the newest versions that pyproject.toml allows.
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --upgrade --all-extras --group dev pyproject.toml --output-file constraints.txt

clean:  ## Forget the environment and everything built.
	rm -rf .venv dist build

# The dependencies are checked against their hashes; the project itself is installed without any.
$(READY): constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -c "open('$(READY)', 'w').close()"
