# Steno's targets for people and for CI, which calls nothing else. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/
export PYTHONPATH := hack/cluster:hack/installation
CODE := crds store kube operator gateway worker-image hack tests

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
generate: $(VENV)/installed ## Write the generated files: CRD, install.yaml, failure reasons
	@$(RUN)python -m steno_types.crdgen
	@$(RUN)python hack/generate.py

.PHONY: format
format: $(VENV)/installed ## Format the code, mend what ruff can mend
	@$(RUN)ruff format $(CODE)
	@$(RUN)ruff check --fix $(CODE)

.PHONY: lock
lock: $(VENV)/installed ## Choose the versions of all dependencies anew: constraints.txt
	@$(RUN)uv pip compile --quiet --universal --upgrade --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --all-extras --group test --group lint --group build \
	  pyproject.toml --output-file constraints.txt

.PHONY: wheel
wheel: $(VENV)/installed ## Build the wheel into dist/
	@$(RUN)python -m build --wheel --outdir dist .

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Steno needs Python 3.11 or newer: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	@echo "==> Python environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { echo "no venv: install python3-venv" >&2; exit 2; }
	@$(RUN)pip install --quiet --upgrade 'pip>=25.1'
	@$(RUN)pip install --quiet --constraint constraints.txt --editable '.[operator,gateway,worker]' \
	  --group test --group lint --group build
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
