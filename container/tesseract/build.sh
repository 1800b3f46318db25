#!/usr/bin/env bash
# Builds Tesseract's library for speed, from Debian's source of the very version that is installed: build.sh FOLDER
#
# FOLDER/libtesseract.so.5 takes the place of Debian's library where the loader finds it first. It reads the same text to
# the last letter in little more than half the time: Debian compiles for any x86-64 at -O2, and two loops of the network
# that reads lines are not vectorized by any option (the patches beside this file do it, and no more).
#
#   -march=x86-64-v3      AVX2. Where a processor has none, the image's loader takes Debian's library (glibc-hwcaps)
#   -flto                 the loops call small functions of other files for each pixel
#   -ffp-contract=off     no fused multiply-add: it would round otherwise than Debian's library does
set -euo pipefail
shopt -s nullglob

here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Usage: build.sh FOLDER" >&2; exit 64; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)

needs() {
  echo "Tesseract is not built for speed: $1" >&2
  echo "Debian's own build reads the same in nearly twice the time. The image takes it with: make build-image TESSERACT_BUILD=debian" >&2
  exit 69
}

[ "$(uname -m)" = x86_64 ] || needs "its patches are for x86-64, and this machine is $(uname -m)."
packages=(dpkg-dev g++ make autoconf automake libtool pkg-config libtesseract-dev)
# shellcheck disable=SC2016  # the name is dpkg's
installed() { dpkg-query --show --showformat '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }
for package in "${packages[@]}"; do
  installed "$package" || needs "the package $package is missing. Install: apt-get install ${packages[*]}"
done
# shellcheck disable=SC2016
version=$(dpkg-query --show --showformat '${source:Version}' libtesseract5)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# apt verifies the source by Debian's signature; its lists of sources are kept apart from the machine's own.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
signed_by=$([ ! -f "$keyring" ] || echo "[signed-by=$keyring] ")
# shellcheck disable=SC2016  # the names are apt's
apt-get indextargets --format "deb-src $signed_by"'$(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Identifier: Packages' 'Origin: Debian' | sort -u >sources.list
[ -s sources.list ] || needs "there are no package lists of Debian here (apt-get update)."
mkdir -p lists/partial
apt=(apt-get --quiet --quiet -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=)
"${apt[@]}" update || needs "Debian's package server gives no source packages."
"${apt[@]}" source "tesseract=$version" >source.log 2>&1 || needs "no source of version $version: $(tail -n 1 source.log)"

cd tesseract-*/
for patch in "$here"/*.patch; do
  patch --strip 1 --silent <"$patch" || needs "$(basename "$patch") does not fit version $version."
done

flags=(-O3 -DNDEBUG -march=x86-64-v3 -ffp-contract=off -flto=auto -fno-semantic-interposition -fPIC)
build() {
  ./autogen.sh
  # No OpenMP: pages are read in parallel by processes. No curl and archive: nothing is read from the network.
  ./configure --disable-static --disable-openmp --disable-graphics --without-curl --without-archive \
    --disable-tessdata-prefix CPPFLAGS="-DTESSDATA_PREFIX='\"/usr/share/tesseract-ocr/5\"'" \
    CXXFLAGS="${flags[*]}" LDFLAGS="${flags[*]}"
  make --jobs "$(nproc)" libtesseract.la
}
build >build.log 2>&1 || { tail -n 20 build.log >&2; needs "it does not compile."; }

strip --strip-unneeded .libs/libtesseract.so.5
install --mode 644 .libs/libtesseract.so.5 "$folder/libtesseract.so.5"
echo "$version" >"$folder/libtesseract.version"
echo "Built libtesseract.so.5 of Tesseract $version for speed." >&2
