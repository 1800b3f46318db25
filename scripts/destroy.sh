#!/usr/bin/env bash
# Takes the deployment down. Refuses while the output bucket holds data, unless DELETE_DATA=yes.
set -euo pipefail
cd "$(dirname "$0")/.."

bucket=$(terraform output -raw output_bucket 2>/dev/null) || bucket=
if [ -n "$bucket" ] && .venv/bin/python scripts/bucket_has_data.py "$bucket"; then
  if [ "${DELETE_DATA:-}" != yes ]; then
    echo "The output bucket $bucket still holds data. Copy what you need, then: make destroy DELETE_DATA=yes" >&2
    exit 1
  fi
  terraform apply -input=false -var force_destroy=true "$@"
fi
terraform destroy -input=false "$@"
