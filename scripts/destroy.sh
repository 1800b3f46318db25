#!/usr/bin/env bash
# Takes the deployment down. Refuses while a bucket of it holds data, and says how much: results go with DELETE_DATA=yes,
# documents only with a second word, DELETE_DOCUMENTS=yes. A bucket that was not made here is never touched.
set -euo pipefail
cd "$(dirname "$0")/.."

refuse() {
  echo "Nothing was destroyed. $1" >&2
  exit 1
}

held() { # prints what a bucket holds; nothing for one that is empty, or not of this deployment's making
  local address region bucket
  address=$(terraform state list 2>/dev/null | grep "^module\.storage\.aws_s3_bucket\.$1") || return 0
  { read -r bucket && read -r region; } < <(terraform state show -no-color "$address" | sed -nE 's/^ +(bucket|region) += "(.*)"$/\2/p')
  .venv/bin/python scripts/bucket_has_data.py "$bucket" "$region" || [ $? -eq 1 ]
}

results=$(held output) || refuse "It is not known what would be lost."
documents=$(held input) || refuse "It is not known what would be lost."

if [ -n "$documents" ] && [ "${DELETE_DOCUMENTS:-}" != yes ]; then
  refuse "The bucket with the documents holds $documents. They are originals: nobody can make them again. Copy them and empty the bucket, or, to delete every version of them: make destroy DELETE_DOCUMENTS=yes${results:+ DELETE_DATA=yes}"
fi
if [ -n "$results" ] && [ "${DELETE_DATA:-}" != yes ]; then
  refuse "The bucket with the results holds $results. Copy what you need, then: make destroy DELETE_DATA=yes${documents:+ DELETE_DOCUMENTS=yes}"
fi

if [ -n "$documents" ]; then
  echo "Will be deleted, with all versions: $documents of documents." >&2
fi
if [ -n "$results" ]; then
  echo "Will be deleted, with all versions: $results of results." >&2
fi
forced=()
[ -z "$results" ] || forced+=(-var force_destroy=true)
[ -z "$documents" ] || forced+=(-var force_destroy_documents=true)
# A destroy reads first, and must not need the image of these sources.
without_image=(-var require_image=false)
if [ ${#forced[@]} -gt 0 ]; then
  terraform apply -input=false "${without_image[@]}" "${forced[@]}" -target=module.storage.aws_s3_bucket.output -target=module.storage.aws_s3_bucket.input "$@"
fi
terraform destroy -input=false "${without_image[@]}" "$@"
