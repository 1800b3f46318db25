"""One document at a time, in this process: the interface for scripts and notebooks."""

import hashlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from distributed_ocr_pipeline.config import OCRConfig
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.ocr import Stop, check_tools, process_documents
from distributed_ocr_pipeline.records import Document, DocumentResult, PageResult

_DOCUMENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class DocumentProcessor:
    """Reads documents with the engine the pipeline uses."""

    def __init__(
        self,
        output_type: str | None = None,
        ocr_config: OCRConfig | None = None,
        output_dir: str | Path = "output",
        passwords: Sequence[str] = (),
    ) -> None:
        """`output_type` (text, image or both) wins over the one in `ocr_config`; page images go below `output_dir`;
        `passwords` are tried on PDFs that need one.
        """
        config = ocr_config or OCRConfig()
        if output_type is not None:
            config = OCRConfig(
                **(config.model_dump(include=set(OCRConfig.model_fields)) | {"output_type": output_type})
            )
        self._config = config
        self._output_dir = Path(output_dir)
        self._passwords = tuple(passwords)

    def process_document(self, path: str | Path, document_id: str | None = None) -> dict[str, Any]:
        """Read one document.

        The result has document_id, status, text (pages separated by form feeds), image_paths, page_count, pages (a
        mapping per page with the columns of the pages table), error_class and error_message. A document that cannot be
        read is a result with its status; raises `BadInput` if there is no such file, `MissingTool`, `BadOption`.
        """
        path = Path(path)
        if not path.is_file():
            raise BadInput(f"There is no file {str(path)!r}.", "Give the path of a PDF or a picture.")
        document = _document(path, document_id)
        check_tools(self._config)
        with tempfile.TemporaryDirectory(prefix="ocr-") as scratch:
            *chunks, result = process_documents(
                [(document, path)],
                self._config,
                scratch=Path(scratch),
                images=self._output_dir,
                stop=Stop(),
                passwords=self._passwords,
            )
        assert isinstance(result, DocumentResult)
        pages = [page for chunk in chunks if not isinstance(chunk, DocumentResult) for page in chunk.pages]
        return self._as_mapping(result, pages)

    def _as_mapping(self, result: DocumentResult, pages: Sequence[PageResult]) -> dict[str, Any]:
        return {
            "document_id": result.document.document_id,
            "status": result.status.value,
            "text": "\f".join(page.text for page in pages),
            "image_paths": [str(self._output_dir / page.image_path) for page in pages if page.image_path],
            "page_count": result.page_count,
            "pages": [_page_mapping(page) for page in pages],
            "media_type": result.media_type,
            "error_class": result.error_class.value if result.error_class else None,
            "error_message": result.error_message,
            "duration_ms": result.duration_ms,
        }


def _document(path: Path, document_id: str | None) -> Document:
    uri = path.absolute().as_uri()
    chosen = document_id if document_id is not None else hashlib.sha256(uri.encode()).hexdigest()[:32]
    if not _DOCUMENT_ID.fullmatch(chosen):
        allowed = "letters, digits, dot, dash and underscore, at most 200, beginning with a letter or digit"
        raise BadInput(f"document_id {chosen!r} cannot be the name of a folder.", f"Allowed are {allowed}.")
    return Document(chosen, uri, path.name, "", path.stat().st_size)


def _page_mapping(page: PageResult) -> dict[str, Any]:
    values = asdict(page)
    values["status"], values["text_source"] = page.status.value, page.text_source.value
    values["error_class"] = page.error_class.value if page.error_class else None
    return values
