# `make` shows what there is. Everything runs in .venv, which the targets make themselves.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

-include .env
export AWS_PROFILE AWS_REGION OCR_BUCKET_NAME OCR_STATE_MACHINE_ARN OCR_OUTPUT_BUCKET SAGEMAKER_ROLE_ARN
# A variable that .env leaves empty must not hide the SDK's own default.
$(foreach name,AWS_PROFILE AWS_REGION OCR_BUCKET_NAME OCR_STATE_MACHINE_ARN OCR_OUTPUT_BUCKET SAGEMAKER_ROLE_ARN,$(if $($(name)),,$(eval unexport $(name))))

PYTHON ?= python3
INPUT_PREFIX ?= examples/documents
ARGS ?=
BIN := .venv/bin
# A file of tests stays in one process, as its fixtures may take seconds to make; the longest files come first.
PYTEST := $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder
# What makes a program use the Tesseract that `make fast-tesseract` built, if it did.
FAST_TESSERACT = $(if $(wildcard build/tesseract/done),LD_LIBRARY_PATH=$(CURDIR)/build/tesseract/lib PYTHONPATH=$(CURDIR)/build/tesseract/python)
SOURCES := job_scripts tests examples benchmarks scripts verify

##@ Use

.PHONY: run-pipeline
run-pipeline: .venv/ready tools ## Process INPUT_PREFIX (a folder or s3://…; default: the examples), with ARGS="--output-type both …"
	@$(BIN)/ocr-pipeline --input-prefix "$(INPUT_PREFIX)" $(ARGS)
ifeq ($(INPUT_PREFIX),examples/documents)
	@$(BIN)/python examples/check_results.py output
endif

.PHONY: estimate
estimate: .venv/installed ## What a run over INPUT_PREFIX would take and cost; starts nothing
	@$(BIN)/ocr-pipeline estimate "$(INPUT_PREFIX)" $(ARGS)

.PHONY: install
install: .venv/installed tools ## Make .venv, and install Tesseract and Poppler if they are missing

.PHONY: neural
neural: .venv/ready ## Add the neural engine to .venv (options engine=rapidocr and second_opinion; 90 MB to download)
	@scripts/pip-install.sh container/requirements-neural.lock "the neural engine"

##@ Local environment (AWS on 127.0.0.1)

.PHONY: local-setup
local-setup: .venv/ready tools ## Start it in the background
	@$(BIN)/python -m distributed_ocr_pipeline.local start

.PHONY: local-test
local-test: .venv/ready ## Run a small execution through it and check the results
	@$(BIN)/python -m distributed_ocr_pipeline.local test

.PHONY: local-logs
local-logs: .venv/ready ## Show its log and the logs of its jobs
	@$(BIN)/python -m distributed_ocr_pipeline.local logs

.PHONY: local-stop
local-stop: .venv/ready ## Stop it
	@$(BIN)/python -m distributed_ocr_pipeline.local stop

##@ Development

.PHONY: format
format: .venv/installed ## Format Python and Terraform
	$(BIN)/black -q $(SOURCES)
	$(BIN)/isort -q $(SOURCES)
	@if command -v terraform >/dev/null; then terraform fmt -recursive; fi

.PHONY: lint
lint: lint-types lint-style lint-tests ## Check formatting, types, style and what may import what (-j2: two at a time)

.PHONY: lint-style
lint-style: .venv/installed
	$(BIN)/black --check -q $(SOURCES)
	$(BIN)/hadolint container/Dockerfile
	$(BIN)/isort --check -q $(SOURCES)
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python scripts/architecture.py --check
	$(BIN)/python scripts/pipeline_picture.py --check
	$(BIN)/python scripts/terminal_picture.py --check
	$(BIN)/python scripts/glyphless_font.py --check
	$(BIN)/python scripts/option_checks.py --check
	$(BIN)/pylint -j 0 job_scripts examples benchmarks scripts verify
	@if command -v terraform >/dev/null; then terraform fmt -check -recursive; fi

# A test says with its name what it shows, and asks for fixtures by theirs.
.PHONY: lint-tests
lint-tests: .venv/installed
	$(BIN)/pylint -j 0 --disable=missing-docstring,duplicate-code,redefined-outer-name,too-many-positional-arguments tests

