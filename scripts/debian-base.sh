#!/usr/bin/env bash
# Makes a base image for the Dockerfile without a registry: this machine's Debian release, from the package servers that
# its apt is set to, with Python. Prints the image's name. Kept for a month in the cache folder. Needs root and buildah.
set -euo pipefail

needs() {
  echo "A base made with debootstrap needs $1." >&2
  exit 69
}
[ "$(id -u)" -eq 0 ] || needs "root"
for program in buildah debootstrap apt-get; do
  command -v "$program" >/dev/null || needs "Debian with the package $program"
done

# Lines of a sources.list: what this machine installs Debian packages from.
sources() {
  # shellcheck disable=SC2016  # the names are apt's
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 'Origin: Debian' | sort -u
}

# shellcheck disable=SC1091
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirror=$(sources | awk -v release="$release" '$3 == release && $4 == "main" {print $2; exit}')
[ -n "$mirror" ] || needs "Debian with its package lists (apt-get update)"

name=localhost/debian-python:$release-$(date -u +%Y%m)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/distributed-ocr-pipeline
archive=$cache/debian-$release-$(date -u +%Y%m).tar

if [ ! -f "$archive" ]; then
  echo "Making a Debian base with debootstrap (once a month, one to two minutes) …" >&2
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/debootstrap.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  root=$work/root
  if ! debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$release" "$root" "$mirror" >"$work/log" 2>&1; then
    tail -n 3 "$work/log" >&2
    exit 1
  fi
  sources >"$root/etc/apt/sources.list"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/var/log/*.log "$root"/etc/resolv.conf "$root"/etc/hostname
  tar --create --one-file-system --file "$work/base.tar" --directory "$root" .
  rm -f "$cache"/debian-"$release"-*.tar
  mv "$work/base.tar" "$archive"
fi

if ! buildah inspect --type image "$name" >/dev/null 2>&1; then
  container=$(buildah from scratch)
  {
    buildah add "$container" "$archive" /
    buildah config --cmd python3 --arch amd64 "$container"
    buildah commit --rm "$container" "$name"
  } >&2
fi
echo "$name"
