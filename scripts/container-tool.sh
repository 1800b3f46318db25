#!/usr/bin/env bash
# Prints what builds and runs containers on this machine: docker, podman or buildah; CONTAINER_TOOL chooses one.
set -euo pipefail

usable() { # docker is often there without its daemon
  if [ "$1" = docker ]; then docker info >/dev/null 2>&1; else command -v "$1" >/dev/null; fi
}

for tool in ${CONTAINER_TOOL:-docker podman buildah}; do
  if usable "$tool"; then
    echo "$tool"
    exit 0
  fi
done
echo "No ${CONTAINER_TOOL:-docker (with its daemon running), podman or buildah} on this machine: install one of them first." >&2
exit 69
