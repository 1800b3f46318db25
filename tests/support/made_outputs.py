"""Documents read by the worker, and the files that are made of them in the same pass, as a shard's job does both."""

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from distributed_ocr_pipeline.config import RunOptions
from distributed_ocr_pipeline.layout import RunLayout
from distributed_ocr_pipeline.ocr import Stop, process_documents
from distributed_ocr_pipeline.records import Document, DocumentResult, FormatName, PageChunk, PageResult
from distributed_ocr_pipeline.run.outputs import DocumentOutputs
from tests.support.copies import PROJECT

FORMATS: tuple[FormatName, ...] = ("searchable_pdf", "text", "markdown", "hocr", "alto", "tsv", "jsonl")


@dataclass
class Made:
    """What became of some documents; all by the names of their files."""

    folder: Path
    results: dict[str, DocumentResult] = field(default_factory=dict)
    pages: dict[str, list[PageResult]] = field(default_factory=lambda: defaultdict(list))

    def files(self, name: str) -> dict[FormatName, Path]:
        """The files that were made of a document."""
        made = (output for output in self.results[name].outputs if output.key)
        return {output.format: self.folder / output.key for output in made}

    def errors(self, name: str) -> dict[FormatName, str]:
        """Why the others were not."""
        return {output.format: output.error for output in self.results[name].outputs if not output.key}


def make_outputs(paths: Iterable[Path], folder: Path, **options: object) -> Made:
    """Read documents with their words, and make files of every format of each. `folder` is empty at first."""
    chosen = RunOptions.model_validate({"input_prefix": "s3://bucket/", "words": True, "outputs": FORMATS, **options})
    scratch, made, run = folder / "scratch", Made(folder), RunLayout("b", "r1")
    scratch.mkdir()
    sources = [
        (Document(path.name, f"s3://bucket/{path.name}", path.name, "", path.stat().st_size), path) for path in paths
    ]
    originals = {document.document_id: path for document, path in sources}
    read = process_documents(sources, chosen, scratch=scratch, images=None, stop=Stop())
    target = folder / run.output("x", "").key
    with DocumentOutputs(run, chosen, "5", scratch=scratch, folder=target.parent, stop=Stop()) as outputs:
        for item in outputs.add_files(read, originals):
            name = item.document.document_id
            if isinstance(item, PageChunk):
                made.pages[name] += item.pages
            else:
                made.results[name] = item
    return made


def public_documents(name: str, variable: str) -> list[Path]:
    """Documents that the project does not have: of the folder that a variable names, or of one beside the project."""
    folder = Path(os.environ.get(variable) or PROJECT.parent / "shared" / "corpus" / name)
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
