#!/usr/bin/env bash
# Reads a folder on this machine, lists what could not be read, and writes the run's report.
#   examples/programs/folder.sh FOLDER
set -euo pipefail
folder=${1:?a folder of documents is needed}

.venv/bin/ocr-pipeline --input-prefix "$folder" --words
.venv/bin/ocr-pipeline list --status failed
.venv/bin/ocr-pipeline report # its last line says where the file is
