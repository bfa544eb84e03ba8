# `make help` lists what there is to do. Each target sets up what it needs first.

PYTHON ?= python3
PROFILE ?= sample
PARAMS ?=
MATRIX ?= notebooks/matrices/default.yaml
DATASET ?=
UPGRADE ?=
SECONDS = 3600
# Not ?=, as many systems have an environment variable of this name, for gettext.
LANGUAGE := en

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--no-header --no-annotate --no-emit-index-url $(UPGRADE)

# Tests of the tools around the notebooks, which no release of a library changes.
OF_TOOLS := browser colab fuzz regression
LATEST := runs/environments/latest

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec

.PHONY: help run run-pytorch run-tensorflow parity parity-seeds regression bench lab site pictures test test-faults test-browser \
	test-site test-latest test-colab fuzz notebooks format lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

run: .venv/.installed ## run both notebooks and set their results side by side (PROFILE=sample, LANGUAGE=ko, PARAMS="-p NAME VALUE")
	$(BIN)/python -m helpers.run --language $(LANGUAGE) --profile $(PROFILE) $(PARAMS)

run-pytorch run-tensorflow: run-%: .venv/.installed
	$(BIN)/python -m helpers.run --language $(LANGUAGE) --profile $(PROFILE) --edition $* $(PARAMS)
run-pytorch: ## run the PyTorch notebook alone
run-tensorflow: ## run the TensorFlow notebook alone

parity: .venv/.installed ## show that both editions train alike, step by step
	$(BIN)/python -m proofs.parity

parity-seeds: .venv/.installed ## show it over three seeds on real data, in an hour (DATASET=path/to/wnut17)
	$(BIN)/python -m proofs.seeds $(if $(DATASET),--dataset $(DATASET))

regression: .venv/.installed ## run a matrix of notebooks and say what got worse, in a quarter of an hour (MATRIX=FILE, PARAMS="--resume")
	$(BIN)/python -m regression run $(MATRIX) $(PARAMS)

bench: .venv/.installed ## measure speed, F1 and memory beside the usual recipe, in two and a half hours (DATASET=path/to/wnut17, PARAMS="--groups speed")
	$(BIN)/python benchmarks/speed.py $(if $(DATASET),--dataset $(DATASET)) $(PARAMS)

# A profile that was asked for, that is, and not the one that `make run` takes by default.
lab: .venv/.installed ## open the notebooks in JupyterLab, or copies with a profile filled in (PROFILE=sample, LANGUAGE=ko, PARAMS="--no-browser")
	$(BIN)/python -m helpers.run.lab --language $(LANGUAGE) $(if $(filter command,$(origin PROFILE)),--profile $(PROFILE)) $(PARAMS)

site: .venv/.installed-site runs/$(PROFILE)/report.html runs/ko/$(PROFILE)/report.html ## make web pages of the runs in both languages, in runs/site (PROFILE=sample)
	$(BIN)/python website/build_site.py --profile $(PROFILE)

# Runs that are there are shown as they are.
runs/$(PROFILE)/report.html runs/ko/$(PROFILE)/report.html: | .venv/.installed
	$(BIN)/python -m helpers.run --language $(if $(findstring runs/ko,$@),ko,en) --profile $(PROFILE) $(PARAMS)

pictures: .venv/.installed-dev runs/sample/report.html runs/ko/sample/report.html ## take the README's pictures anew, from the runs of the sample
	$(BIN)/python tools/pictures.py

test: .venv/.installed-dev ## check the code's form, then run all tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-faults: .venv/.installed-dev .venv/.installed-site ## run the tests of what goes wrong at length, such as a Hub that does not answer
	$(BIN)/pytest -m faults --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-browser: .venv/.installed-dev ## run the notebooks in JupyterLab, in the system's Chromium, and take pictures of them (runs/browser)
	$(BIN)/pytest -m browser tests/browser

test-site: .venv/.installed-dev .venv/.installed-site ## look at the site in Chromium, wide and narrow; pictures go to runs/site-screenshots
	$(BIN)/pytest -m "site and not faults"

