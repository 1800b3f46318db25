#!/usr/bin/env bash
# Makes sure that Tesseract (with English) and Poppler are there: installs them where it may, or says how.
set -euo pipefail

missing=()
command -v tesseract >/dev/null && tesseract --list-langs 2>/dev/null | grep -qx eng || missing+=(tesseract)
command -v pdftoppm >/dev/null && command -v pdfinfo >/dev/null && command -v pdftotext >/dev/null || missing+=(poppler)
[ ${#missing[@]} -eq 0 ] && exit 0

if command -v apt-get >/dev/null; then
  install=(apt-get install --yes --quiet tesseract-ocr tesseract-ocr-eng poppler-utils libjemalloc2)
  update=(apt-get update --quiet)
elif command -v brew >/dev/null; then
  install=(brew install tesseract poppler)
  update=(true)
else
  echo "Missing: ${missing[*]}. Install Tesseract 5 (with English) and Poppler with your system's package manager." >&2
  exit 1
fi

as_root=()
if [ "${install[0]}" = apt-get ] && [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "Missing: ${missing[*]}. Run this, then try again: sudo ${install[*]}" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi

echo "Installing ${missing[*]} …" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { DEBIAN_FRONTEND=noninteractive "${as_root[@]}" "${update[@]}" && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" "${install[@]}"; } >"$log" 2>&1; then
  tail -n 5 "$log" >&2
  echo "Could not install ${missing[*]}. Run this, then try again: ${install[*]}" >&2
  exit 1
fi