.PHONY: lint-types
lint-types: .venv/installed
	$(BIN)/mypy --strict job_scripts/distributed_ocr_pipeline job_scripts/local_aws examples benchmarks verify tests
	$(BIN)/mypy --strict job_scripts/*.py scripts/*.py

.PHONY: test
test: test-python $(if $(shell command -v terraform),test-terraform,no-terraform) ## Run unit and integration tests, Terraform's among them where it is installed

# It takes longest, so with -j2 it has to start first: no other target may stand before it.
.PHONY: test-python
test-python: .venv/installed
	@scripts/install-tools.sh
	$(PYTEST) --cov --cov-report= tests/integration/test_permissions.py \
	  tests/integration tests/unit tests/local_aws tests/security
	@echo "Coverage of lines and branches in %, first of the pipeline, then of local_aws ($(BIN)/coverage report -m: what is missing):"
	@$(BIN)/coverage report --include="job_scripts/*" --omit="job_scripts/local_aws/*" --format=total --fail-under=95
	@$(BIN)/coverage report --include="job_scripts/local_aws/*" --format=total --fail-under=90

.PHONY: no-terraform
no-terraform:
	@echo "Terraform is not installed: its tests were left out."

.PHONY: docs
docs: .venv-docs/ready ## Make a site of README and docs/ in site/; fails at a broken link
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build
	@echo "The pages are in site/: open site/index.html"

# The packages that make the site are used for nothing else.
.venv-docs/ready: requirements-docs.lock
	@$(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/pip install --quiet --disable-pip-version-check --progress-bar off --require-hashes -r requirements-docs.lock
	@touch $@

.PHONY: test-browser
test-browser: .venv/installed tools ## Look at the report and at a page in Chromium (Debian: apt-get install chromium)
	@test -n "$${CHROMIUM:-$$(command -v chromium)}" || { echo "Chromium is needed: apt-get install chromium, or name one in CHROMIUM" >&2; exit 69; }
	$(BIN)/pytest tests/browser

.PHONY: screenshots
screenshots: .venv/installed tools ## Make the pictures in docs/ again (needs Chromium)
	$(BIN)/python scripts/screenshots.py
	$(BIN)/python scripts/pipeline_picture.py
	$(BIN)/python scripts/terminal_picture.py

.PHONY: test-terraform
test-terraform: .venv/installed .terraform ## Run Terraform's own tests of the modules
	terraform validate
	terraform test -test-directory=tests/terraform
	$(BIN)/python scripts/terraform_docs.py --check

.PHONY: chaos
chaos: .venv/installed tools ## Break runs in every way the tests know, and see that nothing is lost (some minutes)
	$(BIN)/pytest tests/chaos

.PHONY: fuzz
fuzz: .venv/installed tools ## Process 2,000 damaged documents (some minutes; OCR_MUTATIONS= for another number)
	OCR_MUTATIONS=$${OCR_MUTATIONS:-2000} $(BIN)/pytest tests/chaos/test_mutations.py

.PHONY: crowd
crowd: .venv/installed tools ## 200 shards, 100 jobs at a time, an account with 20 instances: none is lost (some ten minutes; OCR_SHARDS=, OCR_QUOTA=)
	OCR_SHARDS=$${OCR_SHARDS:-200} $(BIN)/pytest -s tests/chaos/test_quotas.py

.PHONY: huge
huge: .venv/installed tools ## Two PDFs of 3,000 pages among 300 small ones, in parts, one of which is lost and repaired (some minutes)
	OCR_HUGE_PAGES=$${OCR_HUGE_PAGES:-3000} OCR_SMALL_DOCUMENTS=$${OCR_SMALL_DOCUMENTS:-300} \
	  $(BIN)/pytest tests/integration/test_huge_documents.py

.PHONY: checkov
checkov: ## Check the Terraform code against known mistakes; its many packages live in a .venv of their own
	@test -x .venv-checkov/bin/checkov || { $(PYTHON) -m venv .venv-checkov && .venv-checkov/bin/pip install -qq --disable-pip-version-check checkov==3.3.30; }
	# A file that it cannot read is a file that it did not check.
	HCL_PARSE_TIMEOUT_SEC=120 CKV_PARSE_ERROR_FAIL=true .venv-checkov/bin/checkov --config-file .checkov.yaml

.PHONY: accuracy
accuracy: .venv/installed tools ## Read pages with known text and compare (a few minutes)
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.real_pages

.PHONY: test-accuracy
test-accuracy: .venv/installed tools ## Test that no kind of page is read worse than its limit
	$(BIN)/pytest tests/accuracy

.PHONY: bench
bench: .venv/installed tools build/image-python/done ## Compare speed and accuracy with other ways to do it (some 18 minutes)
	$(BIN)/python -m benchmarks.run

.PHONY: fast-tesseract
fast-tesseract: .venv/installed build/tesseract/done ## Build Tesseract for speed, as the image has it, into build/tesseract (Debian, 5 minutes)

build/tesseract/done: $(wildcard container/tesseract/*) container/requirements.lock
	rm -rf build/tesseract
	container/tesseract/build.sh build/tesseract/lib
	container/tesseract/tesserocr.sh build/tesseract/wheels $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-index --target build/tesseract/python build/tesseract/wheels/*.whl
	@touch $@

build/image-python/done: container/requirements.lock
	rm -rf build/image-python
	$(BIN)/python -m venv build/image-python
	build/image-python/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.PHONY: bench-memory
bench-memory: .venv/installed tools ## Peak memory on 20 and on 1,000 pages
	$(BIN)/python -m benchmarks.memory

.PHONY: bench-local
bench-local: .venv/installed tools ## What a run on a folder costs beyond reading, and 20 kills of one (hours; DOCUMENTS=100000)
	$(BIN)/python -m benchmarks.local --documents $${DOCUMENTS:-100000}
	OCR_KILLS=20 OCR_KILLED_DOCUMENTS=500 OCR_FILES_PER_JOB=10 $(BIN)/pytest -s tests/chaos/test_local_runs.py -k again

.PHONY: bench-planner
bench-planner: .venv/installed ## Memory and CPU of plan and report on made-up listings (DOCUMENTS=1000000)
	$(BIN)/python -m benchmarks.planner --documents $${DOCUMENTS:-1000000}

.PHONY: bench-estimates
bench-estimates: .venv/installed tools ## How near estimates come to pages and CPU seconds (READ=16 documents of each corpus are read, or more)
	$(FAST_TESSERACT) $(BIN)/python -m benchmarks.estimates --documents $${DOCUMENTS:-400} --read $${READ:-16}

.PHONY: simulate
simulate: .venv/installed ## Play plans against AWS's limits: time, price and lost shards of targets and slots
	$(BIN)/python -m benchmarks.simulate

.PHONY: lock
lock: .venv/installed ## Resolve the dependencies again: requirements-dev.lock, and the other locks from it
	scripts/lock.sh

##@ Deployment

.PHONY: plan
plan: .venv/installed .terraform ## Show what a deployment would make or change; makes nothing
	terraform plan -input=false $(ARGS)

.PHONY: deploy
deploy: .venv/installed .terraform ## Build the image and push it, if it has changed; then show what changes, and make it
	@scripts/deploy.sh $(ARGS)

.PHONY: verify-aws
verify-aws: .venv/installed ## Ask AWS what only an account can tell, for less than a dollar; ARGS="--dry-run" prints the price
	@$(BIN)/python scripts/verify_aws.py $(ARGS)

.PHONY: destroy
destroy: .venv/installed .terraform ## Take it down; refuses while there is data, unless DELETE_DATA=yes (and DELETE_DOCUMENTS=yes)
	@scripts/destroy.sh $(ARGS)

.PHONY: build-image
build-image: .venv/installed ## Build the container image with docker, podman or buildah
	@scripts/build-image.sh

.PHONY: image-sbom
image-sbom: .venv/installed ## Write image-sbom.json: everything that is in the built image (CycloneDX)
	@$(BIN)/python scripts/image_sbom.py image-sbom.json

.PHONY: audit
audit: .venv/installed ## Look up the image's Python packages among the known vulnerabilities (needs the network)
	@scripts/audit.sh

.PHONY: test-container
test-container: .venv/installed tools ## Build the image without a registry and run the examples in it
	$(BIN)/pytest tests/container -rs

.PHONY: push-image
push-image: .venv/installed ## Push it to the deployment's repository
	@scripts/push-image.sh

.terraform: .terraform.lock.hcl versions.tf $(wildcard tests/terraform/*.tftest.hcl)
	@command -v terraform >/dev/null || { echo "Terraform 1.9 or later is needed: https://developer.hashicorp.com/terraform/install" >&2; exit 69; }
	terraform init -input=false -test-directory=tests/terraform $(if $(wildcard backend.hcl),-backend-config=backend.hcl)
	@touch $@

##@ Help

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+( [a-z-]+)*:.*## / {split($$1, names, " "); for (i in names) printf "  %-14s %s\n", names[i], $$2}' Makefile

.PHONY: tools
tools:
	@scripts/install-tools.sh

# What running needs. The development targets add the rest, in the same versions.
.venv/ready: requirements-local.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or later is needed; this is $$($(PYTHON) --version). Choose one: make PYTHON=python3.11 …" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@scripts/pip-install.sh requirements-local.lock "what running needs"
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed: requirements-dev.lock .venv/ready
	@scripts/pip-install.sh requirements-dev.lock "what development needs"
	@touch $@
