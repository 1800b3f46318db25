#!/usr/bin/env bash
# Looks up the image's Python packages, those of the neural engine among them, in the database of known vulnerabilities.
# It needs the network; where packages cannot be looked up, it says so and fails, because "none found" would mean nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
"${PIP_AUDIT:-.venv/bin/pip-audit}" --strict --disable-pip --require-hashes \
  --requirement container/requirements-neural.lock --progress-spinner off "$@" 2>"$log" || status=$?
cat "$log" >&2
if [ $status -ne 0 ] && ! grep -qE 'Found [0-9]+ known vulnerabilit' "$log"; then
  echo "Not audited: the packages could not be looked up from here. This needs a network with the public database." >&2
  exit 2
fi
exit $status