test-latest: $(LATEST)/.installed ## run the PyTorch edition and the helpers' tests on the newest releases
	PATH=$(CURDIR)/$(LATEST)/bin:$$PATH $(LATEST)/bin/pytest $(OF_TOOLS:%=--ignore=tests/%) \
		--numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-colab: .venv/.installed-dev ## run both editions on a machine as Colab hands it out (Python 3.12; 8 GB the first time)
	$(BIN)/pytest -m colab tests/colab

fuzz: .venv/.installed-fuzz ## look for bytes that break the readers, a quarter of the time each (SECONDS=3600)
	failed=; \
	for target in conll_reader json_reader tag_schemes word_alignment; do \
		mkdir -p runs/fuzz/$$target; \
		$(BIN)/python tests/fuzz/run.py $$target runs/fuzz/$$target -artifact_prefix=runs/fuzz/ -timeout=60 \
			-max_total_time=$$(( $(SECONDS) / 4 )) -print_final_stats=1 2>&1 | tee runs/fuzz/$$target.log || failed+=" $$target"; \
	done; \
	test -z "$$failed" || { echo "Look into runs/fuzz for:$$failed"; exit 1; }

notebooks: .venv/.installed-dev ## build the notebooks and README.ko.md, and merge the translations with what they translate
	$(BIN)/python notebooks/source/build.py

format: .venv/.installed-dev ## format the code, the notebooks' source included, and rebuild the notebooks
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/jupytext --quiet --pipe '$(BIN)/ruff format -' notebooks/source/token_classification.md
	$(BIN)/python notebooks/source/build.py

# torch's own metadata brings the CUDA packages where its build needs them; in a lock they would be forced on everyone.
lock: .venv/.installed-dev ## resolve requirements*.in into requirements*.txt (UPGRADE=--upgrade to raise what is below them)
	cp requirements.txt requirements.txt.part
	$(COMPILE) requirements.in --output-file requirements.txt.part > /dev/null
	sed -i -E '/^(nvidia|cuda|triton)/d' requirements.txt.part
	cmp --silent requirements.txt.part requirements.txt || cp requirements.txt.part requirements.txt
	rm requirements.txt.part
	$(COMPILE) requirements-ray.in --output-file requirements-ray.txt > /dev/null
	$(COMPILE) requirements-dev.in --output-file requirements-dev.txt > /dev/null
	$(COMPILE) requirements-fuzz.in --output-file requirements-fuzz.txt > /dev/null
	$(COMPILE) requirements-site.in --output-file requirements-site.txt > /dev/null

clean: ## remove the runs and the virtual environment
	rm -rf .venv runs output

.venv/.installed: requirements.txt
	@tools/setup.sh $(PYTHON)

# The newest of all but torch, of which few releases have a build for the CPU alone. No TensorFlow: it needs transformers 4.
$(LATEST).txt: requirements.in requirements-dev.in
	@mkdir -p $(@D)
	sed -nE '/^(tensorflow|tf-keras)=/d; /^torch=/{p;d}; s/^([a-z][a-z0-9-]*)==.*/\1/p' requirements.in > $@
	grep -E '^(pytest|pytest-xdist|hypothesis|jupytext|markdown-it-py|mdit-py-plugins|colorspacious)==' requirements-dev.in >> $@

$(LATEST)/.installed: $(LATEST).txt
	@tools/setup.sh $(PYTHON) $(LATEST) $(LATEST).txt

.venv/.installed-dev: .venv/.installed requirements-dev.txt
	$(BIN)/pip install --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/.installed-fuzz: .venv/.installed-dev requirements-fuzz.txt
	$(BIN)/pip install --disable-pip-version-check -r requirements-fuzz.txt
	@touch $@

.venv/.installed-site: .venv/.installed requirements-site.txt
	$(BIN)/pip install --disable-pip-version-check -r requirements-site.txt
	@touch $@
