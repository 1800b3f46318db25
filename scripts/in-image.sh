#!/usr/bin/env bash
# Runs a command in the built image (OCR_LOCAL_IMAGE, default distributed-ocr-pipeline:latest), without its entry point:
#   scripts/in-image.sh tesseract --list-langs
set -euo pipefail

tool=$("$(dirname "$0")/container-tool.sh")
image=${OCR_LOCAL_IMAGE:-distributed-ocr-pipeline:latest}
if [ "$tool" != buildah ]; then
  exec "$tool" run --rm --pull=never --network=none --entrypoint "$1" "$image" "${@:2}"
fi
container=$(buildah from --quiet --pull-never "$image")
trap 'buildah rm "$container" >/dev/null' EXIT
buildah run --isolation "${BUILDAH_ISOLATION:-chroot}" "$container" -- "$@"
