"""Pictures of pages: of the page image that was kept, else of the document, or the reason why there is none."""

from pathlib import Path

import pytest
from PIL import Image

from distributed_ocr_pipeline.client.inspection.outputs import OutputFolder
from distributed_ocr_pipeline.client.report.pictures import PagePictures, Picture, WantedPicture

IMAGE = "images/run_id=r1/a/page-0001.jpeg"


def picture(output: Path, source_uri: str, size_bytes: int, image_uri: str = "") -> Picture:
    pictures = PagePictures(OutputFolder(output), max_side=100, max_document_bytes=1000)
    return pictures.of_document(source_uri, size_bytes, [WantedPicture(1, 0.0, image_uri)])[1]


def test_a_kept_page_image_needs_no_document(tmp_path: Path) -> None:
    (tmp_path / IMAGE).parent.mkdir(parents=True)
    Image.new("L", (400, 200)).save(tmp_path / IMAGE)
    assert picture(tmp_path, "file:///gone.pdf", 1, IMAGE).jpeg.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("image_uri", "problem"),
    [
        (IMAGE, "The page image cannot be read: "),
        ("images/../../secret.jpeg", "The page image is not among this output's."),
        ("/etc/passwd", "The page image is not among this output's."),
        ("s3://other/secrets/1.jpeg", "The page image is not among this output's."),
    ],
)
def test_a_page_image_is_taken_from_this_output_alone(image_uri: str, problem: str, tmp_path: Path) -> None:
    found = picture(tmp_path, "file:///gone.pdf", 1, image_uri)
    assert found.jpeg == b"" and found.problem.startswith(problem)


@pytest.mark.parametrize(
    ("source_uri", "size_bytes", "problem"),
    [
        ("file:///gone.pdf", 1, "The document cannot be opened any more: No such file or directory."),
        ("file:///large.pdf", 5_000_000, "The document has 5 MB, which is too much to fetch for a picture."),
        ("s3://bucket/a.pdf", 1, "The document is in S3, and these results are looked at without a deployment."),
    ],
)
def test_a_document_that_cannot_be_had_is_a_reason(
    source_uri: str, size_bytes: int, problem: str, tmp_path: Path
) -> None:
    assert picture(tmp_path, source_uri, size_bytes) == Picture(problem=problem)
