#!/usr/bin/env bash
# Resolves the dependencies of pyproject.toml for every supported Python: first what a developer needs, then, held to
# the same versions, what running on a user's machine needs, what the container needs (without and with the neural
# engine), what its tesserocr is built with, and what the pages of docs/ are made with.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  .venv/bin/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-strip-extras \
    --no-emit-index-url --no-header --no-annotate "$@"
}

compile pyproject.toml --extra dev --output-file requirements-dev.lock
compile pyproject.toml --extra local --extra tesserocr --constraint requirements-dev.lock \
  --output-file requirements-local.lock
compile pyproject.toml --extra tesserocr --constraint requirements-dev.lock --output-file container/requirements.lock
compile pyproject.toml --extra tesserocr --extra neural --constraint requirements-dev.lock \
  --output-file container/requirements-neural.lock
compile container/tesseract/build-requirements.in --constraint requirements-dev.lock \
  --output-file container/tesseract/build-requirements.lock
compile requirements-docs.in --constraint requirements-dev.lock --output-file requirements-docs.lock
