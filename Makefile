# `make` lists the commands. Each target does its own set-up.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := benchmarks/.venv
SITE := _build/html

.DEFAULT_GOAL := help
.PHONY: help book pdf firefox test slow lessons colab check site weekly lint format data serve built stills clean distclean benchmark lighthouse

help: ## List the commands
	@echo "Torchbook. Commands:"
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(READY): requirements.txt pyproject.toml
	@echo "Setting up $(VENV) (a few GB with PyTorch; only the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, but $(PYTHON) is " + sys.version.split()[0])'
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

book: $(READY) node_modules $(VENV)/.data ## Run the chapters that changed and build the site
	@PYTHONPATH=book $(BIN)/python -c 'from torchbook_site.finish import stamp; raise SystemExit(not stamp.is_current())' \
	|| $(BIN)/jupyter-book build . --warningiserror --keep-going --nitpick --quiet
	@echo "The site is in $(SITE). To read it, run: make serve"

pdf: $(READY) built ## Make one PDF of the book (after make book; needs Chromium)
	@$(BIN)/python tools/book_pdf.py

test: $(READY) node_modules $(VENV)/.data ## Test the package, the site's scripts and the book's machinery (needs no built book)
	@$(BIN)/node --import ./tests/js/without_browser.mjs --test --test-reporter dot 'tests/js/*.test.mjs'
	@$(BIN)/python -m pytest --cov -n 2 --dist loadfile

slow: $(READY) ## Run the long tests: 200 killed trainings, three processes, a compiled model
	@$(BIN)/python -m pytest -m "slow and not site and not lessons and not colab" --no-cov

lessons: $(READY) data ## Break each lesson on purpose and see that its claim fails (many minutes)
	@$(BIN)/python -m pytest -m lessons --no-cov

colab: $(READY) built ## Run every notebook with only what Colab has installed (after make book)
	@$(BIN)/python -m pytest -m colab --no-cov -rP

check: lint test book site ## Test everything: the package, the book, the built site

built: $(READY) # refuses a site that was not built from the sources as they are now
	@PYTHONPATH=book $(BIN)/python -c 'from torchbook_site.finish import stamp; stamp.check()'

# Now and then, Chromium stops drawing: a test that fails because of that is tried once more.
site: $(READY) built tests/node_modules ## Test the built site in a real browser (after make book)
	@$(BIN)/python -m pytest tests/site -m "site and not weekly" -n 2 --dist worksteal \
		--reruns 1 --only-rerun "the browser drew nothing" -rR

firefox: $(READY) built tests/node_modules ## Try the built site in Firefox, too (after make book; needs Firefox)
	@$(BIN)/node --test tests/firefox.test.mjs

weekly: $(READY) built tests/node_modules data ## Run what only guards against drift: Lighthouse, pictures, TensorBoard, the extension's coverage (after make book)
	@$(BIN)/python -m pytest tests/test_colab.py tests/site -m weekly
	@$(BIN)/python -m pytest --quiet -n 2 --dist loadfile tests/test_book_*.py --cov --cov-config=book/coverage.toml

lint: $(READY) node_modules ## Check style, format and the scripts' types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/actionlint
	@PATH="$(abspath $(BIN)):$$PATH" npm run --silent lint

format: $(READY) ## Fix style and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@PATH="$(abspath $(BIN)):$$PATH" npm run --silent format

data: $(READY) ## Download the data sets that are missing
	@$(BIN)/python -m torchbook data fashion_mnist || $(BIN)/python tools/fashion_mnist_from_debian.py

$(VENV)/.data: $(READY) # once; a chapter that runs later and misses a file fetches it by itself
	@$(MAKE) --no-print-directory data
	@touch $@

serve: ## Serve the built site on localhost
	@test -f $(SITE)/index.html || { echo "There is no site yet: run make book first."; exit 1; }
	@echo "http://localhost:$(PORT)/ (Ctrl-C stops the server)"
	@$(PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

stills: $(READY) ## Take new pictures: of the interactive figures, the logo and the README's (after make book)
	@$(BIN)/python tests/make_stills.py
	@$(BIN)/python tests/make_pictures.py

$(PEERS)/.ready: requirements.txt benchmarks/requirements.txt pyproject.toml
	@echo "Setting up $(PEERS), with the libraries to compare with ..."
	@test -d $(PEERS) || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt --requirement benchmarks/requirements.txt
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

benchmark: $(PEERS)/.ready ## Compare the training loop with other libraries (half an hour)
	@$(PEERS)/bin/python benchmarks/run.py apart
	@$(PEERS)/bin/python benchmarks/run.py growth
	@$(PEERS)/bin/python benchmarks/run.py compare

lighthouse: $(READY) built tests/node_modules ## Measure the built site as on a slow phone (after make book)
	@$(BIN)/python benchmarks/site_speed.py

node_modules tests/node_modules: %node_modules: $(READY) %package.json %package-lock.json
	@cd $(@D) && $(abspath $(BIN))/npm ci --silent --no-audit --no-fund
	@touch $@

clean: ## Remove the built site, but keep the finished runs of chapters
	@rm -rf $(SITE) _build/built-from _build/drafts _build/.doctrees _build/jupyter_execute .pytest_cache .hypothesis .coverage .ruff_cache

distclean: clean ## Remove everything that the other commands make
	@rm -rf _build $(VENV) $(PEERS) node_modules tests/node_modules
