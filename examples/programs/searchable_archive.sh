#!/usr/bin/env bash
# Makes a searchable PDF of each document of a folder, and finds those in which a word stands.
#   examples/programs/searchable_archive.sh FOLDER ARCHIVE WORD
# Called again, it reads only what is new or has changed.
set -euo pipefail
folder=${1:?a folder of documents is needed} archive=${2:?a folder for the archive is needed} word=${3:?a word is needed}

.venv/bin/ocr-pipeline --input-prefix "$folder" --output "$archive" --words
files=$(.venv/bin/ocr-pipeline export "$archive" --format searchable_pdf --format text)
echo "$files"

# The archive keeps files of earlier versions of a document as well: only those that export names are current.
texts=$(grep '\.txt$' <<<"$files" || true)
found=$(printf '%s' "$texts" | tr '\n' '\0' \
  | xargs -0 grep --files-with-matches --ignore-case --fixed-strings -- "$word" || true)
echo "Documents with '$word':"
echo "${found:-none}"
