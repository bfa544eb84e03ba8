# Each target sets up what it needs first. Without make, `python tools/setup.py` sets up, and the lines below say what
# to run (on Windows, in .venv\Scripts).

PYTHON ?= python3
PROFILE ?= sample
PARAMS ?=
MATRIX ?= notebooks/matrices/default.yaml
DATASET ?=
UPGRADE ?=
SECONDS = 7200
# Not ?=, as many systems have an environment variable of this name, for gettext.
LANGUAGE := en

BIN := .venv/bin
BIN4 := .venv-transformers4/bin
RUN := -m helpers.run --language $(LANGUAGE) --profile $(PROFILE)
# A profile that was asked for, that is, and not the one that `make run` takes by default.
LAB := -m helpers.run.lab --language $(LANGUAGE) $(if $(filter command,$(origin PROFILE)),--profile $(PROFILE))
PYTEST := $(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Some containers set it; then each process compiles all that it imports anew, which takes longer than the import.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run run-pytorch run-keras run-tensorflow lab lab-tensorflow site slides check form notebooks format lock \
	pictures clean test test-weekly test-browser test-site test-colab fuzz parity parity-seeds regression bench release-check

help:
	@awk -F ':.*## ' '/^##@/ { print substr($$0, 5) } /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

##@ Learn
run: .venv/.installed ## run the PyTorch and the Keras notebook and set their results side by side (PROFILE=sample, LANGUAGE=ko, PARAMS="-p NAME VALUE")
	$(BIN)/python $(RUN) $(PARAMS)

run-pytorch run-keras: run-%: .venv/.installed
	$(BIN)/python $(RUN) --edition $* $(PARAMS)
run-pytorch: ## run the PyTorch notebook alone
run-keras: ## run the Keras notebook alone

run-tensorflow: .venv-transformers4/.installed ## run the TensorFlow notebook, in an environment with transformers 4
	$(BIN4)/python $(RUN) --edition tensorflow $(PARAMS)

lab: .venv/.installed ## open the notebooks in JupyterLab, or copies with a profile filled in (PROFILE=sample, LANGUAGE=ko, PARAMS="--no-browser")
	$(BIN)/python $(LAB) $(PARAMS)

lab-tensorflow: .venv-transformers4/.installed ## the same, for the TensorFlow notebook
	$(BIN4)/python $(LAB) $(PARAMS)

site: .venv/.installed-site runs/$(PROFILE)/report.html runs/ko/$(PROFILE)/report.html ## make web pages of the runs in both languages, in runs/site (PROFILE=sample)
	$(BIN)/python website/build_site.py --profile $(PROFILE)

# Runs that are there are shown as they are.
runs/$(PROFILE)/report.html runs/ko/$(PROFILE)/report.html: | .venv/.installed
	$(BIN)/python -m helpers.run --language $(if $(findstring runs/ko,$@),ko,en) --profile $(PROFILE) $(PARAMS)

slides: .venv/.installed-site runs/sample/report.html runs/ko/sample/report.html ## make slides of the lesson in both languages, from the runs of the sample
	$(BIN)/python tools/slides.py

##@ Change
check: form ## check the code's form and what is built, and run the unit tests, in a minute
	$(PYTEST) -m "not slow and not weekly" tests/unit tests/project --ignore=tests/unit/training --ignore=tests/unit/export

form: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python notebooks/source/build.py --check

notebooks: .venv/.installed-dev ## build the notebooks and README.ko.md, and merge the translations with what they translate
	$(BIN)/python notebooks/source/build.py

format: .venv/.installed-dev ## format the code, the notebooks' source included, and rebuild the notebooks
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/jupytext --quiet --pipe '$(BIN)/ruff format -' $(wildcard notebooks/source/*.md notebooks/source/*/*.md)
	$(BIN)/python notebooks/source/build.py

lock: .venv/.installed-dev ## resolve requirements/*.in into locks with hashes (UPGRADE=--upgrade to raise what is below them)
	$(BIN)/python tools/lock.py $(UPGRADE)

pictures: .venv/.installed-dev runs/sample/report.html runs/ko/sample/report.html ## take the README's picture again, from the runs of the sample
	$(BIN)/python tools/pictures.py

clean: ## remove the runs and the virtual environments
	rm -rf .venv .venv-transformers4 runs output

##@ Prove
test: form .venv-transformers4/.installed ## check everything once, each edition's run included, in six minutes
	$(PYTEST)

test-weekly: .venv/.installed-dev .venv/.installed-site .venv-transformers4/.installed ## run the tests that take long and rarely fail
	$(PYTEST) -m weekly

test-browser: .venv/.installed-dev ## run the notebooks in JupyterLab, in the system's Chromium, and take pictures of them (runs/browser)
	$(BIN)/pytest -m browser tests/browser

test-site: .venv/.installed-dev .venv/.installed-site ## look at the site in Chromium, wide and narrow; pictures go to runs/site-screenshots
	$(BIN)/pytest -m "site and not weekly"

test-colab: .venv/.installed-dev ## run the notebooks on a machine as Colab hands it out (Python 3.13; 8 GB the first time)
	$(BIN)/pytest -m colab tests/colab

fuzz: .venv/.installed-fuzz ## look for bytes that break the readers, an equal part of the time each (SECONDS=7200)
	$(BIN)/python tools/fuzz.py $(SECONDS)

parity: .venv/.installed ## show that PyTorch and Keras train alike, step by step
	$(BIN)/python -m proofs.parity

parity-seeds: .venv/.installed ## compare their F1 over three seeds on real data, in an hour (its status is ignored, as there is no baseline)
	-$(BIN)/python -m regression run notebooks/matrices/seeds.yaml $(PARAMS)

regression: .venv/.installed ## run a matrix of notebooks and say what got worse, in a quarter of an hour (MATRIX=FILE, PARAMS="--resume")
	$(BIN)/python -m regression run $(MATRIX) $(PARAMS)

bench: .venv/.installed ## measure speed and F1 beside the plain recipe, in about an hour and a half (DATASET=path/to/wnut17, PARAMS="--groups speed")
	$(BIN)/python benchmarks/speed.py $(if $(DATASET),--dataset $(DATASET)) $(PARAMS)

release-check: .venv/.installed-dev ## fail where the Korean texts lag behind the English ones
	$(BIN)/python notebooks/source/build.py --release-check

.venv/.installed: requirements.txt requirements/cuda.txt requirements/torch_cpu.in
	@$(PYTHON) tools/setup.py

.venv-transformers4/.installed: requirements/transformers4.txt
	@$(PYTHON) tools/setup.py transformers4

.venv/.installed-%: requirements/%.txt .venv/.installed
	@$(PYTHON) tools/setup.py $*
