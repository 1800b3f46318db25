"""Files to look at: written whole or not at all, opened in the browser, and shared by a link."""

import webbrowser
from pathlib import Path

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.records import S3Location
from distributed_ocr_pipeline.storage import Storage, aws_call

_HTML = {"ContentType": "text/html; charset=utf-8"}


def write_page(path: Path, html: str) -> None:
    """Write a file whole or not at all; `BadInput` if that does not work."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(html, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.", "Name another file with --file.") from error


def open_page(path: Path) -> None:
    """Show a file in the browser; `BadInput` where there is none."""
    if not webbrowser.open(path.absolute().as_uri()):
        raise BadInput("No browser was found.", f"Open {path} yourself.")


def share_page(storage: Storage, path: Path, location: S3Location, seconds: int) -> str:
    """Store a page in S3; returns a link to it that works without credentials for so long.

    AWS allows a week at most, and no longer than the credentials hold that signed it. Objects under a KMS key want
    signatures of version 4 (S3 API reference, "Authenticating requests").
    """
    client = storage.client(signature_version="s3v4")
    with aws_call(f"Writing {location}"):
        client.upload_file(str(path), location.bucket, location.key, ExtraArgs=_HTML)
        named = {"Bucket": location.bucket, "Key": location.key}
        return str(client.generate_presigned_url("get_object", Params=named, ExpiresIn=seconds))
