# What people do every day. `make repro` and `make test` work on a fresh machine with Python 3.10 to 3.12.
PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.10 python3))
VENV   := .venv
STUDY  ?= jiang2022
COUNT  ?= 50
SEED   ?= 1
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Threads that wait sleep: spinning ones make a training beside other work several times as long.
export OMP_WAIT_POLICY ?= PASSIVE

.DEFAULT_GOAL := help
.PHONY: help repro test lint check-lock check-repro check-kill check-demo check-gpu fuzz ablation benchmarks clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

repro: $(VENV)/ready  ## run the pipeline: what changed, and nothing else
	python -m repro.heal
	dvc repro

test: $(VENV)/ready  ## run the tests
	pytest -n auto --dist loadgroup

lint: $(VENV)/ready  ## style and types
	ruff check . && ruff format --check . && mypy

check-lock: $(VENV)/ready  ## dvc.lock and metrics/ belong to the committed code
	python -m repro.lock

check-repro: $(VENV)/ready  ## two runs at smoke scale in clean clones give the same bytes
	python -m repro.check $(if $(KEEP),--keep $(KEEP))

check-kill: $(VENV)/ready  ## kill a smoke run COUNT times at random moments (SEED): it ends in the same bytes
	python -m repro.kill --count $(COUNT) --seed $(SEED)

fuzz: $(VENV)/ready  ## COUNT spoilt files of each kind (SEED): a sentence or a result, and no harm
	FUZZ_COUNT=$(COUNT) FUZZ_SEED=$(SEED) pytest tests/fuzz -s

check-demo: $(VENV)/ready  ## a fresh run at demo scale gives the committed metrics, within tolerances
	python -m repro.check --demo

check-gpu: $(VENV)/ready  ## on a machine with a GPU: the same as on a CPU, the same bytes twice, speed; writes docs/gpu.md
	python -m repro.gpu $(if $(KEEP),--keep $(KEEP))

ablation: $(VENV)/ready  ## what each part of a published system adds: STUDY=jiang2022, SCALE as in params.yaml
	python -m repro.ablation $(STUDY) $(SCALE)

benchmarks: $(VENV)/ready  ## speed and memory beside what one would do by hand
	python -m benchmarks

clean:  ## remove training states and tool caches; data and models stay
	rm -rf .state .pytest_cache .mypy_cache .ruff_cache

$(VENV)/ready: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' || \
	  { echo "error: $(PYTHON) is not Python 3.10 to 3.12; name one with make PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "error: python3-venv is missing; apt-get install python3-venv" >&2; exit 2; }
	pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@
