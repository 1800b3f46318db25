#!/usr/bin/env bash
# Builds the image with docker, podman or buildah, as distributed-ocr-pipeline:<tag> and :latest.
#
#   BASE_IMAGE      another base than the Dockerfile's; `debootstrap` makes one on this machine, without a registry
#   LANGUAGES       Tesseract languages such as eng+deu (default: the Dockerfile's)
#   TESSERACT_BUILD fast or debian (default: the Dockerfile's)
#   NEURAL          1 adds the neural engine (default: the Dockerfile's)
#   CONTAINER_TOOL  docker, podman or buildah (default: the first that is there)
#
# Arguments are passed on to the tool's build command.
set -euo pipefail
cd "$(dirname "$0")/.."

name=distributed-ocr-pipeline
python=.venv/bin/python
tool=$(scripts/container-tool.sh)
tag=$($python scripts/image_tag.py)
secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT

default_base=$(sed -n 's/^ARG BASE_IMAGE=//p' container/Dockerfile)
can_debootstrap() { [ "$tool" = buildah ] && [ "$(id -u)" -eq 0 ] && command -v debootstrap >/dev/null; }
if [ -z "${BASE_IMAGE:-}" ] && can_debootstrap && ! buildah pull --quiet "$default_base" >/dev/null 2>"$secrets/pull"; then
  echo "The base image $default_base cannot be pulled: $(tail -n 1 "$secrets/pull")" >&2
  echo "Building on a base of this machine's Debian instead, as BASE_IMAGE=debootstrap does." >&2
  BASE_IMAGE=debootstrap
fi
if [ "${BASE_IMAGE:-}" = debootstrap ]; then
  BASE_IMAGE=$(scripts/debian-base.sh)
fi

# The machine's own package index and certificates, if it has any of its own.
flags=(--platform linux/amd64 --file container/Dockerfile --tag "$name:$tag" --tag "$name:latest")
for bundle in "${PIP_CERT:-}" "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt; do
  [ -f "$bundle" ] && cp "$bundle" "$secrets/ca_bundle" && break
done
certificates=()
if [ -f "$secrets/ca_bundle" ]; then
  certificates=(--certificates)
  flags+=(--secret "id=ca_bundle,src=$secrets/ca_bundle")
fi
$python -m pip config list | $python scripts/pip_conf.py "${certificates[@]}" >"$secrets/pip_conf"
flags+=(--secret "id=pip_conf,src=$secrets/pip_conf")

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' job_scripts/distributed_ocr_pipeline/__init__.py)
flags+=(--build-arg "VERSION=$version" --build-arg "REVISION=$tag")
[ -z "${BASE_IMAGE:-}" ] || flags+=(--build-arg "BASE_IMAGE=$BASE_IMAGE")
[ -z "${TESSERACT_BUILD:-}" ] || flags+=(--build-arg "TESSERACT_BUILD=$TESSERACT_BUILD")
[ -z "${NEURAL:-}" ] || flags+=(--build-arg "NEURAL=$NEURAL")
[ -z "${LANGUAGES:-}" ] || flags+=(--build-arg "LANGUAGES=$LANGUAGES")
# SageMaker takes Docker's kind of manifest. podman and buildah make OCI ones of themselves, docker may add an index with
# attestations.
if [ "$tool" = docker ]; then
  flags+=(--provenance=false --sbom=false --output type=docker)
else
  flags+=(--format docker)
fi
if [ "$tool" = buildah ]; then # steps are kept where that is cheap: with vfs each is a whole copy
  [ "$(buildah info --format '{{.store.GraphDriverName}}')" = vfs ] || export BUILDAH_LAYERS=true
  [ "$(id -u)" -ne 0 ] || export BUILDAH_ISOLATION=${BUILDAH_ISOLATION:-chroot}
fi

echo "Building $name:$tag with $tool …" >&2
DOCKER_BUILDKIT=1 "$tool" build "${flags[@]}" "$@" .
echo "Built $name:$tag (also $name:latest)." >&2
