# `make` lists the targets. Everything happens in .venv; a second run of any target installs nothing again.

VENV   := .venv
ifeq ($(OS),Windows_NT)
BIN    := $(VENV)/Scripts
else
BIN    := $(VENV)/bin
endif
READY  := $(VENV)/ready
# The first of these that is Python 3.11 or newer; `make lab PYTHON=/path/to/python` overrides the search.
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# The programs in .venv hold the path of the folder that .venv was made in, and so does .venv/ready (from an older Makefile it
# is empty: then we see whether a program runs). `-ef`: the same folder, whatever path leads to it.
MOVED := $(shell test ! -e $(READY) || { \
	if test -s $(READY); then test "$$(cat $(READY))" -ef .; else $(BIN)/pip --version >/dev/null 2>&1; fi; } || echo moved)
# Tests run in two processes: give each one thread.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help setup lab test test-unit test-notebooks test-plants test-browser site pdf solutions notebooks bench lint clean moved

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-15s %s\n", $$1, $$2}'

setup: $(READY)  ## create .venv and install the course into it

# torch_build.py reads the variable TORCH_INDEX: `make setup TORCH_INDEX=` takes PyTorch's default build on every machine.
$(READY): requirements.txt pyproject.toml $(MOVED)
	@"$(or $(PYTHON),false)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "The course needs Python 3.11 or newer. Found: $$("$(or $(PYTHON),python3)" --version 2>&1)."; \
	  echo "Install a newer one, or name it: make $(or $(MAKECMDGOALS),setup) PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || { "$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(VENV) holds $$($(BIN)/python --version), and the course needs 3.11 or newer. Delete $(VENV) and try again."; exit 1; }
	@$(BIN)/python vae_edu/course/learner/torch_build.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@pwd > $(READY)

moved:
	@echo "This folder was moved or copied after $(VENV) was made: $(VENV) is made anew."
	@rm -rf $(VENV)

# The extras of pyproject.toml: `teach` for the tests of assignments (nbgrader puts menus of its own into JupyterLab, which
# learners need not see), `site` for the web site.
$(VENV)/with-%: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	@touch $@

lab: $(READY)  ## open JupyterLab on the first notebook
	@exec $(BIN)/vae-edu lab

test: test-unit test-notebooks test-browser  ## run the whole suite

test-unit: $(READY)  ## run the unit tests (4 minutes)
	$(ONE_THREAD) $(BIN)/python -m pytest tests --ignore=tests/notebooks --ignore=tests/browser -n 2 -q

test-notebooks: $(VENV)/with-teach  ## run every notebook through nbval, the notebook standard, and assignments through nbgrader
	$(ONE_THREAD) $(BIN)/python -m pytest tests/notebooks -n 2 --dist loadscope -q
	@rm -rf build/test-home
	$(ONE_THREAD) VAE_EDU_STRICT=1 VAE_EDU_HOME="$(CURDIR)/build/test-home" $(BIN)/python -m pytest notebooks/[0-9][0-9]_*.ipynb --nbval --nbval-current-env \
	  --nbval-sanitize-with=tests/notebooks/sanitize.cfg -n 2 --dist loadfile -q

test-plants: $(READY)  ## plant every wrong implementation, and see a claim fail (`make test` takes one of each notebook)
	$(ONE_THREAD) VAE_EDU_PLANTS=all $(BIN)/python -m pytest tests/notebooks/test_bite.py -n 2 -q

test-browser: $(VENV)/with-site  ## run the notebooks in a real JupyterLab, and read the web site, where a Chromium is found
	$(ONE_THREAD) $(BIN)/python -m pytest tests/browser -n 2 --dist loadscope -q -rs

site: $(VENV)/with-site  ## build the course as a web site into build/site; the first time, notebooks with a latent pad are run
	$(BIN)/vae-edu site

pdf: $(VENV)/with-site  ## print the course as one PDF into build, through Chromium
	$(BIN)/vae-edu pdf

solutions: $(READY)  ## execute every notebook with the model answers into build/solutions
	$(BIN)/vae-edu solutions

notebooks: $(READY)  ## re-execute every notebook in place and store its outputs and seconds
	$(BIN)/vae-edu execute

bench: $(READY)  ## time training: a step in NumPy and PyTorch, `fit` beside other loops (16 minutes)
	$(BIN)/python tests/benchmarks/step.py
	$(BIN)/python tests/benchmarks/fit.py

lint: $(READY)  ## check the code's style and the notebooks' standard
	$(BIN)/ruff check .
	$(BIN)/ruff format --check vae_edu tests
	$(BIN)/vae-edu standard

clean:  ## remove what was built, .venv included
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
