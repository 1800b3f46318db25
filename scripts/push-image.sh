#!/usr/bin/env bash
# Pushes the built image to the deployment's ECR repository, under the tag of these sources, and checks that it arrived as
# SageMaker takes it. An image that is there already stays: tags never change.
set -euo pipefail
cd "$(dirname "$0")/.."

name=distributed-ocr-pipeline
wanted=application/vnd.docker.distribution.manifest.v2+json
stop() {
  echo "$1" >&2
  exit 66
}
output() {
  terraform output -raw "$1" 2>/dev/null || stop "There is no terraform output $1. Deploy first: make deploy"
}

repository=$(output ecr_repository_url)
region=$(output region)
tag=$(.venv/bin/python scripts/image_tag.py)
registry=${repository%%/*}

pushed() { .venv/bin/python scripts/ecr_image.py "$region" "${repository#*/}" "$tag"; }
check() {
  [ "$1" = "$wanted" ] || stop "The image $repository:$tag is there as $1, which SageMaker may refuse. Delete it (aws ecr batch-delete-image --region $region --repository-name ${repository#*/} --image-ids imageTag=$tag), then: make build-image push-image"
}

if there=$(pushed); then
  check "$there"
  echo "$repository:$tag is there already." >&2
  exit 0
fi

tool=$(scripts/container-tool.sh)
"$tool" inspect --type image "$name:$tag" >/dev/null 2>&1 \
  || stop "There is no image $name:$tag, the one of these sources. Build it: make build-image"

# The registry's password is good for twelve hours; it is passed through a pipe and forgotten at the end.
trap '"$tool" logout "$registry" >/dev/null 2>&1 || true' EXIT
.venv/bin/python scripts/ecr_password.py "$region" | "$tool" login --username AWS --password-stdin "$registry" >/dev/null

format=()
[ "$tool" = docker ] || format=(--format v2s2) # podman and buildah push OCI manifests of themselves
"$tool" tag "$name:$tag" "$repository:$tag"
"$tool" push "${format[@]}" "$repository:$tag"
check "$(pushed)"
echo "Pushed $repository:$tag." >&2
