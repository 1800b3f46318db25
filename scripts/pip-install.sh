#!/usr/bin/env bash
# Installs the packages of a lock file into .venv and counts them: pip-install.sh LOCK WHAT-THEY-ARE-FOR
set -euo pipefail
cd "$(dirname "$0")/.."

all=$(grep -c == "$1")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
terminal=0
if [ -t 2 ]; then terminal=1; else echo "Installing $2 into .venv (once): at most $all packages" >&2; fi
PYTHONUNBUFFERED=1 .venv/bin/pip install --no-compile --disable-pip-version-check --progress-bar off --require-hashes -r "$1" 2>"$log" |
  awk -v all="$all" -v what="$2" -v terminal="$terminal" '
    terminal && /^(Collecting|Requirement already)/ {
      printf "\rInstalling %s into .venv (once): %d of at most %d packages ", what, ++n, all > "/dev/stderr" }
    terminal && /^Installing collected/ { printf "… " > "/dev/stderr" }
    END { if (terminal) print "" > "/dev/stderr" }' || { cat "$log" >&2; exit 1; }
# By all processors, where pip takes one. Left out, every start would compile again where PYTHONDONTWRITEBYTECODE is set.
.venv/bin/python -m compileall -q -j 0 .venv/lib >/dev/null || true
