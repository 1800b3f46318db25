#!/usr/bin/env bash
# Pushes the built image to the deployment's ECR repository, under the tag that the deployment expects.
set -euo pipefail
cd "$(dirname "$0")/.."

name=distributed-ocr-pipeline
stop() {
  echo "$1" >&2
  exit 66
}
output() {
  terraform output -raw "$1" 2>/dev/null || stop "There is no terraform output $1. Deploy first: terraform apply"
}

tool=$(scripts/container-tool.sh)
repository=$(output ecr_repository_url)
tag=$(output image_tag)
region=$(output region)
registry=${repository%%/*}

"$tool" inspect --type image "$name:$tag" >/dev/null 2>&1 \
  || stop "There is no image $name:$tag, the one that the deployment expects. Build it: make build-image. If the sources have changed since: terraform apply first."

# The registry's password is good for twelve hours; it is passed through a pipe and forgotten at the end.
trap '"$tool" logout "$registry" >/dev/null 2>&1 || true' EXIT
.venv/bin/python scripts/ecr_password.py "$region" | "$tool" login --username AWS --password-stdin "$registry" >/dev/null

"$tool" tag "$name:$tag" "$repository:$tag"
"$tool" push "$repository:$tag" || {
  echo "The image was not pushed. If the repository says that the tag exists, it is there already: tags never change." >&2
  exit 2
}
echo "Pushed $repository:$tag." >&2
