# Everything works from a fresh clone with Python 3.11 or newer and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test judged check bench format screenshots constraints clean

help: ## List what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Pressroom needs Python 3.11 or newer; say where it is: make PYTHON=python3.12")'
	@echo "Setting up in $(VENV): a minute or two, once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group test --group lint
	@touch $@

setup: $(VENV)/installed ## Install into .venv

demo: setup ## Publish the sample article to the outbox, through the Prefect flow
	@$(BIN)/pressroom publish is-ketamine-an-opioid
	@echo
	@echo "Open these:"
	@echo "  the page        outbox/is-ketamine-an-opioid/web/index.html"
	@echo "  the newsletter  outbox/is-ketamine-an-opioid/newsletter/preview.html"
	@echo "  the posts       outbox/is-ketamine-an-opioid/{x,linkedin,mastodon,bluesky}/post.txt"
	@echo "  all of it       $(BIN)/pressroom preview is-ketamine-an-opioid"

test: setup ## Run the tests
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not judged"

judged: setup ## Run the tests that need judges and servers from outside: .ci/run says which
	$(BIN)/python -m pytest -n auto --dist loadfile -m judged

check: setup ## Lint, types, import contracts, generated parts of the docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/matrix.py --check

bench: setup ## Measure speed, as ratios
	$(BIN)/python bench/speed.py
	$(BIN)/python bench/proofing.py
	$(BIN)/python bench/mailing.py
	$(BIN)/python bench/site.py
	$(BIN)/python bench/grain.py --deliveries 8
	$(BIN)/python bench/campaigns.py --campaigns 10 --minutes 4 --plain 24

format: setup ## Format the code and the generated parts of the docs
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python docs/matrix.py

screenshots: setup ## Take the pictures of README and docs, with Chromium
	$(BIN)/python docs/pictures.py
	$(BIN)/python docs/screenshots.py

constraints: ## Resolve all versions anew
	rm -rf .venv-resolve && $(PYTHON) -m venv .venv-resolve
	.venv-resolve/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	.venv-resolve/bin/python -m pip install --quiet --editable . --group test --group lint
	.venv-resolve/bin/python -m pip freeze --exclude-editable --exclude pip | grep -E '^[A-Za-z0-9._-]+==[^ ]+$$' > constraints.txt
	rm -rf .venv-resolve

clean: ## Remove what was made
	rm -rf $(VENV) outbox proofs .pressroom .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
