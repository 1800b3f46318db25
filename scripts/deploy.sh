#!/usr/bin/env bash
# Deploys in the order in which nothing points to what is not there: repository, image, then all the rest. Arguments are
# passed on to `terraform apply`.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! terraform state list 2>/dev/null | grep -q '^module\.registry\.aws_ecr_repository\.image$'; then
  echo "First the image's repository and its key; what Terraform then says about -target is meant." >&2
  terraform apply -input=false -target=module.registry.aws_ecr_repository.image "$@"
fi

if ! .venv/bin/python scripts/ecr_image.py "$(terraform output -raw region)" "$(terraform output -raw ecr_repository_url | cut -d/ -f2-)" "$(.venv/bin/python scripts/image_tag.py)" >/dev/null; then
  scripts/container-tool.sh >/dev/null || {
    echo "The workflow is as it was: its new image cannot be built here. On a machine with a container builder: make build-image push-image; then here: make deploy" >&2
    exit 69
  }
  scripts/build-image.sh
fi
scripts/push-image.sh
terraform apply -input=false "$@"
