#!/usr/bin/env bash
# Installs the packages of a lock file into .venv and counts them: pip-install.sh LOCK WHAT-THEY-ARE-FOR
set -euo pipefail
cd "$(dirname "$0")/.."

all=$(grep -c == "$1")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Not compiled: Python compiles the modules that are used when they are, which are few of those that are installed.
PYTHONUNBUFFERED=1 .venv/bin/pip install --no-compile --disable-pip-version-check --progress-bar off --require-hashes -r "$1" 2>"$log" |
  awk -v all="$all" -v what="$2" '/^(Collecting|Requirement already)/ {
    printf "\rInstalling %s into .venv (once): %d of at most %d packages ", what, ++n, all > "/dev/stderr" }
    /^Installing collected/ { printf "… " > "/dev/stderr" }
    END { print "" > "/dev/stderr" }' || { cat "$log" >&2; exit 1; }
