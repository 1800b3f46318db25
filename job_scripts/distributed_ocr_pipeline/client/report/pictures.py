"""Pictures of pages: made of the page image that was kept, or else drawn from the document again."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from distributed_ocr_pipeline.client.inspection.outputs import Output, OutputBucket
from distributed_ocr_pipeline.client.report.names import FILE
from distributed_ocr_pipeline.client.scratch import scratch_folder
from distributed_ocr_pipeline.errors import DocumentError, PipelineError
from distributed_ocr_pipeline.layout import IMAGES
from distributed_ocr_pipeline.ocr import draw_pages, shrink_page_image
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.run.delivery.local_documents import path_of
from distributed_ocr_pipeline.storage import aws_call
from distributed_ocr_pipeline.wording import count_of


@dataclass(frozen=True)
class WantedPicture:
    """A page of a document, turned clockwise as it was read; `image_uri` is that of its page image, or empty."""

    page_number: int
    rotation_degrees: float
    image_uri: str


@dataclass(frozen=True)
class Picture:
    """A page as JPEG, or the reason why there is none."""

    jpeg: bytes = b""
    problem: str = ""


class Pictures(Protocol):
    """Who makes pictures of pages."""

    def of_document(self, source_uri: str, size_bytes: int, pages: Sequence[WantedPicture]) -> Mapping[int, Picture]:
        """Pictures by page number (see `PagePictures`)."""


class NoPictures:
    """For who needs the text alone."""

    def of_document(self, source_uri: str, size_bytes: int, pages: Sequence[WantedPicture]) -> Mapping[int, Picture]:
        """No picture of any page."""
        del source_uri, size_bytes
        return {page.page_number: Picture() for page in pages}


class PagePictures:
    """Makes pictures of pages of an output's documents.

    Args:
        output: Where page images are, if they were kept.
        max_side: Of a picture, in pixels.
        max_document_bytes: A larger document is not fetched for a picture.
    """

    def __init__(self, output: Output, *, max_side: int, max_document_bytes: int) -> None:
        self._output, self._max_side, self._max_document_bytes = output, max_side, max_document_bytes

    def of_document(self, source_uri: str, size_bytes: int, pages: Sequence[WantedPicture]) -> Mapping[int, Picture]:
        """Pictures by page number.

        Args:
            source_uri: The document's.
            size_bytes: Its size when it was read; a file of another size is not the one that was read.
            pages: The pages.
        """
        found = {page.page_number: self._of_page_image(page) for page in pages if page.image_uri}
        turns = {page.page_number: page.rotation_degrees for page in pages if page.page_number not in found}
        return found | (self._drawn(source_uri, size_bytes, turns) if turns else {})

    def _of_page_image(self, page: WantedPicture) -> Picture:
        """In a folder the address is relative; elsewhere it is one of the same bucket."""
        key = S3Location.parse(page.image_uri).key if page.image_uri.startswith("s3://") else page.image_uri
        if not key.startswith(f"{IMAGES}/") or ".." in key.split("/"):
            return Picture(problem="The page image is not among this output's.")
        filesystem, before = self._output.filesystem()
        try:
            with filesystem.open_input_stream(f"{before}{key}") as stream:
                return Picture(shrink_page_image(stream.read(), self._max_side))
        except OSError as error:
            return Picture(problem=f"The page image cannot be read: {error}.")
        except DocumentError as error:
            return Picture(problem=str(error))

    def _drawn(self, source_uri: str, size_bytes: int, turns: Mapping[int, float]) -> dict[int, Picture]:
        try:
            with scratch_folder("source-") as folder:
                path = self._fetch(source_uri, size_bytes, folder / "document")
                drawn = draw_pages(path, turns, self._max_side)
        except PipelineError as error:
            return dict.fromkeys(turns, Picture(problem=error.message))
        return {page: _as_picture(found) for page, found in drawn.items()}

    def _fetch(self, source_uri: str, size_bytes: int, target: Path) -> Path:
        """The document as a file; `PipelineError` if it cannot be had, or is another one by now."""
        if size_bytes > self._max_document_bytes:
            raise PipelineError(
                f"The document has {size_bytes / 1e6:,.0f} MB, which is too much to fetch for a picture."
            )
        if not source_uri.startswith(FILE):
            return self._download(source_uri, size_bytes, target)
        path = path_of(source_uri)
        try:
            _require_unchanged(path.stat().st_size, size_bytes)
        except OSError as error:
            raise PipelineError(f"The document cannot be opened any more: {error.strerror}.") from error
        return path

    def _download(self, source_uri: str, size_bytes: int, target: Path) -> Path:
        if not isinstance(self._output, OutputBucket):
            raise PipelineError("The document is in S3, and these results are looked at without a deployment.")
        location = S3Location.parse(source_uri)
        with aws_call(f"Reading {source_uri}"):
            answer = self._output.storage.client().get_object(Bucket=location.bucket, Key=location.key)
            _require_unchanged(answer["ContentLength"], size_bytes)
            with target.open("wb") as file:
                shutil.copyfileobj(answer["Body"], file)
        return target


def _require_unchanged(found_bytes: int, size_bytes: int) -> None:
    if found_bytes != size_bytes:
        raise PipelineError(
            f"The document has changed since it was read: {count_of(size_bytes, 'byte')} then, {found_bytes:,} now."
        )


def _as_picture(drawn: bytes | DocumentError) -> Picture:
    return Picture(problem=drawn.message) if isinstance(drawn, DocumentError) else Picture(drawn)
