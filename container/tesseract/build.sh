#!/usr/bin/env bash
# Builds Tesseract and its image library Leptonica for speed, from Debian's source of the very versions that are
# installed: build.sh FOLDER
#
# FOLDER/libtesseract.so.5 and FOLDER/liblept.so.5 take the place of Debian's libraries where the loader finds them first.
# They read the same text, to the last letter and confidence, in less than half the time: Debian compiles for any x86-64 at
# -O2, and the patches beside this file take away work whose result is not used, searches from the start of long lists,
# and loops that no option vectorizes. Each says what it changes and why the result stays the same.
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
  echo "Debian's own build reads the same in more than twice the time. The image takes it with: make build-image TESSERACT_BUILD=debian" >&2
  exit 69
}

[ "$(uname -m)" = x86_64 ] || needs "its patches are for x86-64, and this machine is $(uname -m)."
packages=(dpkg-dev g++ make autoconf automake libtool pkg-config libtesseract-dev
  libtiff-dev libpng-dev libgif-dev libwebp-dev libopenjp2-7-dev)
# shellcheck disable=SC2016  # the name is dpkg's
installed() { dpkg-query --show --showformat '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }
for package in "${packages[@]}"; do
  installed "$package" || needs "the package $package is missing. Install: apt-get install ${packages[*]}"
done
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

flags=(-O3 -march=x86-64-v3 -ffp-contract=off -flto=auto -fno-semantic-interposition -fPIC)

# unpack PACKAGE SOURCE: the source of the package's installed version, patched by Debian, as the folder SOURCE.
unpack() {
  # shellcheck disable=SC2016
  version=$(dpkg-query --show --showformat '${source:Version}' "$1")
  "${apt[@]}" source "$2=$version" >source.log 2>&1 || needs "no source of version $version: $(tail -n 1 source.log)"
  mv "$2"-*/ "$2"
}

# keep PACKAGE FILE: the library takes its place in FOLDER, with the version that it was built from.
keep() {
  strip --strip-unneeded "$2"
  install --mode 644 "$2" "$folder/"
  echo "$version" >"$folder/$1.version"
  echo "Built $(basename "$2") of version $version for speed." >&2
}

build_leptonica() {
  autoreconf --force --install
  ./configure --disable-static --disable-programs CFLAGS="${flags[*]}" LDFLAGS="${flags[*]}"
  make --directory src --jobs "$(nproc)" liblept.la
}

build_tesseract() {
  ./autogen.sh
  # No OpenMP: pages are read in parallel by processes. No curl and archive: nothing is read from the network.
  ./configure --disable-static --disable-openmp --disable-graphics --without-curl --without-archive \
    --disable-tessdata-prefix CPPFLAGS="-DNDEBUG -DTESSDATA_PREFIX='\"/usr/share/tesseract-ocr/5\"'" \
    CXXFLAGS="${flags[*]}" LDFLAGS="${flags[*]}"
  make --jobs "$(nproc)" libtesseract.la
}

# build NAME FUNCTION: runs it in the folder NAME.
build() { (cd "$1" && "$2" >build.log 2>&1) || { tail -n 20 "$1/build.log" >&2; needs "$1 does not compile."; }; }

# The libraries that a file asks for: less of them than Debian's would mean formats that are not read.
needed() { objdump --private-headers "$1" | awk '$1 == "NEEDED" {print $2}' | sort; }

unpack liblept5 leptonlib
build leptonlib build_leptonica
library=leptonlib/src/.libs/liblept.so.5
debians=$(dpkg --listfiles liblept5 | grep --max-count 1 '/liblept\.so\.5$')
formats=$(comm -13 <(needed "$library") <(needed "$debians"))
[ -z "$formats" ] || needs "Leptonica was built without ${formats//$'\n'/, }."
keep liblept5 "$library"

unpack libtesseract5 tesseract
for patch in "$here"/*.patch; do
  patch --directory tesseract --strip 1 --silent <"$patch" || needs "$(basename "$patch") does not fit version $version."
done
build tesseract build_tesseract
keep libtesseract5 tesseract/.libs/libtesseract.so.5
