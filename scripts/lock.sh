#!/usr/bin/env bash
# Resolves the dependencies of pyproject.toml for every supported Python: first what a developer needs, then, held to
# the same versions, what the container needs.
set -euo pipefail
cd "$(dirname "$0")/.."

compile() {
  .venv/bin/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes \
    --no-emit-index-url --no-header --no-annotate pyproject.toml "$@"
}

compile --extra dev --output-file requirements-dev.lock
compile --extra tesserocr --constraint requirements-dev.lock --output-file container/requirements.lock
