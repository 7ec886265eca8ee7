# Steno's targets for people and for CI, which calls nothing else. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/
export PYTHONPATH := hack/cluster:hack/installation
# All but `multistep`, which has a lock of its own: it pins what the others need newer.
LOCKED := operator gateway client worker worker-cuda openai
GROUPS_OF_TOOLS := test lint build bench
CODE := crds store kube operator gateway worker-image command client hack tests

##@ Use

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  \033[36m%-20s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/installed ## Bring up a cluster with Steno, transcribe a recording, print the transcript
	@$(RUN)python -m local_installation demo

.PHONY: demo-down
demo-down: ## Remove the demo's cluster
	@$(PYTHON) -m local_cluster down steno

##@ Test

.PHONY: test
test: $(VENV)/installed ## Run every tier and print one closing line of counts
	@$(RUN)python hack/tiers.py unit control_plane cluster packaging

.PHONY: test-unit
test-unit: $(VENV)/installed ## The code alone
	@$(RUN)python hack/tiers.py unit

.PHONY: test-control-plane
test-control-plane: $(VENV)/installed ## Against a real control plane and a real object store, as processes
	@$(RUN)python hack/tiers.py control_plane

.PHONY: test-cluster
test-cluster: $(VENV)/installed ## On a real kind cluster, made and removed (root, or a running Docker)
	@$(RUN)python hack/tiers.py cluster

.PHONY: test-packaging
test-packaging: $(VENV)/installed ## The built wheel, in a clean environment per extra
	@$(RUN)python hack/tiers.py packaging

# The control plane tier has the seeds 1-100; STENO_HISTORIES_SEED=101-200 plays others.
.PHONY: test-histories
test-histories: $(VENV)/installed ## A hundred random histories under faults (STENO_HISTORIES_SEED repeats one)
	@$(RUN)pytest tests/control_plane/faults/test_histories.py -q

##@ Measure

GPU_ENV := build/gpu-env
GPU_WHEELS := build/gpu-wheels
BENCHMARKS := -m benchmarks

.PHONY: bench
bench: ## All that can be measured without a GPU, and the page of it
	@$(MAKE) bench-worker bench-memory bench-operator bench-gateway
	@$(MAKE) bench-report

.PHONY: bench-worker
bench-worker: $(VENV)/installed ## The worker against bare faster-whisper (needs espeak-ng)
	@PYTHONPATH=tests $(RUN)python $(BENCHMARKS) worker

.PHONY: bench-memory
bench-memory: $(VENV)/installed ## The memory that ten hours of speech take (needs espeak-ng)
	@PYTHONPATH=tests $(RUN)python $(BENCHMARKS) memory

.PHONY: bench-operator
bench-operator: $(VENV)/installed ## The operator under load, against a real control plane (half an hour)
	@PYTHONPATH=tests:hack/cluster $(RUN)python $(BENCHMARKS) operator

.PHONY: bench-gateway
bench-gateway: $(VENV)/installed ## The gateway under load, against a bare server (a quarter of an hour)
	@PYTHONPATH=tests:hack/cluster $(RUN)python $(BENCHMARKS) gateway

.PHONY: bench-report
bench-report: $(VENV)/installed ## Write docs/benchmarks.md from what was measured
	@PYTHONPATH=tests $(RUN)python $(BENCHMARKS) report

# The environment is its own: CUDA's libraries are gigabytes. CTranslate2 loads them by name, so the loader is told where.
.PHONY: gpu-check
gpu-check: ## The worker on an NVIDIA GPU: words, speed, memory
	@nvidia-smi --list-gpus >/dev/null 2>&1 || { echo "make gpu-check needs a GPU: nvidia-smi names none" >&2; exit 3; }
	@$(PYTHON) -m venv $(GPU_ENV)
	@if [ -d $(GPU_WHEELS) ]; then \
	  $(GPU_ENV)/bin/pip install --quiet --no-index --find-links $(GPU_WHEELS) \
	    "$$(ls $(CURDIR)/$(GPU_WHEELS)/steno-*.whl)[worker-cuda]" jiwer; \
	else \
	  $(GPU_ENV)/bin/pip install --quiet --constraint constraints.txt '.[worker-cuda]' jiwer; \
	fi
	@PYTHONPATH=tests:crds:store:worker-image \
	  LD_LIBRARY_PATH="$$(printf '%s:' $(CURDIR)/$(GPU_ENV)/lib/python3*/site-packages/nvidia/*/lib)$$LD_LIBRARY_PATH" \
	  $(GPU_ENV)/bin/python $(BENCHMARKS) gpu

.PHONY: gpu-rehearsal
gpu-rehearsal: $(VENV)/installed ## The same steps on the CPU, with a tiny model; keeps no figures
	@PYTHONPATH=tests $(RUN)python $(BENCHMARKS) gpu --device cpu

# For a GPU's machine that has no network; GPU_PYTHON_VERSION=3.12 names its Python where it differs from this one's.
.PHONY: gpu-wheels
gpu-wheels: $(VENV)/installed ## Fetch what gpu-check installs, more than a gigabyte
	@rm -rf $(GPU_WHEELS)
	@$(RUN)python -m build --wheel --outdir $(GPU_WHEELS) . >/dev/null
	@$(RUN)pip download --quiet --constraint constraints.txt --only-binary=:all: --dest $(GPU_WHEELS) \
	  $(GPU_PYTHON_VERSION:%=--python-version %) "$$(ls $(CURDIR)/$(GPU_WHEELS)/steno-*.whl)[worker-cuda]" jiwer
	@du -sh $(GPU_WHEELS)

##@ Check

.PHONY: check
check: lint types imports verify ## All of this section

.PHONY: lint
lint: $(VENV)/installed ## Style, by ruff
	@$(RUN)ruff check $(CODE)
	@$(RUN)ruff format --check $(CODE)

.PHONY: types
types: $(VENV)/installed ## Types, by mypy strict
	@$(RUN)mypy

.PHONY: imports
imports: $(VENV)/installed ## The directions between rooms, by import-linter
	@$(RUN)lint-imports --no-cache

.PHONY: verify
verify: $(VENV)/installed ## Whether the generated files are up to date
	@$(RUN)python -m steno_types.crdgen --check
	@$(RUN)python hack/generate.py --check

##@ Develop

.PHONY: generate
generate: $(VENV)/installed ## Write the generated files: CRD, install.yaml, failure reasons, OpenAPI
	@$(RUN)python -m steno_types.crdgen
	@$(RUN)python hack/generate.py

.PHONY: format
format: $(VENV)/installed ## Format the code, mend what ruff can mend
	@$(RUN)ruff format $(CODE)
	@$(RUN)ruff check --fix $(CODE)

.PHONY: lock
lock: $(VENV)/installed ## Choose the versions of all dependencies anew: constraints.txt
	@$(RUN)uv pip compile --quiet --universal --upgrade --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links $(LOCKED:%=--extra %) $(GROUPS_OF_TOOLS:%=--group %) \
	  pyproject.toml --output-file constraints.txt

.PHONY: wheel
wheel: $(VENV)/installed ## Build the wheel into dist/
	@$(RUN)python -m build --wheel --outdir dist .

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Steno needs Python 3.11 or newer: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	@echo "==> Python environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "no venv: install python3-venv" >&2; exit 2; }
	@$(RUN)pip install --quiet --upgrade 'pip>=25.1'
	@$(RUN)pip install --quiet --constraint constraints.txt --editable '.[operator,gateway,client,worker,openai]' \
	  $(GROUPS_OF_TOOLS:%=--group %)
	@touch $@

##@ Cluster

.PHONY: cluster
cluster: ## Bring up the local kind cluster `steno`, without Steno
	@$(PYTHON) -m local_cluster up steno

.PHONY: cluster-down
cluster-down: demo-down ## Remove it

.PHONY: tools
tools: ## Build or unpack the tools of cluster and tests
	@$(PYTHON) -m local_cluster tools
