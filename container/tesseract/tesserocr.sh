#!/usr/bin/env bash
# Builds tesserocr for the Tesseract that is installed: tesserocr.sh FOLDER [PYTHON]
#
# The wheel of PyPI holds a Tesseract of its own, with image libraries of its own. Built here, from the source that the
# image's lock names, it uses Debian's libraries, or the one that build.sh makes, as the program `tesseract` does.
# Makes FOLDER/tesserocr-….whl.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "Usage: tesserocr.sh FOLDER [PYTHON]" >&2; exit 64; }
folder=$1
python=${2:-python3}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -m venv "$work/venv"
pip=("$work/venv/bin/pip" --quiet --disable-pip-version-check)
"${pip[@]}" install --only-binary :all: --require-hashes --requirement "$here/build-requirements.lock"
awk '/^[^ ]/ {wanted = /^tesserocr==/} wanted' "$here/../requirements.lock" >"$work/tesserocr.lock"
CFLAGS=-g0 "${pip[@]}" wheel --no-deps --no-build-isolation --no-binary tesserocr --require-hashes \
  --requirement "$work/tesserocr.lock" --wheel-dir "$folder"
