"""A run from Python, looked at while it goes on, and one document in this process.

.venv/bin/python examples/programs/python_api.py FOLDER
"""

import sys
import time
from pathlib import Path

from distributed_ocr_pipeline import DocumentProcessor, OCRPipeline
from distributed_ocr_pipeline.config import OCRConfig


def main(folder: str) -> None:
    """Read a folder, print what can be said about its documents, and read its first PDF once more."""
    run = OCRPipeline(ocr_config=OCRConfig(languages="eng", words=True)).start(folder)
    while (progress := run.progress()).is_running:
        print(f"{progress.documents} of {progress.planned or 'some'} documents, {progress.pages} pages")
        time.sleep(2)
    result = run.wait()  # raises what ended the run, if it is not green
    for row in result.documents().select(["source_uri", "status", "page_count"]).to_pylist():
        print(row["status"], row["page_count"], row["source_uri"])

    first = min(Path(folder).glob("*.pdf"))
    document = DocumentProcessor().process_document(first)
    print(first.name, document["status"], f"{len(document['text'].split())} words")


if __name__ == "__main__":
    main(sys.argv[1])
